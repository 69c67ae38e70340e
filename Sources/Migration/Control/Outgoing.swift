import Dispatch
import EmuCore
import Glibc

/// Saving.
extension MigrationController {
    private static let sliceNanoseconds: Int64 = 100_000_000

    /// Saves the machine on the calling thread and closes the channel. The machine goes on as before: a guest that ran
    /// is stopped for the last part only.
    public func save(to channel: any MigrationChannel) throws {
        try begin(incoming: false)
        try MigrationThread.withoutBrokenPipeSignal {
            try saveAndEnd(to: channel, limited: false, keepsRunning: true)
        }
    }

    /// Saves the machine into memory.
    public func save() throws -> [UInt8] {
        let channel = MemoryChannel()
        try save(to: channel)
        return channel.bytes
    }

    /// Starts an outgoing migration in the background.
    ///
    /// - Throws: If one is under way, the machine cannot be migrated now, or the other end cannot be reached.
    public func startOutgoing(_ address: ChannelAddress) throws {
        try checkOutgoing()
        try begin(incoming: false)
        let channel: any MigrationChannel
        do { channel = try connect(address) } catch {
            let failure = MigrationError.wrapping(error)
            fail(failure)
            throw failure
        }
        use(channel)
        MigrationThread.start("migration") { [self] in
            do { try saveAndEnd(to: channel, limited: true, keepsRunning: false) } catch {
                machine.logger.error("migration failed: \(MigrationError.wrapping(error))")
            }
        }
    }

    /// As the other form, from a URI.
    public func startOutgoing(_ uri: String) throws { try startOutgoing(ChannelAddress(uri: uri)) }

    private func checkOutgoing() throws {
        switch machine.withLock({ machine.runState }) {
        case .inmigrate: throw MigrationError("Guest is waiting for an incoming migration")
        case .postmigrate:
            throw MigrationError("Can't migrate the vm that was paused due to previous migration")
        default: return
        }
    }

    private func saveAndEnd(to channel: any MigrationChannel, limited: Bool, keepsRunning: Bool) throws {
        use(channel)
        var stoppedFrom: RunState?
        do {
            let stopTime = try send(to: channel, limited: limited, stoppedFrom: &stoppedFrom)
            let before = stoppedFrom ?? .paused
            machine.withLock { setRunState(keepsRunning ? before : .postmigrate) }
            let now = VirtualClock.hostNow
            state.withLock { state in
                state.channel = nil
                state.info.ram = ram.statistics
                state.info.downtime = (now &- stopTime) / 1_000_000
                state.info.totalTime = (now &- state.startTime) / 1_000_000
                let seconds = Double(max(now &- state.startTime, 1)) / 1e9
                state.info.mbps = Double(state.info.ram.transferredBytes) * 8 / seconds / 1e6
            }
            setStatus(.completed)
        } catch {
            try? channel.close(failed: true)
            if let stoppedFrom {
                machine.withLock { setRunState(stoppedFrom) }
            }
            let failure = MigrationError.wrapping(error)
            fail(failure)
            throw failure
        }
    }

    /// The whole stream.
    ///
    /// - Returns: When the guest was stopped.
    private func send(to channel: any MigrationChannel, limited: Bool, stoppedFrom: inout RunState?) throws -> Int64 {
        let capabilities = capabilities
        ram.options = RAMOptions(
            ignoresShared: capabilities.contains("x-ignore-shared"),
            xbzrleCacheSize: capabilities.contains("xbzrle") ? parameter("xbzrle-cache-size") : 0)
        ram.onPass = { [unowned self] pass in
            guard self.capabilities.contains("events") else { return }
            emit("MIGRATION_PASS", ["pass": Value(unsigned: pass)])
        }
        let writer = StreamWriter(channel: channel)
        let policy = writePolicy
        try policy.check(machine.effectiveStreamSettings)
        let stream = machine.withLock { OutgoingStream(machine: machine, output: writer, policy: policy) }
        defer {
            machine.withLock { stream.cleanUp() }
            ram.onPass = nil
        }
        var answers: ReturnPathReader?
        try machine.withLock { try stream.writeHeader(capabilities: capabilities) }
        if capabilities.contains("return-path") {
            guard channel.isBidirectional else {
                throw MigrationError(
                    "Unable to open return-path",
                    hints: ["The channel carries bytes one way only; switch the capability return-path off."])
            }
            let reader = ReturnPathReader(channel: channel)
            reader.start()
            answers = reader
            try stream.write(.openReturnPath)
            try stream.write(.ping, [0, 0, 0, 1])
        }
        try locked(writer) { try stream.writeSetup() }
        let start = VirtualClock.hostNow
        state.withLock { state in
            state.info.setupTime = (start &- state.startTime) / 1_000_000
            state.info.ram = ram.statistics
        }
        guard setStatus(.active) else { throw cancelled }
        try iterate(stream, writer, limited: limited)
        let stopTime = try stop(writer, stoppedFrom: &stoppedFrom)
        if capabilities.contains("pause-before-switchover"), limited {
            guard setStatus(.preSwitchover) else { throw cancelled }
            while wakeUp.wait(timeout: .distantFuture) != .success {}
            guard setStatus(.device) else { throw cancelled }
        }
        writer.sliceLimit = 0
        let before = writer.position
        try locked(writer) { try stream.writeCompletion() }
        state.withLock { state in
            state.info.precopyBytes = before
            state.info.downtimeBytes = writer.position &- before
        }
        if isCancelling { throw cancelled }
        try answers?.finish()
        try channel.close(failed: false)
        return stopTime
    }

