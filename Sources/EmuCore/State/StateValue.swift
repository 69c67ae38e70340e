/// One value of a device's saved state, as the stream carries it.
public enum StateValue: Equatable, Sendable {
    case unsigned(UInt64)
    case signed(Int64)
    case bool(Bool)
    case bytes([UInt8])

    /// The value as 64 bits, sign-extended; buffers have none.
    public var bits: UInt64 {
        switch self {
        case .unsigned(let value): value
        case .signed(let value): UInt64(bitPattern: value)
        case .bool(let value): value ? 1 : 0
        case .bytes: 0
        }
    }
}

/// The primitive types of the stream. Names are those in QEMU's JSON description of a stream.
public enum ScalarType: String, Sendable, CaseIterable {
    case uint8, uint16, uint32, uint64, int8, int16, int32, int64, bool
    /// Absolute nanoseconds of the virtual clock, −1 when the timer is not armed; travels as int64.
    case timer

    /// Width on the wire in bytes; everything travels big-endian.
    public var size: Int {
        switch self {
        case .uint8, .int8, .bool: 1
        case .uint16, .int16: 2
        case .uint32, .int32: 4
        case .uint64, .int64, .timer: 8
        }
    }

    /// Whether the type has a sign.
    public var isSigned: Bool {
        switch self {
        case .int8, .int16, .int32, .int64, .timer: true
        default: false
        }
    }
}

/// Why a value or a whole description was refused while loading. Migration adds the section and the offset.
public struct StateError: Error, Equatable, CustomStringConvertible {
    /// What is wrong with the state.
    public let description: String
    /// - Parameter description: Why the value is refused.
    public init(_ description: String) { self.description = description }
}
