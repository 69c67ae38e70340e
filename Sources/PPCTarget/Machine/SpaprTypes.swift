import EmuCore

/// Types of the platform's own devices, which users do not create.
enum SpaprTypes {
    private static func device(_ name: String, parent: ObjectType? = nil, interfaces: [String] = []) -> ObjectType {
        ObjectType(name, parent: parent, interfaces: ["device"] + interfaces)
    }

    // Types are immutable after their creation and hold no state of a machine.
    nonisolated(unsafe) static let vioDevice = device("vio-spapr-device")
    nonisolated(unsafe) static let vty = device("spapr-vty", parent: vioDevice)
    nonisolated(unsafe) static let nvram = device("spapr-nvram", parent: vioDevice)
    nonisolated(unsafe) static let rtc = device("spapr-rtc")
    nonisolated(unsafe) static let tceTable = device("spapr-tce-table")
    nonisolated(unsafe) static let phb = device("spapr-pci-host-bridge")
    nonisolated(unsafe) static let connector = device("spapr-dr-connector")
}

extension TypeRegistry {
    func registerSpaprDeviceTypes() {
        for type in [
            SpaprTypes.vioDevice, SpaprTypes.vty, SpaprTypes.nvram, SpaprTypes.rtc, SpaprTypes.tceTable,
            SpaprTypes.phb, SpaprTypes.connector,
        ] { register(type) }
        let cpu = register(ObjectType("powerpc64-cpu", parent: nil, isAbstract: true, interfaces: ["device"]))
        let core = register(
            ObjectType("spapr-cpu-core", parent: nil, isAbstract: true, interfaces: ["device", "cpu-core"]))
        for model in PPCModel.all {
            register(ObjectType("\(model.name)-powerpc64-cpu", parent: cpu, data: model))
            register(ObjectType("\(model.name)-spapr-cpu-core", parent: core, data: model))
        }
    }
}
