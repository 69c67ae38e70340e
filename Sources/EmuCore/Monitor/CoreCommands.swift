import Foundation
import OrderedCollections

/// The monitor commands that concern EmuCore alone: run state, object model, memory.
public enum CoreCommands {
    /// Every command of EmuCore itself.
    public static var all: [MonitorCommand] { runState + objectModel + memory + information + descriptors }

    private static func string(_ arguments: Value, _ name: String) throws -> String {
        guard let text = arguments[name]?.stringValue else {
            throw ObjectError("Invalid parameter type for '\(name)', expected: string")
        }
        return text
    }

    // MARK: Run state

    static var runState: [MonitorCommand] {
        [
            MonitorCommand("qmp_capabilities", optional: ["enable"]) { _, _ in
                throw ObjectError(
                    "Capabilities negotiation is already complete, command ignored", errorClass: "CommandNotFound")
            },
            MonitorCommand("query-status") { session, _ in
                let state = session.machine.runState
                return [
                    "status": .string(state.rawValue), "singlestep": false, "running": .bool(state.isRunning),
                ]
            },
            MonitorCommand("stop") { session, _ in
                try session.machine.stopByUser()
                return [:]
            },
            MonitorCommand("cont") { session, _ in
                try session.machine.continueByUser()
                return [:]
            },
            MonitorCommand("quit") { session, _ in
                session.machine.requestQuit()
                return [:]
            },
            MonitorCommand("system_reset") { session, _ in
                session.machine.requestReset(guestInitiated: false)
                return [:]
            },
            MonitorCommand("system_powerdown") { session, _ in
                session.machine.requestPowerDown()
                return [:]
            },
            MonitorCommand("set-action", optional: ["reboot", "shutdown", "panic"]) { session, arguments in
                try GuestActions(
                    reboot: arguments["reboot"]?.stringValue, shutdown: arguments["shutdown"]?.stringValue,
                    panic: arguments["panic"]?.stringValue
                ).apply(to: session.machine)
                return [:]
            },
            MonitorCommand("inject-nmi") { session, _ in
                try session.machine.injectNMI()
                return [:]
            },
        ]
    }

    // MARK: Object model

    /// QMP's `ObjectPropertyInfo` of each.
    private static func describe(_ properties: [Property]) -> Value {
        .array(
            properties.map { property in
                var entry: OrderedDictionary<String, Value> = [
                    "name": .string(property.name), "type": .string(property.type),
                ]
                if !property.description.isEmpty { entry["description"] = .string(property.description) }
                if let value = property.defaultValue { entry["default-value"] = value }
                return .object(entry)
            })
    }

    static var objectModel: [MonitorCommand] {
        [
            MonitorCommand("qom-list", required: ["path"]) { session, arguments in
                let object = try session.machine.resolve(path: string(arguments, "path"))
                return .array(
                    object.propertyList().map { .object(["name": .string($0.name), "type": .string($0.type)]) })
            },
            MonitorCommand("qom-get", required: ["path", "property"]) { session, arguments in
                try session.machine.resolve(path: string(arguments, "path")).get(string(arguments, "property"))
            },
            MonitorCommand("qom-set", required: ["path", "property", "value"]) { session, arguments in
                let object = try session.machine.resolve(path: string(arguments, "path"))
                let name = try string(arguments, "property")
                let value = arguments["value"] ?? .null
                try object.property(name)?.checkJSON(value)
                try object.set(name, value)
                return [:]
            },
            MonitorCommand("qom-list-types", optional: ["implements", "abstract"]) { session, arguments in
                let base = arguments["implements"]?.stringValue
                let abstract = arguments["abstract"]?.boolValue ?? false
                let types = session.machine.types.types.values
                    .filter { type in base.map { type.isA($0) } ?? true }
                    .filter { abstract || !$0.isAbstract }.sorted { $0.name < $1.name }
                return .array(
                    types.map { type in
                        var entry: OrderedDictionary<String, Value> = ["name": .string(type.name)]
                        if type.isAbstract { entry["abstract"] = true }
                        if let parent = type.parent { entry["parent"] = .string(parent.name) }
                        return .object(entry)
                    })
            },
            MonitorCommand("qom-list-properties", required: ["typename"]) { session, arguments in
                let name = try string(arguments, "typename")
                guard let type = session.machine.types.type(name) else {
                    throw ObjectError("Class '\(name)' not found", errorClass: "DeviceNotFound")
                }
                return describe(type.lineage.flatMap(\.properties))
            },
            MonitorCommand("device-list-properties", required: ["typename"]) { session, arguments in
                let name = try string(arguments, "typename")
                guard let type = session.machine.types.type(name), type.isA("device"), !type.isAbstract else {
                    throw ObjectError("Parameter 'typename' expects a non-abstract device type")
                }
                return describe(type.lineage.flatMap(\.properties))
            },
            MonitorCommand("object-add", required: ["qom-type", "id"], optional: nil) { session, arguments in
                var properties = arguments.objectValue ?? [:]
                properties["qom-type"] = nil
                properties["id"] = nil
                try session.machine.createObject(
                    type: string(arguments, "qom-type"), id: string(arguments, "id"), properties: properties,
                    isJSON: true)
                return [:]
            },
            MonitorCommand("object-del", required: ["id"]) { session, arguments in
                try session.machine.deleteObject(id: string(arguments, "id"))
                return [:]
            },
        ]
    }

