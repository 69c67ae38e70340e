/// The part of the guest's address space behind main RAM that memory devices occupy (`-m …,slots=N,maxmem=SIZE`).
public final class DeviceMemory {
    /// First guest physical address.
    public let base: UInt64
    /// Bytes of address space.
    public let size: UInt64
    /// How many modules fit.
    public let slots: Int
    /// Mapped at ``base``; holds a subregion for each device.
    public let region: MemoryRegion
    /// Sorted by address.
    public private(set) var devices: [MemoryModule] = []

    /// - Parameters:
    ///   - base: First address.
    ///   - size: Bytes.
    ///   - slots: Modules at most.
    ///   - topology: Where the region belongs.
    public init(base: UInt64, size: UInt64, slots: Int, in topology: MemoryTopology) {
        self.base = base
        self.size = size
        self.slots = slots
        region = MemoryRegion("device-memory", size: size, in: topology)
    }

    /// Bytes of all devices.
    public var used: UInt64 { devices.reduce(0) { $0 &+ $1.size } }

    /// Finds slot and address for a module that left them open, and checks those that it names.
    func place(_ module: MemoryModule, alignment: UInt64) throws {
        try chooseSlot(module)
        let size = module.size
        guard size <= self.size - used else {
            throw ObjectError(
                "not enough space, currently \(text(used)) in use of total space for memory devices \(text(self.size))",
                hint: "Raise maxmem= of -m.")
        }
        if module.address != 0 {
            guard module.address % alignment == 0 else {
                throw ObjectError("address must be aligned to \(text(alignment)) bytes")
            }
            let (end, overflow) = module.address.addingReportingOverflow(size)
            guard !overflow, module.address >= base, end - base <= self.size else {
                throw ObjectError(
                    "can't add memory device [\(text(module.address)):\(text(size))], usable range for memory devices "
                        + "[\(text(base)):\(text(self.size))]")
            }
            if let other = devices.first(where: { $0.address < end && module.address < $0.address + $0.size }) {
                throw ObjectError("address range conflicts with memory device id='\(other.id ?? "(unnamed)")'")
            }
        } else {
            var address = base
            for other in devices {
                if other.address - address >= size { break }
                address = (other.address + other.size + alignment - 1) / alignment * alignment
            }
            guard address - base <= self.size, size <= self.size - (address - base) else {
                throw ObjectError(
                    "could not find position in guest address space for memory device - memory fragmented due to "
                        + "alignments")
            }
            module.address = address
        }
    }

    private func chooseSlot(_ module: MemoryModule) throws {
        guard slots > 0 else {
            throw ObjectError(
                "no slots where allocated, please specify the 'slots' option",
                hint: "Write -m SIZE,slots=N,maxmem=SIZE.")
        }
        let taken = Set(devices.map(\.slot))
        if module.slot >= 0 {
            guard module.slot < slots else {
                throw ObjectError("invalid slot number \(module.slot), valid range is [0-\(slots - 1)]")
            }
            guard !taken.contains(module.slot) else { throw ObjectError("slot \(module.slot) is busy") }
        } else {
            guard let free = (0..<Int32(slots)).first(where: { !taken.contains($0) }) else {
                throw ObjectError("no free slots available", hint: "Raise slots= of -m.")
            }
            module.slot = free
        }
    }

    func insert(_ module: MemoryModule, _ block: RAMBlock) {
        let piece = MemoryRegion(block.id, size: module.size, .ram(block), in: region.topology)
        region.add(piece, at: module.address - base)
        devices.insert(module, at: devices.firstIndex { $0.address > module.address } ?? devices.endIndex)
    }

    func remove(_ module: MemoryModule) {
        devices.removeAll { $0 === module }
        if let piece = region.subregions.first(where: { $0.offset == module.address - base })?.region {
            region.remove(piece)
        }
    }

    private func text(_ value: UInt64) -> String { "0x\(String(value, radix: 16))" }
}

