import CJIT
import CPPCState

// Comparisons, the condition register, and moves to and from special registers (ISA 3.1 Book I, sections 2.5, 3.3.10,
// 3.3.17).
extension Translator {
    mutating func compare(_ f: Word, signed: Bool, immediate: Int32?) {
        let width: HostWidth = f.l ? .w64 : .w32
        let a = use(f.ra, .rax)
        if let immediate {
            if immediate == 0 {
                asm.test(width, a, a)
            } else {
                asm.alu(.cmp, width, a, immediate: immediate)
            }
        } else {
            let b = use(f.rb, .rcx)
            asm.alu(.cmp, width, a, b)
        }
        compared(
            DeferredCondition(
                field: UInt8(truncatingIfNeeded: f.bf), isSigned: signed, width: width,
                a: UInt8(truncatingIfNeeded: f.ra),
                b: immediate == nil ? UInt8(truncatingIfNeeded: f.rb) : DeferredCondition.none,
                immediate: immediate ?? 0))
    }

    /// Traps go the slow way; what does not trap is a comparison.
    mutating func trap(_ f: Word, _ width: HostWidth, immediate: Int32?) {
        let a = use(f.ra, .rax)
        if let immediate {
            if immediate == 0 { asm.test(width, a, a) } else { asm.alu(.cmp, width, a, immediate: immediate) }
        } else {
            let b = use(f.rb, .rcx)
            asm.alu(.cmp, width, a, b)
        }
        let label = asm.label()
        let conditions: [(Int, HostCondition)] =
            f.rt == 24 || f.rt == 3
            ? [(31, .notEqual)]
            : [(16, .less), (8, .greater), (4, .equal), (2, .below), (1, .above)]
        for (bit, condition) in conditions where f.rt & bit != 0 { asm.jump(condition, label) }
        guard f.rt != 0 else { return asm.bind(label) }
        slowPath(from: label)
        resumeSlowPath()
    }

    /// A byte of ones where bytes are equal.
    mutating func compareBytes(_ f: Word) {
        let s = use(f.rt, .rax)
        let b = use(f.rb, .rcx)
        asm.move(.x0, s)
        asm.move(.x1, b)
        // pcmpeqb
        asm.sse(0x66, 0x74, .x0, .x1)
        let t = define(f.ra)
        asm.move(t, .x0)
        finish(f.ra, t)
    }

    /// Address of a condition register bit's field, and its mask there.
    private func bit(_ number: Int) -> (MemoryOperand, UInt8) {
        (state(Int(CJ_CR), number &>> 2), 8 &>> UInt8(truncatingIfNeeded: number & 3))
    }

    /// cl or al = condition register bit as 0 or 1.
    mutating func loadBit(_ to: R, _ number: Int) {
        let (memory, mask) = bit(number)
        asm.testByte(memory, immediate: mask)
        asm.set(.notEqual, to)
    }

    mutating func logicalCR(_ f: Word, _ op: HostALU, invertB: Bool, invertResult: Bool) {
        let (memory, mask) = bit(f.rt)
        if op == .xor && f.ra == f.rb {
            // crclr, crset.
            let ones = invertResult
            asm.alu(ones ? .or : .and, .w8, memory, immediate: Int32(ones ? mask : ~mask))
            return
        }
        loadBit(.rax, f.ra)
        loadBit(.rcx, f.rb)
        if invertB { asm.alu(.xor, .w8, .rcx, immediate: 1) }
        asm.alu(op, .w8, .rax, .rcx)
        if invertResult { asm.alu(.xor, .w8, .rax, immediate: 1) }
        let shift = UInt8(truncatingIfNeeded: 3 &- f.rt & 3)
        asm.zeroExtend(.w8, .rax, .rax)
        if mask != 1 { asm.shift(.shl, .w32, .rax, shift) }
        asm.loadZeroExtended(.w8, .rcx, memory)
        asm.alu(.and, .w32, .rcx, immediate: Int32(~mask & 15))
        asm.alu(.or, .w32, .rcx, .rax)
        asm.store(.w8, memory, .rcx)
    }

