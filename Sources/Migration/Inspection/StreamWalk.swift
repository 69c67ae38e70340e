import EmuCore
import Glibc

/// One walk over a stream: live sections are skipped as they come, then the device sections are kept in memory and
/// taken apart with the description that follows them.
struct StreamWalk {
    let input: StreamReader
    let skippers: StreamInspector.Skippers
    var report = StreamReport()
    private var names: [UInt32: Int] = [:]

    init(input: StreamReader, skippers: StreamInspector.Skippers) {
        self.input = input
        self.skippers = skippers
    }

    mutating func run() throws {
        try readHeader()
        while true {
            guard let type = try input.peek() else { throw truncated() }
            switch type {
            case StreamFormat.sectionStart: try readLive(isFirst: true)
            case StreamFormat.sectionPart, StreamFormat.sectionEnd: try readLive(isFirst: false)
            case StreamFormat.command: try skipCommand()
            case StreamFormat.sectionFull, StreamFormat.endOfSections:
                try readState()
                return
            default:
                throw MigrationError("Unknown savevm section type \(type)", offset: input.position)
            }
        }
    }

    private func truncated() -> MigrationError {
        MigrationError("The stream ends before its last section", code: EIO, offset: input.position)
    }

    private mutating func readHeader() throws {
        guard let magic = try input.peek(0, count: 4), magic == [0x51, 0x45, 0x56, 0x4d] else {
            throw MigrationError("Not a migration stream", offset: 0)
        }
        try input.skip(4)
        guard try input.read(UInt32.self) == StreamFormat.version else {
            throw MigrationError("Unsupported migration stream version", code: ENOTSUP, offset: 4)
        }
        guard try input.peek() == StreamFormat.configuration else { return }
        try input.skip(1)
        let length: UInt32 = try input.read()
        guard length <= StreamFormat.maximumNameLength else {
            throw MigrationError("The machine name claims to have \(length) bytes", offset: 9)
        }
        report.machineName = String(decoding: try input.readBytes(Int(length)), as: UTF8.self)
        while try input.peek() == StreamFormat.subsection {
            try input.skip(1)
            let name = try input.readCountedName()
            _ = try input.read(UInt32.self)
            switch name {
            case "configuration/target-page-bits": try input.skip(4)
            case "configuration/uuid": report.uuid = ConfigurationSection.text(try input.readBytes(16))
            case "configuration/capabilities":
                let count: UInt32 = try input.read()
                guard count <= 256 else { throw MigrationError("The stream claims \(count) capabilities") }
                for _ in 0..<count { report.capabilities.append(try input.readCountedName()) }
            default: throw MigrationError("Unknown configuration part '\(name)'", offset: input.position)
            }
        }
    }

    private mutating func readLive(isFirst: Bool) throws {
        let start = input.position
        try input.skip(1)
        let number: UInt32 = try input.read()
        if isFirst {
            let name = try input.readCountedName()
            let instance: UInt32 = try input.read()
            let version: UInt32 = try input.read()
            names[number] = report.sections.count
            report.sections.append(
                .init(
                    name: name, instance: instance, version: Int(Int32(bitPattern: version)), offset: start))
        }
        guard let index = names[number] else {
            throw MigrationError("Unknown savevm section \(number)", offset: start)
        }
        let name = report.sections[index].name
        if name == RAMLiveState.sectionName {
            try skipRAM()
        } else if let skipper = skippers[name] {
            try skipper(input)
        } else {
            try skipToEnd(number, name)
        }
        if try input.peek() == StreamFormat.footer {
            try input.skip(1)
            guard try input.read(UInt32.self) == number else {
                throw MigrationError("Mismatched section id in footer for \(name)", offset: start)
            }
            report.hasFooters = true
        }
        report.sections[index].size &+= input.position &- start
    }

    /// A section of unknown form ends where its footer stands and something known follows; without footers, where the
    /// next section's header stands.
    private func skipToEnd(_ number: UInt32, _ name: String) throws {
        let footer = [StreamFormat.footer] + withUnsafeBytes(of: number.bigEndian) { Array($0) }
        while let byte = try input.peek() {
            if report.hasFooters {
                if byte == StreamFormat.footer, let bytes = try input.peek(0, count: 6), Array(bytes[0..<5]) == footer,
                    bytes[5] <= StreamFormat.sectionFull || bytes[5] == StreamFormat.command
                {
                    return
                }
            } else if try isHeader(byte) {
                return
            }
            try input.skip(1)
        }
        throw MigrationError("The end of section '\(name)' cannot be found", code: EIO, offset: input.position)
    }

