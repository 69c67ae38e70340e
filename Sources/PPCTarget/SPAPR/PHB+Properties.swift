import EmuCore

extension SpaprPHB {
    /// What `-device spapr-pci-host-bridge` and presets can set. Defaults are those of the newest machine version; older
    /// ones begin with other values.
    static var properties: [Property] {
        [
            .unsigned(
                "index", \SpaprPHB.index, "Number of the bridge, which decides where its windows are", default: .max),
            .unsigned(
                "mem_win_size", \SpaprPHB.settings.memoryWindowSize, "Size of the 32-bit window", default: 0x8000_0000),
            .unsigned(
                "mem64_win_size", \SpaprPHB.settings.memory64WindowSize, "Size of the 64-bit window",
                default: 0x100_0000_0000),
            fixed("io_win_size", to: ioWindowSize, "Size of the I/O window"),
            .bool(
                "dynamic-reconfiguration", \SpaprPHB.settings.isDynamicReconfigurable,
                "Slots can be plugged and unplugged",
                default: true),
            .unsigned("dma_win_addr", \SpaprPHB.dmaWindowAddress, "PCI address of the first DMA window", default: 0),
            .unsigned("dma_win_size", \SpaprPHB.dmaWindowSize, "Size of the first DMA window", default: 0x4000_0000),
            .unsigned(
                "dma64_win_addr", \SpaprPHB.dma64WindowAddress, "PCI address of DMA windows that the guest creates",
                default: 0x800_0000_0000_0000),
            .bool("ddw", \SpaprPHB.settings.hasDynamicWindows, "The guest may create DMA windows", default: true),
            .unsigned(
                "pgsz", \SpaprPHB.settings.pageSizeMask, "Page sizes of DMA windows, one bit each", default: 0x121_1000),
            .unsigned("numa_node", \SpaprPHB.node, "NUMA node of the bridge", default: .max),
            .bool(
                "pre-2.8-migration", \SpaprPHB.settings.sendsLegacyFields, "Streams carry where the windows are",
                default: false),
            .bool(
                "pcie-extended-configuration-space", \SpaprPHB.settings.hasExtendedConfigurationSpace,
                "4096 bytes of configuration space", default: true),
            .bool(
                "pre-5.1-associativity", \SpaprPHB.settings.hasOldAssociativity, "NUMA associativity as before 5.1",
                default: false),
        ]
    }

    /// A property that can be set to one value alone.
    private static func fixed(_ name: String, to value: UInt64, _ description: String) -> Property {
        Property(
            name, type: "uint64", description: description, defaultValue: Value(unsigned: value),
            get: { _ in Value(unsigned: value) },
            set: { _, new in
                guard try PropertyParsing.unsigned(new, name: name) == value else {
                    throw ObjectError(
                        "Property 'spapr-pci-host-bridge.\(name)' doesn't take value '\(new.stringValue ?? new.json)'",
                        hint: "The only size that the platform's windows leave room for is \(value).")
                }
            })
    }
}
