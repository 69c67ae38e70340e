import EmuCore
import Glibc

/// What a stream says, read without a machine.
public struct StreamReport: Sendable {
    /// A section with described state.
    public struct Section: Sendable {
        /// Name of the section.
        public var name: String
        /// Instance of the section.
        public var instance: UInt32
        /// Version that was written.
        public var version: Int
        /// Where the section begins in the stream.
        public var offset: UInt64
        /// Bytes in the stream, over all parts.
        public var size: UInt64 = 0
        /// Fields in wire order with their path, such as "fpu/fpr[3].value".
        public var fields: [FieldValue] = []
    }
    /// A field with its bytes.
    public struct FieldValue: Sendable, Equatable {
        /// Names from the section down to the field.
        public var path: String
        /// Type as the stream names it.
        public var type: String
        /// As they stand in the stream.
        public var bytes: [UInt8]
        /// Where the field begins in the stream.
        public var offset: UInt64
        /// The value as text: a number in hexadecimal, or the bytes.
        public var text: String {
            if bytes.count > 8 { return bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() }
            return hex(bytes.reduce(UInt64(0)) { $0 << 8 | UInt64($1) })
        }
    }
    /// A block of RAM in the stream's list.
    public struct RAM: Sendable, Equatable {
        /// Name of the block.
        public var name: String
        /// Bytes of the block.
        public var length: UInt64
    }

    /// Machine of the configuration section.
    public var machineName: String?
    /// Capabilities of the configuration section.
    public var capabilities: [String] = []
    /// UUID of the configuration section.
    public var uuid: String?
    /// Whether sections end with footers.
    public var hasFooters = false
    /// RAM blocks in the order listed.
    public var blocks: [RAM] = []
    /// Page records that say only that a page is zero.
    public var zeroPages: UInt64 = 0
    /// Page records with content.
    public var contentPages: UInt64 = 0
    /// Sections in the order of the stream.
    public var sections: [Section] = []
    /// Whether the JSON description follows.
    public var hasDescription = false
    /// Length of the stream.
    public var totalBytes: UInt64 = 0

    /// The section of a name and instance.
    public func section(_ name: String, instance: UInt32 = 0) -> Section? {
        sections.first { $0.name == name && $0.instance == instance }
    }
}

/// Reads streams without applying them.
public enum StreamInspector {
    /// Device state larger than this is not a stream.
    static let maximumStateLength = 512 << 20

    /// How a live section that has no length of its own can be skipped, by section name; without one, the section's
    /// footer is searched for.
    public typealias Skippers = [String: @Sendable (any StateInput) throws -> Void]

    /// What a stream in memory holds.
    public static func describe(_ stream: [UInt8], skippers: Skippers = [:]) throws -> StreamReport {
        try describe(MemoryChannel(stream), skippers: skippers)
    }

    /// What the stream in a file holds.
    public static func describe(path: String, offset: UInt64 = 0, skippers: Skippers = [:]) throws -> StreamReport {
        try describe(FileChannel(path: path, offset: offset, writing: false), skippers: skippers)
    }

    /// Reads a stream from files, pipes or sockets to its end.
    ///
    /// - Throws: ``MigrationError`` if it is not a stream or is damaged.
    public static func describe(_ channel: any MigrationChannel, skippers: Skippers = [:]) throws -> StreamReport {
        var walk = StreamWalk(input: StreamReader(channel: channel), skippers: skippers)
        try walk.run()
        return walk.report
    }

