import EmuCore

/// The virtual I/O bus of a partition (PAPR, "Virtual I/O").
package final class VIOBus: Bus {
    static let firstAutomaticUnit: UInt32 = 0x7100_0000
    private var nextUnit = VIOBus.firstAutomaticUnit

    init() { super.init(name: "spapr-vio", typeName: "spapr-vio-bus", parent: nil) }

    package var vioDevices: [VIODevice] { devices.compactMap { $0 as? VIODevice } }

    /// The device of a unit address.
    package func device(unit: UInt32) -> VIODevice? { vioDevices.first { $0.unit == unit } }

    /// The console: the terminal with the lowest unit address.
    package var defaultTerminal: SpaprVTY? {
        vioDevices.compactMap { $0 as? SpaprVTY }.min { $0.unit < $1.unit }
    }

    /// The terminal of a unit address; 0 means the console, as early kernel code uses it.
    package func terminal(unit: UInt64) -> SpaprVTY? {
        if let exact = UInt32(exactly: unit), let device = device(unit: exact) { return device as? SpaprVTY }
        return unit == 0 ? defaultTerminal : nil
    }

    func assignUnit() -> UInt32 {
        repeat {
            defer { nextUnit &+= 1 }
            if device(unit: nextUnit) == nil { return nextUnit }
        } while true
    }

    package override func statePath(of device: Device) -> String { (device as? VIODevice)?.nodeName ?? "" }
}

/// A device on the virtual I/O bus.
package class VIODevice: Device {
    /// Name, type and "compatible" of the device tree node.
    package var treeName: String { "" }
    package var treeType: String? { nil }
    package var treeCompatible: String? { nil }
    package override var busTypeName: String? { "spapr-vio-bus" }
    /// Bits a guest may set with H_VIO_SIGNAL.
    package var signalMask: UInt64 { 0 }

    /// Unit address (`reg=`); assigned when realized unless the user did.
    package var unit = UInt32.max
    package private(set) var interrupt = 0
    package var signalState: UInt64 = 0
    /// Command/response queue: address, size in bytes, offset of the next entry.
    package var queueAddress: UInt64 = 0
    package var queueSize: UInt32 = 0
    package var queueNext: UInt32 = 0
    package private(set) var interruptLine: InterruptLine?

    static var busProperties: [Property] {
        [.unsigned("reg", \VIODevice.unit, "Unit address; the next free one by default", default: .max)]
    }

    package var spapr: SpaprMachine? { machine as? SpaprMachine }

    package var nodeName: String { "\(treeName)@\(String(unit, radix: 16))" }

    package override func realize() throws {
        guard let spapr, let vio = bus as? VIOBus else { throw ObjectError("No 'spapr-vio-bus' bus found") }
        if unit == .max {
            unit = vio.assignUnit()
        } else if let other = vio.vioDevices.first(where: { $0 !== self && $0.unit == unit }) {
            throw ObjectError(
                "\(objectType.name) and \(other.objectType.name) devices conflict at address "
                    + "0x\(String(unit, radix: 16))")
        }
        if id == nil { id = nodeName }
        if spapr.version.hasLegacyInterruptAllocation {
            interrupt = try spapr.interrupts.allocateMessages(1, aligned: false)
        } else {
            interrupt = SpaprInterrupts.firstVIO | Int(Self.interruptOffset(unit: unit))
        }
        try spapr.interrupts.claim(interrupt, isLevel: false)
        interruptLine = spapr.interrupts.line(interrupt)
    }

    /// Each unit's place among the 256 interrupts of the bus: ours count from 0, libvirt's terminals take the last
    /// sixteen, its other devices are 0x1000 apart.
    private static func interruptOffset(unit: UInt32) -> UInt32 {
        if unit >= VIOBus.firstAutomaticUnit { return unit & 0xff }
        if unit >= 0x3000_0000 { return 0xf0 | unit >> 12 & 0xf }
        return unit >> 12 & 0xff
    }

    package override func reset(_ phase: ResetPhase) {
        guard phase == .hold else { return }
        freeQueue()
        signalState = 0
    }

    package func freeQueue() {
        queueAddress = 0
        queueSize = 0
        queueNext = 0
    }

    /// Adds what is special to the device to its node.
    package func fill(_ tree: DeviceTree, _ node: DeviceTree.Node) {}

    func addNode(_ tree: DeviceTree, parent: DeviceTree.Node) {
        let node = tree.addNode(parent, nodeName)
        tree.set(node, "reg", cell: unit)
        if let treeType { tree.set(node, "device_type", string: treeType) }
        if let treeCompatible { tree.set(node, "compatible", string: treeCompatible) }
        if interrupt != 0 { tree.set(node, "interrupts", cells: SpaprInterrupts.cells(interrupt, isLevel: false)) }
        fill(tree, node)
    }

    /// The part of a device's state that all of the bus have.
    package static let commonState = StateDescription(
        "spapr_vio", of: VIODevice.self,
        fields: [
            .scalar("reg", .uint32, mustMatch: true, get: { UInt64($0.unit) }, set: { _, _ in }),
            .scalar(
                "irq", .uint32, mustMatch: true, get: { UInt64(truncatingIfNeeded: $0.interrupt) }, set: { _, _ in }),
            .value("signal_state", \.signalState), .value("crq.qladdr", \.queueAddress),
            .value("crq.qsize", \.queueSize), .value("crq.qnext", \.queueNext),
        ])
}

extension SpaprInterrupts {
    /// An interrupt as the device tree gives it: number, and 1 for level-sensitive.
    static func cells(_ number: Int, isLevel: Bool) -> [UInt32] {
        [UInt32(truncatingIfNeeded: number), isLevel ? 1 : 0]
    }
}
