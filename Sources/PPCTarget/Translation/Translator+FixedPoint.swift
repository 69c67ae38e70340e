import CJIT
import CPPCState

// Fixed-point instructions (ISA 3.1 Book I, sections 3.3.9 to 3.3.14).
extension Translator {
    typealias R = HostRegister

    /// The instruction words' register and immediate fields.
    struct Word {
        let word: UInt64
        @inline(__always) init(_ word: UInt64) { self.word = word }
        @inline(__always) var rt: Int { Int(truncatingIfNeeded: word &>> 21 & 31) }
        @inline(__always) var ra: Int { Int(truncatingIfNeeded: word &>> 16 & 31) }
        @inline(__always) var rb: Int { Int(truncatingIfNeeded: word &>> 11 & 31) }
        @inline(__always) var rc: Int { Int(truncatingIfNeeded: word &>> 6 & 31) }
        @inline(__always) var record: Bool { word & 1 != 0 }
        @inline(__always) var oe: Bool { word & 0x400 != 0 }
        @inline(__always) var si: Int32 { Int32(Int16(truncatingIfNeeded: word)) }
        @inline(__always) var ui: UInt32 { UInt32(truncatingIfNeeded: word & 0xffff) }
        @inline(__always) var sh5: UInt8 { UInt8(truncatingIfNeeded: word &>> 11 & 31) }
        @inline(__always) var sh6: UInt8 { UInt8(truncatingIfNeeded: word &>> 11 & 31 | (word & 2) &<< 4) }
        @inline(__always) var mb5: UInt64 { word &>> 6 & 31 }
        @inline(__always) var me5: UInt64 { word &>> 1 & 31 }
        @inline(__always) var mb6: UInt64 { word &>> 6 & 31 | word & 32 }
        @inline(__always) var bf: Int { Int(truncatingIfNeeded: word &>> 23 & 7) }
        @inline(__always) var bfa: Int { Int(truncatingIfNeeded: word &>> 18 & 7) }
        @inline(__always) var l: Bool { word &>> 21 & 1 != 0 }
        @inline(__always) var spr: Int { Int(truncatingIfNeeded: word &>> 16 & 31 | (word &>> 11 & 31) &<< 5) }
    }

    // MARK: Recording

    /// CR0 from the result in a slot, which `register` still holds if the slot has no register of its own.
    mutating func record(_ slot: Int, _ register: R) {
        let held = hostOf[slot] == 0xff ? register : R(hostOf[slot])
        asm.test(wide, held, held)
        compared(DeferredCondition(field: 0, width: wide, a: UInt8(truncatingIfNeeded: slot)))
    }

    @inline(__always)
    mutating func done(_ f: Word, _ slot: Int, _ register: R) {
        finish(slot, register)
        if f.record { record(slot, register) }
    }

    // MARK: Immediates

    mutating func addImmediate(_ f: Word, _ value: Int32) {
        if f.ra == 0 {
            let t = define(f.rt)
            asm.constant(t, UInt64(bitPattern: Int64(value)))
            finish(f.rt, t)
            return
        }
        group.add(f.ra, f.rt, value)
        let a = use(f.ra, .rax)
        let t = define(f.rt)
        if t == a {
            if value != 0 { asm.alu(.add, .w64, t, immediate: value) }
        } else if value == 0 {
            asm.copy(t, a)
        } else {
            asm.lea(.w64, t, MemoryOperand(a, value))
        }
        finish(f.rt, t)
    }

    /// or, xor, and with a constant below 2^32.
    mutating func logicalImmediate(_ op: HostALU, _ f: Word, _ value: UInt32) {
        let s = use(f.rt, .rax)
        let t = define(f.ra)
        if value == 0 && op != .and {
            asm.copy(t, s)
        } else if op == .and {
            // The constant's upper half is zero: a 32-bit operation clears the rest.
            if t != s { asm.move(.w32, t, s) }
            asm.alu(.and, .w32, t, immediate: Int32(bitPattern: value))
        } else if value <= 0x7fff_ffff {
            asm.copy(t, s)
            asm.alu(op, .w64, t, immediate: Int32(bitPattern: value))
        } else {
            asm.constant(.rcx, UInt64(value))
            asm.copy(t, s)
            asm.alu(op, .w64, t, .rcx)
        }
        finish(f.ra, t)
    }

