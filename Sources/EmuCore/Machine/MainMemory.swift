/// One `-numa node`.
public struct NUMANode: Sendable, Equatable {
    /// Number of the node.
    public var id: Int
    /// CPU indices given by `cpus=`.
    public var cpus: [ClosedRange<Int>] = []
    /// Bytes given by `mem=`.
    public var memory: UInt64?
    /// Back end given by `memdev=`.
    public var memdev: String?
    /// The option as the user wrote it, with which a refusal begins.
    public var origin: String?
    /// A node of the option's parts; memory in bytes.
    public init(id: Int, cpus: [ClosedRange<Int>] = [], memory: UInt64? = nil, memdev: String? = nil) {
        self.id = id
        self.cpus = cpus
        self.memory = memory
        self.memdev = memdev
    }
}

/// How the user asked for guest RAM.
public struct MainMemoryOptions: Sendable, Equatable {
    /// `-m size`; `nil` if not given.
    public var size: UInt64?
    /// `-m maxmem=` and `slots=`.
    public var maxSize: UInt64?
    /// Slots for memory modules.
    public var slots: UInt32 = 0
    /// `-mem-path`.
    public var path: String?
    /// `-mem-prealloc`.
    public var prealloc = false
    /// `-machine memory-backend=`.
    public var backendID: String?
    /// NUMA nodes in the order given.
    public var nodes: [NUMANode] = []

    /// - Parameter size: Bytes; `nil` takes the machine's default.
    public init(size: UInt64? = nil) { self.size = size }
}

/// Main RAM as a machine gets it.
public struct MainMemory {
    /// The back end, or a container with one subregion for each NUMA node's back end.
    public let region: MemoryRegion
    /// Bytes of RAM.
    public let size: UInt64
    /// What it consists of, in the order of addresses.
    public let blocks: [RAMBlock]
}

extension Machine {
    /// Decides the size of main RAM from `-m` and an explicit back end, before the board is built.
    public func mainMemorySize(_ options: MainMemoryOptions, defaultSize: UInt64) throws -> UInt64 {
        guard let id = options.backendID else { return options.size ?? defaultSize }
        guard options.path == nil else {
            // The missing blank is QEMU's; tools match the text.
            throw ObjectError("'-mem-path' can't be used together with'-machine memory-backend'")
        }
        guard let backend = objects.children[id] as? MemoryBackend else {
            throw ObjectError("Memory backend '\(id)' not found")
        }
        if let size = options.size, size != backend.size {
            throw ObjectError("Machine memory size does not match the size of the memory backend")
        }
        return backend.size
    }

    /// Makes main RAM: from an explicit back end, from the back ends of NUMA nodes, or from an implicit back end.
    ///
    /// The implicit back end carries the machine's default RAM id as the name of its block, without any prefix,
    /// whatever the machine's version: the name is wire format and older peers know no other.
    ///
    /// - Parameters:
    ///   - size: Result of ``mainMemorySize(_:defaultSize:)``.
    ///   - defaultRAMID: The machine class's name for main RAM ("ppc_spapr.ram").
    public func makeMainMemory(_ options: MainMemoryOptions, size: UInt64, defaultRAMID: String) throws -> MainMemory {
        let memdevs = options.nodes.compactMap(\.memdev)
        if !options.nodes.isEmpty {
            // A `mem=` node and a `memdev=` node cannot be mixed: the sum would count memory that has no home.
            if !memdevs.isEmpty, options.nodes.contains(where: { $0.memory ?? 0 > 0 }) {
                throw ObjectError("numa configuration should use either mem= or memdev=,mixing both is not allowed")
            }
        }
        guard memdevs.isEmpty else { return try makeNodeMemory(options, size: size, defaultRAMID: defaultRAMID) }

        let backend: MemoryBackend
        if let id = options.backendID, let explicit = objects.children[id] as? MemoryBackend {
            backend = explicit
        } else {
            guard objects.children[defaultRAMID] == nil else {
                throw ObjectError(
                    "object name '\(defaultRAMID)' is reserved for the default RAM backend, it can't be used for any "
                        + "other purposes. Change the object's 'id' to something else")
            }
            backend = try makeImplicitBackend(options, size: size, id: defaultRAMID)
        }
        try checkNodeTotal(options, size: size)
        let block = try claim(backend)
        let region = MemoryRegion(defaultRAMID, size: size, .ram(block), in: topology)
        return MainMemory(region: region, size: size, blocks: [block])
    }