    // MARK: Memory

    static var memory: [MonitorCommand] {
        [
            MonitorCommand("query-memdev") { session, _ in
                .array(
                    session.machine.objects.children.values.compactMap { $0 as? MemoryBackend }.map { backend in
                        .object([
                            "id": .string(backend.name), "size": Value(unsigned: backend.size),
                            "merge": .bool(backend.merge), "dump": .bool(backend.dump),
                            "prealloc": .bool(backend.prealloc), "share": .bool(backend.share),
                            "reserve": .bool(backend.reserve),
                            "host-nodes": .array(backend.hostNodes.sorted().map { .integer(Int64($0)) }),
                            "policy": .string(backend.policy.name),
                        ])
                    })
            },
            MonitorCommand("query-memory-size-summary") { session, _ in
                let plugged = session.machine.deviceMemory?.used ?? 0
                let all = session.machine.ramBlocks.reduce(UInt64(0)) { $0 &+ $1.usedLength }
                return ["base-memory": Value(unsigned: all &- plugged), "plugged-memory": Value(unsigned: plugged)]
            },
            MonitorCommand("query-memory-devices") { session, _ in
                .array(
                    (session.machine.deviceMemory?.devices ?? []).map { module in
                        var data: OrderedDictionary<String, Value> = [:]
                        if let id = module.id { data["id"] = .string(id) }
                        data["addr"] = Value(unsigned: module.address)
                        data["size"] = Value(unsigned: module.size)
                        data["slot"] = .integer(Int64(module.slot))
                        data["node"] = .integer(Int64(module.node))
                        data["memdev"] = .string(module.backend?.canonicalPath ?? "")
                        data["hotplugged"] = false
                        data["hotpluggable"] = true
                        return ["type": "dimm", "data": .object(data)]
                    })
            },
            MonitorCommand("pmemsave", required: ["val", "size", "filename"]) { session, arguments in
                guard let address = arguments["val"]?.unsignedValue, let size = arguments["size"]?.unsignedValue else {
                    throw ObjectError("Invalid parameter type for 'val', expected: integer")
                }
                try session.machine.savePhysicalMemory(at: address, size: size, to: string(arguments, "filename"))
                return [:]
            },
        ]
    }

    // MARK: Information

