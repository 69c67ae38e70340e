/// Where state is written: primitives in network byte order. Migration implements it over its channels.
public protocol StateOutput: AnyObject {
    func write(bytes: UnsafeRawBufferPointer) throws
    /// Bytes written so far.
    var position: UInt64 { get }
    /// Whether an iterating saver should give way (bandwidth limit reached).
    var isRateLimited: Bool { get }
}

/// Where state is read from.
public protocol StateInput: AnyObject {
    /// Fills the buffer completely or throws.
    func read(into buffer: UnsafeMutableRawBufferPointer) throws
    /// Bytes read so far: the offset that error texts name.
    var position: UInt64 { get }
}

extension StateOutput {
    /// Writes an integer, most significant byte first.
    @inlinable
    public func write<T: FixedWidthInteger>(_ value: T) throws {
        try withUnsafeBytes(of: value.bigEndian) { try write(bytes: $0) }
    }
    /// Writes bytes.
    public func write(_ bytes: [UInt8]) throws { try bytes.withUnsafeBytes { try write(bytes: $0) } }
    /// A string with its length in one byte, as block and section names travel. At most 255 bytes of UTF-8.
    public func writeCounted(_ string: String) throws {
        let utf8 = Array(string.utf8)
        guard let length = UInt8(exactly: utf8.count) else {
            throw StateError("name too long for the stream: \(string)")
        }
        try write(length)
        try write(utf8)
    }
}

extension StateInput {
    /// Reads an integer, most significant byte first.
    @inlinable
    public func read<T: FixedWidthInteger>(_ type: T.Type = T.self) throws -> T {
        var value: T = 0
        try withUnsafeMutableBytes(of: &value) { try read(into: $0) }
        return T(bigEndian: value)
    }
    /// `count` bytes; the caller has bounded `count`.
    public func readBytes(_ count: Int) throws -> [UInt8] {
        var failure: (any Error)?
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            do {
                try read(into: UnsafeMutableRawBufferPointer(buffer))
                initialized = count
            } catch { failure = error }
        }
        if let failure { throw failure }
        return bytes
    }
    /// Reads a text that its length, one byte, precedes.
    public func readCounted() throws -> String {
        let length = try read(UInt8.self)
        return String(decoding: try readBytes(Int(length)), as: UTF8.self)
    }
}
