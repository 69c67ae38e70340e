import EmuCore

/// NUMA nodes of a machine, complete: what the device tree and hypercalls tell the guest.
package struct SpaprNUMA {
    /// Nodes in order of their numbers, which are consecutive from 0.
    package private(set) var nodes: [(memory: UInt64, cpus: [ClosedRange<Int>])] = []
    /// Distances given by the user; 0 where none was given.
    private var distances: [[UInt8]] = []
    private var form1: [[UInt32]] = []

    static let maximumNodes = 128

    package init() {}

    /// Checks `-numa` options against each other and against the machine.
    init(
        _ options: [NUMANode], distances wanted: [SpaprOptions.Distance], coreNodes: [SpaprOptions.CoreNode],
        memorySize: UInt64, maximumCPUs: Int, threads: Int, version: SpaprVersion,
        memdevSize: (String) -> UInt64?
    ) throws {
        var byNumber: [Int: (memory: UInt64, cpus: [ClosedRange<Int>])] = [:]
        for (position, node) in options.enumerated() {
            do {
                try Self.check(
                    node, among: options[..<position], taken: byNumber, maximumCPUs: maximumCPUs, version: version)
                let size = try node.memdev.map { name in
                    guard let size = memdevSize(name) else { throw ObjectError("memdev=\(name) is ambiguous") }
                    return size
                }
                byNumber[node.id] = (size ?? node.memory ?? 0, node.cpus)
            } catch let error as ObjectError { throw error.located(node.origin) }
        }
        for entry in coreNodes {
            do {
                guard byNumber[entry.node] != nil else {
                    throw ObjectError(
                        "Invalid node-id=\(entry.node), NUMA node must be defined with -numa node,nodeid=ID before it's "
                            + "used with -numa cpu,node-id=ID")
                }
                guard entry.core >= 0, entry.core < maximumCPUs, entry.core % max(threads, 1) == 0 else {
                    throw ObjectError("no match found")
                }
                try Self.checkFree(entry.core, taken: byNumber)
                byNumber[entry.node]?.cpus.append(entry.core...(entry.core + max(threads, 1) - 1))
            } catch let error as ObjectError { throw error.located(entry.origin) }
        }
        for number in 0..<byNumber.count where byNumber[number] == nil {
            throw ObjectError("numa: Node ID missing: \(number)")
        }
        // Nobody spreads memory over nodes any more: all of it must be named.
        guard options.isEmpty || options.contains(where: { $0.memory != nil || $0.memdev != nil }) else {
            throw ObjectError(
                "total memory for NUMA nodes (0x0) should equal RAM size (0x\(String(memorySize, radix: 16)))",
                hint: "Give each node its memory: -numa node,memdev=ID.")
        }
        // The platform always has a node: memory is plugged into nodes.
        if byNumber.isEmpty { byNumber[0] = (memorySize, []) }
        nodes = (0..<byNumber.count).compactMap { byNumber[$0] }
        try setDistances(wanted)
        makeAssociativity(version)
    }

    private static func check(
        _ node: NUMANode, among earlier: ArraySlice<NUMANode>,
        taken: [Int: (memory: UInt64, cpus: [ClosedRange<Int>])], maximumCPUs: Int, version: SpaprVersion
    ) throws {
        guard (0..<maximumNodes).contains(node.id) else {
            throw ObjectError("Max number of NUMA nodes reached: \(node.id)")
        }
        guard taken[node.id] == nil else { throw ObjectError("Duplicate NUMA nodeid: \(node.id)") }
        for range in node.cpus {
            for index in range {
                guard index < maximumCPUs else {
                    throw ObjectError("CPU index (\(index)) should be smaller than maxcpus (\(maximumCPUs))")
                }
                try checkFree(index, taken: taken)
            }
        }
        let all = earlier + [node]
        guard !(all.contains { $0.memory != nil } && all.contains { $0.memdev != nil }) else {
            throw ObjectError("numa configuration should use either mem= or memdev=,mixing both is not allowed")
        }
        if node.memory != nil, !version.supportsNodeMemory {
            throw ObjectError(
                "Parameter -numa node,mem is not supported by this machine type", hint: "Use -numa node,memdev instead")
        }
    }

    private static func checkFree(_ cpu: Int, taken: [Int: (memory: UInt64, cpus: [ClosedRange<Int>])]) throws {
        if let owner = taken.first(where: { $0.value.cpus.contains { $0.contains(cpu) } }) {
            throw ObjectError("CPU is already assigned to node-id: \(owner.key)")
        }
    }

    private mutating func setDistances(_ wanted: [SpaprOptions.Distance]) throws {
        distances = nodes.map { _ in [UInt8](repeating: 0, count: nodes.count) }
        for entry in wanted {
            do { try set(entry) } catch let error as ObjectError { throw error.located(entry.origin) }
        }
        guard !wanted.isEmpty else { return }
        for from in nodes.indices {
            for to in nodes.indices where from != to {
                guard distances[from][to] != 0 || distances[to][from] != 0 else {
                    throw ObjectError(
                        "The distance between node \(from) and \(to) is missing, at least one distance value between "
                            + "each nodes should be provided.")
                }
            }
        }
        let isAsymmetrical = nodes.indices.contains { from in
            nodes.indices.contains { to in
                distances[from][to] != 0 && distances[to][from] != 0 && distances[from][to] != distances[to][from]
            }
        }
        for from in nodes.indices {
            for to in nodes.indices where from != to && distances[from][to] == 0 {
                guard !isAsymmetrical else {
                    throw ObjectError(
                        "At least one asymmetrical pair of distances is given, please provide distances for both "
                            + "directions of all node pairs.")
                }
                distances[from][to] = distances[to][from]
            }
        }
    }

    private mutating func set(_ entry: SpaprOptions.Distance) throws {
        for (name, number) in [("src", entry.from), ("dst", entry.to)] where !(0..<Self.maximumNodes).contains(number) {
            throw ObjectError("Parameter '\(name)' expects an integer between 0 and 127")
        }
        guard nodes.indices.contains(entry.from), nodes.indices.contains(entry.to) else {
            throw ObjectError(
                "Source/Destination NUMA node is missing. Please use '-numa node' option to declare it first.")
        }
        guard let value = UInt8(exactly: entry.value) else { throw ObjectError("Parameter 'val' expects uint8_t") }
        guard value >= 10 else {
            throw ObjectError("NUMA distance (\(value)) is invalid, it shouldn't be less than 10.")
        }
        guard entry.from != entry.to || value == 10 else {
            throw ObjectError("Local distance of node \(entry.from) should be 10.")
        }
        distances[entry.from][entry.to] = value
    }

    /// Whether the older form of affinity can describe the nodes; the guest chooses the form.
    ///
    /// - Returns: What is wrong.
    func form1Problem(nodesWithCPUs: Set<Int>) -> String? {
        for (number, node) in nodes.enumerated() where node.memory == 0 && !nodesWithCPUs.contains(number) {
            return "Memory-less/cpu-less nodes are not supported with FORM1 NUMA (node \(number))"
        }
        let isSymmetrical = nodes.indices.allSatisfy { from in
            nodes.indices.allSatisfy { distance(from, $0) == distance($0, from) }
        }
        return isSymmetrical
            ? nil : "Asymmetrical NUMA topologies aren't supported in the pSeries machine using FORM1 NUMA"
    }

    package func distance(_ from: Int, _ to: Int) -> UInt8 {
        guard distances.indices.contains(from), distances.indices.contains(to) else { return from == to ? 10 : 20 }
        let given = distances[from][to]
        return given != 0 ? given : from == to ? 10 : 20
    }

    /// Node of a CPU by index: as given, else spread over the nodes by socket.
    func node(ofCPU index: Int, coresPerSocket: Int, core: Int) -> Int {
        if let given = nodes.firstIndex(where: { $0.cpus.contains { $0.contains(index) } }) { return given }
        if nodes.contains(where: { !$0.cpus.isEmpty }) { return 0 }
        return nodes.isEmpty ? 0 : core / max(coresPerSocket, 1) % nodes.count
    }

    /// Size of the first node that has memory: real mode cannot reach beyond it.
    var firstMemory: UInt64? { nodes.first { $0.memory != 0 }?.memory }

    // MARK: Associativity

    private static func level(_ distance: UInt8) -> Int {
        switch distance {
        case 10: 4
        case 12...30: 3
        case 32...60: 2
        case 62...120: 1
        default: 0
        }
    }

    private mutating func makeAssociativity(_ version: SpaprVersion) {
        form1 = (0..<(nodes.count + 6)).map { number in
            let filler: UInt32 = number < nodes.count ? 0 : UInt32(number)
            return [4, filler, filler, filler, UInt32(number)]
        }
        guard !version.hasOldAssociativity, nodes.count > 1 else { return }
        for number in 1..<nodes.count {
            for level in 1..<4 { form1[number][level] = UInt32(number) }
        }
        for from in nodes.indices {
            for to in nodes.indices where to >= from {
                for level in stride(from: Self.level(distance(from, to)), to: 0, by: -1) {
                    form1[to][level] = form1[from][level]
                }
            }
        }
    }

    /// `ibm,associativity` of a node's resources other than CPUs.
    func associativity(_ node: Int, isForm2: Bool) -> [UInt32] {
        if isForm2 { return [1, UInt32(truncatingIfNeeded: node)] }
        return form1.indices.contains(node) ? form1[node] : [4, 0, 0, 0, UInt32(truncatingIfNeeded: node)]
    }

    /// `ibm,associativity` of a CPU: the node's, and the CPU's number as the last level.
    package func associativity(server: Int, node: Int, isForm2: Bool) -> [UInt32] {
        var list = associativity(node, isForm2: isForm2)
        list[0] += 1
        return list + [UInt32(truncatingIfNeeded: server)]
    }

    func lookupArrays(isForm2: Bool) -> [UInt32] {
        let count = max(nodes.count, 1)
        let lists = (0..<count).map { associativity($0, isForm2: isForm2).dropFirst() }
        return [UInt32(count), isForm2 ? 1 : 4] + lists.flatMap { $0 }
    }

    func describeRTAS(_ tree: DeviceTree, _ node: DeviceTree.Node, version: SpaprVersion, isForm2: Bool) {
        let count = UInt32(nodes.count)
        if isForm2 {
            tree.set(node, "ibm,associativity-reference-points", cells: [1])
            tree.set(node, "ibm,max-associativity-domains", cells: [1, count])
            tree.set(node, "ibm,numa-lookup-index-table", cells: [count] + (0..<count))
            var table = withUnsafeBytes(of: (count * count).bigEndian) { Array($0) }
            for from in nodes.indices {
                for to in nodes.indices { table.append(distance(from, to)) }
            }
            tree.set(node, "ibm,numa-distance-table", bytes: table)
            return
        }
        var points: [UInt32] = [4, 3, 2, 1]
        var domains: [UInt32] = [4, count, count, count, count]
        if version.hasOldAssociativity || nodes.count <= 1 {
            points = version.hasOldReferencePoints ? [4, 4] : [4, 4, 2]
            // Without NUMA options the machine still counts one node; more than one were never told apart here.
            let places = max(1, count)
            let others: UInt32 = places > 1 ? 1 : 0
            domains = [4, others, others, others, places]
        }
        tree.set(node, "ibm,associativity-reference-points", cells: points)
        tree.set(node, "ibm,max-associativity-domains", cells: domains)
    }
}
