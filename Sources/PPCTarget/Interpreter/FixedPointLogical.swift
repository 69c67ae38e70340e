import CPPCState

/// Fixed-point logical instructions (ISA 3.1 Book I, section 3.3.13), parallel bit moves, BCD assistance and byte
/// reversal (3.3.15, 3.3.16).
enum FixedPointLogical {
    /// X form with two sources.
    @inline(__always)
    static func binary<O: Operands>(_ cpu: CPUState, _ f: O, _ operation: (UInt64, UInt64) -> UInt64) -> Int32 {
        let result = operation(gpr(cpu)[f.rs], gpr(cpu)[f.rb])
        gpr(cpu)[f.ra] = result
        if f.record { recordCR0(cpu, f, result) }
        return Outcome.next
    }

    /// X form with one source.
    @inline(__always)
    static func unary<O: Operands>(_ cpu: CPUState, _ f: O, _ operation: (UInt64) -> UInt64) -> Int32 {
        let result = operation(gpr(cpu)[f.rs])
        gpr(cpu)[f.ra] = result
        if f.record { recordCR0(cpu, f, result) }
        return Outcome.next
    }

    /// X forms without a record bit: bit 31 is ignored.
    @inline(__always)
    static func plain<O: Operands>(_ cpu: CPUState, _ f: O, _ operation: (UInt64, UInt64) -> UInt64) -> Int32 {
        gpr(cpu)[f.ra] = operation(gpr(cpu)[f.rs], gpr(cpu)[f.rb])
        return Outcome.next
    }

    @inline(__always)
    static func immediate<O: Operands>(_ cpu: CPUState, _ f: O, _ operation: (UInt64, UInt64) -> UInt64) -> Int32 {
        gpr(cpu)[f.ra] = operation(gpr(cpu)[f.rs], f.ui)
        return Outcome.next
    }

    @inline(__always)
    static func andi<O: Operands>(_ cpu: CPUState, _ f: O, shift: UInt64) -> Int32 {
        let result = gpr(cpu)[f.rs] & f.ui &<< shift
        gpr(cpu)[f.ra] = result
        recordCR0(cpu, f, result)
        return Outcome.next
    }

    /// `or`, which with three equal registers sets the program priority (ISA 3.1 Book II, section 3.2) and otherwise
    /// does nothing then.
    @inline(__always)
    static func or<O: Operands>(_ cpu: CPUState, _ f: O) -> Int32 {
        if f.rs == f.ra, f.rs == f.rb, !f.record, f.rs != 0 { return priorityHint(cpu, f.rs) }
        return binary(cpu, f) { $0 | $1 }
    }

    @inline(never)
    private static func priorityHint(_ cpu: CPUState, _ register: Int) -> Int32 {
        let privileged = cpu.pointee.problem_state == 0
        let priority: UInt64 =
            switch register {
            case 1: 2
            case 6: 3
            case 2: 4
            case 31 where privileged: 1
            case 5 where privileged: 5
            case 3 where privileged: 6
            case 7 where privileged && cpu.pointee.msr & 1 << 60 != 0: 7
            default: 0
            }
        if priority != 0 {
            let ppr = 896
            spr(cpu)[ppr] = spr(cpu)[ppr] & ~0x001c_0000_0000_0000 | priority << 50
        }
        return Outcome.next
    }

    @inline(__always) static func countLeadingZerosWord(_ value: UInt64) -> UInt64 {
        UInt64(truncatingIfNeeded: UInt32(truncatingIfNeeded: value).leadingZeroBitCount)
    }
    @inline(__always) static func countTrailingZerosWord(_ value: UInt64) -> UInt64 {
        UInt64(truncatingIfNeeded: UInt32(truncatingIfNeeded: value).trailingZeroBitCount)
    }
    @inline(__always) static func countLeadingZeros(_ value: UInt64) -> UInt64 {
        UInt64(truncatingIfNeeded: value.leadingZeroBitCount)
    }
    @inline(__always) static func countTrailingZeros(_ value: UInt64) -> UInt64 {
        UInt64(truncatingIfNeeded: value.trailingZeroBitCount)
    }
    @inline(__always) static func extend<T: FixedWidthInteger & SignedInteger>(_ value: UInt64, _: T.Type) -> UInt64 {
        UInt64(bitPattern: Int64(T(truncatingIfNeeded: value)))
    }

