import CJIT
import CPPCState

/// What the slow paths of one translation have in common, in the data beside its code.
struct SlowHeader {
    /// Effective address of the translation's first instruction.
    var address: UInt64
    /// The guest register (``Slot``) in each host register, by the host register's number.
    private var slots: (UInt64, UInt64)
    /// What is left until a block becomes a region.
    private var counter: Int32

    static var counterOffset: Int { 24 }

    static func allocate(in memory: CodeMemory, address: UInt64) -> UnsafeMutablePointer<SlowHeader>? {
        guard let raw = memory.allocateData(MemoryLayout<SlowHeader>.size, alignment: 8) else { return nil }
        let header = raw.assumingMemoryBound(to: SlowHeader.self)
        header.initialize(to: SlowHeader(address: address, slots: (0, 0), counter: 0))
        return header
    }

    /// - Parameters:
    ///   - hostOf: The host register of each slot.
    ///   - assigned: Slots that have one.
    mutating func setHosts(_ hostOf: UnsafePointer<UInt8>, _ assigned: UInt64) {
        withUnsafeMutableBytes(of: &slots) { bytes in
            var left = assigned
            while left != 0 {
                let slot = left.trailingZeroBitCount
                left &= left &- 1
                bytes[Int(hostOf[slot])] = UInt8(truncatingIfNeeded: slot)
            }
        }
    }

    @inline(__always)
    static func slot(_ header: UnsafePointer<SlowHeader>, inHost code: Int) -> Int {
        Int((UnsafeRawPointer(header) + 8).load(fromByteOffset: code, as: UInt8.self))
    }
}

/// What the slow path of a memory access needs: where the guest is, which host registers hold what, and the
/// instructions to perform. There are about as many rows as accesses in all translated code, so a row is small: the
/// fields here, then the numbers of the instructions' rows, then their words. An instruction with a prefix has a bit set in
/// its number and two words, suffix first.
struct SlowRow {
    /// Words from the translation's first instruction to the first one here.
    private var distance: Int16
    /// Back to the header, in units of four bytes.
    private var header: UInt16
    /// Host registers to write back before, and to load after: one bit each, by number.
    var dirty: UInt16
    var valid: UInt16
    var count: UInt16

    private static var numbersOffset: Int { 10 }
    private static var isPrefixed: UInt16 { 0x8000 }
    private static func wordsOffset(_ count: Int) -> Int { (numbersOffset + 2 * count + 3) & ~3 }

    /// Writes a row behind its header; nil if there is no room.
    static func write(
        in memory: CodeMemory, header: UnsafeMutablePointer<SlowHeader>, address: UInt64, dirty: UInt16, valid: UInt16,
        instructions: UnsafePointer<GuestInstruction>, count: Int
    ) -> UnsafeRawPointer? {
        let prefixes = (0..<count).count { instructions[$0].word >> 32 != 0 }
        var words = wordsOffset(count)
        let distance = Int64(bitPattern: address &- header.pointee.address) >> 2
        guard let raw = memory.allocateData(words + 4 * (count + prefixes)), let near = Int16(exactly: distance),
            let back = UInt16(exactly: (raw - UnsafeMutableRawPointer(header)) / 4)
        else { return nil }
        raw.storeBytes(
            of: SlowRow(
                distance: near, header: back, dirty: dirty, valid: valid, count: UInt16(truncatingIfNeeded: count)),
            as: SlowRow.self)
        for index in 0..<count {
            let word = instructions[index].word
            let flag = word >> 32 != 0 ? isPrefixed : 0
            raw.storeBytes(
                of: instructions[index].row | flag, toByteOffset: numbersOffset + 2 * index, as: UInt16.self)
            raw.storeBytes(of: UInt32(truncatingIfNeeded: word), toByteOffset: words, as: UInt32.self)
            words += 4
            guard flag != 0 else { continue }
            raw.storeBytes(of: UInt32(truncatingIfNeeded: word >> 32), toByteOffset: words, as: UInt32.self)
            words += 4
        }
        return UnsafeRawPointer(raw)
    }

    /// Performs a row's instructions by their functions. Host registers lie in the scratch area.
    ///
    /// - Returns: ``Outcome/next`` to go on in generated code, with host registers that are valid up to date.
    static func perform(_ cpu: CPUState, _ raw: UnsafeRawPointer) -> Int32 {
        let row = raw.assumingMemoryBound(to: SlowRow.self).pointee
        let header = (raw - 4 &* Int(row.header)).assumingMemoryBound(to: SlowHeader.self)
        let state = UnsafeMutableRawPointer(cpu)
        let spill = (state + Int(CJ_SCRATCH) + Int(CJ_BIAS)).assumingMemoryBound(to: UInt64.self)
        let granule = cpu.pointee.granule_shift
        @inline(__always)
        func home(_ host: Int) -> UnsafeMutableRawPointer {
            state + Int(Slot.displacement(SlowHeader.slot(header, inHost: host))) + Int(CJ_BIAS)
        }
        var left = row.dirty
        while left != 0 {
            let host = left.trailingZeroBitCount
            left &= left &- 1
            home(host).storeBytes(of: spill[host], as: UInt64.self)
        }
        DeferredFPSCR.settle(cpu, mxcsr: DeferredFPSCR.collected(cpu))
        cpu.pointee.nip = header.pointee.address &+ UInt64(bitPattern: Int64(row.distance) &<< 2)
        let functions = InstructionTable.shared.functions
        let count = Int(row.count)
        var words = raw + wordsOffset(count)
        for index in 0..<count {
            let number = raw.load(fromByteOffset: numbersOffset &+ 2 &* index, as: UInt16.self)
            var word = UInt64(words.load(as: UInt32.self))
            var size = 4
            if number & isPrefixed != 0 {
                word |= UInt64(words.load(fromByteOffset: 4, as: UInt32.self)) &<< 32
                size = 8
            }
            words += size
            let outcome = functions[Int(number & ~isPrefixed)](cpu, word)
            if outcome != Outcome.next { return outcome }
            cpu.pointee.nip = effectiveAddress(cpu, cpu.pointee.nip &+ UInt64(truncatingIfNeeded: size))
            if cpu.pointee.granule_shift != granule || spill[Int(CJ_RESYNC)] != 0 {
                // The code around is no longer valid: done, but look at everything anew.
                return Outcome.context
            }
        }
        left = row.valid
        while left != 0 {
            let host = left.trailingZeroBitCount
            left &= left &- 1
            spill[host] = home(host).load(as: UInt64.self)
        }
        DeferredFPSCR.resume(cpu)
        return Outcome.next
    }
}

extension NativeEngine {
    /// A memory access that generated code cannot do.
    static func slowAccess(_ cpu: CPUState, _ row: UnsafeRawPointer) -> Int32 {
        DeferredFPSCR.leaveRounding(cpu)
        if let engine = cpu.pointee.translation {
            Unmanaged<NativeEngine>.fromOpaque(engine)._withUnsafeGuaranteedRef { $0.counters.slowAccesses &+= 1 }
        }
        return SlowRow.perform(cpu, row)
    }
}
