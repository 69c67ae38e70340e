import Dispatch
import Foundation
import Glibc

/// Where a socket is or goes to: `unix:PATH`, `tcp:HOST:PORT`, or an inherited descriptor.
public enum SocketAddress: Equatable, Sendable {
    case unix(path: String)
    case tcp(host: String, port: String)
    case descriptor(Int32)

    /// As in `-chardev`: "unix:PATH" or "tcp:HOST:PORT".
    public var description: String {
        switch self {
        case .unix(let path): "unix:\(path)"
        case .tcp(let host, let port): "tcp:\(host.contains(":") ? "[\(host)]" : host):\(port)"
        case .descriptor(let fd): "fd:\(fd)"
        }
    }

    /// A socket that listens here.
    public func listen() throws -> Int32 {
        switch self {
        case .descriptor(let descriptor): return descriptor
        case .unix(let path):
            let descriptor = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
            guard descriptor >= 0 else { throw failure("create a Unix socket") }
            unlink(path)
            guard try Self.withUnixAddress(path, { bind(descriptor, $0, $1) }) == 0, Glibc.listen(descriptor, 1) == 0
            else {
                let error = failure("bind socket to \(path)")
                close(descriptor)
                throw error
            }
            return descriptor
        case .tcp(let host, let port):
            return try Self.resolve(host: host, port: port, passive: true) { info in
                let descriptor = Glibc.socket(
                    info.ai_family, info.ai_socktype | Int32(SOCK_CLOEXEC.rawValue), info.ai_protocol)
                guard descriptor >= 0 else { return -1 }
                var yes: Int32 = 1
                setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, 4)
                if bind(descriptor, info.ai_addr, info.ai_addrlen) == 0, Glibc.listen(descriptor, 1) == 0 {
                    return descriptor
                }
                let saved = errno
                close(descriptor)
                errno = saved
                return -1
            } otherwise: {
                failure("bind socket to \(host):\(port)")
            }
        }
    }

    /// A connected socket.
    public func connect() throws -> Int32 {
        switch self {
        case .descriptor(let descriptor): return descriptor
        case .unix(let path):
            let descriptor = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
            guard descriptor >= 0 else { throw failure("create a Unix socket") }
            guard try Self.withUnixAddress(path, { Glibc.connect(descriptor, $0, $1) }) == 0 else {
                let error = ObjectError("Failed to connect to '\(path)': \(String(cString: strerror(errno)))")
                close(descriptor)
                throw error
            }
            return descriptor
        case .tcp(let host, let port):
            return try Self.resolve(host: host, port: port, passive: false) { info in
                let descriptor = Glibc.socket(
                    info.ai_family, info.ai_socktype | Int32(SOCK_CLOEXEC.rawValue), info.ai_protocol)
                guard descriptor >= 0 else { return -1 }
                if Glibc.connect(descriptor, info.ai_addr, info.ai_addrlen) == 0 { return descriptor }
                let saved = errno
                close(descriptor)
                errno = saved
                return -1
            } otherwise: {
                ObjectError("Failed to connect to '\(host):\(port)': \(String(cString: strerror(errno)))")
            }
        }
    }

    private func failure(_ what: String) -> ObjectError {
        ObjectError("Failed to \(what): \(String(cString: strerror(errno)))")
    }

    private static func withUnixAddress<R>(_ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> R) throws
        -> R
    {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else {
            throw ObjectError(
                "UNIX socket path '\(path)' is too long",
                hint: "Path must be less than \(MemoryLayout.size(ofValue: address.sun_path)) bytes")
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }

    /// Tries each address of a name until `use` gives a descriptor.
    private static func resolve(
        host: String, port: String, passive: Bool, use: (addrinfo) -> Int32, otherwise: () -> ObjectError
    ) throws -> Int32 {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = passive ? AI_PASSIVE : 0
        var list: UnsafeMutablePointer<addrinfo>?
        let status = getaddrinfo(host.isEmpty ? nil : host, port, &hints, &list)
        guard status == 0 else {
            throw ObjectError(
                "address resolution failed for \(host):\(port): \(String(cString: gai_strerror(status)))")
        }
        defer { freeaddrinfo(list) }
        var next = list
        while let info = next {
            let descriptor = use(info.pointee)
            if descriptor >= 0 { return descriptor }
            next = info.pointee.ai_next
        }
        throw otherwise()
    }
}

/// `socket`: a server that takes one connection after the other, or a client.
public final class SocketBackend: DescriptorBackend {
    private let address: SocketAddress
    private let isServer: Bool
    /// Whether ``start()`` waits for the first connection (`wait=on`).
    private let waits: Bool
    private var listener: Int32 = -1
    private var acceptSource: (any DispatchSourceRead)?
    public override var filename: String {
        isServer ? "disconnected:\(address.description),server=on" : address.description
    }

    /// - Parameters:
    ///   - isServer: Listens instead of connecting.
    ///   - waits: ``start()`` returns when the first peer has come.
    public init(label: String, machine: Machine, address: SocketAddress, isServer: Bool, waits: Bool) {
        self.address = address
        self.isServer = isServer
        self.waits = waits
        super.init(label: label, machine: machine)
    }

    public override func start() throws {
        guard isServer else {
            let descriptor = try address.connect()
            connect(read: descriptor, write: descriptor, isSocket: true)
            return
        }
        listener = try address.listen()
        if waits {
            let descriptor = accept(listener, nil, nil)
            guard descriptor >= 0 else {
                throw ObjectError("Failed to accept a connection: \(String(cString: strerror(errno)))")
            }
            connect(read: descriptor, write: descriptor, isSocket: true)
        } else {
            listenForNext()
        }
    }

    private func listenForNext() {
        guard listener >= 0, acceptSource == nil else { return }
        let source = DispatchSource.makeReadSource(fileDescriptor: listener, queue: machineQueue)
        let me = Confined(self)
        source.setEventHandler {
            me.value.locked { _ in
                let backend = me.value
                let descriptor = accept(backend.listener, nil, nil)
                guard descriptor >= 0 else { return }
                backend.acceptSource?.cancel()
                backend.acceptSource = nil
                backend.connect(read: descriptor, write: descriptor, isSocket: true)
            }
        }
        acceptSource = source
        source.resume()
    }

    override func endOfInput() {
        super.endOfInput()
        if isServer { listenForNext() }
    }

    public override func close() {
        super.close()
        acceptSource?.cancel()
        acceptSource = nil
        if listener >= 0 { Glibc.close(listener) }
        listener = -1
        if isServer, case .unix(let path) = address { unlink(path) }
    }
}
