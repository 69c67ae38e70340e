import CPPCState
import EmuCore

extension SpaprThread {
    /// What every target's CPU has in common: whether it waits, and whether an interrupt is pending.
    static let commonState = StateDescription(
        "cpu_common", of: SpaprThread.self,
        fields: [
            .scalar(
                "halted", .uint32, get: { UInt64($0.cpu.state.pointee.halted) },
                set: { $0.cpu.state.pointee.halted = $1 == 0 ? 0 : 1 }),
            .scalar(
                "interrupt_request", .uint32, get: { $0.interruptRequest },
                // Interrupt controllers and timers raise what is pending once their state is there.
                set: { $0.loadedInterruptRequest = $1 }),
        ],
        subsections: [
            StateDescription(
                "cpu_common/exception_index", of: SpaprThread.self, isNeeded: { $0.exceptionIndex != -1 },
                fields: [.value("exception_index", \.exceptionIndex)]),
            StateDescription(
                "cpu_common/crash_occurred", of: SpaprThread.self, isNeeded: { $0.hasCrashed },
                fields: [.value("crash_occurred", \.hasCrashed)]),
        ],
        preLoad: {
            $0.exceptionIndex = -1
            $0.hasCrashed = false
        })

    /// Bit 1: the processor has an interrupt to look at.
    private var interruptRequest: UInt64 {
        if spapr.isAsLoaded { return loadedInterruptRequest }
        return cpu.hasPendingInterrupts ? 2 : 0
    }

    private var reservation: UInt64 {
        if spapr.isAsLoaded { return loadedReservation }
        return cpu.state.pointee.reserve_size == 0 ? .max : cpu.state.pointee.reserve_ea
    }

    private func instructionFlags(_ index: Int, _ own: UInt64) -> UInt64 {
        spapr.isAsLoaded ? loadedInstructionFlags[index] : own
    }

    /// The processor. Registers that live outside of the SPR file travel in their places there.
    static let processorState = StateDescription(
        "cpu", of: SpaprThread.self, version: 5,
        fields: generalFields + legacyFields,
        subsections: [
            floatState, vectorState, scalarVectorState, segmentRegisterState, transactionState, segmentState,
            branchHistoryState, compatibilityState, reservationState, stoppedState,
        ],
        preSave: { $0.gatherSPRs() },
        preLoad: {
            $0.streamCompatibility = 0
            $0.branchHistory = []
        },
        postLoad: { thread, _ in try thread.applyLoadedState() })

    private static let generalFields: [Field<SpaprThread>] = [
        .unused(8),
        .array(
            "env.gpr", .uint64, count: { _ in 32 }, get: { gpr($0.cpu.state)[$1] },
            set: { gpr($0.cpu.state)[$1] = $2 }),
        .array(
            "env.crf", .uint32, count: { _ in 8 }, get: { UInt64($0.cpu.conditionField($1)) },
            set: { $0.cpu.setConditionField($1, UInt8(truncatingIfNeeded: $2 & 15)) }),
        .scalar("env.nip", .uint64, get: { $0.cpu.state.pointee.nip }, set: { $0.cpu.state.pointee.nip = $1 }),
        .array(
            "env.spr", .uint64, count: { _ in 1024 }, get: { $0.travellingSPRs[$1] },
            set: { $0.travellingSPRs[$1] = $2 }),
        .value("env.spe_acc", \.loadedSPEAccumulator),
        .scalar(
            "env.reserve_addr", .uint64,
            get: { $0.reservation },
            // A reservation may be lost at any time: software retries.
            set: { thread, address in
                thread.loadedReservation = address
                thread.cpu.state.pointee.reserve_size = 0
            }),
        .scalar("env.msr", .uint64, get: { $0.cpu.state.pointee.msr }, set: { $0.loadedMSR = $1 }),
        .scalar("env.hflags_compat_nmsr", .uint64, get: { _ in 0 }, set: { _, _ in }),
    ]

    private static func isLegacy(_ thread: SpaprThread, _ version: Int) -> Bool {
        thread.sendsInstructionFlags
    }

