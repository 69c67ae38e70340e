/// Result of an access to device registers.
public enum MemoryAccessResult: Sendable, Equatable {
    case done
    /// Nothing decodes the address.
    case decodeError
    /// The device refused the access.
    case deviceError
}

/// Byte order of a device's registers or of a memory access.
public enum ByteOrder: Sendable { case little, big }

/// Registers of a device: what a read returns and what a write does.
///
/// Values are passed in host order; the address space swaps according to the region's byte order and splits or merges
/// accesses to the sizes that the handler implements. Offsets are relative to the region. Called under the machine's
/// lock.
public struct IOHandlers {
    /// Returns what a read of `size` bytes gets.
    public var read: (_ offset: UInt64, _ size: Int) -> UInt64
    /// Does what a write of `size` bytes means.
    public var write: (_ offset: UInt64, _ value: UInt64, _ size: Int) -> Void
    /// Byte order of the registers.
    public var order: ByteOrder
    /// Access sizes in bytes that a guest may use; others are decode errors.
    public var validSizes: ClosedRange<Int>
    /// Access sizes that the closures understand; others are split or widened.
    public var implementedSizes: ClosedRange<Int>

    /// Handlers of a region; sizes in bytes, values in the order given.
    public init(
        order: ByteOrder, validSizes: ClosedRange<Int> = 1...8, implementedSizes: ClosedRange<Int> = 1...8,
        read: @escaping (_ offset: UInt64, _ size: Int) -> UInt64,
        write: @escaping (_ offset: UInt64, _ value: UInt64, _ size: Int) -> Void
    ) {
        self.order = order
        self.validSizes = validSizes
        self.implementedSizes = implementedSizes
        self.read = read
        self.write = write
    }
}

/// What an IOMMU answers for one address.
public struct IOMMUTranslation {
    /// Where the access goes on.
    public var target: AddressSpace
    /// The address there.
    public var address: UInt64
    /// Length − 1 of the aligned area to which the answer applies.
    public var mask: UInt64
    /// Whether reads are permitted.
    public var readable: Bool
    /// Whether writes are permitted.
    public var writable: Bool
    /// An answer of its parts.
    public init(target: AddressSpace, address: UInt64, mask: UInt64, readable: Bool, writable: Bool) {
        self.target = target
        self.address = address
        self.mask = mask
        self.readable = readable
        self.writable = writable
    }
}

/// A node of the tree that describes an address space: RAM, registers, an alias into another region, a container.
///
/// Regions overlap; the higher priority wins, and among equals the one added later. Changes are made inside
/// ``MemoryTopology/transaction(_:)`` or alone, and become visible to all address spaces at its end.
public final class MemoryRegion {
    /// What answers accesses to a region.
    public enum Kind {
        case container
        case ram(RAMBlock)
        case rom(RAMBlock)
        case io(IOHandlers)
        case alias(MemoryRegion, offset: UInt64)
        case iommu(translate: (_ address: UInt64, _ isWrite: Bool) -> IOMMUTranslation?)
    }

    /// Name for `info mtree` and logs.
    public let name: String
    /// Bytes; `UInt64.max` stands for 2^64.
    public let size: UInt64
    /// What answers accesses.
    public let kind: Kind
    /// The transaction bracket that its changes belong to.
    public let topology: MemoryTopology
    /// Whether the region answers; see ``MemoryRegion/setEnabled(_:)``.
    public private(set) var isEnabled = true
    /// Regions inside, by descending priority; offsets in bytes.
    public private(set) var subregions: [(offset: UInt64, priority: Int, region: MemoryRegion)] = []
    /// The region that this one is mapped in.
    public private(set) weak var container: MemoryRegion?
    /// The object that the region belongs to, for `info mtree` and logs.
    public weak var owner: AnyObject?

    /// - Parameter size: In bytes; `UInt64.max` stands for 2^64.
    public init(_ name: String, size: UInt64, _ kind: Kind = .container, in topology: MemoryTopology) {
        self.name = name
        self.size = size
        self.kind = kind
        self.topology = topology
    }

    /// Adds a region at `offset`.
    public func add(_ region: MemoryRegion, at offset: UInt64, priority: Int = 0) {
        topology.transaction {
            region.container = self
            let position = subregions.firstIndex { $0.priority <= priority } ?? subregions.endIndex
            subregions.insert((offset, priority, region), at: position)
            topology.changed()
        }
    }

    /// Takes a subregion out.
    public func remove(_ region: MemoryRegion) {
        topology.transaction {
            subregions.removeAll { $0.region === region }
            region.container = nil
            topology.changed()
        }
    }

    /// Shows or hides the region with all that is in it.
    public func setEnabled(_ enabled: Bool) {
        guard enabled != isEnabled else { return }
        topology.transaction {
            isEnabled = enabled
            topology.changed()
        }
    }

    /// Where the region lies in its container.
    public var offsetInContainer: UInt64? {
        container?.subregions.first { $0.region === self }?.offset
    }
}

/// The transaction bracket of one machine's memory layout; address spaces listen to it.
public final class MemoryTopology {
    private var depth = 0
    private var isChanged = false
    private var spaces: [WeakSpace] = []
    private struct WeakSpace { weak var space: AddressSpace? }

    /// A topology without regions.
    public init() {}

    /// Groups changes: address spaces rebuild their views once, when the outermost transaction ends.
    public func transaction<R>(_ body: () throws -> R) rethrows -> R {
        depth += 1
        defer {
            depth -= 1
            if depth == 0, isChanged {
                isChanged = false
                spaces.removeAll { $0.space == nil }
                for entry in spaces { entry.space?.rebuild() }
            }
        }
        return try body()
    }

    func changed() { isChanged = true }
    func add(_ space: AddressSpace) { spaces.append(WeakSpace(space: space)) }
}