    /// Whether a section seems to begin at the current position.
    private func isHeader(_ type: UInt8) throws -> Bool {
        guard type >= StreamFormat.sectionStart, type <= StreamFormat.sectionFull,
            let bytes = try input.peek(1, count: 5)
        else { return false }
        let id = bytes[0..<4].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        if type == StreamFormat.sectionPart || type == StreamFormat.sectionEnd { return names[id] != nil }
        let length = Int(bytes[4])
        guard id < 1 << 16, length >= 2, let rest = try input.peek(6, count: length + 8) else { return false }
        return rest[0..<length].allSatisfy { $0 > 0x20 && $0 < 0x7f }
            && rest[(length + 4)..<(length + 7)].allSatisfy { $0 == 0 }
    }

    private mutating func skipRAM() throws {
        while true {
            let start = input.position
            let word = try input.readWord()
            let flags = word & 0xfff
            if flags & RAMFlags.endOfSection != 0 { return }
            if flags & RAMFlags.memorySize != 0 {
                var left = word & ~0xfff
                while left > 0 {
                    let name = try input.readCountedName()
                    let length = try input.readWord()
                    guard length > 0, length <= left else {
                        throw MigrationError("RAM block list does not add up", offset: start)
                    }
                    if report.capabilities.contains("x-ignore-shared") { try input.skip(8) }
                    report.blocks.append(.init(name: name, length: length))
                    left -= length
                }
                continue
            }
            let kind = flags & ~RAMFlags.sameBlock
            guard [RAMFlags.zero, RAMFlags.page, RAMFlags.xbzrle].contains(kind) else {
                throw MigrationError("Unknown combination of migration flags: \(hex(flags))", offset: start)
            }
            if flags & RAMFlags.sameBlock == 0 { _ = try input.readCountedName() }
            switch kind {
            case RAMFlags.zero:
                try input.skip(1)
                report.zeroPages &+= 1
            case RAMFlags.page:
                try input.skip(4096)
                report.contentPages &+= 1
            default:
                try input.skip(1)
                try input.skip(UInt64(try input.read(UInt16.self)))
                report.contentPages &+= 1
            }
        }
    }

    private func skipCommand() throws {
        try input.skip(1)
        let code: UInt16 = try input.read()
        let length: UInt16 = try input.read()
        guard code != StreamCommand.packaged.rawValue else {
            throw MigrationError("A postcopy stream cannot be described", offset: input.position)
        }
        try input.skip(UInt64(length))
    }

    // MARK: Device state

    private mutating func readState() throws {
        let base = input.position
        var bytes: [UInt8] = []
        while let more = try input.takeBuffered() {
            bytes.append(contentsOf: more)
            guard bytes.count <= StreamInspector.maximumStateLength else {
                throw MigrationError("The device state is too long", offset: base)
            }
        }
        report.totalBytes = base &+ UInt64(bytes.count)
        var list: StreamDescription?
        var end = bytes.count
        if let range = StreamTail.find(in: bytes) {
            list = try? StreamDescription(json: Array(bytes[range]))
            if list != nil {
                report.hasDescription = true
                end = range.lowerBound - 5
            }
        }
        var taker = StateTaker(bytes: bytes, end: end, base: base, list: list, hasFooters: report.hasFooters)
        try taker.run()
        report.sections += taker.sections
    }
}

/// Takes device sections apart.
struct StateTaker {
    let bytes: [UInt8]
    let end: Int
    let base: UInt64
    let list: StreamDescription?
    let hasFooters: Bool
    var position = 0
    var sections: [StreamReport.Section] = []

    init(bytes: [UInt8], end: Int, base: UInt64, list: StreamDescription?, hasFooters: Bool) {
        self.bytes = bytes
        self.end = end
        self.base = base
        self.list = list
        self.hasFooters = hasFooters
    }

    private func failure(_ text: String) -> MigrationError {
        MigrationError(text, code: EIO, offset: base &+ UInt64(position))
    }

