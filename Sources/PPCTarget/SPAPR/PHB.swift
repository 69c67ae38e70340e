import EmuCore

/// A PCI host bridge of the virtual platform: address windows, interrupts of its slots, DMA windows.
package final class SpaprPHB: Device {
    /// Number of the bridge in the machine.
    package var index = UInt32.max
    /// Bus unit identifier, by which runtime services name the bridge.
    package private(set) var buid: UInt64 = 0
    package private(set) var ioWindow: UInt64 = 0
    package private(set) var memoryWindow: UInt64 = 0
    package private(set) var memory64Window: UInt64 = 0
    /// PCI address at the start of the 64-bit window.
    package private(set) var memory64BusAddress: UInt64 = 0
    package var settings: SpaprVersion.PHBDefaults
    package var dmaWindowAddress: UInt64 = 0
    package var dmaWindowSize: UInt64 = 0x4000_0000
    /// Where a 64-bit DMA window that the guest creates lies.
    package var dma64WindowAddress: UInt64 = 0x800_0000_0000_0000
    /// NUMA node, if it belongs to one.
    package var node: UInt32 = .max
    /// Bytes of the window through which the guest addresses I/O space.
    package var ioWindowSize = SpaprPHB.defaultIOWindowSize
    var bypassesIOMMU = false
    var sendsConfigurationRegister = true
    /// Machines from 4.1 on set room aside for accelerators.
    var hasAcceleratorWindows: Bool { spapr.version.firstRelease.map { $0 >= Release(4, 1) } ?? false }

    package private(set) var pci: PCIBus!
    /// PCI memory and I/O space as devices on the bus are mapped into it.
    package let memorySpace: MemoryRegion
    package let ioSpace: MemoryRegion
    /// What devices see when they address memory.
    package let dmaRoot: MemoryRegion
    package let dmaSpace: AddressSpace
    /// DMA windows: the default one, and a second one if the guest may create some.
    package private(set) var windows: [TCETable] = []
    /// The four interrupt wires INTA to INTD.
    package private(set) var levelInterrupts: [Int] = []
    private var levelLines: [InterruptLine] = []
    /// Message interrupts by the device's configuration address: first number, how many.
    package var messages: [UInt32: (first: Int, count: Int)] = [:]

    private unowned let spapr: SpaprMachine
    static let defaultIOWindowSize: UInt64 = 0x1_0000
    static let memoryBusAddress: UInt64 = 0x8000_0000
    static let largestMemoryWindow: UInt64 = 0x8000_0000
    static let messageWindow: UInt64 = 0x400_0000_0000
    static let outboundBase: UInt64 = 1 << 45
    static let outboundLimit: UInt64 = 1 << 46
    static let memory64Size: UInt64 = 1 << 40
    static let maximumBridges = UInt32((outboundLimit - outboundBase) / memory64Size - 1)

    init(machine: SpaprMachine) {
        spapr = machine
        settings = machine.version.phb
        memorySpace = MemoryRegion("pci.mmio", size: .max, in: machine.topology)
        ioSpace = MemoryRegion("pci.io", size: Self.defaultIOWindowSize, in: machine.topology)
        dmaRoot = MemoryRegion("pci.iommu-root", size: .max, in: machine.topology)
        dmaSpace = AddressSpace("pci", root: dmaRoot)
        super.init(type: SpaprTypes.phb, machine: machine)
    }

    /// Name of the device tree node and of the root bus in section names.
    package var treeName: String { "pci@\(String(buid, radix: 16))" }

    package override func realize() throws {
        try place()
        if let connector = spapr.connectors.connector(.phb, index), connector.device != nil {
            throw ObjectError("PHB \(index) already attached")
        }
        guard !spapr.phbs.contains(where: { $0.buid == buid }) else {
            throw ObjectError(
                "PCI host bridges must have unique indexes",
                hint: "The following indexes are already in use: "
                    + spapr.phbs.map { "\($0.index)" }.joined(separator: " ")
                    + "\nTry another value for the index property")
        }
        mapWindows()
        pci = PCIBus(phb: self)
        dmaRoot.add(messageRegion(), at: Self.messageWindow)
        for pin in 0..<UInt32(PCIBus.pinCount) {
            let number =
                spapr.version.hasLegacyInterruptAllocation
                ? try spapr.interrupts.allocateMessages(1, aligned: false)
                : SpaprInterrupts.firstPCI + Int(index &* UInt32(PCIBus.pinCount) &+ pin)
            try spapr.interrupts.claim(number, isLevel: true)
            levelInterrupts.append(number)
            levelLines.append(spapr.interrupts.line(number))
        }
        if settings.isDynamicReconfigurable {
            for function in 0..<UInt32(256) { try spapr.connectors.add(.pci, index << 16 | function, owner: self) }
        }
        for window in 0..<(settings.hasDynamicWindows ? 2 : 1) {
            let table = TCETable(machine: spapr, liobn: 0x8000_0000 | index << 8 | UInt32(window))
            table.opensAtReset = window == 0
            try add(child: table, name: "tce-table-\(String(table.liobn, radix: 16))")
            try table.realizeDevice()
            dmaRoot.add(table.root, at: 0)
            windows.append(table)
        }
    }

    /// Decides where in the guest's physical address space the windows lie.
    private func place() throws {
        guard index != .max else {
            throw ObjectError("\"index\" for PAPR PHB is mandatory", hint: "Use -device spapr-pci-host-bridge,index=N.")
        }
        guard node == .max || spapr.numa.nodes.indices.contains(Int(node)) else {
            throw ObjectError("Invalid NUMA node ID for PCI host bridge")
        }
        let limit = spapr.version.phbPlacement == .fixed ? Self.maximumBridges - 1 : 255
        guard index <= limit else { throw ObjectError("\"index\" for PAPR PHB is too large (max \(limit))") }
        buid = 0x800_0000_2000_0000 + UInt64(index)
        switch spapr.version.phbPlacement {
        case .fixed:
            ioWindow = Self.outboundBase + UInt64(index) * Self.defaultIOWindowSize
            memoryWindow = Self.outboundBase + UInt64(index + 1) * Self.largestMemoryWindow
            memory64Window = Self.outboundBase + UInt64(index + 1) * Self.memory64Size
        case .aboveRAM:
            let top =
                spapr.deviceMemorySize > 0 ? spapr.deviceMemoryBase + spapr.deviceMemorySize : spapr.memorySize
            let alignment: UInt64 = 1 << 40
            let base = (top + alignment - 1) / alignment * alignment + UInt64(index) * 0x10_0000_0000
            ioWindow = base + 0x8000_0000
            memoryWindow = base + 0xa000_0000
        }
        if settings.memory64WindowSize != 0 {
            guard settings.memoryWindowSize <= Self.largestMemoryWindow else {
                throw ObjectError(
                    "32-bit memory window of size 0x\(String(settings.memoryWindowSize, radix: 16)) (max 2 GiB)")
            }
            memory64BusAddress = memory64Window
        } else if settings.memoryWindowSize > Self.largestMemoryWindow {
            // What exceeds 2 GiB of the one window of old machines becomes a 64-bit window that follows.
            settings.memory64WindowSize = settings.memoryWindowSize - Self.largestMemoryWindow
            memory64Window = memoryWindow + Self.largestMemoryWindow
            memory64BusAddress = Self.memoryBusAddress + Self.largestMemoryWindow
            settings.memoryWindowSize = Self.largestMemoryWindow
        }
    }

    private func mapWindows() {
        let topology = spapr.topology
        spapr.systemMemory.add(
            MemoryRegion(
                "\(treeName).mmio32-alias", size: settings.memoryWindowSize,
                .alias(memorySpace, offset: Self.memoryBusAddress), in: topology), at: memoryWindow)
        if settings.memory64WindowSize != 0 {
            spapr.systemMemory.add(
                MemoryRegion(
                    "\(treeName).mmio64-alias", size: settings.memory64WindowSize,
                    .alias(memorySpace, offset: memory64BusAddress), in: topology), at: memory64Window)
        }
        spapr.systemMemory.add(
            MemoryRegion(
                "\(treeName).io-alias", size: ioWindowSize, .alias(ioSpace, offset: 0), in: topology),
            at: ioWindow)
    }

    /// Writes of message-signalled interrupts: the data is the interrupt's number.
    private func messageRegion() -> MemoryRegion {
        MemoryRegion(
            "msi", size: 4096,
            .io(
                IOHandlers(
                    order: .little, read: { _, _ in 0 },
                    write: { [unowned spapr] _, value, _ in
                        spapr.interrupts.line(Int(value & 0xffff_ffff)).pulse()
                    })), in: spapr.topology)
    }

    func setLevel(pin: Int, _ level: Bool) {
        guard levelLines.indices.contains(pin) else { return }
        levelLines[pin].set(level)
    }

    package override func reset(_ phase: ResetPhase) {
        guard phase == .hold else { return }
        resetDMA()
        for window in windows { window.reset(.hold) }
        for (_, block) in messages { release(block) }
        messages = [:]
    }

    private func release(_ block: (first: Int, count: Int)) {
        if !spapr.version.hasLegacyInterruptAllocation {
            spapr.interrupts.freeMessages(block.first, count: block.count)
        }
        spapr.interrupts.free(block.first, count: block.count)
    }

    /// Closes all DMA windows and opens the default one.
    package func resetDMA() {
        for window in windows { window.close() }
        guard let first = windows.first else { return }
        first.open(pageShift: 12, busOffset: dmaWindowAddress, count: Int(dmaWindowSize >> 12))
        first.isDefaultWindow = true
    }

    package override var stateDescription: StateDescription? { Self.description }
    package override var statePath: String { "" }

    // MARK: State

    fileprivate final class LevelInterrupt {
        let phb: SpaprPHB
        let pin: Int
        init(_ phb: SpaprPHB, _ pin: Int) {
            self.phb = phb
            self.pin = pin
        }
        static let description = StateDescription(
            "spapr_pci/lsi", of: LevelInterrupt.self,
            fields: [
                .scalar(
                    "irq", .uint32, mustMatch: true,
                    get: { UInt64(truncatingIfNeeded: $0.phb.levelInterrupts[$0.pin]) }, set: { _, _ in })
            ])
    }

    fileprivate final class MessageBlock {
        var address: UInt32 = 0
        var first: UInt32 = 0
        var count: UInt32 = 0
        static let description = StateDescription(
            "spapr_pci/msi", of: MessageBlock.self,
            fields: [
                .value("key", \.address), .value("value.first_irq", \.first), .value("value.num", \.count),
            ])
    }
    private var travellingMessages: [MessageBlock] = []

    private static func isLegacy(_ phb: SpaprPHB, _ version: Int) -> Bool { phb.settings.sendsLegacyFields }

    /// Machines up to 2.7 sent where their windows are; readers ignored it even then.
    private static let legacyFields: [Field<SpaprPHB>] = [
        .scalar("mig_liobn", .uint32, when: isLegacy, get: { UInt64($0.windows.first?.liobn ?? 0) }, set: { _, _ in }),
        .scalar("mig_mem_win_addr", .uint64, when: isLegacy, get: { $0.memoryWindow }, set: { _, _ in }),
        .scalar(
            "mig_mem_win_size", .uint64, when: isLegacy,
            get: { phb in
                let size = phb.settings.memoryWindowSize
                let isContiguous = phb.memory64Window == phb.memoryWindow + size
                return isContiguous ? size + phb.settings.memory64WindowSize : size
            }, set: { _, _ in }),
        .scalar("mig_io_win_addr", .uint64, when: isLegacy, get: { $0.ioWindow }, set: { _, _ in }),
        .scalar("mig_io_win_size", .uint64, when: isLegacy, get: { $0.ioWindowSize }, set: { _, _ in }),
    ]

    private static let description = StateDescription(
        "spapr_pci", of: SpaprPHB.self, version: 2,
        fields: [.scalar("buid", .uint64, mustMatch: true, get: { $0.buid }, set: { _, _ in })] + legacyFields + [
            .structure("lsi_table", LevelInterrupt.description, count: { _ in PCIBus.pinCount }) { phb, pin in
                LevelInterrupt(phb, pin)
            },
            .scalar(
                "msi_devs_num", .int32, get: { UInt64($0.travellingMessages.count) },
                set: { phb, count in
                    guard count <= 0x1_0000 else { throw StateError("\(count) message blocks are not plausible") }
                    phb.travellingMessages = (0..<Int(count)).map { _ in MessageBlock() }
                }),
            .structure("msi_devs", MessageBlock.description, count: { $0.travellingMessages.count }) { phb, index in
                phb.travellingMessages[index]
            },
        ],
        preSave: { phb in
            phb.travellingMessages = phb.messages.sorted { $0.key < $1.key }.map { address, block in
                let one = MessageBlock()
                one.address = address
                one.first = UInt32(truncatingIfNeeded: block.first)
                one.count = UInt32(truncatingIfNeeded: block.count)
                return one
            }
        },
        postLoad: { phb, _ in
            // Numbers are in use already: the controllers' state says so.
            phb.messages = [:]
            for block in phb.travellingMessages {
                guard Int(block.first) >= SpaprInterrupts.firstExternal, block.count <= 0x1000, block.first < 0x1_0000
                else { throw StateError("message interrupts \(block.first) (\(block.count)) do not exist") }
                phb.messages[block.address] = (Int(block.first), Int(block.count))
            }
            phb.travellingMessages = []
        })
}
