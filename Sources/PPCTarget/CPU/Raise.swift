import CPPCState

/// Interrupt vectors (ISA 3.1 Book III, section 7.5, "Interrupt Definitions"), as offsets from the vector base.
package enum InterruptVector: UInt32, Sendable, CaseIterable {
    case systemReset = 0x100
    case machineCheck = 0x200
    case dataStorage = 0x300
    case dataSegment = 0x380
    case instructionStorage = 0x400
    case instructionSegment = 0x480
    case external = 0x500
    case alignment = 0x600
    case program = 0x700
    case floatingPointUnavailable = 0x800
    case decrementer = 0x900
    case hypervisorDecrementer = 0x980
    case doorbell = 0xa00
    case systemCall = 0xc00
    case trace = 0xd00
    case hypervisorDataStorage = 0xe00
    case hypervisorInstructionStorage = 0xe20
    case hypervisorEmulationAssistance = 0xe40
    case hypervisorMaintenance = 0xe60
    case hypervisorDoorbell = 0xe80
    case hypervisorVirtualization = 0xea0
    case performanceMonitor = 0xf00
    case vectorUnavailable = 0xf20
    case vsxUnavailable = 0xf40
    case facilityUnavailable = 0xf60
    case hypervisorFacilityUnavailable = 0xf80
    case systemCallVectored = 0x3000
}

/// SRR1 bits of a program interrupt (ISA 3.1 Book III, section 7.5.9).
package enum ProgramCause {
    package static var floatingPointEnabled: UInt64 { 0x0010_0000 }
    package static var illegal: UInt64 { 0x0008_0000 }
    package static var privileged: UInt64 { 0x0004_0000 }
    package static var trap: UInt64 { 0x0002_0000 }
}

/// Records an interrupt for delivery and returns ``Outcome/exception``: `return raise(cpu, .program, srr1: …)`.
///
/// Never inlined, so that the functions that may raise stay small on their fast path.
@inline(never)
package func raise(_ cpu: CPUState, _ vector: InterruptVector, srr1: UInt64 = 0, flags: UInt32 = 0) -> Int32 {
    cpu.pointee.excp_vector = vector.rawValue
    cpu.pointee.excp_srr1 = srr1
    cpu.pointee.excp_flags = flags
    return Outcome.exception
}

/// Records a program interrupt of type illegal instruction.
///
/// On models with an emulation assistance interrupt a pseries guest still sees 0x700, because there is no
/// hypervisor below it (QEMU: `powerpc_excp_books`, virtual hypervisor case).
@inline(never)
package func raiseIllegal(_ cpu: CPUState) -> Int32 {
    raise(cpu, .program, srr1: ProgramCause.illegal)
}

/// Records a program interrupt of type privileged instruction.
@inline(never)
package func raisePrivileged(_ cpu: CPUState) -> Int32 {
    raise(cpu, .program, srr1: ProgramCause.privileged)
}

/// Records an alignment interrupt; DAR is the effective address (ISA 3.1 Book III, section 7.5.8).
@inline(never)
package func raiseAlignment(_ cpu: CPUState, _ ea: UInt64) -> Int32 {
    cpu.pointee.excp_dar = ea
    cpu.pointee.excp_dsisr = 0
    return raise(cpu, .alignment, flags: UInt32(PPC_EXCP_SET_DAR))
}
