import CPPCState

/// Pointer to the state block of one virtual CPU; what every instruction's function works on.
package typealias CPUState = UnsafeMutablePointer<ppc_cpu>

/// The function that performs one instruction.
///
/// - Parameters:
///   - cpu: State of the executing vCPU; `nip` addresses this instruction.
///   - word: The instruction. For prefixed instructions the prefix is in the upper, the suffix in the lower 32 bits.
/// - Returns: `PPC_NEXT` and its siblings (see `ppc_state.h`). With anything but an exception the function's effects
///   are complete; with `PPC_EXCEPTION` nothing but the `excp_*` fields has changed, unless the ISA says otherwise.
///
/// It is a C function pointer so that the interpreter, the block executor and generated code call the same code.
package typealias Execute = @convention(c) (CPUState, UInt64) -> Int32

/// Sets of instructions that CPU models have or lack. An instruction is legal on a model that has any of its row's
/// sets. Names follow the ISA levels; finer sets exist where models of one level differ.
package struct InstructionSet: OptionSet, Sendable, Hashable {
    package let rawValue: UInt64
    package init(rawValue: UInt64) { self.rawValue = rawValue }

    /// PowerPC 64-bit base (ISA 2.01 and earlier): every model.
    package static let base = InstructionSet(rawValue: 1 << 0)
    /// Not in 970: ISA 2.03 to 2.05 additions (popcntb, fre, isel on POWER7, cmpb, ldbrx, …).
    package static let isa205 = InstructionSet(rawValue: 1 << 1)
    /// ISA 2.06 (POWER7).
    package static let isa206 = InstructionSet(rawValue: 1 << 2)
    /// ISA 2.07 (POWER8).
    package static let isa207 = InstructionSet(rawValue: 1 << 3)
    /// ISA 3.0 (POWER9).
    package static let isa300 = InstructionSet(rawValue: 1 << 4)
    /// ISA 3.1 (POWER10).
    package static let isa310 = InstructionSet(rawValue: 1 << 5)
    /// VMX as in 970 and later (base AltiVec).
    package static let altivec = InstructionSet(rawValue: 1 << 6)
    /// VSX of ISA 2.06.
    package static let vsx = InstructionSet(rawValue: 1 << 7)
    /// Decimal floating point (ISA 2.05, POWER6 and later).
    package static let dfp = InstructionSet(rawValue: 1 << 8)
    /// Instructions only up to POWER8 (removed by ISA 3.0: slbia forms, `mtsr`-like segment register bridge, …).
    package static let untilISA207 = InstructionSet(rawValue: 1 << 9)
    /// Transactional memory (POWER8, POWER9).
    package static let tm = InstructionSet(rawValue: 1 << 10)
    /// 970 only.
    package static let only970 = InstructionSet(rawValue: 1 << 11)
    /// Power saving by instructions of its own, `doze` to `rvwinkle` (POWER7 and POWER8; `stop` from ISA 3.0 on).
    package static let powerSaving = InstructionSet(rawValue: 1 << 12)
}

/// What must be enabled for an instruction to execute; the position is the bit number in `ppc_cpu.facilities`.
///
/// Bits are derived from MSR, FSCR and HFSCR whenever those change. A missing one raises the interrupt named here.
package enum Facility: UInt8, Sendable, CaseIterable {
    case none = 0
    /// MSR[FP]; floating-point unavailable (0x800).
    case floatingPoint = 1
    /// MSR[VEC]; vector unavailable (0xf20).
    case vector = 2
    /// MSR[VSX]; VSX unavailable (0xf40).
    case vsx = 3
    /// FSCR[TAR] (IC 8); facility unavailable (0xf60).
    case tar = 4
    /// FSCR[DSCR] (IC 2) for problem state access; facility unavailable.
    case dscr = 5
    /// MSR[TM] (IC 5); facility unavailable.
    case tm = 6
    /// FSCR[EBB] (IC 7); facility unavailable.
    case ebb = 7
    /// FSCR[SCV] (IC 12); facility unavailable.
    case scv = 8
    /// FSCR[PREFIX] (IC 13); facility unavailable.
    case prefix = 9
    /// VSX needed when the VSR number is below 32, vector when above (ISA 3.0 scalar loads and stores): checked by
    /// the instruction's function, because it depends on an operand.
    case vsxOrVector = 10
    /// FSCR[LM] or other facilities that only HFSCR controls: message facility (`msgsndp`, IC 10).
    case msgp = 11
}

/// The privilege that an instruction requires.
package enum Privilege: UInt8, Sendable { case problem, supervisor, hypervisor }

