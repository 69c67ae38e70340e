/// A field of `Owner`'s state, written in a table; see ``StateDescription``.
public struct Field<Owner: AnyObject & SendableMetatype>: Sendable {
    let erased: StateField

    init(_ erased: StateField) { self.erased = erased }

    /// Presence condition: the owner and the description version of the stream.
    public typealias Condition = @Sendable (Owner, _ version: Int) -> Bool

    static func erase(_ condition: Condition?) -> (@Sendable (AnyObject, Int) -> Bool)? {
        guard let condition else { return nil }
        return { subject, version in condition(StateDescription.cast(subject), version) }
    }

    /// A primitive field by key path. The wire type follows from the property's type.
    public static func value<T: StateScalar & SendableMetatype>(
        _ name: String, _ path: ReferenceWritableKeyPath<Owner, T> & Sendable, since: Int = 0,
        when condition: Condition? = nil, mustMatch: Bool = false
    ) -> Field {
        Field(
            StateField(
                name: name, shape: .scalar(T.scalarType), since: since, exists: erase(condition),
                get: { subject, _ in
                    let owner: Owner = StateDescription.cast(subject)
                    return owner[keyPath: path].stateValue
                },
                set: { subject, _, value in
                    let owner: Owner = StateDescription.cast(subject)
                    owner[keyPath: path] = T(stateBits: value.bits)
                }, mustMatch: mustMatch, typeSuffix: mustMatch ? " equal" : ""))
    }

    /// A primitive field by closures, for state that is computed or kept elsewhere.
    public static func scalar(
        _ name: String, _ type: ScalarType, since: Int = 0, when condition: Condition? = nil, mustMatch: Bool = false,
        get: @escaping @Sendable (Owner) -> UInt64, set: @escaping @Sendable (Owner, UInt64) throws -> Void
    ) -> Field {
        Field(
            StateField(
                name: name, shape: .scalar(type), since: since, exists: erase(condition),
                get: { subject, _ in StateField.typed(get(StateDescription.cast(subject)), as: type) },
                set: { subject, _, value in try set(StateDescription.cast(subject), value.bits) },
                mustMatch: mustMatch, typeSuffix: mustMatch ? " equal" : ""))
    }

    /// Primitive elements by index.
    ///
    /// - Parameters:
    ///   - count: Number of elements; for variable lengths it reads a field loaded before this one.
    ///   - prepare: Makes room for `count` elements before they are loaded; must refuse absurd counts.
    public static func array(
        _ name: String, _ type: ScalarType, count: @escaping @Sendable (Owner) -> Int, since: Int = 0,
        when condition: Condition? = nil, mustMatch: Bool = false,
        prepare: (@Sendable (Owner, Int) throws -> Void)? = nil,
        get: @escaping @Sendable (Owner, Int) -> UInt64, set: @escaping @Sendable (Owner, Int, UInt64) throws -> Void
    ) -> Field {
        Field(
            StateField(
                name: name, shape: .array(type), since: since, exists: erase(condition),
                count: StateDescription.lift(count), isArray: true,
                get: { subject, index in StateField.typed(get(StateDescription.cast(subject), index), as: type) },
                set: { subject, index, value in try set(StateDescription.cast(subject), index, value.bits) },
                prepare: prepare.map(StateDescription.liftIndexed),
                mustMatch: mustMatch, typeSuffix: mustMatch ? " equal" : ""))
    }

    /// Raw bytes.
    public static func bytes(
        _ name: String, count: @escaping @Sendable (Owner) -> Int, since: Int = 0, when condition: Condition? = nil,
        get: @escaping @Sendable (Owner) -> [UInt8], set: @escaping @Sendable (Owner, [UInt8]) throws -> Void
    ) -> Field {
        Field(
            StateField(
                name: name, shape: .buffer, since: since, exists: erase(condition),
                count: StateDescription.lift(count),
                get: { subject, _ in .bytes(get(StateDescription.cast(subject))) },
                set: { subject, _, value in
                    guard case .bytes(let bytes) = value else { throw StateError("expected a buffer") }
                    try set(StateDescription.cast(subject), bytes)
                }))
    }

    /// Elements of a fixed number of raw bytes each.
    ///
    /// - Parameters:
    ///   - typeName: The elements' type in the description of a stream.
    ///   - size: Bytes of an element.
    public static func records(
        _ name: String, typeName: String, size: Int, count: @escaping @Sendable (Owner) -> Int, since: Int = 0,
        when condition: Condition? = nil, get: @escaping @Sendable (Owner, Int) -> [UInt8],
        set: @escaping @Sendable (Owner, Int, [UInt8]) throws -> Void
    ) -> Field {
        Field(
            StateField(
                name: name, shape: .records(typeName: typeName, size: size), since: since, exists: erase(condition),
                count: StateDescription.lift(count), isArray: true,
                get: { subject, index in .bytes(get(StateDescription.cast(subject), index)) },
                set: { subject, index, value in
                    guard case .bytes(let bytes) = value, bytes.count == size else {
                        throw StateError("expected \(size) bytes")
                    }
                    try set(StateDescription.cast(subject), index, bytes)
                }))
    }

