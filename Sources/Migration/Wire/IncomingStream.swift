import EmuCore
import Glibc

/// The stream as it is read into a machine.
///
/// Confined to the thread that loads. Device sections are applied with the machine's lock held, which is released
/// while the channel blocks; RAM is applied without it, since nothing runs while a stream is loaded.
final class IncomingStream {
    let machine: Machine
    let settings: StreamSettings
    let input: StreamReader
    let capabilities: Set<String>
    /// Answers to the source, once it asked for them.
    private(set) var returnPath: ReturnPath?
    /// Things that are accepted but worth telling.
    private(set) var warnings: [String] = []
    /// Whether anything of the machine was changed.
    private(set) var hasApplied = false
    private var received: [UInt32: (entry: StateRegistry.Entry, version: Int)] = [:]
    private var seen: Set<ObjectIdentifier> = []

    init(machine: Machine, input: StreamReader, capabilities: Set<String>) {
        self.machine = machine
        self.input = input
        self.capabilities = capabilities
        settings = machine.effectiveStreamSettings
    }

    /// Reads the whole stream.
    ///
    /// - Throws: ``MigrationError`` with the texts of every level, the last being "load of migration failed: …".
    func load() throws {
        do {
            try checkAhead(header: try readHeader())
            try readSections(input, depth: 0)
            try readDescription()
            finish()
            reportMissing()
        } catch {
            finish()
            var failure = MigrationError.wrapping(error)
            if failure.offset == nil { failure.offset = input.position }
            throw failure.adding(line: "load of migration failed: \(errorText(failure.code))")
        }
    }

    private func finish() {
        machine.withLock {
            for entry in machine.state.entries {
                if case .live(let state, _) = entry.content {
                    if let ram = state as? RAMLiveState {
                        warnings += ram.warnings
                        ram.warnings = []
                    }
                    state.loadCleanup()
                }
            }
        }
    }

    // MARK: Header

    /// - Returns: What the configuration section has against the stream; framing that does not fit at all throws.
    private func readHeader() throws -> ConfigurationSection? {
        if try input.isAtEnd() {
            var hint = "The stream is empty."
            if let why = input.channel.endExplanation { hint += " \(why)" }
            throw MigrationError("Not a migration stream", hints: [hint], offset: 0)
        }
        let magic: UInt32
        do { magic = try input.read() } catch {
            throw MigrationError("Not a migration stream", hints: MigrationError.wrapping(error).hints, offset: 0)
        }
        guard magic == StreamFormat.magic else {
            throw MigrationError(
                "Not a migration stream",
                hints: ["It begins with \(hex(magic)) where a stream begins with \(hex(StreamFormat.magic)) (QEVM)."],
                offset: 0)
        }
        let version: UInt32 = try input.read()
        if version == StreamFormat.obsoleteVersion {
            throw MigrationError("SaveVM v2 format is obsolete and don't work anymore", code: ENOTSUP, offset: 4)
        }
        guard version == StreamFormat.version else {
            throw MigrationError(
                "Unsupported migration stream version",
                hints: ["The stream has version \(version), known is \(StreamFormat.version)."], code: ENOTSUP,
                offset: 4)
        }
        guard settings.sendsConfiguration else { return nil }
        guard try input.readByte() == StreamFormat.configuration else {
            throw MigrationError(
                "Configuration section missing",
                hints: [
                    "The source runs a machine version that sends none; this is \(settings.machineName). "
                        + "Start this machine with the source's -machine option."
                ], offset: 8)
        }
        let section = ConfigurationSection(settings: settings, capabilities: capabilities)
        try StateLoader(input: input).load(ConfigurationSection.description, section, version: 0)
        warnings += section.warnings
        return section
    }

    /// Compares configuration, RAM and devices with the machine before anything is changed.
    private func checkAhead(header: ConfigurationSection?) throws {
        let ram = machine.state.entries.lazy.compactMap { entry -> RAMLiveState? in
            if case .live(let state, _) = entry.content { return state as? RAMLiveState }
            return nil
        }.first
        let check = try Preflight(header: header, input: input, machine: machine, ram: ram)
        warnings += check.warnings
        if let failure = check.failure { throw failure }
    }

