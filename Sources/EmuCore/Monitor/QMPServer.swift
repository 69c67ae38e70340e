import Foundation
import OrderedCollections

/// The machine protocol on one character back end: greeting, capability negotiation, commands, events.
///
/// Source: QEMU's QMP specification (docs/interop/qmp-spec); commands run one after the other in order of arrival.
public final class QMPServer {
    private let machine: Machine
    private let backend: CharacterBackend
    private var framer = JSONFramer()
    private var isNegotiated = false
    private let session: MonitorSession
    /// Version told in the greeting: that of the QEMU whose interface is spoken, with our name as the package.
    public static let version: Value = [
        "qemu": ["micro": 0, "minor": 2, "major": 7], "package": "EmuCore",
    ]

    /// A server that greets whoever opens the back end.
    public init(machine: Machine, backend: CharacterBackend) {
        self.machine = machine
        self.backend = backend
        session = MonitorSession(machine: machine, backend: backend)
        backend.onEvent = { [weak self] event in self?.connectionChanged(event) }
        backend.onReceive = { [weak self] bytes in self?.receive(bytes) }
        if backend.isOpen { greet() }
    }

    private func connectionChanged(_ event: CharacterEvent) {
        switch event {
        case .opened: greet()
        case .closed:
            isNegotiated = false
            framer = JSONFramer()
            machine.monitor.unsubscribe(self)
        case .breakSignal: break
        }
    }

    private func greet() {
        send(["QMP": ["version": Self.version, "capabilities": []]])
    }

    private func send(_ value: Value) { backend.write(Array((value.json + "\r\n").utf8)) }

    private func receive(_ bytes: [UInt8]) {
        for json in framer.feed(bytes) { handle(json) }
    }

    private func handle(_ json: Data) {
        var id: Value?
        do {
            let request: Value
            do { request = try Value(json: json) } catch {
                throw ObjectError("JSON parse error, \(error)")
            }
            guard case .object(let fields) = request else {
                throw ObjectError("QMP input must be a JSON object")
            }
            id = fields["id"]
            guard let name = (fields["execute"] ?? fields["exec-oob"])?.stringValue else {
                throw ObjectError("QMP input lacks member 'execute'")
            }
            if let unknown = fields.keys.first(where: { !["execute", "exec-oob", "arguments", "id"].contains($0) }) {
                throw ObjectError("QMP input member '\(unknown)' is unexpected")
            }
            let arguments = fields["arguments"] ?? .object([:])
            guard arguments.objectValue != nil else {
                throw ObjectError("QMP input member 'arguments' must be an object")
            }
            let result = try dispatch(name, arguments)
            reply(["return": result], id: id)
        } catch {
            let refused = error as? ObjectError
            let text = refused?.description ?? String(describing: error)
            let description = refused?.hint.map { "\(text)\n\($0)" } ?? text
            reply(
                ["error": ["class": .string(refused?.errorClass ?? "GenericError"), "desc": .string(description)]],
                id: id)
        }
    }

    private func dispatch(_ name: String, _ arguments: Value) throws -> Value {
        if !isNegotiated {
            guard name == "qmp_capabilities" else {
                throw ObjectError(
                    "Expecting capabilities negotiation with 'qmp_capabilities'", errorClass: "CommandNotFound")
            }
            isNegotiated = true
            machine.monitor.subscribe(self) { [weak self] event, data in self?.emit(event, data) }
            return [:]
        }
        guard let command = machine.monitor.commands[name] else {
            throw ObjectError("The command \(name) has not been found", errorClass: "CommandNotFound")
        }
        if let optional = command.optional {
            for key in arguments.objectValue?.keys ?? []
            where !command.required.contains(key) && !optional.contains(key) {
                throw ObjectError("Parameter '\(key)' is unexpected")
            }
        }
        for key in command.required where arguments[key] == nil {
            throw ObjectError("Parameter '\(key)' is missing")
        }
        return try command.run(session, arguments)
    }

    private func reply(_ value: Value, id: Value?) {
        guard case .object(var fields) = value else { return }
        if let id { fields["id"] = id }
        send(.object(fields))
    }

    private func emit(_ event: String, _ data: Value) {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        var fields: OrderedDictionary<String, Value> = [
            "timestamp": [
                "seconds": .integer(Int64(time.tv_sec)), "microseconds": .integer(Int64(time.tv_nsec / 1000)),
            ],
            "event": .string(event),
        ]
        if let object = data.objectValue, !object.isEmpty { fields["data"] = data }
        send(.object(fields))
    }
}
