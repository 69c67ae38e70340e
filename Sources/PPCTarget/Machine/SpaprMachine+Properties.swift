import EmuCore
import OrderedCollections

extension SpaprMachine {
    /// Properties of every pseries machine (`-machine NAME=VALUE`).
    static var properties: [Property] {
        SpaprCapability.allCases.map(\.property) + modeProperties + hostProperties + configurationProperties
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
            .bool("nvdimm", \SpaprMachine.allowsNVDIMM, "Set on/off to enable/disable NVDIMM instantiation"),
            ignored("phandle-start", type: "int", "The first phandle ID we may generate dynamically", default: 0),
            ignored(
                "dt-compatible", type: "string", "Overrides the \"compatible\" property of the dt root node",
                default: ""),
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

    /// What `-m`, `-smp`, `-boot` and `-rtc` decided, to be read back.
    private static var configurationProperties: [Property] {
        [
            Property(
                "memory", type: "MemorySizeConfiguration", description: "Memory size configuration",
                get: { object in
                    let machine = try of(object)
                    let slots = machine.options.memory.slots
                    var value: OrderedDictionary<String, Value> = ["size": Value(unsigned: machine.memorySize)]
                    if slots > 0 {
                        value["max-size"] = Value(unsigned: machine.maximumMemorySize)
                        value["slots"] = .integer(Int64(slots))
                    }
                    return .object(value)
                }, set: nil),
            Property(
                "smp", type: "SMPConfiguration", description: "CPU topology",
                get: { object in
                    let smp = try of(object).smp
                    return [
                        "cpus": .integer(Int64(smp.cpus)), "sockets": .integer(Int64(smp.sockets)), "dies": 1,
                        "clusters": 1, "cores": .integer(Int64(smp.cores)), "threads": .integer(Int64(smp.threads)),
                        "maxcpus": .integer(Int64(smp.maximum)),
                    ]
                }, set: nil),
            Property(
                "boot", type: "BootConfiguration", description: "Boot configuration", get: { _ in ["order": ""] },
                set: nil),
            Property(
                "rtc-time", type: "struct tm", description: "The guest's time of day, UTC",
                get: { object in
                    let now = CalendarTime(seconds: (try of(object).rtc?.now ?? 0).quotientFloor(1_000_000_000))
                    return [
                        "tm_year": .integer(now.year - 1900), "tm_mon": .integer(now.month - 1),
                        "tm_mday": .integer(now.day), "tm_hour": .integer(now.hour), "tm_min": .integer(now.minute),
                        "tm_sec": .integer(now.second),
                    ]
                }, set: nil),
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

    /// What QEMU has for all its machines and uses in none of this family: accepted, kept, without effect.
    private static func ignored(_ name: String, type: String, _ description: String, default: Value) -> Property {
        Property(
            name, type: type, description: "\(description). Accepted, without effect.",
            get: { try of($0).ignoredProperties[name] ?? `default` },
            set: { object, value in
                try of(object).ignoredProperties[name] =
                    type == "string"
                    ? .string(PropertyParsing.string(value, name: name))
                    : Value(unsigned: PropertyParsing.unsigned(value, name: name))
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
    package func registerSpaprTypes(platform: any SpaprPlatform) {
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
