import Glibc
import HeapModule
import Synchronization

/// Nanoseconds of guest time: runs while the machine runs, stands while it is stopped, travels in the stream.
public final class VirtualClock: Sendable {
    private struct State {
        var offset: Int64 = 0
        var stoppedAt: Int64? = 0
        /// Set by instruction counting (`-icount`): the clock then moves only when told.
        var manual: Int64?
    }
    private let state = Mutex(State())

    /// A clock at zero that stands.
    public init() {}

    /// Host monotonic time in nanoseconds.
    public static var hostNow: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
    }

    /// Nanoseconds that the guest has run.
    public var now: Int64 {
        state.withLock { state in
            state.manual ?? state.stoppedAt ?? (Self.hostNow &+ state.offset)
        }
    }

    /// Whether time passes.
    public var isRunning: Bool { state.withLock { $0.stoppedAt == nil } }

    /// Lets time pass.
    public func start() {
        state.withLock { state in
            guard let at = state.stoppedAt else { return }
            state.offset = at &- Self.hostNow
            state.stoppedAt = nil
        }
    }

    /// Stops time.
    public func stop() {
        state.withLock { state in
            guard state.stoppedAt == nil else { return }
            state.stoppedAt = Self.hostNow &+ state.offset
        }
    }

    /// Sets the time, as loading a stream does.
    public func set(_ time: Int64) {
        state.withLock { state in
            if state.manual != nil { state.manual = time }
            if state.stoppedAt != nil { state.stoppedAt = time } else { state.offset = time &- Self.hostNow }
        }
    }

    /// Whether the clock only moves when told.
    public var isManual: Bool { state.withLock { $0.manual != nil } }

    /// Hands the clock to instruction counting.
    public func setManual(_ time: Int64) { state.withLock { $0.manual = time } }
}

/// A deadline on a machine's virtual clock. Armed, cancelled and fired with the machine's lock held.
public final class VirtualTimer {
    /// Name for logs.
    public let name: String
    /// Nanoseconds of the clock; `nil` while not armed.
    public private(set) var deadline: Int64?
    private let queue: TimerQueue
    let action: () -> Void
    var generation = 0

    /// - Parameters:
    ///   - name: For logs.
    ///   - queue: Where it is armed.
    ///   - action: What happens at the deadline.
    public init(_ name: String, on queue: TimerQueue, action: @escaping () -> Void) {
        self.name = name
        self.queue = queue
        self.action = action
    }

    /// Fires at `deadline` (nanoseconds of the virtual clock), or at once if that is past.
    public func arm(at deadline: Int64) {
        self.deadline = deadline
        generation &+= 1
        queue.insert(self, deadline)
    }

    /// Forgets the deadline.
    public func cancel() {
        deadline = nil
        generation &+= 1
    }

    func fire() {
        deadline = nil
        action()
    }
}

/// The armed timers of one machine.
public final class TimerQueue {
    private struct Entry: Comparable {
        let deadline: Int64
        let sequence: Int
        let generation: Int
        let timer: VirtualTimer
        static func < (a: Entry, b: Entry) -> Bool { (a.deadline, a.sequence) < (b.deadline, b.sequence) }
        static func == (a: Entry, b: Entry) -> Bool { a.sequence == b.sequence }
    }
    private var heap = Heap<Entry>()
    private var sequence = 0
    /// Called when the earliest deadline may have moved forward; the event loop re-arms its host timer.
    public var onChange: (() -> Void)?

    /// No timers.
    public init() {}

    func insert(_ timer: VirtualTimer, _ deadline: Int64) {
        sequence += 1
        heap.insert(Entry(deadline: deadline, sequence: sequence, generation: timer.generation, timer: timer))
        onChange?()
    }

    /// Earliest armed deadline.
    public var nextDeadline: Int64? {
        while let first = heap.min {
            if first.timer.generation == first.generation, first.timer.deadline != nil { return first.deadline }
            heap.removeMin()
        }
        return nil
    }

    /// Fires everything due at `now`.
    public func run(at now: Int64) {
        while let deadline = nextDeadline, deadline <= now {
            heap.removeMin().timer.fire()
        }
    }
}
