import CPPCState
import CSupport

/// The machine state register and all that derives from it, FSCR and LPCR: byte order, privilege, address width,
/// facilities, soft TLB bank.
package enum Context {
    /// Stores MSR as `mtmsrd` and `rfid` do: bits that the model lacks are dropped, HV does not change, and problem
    /// state implies external interrupts and translation (ISA 3.1 Book III, section 4.2.1).
    package static func storeMSR(_ cpu: CPUState, _ value: UInt64, alterHV: Bool = false) {
        let owner = PPCCPU.of(cpu)
        var value = value & owner.model.guestMSRMask
        if value & MSR.pr != 0 { value |= MSR.ee | MSR.ir | MSR.dr }
        setMSR(cpu, value)
        Interrupts.reconsider(cpu)
        if value & MSR.pow != 0, cs_atomic_load64(owner.pendingWord) == 0 { cpu.pointee.halted = 1 }
    }

    /// Stores MSR unchanged and derives the rest.
    static func setMSR(_ cpu: CPUState, _ value: UInt64) {
        cpu.pointee.msr = value
        update(cpu)
        let owner = PPCCPU.of(cpu)
        if owner.monitor.followsPrivilege { owner.updateMonitor() }
    }

    /// Derives everything from MSR, FSCR and LPCR. Call after changing one of them, PID, AMR or IAMR directly.
    @inline(__always)
    package static func update(_ cpu: CPUState) { if !KnownContext.enter(cpu) { derive(cpu) } }

    @inline(never)
    private static func derive(_ cpu: CPUState) {
        let owner = PPCCPU.of(cpu)
        let msr = cpu.pointee.msr
        KnownContext.deriveBits(cpu)
        cpu.pointee.facilities =
            facilities(msr: msr, fscr: spr(cpu)[SPRegister.fscr])
            | FacilityBits.levels(pcr: msr & MSR.pr == 0 ? 0 : spr(cpu)[SPRegister.pcr])
            | FacilityBits.privileges(problemState: msr & MSR.pr != 0, hasHypervisor: owner.model.hasHypervisorState)
        owner.mmu.selectBank()
        KnownContext.remember(cpu)
        owner.attentionChanged()
    }

    private static func facilities(msr: UInt64, fscr: UInt64) -> UInt64 {
        func bit(_ facility: Facility, if enabled: Bool) -> UInt64 { enabled ? 1 << UInt64(facility.rawValue) : 0 }
        // DSCR and messages have no enable bit that a guest of ours could lose.
        var bits: UInt64 = bit(.none, if: true) | bit(.dscr, if: true)
        bits |= bit(.prefix, if: fscr & FSCR.prefix != 0 || msr & MSR.pr == 0)
        bits |= bit(.msgp, if: true) | bit(.vsxOrVector, if: true)
        bits |= bit(.floatingPoint, if: msr & MSR.fp != 0) | bit(.vector, if: msr & MSR.vec != 0)
        bits |= bit(.vsx, if: msr & MSR.vsx != 0) | bit(.tm, if: msr & MSR.tm != 0)
        // FSCR withholds TAR, prefixed instructions and event-based branches from problem state alone.
        bits |=
            bit(.tar, if: fscr & FSCR.tar != 0 || msr & MSR.pr == 0)
            | bit(.ebb, if: fscr & FSCR.ebb != 0 || msr & MSR.pr == 0)
        bits |= bit(.scv, if: fscr & FSCR.scv != 0)
        return bits
    }
}

/// The bits of `ppc_cpu.facilities` above those of ``Facility``.
enum FacilityBits {
    /// Not in problem state.
    static var supervisor: UInt64 { 1 << 32 }
    /// Supervisor state on a model that has no hypervisor state apart; guests never are in one.
    static var hypervisor: UInt64 { 1 << 33 }

    static func privileges(problemState: Bool, hasHypervisor: Bool) -> UInt64 {
        problemState ? 0 : hasHypervisor ? supervisor : supervisor | hypervisor
    }

    /// Instructions that only an ISA level has, and the PCR bit that takes them from problem state: the one that names
    /// the level before (ISA 3.1 Book III, "Processor Compatibility Register"). What else the ISA lets PCR take away, VSX
    /// and special purpose registers, stays: QEMU keeps PCR's value and acts on none of it, so that a guest which comes
    /// from there may be using them. Instructions of later levels it cannot expect to have.
    private static let levelBits: [(set: InstructionSet, pcr: UInt64, bit: UInt64)] = [
        (.isa207, 1 << 2, 1 << 12), (.isa300, 1 << 3, 1 << 13), (.isa310, 1 << 4, 1 << 14), (.tm, 1 << 61, 1 << 15),
    ]
    static var allLevels: UInt64 { 0xf000 }

    static func levels(pcr: UInt64) -> UInt64 {
        pcr == 0 ? allLevels : levelBits.reduce(0) { $0 | (pcr & $1.pcr == 0 ? $1.bit : 0) }
    }

    /// What an instruction needs.
    static func needs(_ row: InstructionRow) -> UInt64 {
        var facility: UInt64 = row.facility == .none ? 0 : 1 << UInt64(row.facility.rawValue)
        if row.prefix != nil { facility |= 1 << UInt64(Facility.prefix.rawValue) }
        for level in levelBits where row.since == level.set { facility |= level.bit }
        switch row.privilege {
        case .problem: return facility
        case .supervisor: return facility | supervisor
        case .hypervisor: return facility | supervisor | hypervisor
        }
    }
}

/// Records the interrupt for an instruction whose facility is off; the executor calls it when the facility's bit is
/// missing in `ppc_cpu.facilities`.
@inline(never)
package func raiseUnavailable(_ cpu: CPUState, _ facility: Facility) -> Int32 {
    switch facility {
    case .floatingPoint: return raise(cpu, .floatingPointUnavailable)
    case .vector: return raise(cpu, .vectorUnavailable)
    case .vsx, .vsxOrVector: return raise(cpu, .vsxUnavailable)
    case .tar: return raiseFacility(cpu, cause: FSCR.causeTAR)
    case .tm: return raiseFacility(cpu, cause: FSCR.causeTM)
    case .ebb: return raiseFacility(cpu, cause: FSCR.causeEBB)
    case .scv: return raiseFacility(cpu, cause: FSCR.causeSCV)
    case .dscr: return raiseFacility(cpu, cause: 2)
    case .prefix: return raiseFacility(cpu, cause: 13)
    case .msgp: return raiseFacility(cpu, cause: 10)
    case .none: return raiseIllegal(cpu)
    }
}

/// Records a facility unavailable interrupt; FSCR[IC] tells which facility (ISA 3.1 Book III, section 7.5.29).
@inline(never)
func raiseFacility(_ cpu: CPUState, cause: UInt64) -> Int32 {
    let fscr = spr(cpu) + SPRegister.fscr
    fscr.pointee = fscr.pointee & ~FSCR.causeMask | cause << FSCR.causeShift
    return raise(cpu, .facilityUnavailable)
}
