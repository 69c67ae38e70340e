import EmuCore

/// The stream as it is written: header, live sections in rounds, device sections, description.
///
/// Confined to the thread that migrates. The caller decides when which part is written and holds the machine's lock
/// where a method says so.
final class OutgoingStream {
    let machine: Machine
    let settings: StreamSettings
    let output: StreamWriter
    private var saver: StateSaver
    private let live: [StateRegistry.Entry]
    private let policy: WritePolicy

    init(machine: Machine, output: StreamWriter, policy: WritePolicy) {
        self.machine = machine
        self.output = output
        self.policy = policy
        settings = machine.effectiveStreamSettings
        saver = StateSaver(output: output, policy: policy)
        live = StreamOrder.live(machine.state.entries)
    }

    /// Magic, version, configuration.
    func writeHeader(capabilities: Set<String>) throws {
        try output.write(StreamFormat.magic)
        try output.write(StreamFormat.version)
        saver.json.beginObject()
        guard settings.sendsConfiguration else { return }
        try output.write(StreamFormat.configuration)
        saver.json.beginObject("configuration")
        let section = ConfigurationSection(settings: settings, capabilities: capabilities)
        try saver.save(ConfigurationSection.description, section, version: 1)
        saver.json.endObject()
    }

    func write(_ command: StreamCommand, _ payload: [UInt8] = []) throws {
        try output.write(StreamFormat.command)
        try output.write(command.rawValue)
        try output.write(UInt16(truncatingIfNeeded: payload.count))
        try output.write(payload)
        try output.flush()
    }

    /// START of every live section.
    func writeSetup() throws {
        for entry in live {
            guard let state = liveState(entry), state.isActive else { continue }
            try writeHeader(of: entry, StreamFormat.sectionStart, version: liveVersion(entry))
            try state.saveSetup(output)
            try writeFooter(of: entry)
        }
    }

    /// One PART of each live section until one has more to send.
    ///
    /// - Returns: Whether nothing is left for now.
    func writeIteration() throws -> Bool {
        for entry in live {
            guard let state = liveState(entry), state.isActive else { continue }
            if output.isRateLimited { return false }
            try writeHeader(of: entry, StreamFormat.sectionPart, version: 0)
            let done: Bool
            if state is RAMLiveState {
                done = try state.saveIteration(output)
            } else {
                // Tables of the guest that devices and hypercalls change are only looked at with the machine's lock.
                done = try machine.withLock { try state.saveIteration(output) }
            }
            try writeFooter(of: entry)
            if !done { return false }
        }
        return true
    }

    var pendingBytes: UInt64 {
        live.reduce(UInt64(0)) { sum, entry in
            guard let state = liveState(entry), state.isActive else { return sum }
            return sum &+ state.pendingBytes
        }
    }

    /// All that is left: END of the live sections, the device sections, the description. The machine is stopped and
    /// its lock held.
    func writeCompletion() throws {
        for entry in live {
            guard let state = liveState(entry), state.isActive else { continue }
            try writeHeader(of: entry, StreamFormat.sectionEnd, version: 0)
            try state.saveCompletion(output)
            try writeFooter(of: entry)
        }
        saver.json.integer("page_size", 1 << settings.pageBits)
        saver.json.beginArray("devices")
        for entry in machine.state.entries {
            guard case .described(let description, let subject) = entry.content,
                StateWalker.isNeeded(description, subject), policy.includes(description)
            else { continue }
            saver.json.beginObject()
            saver.json.string("name", entry.id)
            saver.json.integer("instance_id", entry.instance)
            let version = try policy.version(of: description, subject)
            try writeHeader(of: entry, StreamFormat.sectionFull, version: version)
            try saver.save(description, subject, version: version)
            try writeFooter(of: entry)
            saver.json.endObject()
        }
        saver.json.endArray()
        saver.json.endObject()
        try output.write(StreamFormat.endOfSections)
        if settings.sendsDescription {
            try output.write(StreamFormat.description)
            try output.write(UInt32(truncatingIfNeeded: saver.json.bytes.count))
            try output.write(saver.json.bytes)
        }
        try output.flush()
    }

    func cleanUp() {
        for entry in live { liveState(entry)?.saveCleanup() }
    }

    private func writeHeader(of entry: StateRegistry.Entry, _ type: UInt8, version: Int) throws {
        try output.write(type)
        try output.write(entry.sectionID)
        if type == StreamFormat.sectionStart || type == StreamFormat.sectionFull {
            try output.writeCounted(entry.id)
            try output.write(entry.instance)
            try output.write(UInt32(truncatingIfNeeded: version))
        }
    }

    private func writeFooter(of entry: StateRegistry.Entry) throws {
        guard settings.sendsFooters else { return }
        try output.write(StreamFormat.footer)
        try output.write(entry.sectionID)
    }

    private func liveState(_ entry: StateRegistry.Entry) -> (any LiveState)? {
        if case .live(let state, _) = entry.content { return state }
        return nil
    }

    private func liveVersion(_ entry: StateRegistry.Entry) -> Int {
        if case .live(_, let version) = entry.content { return version }
        return 0
    }
}

/// The order of live sections: RAM goes first, whenever it was registered.
enum StreamOrder {
    static func live(_ entries: [StateRegistry.Entry]) -> [StateRegistry.Entry] {
        let live = entries.filter { if case .live = $0.content { true } else { false } }
        return live.filter { $0.id == RAMLiveState.sectionName } + live.filter { $0.id != RAMLiveState.sectionName }
    }
}
