import CPPCState

/// Guest memory accesses that miss the soft TLB: translation, faults, page crossing, devices.
///
/// All return `false` with an interrupt recorded in `excp_*` if the access is refused.
package enum DataAccess {
    private static var pageMask: UInt64 { 0xfff }

    /// - Parameters:
    ///   - ea: Effective address, already truncated in 32-bit mode.
    ///   - size: 1, 2, 4 or 8 bytes.
    @inline(never)
    package static func load(
        _ cpu: CPUState, _ ea: UInt64, size: Int, bigEndian: Bool, _ value: inout UInt64
    ) -> Bool {
        guard cpu.pointee.owner != nil else { return refuse(cpu, ea) }
        return PPCCPU.withMMU(cpu) { load($0, cpu, ea, size: size, bigEndian: bigEndian, &value) }
    }

    private static func load(
        _ mmu: MMU, _ cpu: CPUState, _ ea: UInt64, size: Int, bigEndian: Bool, _ value: inout UInt64
    ) -> Bool {
        mmu.checkWatchpoints(ea, size, .load)
        let first = min(UInt64(truncatingIfNeeded: size), pageMask &+ 1 &- ea & pageMask)
        var raw: UInt64 = 0
        guard loadPart(mmu, ea, Int(truncatingIfNeeded: first), &raw) else { return false }
        let rest = size - Int(truncatingIfNeeded: first)
        if rest > 0 {
            var tail: UInt64 = 0
            guard loadPart(mmu, effectiveAddress(cpu, ea &+ first), rest, &tail) else { return false }
            raw = raw << UInt64(rest * 8) | tail
        }
        value = bigEndian ? raw : raw.byteSwapped >> UInt64(64 - size * 8)
        return true
    }

    /// A state block without an owner (in tests of single instructions) has no memory beyond its soft TLB.
    @inline(never)
    private static func refuse(_ cpu: CPUState, _ ea: UInt64) -> Bool {
        cpu.pointee.excp_dar = ea
        _ = raise(cpu, .dataStorage, flags: UInt32(PPC_EXCP_SET_DAR))
        return false
    }

    /// Loads bytes of one page; the byte at the lowest address becomes the most significant.
    private static func loadPart(_ mmu: MMU, _ ea: UInt64, _ size: Int, _ value: inout UInt64) -> Bool {
        var translation = Translation()
        guard mmu.translate(ea, .load, &translation) else { return false }
        if let host = mmu.grant(ea, .load, translation), host.count >= UInt64(size) {
            switch size {
            case 8: value = UInt64(bigEndian: host.pointer.loadUnaligned(as: UInt64.self))
            case 4: value = UInt64(UInt32(bigEndian: host.pointer.loadUnaligned(as: UInt32.self)))
            case 2: value = UInt64(UInt16(bigEndian: host.pointer.loadUnaligned(as: UInt16.self)))
            default:
                value = 0
                for offset in 0..<size {
                    value = value << 8 | UInt64(host.pointer.load(fromByteOffset: offset, as: UInt8.self))
                }
            }
            return true
        }
        if mmu.recorder?.refusesDevice() == true { return true }
        mmu.grantDevice(ea, size, .load, translation)
        if size.nonzeroBitCount == 1 {
            value = mmu.memory.ioRead(at: translation.real, size: size) ?? 0
        } else {
            value = 0
            for offset in 0..<UInt64(size) {
                value = value << 8 | (mmu.memory.ioRead(at: translation.real &+ offset, size: 1) ?? 0) & 0xff
            }
        }
        return true
    }

    @inline(never)
    package static func store(_ cpu: CPUState, _ ea: UInt64, size: Int, bigEndian: Bool, _ value: UInt64) -> Bool {
        guard cpu.pointee.owner != nil else { return refuse(cpu, ea) }
        return PPCCPU.withMMU(cpu) { store($0, cpu, ea, size: size, bigEndian: bigEndian, value) }
    }

    private static func store(
        _ mmu: MMU, _ cpu: CPUState, _ ea: UInt64, size: Int, bigEndian: Bool, _ value: UInt64
    ) -> Bool {
        mmu.checkWatchpoints(ea, size, .store)
        let raw = bigEndian ? value : value.byteSwapped >> UInt64(64 - size * 8)
        let first = min(UInt64(truncatingIfNeeded: size), pageMask &+ 1 &- ea & pageMask)
        let rest = size - Int(truncatingIfNeeded: first)
        var translation = Translation()
        guard mmu.translate(ea, .store, &translation) else { return false }
        guard rest > 0 else {
            storePart(mmu, ea, size, translation, raw)
            return true
        }
        // Both pages must accept the store before either is written.
        let second = effectiveAddress(cpu, ea &+ first)
        var secondTranslation = Translation()
        guard mmu.translate(second, .store, &secondTranslation) else { return false }
        storePart(mmu, ea, Int(truncatingIfNeeded: first), translation, raw >> UInt64(rest * 8))
        storePart(mmu, second, rest, secondTranslation, raw)
        return true
    }

    /// Stores the low `size` bytes of a value to one page, most significant byte at the lowest address.
    private static func storePart(_ mmu: MMU, _ ea: UInt64, _ size: Int, _ translation: Translation, _ value: UInt64) {
        if let host = mmu.grant(ea, .store, translation), host.count >= UInt64(size) {
            guard host.isWritable else { return }
            mmu.recorder?.willStore(host.pointer, at: translation.real, count: size)
            switch size {
            case 8: host.pointer.storeBytes(of: value.bigEndian, as: UInt64.self)
            case 4: host.pointer.storeBytes(of: UInt32(truncatingIfNeeded: value).bigEndian, as: UInt32.self)
            case 2: host.pointer.storeBytes(of: UInt16(truncatingIfNeeded: value).bigEndian, as: UInt16.self)
            default:
                for offset in 0..<size {
                    let byte = UInt8(truncatingIfNeeded: value >> UInt64((size - 1 - offset) * 8))
                    host.pointer.storeBytes(of: byte, toByteOffset: offset, as: UInt8.self)
                }
            }
            if mmu.recorder?.isRehearsal != true {
                mmu.codeTracker?.stored(mmu.state, at: translation.real, count: size)
            }
            return
        }
        if mmu.recorder?.refusesDevice() == true { return }
        mmu.grantDevice(ea, size, .store, translation)
        if size.nonzeroBitCount == 1 {
            let mask: UInt64 = size == 8 ? .max : 1 << UInt64(size * 8) &- 1
            _ = mmu.memory.ioWrite(at: translation.real, size: size, value: value & mask)
        } else {
            for offset in 0..<size {
                let byte = value >> UInt64((size - 1 - offset) * 8) & 0xff
                _ = mmu.memory.ioWrite(at: translation.real &+ UInt64(offset), size: 1, value: byte)
            }
        }
    }

    /// Checks that a store of `size` bytes (up to 128) would succeed, without writing.
    @inline(never)
    package static func probeStore(_ cpu: CPUState, _ ea: UInt64, size: Int) -> Bool {
        guard cpu.pointee.owner != nil else { return refuse(cpu, ea) }
        let mmu = PPCCPU.of(cpu).mmu
        var translation = Translation()
        guard mmu.translate(ea, .store, &translation) else { return false }
        let last = effectiveAddress(cpu, ea &+ UInt64(truncatingIfNeeded: size &- 1))
        if (last ^ ea) & ~pageMask == 0 { return true }
        return mmu.translate(last & ~pageMask, .store, &translation)
    }

    /// Host memory for an access within one page that needs an address instead of a value (atomic updates, cache block
    /// operations). Dirty logging and translated code are taken care of before the pointer is returned, so it must be
    /// used at once.
    ///
    /// - Returns: `nil` if an interrupt was recorded, or with `excp_vector` 0 if the address is not RAM.
    @inline(never)
    package static func hostPointer(
        _ cpu: CPUState, _ ea: UInt64, size: Int, for kind: AccessKind
    ) -> UnsafeMutableRawPointer? {
        let mmu = PPCCPU.of(cpu).mmu
        mmu.checkWatchpoints(ea, size, kind)
        var translation = Translation()
        guard mmu.translate(ea, kind, &translation) else { return nil }
        guard let host = mmu.grant(ea, kind, translation), host.count >= UInt64(truncatingIfNeeded: size),
            kind != .store || host.isWritable
        else {
            cpu.pointee.excp_vector = 0
            return nil
        }
        if kind == .store {
            mmu.recorder?.willStore(host.pointer, at: translation.real, count: size)
            if mmu.recorder?.isRehearsal != true {
                mmu.codeTracker?.stored(cpu, at: translation.real, count: size)
            }
        }
        return host.pointer
    }
}

extension MMU {
    @inline(__always)
    func checkWatchpoints(_ ea: UInt64, _ size: Int, _ kind: AccessKind) {
        guard !watchpoints.isEmpty else { return }
        if watchpoints.contains(where: { $0.covers(ea, UInt64(truncatingIfNeeded: size), kind) }) {
            onWatchpoint?(ea, size, kind)
        }
    }
}
