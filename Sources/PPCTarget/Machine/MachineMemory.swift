import EmuCore

/// The machine's physical address space as a CPU needs it, for threads that nothing executes.
package final class MachineMemory: PhysicalMemory {
    weak var space: AddressSpace?

    init() {}

    package func hostMemory(at address: UInt64) -> HostMemory? {
        guard let space else { return nil }
        if let ram = space.ram(at: address, forWriting: true) {
            return HostMemory(pointer: ram.pointer, count: ram.available)
        }
        return space.ram(at: address, forWriting: false).map {
            HostMemory(pointer: $0.pointer, count: $0.available, isWritable: false)
        }
    }

    package func ioRead(at address: UInt64, size: Int) -> UInt64? {
        guard let (value, result) = space?.ioRead(at: address, size: size, order: .big), result == .done else {
            return nil
        }
        return value
    }

    package func ioWrite(at address: UInt64, size: Int, value: UInt64) -> Bool {
        space?.ioWrite(at: address, value, size: size, order: .big) == .done
    }

    package func willWrite(at address: UInt64, count: UInt64) {
        guard let ram = space?.ram(at: address, forWriting: true) else { return }
        ram.block.markDirty(offset: ram.offset, length: min(count, ram.available))
    }
}
