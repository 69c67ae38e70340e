import EmuCore

extension SpaprMachine {
    private static let cpuClock: UInt32 = 1_000_000_000

    func describeCPUs(_ tree: DeviceTree) {
        let parent = tree.addNode(DeviceTree.root, "cpus")
        tree.set(parent, "#address-cells", cell: 1)
        tree.set(parent, "#size-cells", cell: 0)
        for thread in threads.sorted(by: { $0.index > $1.index }) where thread.server % Int(vsmt) == 0 {
            let node = tree.addNode(
                parent, "\(thread.cpu.model.deviceTreeName)@\(String(thread.server, radix: 16))")
            describe(thread, tree, node)
        }
    }

    /// Fills the node of a core, given its first thread.
    package func describe(_ thread: SpaprThread, _ tree: DeviceTree, _ node: DeviceTree.Node) {
        let model = thread.cpu.model
        let server = UInt32(thread.server)
        if let connector = connectors.connector(.cpu, server) {
            tree.set(node, "ibm,my-drc-index", cell: connector.drcIndex)
        }
        tree.set(node, "reg", cell: server)
        tree.set(node, "device_type", string: "cpu")
        let version = UInt32(truncatingIfNeeded: spr(thread.cpu.state)[SPRegister.pvr])
        tree.set(node, "cpu-version", cell: version)
        for name in ["d-cache-block-size", "d-cache-line-size", "i-cache-block-size", "i-cache-line-size"] {
            tree.set(node, name, cell: model.cacheLineSize)
        }
        tree.set(node, "d-cache-size", cell: model.dataCacheSize)
        tree.set(node, "i-cache-size", cell: model.instructionCacheSize)
        tree.set(node, "timebase-frequency", cell: UInt32(PPCModel.timeBaseFrequency))
        tree.set(node, "clock-frequency", cell: Self.cpuClock)
        tree.set(node, "slb-size", cell: UInt32(model.slbSize))
        tree.set(node, "ibm,slb-size", cell: UInt32(model.slbSize))
        tree.set(node, "status", string: "okay")
        tree.set(node, "64-bit")
        if model.family != .ppc970 {
            tree.set(node, "ibm,purr", cell: 1)
            tree.set(node, "ibm,spurr", cell: 1)
        }
        if model.hasLargeSegments {
            tree.set(node, "ibm,processor-segment-sizes", cells: [28, 40, .max, .max])
        }
        if model.instructionSets.contains(.altivec) {
            tree.set(node, "ibm,vmx", cell: capabilities[.vsx] != 0 ? 2 : 1)
        }
        if capabilities[.decimalFloatingPoint] != 0 { tree.set(node, "ibm,dfp", cell: 1) }
        let pages = Self.pageSizeCells(model)
        if !pages.isEmpty { tree.set(node, "ibm,segment-page-sizes", cells: pages) }
        if let features = processorFeatures(thread) { tree.set(node, "ibm,pa-features", bytes: features) }
        tree.set(node, "ibm,chip-id", cell: UInt32(thread.index / (smp.threads * smp.cores)))
        tree.set(node, "ibm,pft-size", cells: [0, UInt32(hpt.shift)])
        if numa.nodes.count > 1 {
            tree.set(
                node, "ibm,associativity",
                cells: numa.associativity(
                    server: thread.server, node: thread.core.node ?? 0, isForm2: negotiatedVector5[.form2Affinity]))
        }
        describeThreads(thread, tree, node)
        if !model.radixPageEncodings.isEmpty {
            tree.set(node, "ibm,processor-radix-AP-encodings", cells: model.radixPageEncodings)
        }
        if capabilities[.largeDecrementer] != 0 {
            tree.set(node, "ibm,dec-bits", cell: UInt32(model.largeDecrementerBits))
        }
    }

    /// Numbers of the core's threads, as many as the compatibility level knows.
    private func describeThreads(_ thread: SpaprThread, _ tree: DeviceTree, _ node: DeviceTree.Node) {
        let level = CompatibilityMode.logical(pvr: thread.cpu.compatibilityPVR)
        let count = min(smp.threads, level?.maximumThreads ?? smp.threads)
        if thread.cpu.compatibilityPVR != 0 { tree.set(node, "cpu-version", cell: thread.cpu.compatibilityPVR) }
        let servers = (0..<count).map { UInt32(thread.server + $0) }
        tree.set(node, "ibm,ppc-interrupt-server#s", cells: servers)
        // Interrupts to a group of servers all go to server 0 of the group.
        tree.set(node, "ibm,ppc-interrupt-gserver#s", cells: servers.flatMap { [$0, 0] })
    }

    /// For each segment size: base page shift, SLB encoding, number of page sizes, then shift and encoding of each.
    private static func pageSizeCells(_ model: PPCModel) -> [UInt32] {
        model.segmentPageSizes.flatMap { segment -> [UInt32] in
            let head: [UInt32] = [
                segment.shift, UInt32(truncatingIfNeeded: segment.slbEncoding), UInt32(segment.pages.count),
            ]
            return head + segment.pages.flatMap { [$0.shift, UInt32(truncatingIfNeeded: $0.encoding)] }
        }
    }

    /// `ibm,pa-features` (LoPAPR B.7.4): number of bytes, type 0, then one bit for each feature.
    private func processorFeatures(_ thread: SpaprThread) -> [UInt8]? {
        func runsLevel(_ level: UInt32) -> Bool {
            CompatibilityMode.isUsable(level, on: thread.cpu.model, maximum: thread.cpu.compatibilityPVR)
        }
        var features: [UInt8]
        if runsLevel(LogicalPVR.isa300) {
            features = Self.features300
        } else if runsLevel(LogicalPVR.isa207) {
            features = Self.features207
        } else if runsLevel(LogicalPVR.isa206) {
            features = Self.features206
        } else {
            return nil
        }
        // Pages of 64 KiB for memory that must not be cached.
        let largePages = thread.cpu.model.segmentPageSizes.contains { $0.pages.contains { $0.shift >= 16 } }
        if largePages, thread.cpu.model.family != .ppc970 { features[3] |= 0x20 }
        if capabilities[.transactionalMemory] != 0, features.count > 24 { features[24] |= 0x80 }
        if guestIsBeforeISA300, features.count > 42 { features[42] &= ~0x80 }
        return features
    }

    private static let features206: [UInt8] = [6, 0, 0xf6, 0x1f, 0xc7, 0x00, 0x80, 0xc0]
    private static let features207: [UInt8] =
        [24, 0, 0xf6, 0x1f, 0xc7, 0xc0, 0x80, 0xf0, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x80, 0]
        + [0x80, 0, 0x80, 0, 0, 0]
    /// Even bytes from 16 on name one unit each: vectors, scalar vectors, XOR, then from 24 the units of ISA 3.0;
    /// transactional memory (22) is entered by capability.
    private static let features300: [UInt8] = {
        var list: [UInt8] = [66, 0, 0xf6, 0x1f, 0xc7, 0xc0, 0x80, 0xf0, 0x80] + [UInt8](repeating: 0, count: 59)
        for byte in [16, 18, 20, 24, 26, 28, 30, 32, 36, 38, 40, 42, 44, 46, 48, 50, 52, 54, 56, 58, 60, 62] {
            list[2 + byte] = 0x80
        }
        list[2 + 34] = 0xc0
        return list
    }()
}
