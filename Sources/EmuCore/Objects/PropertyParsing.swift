/// Conversions of option texts and JSON values to property types, with QEMU's wording of refusals.
public enum PropertyParsing {
    /// on/off, yes/no, true/false, y/n, or a JSON boolean.
    public static func bool(_ value: Value, name: String) throws -> Bool {
        switch value {
        case .bool(let flag): return flag
        case .string("on"), .string("yes"), .string("true"), .string("y"): return true
        case .string("off"), .string("no"), .string("false"), .string("n"): return false
        case .string: throw ObjectError("Parameter '\(name)' expects 'on' or 'off'")
        default: throw ObjectError("Invalid parameter type for '\(name)', expected: boolean")
        }
    }

    /// Bytes: a JSON number, or digits (decimal, 0x…) with an optional suffix B, K, M, G, T, P, E (powers of 1024), also
    /// with a decimal fraction before the suffix.
    public static func size(_ value: Value, name: String, defaultUnit: UInt64 = 1) throws -> UInt64 {
        if let number = value.unsignedValue { return number }
        guard let text = value.stringValue, let size = size(text, defaultUnit: defaultUnit) else {
            throw ObjectError(
                "Parameter '\(name)' expects a size value",
                hint: "You may use k, M, G, T, P or E suffixes for kilobytes, megabytes, gigabytes, terabytes, "
                    + "petabytes and exabytes, respectively.")
        }
        return size
    }

    /// See ``size(_:name:defaultUnit:)``; `nil` for what is not a size or exceeds 64 bits.
    public static func size(_ text: String, defaultUnit: UInt64 = 1) -> UInt64? {
        let units: [Character: UInt64] = [
            "b": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40, "p": 1 << 50, "e": 1 << 60,
        ]
        var digits = Substring(text)
        var unit = defaultUnit
        if !text.lowercased().hasPrefix("0x"), let last = text.lowercased().last, let factor = units[last] {
            unit = factor
            digits = digits.dropLast()
        }
        guard let first = digits.first, first.isNumber else { return nil }
        if digits.contains(".") {
            guard let number = Double(digits), number >= 0, number * Double(unit) < 18446744073709549568.0 else {
                return nil
            }
            return UInt64(number * Double(unit))
        }
        guard let number = unsigned(String(digits)) else { return nil }
        let (product, overflow) = number.multipliedReportingOverflow(by: unit)
        return overflow ? nil : product
    }

    /// Decimal, or hexadecimal with 0x.
    public static func unsigned(_ text: String) -> UInt64? {
        text.lowercased().hasPrefix("0x") ? UInt64(text.dropFirst(2), radix: 16) : UInt64(text)
    }

    /// An unsigned number. A negative one is taken as QEMU takes it, modulo 2^64, so that it exceeds narrower types.
    ///
    /// - Parameter expected: What a refusal says that the parameter expects.
    public static func unsigned(_ value: Value, name: String, expected: String = "integer") throws -> UInt64 {
        if let number = value.unsignedValue { return number }
        if let number = value.integerValue { return UInt64(bitPattern: number) }
        if let text = value.stringValue {
            if let number = unsigned(text) { return number }
            if expected == "integer", let number = Int64(text) { return UInt64(bitPattern: number) }
        }
        throw ObjectError("Parameter '\(name)' expects \(expected)")
    }

    /// A text; numbers are taken as they are written.
    public static func string(_ value: Value, name: String) throws -> String {
        switch value {
        case .string(let text): return text
        case .integer(let number): return String(number)
        default: throw ObjectError("Invalid parameter type for '\(name)', expected: string")
        }
    }
}

extension Property {
    /// A boolean of `Owner` by key path.
    public static func bool<Owner: EmuObject>(
        _ name: String, _ path: ReferenceWritableKeyPath<Owner, Bool>, _ description: String = "",
        default defaultValue: Bool? = nil, check: ((Owner) throws -> Void)? = nil
    ) -> Property {
        make(
            name, type: "bool", description, defaultValue.map(Value.bool), path, get: { .bool($0) },
            set: { try PropertyParsing.bool($0, name: name) }, check: check)
    }

    /// A size in bytes.
    public static func size<Owner: EmuObject>(
        _ name: String, _ path: ReferenceWritableKeyPath<Owner, UInt64>, _ description: String = "",
        check: ((Owner) throws -> Void)? = nil
    ) -> Property {
        make(
            name, type: "int", description, nil, path, get: { Value(unsigned: $0) },
            set: { try PropertyParsing.size($0, name: name) }, check: check)
    }

    /// A text by key path; empty where there is none.
    public static func string<Owner: EmuObject>(
        _ name: String, _ path: ReferenceWritableKeyPath<Owner, String?>, _ description: String = "",
        check: ((Owner) throws -> Void)? = nil
    ) -> Property {
        make(
            name, type: "string", description, nil, path, get: { .string($0 ?? "") },
            set: { try PropertyParsing.string($0, name: name) }, check: check)
    }

    /// An unsigned integer that must fit its Swift type.
    public static func unsigned<Owner: EmuObject, T: FixedWidthInteger & UnsignedInteger>(
        _ name: String, _ path: ReferenceWritableKeyPath<Owner, T>, _ description: String = "",
        default defaultValue: T? = nil, check: ((Owner) throws -> Void)? = nil
    ) -> Property {
        let type = "uint\(T.bitWidth)"
        return make(
            name, type: type, description, defaultValue.map { Value(unsigned: UInt64($0)) }, path,
            get: { Value(unsigned: UInt64($0)) },
            set: { value in
                // QEMU's words: what is no number is no uint64, what is too large is no uint32_t.
                guard let number = T(exactly: try PropertyParsing.unsigned(value, name: name)) else {
                    throw ObjectError("Parameter '\(name)' expects \(type)_t")
                }
                return number
            }, check: check)
    }

    private static func make<Owner: EmuObject, T>(
        _ name: String, type: String, _ description: String, _ defaultValue: Value?,
        _ path: ReferenceWritableKeyPath<Owner, T>, get: @escaping (T) -> Value,
        set: @escaping (Value) throws -> T, check: ((Owner) throws -> Void)?
    ) -> Property {
        Property(
            name, type: type, description: description, defaultValue: defaultValue,
            get: { object in get(try owner(object, Owner.self, name)[keyPath: path]) },
            set: { object, value in
                let target = try owner(object, Owner.self, name)
                try check?(target)
                target[keyPath: path] = try set(value)
            })
    }

    private static func owner<Owner: EmuObject>(_ object: EmuObject, _: Owner.Type, _ name: String) throws -> Owner {
        guard let owner = object as? Owner else {
            throw ObjectError("Property '\(object.objectType.name).\(name)' not found")
        }
        return owner
    }
}
