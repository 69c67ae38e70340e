import EmuCore

/// The device tree that firmware and the guest find. Nodes and properties are added in a fixed order, because libfdt's
/// blob shows it.
extension SpaprMachine {
    static let interruptControllerHandle: UInt32 = 0x1111

    /// - Parameters:
    ///   - isReset: The tree of a reset, with everything firmware needs; otherwise what
    ///     `ibm,client-architecture-support` tells a running guest anew.
    ///   - room: Bytes that the tree may have.
    package func makeDeviceTree(isReset: Bool, room: Int) throws -> DeviceTree {
        let tree = DeviceTree(capacity: room)
        describeRoot(tree)
        interrupts.active?.addDeviceTree(
            tree, serverCount: serverCount, phandle: Self.interruptControllerHandle)
        describeMemory(tree)
        describeVirtualIO(tree)
        if randomNumbers != nil { SpaprRNG.describe(tree) }
        for phb in phbs.reversed() { phb.describe(tree, machine: self) }
        describeCPUs(tree)
        describeConnectors(tree)
        events.describe(tree)
        describeRTAS(tree)
        describeChosen(tree, isReset: isReset)
        if isReset {
            if let kernel { tree.reserve(address: kernel.address, size: kernel.size) }
            if let initrd { tree.reserve(address: initrd.address, size: initrd.size) }
        }
        if version.supportsNVDIMM { describePersistentMemory(tree) }
        try tree.check()
        return tree
    }

    private func describeRoot(_ tree: DeviceTree) {
        let root = DeviceTree.root
        tree.set(root, "device_type", string: "chrp")
        tree.set(root, "model", string: "IBM pSeries (emulated by qemu)")
        tree.set(root, "compatible", string: "qemu,pseries")
        let text = uuid?.uuidString.lowercased() ?? "00000000-0000-0000-0000-000000000000"
        tree.set(root, "vm,uuid", string: text)
        if uuid != nil { tree.set(root, "system-id", string: text) }
        if let guestName { tree.set(root, "ibm,partition-name", string: guestName) }
        if let hostModel { tree.set(root, "host-model", string: hostModel) }
        if let hostSerial { tree.set(root, "host-serial", string: hostSerial) }
        tree.set(root, "#address-cells", cell: 2)
        tree.set(root, "#size-cells", cell: 2)
    }

    // MARK: Memory

    private var usesForm2: Bool { negotiatedVector5[.form2Affinity] }

    private func describeMemory(_ tree: DeviceTree) {
        var start: UInt64 = 0
        for (number, node) in numa.nodes.enumerated() where node.memory != 0 {
            var size = start >= memorySize ? 0 : min(node.memory, memorySize - start)
            if start == 0 {
                addMemoryNode(tree, node: number, start: 0, size: realModeSize)
                start = realModeSize
                size -= min(size, realModeSize)
            }
            while size > 0 {
                // Pieces are powers of two, aligned to their size.
                var piece: UInt64 = 1 << UInt64(63 - size.leadingZeroBitCount)
                if start.trailingZeroBitCount < piece.trailingZeroBitCount {
                    piece = 1 << UInt64(start.trailingZeroBitCount)
                }
                addMemoryNode(tree, node: number, start: start, size: piece)
                size -= piece
                start += piece
            }
        }
        if negotiatedVector5[.dynamicMemory], maximumMemorySize > memorySize { describeDynamicMemory(tree) }
    }

    @discardableResult
    func addMemoryNode(_ tree: DeviceTree, node: Int, start: UInt64, size: UInt64) -> DeviceTree.Node {
        let place = tree.addNode(DeviceTree.root, "memory@\(String(start, radix: 16))")
        tree.set(place, "device_type", string: "memory")
        tree.set(place, "reg", doublewords: [start, size])
        tree.set(place, "ibm,associativity", cells: numa.associativity(node, isForm2: usesForm2))
        return place
    }

    private enum BlockFlag {
        static var assigned: UInt32 { 0x8 }
        static var invalidConnector: UInt32 { 0x20 }
        static var reserved: UInt32 { 0x80 }
    }

