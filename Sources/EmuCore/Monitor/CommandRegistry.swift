import OrderedCollections

/// One monitor command: its QMP name, the arguments it knows, and what it does.
///
/// Modules contribute commands; the monitor checks names of arguments before running one.
public struct MonitorCommand {
    /// Name of the command.
    public let name: String
    /// Names of required and optional arguments; `nil` lets any through (commands with free-form arguments).
    public let required: [String]
    /// Arguments that may be given; `nil`: any.
    public let optional: [String]?
    /// Runs with the machine's lock held; the result is QMP's "return".
    public let run: (MonitorSession, Value) throws -> Value

    /// - Parameter optional: `nil` lets any argument through.
    public init(
        _ name: String, required: [String] = [], optional: [String]? = [],
        run: @escaping (MonitorSession, Value) throws -> Value
    ) {
        self.name = name
        self.required = required
        self.optional = optional
        self.run = run
    }
}

/// A command of the human monitor: `info status`, `stop`, …
public struct HumanCommand {
    /// First words of the line.
    public let name: String
    /// Arguments as help shows them.
    public let usage: String
    /// What it does, in a line.
    public let help: String
    /// Gets the words after the command's name; returns the text to print.
    public let run: (MonitorSession, [Substring]) throws -> String

    /// A command of its parts.
    public init(
        _ name: String, usage: String = "", help: String,
        run: @escaping (MonitorSession, [Substring]) throws -> String
    ) {
        self.name = name
        self.usage = usage
        self.help = help
        self.run = run
    }
}

/// The commands and the event subscribers of one machine's monitors.
public final class MonitorRegistry {
    /// By name, in the order in which they came.
    public private(set) var commands: OrderedDictionary<String, MonitorCommand> = [:]
    /// By name, in the order in which they came.
    public private(set) var humanCommands: OrderedDictionary<String, HumanCommand> = [:]
    private var subscribers: [ObjectIdentifier: (String, Value) -> Void] = [:]
    /// Descriptors named by `getfd`.
    public var namedDescriptors: [String: Int32] = [:]

    /// No commands and no subscribers.
    public init() {}

    /// Adds commands of the machine protocol; a later one of the same name replaces the earlier.
    public func add(_ commands: [MonitorCommand]) { for command in commands { self.commands[command.name] = command } }

    /// Adds commands of the human monitor.
    public func add(_ commands: [HumanCommand]) {
        for command in commands { humanCommands[command.name] = command }
    }

    /// Sends an event to every connected monitor.
    public func emit(_ event: String, _ data: Value = [:]) { for send in subscribers.values { send(event, data) } }

    /// Sends `owner` every event until it unsubscribes.
    public func subscribe(_ owner: AnyObject, _ send: @escaping (String, Value) -> Void) {
        subscribers[ObjectIdentifier(owner)] = send
    }

    /// Sends `owner` no more events.
    public func unsubscribe(_ owner: AnyObject) { subscribers[ObjectIdentifier(owner)] = nil }

    /// Runs a human monitor line, as `human-monitor-command` and the human monitor do.
    public func runHuman(_ line: String, session: MonitorSession) throws -> String {
        let words = line.split(separator: " ")
        guard let first = words.first else { return "" }
        if words.count > 1, let command = humanCommands["\(first) \(words[1])"] {
            return try command.run(session, Array(words.dropFirst(2)))
        }
        guard let command = humanCommands[String(first)] else {
            return "unknown command: '\(line)'\r\n"
        }
        return try command.run(session, Array(words.dropFirst()))
    }
}

/// What a running command may use: the machine and the connection it came over.
public final class MonitorSession {
    /// The machine that commands act on.
    public let machine: Machine
    /// The wire; `nil` for commands that a program runs.
    public let backend: CharacterBackend?
    /// The CPU that commands about one CPU mean (`cpu`, `cpu-index`).
    public var cpuIndex = 0

    /// - Parameter backend: The wire; `nil` for a program.
    public init(machine: Machine, backend: CharacterBackend? = nil) {
        self.machine = machine
        self.backend = backend
    }
}