    // MARK: Sections

    private func readSections(_ reader: StreamReader, depth: Int) throws {
        guard depth < 2 else { throw MigrationError("Packaged streams are nested too deeply") }
        while true {
            if depth > 0, try reader.isAtEnd() { return }
            let start = reader.position
            let type = try reader.readByte()
            switch type {
            case StreamFormat.sectionStart, StreamFormat.sectionFull: try readFirst(reader, at: start)
            case StreamFormat.sectionPart, StreamFormat.sectionEnd: try readNext(reader, at: start)
            case StreamFormat.command: try readCommand(reader, depth: depth)
            case StreamFormat.endOfSections: return
            default:
                var hints: [String] = []
                if type == StreamFormat.configuration, !settings.sendsConfiguration {
                    hints = [
                        "This is the configuration section of a newer machine version; \(settings.machineName) has none."
                            + " Start this machine with the source's -machine option."
                    ]
                }
                throw MigrationError("Unknown savevm section type \(type)", hints: hints, offset: start)
            }
        }
    }

    private func readFirst(_ reader: StreamReader, at start: UInt64) throws {
        let number: UInt32 = try reader.read()
        let name = try reader.readCountedName()
        guard !name.isEmpty else {
            throw MigrationError("Unable to read ID string for section \(number)", offset: start)
        }
        let instance: UInt32 = try reader.read()
        let version: UInt32 = try reader.read()
        guard let entry = machine.state.entry(id: name, instance: instance) else {
            throw DeviceListCheck.unknownSection(name, instance, registry: machine.state, offset: start)
        }
        let known: Int
        switch entry.content {
        case .described(let description, _): known = description.version
        case .live(_, let version): known = version
        }
        guard version <= UInt32(known) else {
            throw MigrationError(
                "savevm: unsupported version \(Int32(bitPattern: version)) for '\(name)' v\(known)",
                hints: ["The stream was written by a newer release; versions up to \(known) are known here."],
                offset: start)
        }
        received[number] = (entry, Int(version))
        seen.insert(ObjectIdentifier(entry))
        do { try apply(entry, Int(version), reader) } catch {
            throw located(error, entry, start).adding(
                line: "error while loading state for instance \(hex(instance)) of device '\(name)'")
        }
        try readFooter(reader, entry, number)
    }

    private func readNext(_ reader: StreamReader, at start: UInt64) throws {
        let number: UInt32 = try reader.read()
        guard let (entry, version) = received[number], case .live = entry.content else {
            throw MigrationError("Unknown savevm section \(Int32(bitPattern: number))", offset: start)
        }
        do { try apply(entry, version, reader) } catch {
            throw located(error, entry, start).adding(
                line: "error while loading state section id \(Int32(bitPattern: number))(\(entry.id))")
        }
        try readFooter(reader, entry, number)
    }

    private func apply(_ entry: StateRegistry.Entry, _ version: Int, _ reader: StreamReader) throws {
        hasApplied = true
        if case .live(let state, _) = entry.content, state is RAMLiveState {
            try state.load(reader, version: version)
            return
        }
        try machine.withLock {
            reader.lockedMachine = machine
            defer { reader.lockedMachine = nil }
            switch entry.content {
            case .described(let description, let subject):
                try StateLoader(input: reader).load(description, subject, version: version)
            case .live(let state, _):
                try state.load(reader, version: version)
            }
        }
    }

    /// Adds where in the stream it happened.
    private func located(_ error: any Error, _ entry: StateRegistry.Entry, _ start: UInt64) -> MigrationError {
        var failure = MigrationError.wrapping(error)
        let offset = failure.offset ?? input.position
        failure.offset = offset
        failure.hints.append(
            "Section '\(entry.id)' instance \(entry.instance) begins at byte \(hex(start)) of the stream; reading "
                + "stopped at byte \(hex(offset)).")
        return failure
    }

