import CSupport
import Dispatch
import Foundation
import Glibc

/// Something a machine's closures may carry across threads because they only touch it with the machine's lock held.
struct Confined<T>: @unchecked Sendable {
    // @unchecked: see the type's comment; every use is inside `Machine.withLock`.
    let value: T
    init(_ value: T) { self.value = value }
}

/// Bytes through file descriptors: stdio, files, pipes, ptys and connected sockets.
open class DescriptorBackend: CharacterBackend {
    let machineQueue: DispatchQueue
    private weak var machine: Machine?
    private var readDescriptor: Int32 = -1
    private var writeDescriptor: Int32 = -1
    private var source: (any DispatchSourceRead)?
    private var isSuspended = false
    private var isSocket = false
    private var receivedDescriptors: [Int32] = []
    /// Output that the descriptor would not take yet.
    private var backlog: [UInt8] = []
    private var writeSource: (any DispatchSourceWrite)?
    /// Output kept for a slow reader before the oldest is dropped.
    private let backlogLimit = 4 << 20

    /// A back end without a descriptor yet; bytes are delivered on the machine's queue.
    public init(label: String, machine: Machine) {
        self.machine = machine
        machineQueue = machine.queue
        super.init(label: label)
    }

    deinit { tearDown() }

    /// Begins to use descriptors; input is read on the machine's queue.
    func connect(read: Int32, write: Int32, isSocket: Bool) {
        tearDown()
        readDescriptor = read
        writeDescriptor = write
        self.isSocket = isSocket
        if isSocket { _ = fcntl(write, F_SETFL, fcntl(write, F_GETFL) | O_NONBLOCK) }
        if read >= 0 {
            let source = DispatchSource.makeReadSource(fileDescriptor: read, queue: machineQueue)
            let me = Confined(Weak(self))
            source.setEventHandler { me.value.object?.locked { $0.readable() } }
            self.source = source
            isSuspended = false
            source.resume()
        }
        setOpen(true)
    }

    private final class Weak {
        weak var object: DescriptorBackend?
        init(_ object: DescriptorBackend) { self.object = object }
    }

    func locked(_ body: (DescriptorBackend) -> Void) {
        guard let machine else { return }
        machine.withLock { body(self) }
    }

    private func readable() {
        let capacity = min(receiveCapacity(), 65536)
        guard capacity > 0, onReceive != nil else {
            // Level-triggered source: silence it until the front end can take more.
            if !isSuspended {
                isSuspended = true
                source?.suspend()
            }
            return
        }
        var buffer = [UInt8](repeating: 0, count: capacity)
        var count = 0
        if isSocket {
            var descriptors = [Int32](repeating: -1, count: 16)
            var descriptorCount: Int32 = 0
            let status = buffer.withUnsafeMutableBytes {
                cs_receive_fds(
                    readDescriptor, $0.baseAddress, UInt($0.count), &descriptors, 16, &descriptorCount, &count)
            }
            if status != 0 { count = -1 }
            receivedDescriptors.append(contentsOf: descriptors.prefix(Int(descriptorCount)))
        } else {
            count = read(readDescriptor, &buffer, capacity)
        }
        if count < 0, errno == EAGAIN || errno == EINTR { return }
        if count <= 0 {
            endOfInput()
            return
        }
        onReceive?(Array(buffer.prefix(count)))
    }

    /// The other side has gone.
    func endOfInput() {
        tearDown()
        setOpen(false)
    }

    public override func acceptInput() {
        guard isSuspended, receiveCapacity() > 0, onReceive != nil else { return }
        isSuspended = false
        source?.resume()
    }

    public override func receiverChanged() { acceptInput() }

    public override func write(_ bytes: [UInt8]) {
        guard writeDescriptor >= 0 else { return }
        if !backlog.isEmpty {
            enqueue(bytes[...])
            return
        }
        var rest = bytes[...]
        while !rest.isEmpty {
            let written = rest.withUnsafeBytes { buffer in
                isSocket
                    ? send(writeDescriptor, buffer.baseAddress!, buffer.count, Int32(MSG_NOSIGNAL))
                    : Glibc.write(writeDescriptor, buffer.baseAddress!, buffer.count)
            }
            if written > 0 {
                rest = rest.dropFirst(written)
            } else if errno == EINTR {
                continue
            } else if errno == EAGAIN {
                enqueue(rest)
                return
            } else {
                // The reader has gone; a serial line does not notice.
                return
            }
        }
    }

    private func enqueue(_ bytes: ArraySlice<UInt8>) {
        backlog.append(contentsOf: bytes)
        if backlog.count > backlogLimit { backlog.removeFirst(backlog.count - backlogLimit) }
        guard writeSource == nil else { return }
        let source = DispatchSource.makeWriteSource(fileDescriptor: writeDescriptor, queue: machineQueue)
        let me = Confined(Weak(self))
        source.setEventHandler { me.value.object?.locked { $0.drain() } }
        writeSource = source
        source.resume()
    }

