import EmuCore

/// What saving and loading a description have in common.
enum StateWalker {
    /// Whether the field is part of the given version: by its condition if it has one, else by its version.
    static func isPresent(_ field: StateField, _ subject: AnyObject, version: Int) -> Bool {
        if let exists = field.exists { return exists(subject, version) }
        return field.since <= version
    }

    static func isNeeded(_ description: StateDescription, _ subject: AnyObject) -> Bool {
        description.isNeeded?(subject) ?? true
    }

    /// Elements of the field on the wire; buffers and unused bytes are one element.
    static func elementCount(_ field: StateField, _ subject: AnyObject) -> Int {
        switch field.shape {
        case .buffer, .unused, .custom: 1
        case .scalar: 1
        case .array, .structure, .records: field.count(subject)
        }
    }

    /// Whether an array of the field is described by its first element alone.
    static func canCompress(_ field: StateField) -> Bool {
        if field.exists != nil { return false }
        if case .structure(let inner) = field.shape {
            return inner.subsections.isEmpty && inner.fields.allSatisfy(canCompress)
        }
        return true
    }

    /// Type name in the JSON description.
    static func typeName(_ field: StateField) -> String {
        switch field.shape {
        case .scalar(let type), .array(let type): type.rawValue + field.typeSuffix
        case .buffer: "buffer"
        case .structure: "struct"
        case .unused: "unused_buffer"
        case .custom(let name, _): name
        case .records(let name, _): name
        }
    }

    /// The field's name, with a number if the description has several of that name.
    static func uniqueName(_ field: StateField, at index: Int, in description: StateDescription) -> String {
        let same = description.fields.indices.filter { description.fields[$0].name == field.name }
        guard same.count > 1, let number = same.firstIndex(of: index) else { return field.name }
        return "\(field.name)[\(number)]"
    }

    /// Wire bits of a value, cut to the type's width.
    static func write(_ value: StateValue, as type: ScalarType, to output: StreamWriter) throws {
        let bits = value.bits
        let size = type.size
        let room = try output.room(size)
        switch size {
        case 1: room.storeBytes(of: UInt8(truncatingIfNeeded: bits), as: UInt8.self)
        case 2: room.storeBytes(of: UInt16(truncatingIfNeeded: bits).bigEndian, as: UInt16.self)
        case 4: room.storeBytes(of: UInt32(truncatingIfNeeded: bits).bigEndian, as: UInt32.self)
        default: room.storeBytes(of: bits.bigEndian, as: UInt64.self)
        }
        output.commit(size)
    }

    static func read(_ type: ScalarType, from input: StreamReader) throws -> StateValue {
        let bits: UInt64
        switch type.size {
        case 1: bits = UInt64(try input.readByte())
        case 2: bits = UInt64(try input.read(UInt16.self))
        case 4: bits = UInt64(try input.read(UInt32.self))
        default: bits = try input.readWord()
        }
        switch type {
        case .bool: return .bool(bits & 0xff != 0)
        case .int8: return .signed(Int64(Int8(truncatingIfNeeded: bits)))
        case .int16: return .signed(Int64(Int16(truncatingIfNeeded: bits)))
        case .int32: return .signed(Int64(Int32(truncatingIfNeeded: bits)))
        case .int64, .timer: return .signed(Int64(bitPattern: bits))
        case .uint8, .uint16, .uint32, .uint64: return .unsigned(bits)
        }
    }
}
