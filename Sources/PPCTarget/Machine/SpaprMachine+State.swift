import EmuCore

/// The clock of the machine as a stream carries it.
final class ClockState {
    weak var machine: SpaprMachine?
    /// The host's cycle counter at the source; nothing here depends on it.
    var ticks: Int64 = 0

    static let stateDescription = StateDescription(
        "timer", of: ClockState.self, version: 2, minimumVersion: 1,
        fields: [
            .value("cpu_ticks_offset", \.ticks),
            .unused(8),
            .scalar(
                "cpu_clock_offset", .int64, since: 2,
                get: { UInt64(bitPattern: $0.machine?.clock.now ?? 0) },
                set: { $0.machine?.clock.set(Int64(bitPattern: $1)) }),
        ])
}

/// Time base and time of day at the source when it was stopped. Only KVM needs them: here the time base follows the
/// clock.
final class TimeBaseState {
    weak var machine: SpaprMachine?
    var guestTimeBase: UInt64 = 0
    var timeOfDay: Int64 = 0

    static let stateDescription = StateDescription(
        "timebase", of: TimeBaseState.self,
        fields: [
            .value("guest_timebase", \.guestTimeBase),
            .value("time_of_the_day_ns", \.timeOfDay),
        ],
        preSave: { state in
            guard let machine = state.machine, !machine.isAsLoaded else { return }
            state.guestTimeBase = machine.threads.first?.cpu.time.timeBase ?? 0
            state.timeOfDay = machine.rtc?.hostTime() ?? 0
        })
}

extension SpaprMachine {
    /// The `spapr` section. Versions 1 and 2 carried the time of day as an offset in seconds.
    static let stateDescription = StateDescription(
        "spapr", of: SpaprMachine.self, version: 3, minimumVersion: 1, versionsSince: [3: Release(2, 3)],
        // Version 2 knows the time of day to a second: for releases that read nothing else.
        oldestAcceptableVersion: 2,
        fields: [
            .unused(4, when: { _, version in version < 3 }),
            .scalar(
                "rtc_offset", .uint64, when: { _, version in version < 3 }, get: { $0.secondsOfRTCOffset },
                set: { $0.legacyRTCOffset = $1 }),
            .structure("tb", TimeBaseState.stateDescription, since: 2) { machine, _ in machine.timeBase },
        ],
        subsections: subsections,
        preSave: { $0.travellingCapabilities = $0.capabilities },
        preLoad: { $0.travellingCapabilities = $0.defaultCapabilities },
        postLoad: { machine, version in
            try machine.compareCapabilities()
            if version < 3 { machine.rtc?.offset = Int64(bitPattern: machine.legacyRTCOffset) &* 1_000_000_000 }
            machine.setProcessTable(machine.processTableEntry)
            machine.isAsLoaded = true
            try machine.interrupts.updateActive()
            try machine.interrupts.active?.stateLoaded(version: version)
        })

    /// As versions before 3 carry the time of day's offset.
    private var secondsOfRTCOffset: UInt64 {
        UInt64(bitPattern: (rtc?.offset ?? 0).quotientFloor(1_000_000_000))
    }

    private static var subsections: [StateDescription] {
        let head = [vector5State, processTableState, SpaprEvents.pendingState]
        let middle = capabilityList([
            .transactionalMemory, .vsx, .decimalFloatingPoint, .cacheFlush, .boundsCheck, .indirectBranch,
            .maximumPageSize,
        ])
        let tail = [interruptMapState] + capabilityList([.nestedHV]) + [deviceTreeState]
        let last = capabilityList([.largeDecrementer, .countCacheFlushAssist, .fwnmi]) + [machineCheckState]
        return head + middle + tail + last + capabilityList([.rptInvalidate, .ailMode3, .nestedPAPR, .dawr1])
    }

    private static func capabilityList(_ list: [SpaprCapability]) -> [StateDescription] {
        list.compactMap { capabilityStates[$0] }
    }

