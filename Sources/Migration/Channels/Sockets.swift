import CSupport
import EmuCore
import Glibc
import Synchronization

/// Connecting and listening on Unix and TCP sockets.
enum Sockets {
    static func connectUnix(_ path: String) throws -> Int32 {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw MigrationError.system("Failed to create Unix socket", errno) }
        do {
            let code = try withUnixAddress(path) { address, length in
                retrying { connect(descriptor, address, length) }
            }
            guard code == 0 else { throw MigrationError.system("Failed to connect to '\(path)'", code) }
        } catch {
            close(descriptor)
            throw error
        }
        return descriptor
    }

    static func listenUnix(_ path: String) throws -> Int32 {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw MigrationError.system("Failed to create Unix socket", errno) }
        do {
            unlink(path)
            let code = try withUnixAddress(path) { address, length in retrying { bind(descriptor, address, length) } }
            guard code == 0 else { throw MigrationError.system("Failed to bind socket to \(path)", code) }
            guard listen(descriptor, 1) == 0 else { throw MigrationError.system("Failed to listen on socket", errno) }
        } catch {
            close(descriptor)
            throw error
        }
        return descriptor
    }

    static func connectTCP(_ address: ChannelAddress.TCPAddress) throws -> Int32 {
        var last: Int32 = ECONNREFUSED
        let found = try resolve(address, port: address.port, passive: false) { candidate -> Int32? in
            let descriptor = socket(
                candidate.ai_family, candidate.ai_socktype | Int32(SOCK_CLOEXEC.rawValue), candidate.ai_protocol)
            guard descriptor >= 0 else {
                last = errno
                return nil
            }
            let code = retrying { connect(descriptor, candidate.ai_addr, candidate.ai_addrlen) }
            if code == 0 {
                var one: Int32 = 1
                setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, 4)
                return descriptor
            }
            last = code
            close(descriptor)
            return nil
        }
        guard let found else {
            throw MigrationError.system("Failed to connect to '\(address.host):\(address.port)'", last)
        }
        return found
    }

    /// - Returns: The listening socket and the port it got.
    static func listenTCP(_ address: ChannelAddress.TCPAddress) throws -> (descriptor: Int32, port: UInt16) {
        var last: Int32 = EADDRNOTAVAIL
        var ports = [address.port]
        if let first = UInt16(address.port), let to = address.to, to > first {
            ports = (first...to).map(String.init)
        }
        for port in ports {
            let found = try resolve(address, port: port, passive: true) { candidate -> Int32? in
                let descriptor = socket(
                    candidate.ai_family, candidate.ai_socktype | Int32(SOCK_CLOEXEC.rawValue), candidate.ai_protocol)
                guard descriptor >= 0 else {
                    last = errno
                    return nil
                }
                var one: Int32 = 1
                setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &one, 4)
                if bind(descriptor, candidate.ai_addr, candidate.ai_addrlen) == 0, listen(descriptor, 1) == 0 {
                    return descriptor
                }
                last = errno
                close(descriptor)
                return nil
            }
            if let found { return (found, localPort(found)) }
        }
        throw MigrationError.system("Failed to find an available port: \(address.host):\(address.port)", last)
    }

    private static func localPort(_ descriptor: Int32) -> UInt16 {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        return withUnsafeMutableBytes(of: &storage) { bytes -> UInt16 in
            guard let base = bytes.baseAddress,
                getsockname(descriptor, base.assumingMemoryBound(to: sockaddr.self), &length) == 0
            else { return 0 }
            // The port stands at the same place in the IPv4 and the IPv6 form.
            return UInt16(bigEndian: base.load(fromByteOffset: 2, as: UInt16.self))
        }
    }

    private static func resolve(
        _ address: ChannelAddress.TCPAddress, port: String, passive: Bool, _ body: (addrinfo) -> Int32?
    ) throws -> Int32? {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = passive ? AI_PASSIVE : 0
        switch (address.ipv4, address.ipv6) {
        case (true, true), (nil, nil), (false, false): hints.ai_family = AF_UNSPEC
        case (true, _), (nil, false): hints.ai_family = AF_INET
        case (_, true), (false, nil): hints.ai_family = AF_INET6
        }
        var list: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(address.host.isEmpty ? nil : address.host, port, &hints, &list)
        guard code == 0 else {
            throw MigrationError(
                "address resolution failed for \(address.host):\(port): \(String(cString: gai_strerror(code)))")
        }
        defer { freeaddrinfo(list) }
        var next = list
        while let candidate = next {
            if let found = body(candidate.pointee) { return found }
            next = candidate.pointee.ai_next
        }
        return nil
    }

    private static func withUnixAddress<R>(_ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> R) throws
        -> R
    {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        let capacity = MemoryLayout.size(ofValue: address.sun_path)
        guard !bytes.isEmpty, bytes.count < capacity else {
            throw MigrationError(
                "UNIX socket path '\(path)' is too long", hints: ["Path must be less than \(capacity) bytes"])
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }

    /// - Returns: 0 or the error.
    private static func retrying(_ call: () -> Int32) -> Int32 {
        while call() != 0 { guard errno == EINTR else { return errno } }
        return 0
    }
}

/// A socket that waits for one source.
final class ListeningSocket: Sendable {
    let descriptor: Int32
    private let wake: Int32
    private let unixPath: String?
    /// Where it listens, as `query-migrate` shows it.
    let address: Value

    init(descriptor: Int32, address: Value, unixPath: String? = nil) {
        self.descriptor = descriptor
        self.address = address
        self.unixPath = unixPath
        wake = cs_eventfd()
    }

    deinit {
        close(descriptor)
        close(wake)
        if let unixPath { unlink(unixPath) }
    }

    func cancel() {
        var one: UInt64 = 1
        _ = write(wake, &one, 8)
    }

    func accept() throws -> any MigrationChannel {
        while true {
            var polled: [pollfd] = [
                pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0),
                pollfd(fd: wake, events: Int16(POLLIN), revents: 0),
            ]
            if poll(&polled, 2, -1) < 0 {
                guard errno == EINTR else { throw MigrationError.system("Unable to wait for a connection", errno) }
                continue
            }
            if polled[1].revents != 0 { throw MigrationError("The migration was cancelled", code: ECANCELED) }
            let accepted = cs_accept(descriptor)
            if accepted >= 0 { return DescriptorChannel(input: accepted, output: accepted) }
            guard errno == EINTR || errno == EAGAIN || errno == ECONNABORTED else {
                throw MigrationError.system("Unable to accept a connection", errno)
            }
        }
    }
}
