import EmuCore

/// Everything that speaks against a stream and can be seen before anything of it is applied, all at once: what its
/// configuration section says, its list of RAM blocks, and, where the channel can look ahead, its list of devices.
struct Preflight {
    /// In the order in which a reader would run into them, each with the lines that the reader would print.
    private(set) var refusals: [MigrationError] = []
    private(set) var warnings: [String] = []

    /// - Parameters:
    ///   - header: The configuration section, where the machine has one.
    ///   - input: A stream whose header is read; nothing is consumed.
    ///   - ram: The machine's RAM section, idle; `nil` if it has none.
    init(header: ConfigurationSection?, input: StreamReader, machine: Machine, ram: RAMLiveState?) throws {
        refusals = header?.problems ?? []
        let hasAddresses = header?.capabilities.contains("x-ignore-shared") ?? false
        if let ram, let blocks = try Self.blocks(ahead: input, hasAddresses: hasAddresses) {
            let look = RAMLiveState(machine: machine)
            look.options = ram.options
            look.parts = look.collectParts()
            // The first line that is not about a block is the section's.
            refusals += look.problems(with: blocks).map {
                $0.adding(line: "error while loading state for instance 0x0 of device '\(RAMLiveState.sectionName)'")
            }
        }
        if let list = try StreamTail.description(ahead: input) {
            let problems = DeviceListCheck.compare(list, with: machine.state)
            warnings += problems.warnings
            refusals += problems.refusals
        }
    }

    /// The first refusal in its reader's words, with all others after its hints; `nil` if there is none.
    var failure: MigrationError? {
        guard var first = refusals.first else { return nil }
        for other in refusals.dropFirst() {
            // The section's own line says nothing new the second time.
            first.hints.append("Also: " + other.lines.filter { !first.lines.contains($0) }.joined(separator: ": "))
            for hint in other.hints where !first.hints.contains(hint) { first.hints.append(hint) }
        }
        return first
    }

    /// The list of RAM blocks, if that is what follows; `nil` for a stream that goes on in another way, which is left to
    /// its reader.
    private static func blocks(ahead input: StreamReader, hasAddresses: Bool) throws
        -> [(name: [UInt8], length: UInt64)]?
    {
        var cursor = Cursor(input: input)
        while true {
            switch try cursor.number(1) {
            case UInt64(StreamFormat.command):
                guard try cursor.number(2) != nil, let length = try cursor.number(2) else { return nil }
                cursor.offset += Int(length)
            case UInt64(StreamFormat.sectionStart):
                guard try cursor.number(4) != nil, let name = try cursor.counted(),
                    name == Array(RAMLiveState.sectionName.utf8), try cursor.number(4) != nil,
                    try cursor.number(4) == UInt64(RAMLiveState.version), let word = try cursor.number(8),
                    word & 0xfff == RAMFlags.memorySize
                else { return nil }
                return try blocks(&cursor, total: word & ~0xfff, hasAddresses: hasAddresses)
            default: return nil
            }
        }
    }

    private static func blocks(_ cursor: inout Cursor, total: UInt64, hasAddresses: Bool) throws
        -> [(name: [UInt8], length: UInt64)]?
    {
        var left = total
        var blocks: [(name: [UInt8], length: UInt64)] = []
        while left > 0 {
            guard let name = try cursor.counted(), let length = try cursor.number(8), length > 0, length <= left else {
                return nil
            }
            if hasAddresses, try cursor.number(8) == nil { return nil }
            blocks.append((name, length))
            left -= length
        }
        return blocks
    }

    /// Reads bytes that are still to come, a few at a time, so that a slow source is never asked for more than it has to
    /// send anyway.
    private struct Cursor {
        /// A list of blocks that is longer is left to the reader.
        static let reach = 64 << 10
        let input: StreamReader
        var offset = 0

        /// A big-endian number of `count` bytes; `nil` if the stream ends before, or is too far ahead.
        mutating func number(_ count: Int) throws -> UInt64? {
            try bytes(count)?.reduce(0) { $0 << 8 | UInt64($1) }
        }

        mutating func counted() throws -> [UInt8]? {
            guard let length = try number(1) else { return nil }
            return try bytes(Int(length))
        }

        private mutating func bytes(_ count: Int) throws -> [UInt8]? {
            guard offset <= Self.reach, let bytes = try input.peek(offset, count: count) else { return nil }
            offset += count
            return bytes
        }
    }
}