    /// Compares a stream with a machine without touching either: machine version, UUID, capabilities, RAM, devices.
    ///
    /// - Parameter capabilities: The migration capabilities that are on here.
    /// - Returns: What would refuse the stream, and what would be accepted but differs.
    public static func check(
        _ report: StreamReport, against machine: Machine, capabilities: Set<String> = []
    ) -> (refusals: [MigrationError], warnings: [String]) {
        machine.withLock {
            var refusals: [MigrationError] = []
            var warnings: [String] = []
            let settings = machine.effectiveStreamSettings
            if let name = report.machineName {
                if !settings.sendsConfiguration {
                    refusals.append(
                        MigrationError(
                            "Unknown savevm section type 7",
                            hints: ["Start this machine with -machine \(name); \(settings.machineName) is older."]))
                } else if name != settings.machineName {
                    refusals.append(
                        MigrationError(
                            "Machine type received is '\(name)' and local is '\(settings.machineName)'",
                            hints: ["Start this machine with -machine \(name)."]))
                }
            } else if settings.sendsConfiguration {
                refusals.append(
                    MigrationError(
                        "Configuration section missing",
                        hints: ["The source is a machine of 2.3 or older; start this one with its -machine option."]))
            }
            for name in ConfigurationSection.comparedCapabilities
            where report.capabilities.contains(name) != capabilities.contains(name) {
                let (source, target) = report.capabilities.contains(name) ? ("on", "off") : ("off", "on")
                refusals.append(
                    MigrationError(
                        "Capability \(name) is \(target), but received capability is \(source)",
                        hints: ["Set the migration capability \(name) \(source) here."]))
            }
            if let received = report.uuid, let own = settings.uuid.map(ConfigurationSection.text), received != own {
                refusals.append(
                    MigrationError(
                        "UUID received is \(received) and local is \(own)",
                        hints: ["Start this machine with -uuid \(received)."]))
            }
            let ram = RAMLiveState(machine: machine)
            ram.parts = ram.collectParts()
            refusals += ram.problems(with: report.blocks.map { (Array($0.name.utf8), $0.length) })
            warnings += ram.warnings
            var seen: Set<ObjectIdentifier> = []
            for section in report.sections {
                guard let entry = machine.state.entry(id: section.name, instance: section.instance) else {
                    refusals.append(
                        DeviceListCheck.unknownSection(
                            section.name, section.instance, registry: machine.state, offset: section.offset))
                    continue
                }
                seen.insert(ObjectIdentifier(entry))
                if case .described(let description, _) = entry.content, section.version > description.version {
                    refusals.append(
                        MigrationError(
                            "savevm: unsupported version \(section.version) for '\(section.name)' "
                                + "v\(description.version)", offset: section.offset))
                }
            }
            for entry in machine.state.entries where !seen.contains(ObjectIdentifier(entry)) {
                if case .described(let description, let subject) = entry.content,
                    StateWalker.isNeeded(description, subject)
                {
                    warnings.append(DeviceListCheck.missingText(entry))
                }
            }
            return (refusals, warnings)
        }
    }

    /// One difference between two streams.
    public struct Difference: Sendable, Equatable, CustomStringConvertible {
        /// Section and field that differ.
        public var place: String
        /// `nil`: not in the first stream.
        public var first: String?
        /// `nil`: not in the second stream.
        public var second: String?
        /// Place and both values.
        public var description: String { "\(place): \(first ?? "(missing)") / \(second ?? "(missing)")" }
    }

    /// Differences between two streams field by field: configuration, RAM blocks, sections, versions, fields.
    public static func diff(_ a: StreamReport, _ b: StreamReport) -> [Difference] {
        var result: [Difference] = []
        func compare(_ place: String, _ first: String?, _ second: String?) {
            if first != second { result.append(Difference(place: place, first: first, second: second)) }
        }
        compare("configuration.machine", a.machineName, b.machineName)
        compare("configuration.uuid", a.uuid, b.uuid)
        compare(
            "configuration.capabilities", a.capabilities.joined(separator: ","), b.capabilities.joined(separator: ","))
        compare("footers", "\(a.hasFooters)", "\(b.hasFooters)")
        let names =
            a.blocks.map(\.name) + b.blocks.map(\.name).filter { name in !a.blocks.contains { $0.name == name } }
        for name in names {
            compare(
                "ram.\(name)", a.blocks.first { $0.name == name }.map { hex($0.length) },
                b.blocks.first { $0.name == name }.map { hex($0.length) })
        }
        var matched: Set<String> = []
        for section in a.sections {
            let place = "\(section.name)[\(section.instance)]"
            matched.insert(place)
            guard let other = b.section(section.name, instance: section.instance) else {
                compare(place, "version \(section.version)", nil)
                continue
            }
            compare("\(place).version", "\(section.version)", "\(other.version)")
            let others = Dictionary(other.fields.map { ($0.path, $0) }, uniquingKeysWith: { first, _ in first })
            var paths: Set<String> = []
            for field in section.fields {
                paths.insert(field.path)
                let match = others[field.path]
                if match?.bytes != field.bytes { compare("\(place).\(field.path)", field.text, match?.text) }
            }
            for field in other.fields where !paths.contains(field.path) {
                compare("\(place).\(field.path)", nil, field.text)
            }
        }
        for section in b.sections where !matched.contains("\(section.name)[\(section.instance)]") {
            compare("\(section.name)[\(section.instance)]", nil, "version \(section.version)")
        }
        return result
    }
}