    private mutating func take(_ count: Int) throws -> [UInt8] {
        guard count >= 0, count <= end - position else { throw failure("The stream ends inside a section") }
        defer { position += count }
        return Array(bytes[position..<position + count])
    }

    private mutating func number(_ count: Int) throws -> UInt64 {
        try take(count).reduce(0) { $0 << 8 | UInt64($1) }
    }

    mutating func run() throws {
        while position < end {
            let start = position
            let type = try number(1)
            if type == UInt64(StreamFormat.endOfSections) { return }
            guard type == UInt64(StreamFormat.sectionFull) else {
                throw failure("Unknown savevm section type \(type)")
            }
            let id = try number(4)
            let name = String(decoding: try take(Int(try number(1))), as: UTF8.self)
            let instance = UInt32(truncatingIfNeeded: try number(4))
            let version = Int(Int32(truncatingIfNeeded: try number(4)))
            var section = StreamReport.Section(
                name: name, instance: instance, version: version, offset: base &+ UInt64(start))
            if let device = list?.devices.first(where: { $0.name == name && $0.instance == instance }) {
                try fields(of: device.structure, prefix: "", into: &section.fields, depth: 0)
            } else {
                let bodyStart = position
                position = bodyEnd(id)
                section.fields.append(
                    .init(
                        path: "data", type: "buffer", bytes: Array(bytes[bodyStart..<position]),
                        offset: base &+ UInt64(bodyStart)))
            }
            if hasFooters {
                guard try number(1) == UInt64(StreamFormat.footer), try number(4) == id else {
                    throw failure("Missing section footer for \(name)")
                }
            }
            section.size = UInt64(position - start)
            sections.append(section)
        }
    }

    /// Without a description: where the footer, the next section's header or the end of all sections stands.
    private func bodyEnd(_ id: UInt64) -> Int {
        let idBytes = (0..<4).map { UInt8(truncatingIfNeeded: id >> UInt64(24 - 8 * $0)) }
        var index = position
        while index < end {
            if hasFooters {
                if bytes[index] == StreamFormat.footer, end - index >= 5, Array(bytes[index + 1..<index + 5]) == idBytes
                {
                    return index
                }
            } else if isSectionHeader(at: index) || (index == end - 1 && bytes[index] == StreamFormat.endOfSections) {
                return index
            }
            index += 1
        }
        return end
    }

    private func isSectionHeader(at index: Int) -> Bool {
        guard end - index >= 16, bytes[index] == StreamFormat.sectionFull, bytes[index + 1] == 0, bytes[index + 2] == 0
        else { return false }
        let length = Int(bytes[index + 5])
        guard length >= 2, end - index >= 14 + length else { return false }
        let name = bytes[index + 6..<index + 6 + length]
        guard name.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else { return false }
        // Versions are small numbers.
        return bytes[index + 10 + length..<index + 13 + length].allSatisfy { $0 == 0 }
    }

    private mutating func fields(
        of structure: StreamDescription.Structure, prefix: String, into result: inout [StreamReport.FieldValue],
        depth: Int
    ) throws {
        guard depth <= StreamFormat.maximumDepth else { throw failure("The description is nested too deeply") }
        for field in structure.fields {
            let count = field.arrayLength ?? 1
            guard count >= 0, field.size >= 0, count <= end - position + 1 else {
                throw failure("Field '\(field.name)' has an impossible length")
            }
            for element in 0..<count {
                var path = prefix + field.name
                if field.arrayLength != nil { path += "[\(element)]" }
                if let index = field.index { path += "[\(index)]" }
                if let inner = field.structure {
                    try fields(of: inner, prefix: path + ".", into: &result, depth: depth + 1)
                } else {
                    let offset = base &+ UInt64(position)
                    result.append(
                        .init(path: path, type: field.type, bytes: try take(field.size), offset: offset))
                }
            }
        }
        for inner in structure.subsections {
            guard try number(1) == UInt64(StreamFormat.subsection) else {
                throw failure("Subsection '\(inner.vmsdName ?? "?")' is missing")
            }
            let name = String(decoding: try take(Int(try number(1))), as: UTF8.self)
            let start = position
            let version = try take(4)
            result.append(
                .init(path: "\(prefix)\(name).version", type: "version", bytes: version, offset: base &+ UInt64(start)))
            try fields(of: inner, prefix: "\(prefix)\(name).", into: &result, depth: depth + 1)
        }
    }
}
