import EmuCore
import Glibc

extension SpaprMachine {
    /// Makes everything the options ask for and resets it.
    ///
    /// Order matters: it decides the order of sections in a stream and the numbers of interrupts, which are wire
    /// format.
    ///
    /// - Throws: ``ObjectError`` with the option that cannot be met. The machine is of no use then.
    package func build(_ options: SpaprOptions) throws {
        self.options = options
        smp = try CPUTopology.complete(options.smp, version: version)
        try chooseModel()
        try chooseMemory()
        let ram = try makeMainMemory(options.memory, size: memorySize, defaultRAMID: Self.defaultRAMID)
        machineStateFirst()
        try loadFirmware()
        chooseCapabilities()
        if resizeHPT == .default { resizeHPT = version.resizesHPTByDefault ? .enabled : .disabled }
        realModeSize = try realModeLimit()
        if version.hasMemoryConnectors { try checkAlignment() }
        try chooseVSMT()
        interrupts = SpaprInterrupts(machine: self, mode: wantedInterruptMode)
        try interrupts.start()
        try offerVector5()
        connectors = ConnectorTable(machine: self)
        try makeCPUs()
        if runs(LogicalPVR.isa300) {
            offeredVector5[.radix] = true
            offeredVector5[.radixGTSE] = true
        }
        systemMemory.add(ram.region, at: 0)
        try makeDeviceMemory()
        events = try SpaprEvents(machine: self)
        rtc = SpaprRTC(machine: self)
        if let time = options.timeOfDay { rtc.hostTime = time }
        try add(child: rtc, name: "rtc")
        try rtc.realizeDevice()
        try makeVirtualIO()
        if version.hasPHBConnectors {
            for number in 0..<SpaprPHB.maximumBridges { try connectors.add(.phb, number, owner: self) }
        }
        try makeDefaultPHB()
        try loadKernel()
        state.register(Self.stateDescription, of: self, instance: 0, isHolder: true)
        state.registerLive("spapr/htab", hpt, version: 1)
        for device in options.devices {
            do {
                try addDevice(
                    driver: device.driver, id: device.id, properties: device.properties, isJSON: device.isJSON)
            } catch let error as ObjectError {
                throw error.located(device.origin)
            }
        }
        try platform.machineBuilt(self)
        try resetThrowing()
        isReady = true
        if let path = options.deviceTreeDump { try dumpDeviceTree(path) }
    }

    /// `dumpdtb=`: the tree of the last reset, as a file.
    public func dumpDeviceTree(_ path: String) throws {
        guard let file = fopen(path, "w") else {
            throw ObjectError("Error saving FDT to file \(path): \(String(cString: strerror(errno)))")
        }
        let written = fwrite(deviceTreeBlob, 1, deviceTreeBlob.count, file)
        guard fclose(file) == 0, written == deviceTreeBlob.count else {
            throw ObjectError("Error saving FDT to file \(path): \(String(cString: strerror(errno)))")
        }
    }

    /// Adds a terminal behind those that exist.
    ///
    /// Terminals that are to come before the NVRAM, as `-serial` makes them, belong into ``SpaprOptions/terminals``.
    @discardableResult
    package func addTerminal(_ backend: CharacterBackend, unit: UInt32? = nil, id: String? = nil) throws -> SpaprVTY {
        let terminal = SpaprVTY(machine: self, backend: backend)
        try applyPresets(to: terminal)
        if let unit { terminal.unit = unit }
        terminal.id = id
        try plug(terminal)
        return terminal
    }

    private func chooseModel() throws {
        let wanted = options.cpu?.split(separator: ",").map(String.init) ?? [version.defaultCPU]
        guard let name = wanted.first, let found = PPCModel.named(name) else {
            throw ObjectError("unable to find CPU model '\(wanted.first ?? "")'")
        }
        guard found.family != .ppc970 || !found.name.hasPrefix("970fx") else {
            throw ObjectError(
                "Unable to find sPAPR CPU Core definition",
                hint: "\(found.name) is in no pseries machine; -cpu 970 and 970mp are, and POWER7 and later.")
        }
        model = found
        // Features are presets of the model's type, as in QEMU; "compat" moved to the machine in 2.10.
        for feature in wanted.dropFirst() {
            guard let equals = feature.firstIndex(of: "=") else {
                throw ObjectError("Expected key=value format, found \(feature).")
            }
            let preset = GlobalProperty(
                "\(model.name)-powerpc64-cpu", String(feature[..<equals]),
                String(feature[feature.index(after: equals)...]), isOptional: false)
            guard SpaprThread.properties.contains(where: { $0.name == preset.property }) else {
                throw ObjectError(
                    "can't apply global \(preset.driver).\(preset.property)=\(preset.value): "
                        + "Property '\(preset.driver).\(preset.property)' not found",
                    hint: preset.property == "compat" ? "Use -machine max-cpu-compat=\(preset.value)." : nil)
            }
            globals.append(preset)
        }
        guard maximumCompatibility == 0 || CompatibilityMode.isUsable(maximumCompatibility, on: model) else {
            let mode = CompatibilityMode.logical(pvr: maximumCompatibility)?.name ?? ""
            throw ObjectError("Compatibility mode \(mode) is not supported by CPU model \(model.name)")
        }
    }