    // MARK: Two registers

    mutating func commutative(_ op: HostALU, _ f: Word, into slot: Int, _ first: Int, _ second: Int) {
        let a = use(first, .rax)
        let b = first == second ? a : use(second, .rcx)
        let t = define(slot)
        if op == .add, t != a, t != b {
            asm.lea(.w64, t, MemoryOperand(a, index: b))
        } else if op == .or, first == second {
            asm.copy(t, a)
        } else if op == .xor, first == second {
            asm.alu(.xor, .w32, t, t)
        } else if t == b, t != a {
            asm.alu(op, .w64, t, a)
        } else {
            asm.copy(t, a)
            asm.alu(op, .w64, t, b)
        }
        done(f, slot, t)
    }

    /// t = ~(a op b).
    mutating func inverted(_ op: HostALU, _ f: Word) {
        let a = use(f.rt, .rax)
        let b = f.rt == f.rb ? a : use(f.rb, .rcx)
        let t = define(f.ra)
        if f.rt == f.rb && op != .xor {
            asm.copy(t, a)
        } else if t == b && t != a {
            asm.alu(op, .w64, t, a)
        } else {
            asm.copy(t, a)
            asm.alu(op, .w64, t, b)
        }
        asm.not(.w64, t)
        done(f, f.ra, t)
    }

    /// t = a op ~b.
    mutating func withComplement(_ op: HostALU, _ f: Word) {
        let b = use(f.rb, .rcx)
        asm.copy(.rcx, b)
        asm.not(.w64, .rcx)
        let a = use(f.rt, .rax)
        asm.alu(op, .w64, .rcx, a)
        let t = define(f.ra, .rcx)
        asm.copy(t, .rcx)
        done(f, f.ra, t)
    }

    /// t = b - a.
    mutating func subtract(_ f: Word) {
        let a = use(f.ra, .rax)
        let b = use(f.rb, .rcx)
        let t = define(f.rt)
        if t == b {
            asm.alu(.sub, .w64, t, a)
        } else if t == a {
            asm.negate(.w64, t)
            asm.alu(.add, .w64, t, b)
        } else {
            asm.copy(t, b)
            asm.alu(.sub, .w64, t, a)
        }
        done(f, f.rt, t)
    }

    // MARK: Carrying

    /// Source of the carry into an addition.
    enum CarryIn { case none, one, ca }

    /// t = a + b + carry with CA and CA32, where a may be complemented and b a constant.
    mutating func addCarrying(
        _ f: Word, complement: Bool, constant: Int32?, carry: CarryIn, recording: Bool
    ) {
        let a = use(f.ra, .rax)
        asm.copy(.rax, a)
        if complement { asm.not(.w64, .rax) }
        // rdx keeps a ^ b for CA32.
        if let constant {
            asm.constant(.rcx, UInt64(bitPattern: Int64(constant)))
        } else {
            let b = use(f.rb, .rcx)
            asm.copy(.rcx, b)
        }
        asm.move(.w64, .rdx, .rax)
        asm.alu(.xor, .w64, .rdx, .rcx)
        switch carry {
        case .none: asm.alu(.add, .w64, .rax, .rcx)
        case .one:
            // stc
            asm.byte(0xf9)
            asm.alu(.adc, .w64, .rax, .rcx)
        case .ca:
            // Carry flag from the byte: add 255.
            asm.store(.w64, scratch(Int(CJ_TEMPORARY)), .rdx)
            asm.loadZeroExtended(.w8, .rdx, state(Int(CJ_CA)))
            asm.alu(.add, .w8, .rdx, immediate: -1)
            asm.load(.w64, .rdx, scratch(Int(CJ_TEMPORARY)))
            asm.alu(.adc, .w64, .rax, .rcx)
        }
        asm.set(.below, state(Int(CJ_CA)))
        asm.alu(.xor, .w64, .rdx, .rax)
        asm.bitTest(.w64, .rdx, 32)
        asm.set(.below, state(Int(CJ_CA32)))
        let t = define(f.rt)
        asm.copy(t, .rax)
        finish(f.rt, t)
        if recording { record(f.rt, t) }
    }

    // MARK: Multiplication and division

