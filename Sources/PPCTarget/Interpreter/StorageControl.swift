import CPPCState
import CSupport

/// Cache management, synchronisation and hash-protected storage (ISA 3.1 Book II, sections 4.3 to 4.6; Book I, 3.3.19).
enum StorageControl {
    static let blockSize: UInt64 = 128

    @inline(__always)
    private static func indexed(_ cpu: CPUState, _ word: UInt64) -> UInt64 {
        let f = Fields(word)
        return effectiveAddress(cpu, raOrZero(cpu, f.ra) &+ gpr(cpu)[f.rb])
    }

    /// `dcbz`. On a 970 whose HID5 says so, blocks of 32 bytes for the form without bit 10.
    static func dcbz(_ cpu: CPUState, _ word: UInt64) -> Int32 {
        let hid5 = 1014
        let small =
            cpu.pointee.isa_level & InstructionSet.only970.rawValue != 0 && word & 0x20_0000 == 0
            && spr(cpu)[hid5] >> 7 & 3 == 1
        let size = small ? 32 : blockSize
        let ea = indexed(cpu, word) & ~(size - 1)
        if cpu.pointee.reserve_size != 0, cpu.pointee.reserve_ea & ~(size - 1) == ea { cpu.pointee.reserve_size = 0 }
        let host =
            tlbWriteHit(cpu, ea, size)
            ?? DataAccess.hostPointer(cpu, ea, size: Int(truncatingIfNeeded: size), for: .store)
        if let host {
            host.initializeMemory(as: UInt8.self, repeating: 0, count: Int(truncatingIfNeeded: size))
            return Outcome.next
        }
        guard cpu.pointee.excp_vector == 0 else { return Outcome.exception }
        for offset in stride(from: 0, to: size, by: 8) {
            guard store(cpu, ea &+ offset, UInt64(0)) else { return Outcome.exception }
        }
        return Outcome.next
    }

    /// `dcbf` and `dcbst` do nothing to memory, but are loads to translation.
    static func touch(_ cpu: CPUState, _ word: UInt64) -> Int32 {
        var byte: UInt8 = 0
        return load(cpu, indexed(cpu, word), &byte) ? Outcome.next : Outcome.exception
    }

    /// `dcbi`: a load and a store to translation.
    static func dcbi(_ cpu: CPUState, _ word: UInt64) -> Int32 {
        let ea = indexed(cpu, word)
        var byte: UInt8 = 0
        guard load(cpu, ea, &byte), store(cpu, ea, byte) else { return Outcome.exception }
        return Outcome.next
    }

    /// `icbi` is a load to translation. Every store to translated code is noticed, so there is nothing to invalidate.
    static func icbi(_ cpu: CPUState, _ word: UInt64) -> Int32 {
        var value: UInt32 = 0
        return load(cpu, indexed(cpu, word) & ~(blockSize - 1), &value) ? Outcome.next : Outcome.exception
    }

    /// `sync` with L = 1 orders everything but stores before loads, which this host does by itself.
    @inline(__always)
    static func sync(_ cpu: CPUState, _ word: UInt64) -> Int32 {
        if word >> 21 & 3 != 1 { cs_memory_barrier() }
        return word >> 21 & 3 == 2 ? ptesync(cpu) : Outcome.next
    }

    /// `ptesync` also waits for invalidations that other threads were told about.
    @inline(never)
    private static func ptesync(_ cpu: CPUState) -> Int32 {
        if cpu.pointee.problem_state == 0, cpu.pointee.owner != nil {
            let owner = PPCCPU.of(cpu)
            owner.waitForInvalidations?(owner)
        }
        return Outcome.next
    }

    @inline(__always)
    static func eieio(_ cpu: CPUState, _ word: UInt64) -> Int32 {
        cs_memory_barrier()
        return Outcome.next
    }

    static func isync(_ cpu: CPUState, _ word: UInt64) -> Int32 {
        cs_memory_barrier()
        return Outcome.sync
    }

    // MARK: Cache-inhibited accesses

    /// `lbzcix` and its siblings: refused while data addresses are translated.
    static func loadInhibited<T: FixedWidthInteger & UnsignedInteger>(
        _ cpu: CPUState, _ word: UInt64, _ type: T.Type
    ) -> Int32 {
        if cpu.pointee.msr & MSR.dr != 0 { return raisePrivileged(cpu) }
        return LoadStore.load(cpu, Fields(word), .x, type)
    }

