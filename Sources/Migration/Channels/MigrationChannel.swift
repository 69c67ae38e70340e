import Glibc

/// Bytes in one direction or both, blocking, for the thread that migrates.
///
/// ``cancel()`` may be called from any thread and makes a blocked call return with an error.
public protocol MigrationChannel: AnyObject, Sendable {
    /// Reads at most the buffer's size.
    ///
    /// - Returns: Bytes read; 0 at the end of the stream.
    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int
    /// Writes all bytes of `count` pieces. The array's entries may be changed.
    func write(_ pieces: UnsafeMutablePointer<iovec>, count: Int) throws
    /// Ends the use of the channel.
    ///
    /// - Parameter failed: The migration failed, so what the other end thinks no longer matters.
    /// - Throws: If the other end reports that it failed (exit status of a command) or data was not accepted.
    func close(failed: Bool) throws
    func cancel()
    /// Whether the channel carries bytes both ways, as the return path needs it.
    var isBidirectional: Bool { get }
    /// Everything that is still to be read, if it can be seen without consuming it (files, memory); for checks before
    /// anything is applied.
    ///
    /// - Parameters:
    ///   - offset: From the current position.
    func peek(at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws -> Int
    /// Bytes left to read, where that is known.
    var bytesLeft: UInt64? { get }
    /// Why reading may have ended early, as far as the channel knows (a command's exit status).
    var endExplanation: String? { get }
}

extension MigrationChannel {
    /// `false`: one direction.
    public var isBidirectional: Bool { false }
    /// 0: cannot look ahead.
    public func peek(at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws -> Int { 0 }
    /// `nil`: not known.
    public var bytesLeft: UInt64? { nil }
    /// `nil`: nothing is known.
    public var endExplanation: String? { nil }
    /// Nothing to cancel.
    public func cancel() {}
}

/// A stream in memory: saved by one machine, loaded by another, in the same process.
public final class MemoryChannel: MigrationChannel, @unchecked Sendable {
    // @unchecked: used by one thread at a time; the controller hands it over.
    /// Everything written so far, or what is to be read.
    public private(set) var bytes: [UInt8]
    private var position = 0

    /// An empty stream to save into; or the bytes of one to load from.
    public init(_ bytes: [UInt8] = []) { self.bytes = bytes }

    /// Reads from the first byte again.
    public func rewind() { position = 0 }

    /// Copies what comes next; 0 at the end.
    public func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        let count = min(buffer.count, bytes.count - position)
        guard count > 0 else { return 0 }
        bytes.withUnsafeBytes {
            buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[position..<position + count]))
        }
        position += count
        return count
    }

    /// Appends the pieces.
    public func write(_ pieces: UnsafeMutablePointer<iovec>, count: Int) throws {
        for index in 0..<count {
            bytes.append(
                contentsOf: UnsafeRawBufferPointer(start: pieces[index].iov_base, count: pieces[index].iov_len))
        }
    }

    /// Nothing to close.
    public func close(failed: Bool) throws {}

    /// Bytes that were not read yet.
    public var bytesLeft: UInt64? { UInt64(bytes.count - position) }

    /// Copies from `offset` bytes on, without reading; fewer at the end.
    public func peek(at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        guard let offset = Int(exactly: offset), offset <= bytes.count - position else { return 0 }
        let start = position + offset
        let count = min(buffer.count, bytes.count - start)
        guard count > 0 else { return 0 }
        bytes.withUnsafeBytes { buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[start..<start + count])) }
        return count
    }
}
