import EmuCore
import Foundation
import Testing

@testable import PPCTarget

/// Machines for tests: built with a firmware file of a few bytes, so that nothing needs to be installed.
enum MachineSupport {
    /// - Parameter arguments: `-M`, `-m`, `-smp`, `-cpu`, `-numa node,mem=`, `-serial` as a launcher spells them.
    static func make(_ arguments: [String]) throws -> SpaprMachine {
        var version = SpaprVersion.newest
        var properties: [(String, String)] = []
        var options = SpaprOptions()
        var rest = arguments[...]
        while let option = rest.popFirst() {
            let value = rest.popFirst() ?? ""
            let parts = value.split(separator: ",").map(String.init)
            switch option {
            case "-M":
                version = try #require(SpaprVersion.named(parts[0]))
                properties = parts.dropFirst().map { pair($0) }
            case "-m":
                options.memory.size = PropertyParsing.size(parts[0], defaultUnit: 1 << 20)
                for (key, value) in parts.dropFirst().map(pair) {
                    if key == "maxmem" { options.memory.maxSize = PropertyParsing.size(value, defaultUnit: 1 << 20) }
                    if key == "slots" { options.memory.slots = UInt32(value) ?? 0 }
                }
            case "-smp":
                for (key, value) in parts.map(pair) {
                    switch key {
                    case "sockets": options.smp.sockets = Int(value)
                    case "cores": options.smp.cores = Int(value)
                    case "threads": options.smp.threads = Int(value)
                    case "maxcpus": options.smp.maximum = Int(value)
                    default: options.smp.cpus = Int(key)
                    }
                }
            case "-cpu": options.cpu = value
            case "-numa":
                var node = NUMANode(id: options.memory.nodes.count)
                for (key, value) in parts.map(pair) where key == "mem" {
                    node.memory = PropertyParsing.size(value, defaultUnit: 1 << 20)
                }
                options.memory.nodes.append(node)
            case "-serial": options.terminals.append(NullBackend(label: "serial"))
            default: throw ObjectError("option \(option) is not known to the tests")
            }
        }
        return try make(version, properties, options)
    }

    static func make(
        _ version: SpaprVersion, _ properties: [(String, String)] = [], _ options: SpaprOptions
    ) throws -> SpaprMachine {
        let types = TypeRegistry()
        types.registerCoreTypes()
        let platform = SpaprServices()
        types.registerSpaprTypes(platform: platform)
        let machine = SpaprMachine(version: version, types: types, platform: platform)
        for (name, value) in properties { try machine.set(name, .string(value)) }
        var options = options
        let firmware = FileManager.default.temporaryDirectory.appendingPathComponent("firmware.\(UUID().uuidString)")
        try Data(repeating: 0x60, count: 64).write(to: firmware)
        defer { try? FileManager.default.removeItem(at: firmware) }
        options.firmware = firmware.path
        try machine.withLock { try machine.build(options) }
        return machine
    }

    private static func pair(_ text: String) -> (String, String) {
        let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
        return (parts[0], parts.count > 1 ? parts[1] : "")
    }
}