    /// `stbcix` and its siblings.
    static func storeInhibited<T: FixedWidthInteger & UnsignedInteger>(
        _ cpu: CPUState, _ word: UInt64, _ type: T.Type
    ) -> Int32 {
        if cpu.pointee.msr & MSR.dr != 0 { return raisePrivileged(cpu) }
        return LoadStore.store(cpu, Fields(word), .x, type)
    }

    // MARK: Hash protection

    /// `hashst`, `hashchk` and their privileged forms; on models before ISA 3.1 they do nothing.
    static func hash(_ cpu: CPUState, _ word: UInt64, key: Int, check: Bool, privileged: Bool) -> Int32 {
        guard cpu.pointee.isa_level & InstructionSet.isa310.rawValue != 0 else { return Outcome.next }
        if privileged, cpu.pointee.problem_state != 0 { return raisePrivileged(cpu) }
        let f = Fields(word)
        if f.ra == 0 { return raiseIllegal(cpu) }
        // Displacements from -512 to -8: bit 31 is the high bit of the field.
        let displacement = 0xffff_ffff_ffff_fe00 | (word & 1) << 8 | (word >> 21 & 31) << 3
        let ea = gpr(cpu)[f.ra] &+ displacement
        let digest = HashDigest.digest(gpr(cpu)[f.ra], gpr(cpu)[f.rb], key: spr(cpu)[key])
        if !check { return store(cpu, ea, digest) ? Outcome.next : Outcome.exception }
        var stored: UInt64 = 0
        guard load(cpu, ea, &stored) else { return Outcome.exception }
        return stored == digest ? Outcome.next : raise(cpu, .program, srr1: ProgramCause.trap)
    }
}

/// The digest of the hash instructions: four lanes of a 32-bit block cipher in the manner of SIMON
/// (ISA 3.1 Book I, section 3.3.19, "Hash Digest Computation").
enum HashDigest {
    static func digest(_ a: UInt64, _ b: UInt64, key: UInt64) -> UInt64 {
        var (high, low): (UInt64, UInt64) = (0, 0)
        for i in UInt64(0)..<4 {
            // Bytes of the two registers alternate, the second one's from the top.
            high |= rotateRight(b &>> (8 * i) & 0xff, 8 * (2 * i + 1)) | (a &>> (32 + 8 * i) & 0xff) &<< (16 * i)
            low |= rotateRight(b &>> (32 + 8 * i) & 0xff, 8 * (2 * i + 1)) | (a &>> (8 * i) & 0xff) &<< (16 * i)
        }
        let first = cipher(high >> 32, key, 0) << 32 | cipher(high, key, 1)
        let second = cipher(low >> 32, key, 2) << 32 | cipher(low, key, 3)
        return first ^ second
    }

    private static func rotateRight(_ value: UInt64, _ count: UInt64) -> UInt64 {
        value &>> count | value &<< (64 &- count)
    }
    private static func rotateRight(_ value: UInt16, _ count: UInt16) -> UInt16 {
        value &>> count | value &<< (16 &- count)
    }

    private static func cipher(_ block: UInt64, _ key: UInt64, _ lane: Int) -> UInt64 {
        let constants: UInt64 = 0xfa25_61cd_f44a_c398
        return withUnsafeTemporaryAllocation(of: UInt16.self, capacity: 32) { schedule -> UInt64 in
            for i in 0..<4 { schedule[i] = UInt16(truncatingIfNeeded: key >> UInt64(48 - 16 * i)) }
            for i in 0..<28 {
                let bit = UInt16(truncatingIfNeeded: constants >> UInt64(63 - i) & 1)
                let mixed = rotateRight(schedule[i + 3], 3) ^ schedule[i + 1]
                schedule[i + 4] = 0xfffc ^ bit ^ schedule[i] ^ mixed ^ rotateRight(mixed, 1)
            }
            var left = UInt16(truncatingIfNeeded: block)
            var right = UInt16(truncatingIfNeeded: block >> 16)
            for i in 0..<32 {
                // A lane starts elsewhere in each group of four round keys.
                let round = schedule[i & ~3 | (i + lane) & 3]
                let mixed = rotateRight(left, 15) & rotateRight(left, 8) ^ rotateRight(left, 14)
                (left, right) = (right ^ mixed ^ round, left)
            }
            return UInt64(right) << 16 | UInt64(left)
        }
    }
}
