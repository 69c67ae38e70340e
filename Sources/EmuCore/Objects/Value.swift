import OrderedCollections

/// A property's value, an option's value, a JSON value of the monitor: one type for all three.
public enum Value: Equatable, Sendable {
    case null
    case bool(Bool)
    case integer(Int64)
    /// Only for values above `Int64.max`; ``init(unsigned:)`` decides.
    case unsigned(UInt64)
    case number(Double)
    case string(String)
    case array([Value])
    case object(OrderedDictionary<String, Value>)

    /// `.integer` where it fits, `.unsigned` above.
    public init(unsigned value: UInt64) {
        if let signed = Int64(exactly: value) { self = .integer(signed) } else { self = .unsigned(value) }
    }

    /// The text, if it is one.
    public var stringValue: String? { if case .string(let value) = self { value } else { nil } }
    /// The switch, if it is one.
    public var boolValue: Bool? { if case .bool(let value) = self { value } else { nil } }
    /// The elements, if it is a list.
    public var arrayValue: [Value]? { if case .array(let value) = self { value } else { nil } }
    /// The members, if it is an object.
    public var objectValue: OrderedDictionary<String, Value>? {
        if case .object(let value) = self { value } else { nil }
    }
    /// The number, if it is one that is not negative.
    public var unsignedValue: UInt64? {
        switch self {
        case .integer(let value): UInt64(exactly: value)
        case .unsigned(let value): value
        default: nil
        }
    }
    /// The number, if it is one that fits.
    public var integerValue: Int64? {
        switch self {
        case .integer(let value): value
        case .unsigned(let value): Int64(exactly: value)
        default: nil
        }
    }
    /// A member of an object.
    public subscript(key: String) -> Value? { objectValue?[key] }
}

extension Value: ExpressibleByStringLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral, ExpressibleByNilLiteral
{
    /// `.string`.
    public init(stringLiteral value: String) { self = .string(value) }
    /// `.bool`.
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    /// `.integer`.
    public init(integerLiteral value: Int64) { self = .integer(value) }
    /// `.array`.
    public init(arrayLiteral elements: Value...) { self = .array(elements) }
    /// `.object`; of equal keys the last counts.
    public init(dictionaryLiteral elements: (String, Value)...) {
        self = .object(OrderedDictionary(elements, uniquingKeysWith: { $1 }))
    }
    /// `.null`.
    public init(nilLiteral: ()) { self = .null }
}

/// A refused option, property or object, with a line that names the cure where there is one.
public struct ObjectError: Error, Equatable, CustomStringConvertible {
    /// What is refused, in QEMU's words where tools match on them.
    public let description: String
    /// A line that names the cure.
    public let hint: String?
    /// Class of the error in QMP: "GenericError", "DeviceNotFound", "CommandNotFound", …
    public let errorClass: String
    /// - Parameters:
    ///   - description: What went wrong, in QEMU's words where tools match on them.
    ///   - hint: What would help.
    ///   - errorClass: QMP's "class".
    public init(_ description: String, hint: String? = nil, errorClass: String = "GenericError") {
        self.description = description
        self.hint = hint
        self.errorClass = errorClass
    }

    /// The same refusal, said of the option that caused it.
    public func located(_ origin: String?) -> ObjectError {
        guard let origin else { return self }
        return ObjectError("\(origin): \(description)", hint: hint, errorClass: errorClass)
    }

    /// Whether a parameter's name or the form of its value is wrong, as opposed to what it asks for.
    public var isAboutForm: Bool {
        description.hasPrefix("Parameter '") || description.hasPrefix("Invalid parameter")
    }
}