/// Registers and flags beyond the named operands that an instruction reads or changes, for analysis by the code
/// generators and for the random test generator.
package struct Effects: OptionSet, Sendable {
    package let rawValue: UInt32
    package init(rawValue: UInt32) { self.rawValue = rawValue }

    /// With Rc = 1, CR0 is set from the result.
    package static let cr0IfRc = Effects(rawValue: 1 << 0)
    /// Always sets CR0.
    package static let cr0 = Effects(rawValue: 1 << 1)
    /// With Rc = 1, CR1 is set from FPSCR.
    package static let cr1IfRc = Effects(rawValue: 1 << 2)
    /// With Rc = 1 (bit 21 of VC forms, bit 21 of XX3 compares), CR6 is set.
    package static let cr6IfRc = Effects(rawValue: 1 << 3)
    /// With OE = 1, OV, OV32 and SO are set.
    package static let ovIfOE = Effects(rawValue: 1 << 4)
    package static let readsCA = Effects(rawValue: 1 << 5)
    package static let writesCA = Effects(rawValue: 1 << 6)
    package static let readsCR = Effects(rawValue: 1 << 7)
    package static let writesCR = Effects(rawValue: 1 << 8)
    package static let readsLR = Effects(rawValue: 1 << 9)
    package static let writesLR = Effects(rawValue: 1 << 10)
    package static let readsCTR = Effects(rawValue: 1 << 11)
    package static let writesCTR = Effects(rawValue: 1 << 12)
    package static let readsFPSCR = Effects(rawValue: 1 << 13)
    package static let writesFPSCR = Effects(rawValue: 1 << 14)
    package static let readsVSCR = Effects(rawValue: 1 << 15)
    package static let writesVSCR = Effects(rawValue: 1 << 16)
    /// Reads guest memory; may raise a storage interrupt.
    package static let loads = Effects(rawValue: 1 << 17)
    /// Writes guest memory; may raise a storage interrupt.
    package static let stores = Effects(rawValue: 1 << 18)
    /// May raise a program interrupt of type trap, or another one that depends on operands.
    package static let traps = Effects(rawValue: 1 << 19)
    /// Ends a block: changes the instruction address.
    package static let branches = Effects(rawValue: 1 << 20)
    /// Ends a block: may change translation context, privilege or code visibility.
    package static let synchronizes = Effects(rawValue: 1 << 21)
    /// Result depends on more than registers and memory (time base, devices): replay must record it.
    package static let nondeterministic = Effects(rawValue: 1 << 22)
    package static let readsXER = Effects(rawValue: 1 << 23)
    package static let writesXER = Effects(rawValue: 1 << 24)
    package static let reserves = Effects(rawValue: 1 << 25)
}

/// One instruction: the only place that says how it is encoded, what it needs, and which function performs it.
///
/// Decoder, disassembler, legality checks, code generators, the random test generator and coverage reports are all
/// derived from these rows.
package struct InstructionRow: Sendable {
    /// Base mnemonic as in the ISA, without the Rc dot and without the OE `o`.
    package let mnemonic: String
    package let form: InstructionForm
    /// Prefix word and the bits of it that must match, for prefixed instructions (ISA 3.1 Book I, section 1.6.3).
    package let prefix: (match: UInt32, mask: UInt32)?
    /// In the assembler's order.
    package let operands: [Operand]
    package let effects: Effects
    package let since: InstructionSet
    package let facility: Facility
    package let privilege: Privilege
    /// Whether bit 31 (bit 21 for VC forms) is the record bit.
    package let hasRc: Bool
    /// Whether bit 21 is the overflow enable bit.
    package let hasOE: Bool
    /// Bits that are neither opcode nor operand and must be zero for QEMU to accept the word.
    package let reserved: UInt32
    /// Bits that are neither opcode nor operand and may hold anything: processors ignore reserved fields (ISA 3.1 Book I,
    /// section 1.3.3), and so does QEMU in these instructions.
    package let ignored: UInt32
    package let execute: Execute

    package init(
        _ mnemonic: String, _ form: InstructionForm, prefix: (match: UInt32, mask: UInt32)? = nil,
        _ operands: [Operand], _ effects: Effects = [], since: InstructionSet = .base, facility: Facility = .none,
        privilege: Privilege = .problem, rc: Bool = false, oe: Bool = false, reserved: UInt32 = 0,
        ignored: UInt32 = 0, execute: Execute
    ) {
        self.mnemonic = mnemonic
        self.form = form
        self.prefix = prefix
        self.operands = operands
        self.effects = effects
        self.since = since
        self.facility = facility
        self.privilege = privilege
        hasRc = rc
        hasOE = oe
        self.reserved = reserved
        self.ignored = ignored
        self.execute = execute
    }

    /// Bits that are neither opcode nor operand; assemblers leave them zero.
    package var unused: UInt32 { reserved | ignored }
}