    /// A nested struct, or `count` of them. `element` gives the object that `description` describes.
    public static func structure(
        _ name: String, _ description: StateDescription, since: Int = 0, when condition: Condition? = nil,
        count: (@Sendable (Owner) -> Int)? = nil, prepare: (@Sendable (Owner, Int) throws -> Void)? = nil,
        element: @escaping @Sendable (Owner, Int) -> AnyObject
    ) -> Field {
        let counter: @Sendable (AnyObject) -> Int
        if let count { counter = StateDescription.lift(count) } else { counter = { _ in 1 } }
        return Field(
            StateField(
                name: name, shape: .structure(description), since: since, exists: erase(condition), count: counter,
                isArray: count != nil, prepare: prepare.map(StateDescription.liftIndexed),
                element: { subject, index -> AnyObject in
                    let owner: Owner = StateDescription.cast(subject)
                    return element(owner, index)
                }))
    }

    /// `count` bytes without meaning: zeros when written, ignored when read.
    public static func unused(_ count: Int, name: String = "unused", since: Int = 0, when condition: Condition? = nil)
        -> Field
    {
        Field(
            StateField(name: name, shape: .unused, since: since, exists: erase(condition), count: { _ in count }))
    }

    /// A field with its own encoding.
    public static func custom(
        _ name: String, typeName: String, since: Int = 0, when condition: Condition? = nil,
        save: @escaping @Sendable (Owner, any StateOutput) throws -> Void,
        load: @escaping @Sendable (Owner, any StateInput) throws -> Void
    ) -> Field {
        Field(
            StateField(
                name: name,
                shape: .custom(
                    typeName: typeName,
                    codec: CustomFieldCodec(
                        save: { subject, output in try save(StateDescription.cast(subject), output) },
                        load: { subject, input in try load(StateDescription.cast(subject), input) })), since: since,
                exists: erase(condition)))
    }
}

extension StateField {
    static func typed(_ bits: UInt64, as type: ScalarType) -> StateValue {
        switch type {
        case .bool: .bool(bits != 0)
        case .int8: .signed(Int64(Int8(truncatingIfNeeded: bits)))
        case .int16: .signed(Int64(Int16(truncatingIfNeeded: bits)))
        case .int32: .signed(Int64(Int32(truncatingIfNeeded: bits)))
        case .int64, .timer: .signed(Int64(bitPattern: bits))
        case .uint8: .unsigned(bits & 0xff)
        case .uint16: .unsigned(bits & 0xffff)
        case .uint32: .unsigned(bits & 0xffff_ffff)
        case .uint64: .unsigned(bits)
        }
    }
}

/// A Swift type with a primitive form on the wire.
public protocol StateScalar {
    static var scalarType: ScalarType { get }
    var stateValue: StateValue { get }
    /// From the wire's bits, sign-extended for signed types.
    init(stateBits: UInt64)
}

extension StateScalar where Self: FixedWidthInteger {
    /// Its value, signed or not as the type is.
    public var stateValue: StateValue {
        Self.isSigned ? .signed(Int64(truncatingIfNeeded: self)) : .unsigned(UInt64(truncatingIfNeeded: self))
    }
    /// The low bits.
    public init(stateBits: UInt64) { self.init(truncatingIfNeeded: stateBits) }
}
extension UInt8: StateScalar { public static var scalarType: ScalarType { .uint8 } }
extension UInt16: StateScalar { public static var scalarType: ScalarType { .uint16 } }
extension UInt32: StateScalar { public static var scalarType: ScalarType { .uint32 } }
extension UInt64: StateScalar { public static var scalarType: ScalarType { .uint64 } }
extension Int8: StateScalar { public static var scalarType: ScalarType { .int8 } }
extension Int16: StateScalar { public static var scalarType: ScalarType { .int16 } }
extension Int32: StateScalar { public static var scalarType: ScalarType { .int32 } }
extension Int64: StateScalar { public static var scalarType: ScalarType { .int64 } }
extension Bool: StateScalar {
    /// One byte.
    public static var scalarType: ScalarType { .bool }
    /// As a truth value.
    public var stateValue: StateValue { .bool(self) }
    /// Anything but zero is true.
    public init(stateBits: UInt64) { self = stateBits != 0 }
}
