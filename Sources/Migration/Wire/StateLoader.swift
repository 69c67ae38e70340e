import EmuCore
import Glibc

/// Reads described state into its subjects.
struct StateLoader {
    let input: StreamReader

    func load(_ description: StateDescription, _ subject: AnyObject, version: Int, depth: Int = 0) throws {
        guard depth <= StreamFormat.maximumDepth else {
            throw MigrationError("\(description.name): state is nested too deeply", offset: input.position)
        }
        if version > description.version {
            throw MigrationError(
                "\(description.name): incoming version_id \(version) is too new for local version_id "
                    + "\(description.version)",
                hints: ["The stream comes from a newer release that writes '\(description.name)' differently."],
                offset: input.position)
        }
        if version < description.minimumVersion {
            throw MigrationError(
                "\(description.name): incoming version_id \(version) is too old for local minimum version_id  "
                    + "\(description.minimumVersion)", offset: input.position)
        }
        try description.preLoad?(subject)
        for field in description.fields where StateWalker.isPresent(field, subject, version: version) {
            let start = input.position
            do {
                try load(field, of: description, subject, depth: depth)
            } catch {
                var failure = MigrationError.wrapping(error)
                if failure.offset == nil { failure.offset = start }
                throw failure.adding(line: "Failed to load \(description.name):\(field.name)")
            }
        }
        try loadSubsections(description, subject, depth: depth)
        do { try description.postLoad?(subject, version) } catch {
            var failure = MigrationError.wrapping(error)
            if failure.offset == nil { failure.offset = input.position }
            throw failure
        }
    }

    private func load(_ field: StateField, of description: StateDescription, _ subject: AnyObject, depth: Int) throws {
        switch field.shape {
        case .scalar(let type), .array(let type):
            let count = StateWalker.elementCount(field, subject)
            try prepare(field, subject, count)
            for index in 0..<max(count, 0) {
                try loadScalar(type, field, of: description, subject, index)
            }
        case .buffer:
            let count = field.count(subject)
            try prepare(field, subject, count)
            try field.set(subject, 0, .bytes(try boundedBytes(count, field.name)))
        case .records(_, let size):
            let count = field.count(subject)
            try prepare(field, subject, count)
            for index in 0..<max(count, 0) {
                try field.set(subject, index, .bytes(try boundedBytes(size, field.name)))
            }
        case .structure(let inner):
            let count = field.count(subject)
            try prepare(field, subject, count)
            for index in 0..<max(count, 0) {
                try load(inner, field.element(subject, index), version: inner.version, depth: depth + 1)
            }
        case .unused:
            try input.skip(UInt64(max(field.count(subject), 0)))
        case .custom(_, let codec):
            try codec.load(subject, input)
        }
    }

    private func prepare(_ field: StateField, _ subject: AnyObject, _ count: Int) throws {
        guard count >= 0 else {
            throw MigrationError("'\(field.name)' has an impossible length \(count)", offset: input.position)
        }
        try field.prepare?(subject, count)
    }

    private func loadScalar(
        _ type: ScalarType, _ field: StateField, of description: StateDescription, _ subject: AnyObject, _ index: Int
    ) throws {
        let start = input.position
        let received = try StateWalker.read(type, from: input)
        if field.mustMatch {
            let local = field.get(subject, index)
            let mask: UInt64 = type.size == 8 ? .max : (1 << UInt64(type.size * 8)) - 1
            guard local.bits & mask == received.bits & mask else {
                throw MigrationError(
                    lines: ["\(String(received.bits & mask, radix: 16)) != \(String(local.bits & mask, radix: 16))"],
                    hints: [
                        "Field '\(field.name)' of '\(description.name)' (byte \(hex(start))): received "
                            + "\(hex(received.bits & mask)), this machine has \(hex(local.bits & mask))."
                    ], offset: start)
            }
            return
        }
        try field.set(subject, index, received)
    }

    /// Reads a buffer in steps, so that a damaged length fails at the end of the stream and not in the allocator.
    private func boundedBytes(_ count: Int, _ name: String) throws -> [UInt8] {
        let step = 1 << 20
        if count <= step { return try input.readBytes(count) }
        var bytes: [UInt8] = []
        while bytes.count < count {
            bytes.append(contentsOf: try input.readBytes(min(step, count - bytes.count)))
        }
        return bytes
    }

    private func loadSubsections(_ description: StateDescription, _ subject: AnyObject, depth: Int) throws {
        while try input.peek() == StreamFormat.subsection {
            guard let length = try input.peek(1), Int(length) >= description.name.utf8.count + 1,
                let nameBytes = try input.peek(2, count: Int(length))
            else { return }
            let name = String(decoding: nameBytes, as: UTF8.self)
            guard name.hasPrefix(description.name) else { return }
            guard let inner = description.subsections.first(where: { $0.name == name }) else {
                throw MigrationError(
                    lines: [],
                    hints: [
                        "The stream has a part '\(name)' at byte \(hex(input.position)) that this machine's "
                            + "'\(description.name)' does not know."
                    ], code: ENOENT, offset: input.position)
            }
            try input.skip(UInt64(2 + Int(length)))
            let version = Int(Int32(bitPattern: try input.read(UInt32.self)))
            try load(inner, subject, version: version, depth: depth + 1)
        }
    }
}
