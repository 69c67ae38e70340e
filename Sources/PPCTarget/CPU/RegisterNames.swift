import CPPCState

/// Registers by the names that debuggers and manuals use.
extension PPCCPU {
    /// The value of a register; `nil` if there is none of that name.
    ///
    /// Names: `r0`–`r31`, `f0`–`f31` (bits of the double), `pc` or `nip`, `lr`, `ctr`, `cr`, `cr0`–`cr7`, `xer`, `msr`,
    /// `fpscr`, `vscr`, `vs0`–`vs63` and `v0`–`v31` (upper half; see ``vector(_:)`` for all of it), and special purpose
    /// registers of the model by their ISA names. Case does not matter.
    public func register(_ name: String) -> UInt64? {
        let name = name.lowercased()
        switch name {
        case "pc", "nip": return state.pointee.nip
        case "msr": return state.pointee.msr
        case "cr": return conditionRegister
        case "fpscr":
            DeferredFPSCR.show(state)
            return state.pointee.fpscr
        case "vscr": return UInt64(state.pointee.vscr)
        case "lr": return state.pointee.lr
        case "ctr": return state.pointee.ctr
        case "xer": return SPRMoves.xer(state)
        case "tb": return time.timeBase
        case "decr", "dec": return decrementer
        default: break
        }
        if let index = Self.index(name, "r", 32) { return gpr(state)[index] }
        if let index = Self.index(name, "cr", 8) { return UInt64(crFields(state)[index]) }
        if let index = vectorIndex(name) { return vsr(state)[index].hi }
        settleMonitor()
        return registers.number(of: name).map { spr(state)[$0] }
    }

    /// Sets a register by name, with the effects on context that the change has (MSR, LPCR, PID, FSCR …).
    ///
    /// - Returns: `false` if there is no such register, or it cannot be set.
    @discardableResult
    public func setRegister(_ name: String, _ value: UInt64) -> Bool {
        let name = name.lowercased()
        switch name {
        case "pc", "nip": state.pointee.nip = value & ~3
        case "msr": Context.storeMSR(state, value)
        case "cr": conditionRegister = value
        case "fpscr": state.pointee.fpscr = value
        case "vscr": state.pointee.vscr = UInt32(truncatingIfNeeded: value) & 0x10001
        case "lr": state.pointee.lr = value
        case "ctr": state.pointee.ctr = value
        case "xer": SPRMoves.setXER(state, value)
        case "tb": time.timeBase = value
        case "decr", "dec": setDecrementer(value)
        case "lpcr": setLPCR(value)
        case "pvr", "pir": return false
        default:
            if let index = Self.index(name, "r", 32) {
                gpr(state)[index] = value
            } else if let index = Self.index(name, "cr", 8) {
                crFields(state)[index] = UInt8(truncatingIfNeeded: value & 15)
            } else if let index = vectorIndex(name) {
                vsr(state)[index].hi = value
            } else if let number = registers.number(of: name) {
                writeMonitor(number, value)
                Context.update(state)
                signalEventBasedBranch()
            } else {
                return false
            }
        }
        return true
    }

    /// All 128 bits of a vector-scalar register; `nil` unless `index` is 0 to 63.
    public func vector(_ index: Int) -> (high: UInt64, low: UInt64)? {
        guard (0..<64).contains(index) else { return nil }
        return (vsr(state)[index].hi, vsr(state)[index].lo)
    }

    @discardableResult
    /// Sets a vector-scalar register, 0 to 63; doubleword 0 is `high`.
    ///
    /// - Returns: `false` for other numbers.
    public func setVector(_ index: Int, high: UInt64, low: UInt64) -> Bool {
        guard (0..<64).contains(index) else { return false }
        vsr(state)[index] = ppc_vsr(lo: low, hi: high)
        return true
    }

    /// The eight condition register fields as one 32-bit value, field 0 in the upper bits.
    public var conditionRegister: UInt64 {
        get {
            (0..<8).reduce(0) { $0 << 4 | UInt64(crFields(state)[$1] & 15) }
        }
        set {
            for field in 0..<8 {
                crFields(state)[field] = UInt8(truncatingIfNeeded: newValue >> UInt64(28 - 4 * field) & 15)
            }
        }
    }

    private func vectorIndex(_ name: String) -> Int? {
        Self.index(name, "vs", 64) ?? Self.index(name, "f", 32) ?? Self.index(name, "v", 32).map { $0 + 32 }
    }

    private static func index(_ name: String, _ prefix: String, _ count: Int) -> Int? {
        guard name.hasPrefix(prefix), let number = Int(name.dropFirst(prefix.count)), number >= 0, number < count,
            name.dropFirst(prefix.count).allSatisfy(\.isNumber)
        else { return nil }
        return number
    }

    // MARK: Memory as the program sees it

    /// Bytes at effective addresses, translated as data accesses of the current context but without faults, reference or
    /// change bits.
    ///
    /// - Returns: `nil` if some address is not mapped to RAM.
    public func readMemory(at ea: UInt64, count: Int) -> [UInt8]? {
        var result: [UInt8] = []
        result.reserveCapacity(max(count, 0))
        while result.count < count {
            let here = effectiveAddress(state, ea &+ UInt64(result.count))
            guard let real = mmu.debugTranslate(here), let host = mmu.memory.hostMemory(at: real) else { return nil }
            let inPage = 0x1000 - here & 0xfff
            let step = Int(min(UInt64(count - result.count), inPage, host.count))
            guard step > 0 else { return nil }
            result.append(contentsOf: UnsafeRawBufferPointer(start: host.pointer, count: step))
        }
        return result
    }

    /// Stores bytes at effective addresses, as a debugger does: page protection does not count, translated code is
    /// dropped.
    ///
    /// - Returns: `false` if some address is not mapped to RAM; earlier pages are written then.
    @discardableResult
    public func writeMemory(at ea: UInt64, _ bytes: [UInt8]) -> Bool {
        var done = 0
        while done < bytes.count {
            let here = effectiveAddress(state, ea &+ UInt64(done))
            guard let real = mmu.debugTranslate(here), let host = mmu.memory.hostMemory(at: real) else { return false }
            let inPage = 0x1000 - here & 0xfff
            let step = Int(min(UInt64(bytes.count - done), inPage, host.count))
            guard step > 0 else { return false }
            mmu.memory.willWrite(at: real, count: UInt64(step))
            bytes[done..<done + step].withUnsafeBytes { source in
                if let start = source.baseAddress { host.pointer.copyMemory(from: start, byteCount: step) }
            }
            mmu.codeTracker?.stored(state, at: real, count: step)
            done += step
        }
        return true
    }
}
