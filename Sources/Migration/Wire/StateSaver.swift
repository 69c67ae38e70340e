import EmuCore

/// Writes described state and, beside it, the JSON that tells a reader what the bytes are.
struct StateSaver {
    let output: StreamWriter
    var json = DescriptionWriter()
    let policy: WritePolicy

    init(output: StreamWriter, policy: WritePolicy = .oldestSufficient) {
        self.output = output
        self.policy = policy
    }

    /// The fields and subsections of `subject`, without any header. The JSON goes into the object that is open.
    mutating func save(_ description: StateDescription, _ subject: AnyObject, version: Int, describe: Bool = true)
        throws
    {
        do { try description.preSave?(subject) } catch {
            throw MigrationError.wrapping(error).adding(line: "pre-save failed: \(description.name)")
        }
        if describe {
            json.string("vmsd_name", description.name)
            json.integer("version", version)
            json.beginArray("fields")
        }
        for (index, field) in description.fields.enumerated()
        where StateWalker.isPresent(field, subject, version: version) {
            do {
                try save(field, at: index, of: description, subject, describe: describe)
            } catch {
                throw MigrationError.wrapping(error).adding(
                    line: "Save of field \(description.name)/\(field.name) failed")
            }
        }
        if describe { json.endArray() }
        var hasSubsections = false
        for inner in description.subsections where StateWalker.isNeeded(inner, subject) {
            if describe {
                if !hasSubsections { json.beginArray("subsections") }
                json.beginObject()
            }
            hasSubsections = true
            let innerVersion = try policy.version(of: inner, subject)
            try output.write(StreamFormat.subsection)
            try output.writeCounted(inner.name)
            try output.write(UInt32(truncatingIfNeeded: innerVersion))
            try save(inner, subject, version: innerVersion, describe: describe)
            if describe { json.endObject() }
        }
        if describe, hasSubsections { json.endArray() }
    }

    private mutating func save(
        _ field: StateField, at index: Int, of description: StateDescription, _ subject: AnyObject, describe: Bool
    ) throws {
        let count = StateWalker.elementCount(field, subject)
        guard count > 0 else { return }
        let compress = StateWalker.canCompress(field)
        var describe = describe
        let name = describe ? StateWalker.uniqueName(field, at: index, in: description) : ""
        for element in 0..<count {
            if describe {
                json.beginObject()
                json.string("name", name)
                if count > 1 {
                    if compress { json.integer("array_len", count) } else { json.integer("index", element) }
                }
                json.string("type", StateWalker.typeName(field))
            }
            let start = output.position
            switch field.shape {
            case .scalar(let type), .array(let type):
                try StateWalker.write(field.get(subject, element), as: type, to: output)
            case .buffer:
                let expected = field.count(subject)
                guard case .bytes(let bytes) = field.get(subject, 0), bytes.count == expected else {
                    throw MigrationError("buffer '\(field.name)' does not have \(expected) bytes")
                }
                try output.write(bytes)
            case .records(_, let size):
                guard case .bytes(let bytes) = field.get(subject, element), bytes.count == size else {
                    throw MigrationError("an element of '\(field.name)' does not have \(size) bytes")
                }
                try output.write(bytes)
            case .structure(let inner):
                if describe { json.beginObject("struct") }
                try save(inner, field.element(subject, element), version: inner.version, describe: describe)
                if describe { json.endObject() }
            case .unused:
                for _ in 0..<max(field.count(subject), 0) { try output.write(UInt8(0)) }
            case .custom(_, let codec):
                try codec.save(subject, output)
            }
            if describe {
                json.integer("size", output.position &- start)
                json.endObject()
            }
            if compress { describe = false }
        }
    }
}
