import EmuCore
import Glibc

/// Where a stream goes or comes from.
public enum ChannelAddress: Equatable, Sendable {
    case exec([String])
    /// A number, or a name that the monitor's `getfd` knows.
    case descriptor(String)
    case file(path: String, offset: UInt64)
    case unix(path: String)
    case tcp(TCPAddress)

    /// Host and port of a TCP socket.
    public struct TCPAddress: Equatable, Sendable {
        /// Name or address of the host.
        public var host: String
        /// Number or name of the port.
        public var port: String
        /// `nil`: whatever the host has.
        public var ipv4: Bool?
        /// As ``ipv4``, for IPv6.
        public var ipv6: Bool?
        /// Listening: the last port to try.
        public var to: UInt16?
        /// - Parameters:
        ///   - ipv4: Allows or forbids version 4; `nil` leaves it to the name.
        ///   - ipv6: The same for version 6.
        ///   - to: Last port to try when listening.
        public init(host: String, port: String, ipv4: Bool? = nil, ipv6: Bool? = nil, to: UInt16? = nil) {
            self.host = host
            self.port = port
            self.ipv4 = ipv4
            self.ipv6 = ipv6
            self.to = to
        }
    }

    /// Parses the URI form: `exec:CMD`, `fd:N`, `file:PATH[,offset=N]`, `unix:PATH`, `tcp:HOST:PORT[,OPTION=…]`.
    public init(uri: String) throws {
        func rest(_ prefix: String) -> String? {
            uri.hasPrefix(prefix) ? String(uri.dropFirst(prefix.count)) : nil
        }
        if let command = rest("exec:") {
            self = .exec(["/bin/sh", "-c", command])
        } else if let name = rest("fd:") {
            self = .descriptor(name)
        } else if let path = rest("unix:") {
            self = .unix(path: path)
        } else if let text = rest("file:") {
            self = try Self.parseFile(text)
        } else if let text = rest("tcp:") {
            self = .tcp(try Self.parseTCP(text))
        } else if uri.hasPrefix("rdma:") {
            throw MigrationError("migration over rdma: is not supported")
        } else if uri.hasPrefix("vsock:") {
            throw MigrationError("migration over vsock: is not supported")
        } else {
            throw MigrationError("unknown migration protocol: \(uri)")
        }
    }

    /// The object form of QMP: `{"transport": "socket"|"exec"|"file", …}`.
    public init(_ address: Value) throws {
        func string(_ key: String) throws -> String {
            guard let value = address[key]?.stringValue else {
                throw MigrationError("Parameter 'addr.\(key)' is missing")
            }
            return value
        }
        switch try string("transport") {
        case "exec":
            guard let items = address["args"]?.arrayValue else {
                throw MigrationError("Parameter 'addr.args' is missing")
            }
            let arguments = items.compactMap(\.stringValue)
            guard arguments.count == items.count, !arguments.isEmpty else {
                throw MigrationError("Parameter 'addr.args' must be an array of strings")
            }
            self = .exec(arguments)
        case "file":
            let offset = address["offset"]?.unsignedValue ?? 0
            self = .file(path: try string("filename"), offset: offset)
        case "socket":
            switch try string("type") {
            case "unix": self = .unix(path: try string("path"))
            case "fd": self = .descriptor(try string("str"))
            case "inet":
                var tcp = TCPAddress(host: try string("host"), port: try string("port"))
                tcp.ipv4 = address["ipv4"]?.boolValue
                tcp.ipv6 = address["ipv6"]?.boolValue
                tcp.to = address["to"]?.unsignedValue.flatMap { UInt16(exactly: $0) }
                self = .tcp(tcp)
            case let other: throw MigrationError("migration over \(other) sockets is not supported")
            }
        case let other: throw MigrationError("migration over \(other) is not supported")
        }
    }

    /// From the arguments of `migrate` or `migrate-incoming`: `uri` or `channels`.
    public init(arguments: Value) throws {
        let uri = arguments["uri"]?.stringValue
        let channels = arguments["channels"]?.arrayValue
        if let uri, channels == nil {
            self = try ChannelAddress(uri: uri)
            return
        }
        guard let channels, uri == nil else {
            throw MigrationError("need either 'uri' or 'channels' argument")
        }
        guard channels.count == 1, let channel = channels.first else {
            throw MigrationError("Channel list must have one entry: only the channel-type 'main' is supported")
        }
        let type = channel["channel-type"]?.stringValue ?? "main"
        guard type == "main" else { throw MigrationError("Channel list has no main entry; '\(type)' is not supported") }
        guard let address = channel["addr"] else { throw MigrationError("Parameter 'channels[0].addr' is missing") }
        self = try ChannelAddress(address)
    }

    private static func parseFile(_ text: String) throws -> ChannelAddress {
        let marker = ",offset="
        guard let range = text.range(ofLast: marker) else { return .file(path: text, offset: 0) }
        let number = String(text[range.upperBound...])
        guard let offset = parseSize(number) else { throw MigrationError("file URI has bad offset \(number)") }
        return .file(path: String(text[..<range.lowerBound]), offset: offset)
    }

    /// A number of bytes: decimal or 0x…, with an optional binary suffix.
    static func parseSize(_ text: String) -> UInt64? {
        var digits = Substring(text)
        var shift: UInt64 = 0
        if digits.hasPrefix("0x") || digits.hasPrefix("0X") { return UInt64(digits.dropFirst(2), radix: 16) }
        if let last = digits.last, let power = ["b": 0, "k": 10, "m": 20, "g": 30, "t": 40][last.lowercased()] {
            shift = UInt64(power)
            digits = digits.dropLast()
        }
        guard let value = UInt64(digits), value <= UInt64.max >> shift else { return nil }
        return value << shift
    }

    private static func parseTCP(_ text: String) throws -> TCPAddress {
        var parts = text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        let main = parts.removeFirst()
        let host: String
        let port: String
        if main.hasPrefix("[") {
            guard let close = main.firstIndex(of: "]") else {
                throw MigrationError("error parsing IPv6 address '\(main)'")
            }
            let after = main[main.index(after: close)...]
            guard after.hasPrefix(":") else { throw MigrationError("error parsing IPv6 address '\(main)'") }
            host = String(main[main.index(after: main.startIndex)..<close])
            port = String(after.dropFirst())
        } else {
            guard let colon = main.lastIndex(of: ":") else { throw MigrationError("error parsing address '\(main)'") }
            host = String(main[..<colon])
            port = String(main[main.index(after: colon)...])
        }
        guard !port.isEmpty else { throw MigrationError("error parsing port in address '\(main)'") }
        var address = TCPAddress(host: host, port: port)
        for option in parts {
            let pair = option.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            let value = pair.count > 1 ? pair[1] : "on"
            switch pair[0] {
            case "ipv4": address.ipv4 = value == "on"
            case "ipv6": address.ipv6 = value == "on"
            case "to":
                guard let last = UInt16(value) else { throw MigrationError("error parsing to= argument") }
                address.to = last
            case "keep-alive", "mptcp": continue
            default: throw MigrationError("Invalid parameter '\(pair[0])' in the address '\(text)'")
            }
        }
        return address
    }
}

extension String {
    /// The last place where `other` stands.
    func range(ofLast other: String) -> Range<String.Index>? {
        var position = endIndex
        while position > startIndex {
            position = index(before: position)
            if self[position...].hasPrefix(other) {
                return position..<index(position, offsetBy: other.count)
            }
        }
        return nil
    }
}
