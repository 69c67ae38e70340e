import EmuCore

/// Types of the platform's own devices.
enum SpaprTypes {
    /// - Parameter isForUsers: Whether `-device` may name it.
    private static func device(
        _ name: String, parent: ObjectType? = nil, isAbstract: Bool = false, isForUsers: Bool = false,
        interfaces: [String] = [], properties: [Property] = [], _ description: String = ""
    ) -> ObjectType {
        ObjectType(
            name, parent: parent, isAbstract: isAbstract,
            interfaces: ["device"] + interfaces + (isForUsers ? ["user-device"] : []),
            properties: properties, description: description)
    }

    // Types are immutable after their creation and hold no state of a machine.
    nonisolated(unsafe) static let vioDevice = device("vio-spapr-device", isAbstract: true)
    nonisolated(unsafe) static let vty = device(
        "spapr-vty", parent: vioDevice, isForUsers: true, properties: SpaprVTY.properties, "Virtual terminal")
    nonisolated(unsafe) static let nvram = device(
        "spapr-nvram", parent: vioDevice, properties: SpaprNVRAM.properties, "Non-volatile memory of the partition")
    nonisolated(unsafe) static let rtc = device("spapr-rtc")
    nonisolated(unsafe) static let tceTable = device("spapr-tce-table")
    nonisolated(unsafe) static let phb = device(
        "spapr-pci-host-bridge", isForUsers: true, interfaces: ["pci-host-bridge", "hot-pluggable"],
        properties: SpaprPHB.properties, "PCI host bridge of the partition")
    nonisolated(unsafe) static let rng = device(
        "spapr-rng", isForUsers: true, properties: SpaprRNG.properties, "Random numbers by H_RANDOM")
    nonisolated(unsafe) static let connector = device("spapr-dr-connector")
}

extension TypeRegistry {
    func registerSpaprDeviceTypes() {
        for type in [
            SpaprTypes.vioDevice, SpaprTypes.vty, SpaprTypes.nvram, SpaprTypes.rtc, SpaprTypes.tceTable,
            SpaprTypes.phb, SpaprTypes.rng, SpaprTypes.connector,
        ] { register(type) }
        let cpu = register(
            ObjectType(
                "powerpc64-cpu", parent: nil, isAbstract: true, interfaces: ["device"],
                properties: SpaprThread.properties, description: "Thread of a processor"))
        let core = register(
            ObjectType(
                "spapr-cpu-core", parent: nil, isAbstract: true,
                interfaces: ["device", "cpu-core", "user-device", "hot-pluggable"],
                properties: SpaprCPUCore.properties, description: "Processor core of the partition"))
        for model in PPCModel.all {
            register(ObjectType("\(model.name)-powerpc64-cpu", parent: cpu, data: model))
            register(ObjectType("\(model.name)-spapr-cpu-core", parent: core, data: model))
        }
    }
}
