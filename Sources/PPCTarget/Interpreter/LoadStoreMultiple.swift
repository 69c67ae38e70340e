import CPPCState

/// Load and store multiple and string instructions (ISA 3.1 Book I, sections 3.3.6 and 3.3.7). Big-endian only:
/// little-endian processors take an alignment interrupt.
enum LoadStoreMultiple {
    /// Loads words into consecutive registers, the last one padded with zeros. Registers change only when every byte
    /// could be read, so that the instruction can start again after a fault.
    private static func loadBytes(_ cpu: CPUState, _ ea: UInt64, count: Int, first: Int) -> Int32 {
        withUnsafeTemporaryAllocation(of: UInt64.self, capacity: 32) { values -> Int32 in
            var offset = 0
            while offset < count {
                let at = ea &+ UInt64(truncatingIfNeeded: offset)
                var register: UInt64 = 0
                if count - offset >= 4 {
                    var word: UInt32 = 0
                    guard load(cpu, at, &word) else { return Outcome.exception }
                    register = UInt64(word)
                } else {
                    for position in 0..<(count - offset) {
                        var byte: UInt8 = 0
                        guard load(cpu, at &+ UInt64(truncatingIfNeeded: position), &byte) else {
                            return Outcome.exception
                        }
                        register |= UInt64(byte) &<< UInt64(truncatingIfNeeded: 24 - 8 * position)
                    }
                }
                values[offset / 4] = register
                offset += 4
            }
            for n in 0..<((count + 3) / 4) { gpr(cpu)[(first + n) & 31] = values[n] }
            return Outcome.next
        }
    }

    private static func storeBytes(_ cpu: CPUState, _ ea: UInt64, count: Int, first: Int) -> Int32 {
        guard count > 0 else { return Outcome.next }
        let start = effectiveAddress(cpu, ea)
        if tlbWriteHit(cpu, start, UInt64(truncatingIfNeeded: count)) == nil,
            !DataAccess.probeStore(cpu, start, size: count)
        {
            return Outcome.exception
        }
        var offset = 0
        while offset < count {
            let at = ea &+ UInt64(truncatingIfNeeded: offset)
            let value = UInt32(truncatingIfNeeded: gpr(cpu)[(first + offset / 4) & 31])
            if count - offset >= 4 {
                guard store(cpu, at, value) else { return Outcome.exception }
            } else {
                for position in 0..<(count - offset) {
                    let byte = UInt8(truncatingIfNeeded: value &>> UInt32(truncatingIfNeeded: 24 - 8 * position))
                    guard store(cpu, at &+ UInt64(truncatingIfNeeded: position), byte) else {
                        return Outcome.exception
                    }
                }
            }
            offset += 4
        }
        return Outcome.next
    }

    static func lmw(_ cpu: CPUState, _ word: UInt64) -> Int32 {
        if cpu.pointee.big_endian == 0 { return raiseLittleEndianAlignment(cpu, word) }
        let f = Fields(word)
        return loadBytes(cpu, raOrZero(cpu, f.ra) &+ f.si, count: (32 - f.rt) * 4, first: f.rt)
    }

    static func stmw(_ cpu: CPUState, _ word: UInt64) -> Int32 {
        if cpu.pointee.big_endian == 0 { return raiseLittleEndianAlignment(cpu, word) }
        let f = Fields(word)
        return storeBytes(cpu, raOrZero(cpu, f.ra) &+ f.si, count: (32 - f.rs) * 4, first: f.rs)
    }

    /// Whether a register is among those that a string load fills, counting around after 31.
    private static func fills(_ first: Int, _ count: Int, _ register: Int) -> Bool {
        (register - first) & 31 < (count + 3) / 4
    }

    /// Forms that would overwrite the base register are invalid.
    static func lswi(_ cpu: CPUState, _ word: UInt64) -> Int32 {
        if cpu.pointee.big_endian == 0 { return raiseLittleEndianAlignment(cpu, word) }
        let f = Fields(word)
        let count = f.rb == 0 ? 32 : f.rb
        if fills(f.rt, count, f.ra) { return raiseIllegal(cpu) }
        return loadBytes(cpu, raOrZero(cpu, f.ra), count: count, first: f.rt)
    }

    static func lswx(_ cpu: CPUState, _ word: UInt64) -> Int32 {
        if cpu.pointee.big_endian == 0 { return raiseLittleEndianAlignment(cpu, word) }
        let f = Fields(word)
        let count = Int(truncatingIfNeeded: cpu.pointee.xer_rest & 0x7f)
        guard count > 0 else { return Outcome.next }
        if f.ra != 0 && fills(f.rt, count, f.ra) || fills(f.rt, count, f.rb) { return raiseIllegal(cpu) }
        return loadBytes(cpu, raOrZero(cpu, f.ra) &+ gpr(cpu)[f.rb], count: count, first: f.rt)
    }

    static func stswi(_ cpu: CPUState, _ word: UInt64) -> Int32 {
        if cpu.pointee.big_endian == 0 { return raiseLittleEndianAlignment(cpu, word) }
        let f = Fields(word)
        return storeBytes(cpu, raOrZero(cpu, f.ra), count: f.rb == 0 ? 32 : f.rb, first: f.rs)
    }

    static func stswx(_ cpu: CPUState, _ word: UInt64) -> Int32 {
        if cpu.pointee.big_endian == 0 { return raiseLittleEndianAlignment(cpu, word) }
        let f = Fields(word)
        let count = Int(truncatingIfNeeded: cpu.pointee.xer_rest & 0x7f)
        return storeBytes(cpu, raOrZero(cpu, f.ra) &+ gpr(cpu)[f.rb], count: count, first: f.rs)
    }
}
