import Dispatch
import EmuCore
import Foundation
import Logging
import Migration
import OrderedCollections
import PPCTarget

/// Builds a machine from a command line, attaches its terminals and monitors, runs it, and ends with its status.
final class Launcher {
    private let options: LaunchCommand
    private let machine: SpaprMachine
    private let migration: MigrationController
    /// In the order in which they are opened.
    private var backends: [CharacterBackend] = []
    private var monitors: [AnyObject] = []
    private var multiplexer: Multiplexer?
    private var multiplexedStdio: CharacterBackend?
    private var signalSources: [any DispatchSourceSignal] = []

    /// - Throws: ``ObjectError`` for options that are refused; `help` values print and exit.
    init(_ options: LaunchCommand) throws {
        self.options = options
        Help.answer(options)
        let accelerator = try Accelerator(options.accel, icount: options.icount)
        let platform = accelerator.makePlatform()
        let types = TypeRegistry()
        types.registerCoreTypes()
        types.registerSpaprTypes(platform: platform)
        types.registerMigrationTypes()
        let texts = try MachineOptionTexts(options.machine)
        let name = texts.typeName ?? "pseries"
        guard let version = SpaprVersion.named(name) else {
            throw ObjectError("unsupported machine type", hint: "Use -machine help to list supported machines")
        }
        if options.perfMap { platform.perfMap = try PerfMap() }
        machine = SpaprMachine(version: version, types: types, platform: platform)
        migration = MigrationController(machine: machine)
        machine.monitor.add(MigrationCommands.all(for: migration))
        try machine.withLock { try build(texts) }
        try accelerator.check(machine)
        try startLog(accelerator)
    }

    // MARK: Building

    private func build(_ texts: MachineOptionTexts) throws {
        machine.guestName = try options.name.map { try KeyValueList($0, impliedKey: "guest").string("guest") ?? "" }
        if let text = options.uuid {
            guard let uuid = UUID(uuidString: text) else {
                throw ObjectError("failed to parse UUID string: wrong format", hint: "-uuid \(text)")
            }
            machine.uuid = uuid
        }
        machine.exitsOnReset = options.noReboot
        machine.staysAfterShutdown = options.noShutdown
        for text in options.action {
            let list = try KeyValueList(text)
            try list.check(known: ["reboot", "shutdown", "panic"], option: "-action")
            try GuestActions(
                reboot: list.string("reboot"), shutdown: list.string("shutdown"), panic: list.string("panic")
            ).apply(to: machine)
        }
        machine.globals = try options.global.map(OptionTexts.global)
        for warning in machine.checkGlobals() { Report.line("warning: \(warning)") }
        try migration.applyPresets()
        if let release = options.writeForRelease {
            try migration.set(parameters: ["write-for-release": .string(release)])
        }
        try refuseUnsupported()

        // Some options are machine properties too; those of their own win.
        for (key, value) in texts.properties where key != "accel" { try machine.set(key, value) }
        var spapr = machine.options
        try OptionTexts.memory(options.memory, into: &spapr.memory)
        spapr.memory.path = options.memPath
        spapr.memory.prealloc = options.memPrealloc
        let numa = try OptionTexts.numa(options.numa)
        (spapr.memory.nodes, spapr.distances, spapr.coreNodes) = (numa.nodes, numa.distances, numa.cores)
        spapr.nvramFile = try OptionTexts.nvramFile(drives: options.drive, files: options.pflash)
        spapr.timeOfDay = try options.rtc.flatMap { try OptionTexts.timeOfDay($0, machine.clock) }
        if let seed = options.seed { machine.random = RandomSource(seed: seed) }
        spapr.smp = try OptionTexts.topology(options.smp)
        spapr.cpu = options.cpu
        spapr.firmware = options.bios ?? spapr.firmware
        spapr.firmwarePath = options.firmwarePath
        spapr.kernel = options.kernel ?? spapr.kernel
        spapr.initrd = options.initrd ?? spapr.initrd
        spapr.commandLine = options.append ?? spapr.commandLine
        if let boot = options.boot {
            let list = try KeyValueList(boot, impliedKey: "order")
            spapr.bootOrder = list.string("order")
            spapr.bootMenu = try list.bool("menu")
        }
        try makeCharacters()
        for text in options.object { try makeObject(text) }
        machine.onShutdown = { [weak self] cause in self?.finish(cause) }
        spapr.terminals = try makeTerminals()
        spapr.devices = try deviceOptions()
        try machine.build(spapr)
        if spapr.deviceTreeDump != nil { exit(0) }
        if let path = options.checkStream { try checkStream(path) }
        try makeMonitors()
        machine.startAfterMigration = !options.startStopped
    }