    mutating func selectByBit(_ f: Word) {
        let (memory, mask) = bit(f.rc)
        // The flags outlive the moves below.
        let decides = deferredDecides(f.rc &>> 2, mask)
        if decides { restoreFlags() }
        let condition = decides ? deferred.condition(mask) : .notEqual
        let a: R
        if f.ra == 0 {
            asm.constant(.rax, 0)
            a = .rax
        } else {
            a = use(f.ra, .rax)
        }
        let b = use(f.rb, .rcx)
        if !decides { asm.testByte(memory, immediate: mask) }
        let t = define(f.rt)
        if t == a {
            asm.moveIf(condition.inverted, .w64, t, b)
        } else if t == b {
            asm.moveIf(condition, .w64, t, a)
        } else {
            asm.copy(t, a)
            asm.moveIf(condition.inverted, .w64, t, b)
        }
        finish(f.rt, t)
    }

    /// setb: -1 if LT, 1 if GT, else 0.
    mutating func setFromField(_ f: Word) {
        asm.loadZeroExtended(.w8, .rcx, state(Int(CJ_CR), f.bfa))
        asm.move(.w32, .rax, .rcx)
        asm.shift(.shr, .w32, .rax, 2)
        asm.alu(.and, .w32, .rax, immediate: 1)
        asm.shift(.shr, .w32, .rcx, 3)
        asm.negate(.w64, .rcx)
        // LT wins: with both set the result is -1.
        asm.moveIf(.notEqual, .w64, .rax, .rcx)
        let t = define(f.rt)
        asm.copy(t, .rax)
        finish(f.rt, t)
    }

    mutating func moveFromCR(_ f: Word, oneField mask: UInt64?) {
        if let mask {
            // One field alone; the others' contents are undefined and read as zero.
            let field = 7 - mask.trailingZeroBitCount
            asm.loadZeroExtended(.w8, .rax, state(Int(CJ_CR), field))
            if field != 7 { asm.shift(.shl, .w32, .rax, UInt8(truncatingIfNeeded: 4 * (7 - field))) }
        } else if hasBMI2 {
            // Eight bytes with a nibble each, first field first: reverse, then gather.
            asm.load(.w64, .rax, state(Int(CJ_CR)))
            asm.swapBytes(.w64, .rax)
            asm.constant(.rcx, 0x0f0f_0f0f_0f0f_0f0f)
            // pext rax, rax, rcx
            asm.vex(simd: 2, wide: true, 2, 0xf5, reg: R.rax.code, vvvv: R.rax.code, rm: R.rcx.code)
        } else {
            asm.loadZeroExtended(.w8, .rax, state(Int(CJ_CR)))
            for field in 1..<8 {
                asm.shift(.shl, .w32, .rax, 4)
                asm.loadZeroExtended(.w8, .rcx, state(Int(CJ_CR), field))
                asm.alu(.or, .w32, .rax, .rcx)
            }
        }
        let t = define(f.rt)
        asm.copy(t, .rax)
        finish(f.rt, t)
    }

    mutating func moveToCR(_ f: Word, _ mask: UInt64) {
        let s = use(f.rt, .rax)
        if mask == 0xff && hasBMI2 {
            asm.move(.w32, .rax, s)
            asm.constant(.rcx, 0x0f0f_0f0f_0f0f_0f0f)
            // pdep rax, rax, rcx
            asm.vex(simd: 3, wide: true, 2, 0xf5, reg: R.rax.code, vvvv: R.rax.code, rm: R.rcx.code)
            asm.swapBytes(.w64, .rax)
            asm.store(.w64, state(Int(CJ_CR)), .rax)
            return
        }
        for field in 0..<8 where mask &>> UInt64(7 - field) & 1 != 0 {
            asm.move(.w32, .rcx, s)
            if field != 7 { asm.shift(.shr, .w32, .rcx, UInt8(truncatingIfNeeded: 4 * (7 - field))) }
            asm.alu(.and, .w32, .rcx, immediate: 15)
            asm.store(.w8, state(Int(CJ_CR), field), .rcx)
        }
    }

    mutating func moveField(_ f: Word) {
        asm.loadZeroExtended(.w8, .rax, state(Int(CJ_CR), f.bfa))
        asm.store(.w8, state(Int(CJ_CR), f.bf), .rax)
    }
}
