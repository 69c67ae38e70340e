import EmuCore

/// NUMA nodes of a machine, complete: what the device tree and hypercalls tell the guest.
public struct SpaprNUMA {
    /// Nodes in order of their numbers, which are consecutive from 0.
    public private(set) var nodes: [(memory: UInt64, cpus: [ClosedRange<Int>])] = []
    /// Distances given by the user; 0 where none was given.
    private var distances: [[UInt8]] = []
    private var form1: [[UInt32]] = []

    static let maximumNodes = 128

    public init() {}

    /// Checks `-numa` options against each other and against the machine.
    init(
        _ options: [NUMANode], distances wanted: [SpaprOptions.Distance], memorySize: UInt64, maximumCPUs: Int,
        threads: Int, version: SpaprVersion, memdevSize: (String) -> UInt64?
    ) throws {
        var byNumber: [Int: (memory: UInt64, cpus: [ClosedRange<Int>])] = [:]
        for node in options {
            guard (0..<Self.maximumNodes).contains(node.id) else {
                throw ObjectError("Max number of NUMA nodes reached: \(node.id)")
            }
            guard byNumber[node.id] == nil else { throw ObjectError("Duplicate NUMA nodeid: \(node.id)") }
            for range in node.cpus where range.upperBound >= maximumCPUs {
                throw ObjectError(
                    "CPU index (\(range.upperBound)) should be smaller than maxcpus (\(maximumCPUs))")
            }
            if node.memory != nil, !version.supportsNodeMemory {
                throw ObjectError(
                    "Parameter -numa node,mem is not supported by this machine type",
                    hint: "Use -numa node,memdev instead")
            }
            let size = try node.memdev.map { name in
                guard let size = memdevSize(name) else { throw ObjectError("memdev=\(name) is ambiguous") }
                return size
            }
            byNumber[node.id] = (size ?? node.memory ?? 0, node.cpus)
        }
        // The platform always has a node: memory is plugged into nodes.
        if byNumber.isEmpty { byNumber[0] = (memorySize, []) }
        for number in 0..<byNumber.count {
            guard let node = byNumber[number] else {
                throw ObjectError("numa: Node ID missing: \(number)")
            }
            nodes.append(node)
        }
        try setDistances(wanted)
        makeAssociativity(version)
    }

    private mutating func setDistances(_ wanted: [SpaprOptions.Distance]) throws {
        distances = nodes.map { _ in [UInt8](repeating: 0, count: nodes.count) }
        for entry in wanted {
            guard nodes.indices.contains(entry.from), nodes.indices.contains(entry.to) else {
                throw ObjectError(
                    "Source/Destination NUMA node is missing. Please use '-numa node' option to declare it first.")
            }
            guard let value = UInt8(exactly: entry.value), value >= 10 else {
                throw ObjectError("NUMA distance (\(entry.value)) is invalid, it shouldn't be less than 10.")
            }
            guard entry.from != entry.to || value == 10 else {
                throw ObjectError("Local distance of node \(entry.from) should be 10.")
            }
            distances[entry.from][entry.to] = value
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

    public func distance(_ from: Int, _ to: Int) -> UInt8 {
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
    public func associativity(server: Int, node: Int, isForm2: Bool) -> [UInt32] {
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
