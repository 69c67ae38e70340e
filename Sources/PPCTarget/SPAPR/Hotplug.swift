import EmuCore

// Devices that come and go while the machine is there: the guest hears of each by an event and takes it, or lets go of
// it, by its connector (LoPAPR, "Dynamic Reconfiguration").

extension SpaprMachine {
    /// Offers a new device to the guest. What has not started yet gets it by a reset or by negotiation
    /// (`ibm,client-architecture-support`), which make all connectors ready.
    func offer(_ device: Device) {
        guard isReady else { return }
        switch device {
        case let core as SpaprCPUCore:
            core.reset(.hold)
            for thread in core.threads {
                // One level for all: that of the thread that has always been there.
                _ = thread.cpu.setCompatibility(pvr: threads.first?.cpu.compatibilityPVR ?? 0)
            }
            announce(.add, .cpu, connectors(of: core))
        case let module as MemoryModule: announce(.add, .memory, connectors(of: module))
        case let phb as SpaprPHB: announce(.add, .bridge, connectors(of: phb))
        default: break
        }
    }

    /// Asks the guest for a device. Where the guest never took it, it goes at once.
    func wantBack(_ device: Device) throws {
        let resource: SpaprEvents.Resource
        switch device {
        case let core as SpaprCPUCore:
            guard core.firstThread != 0 else { throw ObjectError("Boot CPU core may not be unplugged") }
            resource = .cpu
        case is MemoryModule: resource = .memory
        default:
            throw ObjectError(
                "Device '\(device.objectType.name)' can't be removed from a machine that is there",
                hint: "Stop the machine and start one without it.")
        }
        let places = connectors(of: device)
        guard !places.isEmpty else { throw ObjectError("this machine version cannot let go of devices") }
        guard !places.contains(where: \.isUnplugRequested) else {
            throw ObjectError("Device '\(device.id ?? device.name)' is already in the process of unplug")
        }
        let taken = places.filter { $0.stage != $0.emptyStage }
        guard taken.isEmpty || resource != .memory || negotiatedVector5[.hotplugEvents] else {
            throw ObjectError(
                "Memory hot unplug not supported for this guest",
                hint: "It did not agree on the hot-plug interrupt, by which it would be asked.")
        }
        for connector in places { connector.isUnplugRequested = true }
        for connector in places where connector.stage == connector.emptyStage { connector.releaseDevice() }
        if !taken.isEmpty { announce(.remove, resource, taken) }
    }

    /// What a connector calls when the guest has let go of it. The device goes with its last connector.
    func connectorReleased(_ device: Device) {
        guard connectors(of: device).count <= 1 else { return }
        platform.exclusively(self) {
            switch device {
            case let core as SpaprCPUCore: remove(core)
            case let module as MemoryModule:
                if let deviceMemory { module.remove(from: deviceMemory) }
                for thread in threads {
                    // Nobody may hold on to where the memory was.
                    thread.cpu.mmu.apply(.everything)
                    thread.cpu.engine?.forgetTranslations()
                }
                module.unrealizeDevice()
            default: return
            }
            deviceRemoved(device)
        }
    }

    private func remove(_ core: SpaprCPUCore) {
        for thread in core.threads {
            thread.unrealizeDevice()
            cpus.removeAll { $0 === thread }
            for controller in interrupts.controllers { controller.removePresenter(of: thread) }
            platform.threadRemoved(thread)
        }
        cores.removeAll { $0 === core }
        core.unrealizeDevice()
    }

    private func connectors(of device: Device) -> [SpaprConnector] { connectors.all.filter { $0.device === device } }

    private func announce(
        _ change: SpaprEvents.Change, _ resource: SpaprEvents.Resource, _ places: [SpaprConnector]
    ) {
        guard let first = places.first else { return }
        events.postChange(
            change, of: resource, index: first.drcIndex,
            count: resource == .memory ? UInt32(truncatingIfNeeded: places.count) : nil)
    }
}