    private func readFooter(_ reader: StreamReader, _ entry: StateRegistry.Entry, _ number: UInt32) throws {
        guard settings.sendsFooters else { return }
        let start = reader.position
        let mark: UInt8
        do { mark = try reader.readByte() } catch {
            throw MigrationError.wrapping(error).adding(line: "check_section_footer: Read section footer failed: -5")
        }
        guard mark == StreamFormat.footer else {
            throw MigrationError(
                "Missing section footer for \(entry.id)",
                hints: [
                    "Byte \(hex(start)) is \(hex(mark)), expected \(hex(StreamFormat.footer)): the source's state of "
                        + "'\(entry.id)' is longer or shorter than this machine expects."
                ], offset: start)
        }
        let footer: UInt32 = try reader.read()
        guard footer == number else {
            throw MigrationError(
                "Mismatched section id in footer for \(entry.id) - read \(hex(footer)) expected \(hex(number))",
                offset: start)
        }
    }

    // MARK: Commands

    private func readCommand(_ reader: StreamReader, depth: Int) throws {
        let start = reader.position
        let code: UInt16 = try reader.read()
        let length: UInt16 = try reader.read()
        guard let command = StreamCommand(rawValue: code) else {
            throw MigrationError(
                "MIG_CMD \(hex(code)) unknown (len \(hex(length)))", hints: [], offset: start)
        }
        if let expected = command.length, expected != Int(length) {
            throw MigrationError(
                "\(command.name) received with bad length - expecting \(expected), got \(length)", code: ERANGE,
                offset: start)
        }
        switch command {
        case .openReturnPath:
            guard returnPath == nil else { return }
            guard reader.channel.isBidirectional else {
                throw MigrationError(
                    "CMD_OPEN_RETURN_PATH failed",
                    hints: ["The channel carries bytes one way only; switch return-path off at the source."],
                    code: EPERM, offset: start)
            }
            returnPath = ReturnPath(channel: reader.channel)
        case .ping:
            let value: UInt32 = try reader.read()
            guard let returnPath else {
                throw MigrationError(
                    "CMD_PING (\(hex(value))) received with no return path", code: EPERM, offset: start)
            }
            try returnPath.sendPong(value)
        case .packaged:
            try readPackage(reader, depth: depth)
        case .switchoverStart:
            return
        case .postcopyAdvise, .postcopyListen, .postcopyRun, .postcopyRAMDiscard, .postcopyResume, .receivedBitmap:
            throw MigrationError(
                "\(command.name) received, but postcopy is not supported",
                hints: ["Switch the capability postcopy-ram off at the source."], offset: start)
        case .enableCOLO:
            throw MigrationError(
                "\(command.name) received, but COLO is not supported",
                hints: ["Switch the capability x-colo off at the source."], offset: start)
        }
    }

    private func readPackage(_ reader: StreamReader, depth: Int) throws {
        let length: UInt32 = try reader.read()
        var bytes: [UInt8] = []
        while bytes.count < Int(length) {
            bytes.append(contentsOf: try reader.readBytes(min(1 << 20, Int(length) - bytes.count)))
        }
        try readSections(StreamReader(channel: MemoryChannel(bytes)), depth: depth + 1)
    }

    // MARK: End

    private func readDescription() throws {
        guard settings.sendsDescription else { return }
        guard let type = try input.peek(), type == StreamFormat.description else {
            warnings.append("The stream has no description at its end.")
            return
        }
        do {
            try input.skip(1)
            let length: UInt32 = try input.read()
            try input.skip(UInt64(length))
        } catch {
            // All state has arrived; the description is for readers of the file.
            warnings.append("The description at the end of the stream is cut short.")
        }
    }

    /// What QEMU accepts silently: state of this machine for which nothing arrived.
    private func reportMissing() {
        for entry in machine.state.entries where !seen.contains(ObjectIdentifier(entry)) {
            switch entry.content {
            case .described(let description, let subject):
                guard StateWalker.isNeeded(description, subject) else { continue }
            case .live(let state, _):
                guard state.isActive else { continue }
            }
            let text = DeviceListCheck.missingText(entry)
            if !warnings.contains(text) { warnings.append(text) }
        }
    }
}