    /// Machines up to 2.7 sent what the processor model can do, in terms of one emulator's internals, which differ from
    /// release to release. It is written as that emulator writes it, or as it came, and means nothing when read.
    private static let legacyFields: [Field<SpaprThread>] = [
        // A partition has no hypervisor state, whatever the model has.
        .scalar(
            "mig_msr_mask", .uint64, when: isLegacy, get: { $0.cpu.model.msrMask & ~(3 << 33 | MSR.hv) },
            set: { _, _ in }),
        .scalar(
            "mig_insns_flags", .uint64, when: isLegacy,
            get: { $0.instructionFlags(0, $0.cpu.model.streamInstructionFlags & knownFlags) },
            set: { $0.loadedInstructionFlags[0] = $1 }),
        .scalar(
            "mig_insns_flags2", .uint64, when: isLegacy,
            get: { $0.instructionFlags(1, $0.cpu.model.streamInstructionFlags2 & knownFlags2) },
            set: { $0.loadedInstructionFlags[1] = $1 }),
        // QEMU gives the 970 the block address translation of older processors, which partitions do not see.
        .scalar(
            "mig_nb_BATs", .uint32, when: isLegacy, get: { $0.cpu.model.family == .ppc970 ? 4 : 0 }, set: { _, _ in }),
    ]

    /// The instruction sets that release 2.7 knew; what came later must not show.
    private static var knownFlags: UInt64 { 0x8000_600f_e1ff_3a61 }
    private static var knownFlags2: UInt64 { 0x23_fff6 }

    /// The upper doublewords of VSRs 0 to 31, which are the floating-point registers.
    private static let floatState = StateDescription(
        "cpu/fpu", of: SpaprThread.self,
        fields: [
            .records(
                "env.vsr", typeName: "fpr", size: 8, count: { _ in 32 },
                get: { bytes($0.cpu.vectorScalar($1).hi) },
                set: { $0.cpu.setVectorScalar($1, hi: doubleword($2, 0)) }),
            .scalar("env.fpscr", .uint64, get: { $0.cpu.floatStatus }, set: { $0.cpu.floatStatus = $1 }),
        ])

    /// VSRs 32 to 63, which are the vector registers.
    private static let vectorState = StateDescription(
        "cpu/altivec", of: SpaprThread.self, isNeeded: { $0.cpu.model.instructionSets.contains(.altivec) },
        fields: [
            .records(
                "env.vsr", typeName: "avr", size: 16, count: { _ in 32 },
                get: { thread, index in
                    let register = thread.cpu.vectorScalar(32 + index)
                    // In the order of QEMU's host memory, which on little-endian hosts is the lower doubleword first.
                    return bytes(register.lo) + bytes(register.hi)
                },
                set: { $0.cpu.setVectorScalar(32 + $1, hi: doubleword($2, 1), lo: doubleword($2, 0)) }),
            .scalar(
                "vscr", .uint32, get: { UInt64($0.cpu.state.pointee.vscr) },
                set: { $0.cpu.state.pointee.vscr = UInt32(truncatingIfNeeded: $1) & 0x1_0001 }),
        ])

    /// The lower doublewords of VSRs 0 to 31.
    private static let scalarVectorState = StateDescription(
        "cpu/vsx", of: SpaprThread.self, isNeeded: { $0.cpu.model.instructionSets.contains(.vsx) },
        fields: [
            .records(
                "env.vsr", typeName: "vsr", size: 8, count: { _ in 32 },
                get: { bytes($0.cpu.vectorScalar($1).lo) },
                set: { $0.cpu.setVectorScalar($1, lo: doubleword($2, 0)) })
        ])

    private static func bytes(_ value: UInt64) -> [UInt8] { withUnsafeBytes(of: value.bigEndian) { Array($0) } }

