/// Making character back ends from options: `-chardev TYPE,id=ID,…` and the short forms of `-serial` and `-qmp`.
public enum CharacterOptions {
    /// `-chardev socket,id=c0,path=/tmp/s,server=on,wait=off` and its siblings.
    public static func make(_ options: KeyValueList, machine: Machine) throws -> CharacterBackend {
        guard let id = options.string("id") else { throw ObjectError("Parameter 'id' is missing") }
        guard let type = options.string("backend") else { throw ObjectError("chardev: \"\(id)\" missing backend") }
        switch type {
        case "null": return NullBackend(label: id)
        case "stdio":
            return StdioBackend(label: id, machine: machine, signal: try options.bool("signal") ?? true)
        case "ringbuf", "memory":
            return MemoryBackendCharacter(label: id, capacity: Int(try options.size("size") ?? 65536))
        case "file":
            guard let path = options.string("path") else {
                throw ObjectError("chardev: file: no filename given")
            }
            return FileCharacterBackend(
                label: id, machine: machine, path: path, inputPath: options.string("input-path"),
                append: try options.bool("append") ?? false)
        case "pipe":
            guard let path = options.string("path") else { throw ObjectError("chardev: pipe: no device path given") }
            return PipeBackend(label: id, machine: machine, path: path)
        case "pty": return PTYBackend(label: id, machine: machine)
        case "socket":
            let isServer = try options.bool("server") ?? false
            return SocketBackend(
                label: id, machine: machine, address: try address(options), isServer: isServer,
                waits: try options.bool("wait") ?? isServer)
        default:
            throw ObjectError(
                "'\(type)' is not a valid char driver name",
                hint: "Known: null, stdio, file, pipe, pty, socket, ringbuf.")
        }
    }

    private static func address(_ options: KeyValueList) throws -> SocketAddress {
        if let path = options.string("path") { return .unix(path: path) }
        if let fd = options.string("fd") {
            guard let number = Int32(fd), number >= 0 else { throw ObjectError("chardev: socket: fd must be a number") }
            return .descriptor(number)
        }
        guard let port = options.string("port") else { throw ObjectError("chardev: socket: no port given") }
        return .tcp(host: options.string("host") ?? "", port: port)
    }

    /// The short forms: `stdio`, `null`, `pty`, `file:PATH`, `pipe:PATH`, `unix:PATH,server=on`, `tcp:HOST:PORT,server`,
    /// `chardev:ID`.
    public static func make(
        short text: String, label: String, machine: Machine, named: [String: CharacterBackend]
    ) throws -> CharacterBackend {
        if text.hasPrefix("chardev:") {
            let id = String(text.dropFirst(8))
            guard let backend = named[id] else { throw ObjectError("chardev \"\(id)\" not found") }
            return backend
        }
        switch text {
        case "null", "none": return NullBackend(label: label)
        case "stdio": return StdioBackend(label: label, machine: machine)
        case "pty": return PTYBackend(label: label, machine: machine)
        default: break
        }
        guard let colon = text.firstIndex(of: ":") else {
            throw ObjectError(
                "'\(text)' is not a valid character device",
                hint: "Use stdio, null, pty, file:PATH, pipe:PATH, unix:PATH[,server=on,wait=off], "
                    + "tcp:HOST:PORT[,server=on,wait=off] or chardev:ID.")
        }
        let scheme = text[..<colon]
        let rest = String(text[text.index(after: colon)...])
        switch scheme {
        case "file": return FileCharacterBackend(label: label, machine: machine, path: rest)
        case "pipe": return PipeBackend(label: label, machine: machine, path: rest)
        case "unix", "tcp", "telnet":
            let options = try KeyValueList(rest, impliedKey: "address")
            try options.check(known: ["address", "server", "wait", "nodelay", "reconnect"], option: "\(scheme):")
            let target = options.string("address") ?? ""
            let address: SocketAddress
            if scheme == "unix" {
                address = .unix(path: target)
            } else {
                guard let separator = target.lastIndex(of: ":") else {
                    throw ObjectError("tcp: expects HOST:PORT, not '\(target)'")
                }
                let host = target[..<separator].filter { $0 != "[" && $0 != "]" }
                address = .tcp(host: String(host), port: String(target[target.index(after: separator)...]))
            }
            let isServer = try options.bool("server") ?? false
            return SocketBackend(
                label: label, machine: machine, address: address, isServer: isServer,
                waits: try options.bool("wait") ?? isServer)
        default:
            throw ObjectError("'\(text)' is not a valid character device")
        }
    }
}