    private func describeDynamicMemory(_ tree: DeviceTree) {
        let node = tree.addNode(DeviceTree.root, "ibm,dynamic-reconfiguration-memory")
        tree.set(node, "ibm,lmb-size", doublewords: [Self.memoryBlockSize])
        tree.set(node, "ibm,memory-flags-mask", cell: 0xff)
        tree.set(node, "ibm,memory-preservation-time", cell: 0)
        let firstBlock = UInt32(deviceMemoryBase / Self.memoryBlockSize)
        let blockCount = UInt32((deviceMemoryBase + deviceMemorySize) / Self.memoryBlockSize)
        let unusable = BlockFlag.reserved | BlockFlag.invalidConnector
        if negotiatedVector5[.dynamicMemoryV2] {
            let ranges = [[firstBlock, 0, 0, 0, .max, unusable]] + pluggableRanges
            tree.set(node, "ibm,dynamic-memory-v2", cells: [UInt32(ranges.count)] + ranges.flatMap { $0 })
        } else {
            var cells: [UInt32] = [blockCount]
            for block in 0..<blockCount {
                let address = UInt64(block) * Self.memoryBlockSize
                let place: [UInt32] = [UInt32(address >> 32), UInt32(truncatingIfNeeded: address)]
                let connector = block >= firstBlock ? connectors.connector(.memory, block) : nil
                let module = deviceMemory?.devices.first { $0.address <= address && address - $0.address < $0.size }
                let flags = connector == nil ? unusable : module == nil ? 0 : BlockFlag.assigned
                cells += place + [connector?.drcIndex ?? 0, 0, module?.node ?? .max, flags]
            }
            tree.set(node, "ibm,dynamic-memory", cells: cells)
        }
        tree.set(node, "ibm,associativity-lookup-arrays", cells: numa.lookupArrays(isForm2: usesForm2))
    }

    /// Device memory as modules and gaps, in order of address: blocks, address, connector, node, flags.
    private var pluggableRanges: [[UInt32]] {
        var ranges: [[UInt32]] = []
        var next = deviceMemoryBase
        func add(_ size: UInt64, node: UInt32, flags: UInt32) {
            guard size > 0 else { return }
            let block = UInt32(next / Self.memoryBlockSize)
            ranges.append([
                UInt32(size / Self.memoryBlockSize), UInt32(next >> 32), UInt32(truncatingIfNeeded: next),
                connectors.connector(.memory, block)?.drcIndex ?? 0, node, flags,
            ])
            next += size
        }
        for module in deviceMemory?.devices ?? [] {
            add(module.address - next, node: .max, flags: 0)
            add(module.size, node: module.node, flags: BlockFlag.assigned)
        }
        add(deviceMemoryBase + deviceMemorySize - next, node: .max, flags: 0)
        return ranges
    }

    private func describePersistentMemory(_ tree: DeviceTree) {
        let node = tree.addNode(DeviceTree.root, "ibm,persistent-memory")
        tree.set(node, "#address-cells", cell: 1)
        tree.set(node, "#size-cells", cell: 0)
        tree.set(node, "device_type", string: "ibm,persistent-memory")
    }

    // MARK: Devices

    private func describeVirtualIO(_ tree: DeviceTree) {
        let node = tree.addNode(DeviceTree.root, "vdevice")
        tree.set(node, "device_type", string: "vdevice")
        tree.set(node, "compatible", string: "IBM,vdevice")
        tree.set(node, "#address-cells", cell: 1)
        tree.set(node, "#size-cells", cell: 0)
        tree.set(node, "#interrupt-cells", cell: 2)
        tree.set(node, "interrupt-controller")
        for device in vio.vioDevices.sorted(by: { $0.unit > $1.unit }) { device.addNode(tree, parent: node) }
    }

    private func describeConnectors(_ tree: DeviceTree) {
        var kinds: Set<SpaprConnector.Kind> = []
        if version.hasMemoryConnectors { kinds.insert(.memory) }
        if version.hasPHBConnectors { kinds.insert(.phb) }
        if version.supportsNVDIMM { kinds.insert(.persistentMemory) }
        if !kinds.isEmpty { connectors.describe(tree, DeviceTree.root, owner: nil, kinds: kinds) }
        if version.hasHotpluggableCPUs, let node = tree.node(path: "/cpus") {
            connectors.describe(tree, node, owner: nil, kinds: [.cpu])
        }
    }

    // MARK: Firmware's nodes

    /// Size in bytes of the RTAS blob's share, of an error log, and the rate of event scans in calls per minute.
    package static let rtasBlobSize: UInt32 = 20
    package static let errorLogSize: UInt32 = 2048
    private static let eventScanRate: UInt32 = 0x0000_0001

