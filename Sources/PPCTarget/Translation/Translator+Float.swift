import CJIT
import CPPCState

// Scalar floating point on the host's FPU (ISA 3.1 Book I, chapter 4).
//
// Results are computed by SSE2 and FMA with all exceptions masked; MXCSR collects what is sticky. What FPSCR says of
// the last operation (FI, FPRF) is not computed but remembered: `fp_pending` holds its word and the scratch area its
// operands, until somebody wants to see FPSCR (``DeferredFPSCR``). Results that are not numbers go to the slow path.
extension Translator {
    private func fpr(_ number: Int) -> MemoryOperand { state(Int(CJ_VSR), number &* 16 &+ 8) }
    private func lowHalf(_ number: Int) -> MemoryOperand { state(Int(CJ_VSR), number &* 16) }

    func lowersFloat(_ op: Lowered, _ f: Word) -> Bool {
        switch op {
        case .lfd, .lfdx, .stfd, .stfdx, .lfs, .lfsx, .stfs, .stfsx: return true
        case .lfdu, .lfdux, .stfdu, .stfdux, .lfsu, .lfsux: return f.ra != 0
        case .fmr, .fneg, .fabs, .fnabs: return !f.record
        case .fadd, .fsub, .fmul, .fdiv, .fadds, .fsubs, .fmuls, .fdivs: return context.plainFloatingPoint && !f.record
        case .fmadd, .fmsub, .fnmadd, .fnmsub, .fmadds, .fmsubs, .fnmadds, .fnmsubs:
            return context.plainFloatingPoint && !f.record && entry.features & UInt32(CJ_FMA) != 0
        default: return false
        }
    }

    mutating func lowerFloat(_ op: Lowered, _ f: Word) {
        let a = f.ra
        let b = f.rb
        let c = f.rc
        switch op {
        case .fmr, .fneg, .fabs, .fnabs:
            asm.load(.w64, .rax, fpr(b))
            switch op {
            case .fneg:
                // btc
                asm.rr(0, wide: true, 1, 0xba, reg: 7, rm: R.rax.code)
                asm.byte(63)
            case .fabs:
                // btr
                asm.rr(0, wide: true, 1, 0xba, reg: 6, rm: R.rax.code)
                asm.byte(63)
            case .fnabs:
                // bts
                asm.rr(0, wide: true, 1, 0xba, reg: 5, rm: R.rax.code)
                asm.byte(63)
            default: break
            }
            asm.store(.w64, fpr(f.rt), .rax)
            asm.store(.w64, lowHalf(f.rt), immediate: 0)
        case .fadd: arithmetic(f, 0x58, a, b, single: false)
        case .fsub: arithmetic(f, 0x5c, a, b, single: false)
        case .fmul: arithmetic(f, 0x59, a, c, single: false)
        case .fdiv: arithmetic(f, 0x5e, a, b, single: false)
        case .fadds: arithmetic(f, 0x58, a, b, single: true)
        case .fsubs: arithmetic(f, 0x5c, a, b, single: true)
        case .fmuls: arithmetic(f, 0x59, a, c, single: true)
        case .fdivs: arithmetic(f, 0x5e, a, b, single: true)
        case .fmadd: fused(f, 0xb9, negate: false, single: false)
        case .fmsub: fused(f, 0xbb, negate: false, single: false)
        case .fnmadd: fused(f, 0xb9, negate: true, single: false)
        case .fnmsub: fused(f, 0xbb, negate: true, single: false)
        case .fmadds: fused(f, 0xb9, negate: false, single: true)
        case .fmsubs: fused(f, 0xbb, negate: false, single: true)
        case .fnmadds: fused(f, 0xb9, negate: true, single: true)
        case .fnmsubs: fused(f, 0xbb, negate: true, single: true)
        default: lowerVector(op, f.word)
        }
    }

    private mutating func arithmetic(_ f: Word, _ code: UInt8, _ first: Int, _ second: Int, single: Bool) {
        let (x0, x1) = (VectorRegister(0), VectorRegister(1))
        asm.loadDouble(x0, fpr(first))
        asm.loadDouble(x1, fpr(second))
        let slow = asm.label()
        asm.copy(VectorRegister(2), x0)
        asm.sse(0xf2, code, VectorRegister(2), x1)
        if single { roundToSingle() }
        asm.compareDoubles(VectorRegister(2), VectorRegister(2))
        asm.jump(.parity, slow)
        slowPath(from: slow)
        // A multiplication's second operand is frC.
        asm.storeDouble(scratch(Int(CJ_FP_OPERANDS)), x0)
        asm.storeDouble(scratch(Int(CJ_FP_OPERANDS) + (code == 0x59 ? 2 : 1)), x1)
        deliver(f)
    }

    private mutating func roundToSingle() {
        let x = VectorRegister(2)
        asm.sse(0xf2, 0x5a, x, x)
        asm.sse(0xf3, 0x5a, x, x)
    }

