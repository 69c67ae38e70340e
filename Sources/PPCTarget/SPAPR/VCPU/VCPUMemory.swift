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
        memory.findRegisters(address).map { [entrance] range in
            DeviceRegisters(
                first: range.start, last: range.last,
                read: { address, size in entrance.enter { range.readBigEndian(at: address, size: size) } },
                write: { address, size, value in
                    entrance.enter { range.write(at: address, value, size: size, order: .big) == .done }
                })
        }
    }

    func willWrite(at address: UInt64, count: UInt64) { memory.willWrite(at: address, count: count) }
}