    private static func doubleword(_ bytes: [UInt8], _ index: Int) -> UInt64 {
        bytes.dropFirst(index * 8).prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// Segment registers of 32-bit processors; no model of this machine has them.
    private static let segmentRegisterState = StateDescription(
        "cpu/sr", of: SpaprThread.self, isNeeded: { _ in false }, fields: [.unused(32 * 8)])

    /// Checkpointed registers of a transaction under way. They are kept as they came and sent on with the MSR that
    /// says so.
    private static let transactionState = StateDescription(
        "cpu/tm", of: SpaprThread.self,
        isNeeded: { $0.cpu.state.pointee.msr >> 33 & 3 != 0 && !$0.transaction.isEmpty },
        fields: [
            .bytes("tm", count: { _ in transactionSize }, get: { $0.transaction }, set: { $0.transaction = $1 })
        ])

    /// 32 GPRs, 64 VSRs, CR, LR, CTR, FPSCR, AMR, PPR, VRSAVE, VSCR (four bytes), DSCR, TAR.
    private static var transactionSize: Int { 32 * 8 + 64 * 16 + 7 * 8 + 4 + 2 * 8 }

    /// Version 2 of releases from 10.0 on (QEMU `target/ppc/machine.c`, change of November 2024) differs in nothing but
    /// its number: it no longer repeats the number of entries.
    private static let segmentState = StateDescription(
        "cpu/slb", of: SpaprThread.self, version: 2, minimumVersion: 1, versionsSince: [2: Release(10, 0)],
        oldestSufficientVersion: { _ in 1 },
        fields: [
            .scalar(
                "mig_slb_nr", .int32,
                when: { thread, version in version < 2 && thread.sendsSegmentCount },
                get: { UInt64($0.cpu.model.slbSize) }, set: { _, _ in }),
            .records(
                "env.slb", typeName: "slbe", size: 16, count: { _ in streamSegments },
                get: { thread, index in
                    let segments = thread.cpu.mmu.segments
                    guard index < segments.count else { return [UInt8](repeating: 0, count: 16) }
                    return bytes(segments[index].esid) + bytes(segments[index].vsid)
                },
                set: { $0.loadedSegments[$1] = SLBEntry(esid: doubleword($2, 0), vsid: doubleword($2, 1)) }),
        ],
        preLoad: { $0.loadedSegments = [SLBEntry](repeating: SLBEntry(), count: streamSegments) },
        postLoad: { thread, _ in try thread.applySegments() })

    static var streamSegments: Int { 64 }

    private static let compatibilityState = StateDescription(
        "cpu/compat", of: SpaprThread.self, versionsSince: [1: Release(2, 10)],
        isNeeded: { !$0.omitsCompatibilityLevel && $0.cpu.compatibilityPVR != 0 },
        fields: [
            .scalar(
                "compat_pvr", .uint32, get: { UInt64($0.cpu.compatibilityPVR) },
                set: { $0.streamCompatibility = UInt32(truncatingIfNeeded: $1) })
        ])

    // MARK: What newer releases added

    /// Branch history rolling buffer: where the next entry goes, and 32 entries. Releases from 9.1 on send it for POWER10
    /// and newer (QEMU `target/ppc/machine.c`, change of May 2024). Nothing here records branches; what came is kept and,
    /// unless it says nothing, sent on.
    private static let branchHistoryState = StateDescription(
        "cpu/bhrb", of: SpaprThread.self, versionsSince: [1: Release(9, 1)],
        isNeeded: { $0.branchHistory.contains { $0 != 0 } },
        fields: [
            .array(
                "bhrb", .uint64, count: { _ in 33 }, get: { $0.branchHistory.count > $1 ? $0.branchHistory[$1] : 0 },
                set: { thread, _, value in thread.branchHistory.append(value) })
        ])

    /// The reservation with its length and value, which releases from 8.1 on send while they record or replay.
    private static let reservationState = StateDescription(
        "cpu/reservation", of: SpaprThread.self, versionsSince: [1: Release(8, 1)], isNeeded: { _ in false },
        fields: [.unused(4 * 8)])

    /// Whether the guest has stopped the thread, or not started it. Releases from 11.0 on send it for machines from 10.1
    /// on (QEMU `hw/ppc/spapr.c`, `rtas-stopped-state`), and look for it there: without it they believe what a reset
    /// left, so it is only needed where it differs from that.
    private static let stoppedState = StateDescription(
        "cpu/rtas_stopped", of: SpaprThread.self, versionsSince: [1: Release(11, 0)],
        isNeeded: { thread in
            guard let first = thread.spapr.version.firstRelease, first >= Release(10, 1) else { return false }
            return thread.isStopped != (thread.index != 0)
        },
        // Loading needs nothing of it: `halted`, PSSCR and LPCR say the same.
        fields: [.scalar("env.quiesced", .bool, get: { $0.isStopped ? 1 : 0 }, set: { _, _ in })])

    /// Halted until another thread starts it (RTAS `start-cpu`), as opposed to waiting for an interrupt.
    private var isStopped: Bool {
        cpu.state.pointee.halted != 0 && spr(cpu.state)[SPRegister.psscr] & PSSCR.ec != 0
    }

    // MARK: Partition

    /// What the guest registered for the thread.
    static let partitionState = StateDescription(
        "spapr_cpu", of: SpaprThread.self, fields: [],
        subsections: [
            StateDescription(
                "spapr_cpu/vpa", of: SpaprThread.self, isNeeded: { $0.vpaAddress != 0 },
                fields: [.value("vpa_addr", \.vpaAddress)],
                subsections: [
                    StateDescription(
                        "spapr_cpu/vpa/slb_shadow", of: SpaprThread.self, isNeeded: { $0.slbShadowAddress != 0 },
                        fields: [
                            .value("slb_shadow_addr", \.slbShadowAddress),
                            .value("slb_shadow_size", \.slbShadowSize),
                        ]),
                    StateDescription(
                        "spapr_cpu/vpa/dtl", of: SpaprThread.self, isNeeded: { $0.dispatchLogAddress != 0 },
                        fields: [.value("dtl_addr", \.dispatchLogAddress), .value("dtl_size", \.dispatchLogSize)]),
                ])
        ])
}