    /// Population counts of each byte, then of wider groups by adding neighbours.
    static func populationOfBytes(_ value: UInt64) -> UInt64 {
        var v = (value & 0x5555_5555_5555_5555) &+ (value >> 1 & 0x5555_5555_5555_5555)
        v = (v & 0x3333_3333_3333_3333) &+ (v >> 2 & 0x3333_3333_3333_3333)
        return (v &+ v >> 4) & 0x0f0f_0f0f_0f0f_0f0f
    }
    static func populationOfWords(_ value: UInt64) -> UInt64 {
        UInt64(truncatingIfNeeded: (value >> 32).nonzeroBitCount) << 32
            | UInt64(truncatingIfNeeded: (value & 0xffff_ffff).nonzeroBitCount)
    }

    /// Parity of the least significant bits of the bytes, per word or doubleword.
    static func parityOfWords(_ value: UInt64) -> UInt64 {
        var v = value ^ value >> 16
        v ^= v >> 8
        return v & 0x1_0000_0001
    }
    static func parity(_ value: UInt64) -> UInt64 {
        var v = value ^ value >> 32
        v ^= v >> 16
        return (v ^ v >> 8) & 1
    }

    /// `cmpb`: ones in every byte where the operands agree.
    static func compareBytes(_ a: UInt64, _ b: UInt64) -> UInt64 {
        var result: UInt64 = 0
        var mask: UInt64 = 0xff
        for _ in 0..<8 {
            if (a ^ b) & mask == 0 { result |= mask }
            mask &<<= 8
        }
        return result
    }

    /// `bpermd`: each byte of the first operand selects a bit of the second; numbers above 63 select zero.
    static func permuteBits(_ selectors: UInt64, _ source: UInt64) -> UInt64 {
        var result: UInt64 = 0
        for byte in UInt64(0)..<8 {
            let index = selectors &>> (8 &* byte) & 0xff
            if index < 64 { result |= (source &>> (63 &- index) & 1) &<< byte }
        }
        return result
    }

    /// `cfuged`: bits under ones of the mask move right, those under zeros left, both in order.
    static func centrifuge(_ source: UInt64, _ mask: UInt64) -> UInt64 {
        let ones = UInt64(truncatingIfNeeded: mask.nonzeroBitCount)
        let left = extractBits(source, ~mask)
        return ones == 64 ? source : left &<< ones | extractBits(source, mask)
    }
    static func depositBits(_ source: UInt64, _ mask: UInt64) -> UInt64 {
        var (mask, source, result) = (mask, source, UInt64(0))
        while mask != 0 {
            let lowest = mask & (0 &- mask)
            if source & 1 != 0 { result |= lowest }
            source >>= 1
            mask ^= lowest
        }
        return result
    }
    static func extractBits(_ source: UInt64, _ mask: UInt64) -> UInt64 {
        var (mask, result, position) = (mask, UInt64(0), UInt64(0))
        while mask != 0 {
            let lowest = mask & (0 &- mask)
            if source & lowest != 0 { result |= 1 &<< position }
            position &+= 1
            mask ^= lowest
        }
        return result
    }
    /// `cntlzdm`: mask bits above the first one under the mask.
    static func countLeadingZerosUnderMask(_ source: UInt64, _ mask: UInt64) -> UInt64 {
        let zeros = (source & mask).leadingZeroBitCount
        return UInt64(truncatingIfNeeded: (zeros == 0 ? 0 : mask >> UInt64(64 - zeros)).nonzeroBitCount)
    }
    static func countTrailingZerosUnderMask(_ source: UInt64, _ mask: UInt64) -> UInt64 {
        let zeros = (source & mask).trailingZeroBitCount
        return UInt64(truncatingIfNeeded: (zeros == 0 ? 0 : mask << UInt64(64 - zeros)).nonzeroBitCount)
    }

    static func reverseHalfwords(_ value: UInt64) -> UInt64 {
        (value >> 8 & 0x00ff_00ff_00ff_00ff) | (value & 0x00ff_00ff_00ff_00ff) << 8
    }
    static func reverseWords(_ value: UInt64) -> UInt64 {
        let all = value.byteSwapped
        return all >> 32 | all << 32
    }

    /// `darn`: L selects 32 bits, a conditioned or a raw 64-bit number; other values return the error code.
    static func darn(_ cpu: CPUState, _ word: UInt64) -> Int32 {
        let source = PPCCPU.of(cpu).random
        let number: UInt64 =
            switch word >> 16 & 3 {
            case 0: source.next() & 0xffff_ffff
            case 1, 2: source.next()
            default: UInt64.max
            }
        gpr(cpu)[Fields(word).rt] = number
        return Outcome.next
    }
}
