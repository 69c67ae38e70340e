import CJIT
import CPPCState

// Vector instructions for which AVX-512 has one instruction, or a few less than AVX2. Not `vperm`: `vpermi2b` makes
// shorter code of it that runs slower.
extension Translator {
    /// Whether only these hosts have native code for an instruction; nil if others have, or it is none of this file's.
    func lowersVectorAVX512(_ op: Lowered) -> Bool? {
        switch op {
        case .vclzw: return has(CJ_AVX512_CD)
        case .vgbbd: return has(CJ_GFNI)
        // The host may lack what others need for these.
        case .vclzd where has(CJ_AVX512_CD): return true
        default: return nil
        }
    }

    /// False if another file's code is to be used.
    mutating func lowerVectorAVX512(_ op: Lowered, _ v: VectorFields, _ word: UInt64) -> Bool {
        guard hasAVX512 else { return false }
        switch op {
        // Of the second and third source: CC and AA.
        case .vnor, .xxlnor: logic(0x11, v)
        case .vnand, .xxlnand: logic(0x77, v)
        case .veqv, .xxleqv: logic(0x99, v)
        case .vorc, .xxlorc: logic(0xdd, v)
        case .vsel, .xxsel:
            // The mask, F0, chooses between CC and AA.
            copyVector(.x1, useVector(v.c, .x1))
            ternary(0xac, .x1, useVector(v.a, .x0), vectorOperand(v.b))
            finishVector(v.t, .x1)
        case .xxeval:
            copyVector(.x1, useVector(v.a, .x1))
            var table = UInt8(truncatingIfNeeded: word &>> 32)
            // The ISA counts its entries from the left.
            table = table &>> 4 | table &<< 4
            table = table &>> 2 & 0x33 | table &<< 2 & 0xcc
            table = table &>> 1 & 0x55 | table &<< 1 & 0xaa
            ternary(table, .x1, useVector(v.b, .x0), vectorOperand(v.c))
            finishVector(v.t, .x1)
        case .vrlw: two(VectorOperation(0x15, map: 2), wide: false, v)
        case .vrld: two(VectorOperation(0x15, map: 2), wide: true, v)
        case .vrlh where has(CJ_AVX512_VBMI2):
            // vpshldvw of a register with itself
            let a = useVector(v.a, .x0)
            copyVector(.x1, a)
            vectorEVEX(VectorOperation(0x70, map: 2), wide: true, .x1, a, vectorOperand(v.b))
            finishVector(v.t, .x1)
        case .vslh: shift(0x12, v, .halves15)
        case .vsrh: shift(0x10, v, .halves15)
        case .vsrah: shift(0x11, v, .halves15)
        case .vsrad: shift(0x46, v, .doubles63)
        case .vmaxsd: two(VectorOperation(0x3d, map: 2), wide: true, v)
        case .vmaxud: two(VectorOperation(0x3f, map: 2), wide: true, v)
        case .vminsd: two(VectorOperation(0x39, map: 2), wide: true, v)
        case .vminud: two(VectorOperation(0x3b, map: 2), wide: true, v)
        case .vmulld: two(VectorOperation(0x40, map: 2), wide: true, v)
        case .vclzw where has(CJ_AVX512_CD): one(0x44, wide: false, v)
        case .vclzd where has(CJ_AVX512_CD): one(0x44, wide: true, v)
        case .vpopcntb where has(CJ_AVX512_POPCNT): one(0x54, wide: false, v)
        case .vpopcnth where has(CJ_AVX512_POPCNT): one(0x54, wide: true, v)
        case .vpopcntw where has(CJ_AVX512_POPCNT): one(0x55, wide: false, v)
        case .vpopcntd where has(CJ_AVX512_POPCNT): one(0x55, wide: true, v)
        case .vgbbd where has(CJ_GFNI):
            // Bit i of byte j of the product is that of byte 7 - i of the matrix and bit j: a transposition.
            let b = useVector(v.b, .x0)
            vector(.shuffleBytes, .x0, b, constants[.reverseDoubles])
            loadConstant(.x1, .unitBytes)
            asm.vex(simd: 1, wide: true, 3, 0xce, reg: 1, vvvv: 1, rm: 0)
            asm.byte(0)
            finishVector(v.t, .x1)
        default: return false
        }
        return true
    }

    // MARK: Forms

    mutating func vectorEVEX(
        _ op: VectorOperation, wide: Bool, _ to: VectorRegister, _ a: VectorRegister?, _ b: VectorOperand,
        immediate: UInt8? = nil
    ) {
        let first = a?.code ?? 0
        switch b {
        case .register(let b):
            asm.evex(simd: op.simd, wide: wide, op.map, op.code, reg: to.code, vvvv: first, rm: b.code)
        case .memory(let memory):
            asm.evex(simd: op.simd, wide: wide, op.map, op.code, reg: to.code, vvvv: first, memory)
        case .constant(let address):
            asm.evex(
                simd: op.simd, wide: wide, op.map, op.code, reg: to.code, vvvv: first, ripRelative: address,
                trailing: immediate == nil ? 0 : 1)
        }
        if let immediate { asm.byte(immediate) }
    }

    /// `vpternlogd`: each bit of `to` is the entry of the table that its old value, `a` and `b` select.
    mutating func ternary(_ table: UInt8, _ to: VectorRegister, _ a: VectorRegister, _ b: VectorOperand) {
        vectorEVEX(VectorOperation(0x25, map: 3), wide: false, to, a, b, immediate: table)
    }

    private mutating func logic(_ table: UInt8, _ v: VectorFields) {
        let a = useVector(v.a, .x0)
        let t = defineVector(v.t)
        ternary(table, t, a, vectorOperand(v.b))
        finishVector(v.t, t)
    }

    private mutating func two(_ op: VectorOperation, wide: Bool, _ v: VectorFields) {
        let a = useVector(v.a, .x0)
        let t = defineVector(v.t)
        vectorEVEX(op, wide: wide, t, a, vectorOperand(v.b))
        finishVector(v.t, t)
    }

    private mutating func one(_ code: UInt8, wide: Bool, _ v: VectorFields) {
        let t = defineVector(v.t)
        vectorEVEX(VectorOperation(code, map: 2), wide: wide, t, nil, vectorOperand(v.b))
        finishVector(v.t, t)
    }

    /// Shifts by a count of its own for each element, of which `mask` says what counts.
    private mutating func shift(_ code: UInt8, _ v: VectorFields, _ mask: VectorConstants.Name) {
        let b = useVector(v.b, .x1)
        vector(.and, .x1, b, constants[mask])
        let a = useVector(v.a, .x0)
        let t = defineVector(v.t)
        vectorEVEX(VectorOperation(code, map: 2), wide: true, t, a, .register(.x1))
        finishVector(v.t, t)
    }
}