    private func drain() {
        writeSource?.cancel()
        writeSource = nil
        let bytes = backlog
        backlog = []
        write(bytes)
    }

    public override func takeReceivedDescriptor() -> Int32? {
        receivedDescriptors.isEmpty ? nil : receivedDescriptors.removeFirst()
    }

    func tearDown() {
        // A suspended source must not be released.
        if isSuspended {
            isSuspended = false
            source?.resume()
        }
        source?.cancel()
        source = nil
        writeSource?.cancel()
        writeSource = nil
        backlog = []
        for descriptor in receivedDescriptors { Glibc.close(descriptor) }
        receivedDescriptors = []
        if ownsDescriptors {
            if readDescriptor > 2 { Glibc.close(readDescriptor) }
            if writeDescriptor > 2, writeDescriptor != readDescriptor { Glibc.close(writeDescriptor) }
        }
        readDescriptor = -1
        writeDescriptor = -1
    }

    var ownsDescriptors: Bool { true }

    public override func close() { tearDown() }
}

/// `stdio`: the terminal, in raw mode while in use. However the process ends, the terminal gets its mode back.
public final class StdioBackend: DescriptorBackend {
    public override var filename: String { "stdio" }
    private var hasTerminal = false
    private let signal: Bool

    /// - Parameter signal: Whether Ctrl-C still interrupts the program.
    public init(label: String, machine: Machine, signal: Bool = true) {
        self.signal = signal
        super.init(label: label, machine: machine)
    }

    public override func start() throws {
        // Standard input that is no terminal, or a terminal in another's hands, stays as it is.
        hasTerminal = cs_terminal_claim(0, signal) == 0
        connect(read: 0, write: 1, isSocket: false)
    }

    public override func close() {
        super.close()
        if hasTerminal { cs_terminal_release() }
        hasTerminal = false
    }
}

/// `file`: output into a file, optionally input from another.
public final class FileCharacterBackend: DescriptorBackend {
    private let path: String
    private let inputPath: String?
    private let append: Bool
    public override var filename: String { "file" }

    /// - Parameters:
    ///   - path: File that output goes to.
    ///   - inputPath: File or pipe that input comes from; `nil` for none.
    ///   - append: Keeps what the file holds.
    public init(label: String, machine: Machine, path: String, inputPath: String? = nil, append: Bool = false) {
        self.path = path
        self.inputPath = inputPath
        self.append = append
        super.init(label: label, machine: machine)
    }

    public override func start() throws {
        let output = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | (append ? O_APPEND : O_TRUNC), 0o666)
        guard output >= 0 else {
            throw ObjectError("Failed to open '\(path)': \(String(cString: strerror(errno)))")
        }
        var input: Int32 = -1
        if let inputPath {
            input = open(inputPath, O_RDONLY | O_CLOEXEC)
            guard input >= 0 else {
                Glibc.close(output)
                throw ObjectError("Failed to open '\(inputPath)': \(String(cString: strerror(errno)))")
            }
        }
        connect(read: input, write: output, isSocket: false)
    }
}

/// `pipe`: a pair of FIFOs `PATH.in` and `PATH.out`, or one FIFO for both directions.
public final class PipeBackend: DescriptorBackend {
    private let path: String
    public override var filename: String { "pipe" }

    /// - Parameter path: Device file to read and write.
    public init(label: String, machine: Machine, path: String) {
        self.path = path
        super.init(label: label, machine: machine)
    }

    public override func start() throws {
        var input = open("\(path).in", O_RDWR | O_CLOEXEC)
        var output = open("\(path).out", O_RDWR | O_CLOEXEC)
        if input < 0 || output < 0 {
            if input >= 0 { Glibc.close(input) }
            if output >= 0 { Glibc.close(output) }
            input = open(path, O_RDWR | O_CLOEXEC)
            output = input
            guard input >= 0 else {
                throw ObjectError("Failed to open '\(path)': \(String(cString: strerror(errno)))")
            }
        }
        connect(read: input, write: output, isSocket: false)
    }
}

/// `pty`: a pseudo terminal; its name is printed and shown by `query-chardev`.
public final class PTYBackend: DescriptorBackend {
    /// Device file of the terminal's other side; empty until it is open.
    public private(set) var path = ""
    public override var filename: String { "pty:\(path)" }

    public override func start() throws {
        var name = [CChar](repeating: 0, count: 256)
        let master = cs_open_pty(&name, UInt(name.count))
        guard master >= 0 else { throw ObjectError("Failed to create PTY: \(String(cString: strerror(errno)))") }
        path = name.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
        connect(read: master, write: master, isSocket: false)
    }
}