    private func describeRTAS(_ tree: DeviceTree) {
        let node = tree.addNode(DeviceTree.root, "rtas")
        var functions: [String] = [
            "hcall-pft", "hcall-term", "hcall-dabr", "hcall-interrupt", "hcall-tce", "hcall-vio", "hcall-splpar",
            "hcall-join", "hcall-bulk", "hcall-set-mode", "hcall-sprg0", "hcall-copy", "hcall-debug", "hcall-vphn",
        ]
        if capabilities[.rptInvalidate] == 1 { functions.append("hcall-rpt-invalidate") }
        functions.append("hcall-multi-tce")
        if resizeHPT != .disabled { functions.append("hcall-hpt-resize") }
        functions.append("hcall-watchdog")
        tree.set(node, "ibm,hypertas-functions", strings: functions)
        tree.set(node, "qemu,hypertas-functions", strings: ["hcall-memop1"])
        numa.describeRTAS(tree, node, version: version, isForm2: usesForm2)
        // Room for the blob, one error log, and for each CPU the 16 bytes of a system reset, one doubleword spare.
        let size = Self.rtasBlobSize + Self.errorLogSize + UInt32(smp.maximum) * 16 + 8
        tree.set(node, "rtas-size", cell: size)
        tree.set(node, "rtas-error-log-max", cell: Self.errorLogSize)
        tree.set(node, "rtas-event-scan-rate", cell: Self.eventScanRate)
        tree.set(node, "ibm,change-msix-capable")
        tree.set(node, "ibm,extended-os-term")
        let top = deviceMemoryBase + deviceMemorySize
        tree.set(
            node, "ibm,lrdr-capacity",
            cells: [
                UInt32(top >> 32), UInt32(truncatingIfNeeded: top), 0, UInt32(Self.memoryBlockSize),
                UInt32(smp.maximum / smp.threads),
            ])
        for (name, token) in platform.rtasTokens(self) { tree.set(node, name, cell: token) }
    }

    private func describeChosen(_ tree: DeviceTree, isReset: Bool) {
        let node = tree.addNode(DeviceTree.root, "chosen")
        if isReset { describeBoot(tree, node) }
        tree.set(node, "rng-seed", cells: (0..<8).map { _ in UInt32(truncatingIfNeeded: random.next()) })
        tree.set(node, "ibm,architecture-vec-5", bytes: negotiatedVector5.deviceTreeForm)
    }

    private func describeBoot(_ tree: DeviceTree, _ node: DeviceTree.Node) {
        if let line = options.commandLine, !line.isEmpty { tree.set(node, "bootargs", string: line) }
        if let initrd {
            tree.set(node, "linux,initrd-start", cell: UInt32(truncatingIfNeeded: initrd.address))
            tree.set(node, "linux,initrd-end", cell: UInt32(truncatingIfNeeded: initrd.address + initrd.size))
        }
        if let kernel {
            tree.set(node, "qemu,boot-kernel", doublewords: [kernel.address, kernel.size])
            if kernel.isLittleEndian { tree.set(node, "qemu,boot-kernel-le") }
        }
        if options.bootMenu == true { tree.set(node, "qemu,boot-menu", cell: 1) }
        tree.set(node, "qemu,graphic-width", cell: UInt32(truncatingIfNeeded: options.graphics.width))
        tree.set(node, "qemu,graphic-height", cell: UInt32(truncatingIfNeeded: options.graphics.height))
        tree.set(node, "qemu,graphic-depth", cell: UInt32(truncatingIfNeeded: options.graphics.depth))
        if let order = options.bootOrder, !order.isEmpty { tree.set(node, "qemu,boot-device", string: order) }
        if !options.hasDisplay, let terminal = vio.defaultTerminal {
            let path = "/vdevice/\(terminal.nodeName)"
            tree.set(node, "linux,stdout-path", string: path)
            tree.set(node, "stdout-path", string: path)
        }
        if version.allowsPCIReprobe { tree.set(node, "linux,pci-probe-only", cell: 0) }
        describeChoices(tree, node)
    }

    /// What the guest may ask for in bytes 23 to 26 of option vector 5: interrupt mode, translation mode and their
    /// options.
    private func describeChoices(_ tree: DeviceTree, _ node: DeviceTree.Node) {
        var interruptMode: UInt8
        switch interrupts.mode {
        case .dual: interruptMode = 0x80
        case .xive: interruptMode = 0x40
        case .xics, .legacy: interruptMode = 0
        }
        var translation: UInt8 = 0xc0
        if !runs(LogicalPVR.isa300) {
            interruptMode = 0
            translation = 0
        }
        tree.set(
            node, "ibm,arch-vec-5-platform-support", bytes: [23, interruptMode, 24, translation, 25, 0, 26, 0x40])
    }
}