    private func makeObject(_ text: String) throws {
        do {
            var list = try KeyValueList(text, impliedKey: "qom-type")
            guard let type = list.remove("qom-type")?.stringValue else {
                throw ObjectError("Parameter 'qom-type' is missing")
            }
            guard let id = list.remove("id")?.stringValue else { throw ObjectError("Parameter 'id' is missing") }
            guard list.isJSON || machine.objects.children[id] == nil else {
                throw ObjectError("Duplicate ID '\(id)' for object").located("-object \(text)")
            }
            var properties = list.entries
            if let nodes = list.occurrences["host-nodes"], nodes.count > 1 { properties["host-nodes"] = .array(nodes) }
            try machine.createObject(type: type, id: id, properties: properties, isJSON: list.isJSON)
        } catch let error as ObjectError {
            // As QEMU: the option is named where its form is wrong, not where what it asks for cannot be.
            throw error.isAboutForm ? error.located("-object \(text)") : error
        }
    }

    private func deviceOptions() throws -> [SpaprOptions.Device] {
        var ids: Set<String> = []
        return try options.device.map { text in
            do {
                var list = try KeyValueList(text, impliedKey: "driver")
                let id = list.remove("id")?.stringValue
                if let id, !list.isJSON, !ids.insert(id).inserted {
                    throw ObjectError("Duplicate ID '\(id)' for device")
                }
                guard let driver = list.remove("driver")?.stringValue else {
                    throw ObjectError("Parameter 'driver' is missing")
                }
                var device = SpaprOptions.Device(driver: driver, id: id, properties: list.entries)
                device.origin = "-device \(text)"
                device.isJSON = list.isJSON
                return device
            } catch let error as ObjectError { throw error.located("-device \(text)") }
        }
    }

    /// Options whose only supported value says "nothing of that".
    private func refuseUnsupported() throws {
        let single = [("display", options.display), ("vga", options.vga)]
        for (name, value) in single where value != nil && value != "none" {
            throw ObjectError(
                "-\(name) \(value ?? "") is not supported: there is no graphical output",
                hint: "Use -\(name) none, and -serial or -nographic for the guest's terminal.")
        }
        for value in options.net where value != "none" {
            throw ObjectError(
                "-net/-nic \(value) is not supported: there are no network devices", hint: "Use -nic none.")
        }
    }

    /// `-d`, `-D` and `-dfilter`.
    private func startLog(_ accelerator: Accelerator) throws {
        let log = machine.executionLog
        if let path = options.logFile { try log.open(path) }
        if let text = options.logFilter { try log.setFilter(text) }
        let items = try LogItems(list: options.log.joined(separator: ","))
        guard !items.intersection([.inAsm, .op, .outAsm]).isEmpty, accelerator.engine == .interpreter else {
            if !items.isEmpty { log.items = items }
            return
        }
        throw ObjectError(
            "-d in_asm,op,out_asm describe translations, which engine=interpreter does not make",
            hint: "Use -d exec, or leave engine=interpreter out.")
    }

    private func makeCharacters() throws {
        for text in options.chardev {
            let backend = try CharacterOptions.make(KeyValueList(text, impliedKey: "backend"), machine: machine)
            guard machine.characterBackends.updateValue(backend, forKey: backend.label) == nil else {
                throw ObjectError("Duplicate ID '\(backend.label)' for chardev")
            }
            backends.append(backend)
        }
    }

    /// One of `-serial`, `-qmp`, `-monitor`.
    private func character(_ text: String, label: String) throws -> CharacterBackend {
        if text == "mon:stdio" || (text == "stdio" && multiplexer != nil) {
            let multiplexer = self.multiplexer ?? makeMultiplexer()
            let port = multiplexer.addPort(label: label)
            backends.append(port)
            return port
        }
        let backend = try CharacterOptions.make(
            short: text, label: label, machine: machine, named: machine.characterBackends)
        if !text.hasPrefix("chardev:") { backends.append(backend) }
        return backend
    }

    private func makeMultiplexer() -> Multiplexer {
        let stdio = StdioBackend(label: "stdio", machine: machine, signal: false)
        multiplexedStdio = stdio
        let multiplexer = Multiplexer(backend: stdio, machine: machine)
        self.multiplexer = multiplexer
        return multiplexer
    }

