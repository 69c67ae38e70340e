import Dispatch
import Foundation

/// What happens on a character device besides bytes.
public enum CharacterEvent: Sendable { case opened, closed, breakSignal }

/// The host's end of a serial line, a terminal or a monitor: where bytes of the guest go and come from.
///
/// A backend serves one front end (a VTY, a monitor), which sets the closures. They are called on the machine's queue
/// with its lock held.
open class CharacterBackend {
    /// The user's `id=`.
    public let label: String
    /// `query-chardev`'s "filename": what it is connected to.
    open var filename: String { "unknown" }
    /// What the front end does with bytes that arrive.
    public var onReceive: (([UInt8]) -> Void)? { didSet { receiverChanged() } }
    /// What it does with connections that come and go.
    public var onEvent: ((CharacterEvent) -> Void)?
    /// Bytes the front end can take now; input waits while it is 0.
    public var receiveCapacity: () -> Int = { .max }
    /// Whether somebody is at the other end.
    public private(set) var isOpen = false
    /// Front ends that use it: 0 or 1.
    public var receiverCount: Int { onReceive == nil ? 0 : 1 }

    /// - Parameter label: Name in monitors, as in `-chardev id=`.
    public init(label: String) { self.label = label }

    /// Sends bytes to the outside. A backend that is not connected drops them, like an unplugged cable.
    open func write(_ bytes: [UInt8]) {}

    /// The front end can take more: delivers what waited.
    open func acceptInput() {}

    /// Opens the connection; overridden by each kind. Called through ``activate()``.
    open func start() throws {}

    private var isActivated = false

    /// Opens the connection once the front end is attached; later calls do nothing. Called with the machine's lock held.
    public final func activate() throws {
        guard !isActivated else { return }
        isActivated = true
        try start()
    }

    /// Ends the connection; overridden by each kind.
    open func close() {}

    /// The descriptor that last arrived over a Unix socket (SCM_RIGHTS), handed over to the caller.
    open func takeReceivedDescriptor() -> Int32? { nil }

    /// Called when ``onReceive`` was set, so that a backend may begin to read.
    open func receiverChanged() {}

    /// Notes that the other end came or went, and tells the front end if that is news.
    public func setOpen(_ open: Bool) {
        guard open != isOpen else { return }
        isOpen = open
        onEvent?(open ? .opened : .closed)
    }
}

/// `null`: swallows output, never has input.
public final class NullBackend: CharacterBackend {
    public override var filename: String { "null" }
    public override func start() throws { setOpen(true) }
}

/// `ringbuf` and the embedder's console: output is kept in memory, input is given by calls.
public final class MemoryBackendCharacter: CharacterBackend {
    public override var filename: String { "ringbuf" }
    private var output: [UInt8] = []
    private let capacity: Int
    /// Called with each piece of output.
    public var onOutput: (([UInt8]) -> Void)?

    /// - Parameter capacity: Bytes of output kept; the oldest are dropped beyond that.
    public init(label: String, capacity: Int = 1 << 20) {
        self.capacity = capacity
        super.init(label: label)
    }

    public override func start() throws { setOpen(true) }

    public override func write(_ bytes: [UInt8]) {
        output.append(contentsOf: bytes)
        if output.count > capacity { output.removeFirst(output.count - capacity) }
        onOutput?(bytes)
    }

    /// Takes what the guest has written since the last call.
    public func takeOutput() -> [UInt8] {
        defer { output.removeAll(keepingCapacity: true) }
        return output
    }

    private var pending: [UInt8] = []

    /// Types bytes; they wait until the front end takes them.
    public func type(_ bytes: [UInt8]) {
        pending.append(contentsOf: bytes)
        acceptInput()
    }

    public override func acceptInput() {
        while !pending.isEmpty {
            let count = min(receiveCapacity(), pending.count)
            guard count > 0, let onReceive else { return }
            let piece = Array(pending.prefix(count))
            pending.removeFirst(count)
            onReceive(piece)
        }
    }
}