    private func chooseMemory() throws {
        memorySize = try mainMemorySize(options.memory, defaultSize: 512 << 20)
        maximumMemorySize = options.memory.maxSize ?? memorySize
        guard maximumMemorySize >= memorySize else {
            throw ObjectError(
                "invalid value of maxmem: maximum memory size (0x\(String(maximumMemorySize, radix: 16))) must be at "
                    + "least the initial memory size (0x\(String(memorySize, radix: 16)))")
        }
        guard memorySize > 0, maximumMemorySize < 1 << 45 else {
            throw ObjectError("invalid RAM size: 0x\(String(memorySize, radix: 16))")
        }
        numa = try SpaprNUMA(
            options.memory.nodes, distances: options.distances, coreNodes: options.coreNodes, memorySize: memorySize,
            maximumCPUs: smp.maximum,
            threads: smp.threads, version: version,
            memdevSize: { [objects] in (objects.children[$0] as? MemoryBackend)?.size })
        for node in options.memory.nodes where node.memory != nil {
            logger.warning(
                "\(node.origin ?? "-numa node,mem="): Parameter -numa node,mem is deprecated, use -numa node,memdev instead"
            )
        }
        // Guests that resize their table may double it a few times beyond what the platform gives them.
        hpt.largestShift = min(HashPageTable.shift(forMemory: maximumMemorySize) + 4, HashPageTable.maximumShift)
    }

    private func checkAlignment() throws {
        let unit = Self.memoryBlockSize
        func text(_ value: UInt64) -> String { "0x\(String(value, radix: 16))" }
        guard memorySize % unit == 0 else {
            throw ObjectError("Memory size \(text(memorySize)) is not aligned to 256 MiB")
        }
        guard maximumMemorySize % unit == 0 else {
            throw ObjectError("Maximum memory size \(text(memorySize)) is not aligned to 256 MiB")
        }
        for (number, node) in numa.nodes.enumerated() where node.memory % unit != 0 {
            throw ObjectError("Node \(number) memory size \(text(node.memory)) is not aligned to 256 MiB")
        }
    }

    /// The clock's section is the first of every stream.
    private func machineStateFirst() { state.register(ClockState.stateDescription, of: timer, instance: 0) }

    private func realModeLimit() throws -> UInt64 {
        var size = memorySize
        if let first = numa.firstMemory { size = min(size, 1 << UInt64(63 - first.leadingZeroBitCount)) }
        size = min(size, 1 << 40)
        if let limit = version.realModeLimit { size = min(size, limit) }
        guard size >= 128 << 20 else {
            throw ObjectError("pSeries SLOF firmware requires >= 80ldMiB guest RMA (Real Mode Area memory)")
        }
        return size
    }

    private func chooseVSMT() throws {
        guard smp.threads == 1 else {
            throw ObjectError(
                "TCG cannot support more than 1 thread/core on a pseries machine",
                hint: "Leave threads= out of -smp: each vCPU is a core of its own then.")
        }
        if vsmt != 0 {
            guard vsmt >= smp.threads, vsmt <= 1024 else {
                throw ObjectError(
                    "Cannot support VSMT mode \(vsmt) because it must be >= threads/core (\(smp.threads))")
            }
        } else {
            vsmt = UInt32(version.vsmtFollowsThreads ? smp.threads : max(8, smp.threads))
        }
    }

    private func offerVector5() throws {
        offeredVector5 = OptionVector([.form1Affinity, .dynamicMemoryV2])
        offeredVector5[.dynamicMemory] = version.hasMemoryConnectors
        offeredVector5[.form2Affinity] = version.hasFORM2
        offeredVector5[.hotplugEvents] = hasHotplugEvents
        offeredVector5[.resizeHPT] = resizeHPT != .disabled
        offeredVector5[.xiveExploitation] = interrupts.mode == .xive || interrupts.mode == .dual
    }

