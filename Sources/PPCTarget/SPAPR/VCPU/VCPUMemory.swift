import EmuCore

/// Physical memory as one vCPU reaches it: RAM directly, devices under the machine's lock with the vCPU as the one
/// who asks.
final class VCPUMemory: PhysicalMemory {
    private let memory: AddressSpace
    private unowned let services: SpaprServices
    private unowned let thread: SpaprThread

    init(services: SpaprServices, thread: SpaprThread) {
        memory = services.machine.memory
        self.services = services
        self.thread = thread
    }

    func hostMemory(at address: UInt64) -> HostMemory? {
        if let ram = memory.ram(at: address, forWriting: true) {
            return HostMemory(pointer: ram.pointer, count: ram.available)
        }
        guard let rom = memory.ram(at: address, forWriting: false) else { return nil }
        return HostMemory(pointer: rom.pointer, count: rom.available, isWritable: false)
    }

    func ioRead(at address: UInt64, size: Int) -> UInt64? {
        services.enter(thread) {
            let (value, result) = memory.ioRead(at: address, size: size, order: .big)
            return result == .done ? value : nil
        }
    }

    func ioWrite(at address: UInt64, size: Int, value: UInt64) -> Bool {
        services.enter(thread) { memory.ioWrite(at: address, value, size: size, order: .big) == .done }
    }

    func willWrite(at address: UInt64, count: UInt64) {
        var address = address
        var left = count
        while left > 0, let ram = memory.ram(at: address, forWriting: true), ram.available > 0 {
            let piece = min(left, ram.available)
            ram.block.markDirty(offset: ram.offset, length: piece)
            address &+= piece
            left -= piece
        }
    }
}
