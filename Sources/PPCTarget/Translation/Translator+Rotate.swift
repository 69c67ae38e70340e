import CJIT
import CPPCState

// Rotates and shifts (ISA 3.1 Book I, section 3.3.14).
extension Translator {
    /// Ones from ISA bit `begin` to ISA bit `end` of 64, wrapping if begin > end.
    static func mask(_ begin: UInt64, _ end: UInt64) -> UInt64 {
        let from: UInt64 = .max &>> begin
        let to: UInt64 = .max &<< (63 &- end)
        return begin <= end ? from & to : from | to
    }

    /// t = a rotated left by a constant; flags change.
    private mutating func rotate(_ width: HostWidth, _ t: R, _ a: R, _ count: UInt8) {
        if count == 0 {
            if width == .w32 { asm.move(.w32, t, a) } else { asm.copy(t, a) }
        } else if hasBMI2 && t != a {
            asm.rotateRightX(width, t, a, (width == .w64 ? 64 : 32) &- count)
        } else {
            asm.copy(t, a)
            asm.shift(.rol, width, t, count)
        }
    }

    /// t &= mask, by the shortest way; may use rcx.
    private mutating func and(_ t: R, _ mask: UInt64) {
        if mask == .max { return }
        if mask == 0xffff_ffff {
            asm.move(.w32, t, t)
        } else if mask == 0xff {
            asm.zeroExtend(.w8, t, t)
        } else if mask == 0xffff {
            asm.zeroExtend(.w16, t, t)
        } else if mask <= 0xffff_ffff {
            asm.alu(.and, .w32, t, immediate: Int32(bitPattern: UInt32(truncatingIfNeeded: mask)))
        } else if let small = Int32(exactly: Int64(bitPattern: mask)) {
            asm.alu(.and, .w64, t, immediate: small)
        } else {
            asm.constant(.rcx, mask)
            asm.alu(.and, .w64, t, .rcx)
        }
    }

    /// rldicl, rldicr, rldic: rotate by a constant, then mask.
    mutating func rotateMask64(_ f: Word, _ count: UInt8, _ begin: UInt64, _ end: UInt64) {
        let s = use(f.rt, .rax)
        let t = define(f.ra)
        let mask = Self.mask(begin, end)
        if count != 0 && begin == 64 &- UInt64(count) && end == 63 {
            asm.copy(t, s)
            asm.shift(.shr, .w64, t, 64 &- count)
        } else if begin == 0 && end == 63 &- UInt64(count) {
            // Shift left.
            if count != 0 && count <= 3 && t != s {
                if count == 1 {
                    asm.lea(.w64, t, MemoryOperand(s, index: s))
                } else {
                    asm.copy(t, s)
                    asm.shift(.shl, .w64, t, count)
                }
            } else {
                asm.copy(t, s)
                if count != 0 { asm.shift(.shl, .w64, t, count) }
            }
        } else if count != 0, mask & Self.mask(64 &- UInt64(count), 63) == 0, begin <= end {
            // Nothing of the rotated-around bits survives: shifting is enough. Shift out what the mask clears above.
            if begin <= 31 && mask &>> 32 != 0 {
                asm.copy(t, s)
                asm.shift(.shl, .w64, t, count)
                and(t, mask)
            } else {
                asm.move(.w32, t, s)
                asm.shift(.shl, .w64, t, count)
                and(t, mask)
            }
        } else if count != 0, mask & ~Self.mask(64 &- UInt64(count), 63) == 0 {
            // Only rotated-around bits survive: shift right.
            asm.copy(t, s)
            asm.shift(.shr, .w64, t, 64 &- count)
            and(t, mask)
        } else if count == 0 && mask <= 0xffff_ffff {
            if mask == 0xff {
                asm.zeroExtend(.w8, t, s)
            } else if mask == 0xffff {
                asm.zeroExtend(.w16, t, s)
            } else {
                asm.move(.w32, t, s)
                and(t, mask)
            }
        } else {
            rotate(.w64, t, s, count)
            and(t, mask)
        }
        done(f, f.ra, t)
    }