    static var information: [MonitorCommand] {
        [
            MonitorCommand("query-version") { _, _ in QMPServer.version },
            MonitorCommand("query-commands") { session, _ in
                .array(session.machine.monitor.commands.keys.map { .object(["name": .string($0)]) })
            },
            MonitorCommand("query-name") { session, _ in
                session.machine.guestName.map { ["name": .string($0)] } ?? [:]
            },
            MonitorCommand("query-uuid") { session, _ in
                [
                    "UUID": .string(
                        (session.machine.uuid ?? UUID(uuid: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)))
                            .uuidString.lowercased())
                ]
            },
            MonitorCommand("query-kvm") { _, _ in ["enabled": false, "present": false] },
            MonitorCommand("human-monitor-command", required: ["command-line"], optional: ["cpu-index"]) {
                session, arguments in
                let before = session.cpuIndex
                defer { session.cpuIndex = before }
                if let index = arguments["cpu-index"]?.integerValue {
                    guard let number = Int(exactly: index), session.machine.cpus.contains(where: { $0.index == number })
                    else { throw ObjectError("Invalid parameter 'cpu-index'") }
                    session.cpuIndex = number
                }
                return .string(
                    try session.machine.monitor.runHuman(string(arguments, "command-line"), session: session))
            },
        ]
    }

    // MARK: Descriptors

    static var descriptors: [MonitorCommand] {
        [
            MonitorCommand("getfd", required: ["fdname"]) { session, arguments in
                let name = try string(arguments, "fdname")
                guard let descriptor = session.backend?.takeReceivedDescriptor() else {
                    throw ObjectError("No file descriptor supplied via SCM_RIGHTS")
                }
                guard let first = name.first, !first.isNumber else {
                    close(descriptor)
                    throw ObjectError("Parameter 'fdname' expects a name not starting with a digit")
                }
                if let old = session.machine.monitor.namedDescriptors.updateValue(descriptor, forKey: name) {
                    close(old)
                }
                return [:]
            },
            MonitorCommand("closefd", required: ["fdname"]) { session, arguments in
                let name = try string(arguments, "fdname")
                guard let descriptor = session.machine.monitor.namedDescriptors.removeValue(forKey: name) else {
                    throw ObjectError("File descriptor named '\(name)' not found")
                }
                close(descriptor)
                return [:]
            },
        ]
    }
}

extension Machine {
    /// The object at a path: absolute (`/machine/peripheral/x`), or partial if only one object's path ends like it.
    public func resolve(path: String) throws -> EmuObject {
        if path.hasPrefix("/") {
            var object = root
            for part in path.split(separator: "/") {
                guard let child = object.children[String(part)] else {
                    throw ObjectError("Device '\(path)' not found", errorClass: "DeviceNotFound")
                }
                object = child
            }
            return object
        }
        let suffix = "/" + path
        var found: [EmuObject] = []
        func search(_ object: EmuObject) {
            for child in object.children.values {
                if child.canonicalPath.hasSuffix(suffix) { found.append(child) }
                search(child)
            }
        }
        search(root)
        guard let first = found.first else {
            throw ObjectError("Device '\(path)' not found", errorClass: "DeviceNotFound")
        }
        guard found.count == 1 else { throw ObjectError("Path '\(path)' does not uniquely identify an object") }
        return first
    }

    /// Writes guest memory into a file (`pmemsave`).
    func savePhysicalMemory(at address: UInt64, size: UInt64, to path: String) throws {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else {
            throw ObjectError("Could not open '\(path)': \(String(cString: strerror(errno)))")
        }
        defer { close(descriptor) }
        var done: UInt64 = 0
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 16)
        defer { buffer.deallocate() }
        while done < size {
            let piece = UnsafeMutableRawBufferPointer(rebasing: buffer[..<Int(min(size - done, 1 << 16))])
            do { try memory.read(at: address &+ done, into: piece) } catch {
                throw ObjectError("Invalid addr 0x\(String(error.address, radix: 16))/size \(size) specified")
            }
            var written = 0
            while written < piece.count {
                let count = write(descriptor, piece.baseAddress! + written, piece.count - written)
                guard count > 0 else {
                    throw ObjectError("writing memory to '\(path)' failed: \(String(cString: strerror(errno)))")
                }
                written += count
            }
            done += UInt64(piece.count)
        }
    }
}

extension EmuObject {
    /// Properties, children and the type, as `qom-list` shows them.
    public func propertyList() -> [(name: String, type: String)] {
        var list: [(name: String, type: String)] = [("type", "string")]
        list += commonProperties.map { ($0.name, $0.type) }
        list += objectType.lineage.flatMap(\.properties).map { ($0.name, $0.type) }
        list += ownProperties.values.map { ($0.name, $0.type) }
        list += children.map { ($0.key, "child<\($0.value.objectType.name)>") }
        return list
    }
}
