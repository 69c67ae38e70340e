import CPPCState
import EmuCore

extension PPCCPU {
    func conditionField(_ field: Int) -> UInt8 { crFields(state)[field & 7] }

    func setConditionField(_ field: Int, _ value: UInt8) { crFields(state)[field & 7] = value }

    func vectorScalar(_ number: Int) -> ppc_vsr { vsr(state)[number & 63] }

    func setVectorScalar(_ number: Int, hi: UInt64? = nil, lo: UInt64? = nil) {
        let register = vsr(state) + (number & 63)
        if let hi { register.pointee.hi = hi }
        if let lo { register.pointee.lo = lo }
    }

    /// FPSCR as software sees it.
    var floatStatus: UInt64 {
        get { state.pointee.fpscr }
        set {
            state.pointee.fp_pending = 0
            state.pointee.fpscr = newValue
        }
    }

    var hasPendingInterrupts: Bool { state.pointee.pending_interrupts != 0 }
}

extension SpaprThread {
    /// The SPR file as a stream carries it: registers with a home of their own are put in their places.
    func gatherSPRs() {
        if spapr.isAsLoaded { return }
        cpu.settleMonitor()
        let registers = spr(cpu.state)
        for number in 0..<1024 { travellingSPRs[number] = registers[number] }
        travellingSPRs[1] = xer
        travellingSPRs[8] = cpu.state.pointee.lr
        travellingSPRs[9] = cpu.state.pointee.ctr
        travellingSPRs[22] = hasRun ? cpu.decrementer : registers[22]
    }

    /// Whether the machine has ever run: not every engine counts instructions.
    var hasRun: Bool { spapr.clock.now != 0 }

    /// XER put together.
    private var xer: UInt64 {
        let state = cpu.state.pointee
        let flags: UInt64 =
            UInt64(state.so & 1) << 31 | UInt64(state.ov & 1) << 30 | UInt64(state.ca & 1) << 29
            | UInt64(state.ov32 & 1) << 19 | UInt64(state.ca32 & 1) << 18
        return state.xer_rest | flags
    }

    private func setXER(_ value: UInt64) {
        let state = cpu.state
        func bit(_ number: UInt64) -> UInt8 { UInt8(truncatingIfNeeded: value >> number & 1) }
        state.pointee.so = bit(31)
        state.pointee.ov = bit(30)
        state.pointee.ca = bit(29)
        state.pointee.ov32 = bit(19)
        state.pointee.ca32 = bit(18)
        state.pointee.xer_rest = value & ~0xe00c_0000
    }

    /// Everything of the processor has arrived: check that it is one of ours and put the registers into force.
    func applyLoadedState() throws {
        let registers = spr(cpu.state)
        let pvr = UInt32(truncatingIfNeeded: travellingSPRs[287])
        if streamCompatibility != 0 {
            guard cpu.setCompatibility(pvr: streamCompatibility) else {
                throw StateError(
                    "Compatibility PVR 0x\(String(streamCompatibility, radix: 16)) not valid for CPU \(cpu.model.name)")
            }
        } else {
            guard PPCModel.areAlike(pvr, cpu.model) else {
                let name = PPCModel.matching(pvr: pvr)?.name ?? "unknown"
                throw StateError(
                    "the stream's processor has version 0x\(String(pvr, radix: 16)) (\(name)), this one is "
                        + "\(cpu.model.name); start with -cpu \(name)")
            }
        }
        let lpcr = travellingSPRs[SPRegister.lpcr]
        for number in 0..<1024 { registers[number] = travellingSPRs[number] }
        cpu.state.pointee.lr = travellingSPRs[8]
        cpu.state.pointee.ctr = travellingSPRs[9]
        setXER(travellingSPRs[1])
        Context.setMSR(cpu.state, loadedMSR & cpu.model.guestMSRMask)
        cpu.setLPCR(lpcr)
        cpu.mmu.invalidateAll()
        cpu.reloadMonitor()
        // Pages go into memory as they come, past everything that tracks code.
        cpu.engine?.forgetTranslations()
        // Releases before 8.1 do not send the decrementer: it has run out as far as the guest can tell.
        if travellingSPRs[22] != 0 || !isAtRest { cpu.setDecrementer(travellingSPRs[22]) }
    }

    /// Whether the processor that was loaded has never executed anything.
    private var isAtRest: Bool { cpu.state.pointee.nip == 0x100 && spapr.clock.now == 0 }

    func applySegments() throws { cpu.mmu.segments = Array(loadedSegments.prefix(cpu.model.slbSize)) }
}

extension PPCModel {
    /// Whether a processor version is close enough to a model for its state to be continued.
    static func areAlike(_ pvr: UInt32, _ model: PPCModel) -> Bool {
        if pvr == model.pvr { return true }
        guard let other = matching(pvr: pvr) else { return false }
        return other.family == model.family && other.deviceTreeName == model.deviceTreeName
    }
}