    private var cancelled: MigrationError { MigrationError("The migration was cancelled", code: ECANCELED) }

    /// Runs `body` with the machine's lock held, which is released while the channel blocks.
    private func locked(_ writer: StreamWriter, _ body: () throws -> Void) throws {
        try machine.withLock {
            writer.lockedMachine = machine
            defer { writer.lockedMachine = nil }
            try body()
        }
    }

    /// Rounds over the live sections until the rest fits into the permitted downtime.
    private func iterate(_ stream: OutgoingStream, _ writer: StreamWriter, limited: Bool) throws {
        var sliceStart = VirtualClock.hostNow
        var sliceBytes = writer.position
        var threshold: UInt64 = 0
        writer.startSlice()
        while true {
            if isCancelling { throw cancelled }
            writer.sliceLimit = limited ? parameter("max-bandwidth") / 10 : 0
            let pending = stream.pendingBytes
            if pending == 0 || pending <= threshold { return }
            // A copy for the embedder must end, however busily the guest writes.
            if !limited, ram.statistics.dirtySyncCount > 3 { return }
            _ = try stream.writeIteration()
            var now = VirtualClock.hostNow
            if writer.isRateLimited, now &- sliceStart < Self.sliceNanoseconds {
                try writer.flush()
                let rest = Int(Self.sliceNanoseconds &- (now &- sliceStart))
                // A wake-up means that a parameter changed or the migration is cancelled; both are looked at above.
                _ = wakeUp.wait(timeout: DispatchTime.now() + DispatchTimeInterval.nanoseconds(rest))
                now = VirtualClock.hostNow
            }
            let elapsed = now &- sliceStart
            if elapsed >= Self.sliceNanoseconds {
                let bytes = writer.position &- sliceBytes
                let perMillisecond = bytes &* 1_000_000 / UInt64(elapsed)
                let announced = parameter("avail-switchover-bandwidth") / 1000
                let rate = announced != 0 ? announced : perMillisecond
                let permitted = rate.multipliedReportingOverflow(by: parameter("downtime-limit"))
                threshold = permitted.overflow ? .max : permitted.partialValue
                sliceStart = now
                sliceBytes = writer.position
                writer.startSlice()
                state.withLock { state in
                    state.info.mbps = Double(bytes) * 8 / (Double(elapsed) / 1e9) / 1e6
                    state.info.expectedDowntime = Int64(clamping: pending / max(rate, 1))
                    state.info.pagesPerSecond = bytes / 4096 &* 1_000_000_000 / UInt64(elapsed)
                }
            }
            state.withLock { $0.info.ram = ram.statistics }
        }
    }

    /// Stops the guest for the last part.
    private func stop(_ writer: StreamWriter, stoppedFrom: inout RunState?) throws -> Int64 {
        machine.withLock {
            let before = machine.runState
            stoppedFrom = before
            runStateSection.store(before)
            setRunState(.finishMigrate)
        }
        return VirtualClock.hostNow
    }

    /// Opens the channel to a destination.
    func connect(_ address: ChannelAddress) throws -> any MigrationChannel {
        switch address {
        case .exec(let arguments):
            return try CommandChannel.start(
                arguments, writing: true, duplex: capabilities.contains("return-path"))
        case .descriptor(let name): return try open(descriptor: name, writing: true)
        case .file(let path, let offset): return try FileChannel(path: path, offset: offset, writing: true)
        case .unix(let path):
            let socket = try Sockets.connectUnix(path)
            return DescriptorChannel(input: socket, output: socket)
        case .tcp(let address):
            let socket = try Sockets.connectTCP(address)
            return DescriptorChannel(input: socket, output: socket)
        }
    }

    /// Takes over a descriptor given by number or by its name in the monitor.
    func open(descriptor name: String, writing: Bool) throws -> any MigrationChannel {
        let descriptor: Int32
        if let named = machine.withLock({ machine.monitor.namedDescriptors.removeValue(forKey: name) }) {
            descriptor = named
        } else if let number = Int32(name), number >= 0 {
            descriptor = number
        } else {
            throw MigrationError("File descriptor named '\(name)' has not been found")
        }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            throw MigrationError.system("File descriptor \(name) cannot be used", errno)
        }
        switch status.st_mode & S_IFMT {
        case S_IFSOCK: return DescriptorChannel(input: descriptor, output: descriptor)
        case S_IFREG: return try FileChannel(descriptor: descriptor, name: "fd:\(name)")
        default: return DescriptorChannel(input: writing ? -1 : descriptor, output: writing ? descriptor : -1)
        }
    }
}
