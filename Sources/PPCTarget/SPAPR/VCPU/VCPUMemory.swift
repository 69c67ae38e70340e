import EmuCore

/// Physical memory as one vCPU reaches it: RAM directly, devices under the machine's lock with the vCPU as the one
/// who asks.
final class VCPUMemory: PhysicalMemory {
    private let memory: AddressSpaceMemory
    private let entrance: SpaprServices.Entrance

    init(services: SpaprServices, thread: SpaprThread) {
        memory = AddressSpaceMemory(services.machine.memory)
        entrance = SpaprServices.Entrance(services, thread)
    }

    func hostMemory(at address: UInt64) -> HostMemory? { memory.hostMemory(at: address) }

    func ioRead(at address: UInt64, size: Int) -> UInt64? {
        entrance.enter { memory.ioRead(at: address, size: size) }
    }

    func ioWrite(at address: UInt64, size: Int, value: UInt64) -> Bool {
        entrance.enter { memory.ioWrite(at: address, size: size, value: value) }
    }

    func deviceRegisters(at address: UInt64) -> DeviceRegisters? {
        memory.registersAndLayout(at: address).map { [entrance, memory] range, layout in
            DeviceRegisters(
                first: range.start, last: range.last, layout: layout,
                // The layout is stable while the machine's lock is held.
                read: { address, size in
                    entrance.enter { memory.read(range, layout, at: address, size: size) }
                },
                write: { address, size, value in
                    entrance.enter { memory.write(range, layout, at: address, size: size, value: value) }
                })
        }
    }

    func willWrite(at address: UInt64, count: UInt64) { memory.willWrite(at: address, count: count) }
}
