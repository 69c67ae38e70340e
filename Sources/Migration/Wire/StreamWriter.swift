import EmuCore
import Glibc

/// Collects small pieces and references to guest pages, and hands them to the channel in large gathered writes.
///
/// Pages are not copied: the kernel takes them from guest memory when the batch is flushed. A page that changes between
/// being queued and being written is marked dirty again by whoever writes to it, so it travels once more.
final class StreamWriter: StateOutput {
    private static let arenaSize = 256 << 10
    private static let maximumPieces = 1024

    let channel: any MigrationChannel
    private let arena: UnsafeMutableRawPointer
    private var arenaUsed = 0
    private let pieces: UnsafeMutablePointer<iovec>
    private var pieceCount = 0
    private var queuedBytes = 0
    private var flushedBytes: UInt64 = 0
    /// Bytes per 100 ms slice; 0 for no limit.
    var sliceLimit: UInt64 = 0
    private var sliceStart: UInt64 = 0
    /// Set while the calling thread holds this machine's lock; it is released while the channel blocks.
    var lockedMachine: Machine?

    init(channel: any MigrationChannel) {
        self.channel = channel
        arena = .allocate(byteCount: Self.arenaSize, alignment: 64)
        pieces = .allocate(capacity: Self.maximumPieces)
    }

    deinit {
        arena.deallocate()
        pieces.deallocate()
    }

    var position: UInt64 { flushedBytes &+ UInt64(queuedBytes) }

    var isRateLimited: Bool { sliceLimit != 0 && position &- sliceStart >= sliceLimit }

    /// Begins the next slice of the bandwidth limit.
    func startSlice() { sliceStart = position }

    func write(bytes: UnsafeRawBufferPointer) throws {
        guard var source = bytes.baseAddress else { return }
        var left = bytes.count
        while left > 0 {
            let destination = try room(1)
            let count = min(left, Self.arenaSize - arenaUsed)
            destination.copyMemory(from: source, byteCount: count)
            commit(count)
            source += count
            left -= count
        }
    }

    /// Space for at least `count` bytes (small), to be filled and then committed.
    @inline(__always)
    func room(_ count: Int) throws -> UnsafeMutableRawPointer {
        if arenaUsed + count > Self.arenaSize || pieceCount >= Self.maximumPieces - 1 { try flush() }
        return arena + arenaUsed
    }

    @inline(__always)
    func commit(_ count: Int) {
        let start = arena + arenaUsed
        append(start, count)
        arenaUsed += count
    }

    @inline(__always)
    private func append(_ start: UnsafeMutableRawPointer, _ count: Int) {
        if pieceCount > 0 {
            let last = pieces + (pieceCount - 1)
            if let base = last.pointee.iov_base, base + last.pointee.iov_len == start {
                last.pointee.iov_len += count
                queuedBytes += count
                return
            }
        }
        pieces[pieceCount] = iovec(iov_base: start, iov_len: count)
        pieceCount += 1
        queuedBytes += count
    }

    @inline(__always)
    func writeWord(_ value: UInt64) throws {
        try room(8).storeBytes(of: value.bigEndian, as: UInt64.self)
        commit(8)
    }

    /// Queues bytes that stay where they are until the next flush.
    @inline(__always)
    func write(referencing start: UnsafeMutableRawPointer, count: Int) throws {
        if pieceCount >= Self.maximumPieces { try flush() }
        append(start, count)
    }

    func flush() throws {
        guard pieceCount > 0 else { return }
        if let lockedMachine {
            lockedMachine.unlockMachine()
            defer { lockedMachine.lockMachine() }
            try channel.write(pieces, count: pieceCount)
        } else {
            try channel.write(pieces, count: pieceCount)
        }
        flushedBytes &+= UInt64(queuedBytes)
        queuedBytes = 0
        pieceCount = 0
        arenaUsed = 0
    }
}
