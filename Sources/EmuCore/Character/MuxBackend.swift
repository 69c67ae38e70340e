/// Several front ends on one back end (`-nographic`: the guest's terminal and the monitor on stdio).
///
/// Keys after Ctrl-A: `x` ends the program, `c` switches the front end, `b` sends a break, `h` shows help, Ctrl-A sends
/// itself.
public final class Multiplexer {
    /// One front end's view of the shared line.
    public final class Port: CharacterBackend {
        fileprivate weak var owner: Multiplexer?
        /// Input that came while the front end could not take it.
        fileprivate var pending: [UInt8] = []

        public override var filename: String { "mux" }
        public override func start() throws { setOpen(true) }
        public override func write(_ bytes: [UInt8]) { owner?.backend.write(bytes) }
        public override func acceptInput() { flush() }
        public override func receiverChanged() { flush() }

        fileprivate func deliver(_ bytes: [UInt8]) {
            pending.append(contentsOf: bytes)
            // A guest that never reads must not fill the host's memory.
            if pending.count > 1 << 16 { pending.removeFirst(pending.count - 1 << 16) }
            flush()
        }

        private func flush() {
            while !pending.isEmpty, let onReceive {
                let count = min(receiveCapacity(), pending.count)
                guard count > 0 else { return }
                let piece = Array(pending.prefix(count))
                pending.removeFirst(count)
                onReceive(piece)
            }
        }
    }

    private let backend: CharacterBackend
    private let machine: Machine
    /// Front ends in the order in which they came.
    public private(set) var ports: [Port] = []
    private var focus = 0
    private var escaped = false
    private static let escape: UInt8 = 0x01

    /// Shares a back end among the front ends that ask for ports.
    public init(backend: CharacterBackend, machine: Machine) {
        self.backend = backend
        self.machine = machine
        backend.onReceive = { [weak self] bytes in self?.receive(bytes) }
    }

    /// A new front end's share of the backend; input goes to one port at a time.
    public func addPort(label: String) -> Port {
        let port = Port(label: label)
        port.owner = self
        ports.append(port)
        return port
    }

    private func receive(_ bytes: [UInt8]) {
        var plain: [UInt8] = []
        for byte in bytes {
            if escaped {
                escaped = false
                if ports.indices.contains(focus), !plain.isEmpty { ports[focus].deliver(plain) }
                plain = []
                command(byte, &plain)
            } else if byte == Self.escape {
                escaped = true
            } else {
                plain.append(byte)
            }
        }
        if ports.indices.contains(focus), !plain.isEmpty { ports[focus].deliver(plain) }
    }

    private func command(_ byte: UInt8, _ plain: inout [UInt8]) {
        switch byte {
        case Self.escape: plain.append(byte)
        case UInt8(ascii: "x"):
            backend.write(Array("emu-launch: Terminated\r\n".utf8))
            machine.requestQuit(.hostSignal)
        case UInt8(ascii: "c"):
            guard !ports.isEmpty else { return }
            focus = (focus + 1) % ports.count
            ports[focus].onEvent?(.opened)
        case UInt8(ascii: "b"): ports[focus].onEvent?(.breakSignal)
        case UInt8(ascii: "h"), UInt8(ascii: "?"):
            let help = """
                \r\nC-a h    print this help\r
                C-a x    exit emulator\r
                C-a c    switch between console and monitor\r
                C-a b    send break\r
                C-a C-a  sends C-a\r\n
                """
            backend.write(Array(help.utf8))
        default: break
        }
    }
}
