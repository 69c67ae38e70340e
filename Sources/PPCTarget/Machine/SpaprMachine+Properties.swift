import EmuCore

extension SpaprMachine {
    /// Properties of every pseries machine (`-machine NAME=VALUE`).
    static var properties: [Property] {
        SpaprCapability.allCases.map(\.property) + modeProperties + hostProperties
    }

    private static var modeProperties: [Property] {
        [
            .bool(
                "modern-hotplug-events", \SpaprMachine.hasHotplugEvents,
                "Use dedicated hotplug event mechanism in place of standard EPOW events when possible (required for "
                    + "memory hot-unplug support)"),
            Property(
                "max-cpu-compat", type: "string", description: "Maximum permitted CPU compatibility mode",
                get: { object in
                    let machine = try of(object)
                    return .string(CompatibilityMode.logical(pvr: machine.maximumCompatibility)?.name ?? "")
                },
                set: { object, value in
                    let machine = try of(object)
                    let word = try PropertyParsing.string(value, name: "max-cpu-compat")
                    guard word != "none", !word.isEmpty else {
                        machine.maximumCompatibility = 0
                        return
                    }
                    guard let mode = CompatibilityMode.named(word) else {
                        throw ObjectError("Invalid compatibility mode \"\(word)\"")
                    }
                    machine.maximumCompatibility = mode.logicalPVR
                }),
            Property(
                "resize-hpt", type: "string",
                description: "Resizing of the Hash Page Table (enabled, disabled, required)",
                get: { .string(try of($0).resizeHPT.rawValue) },
                set: { object, value in
                    guard let mode = ResizeHPT(rawValue: try PropertyParsing.string(value, name: "resize-hpt")) else {
                        throw ObjectError("Bad value for \"resize-hpt\" property")
                    }
                    try of(object).resizeHPT = mode
                }),
            Property(
                "ic-mode", type: "string",
                description: "Specifies the interrupt controller mode (xics, xive, dual)",
                get: { .string(try of($0).wantedInterruptMode.rawValue) },
                set: { object, value in
                    let machine = try of(object)
                    guard !machine.version.hasLegacyInterruptAllocation else {
                        throw ObjectError("This machine only uses the legacy XICS backend, don't pass ic-mode")
                    }
                    let word = try PropertyParsing.string(value, name: "ic-mode")
                    guard let mode = SpaprVersion.InterruptMode(rawValue: word), mode != .legacy else {
                        throw ObjectError("Bad value for \"ic-mode\" property")
                    }
                    machine.wantedInterruptMode = mode
                }),
            .unsigned(
                "vsmt", \SpaprMachine.vsmt, "Virtual SMT: KVM behaves as if this were the host's SMT mode"),
            .unsigned("kernel-addr", \SpaprMachine.kernelAddress, "0x400000 for -kernel is the default"),
            .bool("x-vof", \SpaprMachine.usesBuiltInFirmware, "Enable Virtual Open Firmware (experimental)"),
            .bool(
                "suppress-vmdesc", \SpaprMachine.suppressesDescription, "Set on to disable self-describing migration"),
        ]
    }

    private static var hostProperties: [Property] {
        [
            .string("host-model", \SpaprMachine.hostModel, "Host model to advertise in guest device tree"),
            .string("host-serial", \SpaprMachine.hostSerial, "Host serial number to advertise in guest device tree"),
            Property(
                "kvm-type", type: "string",
                description: "Specifies the KVM virtualization mode (auto, hv, pr). Accepted, without effect.",
                get: { .string(try of($0).kvmType) },
                set: { try of($0).kvmType = PropertyParsing.string($1, name: "kvm-type") }),
            .bool("dump-guest-core", \SpaprMachine.dumpsGuestCore, "Include guest memory in a core dump"),
            .bool("mem-merge", \SpaprMachine.mergesMemory, "Enable/disable memory merge support"),
            Property(
                "usb", type: "bool", description: "Set on/off to enable/disable usb", get: { _ in .bool(false) },
                set: { _, value in
                    guard try !PropertyParsing.bool(value, name: "usb") else {
                        throw ObjectError("usb=on is not supported: there is no USB controller")
                    }
                }),
            Property(
                "graphics", type: "bool", description: "Set on/off to enable/disable graphics emulation",
                get: { .bool(try of($0).options.hasDisplay) },
                set: { try of($0).options.hasDisplay = PropertyParsing.bool($1, name: "graphics") }),
            refusing("nvdimm", "there are no NVDIMMs"),
            text("firmware", \.firmware, "Firmware image"),
            text("kernel", \.kernel, "Linux kernel image file"),
            text("initrd", \.initrd, "Linux initial ramdisk file"),
            text("append", \.commandLine, "Linux kernel command line"),
            text("dumpdtb", \.deviceTreeDump, "Dump current dtb to a file and quit"),
            Property(
                "memory-backend", type: "link<memory-backend>",
                description: "Set RAM backend. Valid value is ID of hostmem based backend",
                get: { object in
                    let machine = try of(object)
                    let name = machine.options.memory.backendID ?? SpaprMachine.defaultRAMID
                    return .string(machine.objects.children[name]?.canonicalPath ?? "")
                },
                set: { try of($0).options.memory.backendID = PropertyParsing.string($1, name: "memory-backend") }),
            Property("vfio-no-msix-emulation", type: "bool", get: { _ in .bool(true) }, set: nil),
        ]
    }

    /// One of the options that are also properties; read when the machine is built.
    private static func text(
        _ name: String, _ path: WritableKeyPath<SpaprOptions, String?>, _ description: String
    ) -> Property {
        Property(
            name, type: "string", description: description, get: { .string(try of($0).options[keyPath: path] ?? "") },
            set: { try of($0).options[keyPath: path] = PropertyParsing.string($1, name: name) })
    }

    /// A switch that can only be off.
    private static func refusing(_ name: String, _ reason: String) -> Property {
        Property(
            name, type: "bool", description: "Only off: \(reason)", get: { _ in false },
            set: { _, value in
                guard try !PropertyParsing.bool(value, name: name) else {
                    throw ObjectError("\(name)=on is not supported: \(reason)")
                }
            })
    }

    private static func of(_ object: EmuObject) throws -> SpaprMachine {
        guard let machine = object as? SpaprMachine else { throw ObjectError("not a pseries machine") }
        return machine
    }

    func setCapability(_ capability: SpaprCapability, level: UInt8) {
        chosenCapabilities.insert(capability)
        capabilities[capability] = level
    }
}

extension TypeRegistry {
    /// Registers the pseries machine types, their CPUs and devices.
    public func registerSpaprTypes(platform: any SpaprPlatform) {
        let base = register(
            ObjectType(
                "spapr-machine", parent: nil, isAbstract: true,
                interfaces: ["machine", "fw-path-provider", "nmi", "hotplug-handler"],
                properties: SpaprMachine.properties, description: "pSeries Logical Partition (PAPR compliant)"))
        for version in SpaprVersion.all {
            register(
                ObjectType("\(version.machineName)-machine", parent: base, data: version) { [unowned self] _ in
                    SpaprMachine(version: version, types: self, platform: platform)
                })
        }
        registerSpaprDeviceTypes()
    }
}
