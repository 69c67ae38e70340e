import CJIT
import CPPCState

/// Brings FPSCR up to date after floating-point instructions in generated code.
///
/// Outside of generated code FPSCR is always exact: the dispatcher, slow paths and called instructions settle first.
enum DeferredFPSCR {
    /// Generated code runs with every exception masked, rounding to nearest, nothing flushed.
    static var initialMXCSR: UInt32 { 0x1f80 }

    /// Redoes the last operation by its reference semantics for FI and FPRF, and adds what MXCSR has collected.
    static func settle(_ cpu: CPUState, mxcsr: UInt32) {
        let word = UInt64(cpu.pointee.fp_pending)
        guard word != 0 else { return }
        cpu.pointee.fp_pending = 0
        let scratch = (UnsafeMutableRawPointer(cpu) + Int(CJ_SCRATCH) + Int(CJ_BIAS)).assumingMemoryBound(
            to: UInt64.self)
        let table = InstructionTable.shared
        let row = table.decode(word, for: InstructionSet(rawValue: cpu.pointee.isa_level))
        guard row != InstructionTable.noRow else { return }
        let registers = vsr(cpu)
        let numbers = (
            Int(truncatingIfNeeded: word &>> 16 & 31), Int(truncatingIfNeeded: word &>> 11 & 31),
            Int(truncatingIfNeeded: word &>> 6 & 31), Int(truncatingIfNeeded: word &>> 21 & 31)
        )
        let saved = (registers[numbers.0], registers[numbers.1], registers[numbers.2], registers[numbers.3])
        // Fields that the operation does not have are zero; whoever has one comes last.
        let operands = scratch + Int(CJ_FP_OPERANDS)
        let extended = word &>> 1 & 31
        let isMultiply = extended == 25
        let usesC = isMultiply || extended >= 28
        if usesC { registers[numbers.2].hi = operands[2] }
        if !isMultiply { registers[numbers.1].hi = operands[1] }
        registers[numbers.0].hi = operands[0]
        let before = cpu.pointee.fpscr
        _ = table.functions[Int(row)](cpu, word)
        registers[numbers.3] = saved.3
        registers[numbers.2] = saved.2
        registers[numbers.1] = saved.1
        registers[numbers.0] = saved.0
        registers[numbers.3] = saved.3
        var sticky: UInt64 = 0
        if mxcsr & 0x20 != 0 { sticky |= FPSCR.xx }
        if mxcsr & 0x10 != 0 { sticky |= FPSCR.ux }
        if mxcsr & 0x08 != 0 { sticky |= FPSCR.ox | FPSCR.xx }
        if mxcsr & 0x04 != 0 { sticky |= FPSCR.zx }
        if sticky & ~before != 0 { sticky |= FPSCR.fx }
        cpu.pointee.fpscr |= sticky
    }

    /// The same as a C function for generated code, which has put MXCSR into the scratch area.
    static let function: @convention(c) (CPUState) -> Void = { cpu in
        settle(cpu, mxcsr: DeferredFPSCR.collected(cpu))
    }

    /// MXCSR as generated code stored it on its way out.
    static func collected(_ cpu: CPUState) -> UInt32 {
        (UnsafeRawPointer(cpu) + Int(CJ_SCRATCH) + Int(CJ_BIAS) + Int(CJ_MXCSR) * 8).load(as: UInt32.self)
    }
}
