import EmuCore

/// Physical memory as one vCPU reaches it: RAM directly, devices under the machine's lock with the vCPU as the one
/// who asks.
final class VCPUMemory: PhysicalMemory {
    private let memory: AddressSpaceMemory
    private unowned let services: SpaprServices
    private unowned let thread: SpaprThread

    init(services: SpaprServices, thread: SpaprThread) {
        memory = AddressSpaceMemory(services.machine.memory)
        self.services = services
        self.thread = thread
    }

    func hostMemory(at address: UInt64) -> HostMemory? { memory.hostMemory(at: address) }

    func ioRead(at address: UInt64, size: Int) -> UInt64? {
        services.enter(thread) { memory.ioRead(at: address, size: size) }
    }

    func ioWrite(at address: UInt64, size: Int, value: UInt64) -> Bool {
        services.enter(thread) { memory.ioWrite(at: address, size: size, value: value) }
    }

    func willWrite(at address: UInt64, count: UInt64) { memory.willWrite(at: address, count: count) }
}