    private mutating func fused(_ f: Word, _ code: UInt8, negate: Bool, single: Bool) {
        let (x0, x1, x2) = (VectorRegister(0), VectorRegister(1), VectorRegister(2))
        asm.loadDouble(x0, fpr(f.ra))
        asm.loadDouble(x1, fpr(f.rc))
        asm.loadDouble(x2, fpr(f.rb))
        asm.copy(VectorRegister(3), x2)
        let slow = asm.label()
        asm.fma(code, wide: true, x2, x0, x1)
        if single {
            // Rounding twice is wrong halfway between two singles and where singles are denormal: leave those.
            asm.move(.rax, x2)
            asm.move(.w64, .rdx, .rax)
            asm.alu(.and, .w32, .rax, immediate: 0x1fff_ffff)
            asm.alu(.cmp, .w32, .rax, immediate: 0x1000_0000)
            asm.jump(.equal, slow)
            asm.shift(.shl, .w64, .rdx, 1)
            asm.shift(.shr, .w64, .rdx, 53)
            asm.alu(.cmp, .w32, .rdx, immediate: 897)
            asm.jump(.below, slow)
            roundToSingle()
        }
        asm.compareDoubles(x2, x2)
        asm.jump(.parity, slow)
        slowPath(from: slow)
        asm.storeDouble(scratch(Int(CJ_FP_OPERANDS)), x0)
        asm.storeDouble(scratch(Int(CJ_FP_OPERANDS) + 1), VectorRegister(3))
        asm.storeDouble(scratch(Int(CJ_FP_OPERANDS) + 2), x1)
        if negate {
            asm.move(.rax, x2)
            asm.rr(0, wide: true, 1, 0xba, reg: 7, rm: R.rax.code)
            asm.byte(63)
            asm.move(x2, .rax)
        }
        deliver(f)
    }

    /// Stores the result in xmm2 and remembers the operation.
    private mutating func deliver(_ f: Word) {
        asm.storeDouble(fpr(f.rt), VectorRegister(2))
        asm.store(.w64, lowHalf(f.rt), immediate: 0)
        asm.store(
            .w32, state(Int(CJ_FP_PENDING)), immediate: Int32(bitPattern: UInt32(truncatingIfNeeded: f.word)))
        resumeSlowPath()
    }

    /// Loads and stores of FPRs. May use rax and, but for update forms of stores, rdx.
    mutating func transferFloat(_ f: Word, _ kind: AccessShape, _ memory: MemoryOperand, swap: Bool) {
        let width = kind.width
        if kind.isStore {
            asm.load(.w64, .rax, fpr(f.rt))
            if kind.float == 2 { narrowToSingle() }
            if swap && hasMOVBE {
                asm.storeSwapped(width, memory, .rax)
            } else {
                if swap { asm.swapBytes(width, .rax) }
                asm.store(width, memory, .rax)
            }
            return
        }
        if swap && hasMOVBE {
            asm.loadSwapped(width, .rax, memory)
        } else {
            asm.loadZeroExtended(width, .rax, memory)
            if swap { asm.swapBytes(width, .rax) }
        }
        if kind.float == 2 {
            widenSingle()
            asm.storeDouble(fpr(f.rt), VectorRegister(0))
        } else {
            asm.store(.w64, fpr(f.rt), .rax)
        }
        asm.store(.w64, lowHalf(f.rt), immediate: 0)
    }

    /// xmm0 = the single in eax as a double. Uses rax and rdx.
    mutating func widenSingle() {
        let x = VectorRegister(0)
        asm.move32(x, .rax)
        asm.sse(0xf3, 0x5a, x, x)
        asm.compareDoubles(x, x)
        let number = asm.shortJump(.noParity)
        // The host has made a signaling NaN quiet: put the bit back that was loaded.
        asm.move(.rdx, x)
        asm.rr(0, wide: true, 1, 0xba, reg: 6, rm: R.rdx.code)
        asm.byte(51)
        asm.alu(.and, .w32, .rax, immediate: 0x40_0000)
        asm.shift(.shl, .w64, .rax, 29)
        asm.alu(.or, .w64, .rdx, .rax)
        asm.move(x, .rdx)
        asm.land(number)
    }

    /// eax = single format of the double in rax, as stores convert: bits are cut off, not rounded. Numbers that become
    /// denormal go to the slow path.
    mutating func narrowToSingle() {
        asm.move(.w64, .rdx, .rax)
        asm.shift(.shl, .w64, .rdx, 1)
        let zero = asm.shortJump(.equal)
        asm.shift(.shr, .w64, .rdx, 53)
        asm.alu(.cmp, .w32, .rdx, immediate: 896)
        asm.jump(.belowOrEqual, stubs[slowStub].label)
        asm.land(zero)
        asm.move(.w64, .rdx, .rax)
        asm.shift(.shr, .w64, .rdx, 32)
        asm.alu(.and, .w32, .rdx, immediate: Int32(bitPattern: 0xc000_0000))
        asm.shift(.shr, .w64, .rax, 29)
        asm.alu(.and, .w32, .rax, immediate: 0x3fff_ffff)
        asm.alu(.or, .w32, .rax, .rdx)
    }
}