    private func makeCPUs() throws {
        if version.hasHotpluggableCPUs {
            guard smp.cpus % smp.threads == 0 else {
                throw ObjectError("smp_cpus (\(smp.cpus)) must be multiple of threads (\(smp.threads))")
            }
            guard smp.maximum % smp.threads == 0 else {
                throw ObjectError("max_cpus (\(smp.maximum)) must be multiple of threads (\(smp.threads))")
            }
        } else {
            guard smp.maximum == smp.cpus else {
                throw ObjectError("This machine version does not support CPU hotplug")
            }
        }
        if version.hasPresenterPlaceholders { registerPlaceholders() }
        let possible =
            version.hasHotpluggableCPUs ? smp.maximum / smp.threads : (smp.cpus + smp.threads - 1) / smp.threads
        let present =
            version.hasHotpluggableCPUs ? smp.cpus / smp.threads : possible
        for number in 0..<possible {
            let first = number * smp.threads
            if version.hasHotpluggableCPUs {
                try connectors.add(.cpu, UInt32(server(ofThread: first)), owner: self)
            }
            guard number < present else { continue }
            let core = try SpaprCPUCore(
                machine: self, firstThread: first, threadCount: min(smp.threads, smp.cpus - first))
            try applyPresets(to: core)
            core.firstThread = first
            children["unattached"]?.add(child: core, arrayName: "device")
            try insert(core)
        }
    }

    private func makeDeviceMemory() throws {
        if maximumMemorySize > memorySize {
            let limit = 32
            guard options.memory.slots <= limit else {
                throw ObjectError(
                    "Specified number of memory slots \(options.memory.slots) exceeds max supported \(limit)")
            }
            let alignment: UInt64 = 1 << 30
            deviceMemoryBase = (memorySize + alignment - 1) / alignment * alignment
            deviceMemorySize = maximumMemorySize - memorySize
            let memory = DeviceMemory(
                base: deviceMemoryBase, size: deviceMemorySize, slots: Int(options.memory.slots), in: topology)
            systemMemory.add(memory.region, at: deviceMemoryBase)
            deviceMemory = memory
        }
        if version.hasMemoryConnectors, deviceMemorySize > 0 {
            for block in 0..<(deviceMemorySize / Self.memoryBlockSize) {
                let address = deviceMemoryBase + block * Self.memoryBlockSize
                try connectors.add(.memory, UInt32(address / Self.memoryBlockSize), owner: self)
            }
        }
        if version.supportsNVDIMM {
            for slot in 0..<options.memory.slots { try connectors.add(.persistentMemory, slot, owner: self) }
        }
    }

    private func makeVirtualIO() throws {
        vio = VIOBus()
        for backend in options.terminals {
            let terminal = SpaprVTY(machine: self, backend: backend)
            try applyPresets(to: terminal)
            try plug(terminal)
        }
        nvram = SpaprNVRAM(machine: self, path: options.nvramFile)
        try applyPresets(to: nvram)
        try plug(nvram)
    }

    private func makeDefaultPHB() throws {
        let phb = SpaprPHB(machine: self)
        try applyPresets(to: phb)
        phb.index = 0
        try plug(phb)
    }

    func makeUserDevice(_ type: ObjectType) -> Device? {
        switch type.name {
        case SpaprTypes.vty.name: SpaprVTY(machine: self)
        case SpaprTypes.phb.name: SpaprPHB(machine: self)
        case "pc-dimm": MemoryModule(machine: self)
        case let name where type.isA("spapr-cpu-core") && !name.isEmpty: SpaprCPUCore(machine: self, type: type)
        case SpaprTypes.rng.name: SpaprRNG(machine: self)
        default: nil
        }
    }

    /// Puts a device on its bus: the virtual I/O bus, or the machine itself for a host bridge.
    func plugIntoPlatform(_ device: Device) throws {
        let parent = children[
            device.isUserCreated ? (device.id == nil ? "peripheral-anon" : "peripheral") : "unattached"]
        if device.isUserCreated, let id = device.id {
            try parent?.add(child: device, name: id)
        } else {
            parent?.add(child: device, arrayName: "device")
        }
        do {
            switch device {
            case let device as VIODevice:
                try vio.attach(device)
                do { try device.realizeDevice() } catch {
                    vio.detach(device)
                    throw error
                }
            case let phb as SpaprPHB: try realize(phb)
            case let module as MemoryModule: try insert(module)
            case let core as SpaprCPUCore: try insert(core)
            case let generator as SpaprRNG:
                guard randomNumbers == nil else { throw ObjectError("spapr-rng can not be instantiated twice!") }
                try generator.realizeDevice()
                randomNumbers = generator
            default: throw ObjectError("'\(device.objectType.name)' is not a valid device model name")
            }
        } catch {
            parent?.remove(child: device.name)
            throw error
        }
    }

