/// A run of host memory that backs guest physical memory.
public struct HostMemory {
    /// Host address of the guest physical address that was asked for.
    public let pointer: UnsafeMutableRawPointer
    /// Bytes that follow at consecutive host addresses.
    public let count: UInt64
    /// Stores are allowed; otherwise it is ROM and stores are ignored.
    public let isWritable: Bool

    /// A run of its parts.
    public init(pointer: UnsafeMutableRawPointer, count: UInt64, isWritable: Bool = true) {
        self.pointer = pointer
        self.count = count
        self.isWritable = isWritable
    }
}

/// Guest physical memory as a CPU needs it. Pointers stay valid until the CPU is told to forget them
/// (``MMU/physicalMapChanged()``).
public protocol PhysicalMemory: AnyObject {
    /// The RAM or ROM at a physical address; `nil` where there is none.
    func hostMemory(at address: UInt64) -> HostMemory?
    /// Reads a device register of 1, 2, 4 or 8 bytes. The byte at the lowest address is the most significant of the
    /// result. `nil` if nothing answers; the CPU reads zero then.
    func ioRead(at address: UInt64, size: Int) -> UInt64?
    /// Writes a device register, byte order as in ``ioRead(at:size:)``. `false` if nothing answers.
    func ioWrite(at address: UInt64, size: Int, value: UInt64) -> Bool
    /// The device registers around an address, for engines that call their handlers straight from generated code; `nil` if
    /// every access is to go through ``ioRead(at:size:)`` and ``ioWrite(at:size:value:)``.
    func deviceRegisters(at address: UInt64) -> DeviceRegisters?
    /// RAM in this range is about to be written, perhaps repeatedly and without further notice until
    /// ``MMU/withdrawWriteTags()``: mark it dirty.
    func willWrite(at address: UInt64, count: UInt64)
}

extension PhysicalMemory {
    /// Nothing answers.
    public func ioRead(at address: UInt64, size: Int) -> UInt64? { nil }
    /// Nothing answers.
    public func ioWrite(at address: UInt64, size: Int, value: UInt64) -> Bool { false }
    /// Nothing to be called straight.
    public func deviceRegisters(at address: UInt64) -> DeviceRegisters? { nil }
    /// Nobody keeps track.
    public func willWrite(at address: UInt64, count: UInt64) {}
}

/// Device registers at consecutive physical addresses, and what answers there. Sizes and byte order are those of
/// ``PhysicalMemory/ioRead(at:size:)``.
public struct DeviceRegisters {
    /// Physical address of the first byte.
    public let first: UInt64
    /// Physical address of the last byte.
    public let last: UInt64
    /// Answers a read: physical address and size.
    public let read: (UInt64, Int) -> UInt64?
    /// Takes a write: physical address, size and value.
    public let write: (UInt64, Int, UInt64) -> Bool
    /// Differs between registers that take each other's place.
    public let layout: UInt64

    /// Registers of their handlers, which may be called after the layout has changed, until the CPU has forgotten them.
    public init(
        first: UInt64, last: UInt64, layout: UInt64 = 0, read: @escaping (UInt64, Int) -> UInt64?,
        write: @escaping (UInt64, Int, UInt64) -> Bool
    ) {
        self.first = first
        self.last = last
        self.layout = layout
        self.read = read
        self.write = write
    }
}

/// RAM at consecutive physical addresses and I/O closures: all an embedder needs for a machine of CPU and memory.
public final class FlatMemory: PhysicalMemory {
    /// Physical address of the first byte.
    public let base: UInt64
    /// Bytes, a multiple of 64 KiB.
    public let size: UInt64
    /// Host address of physical address ``base``.
    public let pointer: UnsafeMutableRawPointer
    /// Device reads outside of RAM: address and size.
    public var onRead: ((UInt64, Int) -> UInt64?)?
    /// Device writes outside of RAM: address, size and value. Returns whether something answered.
    public var onWrite: ((UInt64, Int, UInt64) -> Bool)?

    /// - Parameters:
    ///   - size: Bytes, rounded up to 64 KiB.
    ///   - base: Physical address of the first byte.
    public init(size: Int, base: UInt64 = 0) {
        let bytes = (max(size, 1) + 0xffff) & ~0xffff
        self.base = base
        self.size = UInt64(bytes)
        pointer = .allocate(byteCount: bytes, alignment: 0x10000)
        pointer.initializeMemory(as: UInt8.self, repeating: 0, count: bytes)
    }

    deinit { pointer.deallocate() }

    /// The RAM from there to the end.
    public func hostMemory(at address: UInt64) -> HostMemory? {
        let offset = address &- base
        guard offset < size else { return nil }
        return HostMemory(pointer: pointer + Int(offset), count: size - offset)
    }

    /// Asks ``onRead``.
    public func ioRead(at address: UInt64, size: Int) -> UInt64? { onRead?(address, size) }
    /// Asks ``onWrite``.
    public func ioWrite(at address: UInt64, size: Int, value: UInt64) -> Bool {
        onWrite?(address, size, value) ?? false
    }

    /// Everything on the address's side of the RAM.
    public func deviceRegisters(at address: UInt64) -> DeviceRegisters? {
        guard address &- base >= size else { return nil }
        let isBelow = address < base
        // Not kept alive by its own user.
        return DeviceRegisters(
            first: isBelow ? 0 : base &+ size, last: isBelow ? base &- 1 : .max,
            read: { [unowned self] in ioRead(at: $0, size: $1) },
            write: { [unowned self] in ioWrite(at: $0, size: $1, value: $2) })
    }

    /// Copies bytes into RAM; `false` (and nothing written) if they do not fit.
    public func load(_ bytes: [UInt8], at address: UInt64) -> Bool {
        let offset = address &- base
        guard offset <= size, UInt64(bytes.count) <= size - offset else { return false }
        bytes.withUnsafeBytes { source in
            if let start = source.baseAddress {
                (pointer + Int(offset)).copyMemory(from: start, byteCount: source.count)
            }
        }
        return true
    }

    /// Bytes of RAM; `nil` if the range is not all RAM.
    public func bytes(at address: UInt64, count: Int) -> [UInt8]? {
        let offset = address &- base
        guard count >= 0, offset <= size, UInt64(count) <= size - offset else { return nil }
        return [UInt8](UnsafeRawBufferPointer(start: pointer + Int(offset), count: count))
    }
}

/// Knows where translated code came from, so that stores to it reach the slow path.
package protocol TranslatedCodeTracker: AnyObject {
    /// Whether stores to this range of physical memory may happen without notice from now on: it has no translated code.
    func mayWrite(at address: UInt64, count: UInt64) -> Bool
    /// Such memory was written; called after the store.
    func stored(_ cpu: CPUState, at address: UInt64, count: Int)
    /// The instruction at `nip` is about to access device registers. Returns whether translated code can do that itself.
    func accessesDevice(_ cpu: CPUState) -> Bool
    /// Acts on stores and translations by other vCPUs; called on the vCPU's thread after `PPC_EXIT_CODE`.
    func catchUp()
}

extension TranslatedCodeTracker {
    package func accessesDevice(_ cpu: CPUState) -> Bool { false }
}
