import OrderedCollections

/// The value grammar of QEMU's options: `key=value,key=value`, a doubled comma for a comma, an implied first key, or a
/// JSON object.
///
/// A key without a value means `on` (`server`), one with the prefix `no` means `off` (`nowait`).
public struct KeyValueList: Equatable, Sendable {
    /// In the order given; a later entry for a key overrides an earlier one.
    public private(set) var entries: OrderedDictionary<String, Value>
    /// Every occurrence of each key, for options that repeat a key (`host-nodes=0,host-nodes=2`).
    public private(set) var occurrences: [String: [Value]] = [:]
    /// Whether the text was a JSON object.
    public private(set) var isJSON = false

    /// - Parameters:
    ///   - impliedKey: The key of a first value that is given without one (`-machine pseries,…` implies `type`).
    /// - Throws: ``ObjectError`` naming the malformed part.
    public init(_ text: String, impliedKey: String? = nil) throws {
        entries = [:]
        let trimmed = text.drop { $0 == " " }
        if trimmed.hasPrefix("{") {
            guard case .object(let object) = try Value(json: text) else {
                throw ObjectError("Invalid JSON syntax")
            }
            entries = object
            isJSON = true
            for (key, value) in object { occurrences[key] = value.arrayValue ?? [value] }
            return
        }
        for (index, part) in Self.split(text).enumerated() where !part.isEmpty {
            let key: String
            let value: String
            if let equals = part.firstIndex(of: "=") {
                key = String(part[..<equals])
                value = String(part[part.index(after: equals)...])
            } else if index == 0, let impliedKey {
                key = impliedKey
                value = part
            } else if part.hasPrefix("no"), part.count > 2 {
                key = String(part.dropFirst(2))
                value = "off"
            } else {
                key = part
                value = "on"
            }
            guard !key.isEmpty else {
                throw ObjectError("Invalid parameter ''", hint: "In '\(text)' a key is missing.")
            }
            entries[key] = .string(value)
            occurrences[key, default: []].append(.string(value))
        }
    }

    /// The last value of a key.
    public subscript(key: String) -> Value? { entries[key] }

    /// A value as text.
    public func string(_ key: String) -> String? {
        switch entries[key] {
        case .string(let text): text
        case .integer(let number): String(number)
        case .bool(let flag): flag ? "on" : "off"
        default: nil
        }
    }

    /// A value as a switch.
    public func bool(_ key: String) throws -> Bool? { try entries[key].map { try PropertyParsing.bool($0, name: key) } }

    /// A value as a number of bytes; `defaultUnit` counts where no suffix is given.
    public func size(_ key: String, defaultUnit: UInt64 = 1) throws -> UInt64? {
        try entries[key].map { try PropertyParsing.size($0, name: key, defaultUnit: defaultUnit) }
    }

    /// A value as a number.
    public func integer(_ key: String) throws -> Int? {
        guard let value = entries[key] else { return nil }
        if let number = value.integerValue { return Int(exactly: number) }
        guard let text = value.stringValue, let number = PropertyParsing.unsigned(text).flatMap({ Int(exactly: $0) })
        else { throw ObjectError("Parameter '\(key)' expects a number") }
        return number
    }

    /// Refuses keys that nobody knows, naming them.
    public func check(known: [String], option: String) throws {
        for key in entries.keys where !known.contains(key) {
            throw ObjectError(
                "Invalid parameter '\(key)'", hint: "\(option) takes: \(known.joined(separator: ", "))")
        }
    }

    /// Takes a key out and returns its last value.
    public mutating func remove(_ key: String) -> Value? {
        occurrences[key] = nil
        return entries.removeValue(forKey: key)
    }

    /// Splits at single commas; two commas stand for one.
    private static func split(_ text: String) -> [String] {
        var parts: [String] = []
        var current = ""
        var iterator = text.makeIterator()
        var next = iterator.next()
        while let character = next {
            next = iterator.next()
            if character == "," {
                if next == "," {
                    current.append(",")
                    next = iterator.next()
                } else {
                    parts.append(current)
                    current = ""
                }
            } else {
                current.append(character)
            }
        }
        parts.append(current)
        return parts
    }
}
