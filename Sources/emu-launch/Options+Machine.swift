import EmuCore
import Foundation
import OrderedCollections
import PPCTarget

/// Turns option texts into the values that the libraries take.
struct MachineOptionTexts {
    /// Machine type, if one was named.
    var typeName: String?
    /// Properties of all `-machine` options, later ones overriding.
    var properties: OrderedDictionary<String, Value> = [:]

    init(_ texts: [String]) throws {
        for text in texts {
            var list = try KeyValueList(text, impliedKey: "type")
            if let type = list.remove("type")?.stringValue { typeName = type }
            for (key, value) in list.entries { properties[key] = value }
        }
    }
}

enum OptionTexts {
    /// `-m`: a bare number counts MiB.
    static func memory(_ texts: [String], into memory: inout MainMemoryOptions) throws {
        for text in texts {
            let list = try KeyValueList(text, impliedKey: "size")
            try list.check(known: ["size", "maxmem", "slots"], option: "-m")
            if let size = try list.size("size", defaultUnit: 1 << 20) {
                guard size > 0 else { throw ObjectError("Invalid RAM size 0", hint: "Give -m a size, such as 2G.") }
                memory.size = size
            }
            if let maxSize = try list.size("maxmem") { memory.maxSize = maxSize }
            if let slots = try list.integer("slots") {
                guard let number = UInt32(exactly: slots) else {
                    throw ObjectError("Parameter 'slots' expects a number")
                }
                memory.slots = number
            }
        }
        if let maxSize = memory.maxSize, let size = memory.size {
            guard maxSize >= size else {
                throw ObjectError(
                    "invalid value of maxmem: maximum memory size (0x\(String(maxSize, radix: 16))) must be at least "
                        + "the initial memory size (0x\(String(size, radix: 16)))")
            }
        }
    }

    static func topology(_ text: String?) throws -> SpaprOptions.Topology {
        guard let text else { return SpaprOptions.Topology() }
        let list = try KeyValueList(text, impliedKey: "cpus")
        try list.check(
            known: ["cpus", "sockets", "dies", "clusters", "cores", "threads", "maxcpus"], option: "-smp")
        for unsupported in ["dies", "clusters"] {
            if let number = try list.integer(unsupported), number > 1 {
                throw ObjectError("\(unsupported) not supported by this machine's CPU topology")
            }
        }
        for key in ["cpus", "sockets", "cores", "threads", "maxcpus"] {
            if let number = try list.integer(key), number <= 0 {
                throw ObjectError(
                    "Invalid CPU topology: CPU topology parameters must be greater than zero",
                    hint: "-smp \(key)=\(number)")
            }
        }
        return SpaprOptions.Topology(
            cpus: try list.integer("cpus"), sockets: try list.integer("sockets"), cores: try list.integer("cores"),
            threads: try list.integer("threads"), maximum: try list.integer("maxcpus"))
    }

    /// `-numa node,…` and `-numa dist,…`.
    static func numa(_ texts: [String]) throws -> (nodes: [NUMANode], distances: [SpaprOptions.Distance]) {
        var nodes: [NUMANode] = []
        var distances: [SpaprOptions.Distance] = []
        for text in texts {
            let list = try KeyValueList(text, impliedKey: "type")
            switch list.string("type") {
            case "node":
                try list.check(known: ["type", "nodeid", "cpus", "mem", "memdev", "initiator"], option: "-numa node")
                let id = try list.integer("nodeid") ?? nodes.count
                guard id >= 0, id < 128 else { throw ObjectError("Max number of NUMA nodes reached: \(id)") }
                guard !nodes.contains(where: { $0.id == id }) else { throw ObjectError("Duplicate NUMA nodeid: \(id)") }
                var node = NUMANode(id: id)
                node.memory = try list.size("mem", defaultUnit: 1 << 20)
                node.memdev = list.string("memdev")
                if node.memory != nil, node.memdev != nil {
                    throw ObjectError("cannot specify both mem= and memdev= at the same time")
                }
                for value in list.occurrences["cpus"] ?? [] { node.cpus.append(try cpuRange(value)) }
                nodes.append(node)
            case "dist":
                try list.check(known: ["type", "src", "dst", "val"], option: "-numa dist")
                guard let from = try list.integer("src"), let to = try list.integer("dst"),
                    let value = try list.integer("val")
                else { throw ObjectError("-numa dist needs src=, dst= and val=") }
                distances.append(SpaprOptions.Distance(from: from, to: to, value: value))
            case "cpu":
                throw ObjectError(
                    "-numa cpu is not supported", hint: "Assign CPUs to nodes with -numa node,cpus=A-B.")
            default:
                throw ObjectError("Parameter 'type' does not accept value '\(list.string("type") ?? "")'")
            }
        }
        return (nodes.sorted { $0.id < $1.id }, distances)
    }

    private static func cpuRange(_ value: Value) throws -> ClosedRange<Int> {
        if let number = value.integerValue, let single = Int(exactly: number), single >= 0 { return single...single }
        let bounds = (value.stringValue ?? "").split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
        guard let first = bounds.first ?? nil, let last = bounds.last ?? nil, bounds.count <= 2, first >= 0,
            first <= last
        else { throw ObjectError("Parameter 'cpus' expects a CPU number or range A-B") }
        return first...last
    }

    /// `driver.property=value`.
    static func global(_ text: String) throws -> GlobalProperty {
        if text.contains("driver=") || text.hasPrefix("{") {
            let list = try KeyValueList(text)
            guard let driver = list.string("driver"), let property = list.string("property"),
                let value = list.string("value")
            else { throw ObjectError("-global needs driver=, property= and value=") }
            return GlobalProperty(driver, property, value, isOptional: false)
        }
        // The driver's name may contain dots (CPU models do); the property's does not.
        guard let equals = text.firstIndex(of: "="), let dot = text[..<equals].lastIndex(of: ".") else {
            throw ObjectError("Invalid parameter '\(text)'", hint: "Use -global driver.property=value.")
        }
        return GlobalProperty(
            String(text[..<dot]), String(text[text.index(after: dot)..<equals]),
            String(text[text.index(after: equals)...]), isOptional: false)
    }
}