    private func insert(_ module: MemoryModule) throws {
        guard version.hasMemoryConnectors else {
            throw ObjectError("Memory hotplug not supported for this machine")
        }
        try module.insert(into: deviceMemory, unit: Self.memoryBlockSize, nodeCount: max(numa.nodes.count, 1))
        try module.realizeDevice()
        for block in 0..<(module.size / Self.memoryBlockSize) {
            let address = module.address + block * Self.memoryBlockSize
            guard let connector = connectors.connector(.memory, UInt32(address / Self.memoryBlockSize)) else {
                continue
            }
            connector.attach(module) { [unowned self] in connectorReleased($0) }
            connector.makeFragment = { [unowned self, unowned module] in
                let tree = DeviceTree(capacity: 0x1000)
                let node = addMemoryNode(
                    tree, node: Int(module.node), start: address, size: Self.memoryBlockSize)
                return (tree, node)
            }
        }
    }

    private func realize(_ phb: SpaprPHB) throws {
        try phb.realizeDevice()
        phbs.append(phb)
        if let connector = connectors.connector(.phb, phb.index) {
            connector.attach(phb)
            connector.makeFragment = { [unowned self, unowned phb] in
                let tree = DeviceTree(capacity: 0x1_0000)
                return (tree, phb.describe(tree, machine: self))
            }
        }
        state.register(PCIBus.stateDescription, of: phb.pci)
    }

    private func loadFirmware() throws {
        if usesBuiltInFirmware, options.firmware == nil { return }
        let name = options.firmware ?? "slof.bin"
        guard let path = ImageLoader.find(name, in: options.firmwarePath) else {
            if options.firmware == nil, options.kernel != nil {
                logger.notice("SLOF is not installed; the built-in firmware starts the kernel")
                usesBuiltInFirmware = true
                return
            }
            throw ObjectError(
                "Could not find LPAR firmware '\(name)'",
                hint: "Install SLOF (package qemu-system-data), give its directory with -L, or use the built-in "
                    + "firmware with -machine x-vof=on.")
        }
        let file = try ImageLoader.open(path, limit: 0x40_0000, what: "LPAR firmware")
        guard file.size > 0 else { throw ObjectError("Could not load LPAR firmware '\(path)'") }
        firmware = (path, Int(file.size))
        images.add(MemoryImage(address: 0, file: file))
    }

    private func loadKernel() throws {
        guard let path = options.kernel else {
            for (name, value) in [("-append", options.commandLine), ("-initrd", options.initrd)] where value != nil {
                throw ObjectError("\(name) only allowed with -kernel option")
            }
            return
        }
        let base = kernelAddress
        let program = try ImageLoader.loadELF(path) { ($0 & 0x0fff_ffff) &+ base }
        for image in program.images { images.add(image) }
        if program.start != kernelAddress {
            logger.warning(
                "spapr: kernel_addr changed from 0x\(String(kernelAddress, radix: 16)) to 0x\(String(program.start, radix: 16))"
            )
            kernelAddress = program.start
        }
        kernel = LoadedKernel(address: program.start, size: program.size, isLittleEndian: program.isLittleEndian)
        guard let initrdPath = options.initrd else { return }
        // In the gap between the kernel and the firmware, with a little room.
        let limit = min(realModeSize, 0x8000_0000) - 0x280_0000
        let start = (program.start &+ program.size &+ 0x1_ffff) & ~0xffff
        guard start < limit else {
            throw ObjectError("could not load initial ram disk '\(initrdPath)'", hint: "The kernel leaves no room.")
        }
        let file = try ImageLoader.open(initrdPath, limit: limit - start, what: "initial ram disk")
        images.add(MemoryImage(address: start, file: file))
        initrd = (start, file.size)
    }
}

/// The kernel that was loaded.
package struct LoadedKernel: Sendable {
    package let address: UInt64
    package let size: UInt64
    package let isLittleEndian: Bool
}
