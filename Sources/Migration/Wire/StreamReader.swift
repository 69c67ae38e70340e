import EmuCore
import Glibc

/// Buffered reading from a channel, with look-ahead for subsections and direct reads into guest memory.
final class StreamReader: StateInput {
    private static let capacity = 256 << 10

    let channel: any MigrationChannel
    private let buffer: UnsafeMutableRawPointer
    private var start = 0
    private var end = 0
    private var consumed: UInt64 = 0
    /// Set while the calling thread holds this machine's lock; it is released while the channel blocks.
    var lockedMachine: Machine?

    init(channel: any MigrationChannel) {
        self.channel = channel
        buffer = .allocate(byteCount: Self.capacity, alignment: 64)
    }

    deinit { buffer.deallocate() }

    var position: UInt64 { consumed }

    private func readChannel(_ target: UnsafeMutableRawBufferPointer) throws -> Int {
        if let lockedMachine {
            lockedMachine.unlockMachine()
            defer { lockedMachine.lockMachine() }
            return try channel.read(into: target)
        }
        return try channel.read(into: target)
    }

    /// Makes at least `count` bytes available if the stream has them; `count` is at most the buffer's size.
    private func fill(_ count: Int) throws -> Bool {
        if end - start >= count { return true }
        if start > 0 {
            buffer.copyMemory(from: buffer + start, byteCount: end - start)
            end -= start
            start = 0
        }
        while end < count {
            let got = try readChannel(
                UnsafeMutableRawBufferPointer(start: buffer + end, count: Self.capacity - end))
            if got == 0 { return false }
            end += got
        }
        return true
    }

    func truncated(needed: Int) -> MigrationError {
        var hint =
            "The stream ends at byte \(hex(consumed &+ UInt64(end - start))), \(needed) more bytes were expected."
        if let why = channel.endExplanation { hint += " \(why)" }
        return MigrationError(lines: [], hints: [hint], code: EIO, offset: consumed)
    }

    func read(into target: UnsafeMutableRawBufferPointer) throws {
        guard var destination = target.baseAddress else { return }
        var left = target.count
        let buffered = min(left, end - start)
        if buffered > 0 {
            destination.copyMemory(from: buffer + start, byteCount: buffered)
            start += buffered
            consumed &+= UInt64(buffered)
            destination += buffered
            left -= buffered
        }
        while left > 0 {
            if left >= Self.capacity {
                let got = try readChannel(UnsafeMutableRawBufferPointer(start: destination, count: left))
                guard got > 0 else { throw truncated(needed: left) }
                consumed &+= UInt64(got)
                destination += got
                left -= got
            } else {
                guard try fill(left) else { throw truncated(needed: left - (end - start)) }
                destination.copyMemory(from: buffer + start, byteCount: left)
                start += left
                consumed &+= UInt64(left)
                left = 0
            }
        }
    }

    @inline(__always)
    func readByte() throws -> UInt8 {
        if start == end, try !fill(1) { throw truncated(needed: 1) }
        let value = buffer.load(fromByteOffset: start, as: UInt8.self)
        start += 1
        consumed &+= 1
        return value
    }

    @inline(__always)
    func readWord() throws -> UInt64 {
        if end - start < 8, try !fill(8) { throw truncated(needed: 8 - (end - start)) }
        let value = buffer.loadUnaligned(fromByteOffset: start, as: UInt64.self)
        start += 8
        consumed &+= 8
        return UInt64(bigEndian: value)
    }

    /// The next eight bytes as a number without consuming them; `nil` near the end of the stream.
    @inline(__always)
    func peekWord() throws -> UInt64? {
        if end - start < 8, try !fill(8) { return nil }
        return UInt64(bigEndian: buffer.loadUnaligned(fromByteOffset: start, as: UInt64.self))
    }

    /// Consumes what ``peekWord()`` returned.
    @inline(__always)
    func dropWord() {
        start += 8
        consumed &+= 8
    }

    /// The byte `offset` bytes ahead without consuming it; `nil` at the end of the stream.
    func peek(_ offset: Int = 0) throws -> UInt8? {
        guard try fill(offset + 1) else { return nil }
        return buffer.load(fromByteOffset: start + offset, as: UInt8.self)
    }

    /// `count` bytes from `offset` bytes ahead; `nil` if the stream ends before. Both are small.
    func peek(_ offset: Int, count: Int) throws -> [UInt8]? {
        guard try fill(offset + count) else { return nil }
        return [UInt8](UnsafeRawBufferPointer(start: buffer + start + offset, count: count))
    }

    func skip(_ count: UInt64) throws {
        var left = count
        while left > 0 {
            if start == end, try !fill(1) { throw truncated(needed: Int(clamping: left)) }
            let step = min(left, UInt64(end - start))
            start += Int(step)
            consumed &+= step
            left -= step
        }
    }

    /// Bytes that can still be had, where the channel knows.
    var bytesLeft: UInt64? { channel.bytesLeft.map { $0 &+ UInt64(end - start) } }

    /// Reads without consuming, at `offset` from the current position, where the channel can.
    func peekAhead(at offset: UInt64, into target: UnsafeMutableRawBufferPointer) throws -> Int {
        let buffered = UInt64(end - start)
        if offset >= buffered { return try channel.peek(at: offset - buffered, into: target) }
        let count = min(target.count, Int(buffered - offset))
        target.copyMemory(
            from: UnsafeRawBufferPointer(start: buffer + start + Int(offset), count: count))
        return count
    }

    /// Everything that is buffered, or what the channel gives next; `nil` at the end.
    func takeBuffered() throws -> [UInt8]? {
        guard try fill(1) else { return nil }
        defer {
            consumed &+= UInt64(end - start)
            start = end
        }
        return [UInt8](UnsafeRawBufferPointer(start: buffer + start, count: end - start))
    }

    /// At the end of the stream.
    func isAtEnd() throws -> Bool { try !fill(1) }

    func readCountedName() throws -> String {
        let length = try readByte()
        return String(decoding: try readBytes(Int(length)), as: UTF8.self)
    }
}
