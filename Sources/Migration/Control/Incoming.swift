import EmuCore
import Glibc

/// Loading.
extension MigrationController {
    /// Loads a stream on the calling thread and closes the channel.
    ///
    /// - Parameters:
    ///   - channel: Where the stream comes from.
    ///   - autostart: Whether a guest that was running at the source runs here at once; otherwise it is paused.
    /// - Throws: ``MigrationError``. The machine is then reset if anything of it was changed, and stays stopped.
    public func load(from channel: any MigrationChannel, autostart: Bool = false) throws {
        try begin(incoming: true)
        try MigrationThread.withoutBrokenPipeSignal {
            try loadAndEnd(from: channel, autostart: autostart)
        }
    }

    /// Loads a stream from memory.
    public func load(_ stream: [UInt8], autostart: Bool = false) throws {
        try load(from: MemoryChannel(stream), autostart: autostart)
    }

    /// Puts the machine into the state in which it waits for `migrate-incoming` (`-incoming defer`).
    public func deferIncoming() {
        state.withLock { $0.isIncomingDeferred = true }
        machine.withLock { setRunState(.inmigrate) }
    }

    /// Starts an incoming migration in the background: listens, or opens the channel, and loads what arrives.
    ///
    /// - Throws: If the address cannot be used; later failures go to ``incomingEnded``.
    public func startIncoming(_ address: ChannelAddress, exitOnError: Bool = true) throws {
        machine.withLock { setRunState(.inmigrate) }
        state.withLock { $0.isIncomingStarted = true }
        let source: IncomingSource
        do { source = try listen(address) } catch {
            state.withLock { $0.isIncomingStarted = false }
            throw error
        }
        MigrationThread.start("migration-incoming") { [self] in
            let result: Result<MigrationInfo, MigrationError>
            do {
                let channel = try source.open()
                state.withLock { $0.listener = nil }
                try begin(incoming: true)
                try loadAndEnd(from: channel, autostart: nil)
                result = .success(info)
            } catch {
                let failure = MigrationError.wrapping(error)
                state.withLock { state in
                    state.listener = nil
                    state.isIncomingStarted = false
                }
                result = .failure(failure)
            }
            incomingEnded?(result, exitOnError)
        }
    }

    /// As the other form, from a URI.
    public func startIncoming(_ uri: String, exitOnError: Bool = true) throws {
        try startIncoming(ChannelAddress(uri: uri), exitOnError: exitOnError)
    }

    /// The command `migrate-incoming`: as ``startIncoming(_:exitOnError:)``, once, after `-incoming defer`.
    public func startDeferredIncoming(_ address: ChannelAddress, exitOnError: Bool = true) throws {
        try state.withLock { state in
            guard state.isIncomingDeferred else {
                throw MigrationError("'-incoming' was not specified on the command line")
            }
            guard !state.isIncomingStarted else {
                throw MigrationError("The incoming migration has already been started")
            }
        }
        try startIncoming(address, exitOnError: exitOnError)
    }

    /// A channel that is open already, or a socket that waits for one.
    private enum IncomingSource: Sendable {
        case channel(any MigrationChannel)
        case listener(ListeningSocket)

        func open() throws -> any MigrationChannel {
            switch self {
            case .channel(let channel): channel
            case .listener(let listener): try listener.accept()
            }
        }
    }

    private func listen(_ address: ChannelAddress) throws -> IncomingSource {
        switch address {
        case .exec(let arguments):
            return .channel(try CommandChannel.start(arguments, writing: false, duplex: false))
        case .descriptor(let name): return .channel(try open(descriptor: name, writing: false))
        case .file(let path, let offset):
            return .channel(try FileChannel(path: path, offset: offset, writing: false))
        case .unix(let path):
            let listener = ListeningSocket(
                descriptor: try Sockets.listenUnix(path), address: ["type": "unix", "path": .string(path)],
                unixPath: path)
            return keep(listener)
        case .tcp(let address):
            let (descriptor, port) = try Sockets.listenTCP(address)
            let listener = ListeningSocket(
                descriptor: descriptor,
                address: ["type": "inet", "host": .string(address.host), "port": .string(String(port))])
            return keep(listener)
        }
    }

    private func keep(_ listener: ListeningSocket) -> IncomingSource {
        state.withLock { state in
            state.listener = listener
            state.info.listeningAddress = listener.address
        }
        return .listener(listener)
    }

    /// - Parameter autostart: `nil`: as `-S`, `stop` and `cont` left it.
    private func loadAndEnd(from channel: any MigrationChannel, autostart: Bool?) throws {
        use(channel)
        let capabilities = capabilities
        let before = machine.withLock { machine.runState }
        let stream = IncomingStream(
            machine: machine, input: StreamReader(channel: channel), capabilities: capabilities)
        do {
            guard !before.isRunning else {
                throw MigrationError("A running machine cannot load a stream", code: EBUSY)
            }
            machine.withLock {
                setRunState(.inmigrate)
                runStateSection.received = nil
            }
            ram.options = RAMOptions(ignoresShared: capabilities.contains("x-ignore-shared"))
            setStatus(.active)
            try stream.load()
            try stream.returnPath?.sendShut(0)
            try channel.close(failed: false)
        } catch {
            try? stream.returnPath?.sendShut(1)
            try? channel.close(failed: true)
            var failure = MigrationError.wrapping(error)
            for warning in stream.warnings { failure.hints.append("warning: \(warning)") }
            machine.withLock {
                // Half-loaded state must not be mistaken for a guest.
                if stream.hasApplied { machine.resetMachine() }
                if !before.isRunning { setRunState(before) }
            }
            fail(failure)
            throw failure
        }
        for warning in stream.warnings { machine.logger.warning("\(warning)") }
        let arrived = runStateSection.received ?? .running
        machine.withLock {
            let starts = autostart ?? machine.startAfterMigration
            setRunState(arrived == .running ? (starts ? .running : .paused) : arrived)
        }
        let now = VirtualClock.hostNow
        state.withLock { state in
            state.channel = nil
            state.info.warnings = stream.warnings
            state.info.totalTime = (now &- state.startTime) / 1_000_000
        }
        setStatus(.completed)
    }
}
