import CJIT

// Bytes in other orders, bits gathered and scattered, bits of the condition register as numbers, and high parts of
// products that are added to (ISA 3.1 Book I, sections 3.3.9 and 3.3.13).
extension Translator {
    /// False if the instruction is none of this file's.
    mutating func lowerFixedPointBits(_ op: Lowered, _ f: Word) -> Bool {
        switch op {
        case .brd, .brw:
            let s = use(f.rt, .rax)
            let t = define(f.ra)
            asm.copy(t, s)
            asm.swapBytes(.w64, t)
            if op == .brw { asm.shift(.rol, .w64, t, 32) }
            finish(f.ra, t)
        case .brh:
            let s = use(f.rt, .rax)
            asm.copy(.rax, s)
            asm.move(.w64, .rdx, .rax)
            asm.shift(.shr, .w64, .rax, 8)
            asm.constant(.rcx, 0x00ff_00ff_00ff_00ff)
            asm.alu(.and, .w64, .rax, .rcx)
            asm.alu(.and, .w64, .rdx, .rcx)
            asm.shift(.shl, .w64, .rdx, 8)
            asm.alu(.or, .w64, .rax, .rdx)
            let t = define(f.ra)
            asm.copy(t, .rax)
            finish(f.ra, t)
        case .pdepd, .pextd:
            let s = use(f.rt, .rax)
            let mask = use(f.rb, .rcx)
            let t = define(f.ra)
            // pdep, pext
            asm.vex(simd: op == .pdepd ? 3 : 2, wide: true, 2, 0xf5, reg: t.code, vvvv: s.code, rm: mask.code)
            finish(f.ra, t)
        case .setbc: setFromBit(f, inverted: false, negative: false)
        case .setbcr: setFromBit(f, inverted: true, negative: false)
        case .setnbc: setFromBit(f, inverted: false, negative: true)
        case .setnbcr: setFromBit(f, inverted: true, negative: true)
        case .maddhd, .maddhdu:
            let a = use(f.ra, .rax)
            asm.copy(.rax, a)
            let b = use(f.rb, .rcx)
            asm.multiplyWide(signed: op == .maddhd, .w64, b)
            if op == .maddhd {
                let c = use(f.rc, .rcx)
                asm.copy(.rcx, c)
                asm.shift(.sar, .w64, .rcx, 63)
                asm.alu(.add, .w64, .rdx, .rcx)
            }
            let c = use(f.rc, .rcx)
            asm.alu(.add, .w64, .rax, c)
            asm.alu(.adc, .w64, .rdx, immediate: 0)
            let t = define(f.rt)
            asm.copy(t, .rdx)
            finish(f.rt, t)
        default: return false
        }
        return true
    }

    /// A bit of the condition register as a number.
    private mutating func setFromBit(_ f: Word, inverted: Bool, negative: Bool) {
        loadBit(.rax, f.ra)
        let t = define(f.rt)
        asm.zeroExtend(.w8, t, .rax)
        if inverted { asm.alu(.xor, .w32, t, immediate: 1) }
        if negative { asm.negate(.w64, t) }
        finish(f.rt, t)
    }
}
