import EmuCore

/// A PCI bus below a host bridge of the virtual platform.
package final class PCIBus: Bus {
    package static let pinCount = 4
    package unowned let phb: SpaprPHB
    /// How many devices drive each interrupt wire.
    private var drivers = [Int32](repeating: 0, count: PCIBus.pinCount)

    init(phb: SpaprPHB) {
        self.phb = phb
        super.init(name: phb.index == 0 ? "pci.0" : "pci.\(phb.index)", typeName: "PCI", parent: phb)
    }

    /// One device starts or stops driving its pin; the wire follows the sum.
    ///
    /// - Parameters:
    ///   - slot: Slot of the device on this bus.
    ///   - pin: 0 for INTA to 3 for INTD.
    package func change(slot: Int, pin: Int, by change: Int32) {
        let wire = (slot + pin) % Self.pinCount
        guard drivers.indices.contains(wire) else { return }
        drivers[wire] &+= change
        phb.setLevel(pin: wire, drivers[wire] != 0)
    }

    package override func reset(_ phase: ResetPhase) {
        guard phase == .hold else { return }
        for wire in drivers.indices { drivers[wire] = 0 }
    }

    static let stateDescription = StateDescription(
        "PCIBUS", of: PCIBus.self,
        fields: [
            .scalar("nirq", .int32, mustMatch: true, get: { _ in UInt64(pinCount) }, set: { _, _ in }),
            .array(
                "irq_count", .int32, count: { _ in pinCount },
                get: { UInt64(bitPattern: Int64($0.drivers[$1])) },
                set: { $0.drivers[$1] = Int32(truncatingIfNeeded: $2) }),
        ])
}
