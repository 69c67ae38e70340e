import Glibc

/// A source of random numbers for a guest's device: `rng-builtin` is the machine's own, `rng-random` a file.
public final class RandomBackend: EmuObject {
    fileprivate var path: String?
    private var descriptor: Int32 = -1

    deinit { if descriptor >= 0 { close(descriptor) } }

    public override func complete() throws {
        guard let path else { return }
        descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw ObjectError("Could not open '\(path)': \(String(cString: strerror(errno)))")
        }
    }

    /// Sixty-four random bits; `nil` where the file gives none.
    ///
    /// - Parameter own: The machine's numbers, which `rng-builtin` passes on.
    public func next(own: RandomSource) -> UInt64? {
        guard descriptor >= 0 else { return own.next() }
        var value: UInt64 = 0
        let count = withUnsafeMutableBytes(of: &value) { read(descriptor, $0.baseAddress, $0.count) }
        return count == MemoryLayout<UInt64>.size ? value : nil
    }

    static var builtinType: ObjectType {
        ObjectType(
            "rng-builtin", parent: nil, interfaces: ["rng-backend", "user-creatable"],
            description: "Random numbers of the host"
        ) { RandomBackend(type: $0) }
    }

    static var fileType: ObjectType {
        ObjectType(
            "rng-random", parent: nil, interfaces: ["rng-backend", "user-creatable"],
            properties: [
                Property(
                    "filename", type: "string", description: "File that gives the numbers",
                    defaultValue: "/dev/urandom", get: { .string(($0 as? RandomBackend)?.path ?? "") },
                    set: { ($0 as? RandomBackend)?.path = try PropertyParsing.string($1, name: "filename") })
            ], description: "Random numbers from a file"
        ) { type in
            let backend = RandomBackend(type: type)
            backend.path = "/dev/urandom"
            return backend
        }
    }
}
