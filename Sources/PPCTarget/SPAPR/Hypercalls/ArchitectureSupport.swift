import CPPCState
import EmuCore

// `ibm,client-architecture-support`: platform and guest agree on processor level, interrupt controller, kind of
// translation and options (PAPR, "ibm,client-architecture-support Method"). Firmware passes the guest's vectors on by a
// hypercall and gets the device tree that results.

enum ArchitectureSupport {
    static func register(_ table: HypercallDispatch) {
        table[HypercallNumber.clientArchitectureSupport] = fromFirmware
    }

    /// Version of the header before the tree.
    private static let headerVersion: UInt32 = 1

    private static func fromFirmware(_ call: HypercallFrame) -> Int64 {
        let (vectors, buffer, size) = (RTASFrame.real(call[0]), call[1], call[2])
        guard size > 4 else {
            call.machine.logger.error("SLOF provided insufficient CAS buffer \(size) (min: 4)")
            return HypercallStatus.parameter
        }
        let room = Int(clamping: min(size - 4, UInt64(SpaprMachine.deviceTreeRoom)))
        let (status, tree) = negotiate(call.services, call.thread, vectors: vectors, room: room)
        guard let tree else { return status }
        tree.pack()
        let bytes = tree.bytes
        guard (try? tree.check()) != nil, bytes.count <= room else { return HypercallStatus.hardware }
        call.machine.deviceTreeBlob = bytes
        call.machine.deviceTreeInitialSize = UInt32(truncatingIfNeeded: bytes.count)
        do {
            try call.memory.store(headerVersion, at: buffer, order: .big)
            try call.memory.writeBytes(bytes, at: buffer &+ 4)
        } catch { return HypercallStatus.parameter }
        return HypercallStatus.success
    }

    /// Settles everything from the guest's vectors.
    ///
    /// - Parameters:
    ///   - vectors: Address of the list of processor versions, after which the option vectors follow.
    ///   - room: Bytes that the new device tree may have.
    /// - Returns: H_SUCCESS and the tree, or what refuses.
    static func negotiate(
        _ services: SpaprServices, _ thread: SpaprThread, vectors: UInt64, room: Int
    ) -> (status: Int64, tree: DeviceTree?) {
        let machine = services.machine
        guard services.threads.allSatisfy({ $0 === thread || $0.cpu.isHalted }) else {
            machine.logger.warning("guest has multiple active vCPUs at CAS, which is not allowed")
            return (HypercallStatus.multipleThreadsActive, nil)
        }
        guard let level = processorLevel(machine, thread, vectors) else { return (HypercallStatus.parameter, nil) }
        if level.pvr == 0, !level.allowsRaw || machine.maximumCompatibility != 0 {
            machine.logger.error("Couldn't negotiate a suitable PVR during CAS")
            return (HypercallStatus.hardware, nil)
        }
        guard let vector1 = OptionVector.parse(table: level.end, number: 1, memory: machine.memory) else {
            machine.logger.warning("guest didn't provide option vector 1")
            return (HypercallStatus.parameter, nil)
        }
        guard let vector5 = OptionVector.parse(table: level.end, number: 5, memory: machine.memory) else {
            machine.logger.warning("guest didn't provide option vector 5")
            return (HypercallStatus.parameter, nil)
        }
        if let reason = contradiction(machine, vector5) {
            machine.logger.error("\(reason)")
            machine.requestShutdown(.hostError)
            services.runner(of: thread)?.requestPause()
            return (HypercallStatus.parameter, nil)
        }
        do {
            for other in services.threads where !other.cpu.setCompatibility(pvr: level.pvr) {
                if !level.allowsRaw { return (HypercallStatus.hardware, nil) }
            }
            try settleTranslation(machine, vector5)
            machine.negotiatedVector5 = machine.offeredVector5.intersection(vector5)
            machine.guestIsBeforeISA300 = !vector1[.ov1PowerISA300]
            try machine.interrupts.updateActive()
            machine.connectors.resetAll()
            machine.events.pending.removeAll { $0.summary & 0xff == SpaprEvents.hotplugType }
            if machine.processTableEntry & PartitionCalls.guestRadix != 0, !vector5[.radix] {
                try machine.setUpHashTable()
            }
            return (
                HypercallStatus.success, try machine.makeDeviceTree(isReset: services.firmware.isActive, room: room)
            )
        } catch {
            machine.logger.error("\(error)")
            return (HypercallStatus.hardware, nil)
        }
    }

    /// The best level that both know, whether the guest knows the processor itself, and where its list ends.
    private static func processorLevel(
        _ machine: SpaprMachine, _ thread: SpaprThread, _ list: UInt64
    ) -> (pvr: UInt32, allowsRaw: Bool, end: UInt64)? {
        let own = thread.cpu.model.pvr
        var best: UInt32 = 0
        var allowsRaw = false
        var address = list
        for _ in 0..<512 {
            guard let mask = try? machine.memory.load(UInt32.self, at: address, order: .big),
                let pvr = try? machine.memory.load(UInt32.self, at: address &+ 4, order: .big)
            else { return nil }
            address &+= 8
            if ~mask & pvr != 0 { break }
            if own & mask == pvr & mask {
                allowsRaw = true
            } else if CompatibilityMode.isUsable(
                pvr, on: thread.cpu.model, minimum: best, maximum: machine.maximumCompatibility)
            {
                best = pvr
            }
        }
        return (best, allowsRaw, address)
    }

    /// What makes the guest's wishes impossible to meet: the guest cannot be started then.
    private static func contradiction(_ machine: SpaprMachine, _ vector5: OptionVector) -> String? {
        if vector5[.mmuBoth] { return "guest requested hash and radix MMU, which is invalid." }
        if vector5[.xiveBoth] { return "guest requested an invalid interrupt mode" }
        if vector5[.xiveExploitation], machine.interrupts.xive == nil {
            return "Guest requested unavailable interrupt mode (XIVE), try the ic-mode=xive or ic-mode=dual machine "
                + "property"
        }
        if !vector5[.xiveExploitation], machine.interrupts.xics == nil {
            return "Guest requested unavailable interrupt mode (XICS), either don't set the ic-mode machine property "
                + "or try ic-mode=xics or ic-mode=dual"
        }
        if vector5[.radix], !machine.offeredVector5[.radix] { return "Guest requested unavailable MMU mode (radix)." }
        if machine.resizeHPT == .required, !vector5[.radix], !vector5[.resizeHPT] {
            return "h_client_architecture_support: Guest doesn't support HPT resizing, but resize-hpt=required"
        }
        return nil
    }

    /// A hash guest that cannot resize its table gets one for all the memory it may ever have.
    private static func settleTranslation(_ machine: SpaprMachine, _ vector5: OptionVector) throws {
        guard !vector5[.radix], !vector5[.resizeHPT] else { return }
        let shift = HashPageTable.shift(forMemory: machine.maximumMemorySize)
        if machine.hpt.shift < shift {
            try machine.hpt.reallocate(shift: shift)
            machine.setProcessTable(0)
            machine.updateLPCR(set: 0, mask: LPCR.hr | LPCR.uprt)
        }
    }
}
