import EmuCore

/// Dynamic reconfiguration connector: the place where a device can be plugged (PAPR, "Dynamic Reconfiguration").
package final class SpaprConnector: Device {
    package enum Kind: UInt32, Sendable {
        case cpu = 1
        case phb = 2
        case vio = 3
        case pci = 4
        case memory = 8
        case persistentMemory = 9

        var typeName: String {
            switch self {
            case .cpu: "CPU"
            case .phb: "PHB"
            case .vio: "VIO"
            case .pci: "28"
            case .memory: "MEM"
            case .persistentMemory: "PMEM"
            }
        }
        var namePrefix: String {
            switch self {
            case .cpu: "CPU "
            case .phb: "PHB "
            case .vio: "VIO "
            case .pci: "C"
            case .memory: "LMB "
            case .persistentMemory: "PMEM "
            }
        }
        var isPhysical: Bool { self == .pci }
    }

    /// States of LoPAPR figure 12; numbers are wire format.
    package enum Stage: UInt32, Sendable {
        case invalid, logicalUnusable, logicalAvailable, logicalUnisolated, logicalConfigured
        case physicalAvailable, physicalPowered, physicalUnisolated, physicalConfigured
    }

    package let kind: Kind
    /// Number within its kind.
    package let number: UInt32
    package weak var owner: AnyObject?
    package var stage: Stage
    /// What is plugged.
    package weak var device: Device?
    package var isUnplugRequested = false
    /// 0 inactive, 1 active, 2 identify, 3 action.
    package var indicator: UInt32 = 0
    /// Progress of `ibm,configure-connector`: node offset and depth in ``fragment``; −1 when it is not under way.
    package var configureOffset: Int32 = -1
    package var configureDepth: Int32 = -1
    /// Device tree of what is plugged, for `ibm,configure-connector`, and where in it the device's node is.
    package var fragment: DeviceTree?
    package var fragmentNode: DeviceTree.Node = 0
    /// Makes ``fragment`` when it is first asked for.
    package var makeFragment: (() -> (DeviceTree, DeviceTree.Node))?
    /// Removes the device when the guest has let go of it.
    package var release: ((Device) -> Void)?

    init(machine: SpaprMachine, kind: Kind, number: UInt32, owner: AnyObject) {
        self.kind = kind
        self.number = number
        self.owner = owner
        stage = kind.isPhysical ? .physicalPowered : .logicalUnusable
        super.init(type: SpaprTypes.connector, machine: machine)
    }

    /// Index by which the guest names the connector: unique over all kinds.
    package var drcIndex: UInt32 { kind.rawValue << 28 | number & 0x0fff_ffff }
    package var treeName: String { "\(kind.namePrefix)\(Int32(bitPattern: number))" }
    var emptyStage: Stage { kind.isPhysical ? .physicalPowered : .logicalUnusable }
    var readyStage: Stage { kind.isPhysical ? .physicalConfigured : .logicalConfigured }

    package override func realize() throws {
        machine.state.register(Self.connectorState, of: self, instance: drcIndex)
        if kind.isPhysical { machine.state.register(Self.physicalState, of: self, instance: drcIndex) }
    }

    package override func unrealize() { machine.state.unregister(subject: self) }

    /// - Parameter release: Called when the guest has let go of the device.
    func attach(_ device: Device, release: ((Device) -> Void)? = nil) {
        self.device = device
        self.release = release
        stage = emptyStage
    }

    /// What reset means: a device present is ready, one that is to go goes.
    func resetConnector() {
        if isUnplugRequested { releaseDevice() }
        if device != nil {
            stage = readyStage
            configureOffset = fragmentNode
            configureDepth = 0
        } else {
            stage = emptyStage
            configureOffset = -1
            configureDepth = -1
        }
        if kind.isPhysical { indicator = device == nil ? 0 : 1 }
    }

    package func releaseDevice() {
        if let device { release?(device) }
        isUnplugRequested = false
        fragment = nil
        fragmentNode = 0
        makeFragment = nil
        release = nil
        device = nil
    }

    private static let connectorState = StateDescription(
        "spapr_drc", of: SpaprConnector.self, versionsSince: [1: Release(2, 10)],
        isNeeded: { $0.device != nil && ($0.stage != $0.readyStage || $0.isUnplugRequested) },
        fields: [
            .scalar(
                "state", .uint32, get: { UInt64($0.stage.rawValue) },
                set: { connector, value in
                    guard let stage = Stage(rawValue: UInt32(truncatingIfNeeded: value)) else {
                        throw StateError("connector state \(value) does not exist")
                    }
                    connector.stage = stage
                })
        ],
        subsections: [
            StateDescription(
                "spapr_drc/unplug_requested", of: SpaprConnector.self, isNeeded: { $0.isUnplugRequested },
                fields: [.value("unplug_requested", \.isUnplugRequested)])
        ])

    private static let physicalState = StateDescription(
        "spapr_drc/physical", of: SpaprConnector.self,
        isNeeded: { $0.indicator != ($0.device == nil ? 0 : 1) },
        fields: [.value("dr_indicator", \.indicator)])
}

/// All connectors of a machine.
package final class ConnectorTable {
    package private(set) var all: [SpaprConnector] = []
    private var byIndex: [UInt32: SpaprConnector] = [:]
    private unowned let machine: SpaprMachine

    init(machine: SpaprMachine) { self.machine = machine }

    package subscript(index: UInt32) -> SpaprConnector? { byIndex[index] }

    package func connector(_ kind: SpaprConnector.Kind, _ number: UInt32) -> SpaprConnector? {
        byIndex[kind.rawValue << 28 | number & 0x0fff_ffff]
    }

    @discardableResult
    func add(_ kind: SpaprConnector.Kind, _ number: UInt32, owner: EmuObject) throws -> SpaprConnector {
        let connector = SpaprConnector(machine: machine, kind: kind, number: number, owner: owner)
        try owner.add(child: connector, name: "dr-connector[\(connector.drcIndex)]")
        try connector.realizeDevice()
        all.append(connector)
        byIndex[connector.drcIndex] = connector
        return connector
    }

    func resetAll() {
        for connector in all { connector.resetConnector() }
    }

    /// Lists connectors of some kinds in a node: number, then one entry each.
    ///
    /// - Parameter owner: Only those of this object; `nil` for all.
    func describe(_ tree: DeviceTree, _ node: DeviceTree.Node, owner: AnyObject?, kinds: Set<SpaprConnector.Kind>) {
        let listed = all.filter { kinds.contains($0.kind) && (owner == nil || $0.owner === owner) }
        let count = UInt32(listed.count)
        tree.set(node, "ibm,drc-indexes", cells: [count] + listed.map(\.drcIndex))
        tree.set(node, "ibm,drc-power-domains", cells: [count] + listed.map { _ in .max })
        let countBytes = withUnsafeBytes(of: count.bigEndian) { Array($0) }
        tree.set(node, "ibm,drc-names", bytes: countBytes + listed.flatMap { Array($0.treeName.utf8) + [0] })
        tree.set(node, "ibm,drc-types", bytes: countBytes + listed.flatMap { Array($0.kind.typeName.utf8) + [0] })
    }
}
