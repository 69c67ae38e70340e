import EmuCore

extension SpaprMachine {
    /// Highest address that the device tree may reach.
    private static let deviceTreeLimit: UInt64 = 0x8000_0000
    /// Where firmware begins to execute.
    private static let entryPoint: UInt64 = 0x100

    /// Brings the machine to the state in which firmware starts.
    func resetThrowing() throws {
        isAsLoaded = false
        try checkCapabilities()
        try hpt.reallocate(
            shift: HashPageTable.shift(forMemory: resizeHPT == .disabled ? maximumMemorySize : presentMemorySize))
        setProcessTable(0)
        resetDevices()
        negotiatedVector5 = OptionVector()
        guestIsBeforeISA300 = false
        for thread in threads where !thread.cpu.setCompatibility(pvr: maximumCompatibility) {
            throw ObjectError("Compatibility PVR 0x\(String(maximumCompatibility, radix: 16)) not valid for CPU")
        }
        try interrupts.updateActive()
        connectors.resetAll()
        events.pending = []
        systemResetAddress = .max
        machineCheckAddress = .max
        machineCheckOwner = -1
        try images.write(to: memory)
        try placeDeviceTree()
        platform.machineReset(self)
    }

    /// All devices, in the order in which they were made.
    private func resetDevices() {
        for core in cores { core.reset(.hold) }
        for device in interruptDevices { device.reset(.hold) }
        rtc.reset(.hold)
        for device in vio.vioDevices { device.reset(.hold) }
        for phb in phbs {
            phb.pci.reset(.hold)
            phb.reset(.hold)
        }
    }

    private var interruptDevices: [Device] { interrupts.controllers.compactMap { $0 as? Device } }

    private func placeDeviceTree() throws {
        let address = min(realModeSize, Self.deviceTreeLimit) - UInt64(Self.deviceTreeRoom)
        let tree = try makeDeviceTree(isReset: true, room: Self.deviceTreeRoom)
        if usesBuiltInFirmware {
            // The built-in firmware hands the tree out itself, and may change it before.
            try platform.resetFirmware(self, tree: tree)
        } else {
            tree.pack()
            try tree.check()
            threads.first?.cpu.setEntry(nip: Self.entryPoint, r1: 0, r3: address, r4: 0)
            do { try memory.writeBytes(tree.bytes, at: address) } catch {
                throw ObjectError("cannot place the device tree at 0x\(String(address, radix: 16))")
            }
        }
        deviceTreeBlob = tree.bytes
        deviceTreeInitialSize = UInt32(truncatingIfNeeded: deviceTreeBlob.count)
        if let first = threads.first { gpr(first.cpu.state)[5] = 0 }
    }
}