    private func makeTerminals() throws -> [CharacterBackend] {
        var serials = options.serial
        if serials.isEmpty, options.nographic { serials = ["mon:stdio"] }
        if serials.isEmpty, !options.nodefaults, options.device.allSatisfy({ !$0.hasPrefix("spapr-vty") }) {
            serials = ["null"]
        }
        return try serials.enumerated().filter { $0.element != "none" }.map { index, text in
            try character(text, label: "serial\(index)")
        }
    }

    private func makeMonitors() throws {
        for (index, text) in options.qmp.enumerated() {
            monitors.append(QMPServer(machine: machine, backend: try character(text, label: "compat_monitor\(index)")))
        }
        var humans = options.monitor
        if humans.isEmpty, options.nographic { humans = ["mon:stdio"] }
        for (index, text) in humans.enumerated() where text != "none" {
            monitors.append(HumanMonitor(machine: machine, backend: try character(text, label: "monitor\(index)")))
        }
        for text in options.mon {
            let list = try KeyValueList(text, impliedKey: "chardev")
            try list.check(known: ["chardev", "mode", "pretty"], option: "-mon")
            let id = list.string("chardev") ?? ""
            guard let backend = machine.characterBackends[id] else { throw ObjectError("chardev \"\(id)\" not found") }
            switch list.string("mode") ?? "readline" {
            case "control": monitors.append(QMPServer(machine: machine, backend: backend))
            case "readline": monitors.append(HumanMonitor(machine: machine, backend: backend))
            case let mode: throw ObjectError("unknown monitor mode \"\(mode)\"")
            }
        }
    }

    /// `-check-stream`: status 1 if the stream would be refused.
    private func checkStream(_ path: String) throws -> Never {
        let report = try StreamInspector.describe(path: path, skippers: HashPageTable.skippers)
        let (refusals, warnings) = StreamInspector.check(
            report, against: machine, capabilities: migration.capabilities)
        for refusal in refusals {
            for line in refusal.lines { Report.line(line) }
            for hint in refusal.hints { Report.note(hint) }
        }
        for warning in warnings { Report.line("warning: \(warning)") }
        if refusals.isEmpty { print("This machine takes the stream.") }
        exit(refusals.isEmpty ? 0 : 1)
    }

    // MARK: Running

    /// Opens the terminals, loads or starts the machine, and waits for its end.
    func run() throws {
        handleSignals()
        if let path = options.pidFile {
            do { try "\(getpid())\n".write(toFile: path, atomically: true, encoding: .utf8) } catch {
                throw ObjectError("cannot create PID file: \(path)")
            }
        }
        try machine.withLock {
            for backend in backends { try backend.activate() }
            try multiplexedStdio?.activate()
            if let uri = options.incoming {
                migration.incomingEnded = Self.incomingEnded
                if uri == "defer" { migration.deferIncoming() } else { try migration.startIncoming(uri) }
            } else if !options.startStopped {
                machine.setRunState(.running)
            }
        }
        // Everything happens on the machine's queue and its threads from here on.
        while true { pause() }
    }

    /// A refused stream ends the program with status 1, the texts on standard error.
    private static let incomingEnded: @Sendable (Result<MigrationInfo, MigrationError>, Bool) -> Void = {
        result, exits in
        switch result {
        case .success(let info):
            for warning in info.warnings { Report.line("warning: \(warning)") }
        case .failure(let error):
            for line in error.lines { Report.line(line) }
            for hint in error.hints { Report.note(hint) }
            if exits { exit(1) }
        }
    }

    private func handleSignals() {
        signal(SIGPIPE, SIG_IGN)
        for number in [SIGINT, SIGTERM, SIGHUP] {
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            let reference = UncheckedReference(machine)
            source.setEventHandler {
                let machine = reference.value
                machine.withLock { machine.requestQuit(.hostSignal) }
            }
            source.resume()
            signalSources.append(source)
        }
    }

    /// Called with the machine's lock held when it has ended.
    private func finish(_ cause: ShutdownCause) {
        for backend in backends { backend.close() }
        multiplexedStdio?.close()
        let fails = cause == .hostError || cause == .guestPanic && machine.panicAction == .exitFailure
        exit(fails ? 1 : 0)
    }
}

/// Carries the machine to a signal's queue, where it is only used under its lock.
private struct UncheckedReference<T>: @unchecked Sendable {
    let value: T
    init(_ value: T) { self.value = value }
}