    /// rlwinm: the rotated word stands in both halves before the mask.
    mutating func rotateMask32(_ f: Word, _ count: UInt8, _ begin: UInt64, _ end: UInt64) {
        let s = use(f.rt, .rax)
        let t = define(f.ra)
        let mask = Self.mask(begin &+ 32, end &+ 32)
        if begin > end {
            // The mask reaches into the upper half: build both halves.
            asm.move(.w32, .rax, s)
            asm.move(.w64, .rdx, .rax)
            asm.shift(.shl, .w64, .rdx, 32)
            asm.alu(.or, .w64, .rax, .rdx)
            if count != 0 { asm.shift(.rol, .w64, .rax, count) }
            and(.rax, mask)
            asm.copy(t, .rax)
        } else if begin == 0 && end == 31 &- UInt64(count) {
            asm.move(.w32, t, s)
            if count != 0 { asm.shift(.shl, .w32, t, count) }
        } else if count != 0 && end == 31 && begin == 32 &- UInt64(count) {
            asm.move(.w32, t, s)
            asm.shift(.shr, .w32, t, 32 &- count)
        } else if count != 0, mask & Self.mask(64 &- UInt64(count), 63) == 0 {
            asm.move(.w32, t, s)
            asm.shift(.shl, .w32, t, count)
            and(t, mask)
        } else if count != 0, mask & ~Self.mask(64 &- UInt64(count), 63) == 0 {
            asm.move(.w32, t, s)
            asm.shift(.shr, .w32, t, 32 &- count)
            and(t, mask)
        } else if count == 0 && mask == 0xff {
            asm.zeroExtend(.w8, t, s)
        } else if count == 0 && mask == 0xffff {
            asm.zeroExtend(.w16, t, s)
        } else {
            rotate(.w32, t, s, count)
            if mask != 0xffff_ffff { and(t, mask) }
        }
        done(f, f.ra, t)
    }

    /// rlwimi, rldimi: insert under mask.
    mutating func rotateInsert(_ f: Word, _ count: UInt8, word: Bool, _ mask: UInt64) {
        let s = use(f.rt, .rax)
        if word {
            asm.move(.w32, .rax, s)
            if mask &>> 32 != 0 {
                asm.move(.w64, .rdx, .rax)
                asm.shift(.shl, .w64, .rdx, 32)
                asm.alu(.or, .w64, .rax, .rdx)
                if count != 0 { asm.shift(.rol, .w64, .rax, count) }
            } else if count != 0 {
                asm.shift(.rol, .w32, .rax, count)
            }
        } else {
            asm.copy(.rax, s)
            if count != 0 { asm.shift(.rol, .w64, .rax, count) }
        }
        and(.rax, mask)
        let old = use(f.ra, .rdx)
        let t = define(f.ra, .rdx)
        asm.copy(t, old)
        and(t, ~mask)
        asm.alu(.or, .w64, t, .rax)
        done(f, f.ra, t)
    }

    /// rlwnm, rldcl, rldcr: rotate by a register, then mask.
    mutating func rotateVariable(_ f: Word, word: Bool, _ mask: UInt64) {
        let count = use(f.rb, .rcx)
        asm.copy(.rcx, count)
        let s = use(f.rt, .rax)
        if word {
            asm.move(.w32, .rax, s)
            if mask &>> 32 != 0 {
                asm.move(.w64, .rdx, .rax)
                asm.shift(.shl, .w64, .rdx, 32)
                asm.alu(.or, .w64, .rax, .rdx)
                asm.alu(.and, .w32, .rcx, immediate: 31)
                asm.shiftCL(.rol, .w64, .rax)
            } else {
                asm.shiftCL(.rol, .w32, .rax)
            }
        } else {
            asm.copy(.rax, s)
            asm.shiftCL(.rol, .w64, .rax)
        }
        and(.rax, mask)
        let t = define(f.ra)
        asm.copy(t, .rax)
        done(f, f.ra, t)
    }

