import CPPCState

// Floating-point arithmetic (ISA 3.1 Book I, section 4.6.6) that rounds to nearest and may not interrupt.

/// Results that are neither zero nor denormal nor infinite nor NaNs, with nothing to report but inexactness; the row's
/// function does everything else, from the beginning.
enum PlainFloat {
    @inline(__always)
    static func binary(
        _ cpu: CPUState, _ raw: UnsafeMutableRawPointer, _ operation: ScalarFloat.Binary, single: Bool
    ) -> UnsafeMutableRawPointer? {
        let f = PlainStep(step: Step.at(raw))
        var env = FloatEnvironment()
        let b = operation == .multiply ? f.rc : f.rb
        let result = ScalarFloat.compute(fpr(cpu, f.ra), fpr(cpu, b), operation, single: single, &env)
        return deliver(cpu, raw, result, env)
    }

    @inline(__always)
    static func fused(
        _ cpu: CPUState, _ raw: UnsafeMutableRawPointer, _ kind: SoftFloat.FusedKind, single: Bool
    ) -> UnsafeMutableRawPointer? {
        let f = PlainStep(step: Step.at(raw))
        var env = FloatEnvironment()
        let (a, b, c) = (fpr(cpu, f.ra), fpr(cpu, f.rb), fpr(cpu, f.rc))
        let result =
            single ? SoftFloat.fuseSingle(a, c, b, kind, &env) : SoftFloat.fuse64(a, c, b, kind, &env)
        return deliver(cpu, raw, result, env)
    }

    /// Writes the target, FPRF and FI as ``FPStatus`` would.
    @inline(__always)
    private static func deliver(
        _ cpu: CPUState, _ raw: UnsafeMutableRawPointer, _ result: UInt64, _ env: FloatEnvironment
    ) -> UnsafeMutableRawPointer? {
        let exponent = Binary64.biasedExponent(result)
        guard env.flags.subtracting(.inexact).isEmpty, exponent != 0, exponent != Binary64.maximumExponent else {
            return StepFlow.callRow(cpu, raw)
        }
        let sign: UInt64 = Binary64.isNegative(result) ? 8 : 4
        let inexact = env.flags.isEmpty ? 0 : FPSCR.fi | FPSCR.xx | FPSCR.fx
        cpu.pointee.fpscr = cpu.pointee.fpscr & ~(FPSCR.fprf | FPSCR.fi) | sign << 12 | inexact
        setFPR(cpu, Int(Step.at(raw).pointee.rt), result)
        return StepFlow.advance(cpu, raw)
    }
}

extension StepRecipe {
    static let floatArithmetic: [StepRecipe] = [
        .init("fadd", plainFloat: { PlainFloat.binary($0, $1, .add, single: false) }),
        .init("fadds", plainFloat: { PlainFloat.binary($0, $1, .add, single: true) }),
        .init("fsub", plainFloat: { PlainFloat.binary($0, $1, .subtract, single: false) }),
        .init("fsubs", plainFloat: { PlainFloat.binary($0, $1, .subtract, single: true) }),
        .init("fmul", plainFloat: { PlainFloat.binary($0, $1, .multiply, single: false) }),
        .init("fmuls", plainFloat: { PlainFloat.binary($0, $1, .multiply, single: true) }),
        .init("fdiv", plainFloat: { PlainFloat.binary($0, $1, .divide, single: false) }),
        .init("fdivs", plainFloat: { PlainFloat.binary($0, $1, .divide, single: true) }),
        .init("fmadd", plainFloat: { PlainFloat.fused($0, $1, [], single: false) }),
        .init("fmadds", plainFloat: { PlainFloat.fused($0, $1, [], single: true) }),
        .init("fmsub", plainFloat: { PlainFloat.fused($0, $1, .negateAddend, single: false) }),
        .init("fmsubs", plainFloat: { PlainFloat.fused($0, $1, .negateAddend, single: true) }),
        .init("fnmadd", plainFloat: { PlainFloat.fused($0, $1, .negateResult, single: false) }),
        .init("fnmadds", plainFloat: { PlainFloat.fused($0, $1, .negateResult, single: true) }),
        .init("fnmsub", plainFloat: { PlainFloat.fused($0, $1, [.negateAddend, .negateResult], single: false) }),
        .init("fnmsubs", plainFloat: { PlainFloat.fused($0, $1, [.negateAddend, .negateResult], single: true) }),
    ]
}
