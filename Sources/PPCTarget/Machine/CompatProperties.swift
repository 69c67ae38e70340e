import EmuCore

/// Presets that old machine versions need so that devices look to the guest as they did then.
enum CompatProperties {
    private static func list(_ triples: [(String, String, String)]) -> [GlobalProperty] {
        triples.map { GlobalProperty($0.0, $0.1, $0.2) }
    }

    /// Presets that a version adds to those of the next newer one.
    static let byVersion: [String: [GlobalProperty]] = {
        var all: [String: [GlobalProperty]] = [:]
        for (version, triples) in recent + middle + old + oldest { all[version] = list(triples) }
        return all
    }()

    private static let recent: [(String, [(String, String, String)])] = [
        (
            "7.1",
            [
                ("virtio-device", "queue_reset", "false"),
                ("virtio-rng-pci", "vectors", "0"),
                ("virtio-rng-pci-transitional", "vectors", "0"),
                ("virtio-rng-pci-non-transitional", "vectors", "0"),
            ]
        ),
        (
            "7.0",
            [
                ("nvme-ns", "eui64-default", "on")
            ]
        ),
        (
            "6.1",
            [
                ("vhost-user-vsock-device", "seqpacket", "off"),
                ("nvme-ns", "shared", "off"),
            ]
        ),
        (
            "6.0",
            [
                ("nvme-ns", "eui64-default", "off"),
                ("e1000", "init-vet", "off"),
                ("e1000e", "init-vet", "off"),
                ("vhost-vsock-device", "seqpacket", "off"),
            ]
        ),
    ]

    private static let middle: [(String, [(String, String, String)])] = [
        (
            "5.2",
            [
                ("virtio-blk-device", "report-discard-granularity", "off"),
                ("virtio-net-pci-base", "vectors", "3"),
                ("nvme", "msix-exclusive-bar", "on"),
            ]
        ),
        (
            "5.1",
            [
                ("vhost-scsi", "num_queues", "1"),
                ("vhost-user-blk", "num-queues", "1"),
                ("vhost-user-scsi", "num_queues", "1"),
                ("virtio-blk-device", "num-queues", "1"),
                ("virtio-scsi-device", "num_queues", "1"),
                ("nvme", "use-intel-id", "on"),
                ("virtio-pci", "x-ats-page-aligned", "off"),
            ]
        ),
        (
            "5.0",
            [
                ("pci-host-bridge", "x-config-reg-migration-enabled", "off"),
                ("virtio-balloon-device", "page-poison", "false"),
                ("virtio-device", "x-disable-legacy-check", "true"),
            ]
        ),
        (
            "4.2",
            [
                ("virtio-blk-device", "queue-size", "128"),
                ("virtio-scsi-device", "virtqueue_size", "128"),
                ("virtio-blk-device", "x-enable-wce-if-config-wce", "off"),
                ("virtio-blk-device", "seg-max-adjust", "off"),
                ("virtio-scsi-device", "seg_max_adjust", "off"),
                ("vhost-blk-device", "seg_max_adjust", "off"),
                ("usb-host", "suppress-remote-wake", "off"),
                ("usb-redir", "suppress-remote-wake", "off"),
                ("virtio-device", "use-disabled-flag", "false"),
            ]
        ),
        (
            "4.1",
            [
                ("virtio-pci", "x-pcie-flr-init", "off")
            ]
        ),
        (
            "4.0",
            [
                ("VGA", "edid", "false"),
                ("secondary-vga", "edid", "false"),
                ("bochs-display", "edid", "false"),
                ("virtio-vga", "edid", "false"),
                ("virtio-gpu-device", "edid", "false"),
                ("virtio-device", "use-started", "false"),
                ("virtio-balloon-device", "qemu-4-0-config-size", "true"),
            ]
        ),
    ]

    private static let old: [(String, [(String, String, String)])] = [
        (
            "3.1",
            [
                ("pcie-root-port", "x-speed", "2_5"),
                ("pcie-root-port", "x-width", "1"),
                ("memory-backend-file", "x-use-canonical-path-for-ramblock-id", "true"),
                ("memory-backend-memfd", "x-use-canonical-path-for-ramblock-id", "true"),
                ("usb-kbd", "serial", "42"),
                ("usb-mouse", "serial", "42"),
                ("usb-tablet", "serial", "42"),
                ("virtio-blk-device", "discard", "false"),
                ("virtio-blk-device", "write-zeroes", "false"),
                ("virtio-balloon-device", "qemu-4-0-config-size", "false"),
                ("pcie-root-port-base", "disable-acs", "true"),
            ]
        ),
        (
            "2.12",
            [
                ("hda-audio", "use-timer", "false"),
                ("VGA", "global-vmstate", "true"),
            ]
        ),
        (
            "2.11",
            [
                ("virtio-blk-pci", "vectors", "2"),
                ("vhost-user-blk-pci", "vectors", "2"),
                ("e1000", "migrate_tso_props", "off"),
            ]
        ),
        (
            "2.10",
            [
                ("virtio-mouse-device", "wheel-axis", "false"),
                ("virtio-tablet-device", "wheel-axis", "false"),
            ]
        ),
        (
            "2.9",
            [
                ("pci-bridge", "shpc", "off"),
                ("virtio-net-device", "x-mtu-bypass-backend", "off"),
                ("pcie-root-port", "x-migrate-msix", "false"),
            ]
        ),
        (
            "2.8",
            [
                ("pci-bridge", "shpc", "on"),
                ("pci-device", "x-pcie-extcap-init", "off"),
                ("virtio-pci", "x-pcie-deverr-init", "off"),
                ("virtio-pci", "x-pcie-lnkctl-init", "off"),
                ("virtio-pci", "x-pcie-pm-init", "off"),
            ]
        ),
    ]

    private static let oldest: [(String, [(String, String, String)])] = [
        (
            "2.7",
            [
                ("virtio-pci", "page-per-vq", "on"),
                ("virtio-serial-device", "emergency-write", "off"),
                ("virtio-pci", "x-ignore-backend-features", "on"),
            ]
        ),
        (
            "2.6",
            [
                ("virtio-mmio", "format_transport_address", "off"),
                ("virtio-pci", "disable-modern", "on"),
                ("virtio-pci", "disable-legacy", "off"),
            ]
        ),
        (
            "2.5",
            [
                ("spapr-vlan", "use-rx-buffer-pools", "off")
            ]
        ),
        (
            "2.4",
            [
                ("virtio-blk-device", "scsi", "true"),
                ("e1000", "extra_mac_registers", "off"),
                ("virtio-pci", "x-disable-pcie", "on"),
                ("virtio-pci", "migrate-extra", "off"),
            ]
        ),
        (
            "2.3",
            [
                ("virtio-blk-pci", "any_layout", "off"),
                ("virtio-balloon-pci", "any_layout", "off"),
                ("virtio-serial-pci", "any_layout", "off"),
                ("virtio-9p-pci", "any_layout", "off"),
                ("virtio-rng-pci", "any_layout", "off"),
                ("pci-device", "x-pcie-lnksta-dllla", "off"),
            ]
        ),
        (
            "2.1",
            [
                ("VGA", "qemu-extended-regs", "off"),
                ("secondary-vga", "qemu-extended-regs", "off"),
                ("virtio-scsi-pci", "any_layout", "off"),
                ("usb-mouse", "usb_version", "1"),
                ("usb-kbd", "usb_version", "1"),
                ("virtio-pci", "virtio-pci-bus-master-bug-migration", "on"),
            ]
        ),
    ]
}