    /// slw, srw, sld, srd: counts beyond the width give zero.
    mutating func shiftVariable(_ f: Word, _ op: HostShift, word: Bool) {
        if hasBMI2 {
            let count = use(f.rb, .rcx)
            let s = use(f.rt, .rax)
            if word {
                asm.move(.w32, .rax, s)
                asm.shiftX(op, .w64, .rax, .rax, by: count)
                let t = define(f.ra)
                asm.move(.w32, t, .rax)
                done(f, f.ra, t)
            } else {
                asm.shiftX(op, .w64, .rax, s, by: count)
                asm.alu(.xor, .w32, .rdx, .rdx)
                asm.bitTest(.w32, count, 6)
                asm.moveIf(.below, .w64, .rax, .rdx)
                let t = define(f.ra)
                asm.copy(t, .rax)
                done(f, f.ra, t)
            }
            return
        }
        let count = use(f.rb, .rcx)
        asm.copy(.rcx, count)
        let s = use(f.rt, .rax)
        if word {
            // Six bits of count: a 64-bit shift of the word does it, the upper half is cut off.
            asm.move(.w32, .rax, s)
            asm.shiftCL(op, .w64, .rax)
            asm.move(.w32, .rax, .rax)
        } else {
            asm.copy(.rax, s)
            asm.shiftCL(op, .w64, .rax)
            asm.alu(.xor, .w32, .rdx, .rdx)
            asm.bitTest(.w32, .rcx, 6)
            asm.moveIf(.below, .w64, .rax, .rdx)
        }
        let t = define(f.ra)
        asm.copy(t, .rax)
        done(f, f.ra, t)
    }

    /// sraw, srad, srawi, sradi: CA and CA32 tell whether ones were shifted out of a negative number.
    mutating func shiftArithmetic(_ f: Word, word: Bool, count: UInt8?) {
        let s = use(f.rt, .rax)
        if word { asm.signExtend(.w32, .rax, s) } else { asm.copy(.rax, s) }
        if let count {
            if count == 0 {
                asm.storeByte(state(Int(CJ_CA)), immediate: 0)
                asm.storeByte(state(Int(CJ_CA32)), immediate: 0)
            } else {
                // The bits that leave, if the number is negative.
                asm.move(.w64, .rdx, .rax)
                asm.shift(.sar, .w64, .rdx, 63)
                asm.alu(.and, .w64, .rdx, .rax)
                asm.shift(.shl, .w64, .rdx, 64 &- count)
                asm.shift(.sar, .w64, .rax, count)
                asm.test(.w64, .rdx, .rdx)
                asm.set(.notEqual, state(Int(CJ_CA)))
                asm.set(.notEqual, state(Int(CJ_CA32)))
            }
        } else {
            let register = use(f.rb, .rcx)
            asm.copy(.rcx, register)
            asm.alu(.and, .w32, .rcx, immediate: word ? 63 : 127)
            if !word {
                // Counts of 64 and more behave as 63, but for the bits that leave: all of them.
                asm.bitTest(.w32, .rcx, 6)
                let small = asm.shortJump(.aboveOrEqual)
                asm.shift(.sar, .w64, .rax, 63)
                asm.set(.negative, state(Int(CJ_CA)))
                asm.set(.negative, state(Int(CJ_CA32)))
                let over = asm.shortJump()
                asm.land(small)
                shiftOutByCL()
                asm.land(over)
            } else {
                shiftOutByCL()
            }
        }
        let t = define(f.ra)
        asm.copy(t, .rax)
        done(f, f.ra, t)
    }

    /// rax >>= cl with CA; the count is below 64.
    private mutating func shiftOutByCL() {
        asm.move(.w64, .rdx, .rax)
        asm.shiftCL(.sar, .w64, .rax)
        // Shifting back differs if ones or zeros were lost; they count for negative numbers only.
        asm.store(.w64, scratch(Int(CJ_TEMPORARY)), .rax)
        asm.shiftCL(.shl, .w64, .rax)
        asm.alu(.xor, .w64, .rax, .rdx)
        asm.negate(.w64, .rax)
        asm.alu(.sbb, .w32, .rax, .rax)
        asm.shift(.shr, .w64, .rdx, 63)
        asm.alu(.and, .w32, .rdx, .rax)
        asm.store(.w8, state(Int(CJ_CA)), .rdx)
        asm.store(.w8, state(Int(CJ_CA32)), .rdx)
        asm.load(.w64, .rax, scratch(Int(CJ_TEMPORARY)))
    }
}