    private func makeImplicitBackend(_ options: MainMemoryOptions, size: UInt64, id: String) throws -> MemoryBackend {
        let typeName = options.path == nil ? "memory-backend-ram" : "memory-backend-file"
        guard let type = types.type(typeName), let backend = try type.create() as? MemoryBackend else {
            throw ObjectError("invalid object type: \(typeName)")
        }
        try objects.add(child: backend, name: id)
        do {
            for preset in compatProperties where type.isA(preset.driver) && backend.property(preset.property) != nil {
                try backend.set(preset.property, .string(preset.value))
            }
            if let path = options.path { try backend.set("mem-path", .string(path)) }
            backend.size = size
            backend.prealloc = backend.prealloc || options.prealloc
            // Compat properties of old machines turn the prefix on for file back ends. Main RAM never had one.
            backend.usesCanonicalPathForID = false
            try backend.complete()
        } catch {
            objects.remove(child: id)
            throw error
        }
        return backend
    }

    private func makeNodeMemory(_ options: MainMemoryOptions, size: UInt64, defaultRAMID: String) throws -> MainMemory {
        let container = MemoryRegion(defaultRAMID, size: size, in: topology)
        var backends: [MemoryBackend] = []
        // RAM is laid out by the nodes' numbers, in whatever order they were given.
        for node in options.nodes.sorted(by: { $0.id < $1.id }) {
            guard let id = node.memdev else { continue }
            guard let backend = objects.children[id] as? MemoryBackend else {
                throw ObjectError("memdev=\(id) is ambiguous", hint: "There is no memory back end with id '\(id)'.")
            }
            guard !backends.contains(where: { $0 === backend }) else {
                throw ObjectError("memory backend \(id) can't be used multiple times.")
            }
            backends.append(backend)
        }
        let total = backends.reduce(UInt64(0)) { $0 &+ $1.size }
        guard total == size else { throw Self.nodeTotalError(total, size) }
        guard options.backendID == nil else {
            throw ObjectError("'-machine memory-backend' and '-numa memdev' properties are mutually exclusive")
        }
        var offset: UInt64 = 0
        var blocks: [RAMBlock] = []
        for backend in backends {
            let block = try claim(backend)
            blocks.append(block)
            container.add(MemoryRegion(backend.name, size: backend.size, .ram(block), in: topology), at: offset)
            offset += backend.size
        }
        return MainMemory(region: container, size: size, blocks: blocks)
    }

    private func checkNodeTotal(_ options: MainMemoryOptions, size: UInt64) throws {
        guard options.nodes.contains(where: { $0.memory != nil }) else { return }
        let total = options.nodes.reduce(UInt64(0)) { $0 &+ ($1.memory ?? 0) }
        guard total == size else { throw Self.nodeTotalError(total, size) }
    }

    private static func nodeTotalError(_ total: UInt64, _ size: UInt64) -> ObjectError {
        ObjectError(
            "total memory for NUMA nodes (0x\(String(total, radix: 16))) should equal RAM size "
                + "(0x\(String(size, radix: 16)))")
    }

    /// Gives a back end's block to the machine; a back end serves one user.
    public func claim(_ backend: MemoryBackend) throws -> RAMBlock {
        guard let block = backend.block else {
            throw ObjectError("memory backend \(backend.name) has no memory")
        }
        guard !backend.isMapped else { throw ObjectError("can't use already busy memdev: \(backend.name)") }
        try add(ramBlock: block)
        backend.isMapped = true
        return block
    }
}
