import CJIT
import CPPCState

/// Brings FPSCR up to date after floating-point instructions in generated code.
///
/// Outside of generated code FPSCR is always exact: the dispatcher, slow paths and called instructions settle first.
/// What is pending: in `fp_pending` the word of the last scalar operation, or ``stickyOnly``; its operands and the
/// parts of FPSCR that instructions after it have changed in the scratch area; in MXCSR the sticky exceptions.
enum DeferredFPSCR {
    /// Generated code runs with every exception masked, nothing flushed, and rounds as FPSCR says if it may use the
    /// host's FPU at all.
    @inline(__always)
    static func initialMXCSR(_ fpscr: UInt64) -> UInt32 {
        // RN: nearest, toward zero, up, down. The host: nearest, down, up, toward zero.
        let rounding = UInt32(truncatingIfNeeded: 0 &- PlainFPSCR.mode(fpscr)) & 3
        return defaultMXCSR | rounding &<< 13
    }
    static var defaultMXCSR: UInt32 { 0x1f80 }

    /// For functions that generated code calls: everybody else's floating point counts on rounding to nearest. Generated
    /// code loads MXCSR again after every call.
    @inline(__always)
    static func leaveRounding(_ cpu: CPUState) {
        let initial = UnsafeRawPointer(cpu) + Int(CJ_SCRATCH) + Int(CJ_BIAS) + Int(CJ_MXCSR_INITIAL) * 8
        if initial.load(as: UInt32.self) != defaultMXCSR { cj_reset_mxcsr() }
    }

    /// Value of `fp_pending` when no operation is to be redone, but MXCSR or the status bytes may tell something.
    static var stickyOnly: UInt32 { 1 }

    /// Offset in the state block, from the biased register, of the status bytes.
    static var statusDisplacement: Int { Int(CJ_SCRATCH) &+ Int(CJ_FP_STATUS) &* 8 }

    /// Redoes the last operation by its reference semantics for FI and FPRF, and adds what MXCSR has collected.
    static func settle(_ cpu: CPUState, mxcsr: UInt32) {
        let pending = cpu.pointee.fp_pending
        guard pending != 0 else { return }
        cpu.pointee.fp_pending = 0
        let status = UnsafeRawPointer(cpu) + statusDisplacement + Int(CJ_BIAS)
        if pending != stickyOnly { redo(cpu, UInt64(pending), status.load(fromByteOffset: 3, as: UInt8.self)) }
        let (fpcc, inexact) = (status.load(as: UInt8.self), status.load(fromByteOffset: 1, as: UInt8.self))
        if fpcc & 0x80 != 0 {
            cpu.pointee.fpscr = cpu.pointee.fpscr & ~FPSCR.fpcc | UInt64(fpcc & 15) << 12
        }
        if inexact & 0x80 != 0 {
            cpu.pointee.fpscr = cpu.pointee.fpscr & ~FPSCR.fi | (inexact & 1 != 0 ? FPSCR.fi : 0)
        }
        var sticky: UInt64 = 0
        if mxcsr & 0x20 != 0 { sticky |= FPSCR.xx }
        if mxcsr & 0x10 != 0 { sticky |= FPSCR.ux }
        if mxcsr & 0x08 != 0 { sticky |= FPSCR.ox | FPSCR.xx }
        // What MXCSR has collected happened since FPSCR was settled last.
        if sticky != 0 { sticky |= FPSCR.fx }
        cpu.pointee.fpscr |= sticky
    }

    /// Performs the operation again with its operands of then, and puts the registers back. `slots` has a bit for
    /// each of A, B and C that there is.
    private static func redo(_ cpu: CPUState, _ word: UInt64, _ slots: UInt8) {
        let operands =
            (UnsafeMutableRawPointer(cpu) + Int(CJ_SCRATCH) + Int(CJ_BIAS)).assumingMemoryBound(
                to: UInt64.self) + Int(CJ_FP_OPERANDS)
        let table = InstructionTable.shared
        let row = table.decode(word, for: InstructionSet(rawValue: cpu.pointee.isa_level))
        guard row != InstructionTable.noRow else { return }
        let registers = vsr(cpu)
        let numbers = FloatOperands(word)
        let target = numbers.target
        let saved = (registers[numbers.a], registers[numbers.b], registers[numbers.c], registers[target])
        if slots & 4 != 0 { registers[numbers.c].hi = operands[2] }
        if slots & 2 != 0 { registers[numbers.b].hi = operands[1] }
        if slots & 1 != 0 { registers[numbers.a].hi = operands[0] }
        _ = table.functions[Int(row)](cpu, word)
        registers[target] = saved.3
        registers[numbers.c] = saved.2
        registers[numbers.b] = saved.1
        registers[numbers.a] = saved.0
        registers[target] = saved.3
    }

    /// After an instruction's function has run in the middle of generated code: what the code around believes to be
    /// pending stays so, with the values that FPSCR has now.
    static func resume(_ cpu: CPUState) {
        let status = UnsafeMutableRawPointer(cpu) + statusDisplacement + Int(CJ_BIAS)
        let fpscr = cpu.pointee.fpscr
        status.storeBytes(of: 0x80 | UInt8(truncatingIfNeeded: fpscr >> 12 & 15), as: UInt8.self)
        status.storeBytes(of: 0x80 | (fpscr & FPSCR.fi != 0 ? 1 : 0), toByteOffset: 1, as: UInt8.self)
        cpu.pointee.fp_pending = stickyOnly
    }

    /// Brings FPSCR up to date for somebody whom generated code has called in the middle of itself. What MXCSR has collected
    /// is in FPSCR then, and not added again to what is stored there.
    static func show(_ cpu: CPUState) {
        guard cpu.pointee.fp_pending != 0 else { return }
        settle(cpu, mxcsr: collected(cpu))
        resume(cpu)
        let mxcsr = UnsafeMutableRawPointer(cpu) + Int(CJ_SCRATCH) + Int(CJ_BIAS) + Int(CJ_MXCSR) * 8
        mxcsr.storeBytes(of: collected(cpu) & ~0x3f, as: UInt32.self)
    }

    /// The same as a C function for generated code, which has put MXCSR into the scratch area.
    static let function: @convention(c) (CPUState) -> Void = { cpu in
        leaveRounding(cpu)
        settle(cpu, mxcsr: DeferredFPSCR.collected(cpu))
    }

    /// MXCSR as generated code stored it on its way out.
    static func collected(_ cpu: CPUState) -> UInt32 {
        (UnsafeRawPointer(cpu) + Int(CJ_SCRATCH) + Int(CJ_BIAS) + Int(CJ_MXCSR) * 8).load(as: UInt32.self)
    }
}

/// The VSRs that the fields of a scalar floating-point word name. Multiply-adds of VSX read their target as C.
struct FloatOperands {
    let a: Int
    let b: Int
    let c: Int
    let target: Int

    init(_ word: UInt64) {
        let w = Int(truncatingIfNeeded: word)
        if word &>> 26 & 63 == 60 {
            a = (w &>> 16 & 31) | (w & 4) &<< 3
            b = (w &>> 11 & 31) | (w & 2) &<< 4
            target = (w &>> 21 & 31) | (w & 1) &<< 5
            c = target
        } else {
            a = w &>> 16 & 31
            b = w &>> 11 & 31
            c = w &>> 6 & 31
            target = w &>> 21 & 31
        }
    }
}
