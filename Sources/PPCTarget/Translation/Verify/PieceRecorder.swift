import CPPCState

#if canImport(Glibc)
    import Glibc
#endif

/// What a piece of guest code does to the world beyond the state block, kept while verify mode executes it several
/// times: stores to RAM, so that they can be undone and compared, and readings of the clock, so that every execution
/// sees the same ones.
///
/// While a recorder is ``isActive``, the MMU uses banks of their own that never grant stores, so that every store of
/// the interpreter comes by.
final class PieceRecorder {
    enum Phase {
        case idle
        /// Stores are noted, clock readings are taken anew; device accesses are refused.
        case recording
        /// Clock readings are those of the recording.
        case replaying
        /// As `replaying`; stores count, and translations learn of them.
        case committing
    }

    private struct Store {
        var host: UnsafeMutableRawPointer
        var real: UInt64
        var count: Int
        /// Place of the bytes in `before` and `native`.
        var offset: Int
    }

    private(set) var phase = Phase.idle
    /// An access to something that is not RAM was met, and not performed.
    private(set) var metDevice = false
    private var stores: [Store] = []
    private var before: [UInt8] = []
    private var native: [UInt8] = []
    private var readings: [UInt64] = []
    private var nextReading = 0
    private let clock: () -> UInt64

    /// - Parameter clock: The machine's clock, in nanoseconds.
    init(clock: @escaping () -> UInt64) { self.clock = clock }

    /// Whether the interpreter is executing a piece.
    var isActive: Bool { phase == .recording || phase == .committing }
    /// Whether what happens will be undone, so that nobody may be told.
    var isRehearsal: Bool { phase == .recording }

    func begin() {
        stores.removeAll(keepingCapacity: true)
        before.removeAll(keepingCapacity: true)
        readings.removeAll(keepingCapacity: true)
        metDevice = false
        phase = .recording
    }

    /// Begins another execution of what was recorded.
    func replay(_ next: Phase) {
        nextReading = 0
        phase = next
    }

    func end() { phase = .idle }

    /// The clock as the guest sees it.
    func now() -> UInt64 {
        switch phase {
        case .idle: return clock()
        case .recording:
            readings.append(clock())
            return readings[readings.count - 1]
        case .replaying, .committing:
            guard nextReading < readings.count else { return readings.last ?? clock() }
            nextReading += 1
            return readings[nextReading - 1]
        }
    }

    /// Notes the bytes that a store is about to replace.
    func willStore(_ host: UnsafeMutableRawPointer, at real: UInt64, count: Int) {
        guard phase == .recording else { return }
        stores.append(Store(host: host, real: real, count: count, offset: before.count))
        before.append(contentsOf: UnsafeRawBufferPointer(start: host, count: count))
    }

    /// Whether an access to a device is to be left out.
    func refusesDevice() -> Bool {
        guard phase == .recording else { return false }
        metDevice = true
        return true
    }

    /// Makes memory what it was when the recording began.
    func undo() {
        before.withUnsafeBytes { bytes in
            for store in stores.reversed() {
                store.host.copyMemory(from: bytes.baseAddress! + store.offset, byteCount: store.count)
            }
        }
    }

    /// Remembers what memory holds now, after native execution, wherever the recording stored.
    func keepNativeResult() {
        native.removeAll(keepingCapacity: true)
        for store in stores {
            native.append(contentsOf: UnsafeRawBufferPointer(start: store.host, count: store.count))
        }
    }

    /// Whether ``memoryDifferences()`` would be empty, quickly.
    func memoryMatches() -> Bool {
        native.withUnsafeBytes { bytes in
            stores.allSatisfy { memcmp($0.host, bytes.baseAddress! + $0.offset, $0.count) == 0 }
        }
    }

    /// Stored-to ranges whose content differs from what native execution left, as real address, expected and found
    /// bytes.
    func memoryDifferences() -> [MemoryDifference] {
        var found: [MemoryDifference] = []
        for store in stores {
            let now = [UInt8](UnsafeRawBufferPointer(start: store.host, count: store.count))
            let then = Array(native[store.offset..<store.offset + store.count])
            let difference = MemoryDifference(address: store.real, expected: now, found: then)
            if now != then, !found.contains(difference) { found.append(difference) }
        }
        return found
    }
}

/// Memory that native code left other than the interpreter did.
package struct MemoryDifference: Sendable, Equatable {
    /// Guest real address.
    package var address: UInt64
    /// The interpreter's bytes, and those of native code.
    package var expected: [UInt8]
    package var found: [UInt8]
}