/// `pc-dimm`: a memory module that a back end fills. Its RAM block travels under the back end's name; the module itself
/// has no state.
public final class MemoryModule: Device {
    /// Where in the guest's address space it is; 0: to be chosen.
    public internal(set) var address: UInt64 = 0
    /// −1: to be chosen.
    public internal(set) var slot: Int32 = -1
    /// NUMA node.
    public internal(set) var node: UInt32 = 0
    /// The memory that the module holds; `nil` until it is realized.
    public private(set) var backend: MemoryBackend?

    /// Bytes, as its back end has them.
    public var size: UInt64 { backend?.size ?? 0 }

    /// A module without its memory.
    public init(machine: Machine) { super.init(type: Self.moduleType, machine: machine) }

    /// - Parameters:
    ///   - memory: Where modules go; `nil` if the machine has no room for them.
    ///   - unit: The size is a multiple of this many bytes.
    ///   - nodeCount: NUMA nodes of the machine.
    public func insert(into memory: DeviceMemory?, unit: UInt64, nodeCount: Int) throws {
        guard let backend else { throw ObjectError("'memdev' property must be set") }
        guard backend.size % unit == 0 else {
            throw ObjectError("Hotplugged memory size must be a multiple of \(unit >> 20) MB")
        }
        guard let memory else {
            throw ObjectError(
                "no slots where allocated, please specify the 'slots' option",
                hint: "Write -m SIZE,slots=N,maxmem=SIZE.")
        }
        guard node == 0 || Int(node) < nodeCount else {
            throw ObjectError(
                "'DIMM property node has value \(node)' which exceeds the number of numa nodes: \(nodeCount)")
        }
        // QEMU aligns modules as it aligns large host mappings: to 2 MiB, or to the back end's huge pages.
        try memory.place(self, alignment: max(2 << 20, backend.block?.pageSize ?? 0))
        memory.insert(self, try machine.claim(backend))
    }

    /// Takes the module out again; its back end is free for others. No CPU executes meanwhile.
    public func remove(from memory: DeviceMemory) {
        memory.remove(self)
        guard let backend, let block = backend.block else { return }
        machine.remove(ramBlock: block)
        backend.isMapped = false
    }

    // A type is immutable after its creation and holds no state of a machine.
    nonisolated(unsafe) static let moduleType = ObjectType(
        "pc-dimm", parent: nil, interfaces: ["device", "user-device", "memory-device", "hot-pluggable"],
        properties: [
            .unsigned("addr", \MemoryModule.address, "Guest address; chosen by default", default: 0),
            .unsigned("node", \MemoryModule.node, "NUMA node", default: 0),
            Property(
                "slot", type: "int32", description: "Slot; chosen by default", defaultValue: -1,
                get: { .integer(Int64(($0 as? MemoryModule)?.slot ?? -1)) },
                set: { object, value in
                    let number = value.integerValue ?? value.stringValue.flatMap { Int64($0) }
                    guard let slot = number.flatMap({ Int32(exactly: $0) }) else {
                        throw ObjectError("Parameter 'slot' expects int32_t")
                    }
                    (object as? MemoryModule)?.slot = slot
                }),
            Property(
                "size", type: "uint64", description: "Size of the back end",
                get: { Value(unsigned: ($0 as? MemoryModule)?.size ?? 0) }, set: nil),
            Property(
                "memdev", type: "link<memory-backend>", description: "Back end that fills the module",
                get: { .string(($0 as? MemoryModule)?.backend?.canonicalPath ?? "") },
                set: { object, value in
                    guard let module = object as? MemoryModule else { return }
                    let id = try PropertyParsing.string(value, name: "memdev")
                    guard let backend = module.machine.objects.children[id] as? MemoryBackend else {
                        throw ObjectError("Device '\(id)' not found", errorClass: "DeviceNotFound")
                    }
                    guard !backend.isMapped else { throw ObjectError("can't use already busy memdev: \(id)") }
                    module.backend = backend
                }),
        ], description: "Memory module")
}
