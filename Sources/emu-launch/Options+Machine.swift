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
            do {
                let list = try KeyValueList(text, impliedKey: "size")
                try list.check(known: ["size", "maxmem", "slots"], option: "-m")
                // 0 asks for the machine's default.
                if let size = try size(list, "size", defaultUnit: 1 << 20), size > 0 { memory.size = size }
                if let maxSize = try size(list, "maxmem", defaultUnit: 1) { memory.maxSize = maxSize }
                if let slots = try list.integer("slots") {
                    guard let number = UInt32(exactly: slots) else {
                        throw ObjectError("Parameter 'slots' expects a number")
                    }
                    memory.slots = number
                }
            } catch let error as ObjectError { throw error.located("-m \(text)") }
        }
        guard let maxSize = memory.maxSize else {
            guard memory.slots == 0 else {
                throw ObjectError("slots specified but no max-size", hint: "Write -m SIZE,slots=N,maxmem=SIZE.")
            }
            return
        }
        guard let size = memory.size else { return }
        guard maxSize >= size else {
            throw ObjectError(
                "invalid value of maxmem: maximum memory size (0x\(String(maxSize, radix: 16))) must be at least "
                    + "the initial memory size (0x\(String(size, radix: 16)))")
        }
        guard maxSize > size || memory.slots == 0 else {
            throw ObjectError(
                "invalid value of maxmem: memory slots were specified but maximum memory size "
                    + "(0x\(String(maxSize, radix: 16))) is equal to the initial memory size "
                    + "(0x\(String(size, radix: 16)))")
        }
    }

    /// A size in the words of `-m`.
    private static func size(_ list: KeyValueList, _ key: String, defaultUnit: UInt64) throws -> UInt64? {
        do { return try list.size(key, defaultUnit: defaultUnit) } catch is ObjectError {
            throw ObjectError(
                "Parameter '\(key)' expects a non-negative number below 2^64",
                hint: "Optional suffix k, M, G, T, P or E means kilo-, mega-, giga-, tera-, peta-\n"
                    + "and exabytes, respectively.")
        }
    }

    /// The file of `-drive if=pflash` or `-pflash`, which a pseries machine keeps its NVRAM in.
    static func nvramFile(drives: [String], files: [String]) throws -> String? {
        var found = files
        for text in drives {
            let list = try KeyValueList(text)
            try list.check(
                known: ["if", "file", "format", "id", "index", "unit", "readonly", "read-only"], option: "-drive")
            guard list.string("if") == "pflash" else {
                throw ObjectError(
                    "-drive if=\(list.string("if") ?? "ide") is not supported",
                    hint: "There are no disks; -drive if=pflash,format=raw,file=FILE keeps the NVRAM in a file.")
            }
            guard list.string("format") ?? "raw" == "raw" else {
                throw ObjectError("Unknown driver '\(list.string("format") ?? "")'", hint: "Write format=raw.")
            }
            for key in ["readonly", "read-only"] where try list.bool(key) == true {
                throw ObjectError("Block node is read-only", hint: "The guest writes its NVRAM.")
            }
            guard let file = list.string("file") else {
                throw ObjectError("-drive if=pflash needs file=", hint: "Give it a file of 64 KiB.")
            }
            found.append(file)
        }
        guard found.count <= 1 else {
            throw ObjectError("a pseries machine has one NVRAM", hint: "Give -drive if=pflash once.")
        }
        return found.first
    }

    static func topology(_ text: String?) throws -> SpaprOptions.Topology {
        guard let text else { return SpaprOptions.Topology() }
        let list = try KeyValueList(text, impliedKey: "cpus")
        let known = ["cpus", "sockets", "dies", "clusters", "cores", "threads", "maxcpus"]
        for key in list.entries.keys where !known.contains(key) {
            throw ObjectError(
                "Parameter 'smp.\(key)' is unexpected", hint: "-smp takes: \(known.joined(separator: ", "))")
        }
        for (key, value) in list.entries where value.integerValue == nil && Int(value.stringValue ?? "") == nil {
            throw ObjectError("Parameter 'smp.\(key)' expects integer")
        }
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

    /// What `-numa` options say.
    struct NUMAOptions {
        /// In the order given.
        var nodes: [NUMANode] = []
        var distances: [SpaprOptions.Distance] = []
        var cores: [SpaprOptions.CoreNode] = []
    }

    /// `-numa node,…`, `-numa dist,…` and `-numa cpu,…`.
    static func numa(_ texts: [String]) throws -> NUMAOptions {
        var result = NUMAOptions()
        for text in texts {
            let origin = "-numa \(text)"
            do { try addNUMA(KeyValueList(text, impliedKey: "type"), origin, to: &result) } catch let error
                as ObjectError
            {
                throw error.located(origin)
            }
        }
        return result
    }

    private static func addNUMA(_ list: KeyValueList, _ origin: String, to result: inout NUMAOptions) throws {
        func needed(_ key: String) throws -> Int {
            guard let number = try list.integer(key) else { throw ObjectError("Parameter '\(key)' is missing") }
            return number
        }
        switch list.string("type") {
        case "node":
            try list.check(known: ["type", "nodeid", "cpus", "mem", "memdev", "initiator"], option: "-numa node")
            var node = NUMANode(id: try list.integer("nodeid") ?? result.nodes.count)
            node.origin = origin
            node.memory = try list.size("mem", defaultUnit: 1 << 20)
            node.memdev = list.string("memdev")
            guard node.memory == nil || node.memdev == nil else {
                throw ObjectError("numa configuration should use either mem= or memdev=,mixing both is not allowed")
            }
            for value in list.occurrences["cpus"] ?? [] { node.cpus.append(try cpuRange(value)) }
            guard list["initiator"] == nil else { throw noHMAT }
            result.nodes.append(node)
        case "dist":
            try list.check(known: ["type", "src", "dst", "val"], option: "-numa dist")
            var distance = SpaprOptions.Distance(
                from: try needed("src"), to: try needed("dst"), value: try needed("val"))
            distance.origin = origin
            result.distances.append(distance)
        case "cpu":
            for key in ["thread-id", "socket-id", "die-id", "cluster-id"] where list[key] != nil {
                throw ObjectError("\(key) is not supported", hint: "A core has one thread; name it by core-id=.")
            }
            try list.check(known: ["type", "node-id", "core-id"], option: "-numa cpu")
            guard let node = try list.integer("node-id") else {
                throw ObjectError("Missing mandatory node-id property")
            }
            result.cores.append(SpaprOptions.CoreNode(node: node, core: try needed("core-id"), origin: origin))
        case "hmat-lb", "hmat-cache": throw noHMAT
        case nil: throw ObjectError("Parameter 'type' is missing")
        case let type?: throw ObjectError("Parameter 'type' does not accept value '\(type)'")
        }
    }

    private static let noHMAT = ObjectError(
        "ACPI Heterogeneous Memory Attribute Table (HMAT) is disabled, enable it with -machine hmat=on before using any "
            + "of hmat specific options", hint: "This machine has no such table; leave the option out.")

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
        // As in QEMU the first dot ends the driver's name, so names with dots (CPU models') need the long form.
        guard let equals = text.firstIndex(of: "="), let dot = text[..<equals].firstIndex(of: ".") else {
            let name = text.prefix { $0 != "=" && $0 != "," }
            throw ObjectError(
                "-global \(text): Invalid parameter '\(name)'",
                hint: "Use -global driver.property=value, or -global driver=NAME,property=NAME,value=VALUE.")
        }
        return GlobalProperty(
            String(text[..<dot]), String(text[text.index(after: dot)..<equals]),
            String(text[text.index(after: equals)...]), isOptional: false)
    }
}