    /// What was negotiated travels when there is something beyond what the device tree alone shows the guest.
    private static let vector5State = StateDescription(
        "spapr_option_vector_ov5_cas", of: SpaprMachine.self, versionsSince: [1: Release(2, 8)],
        isNeeded: {
            !$0.offeredVector5.isSubset(of: OptionVector([.form1Affinity, .dynamicMemory, .dynamicMemoryV2]))
        },
        fields: [.structure("ov5_cas", OptionVector.stateDescription) { machine, _ in machine.negotiatedVector5 }])

    private static let processTableState = StateDescription(
        "spapr_patb_entry", of: SpaprMachine.self, versionsSince: [1: Release(2, 9)],
        isNeeded: { $0.processTableEntry != 0 },
        fields: [.scalar("patb_entry", .uint64, get: { $0.processTableEntry }, set: { $0.processTableEntry = $1 })])

    /// Message interrupt numbers in use, one bit each, in 64-bit words.
    private static let interruptMapState = StateDescription(
        "spapr_irq_map", of: SpaprMachine.self, versionsSince: [1: Release(3, 1)],
        isNeeded: { $0.interrupts.messageMap.contains(true) },
        fields: [
            .custom(
                "irq_map", typeName: "bitmap",
                save: { machine, output in
                    let map = machine.interrupts.messageMap
                    for start in stride(from: 0, to: map.count, by: 64) {
                        var word: UInt64 = 0
                        for bit in 0..<min(64, map.count - start) where map[start + bit] { word |= 1 << UInt64(bit) }
                        try output.write(word)
                    }
                },
                load: { machine, input in
                    for start in stride(from: 0, to: machine.interrupts.messageMap.count, by: 64) {
                        let word = try input.read(UInt64.self)
                        for bit in 0..<min(64, machine.interrupts.messageMap.count - start) {
                            machine.interrupts.messageMap[start + bit] = word >> UInt64(bit) & 1 != 0
                        }
                    }
                })
        ])

    private static let deviceTreeState = StateDescription(
        "spapr_dtb", of: SpaprMachine.self, versionsSince: [1: Release(4, 0)],
        isNeeded: { $0.version.updatesDeviceTree },
        fields: [
            .value("fdt_initial_size", \.deviceTreeInitialSize),
            .scalar(
                "fdt_size", .uint32, get: { UInt64($0.deviceTreeBlob.count) },
                set: { machine, size in
                    guard size <= UInt64(deviceTreeRoom) * 2 else {
                        throw StateError("a device tree of \(size) bytes is not plausible")
                    }
                    machine.loadedTreeSize = Int(size)
                }),
            .bytes(
                "fdt_blob", count: { $0.loadedTreeSize ?? $0.deviceTreeBlob.count }, get: { $0.deviceTreeBlob },
                set: { machine, bytes in
                    machine.deviceTreeBlob = bytes
                    machine.loadedTreeSize = nil
                }),
        ])

    private static let machineCheckState = StateDescription(
        "spapr_fwnmi", of: SpaprMachine.self, versionsSince: [1: Release(5, 0)],
        isNeeded: { $0.machineCheckAddress != .max },
        fields: [
            .value("fwnmi_system_reset_addr", \.systemResetAddress),
            .value("fwnmi_machine_check_addr", \.machineCheckAddress),
            .value("fwnmi_machine_check_interlock", \.machineCheckOwner),
        ])

    // MARK: Placeholders

    /// Machines up to 2.9 had an interrupt presenter for every CPU that could ever exist; streams of their time carry
    /// them all. Those without a CPU are read and forgotten, never written.
    func registerPlaceholders() {
        for number in smp.cpus..<max(serverCount, smp.cpus) {
            let placeholder = PresenterPlaceholder()
            placeholders.append(placeholder)
            state.register(
                PresenterPlaceholder.stateDescription, of: placeholder, instance: UInt32(truncatingIfNeeded: number))
        }
    }
}

final class PresenterPlaceholder {
    static let stateDescription = StateDescription(
        "icp/server", of: PresenterPlaceholder.self, isNeeded: { _ in false },
        fields: [.unused(4), .unused(1), .unused(1)])
}
