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
            .unsigned(
                "io_win_size", \SpaprPHB.ioWindowSize, "Size of the I/O window", default: defaultIOWindowSize),
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
            accelerator("gpa", "Memory of accelerators (NVLink 2); the platform decides") {
                outboundLimit &+ UInt64($0) &* 0x200_0000_0000
            },
            accelerator("atsd", "Translation shootdown of accelerators (NVLink 2); the platform decides") {
                0x8000_0000_0000 &+ UInt64($0) &* 0x12_0000
            },
            .bool(
                "bypass-iommu", \SpaprPHB.bypassesIOMMU, "Devices may address memory directly; there are none",
                default: false),
            .bool(
                "x-config-reg-migration-enabled", \SpaprPHB.sendsConfigurationRegister,
                "Streams carry a configuration address register; this bridge has none", default: true),
        ]
    }

    /// The place of a window that this bridge does not have: shown where QEMU 4.1 and newer show it, any value for it is
    /// taken and overruled by the bridge's number, as there.
    private static func accelerator(
        _ name: String, _ description: String, at address: @escaping (UInt32) -> UInt64
    ) -> Property {
        Property(
            name, type: "uint64", description: description, defaultValue: 0,
            get: { object in
                guard let phb = object as? SpaprPHB, phb.isRealized, phb.hasAcceleratorWindows else { return 0 }
                return Value(unsigned: address(phb.index))
            },
            set: { _, value in _ = try PropertyParsing.unsigned(value, name: name) })
    }
}