    mutating func multiplyLow(_ f: Word, _ width: HostWidth) {
        let a = use(f.ra, .rax)
        let b = use(f.rb, .rcx)
        if width == .w32 {
            // 32 × 32 signed, 64-bit result.
            asm.signExtend(.w32, .rax, a)
            asm.signExtend(.w32, .rcx, b)
            asm.multiply(.w64, .rax, .rcx)
            let t = define(f.rt)
            asm.copy(t, .rax)
            done(f, f.rt, t)
            return
        }
        let t = define(f.rt)
        if t == b && t != a {
            asm.multiply(.w64, t, a)
        } else {
            asm.copy(t, a)
            asm.multiply(.w64, t, b)
        }
        done(f, f.rt, t)
    }

    mutating func multiplyHigh(_ f: Word, signed: Bool, _ width: HostWidth) {
        let a = use(f.ra, .rax)
        let b = use(f.rb, .rcx)
        let t = define(f.rt)
        if width == .w64 {
            asm.copy(.rax, a)
            asm.multiplyWide(signed: signed, .w64, b)
            asm.copy(t, .rdx)
        } else {
            // The upper half of the result is undefined; the lower 32 bits are the product's upper half. Zero- and
            // sign-extended copies multiply exactly in 64 bits.
            if signed {
                asm.signExtend(.w32, .rax, a)
                asm.signExtend(.w32, .rcx, b)
            } else {
                asm.zeroExtend(.w32, .rax, a)
                asm.zeroExtend(.w32, .rcx, b)
            }
            asm.multiply(.w64, .rax, .rcx)
            asm.shift(.shr, .w64, .rax, 32)
            asm.copy(t, .rax)
        }
        done(f, f.rt, t)
    }

    /// Divisions whose undefined cases (divisor 0, quotient overflow) go to the function.
    mutating func divide(_ f: Word, signed: Bool, _ width: HostWidth, remainder: Bool) {
        let a = use(f.ra, .rax)
        let b = use(f.rb, .rcx)
        let slow = asm.label()
        asm.copy(.rcx, b)
        asm.test(width, .rcx, .rcx)
        asm.jump(.equal, slow)
        if signed {
            // A divisor of -1 is the only one that can overflow.
            asm.alu(.cmp, width, .rcx, immediate: -1)
            asm.jump(.equal, slow)
        }
        asm.copy(.rax, a)
        if signed { asm.spreadSign(width) } else { asm.alu(.xor, .w32, .rdx, .rdx) }
        slowPath(from: slow)
        asm.divide(signed: signed, width, .rcx)
        let t = define(f.rt)
        asm.copy(t, remainder ? .rdx : .rax)
        if width == .w32 && signed && remainder { asm.signExtend(.w32, t, t) }
        done(f, f.rt, t)
        resumeSlowPath()
    }

    // MARK: One register

    mutating func unary(_ f: Word, into slot: Int, from: Int, _ emit: (inout Assembler, R, R) -> Void) {
        let a = use(from, .rax)
        let t = define(slot)
        emit(&asm, t, a)
        done(f, slot, t)
    }

    mutating func countZeros(_ f: Word, leading: Bool, _ width: HostWidth) {
        let s = use(f.rt, .rax)
        let t = define(f.ra)
        if leading && entry.features & UInt32(CJ_LZCNT) != 0 {
            asm.leadingZeros(width, t, s)
        } else if !leading && entry.features & UInt32(CJ_BMI1) != 0 {
            asm.trailingZeros(width, t, s)
        } else if leading {
            // bsr leaves its target alone for zero on all hosts in use, but only one vendor promises it.
            asm.copy(.rax, s)
            if width == .w32 { asm.move(.w32, .rax, .rax) }
            asm.constant(.rcx, width == .w64 ? 127 : 63)
            asm.bitScanReverse(.w64, .rdx, .rax)
            asm.moveIf(.equal, .w64, .rdx, .rcx)
            asm.alu(.xor, .w32, .rdx, immediate: width == .w64 ? 63 : 31)
            asm.copy(t, .rdx)
        } else {
            asm.copy(.rax, s)
            asm.constant(.rcx, width == .w64 ? 64 : 32)
            asm.rr(0, wide: width == .w64, 1, 0xbc, reg: R.rdx.code, rm: R.rax.code)
            asm.moveIf(.equal, .w64, .rdx, .rcx)
            asm.copy(t, .rdx)
        }
        done(f, f.ra, t)
    }
}
