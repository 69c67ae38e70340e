import EmuCore
import Migration
import PPCTarget
import Testing

@Suite("Presets and properties of devices") struct DevicePropertyTests {
    private func machine(
        _ name: String = "pseries-7.2", globals: [GlobalProperty] = [], devices: [SpaprOptions.Device] = [],
        characters: [String] = []
    ) throws -> SpaprMachine {
        try SpaprMachine.make(name) { machine, options in
            machine.globals = globals
            for id in characters { machine.characterBackends[id] = NullBackend(label: id) }
            options.memory.size = 256 << 20
            options.devices = devices
        }
    }

    private func user(_ driver: String, _ property: String, _ value: String) -> GlobalProperty {
        GlobalProperty(driver, property, value, isOptional: false)
    }

    @Test("presets reach the devices that the machine makes itself")
    func builtIn() throws {
        let machine = try machine(globals: [
            user("spapr-nvram", "reg", "0x71000005"),
            user("spapr-pci-host-bridge", "mem_win_size", "0x40000000"),
            user("spapr-pci-host-bridge", "ddw", "off"),
        ])
        #expect(machine.nvram.unit == 0x7100_0005)
        #expect(machine.nvram.nodeName == "nvram@71000005")
        #expect(machine.phbs.first?.settings.memoryWindowSize == 0x4000_0000)
        #expect(machine.phbs.first?.windows.count == 1)
    }

    @Test("a preset for a type goes to all that descend from it, a later one wins")
    func inheritance() throws {
        let machine = try machine(globals: [
            user("vio-spapr-device", "reg", "0x71000001"), user("spapr-nvram", "reg", "0x71000002"),
        ])
        #expect(machine.nvram.unit == 0x7100_0002)
    }

    @Test(
        "what a preset cannot set is refused in QEMU's words",
        arguments: [
            ("spapr-nvram", "reg", "foo", "Parameter 'reg' expects integer"),
            ("spapr-nvram", "reg", "0x71000000000", "Parameter 'reg' expects uint32_t"),
            ("spapr-nvram", "reg", "-1", "Parameter 'reg' expects uint32_t"),
            ("spapr-nvram", "foo", "1", "Property 'spapr-nvram.foo' not found"),
            ("vio-spapr-device", "foo", "1", "Property 'spapr-nvram.foo' not found"),
            ("spapr-pci-host-bridge", "ddw", "maybe", "Parameter 'ddw' expects 'on' or 'off'"),
        ])
    func refused(driver: String, property: String, value: String, reason: String) {
        let error = #expect(throws: ObjectError.self) { try machine(globals: [user(driver, property, value)]) }
        #expect(error?.description == "can't apply global \(driver).\(property)=\(value): \(reason)")
    }

    @Test("names that are no device are warned about, unknown properties refused before anything is made")
    func check() throws {
        let machine = try machine()
        machine.globals = [user("nope", "x", "1"), user("memory-backend-file", "share", "on")]
        #expect(
            machine.checkGlobals() == [
                "global nope.x has invalid class name", "global memory-backend-file.share has invalid class name",
            ])
        machine.globals = [user("spapr-vty", "foo", "1")]
        #expect(machine.checkGlobals() == ["Property 'spapr-vty.foo' not found"])
    }

    @Test("devices that the user adds take presets, then their own properties, and are in the first device tree")
    func added() throws {
        let machine = try machine(
            globals: [user("spapr-vty", "reg", "0x71000020"), user("spapr-pci-host-bridge", "ddw", "off")],
            devices: [
                .init(driver: "spapr-vty", properties: ["chardev": "c0"]),
                .init(driver: "spapr-vty", id: "vty1", properties: ["chardev": "c1", "reg": "0x71000030"]),
                .init(driver: "spapr-pci-host-bridge", id: "phb1", properties: ["index": "1"]),
            ], characters: ["c0", "c1"])
        #expect(machine.vio.vioDevices.map(\.nodeName) == ["nvram@71000000", "vty@71000020", "vty@71000030"])
        #expect(try machine.resolve(path: "/machine/peripheral/vty1") === machine.vio.device(unit: 0x7100_0030))
        #expect(machine.phbs.map(\.index) == [0, 1])
        #expect(machine.phbs.last?.windows.count == 1)
        let tree = String(decoding: machine.deviceTreeBlob, as: UTF8.self)
        for name in ["vty@71000020", "vty@71000030", "pci@800000020000001"] { #expect(tree.contains(name)) }
    }

    @Test(
        "devices that cannot be are refused by name",
        arguments: [
            ("e1000", [:], "'e1000' is not a valid device model name"),
            ("vio-spapr-device", [:], "Parameter 'driver' expects a non-abstract device type"),
            ("spapr-nvram", [:], "Parameter 'driver' expects a pluggable device type"),
            ("spapr-vty", [:], "chardev property not set"),
            ("spapr-vty", ["chardev": "nope"], "Property 'spapr-vty.chardev' can't find value 'nope'"),
            ("spapr-pci-host-bridge", [:], "\"index\" for PAPR PHB is mandatory"),
            ("spapr-pci-host-bridge", ["index": "31"], "\"index\" for PAPR PHB is too large (max 30)"),
            ("spapr-pci-host-bridge", ["index": "0"], "PHB 0 already attached"),
            ("spapr-pci-host-bridge", ["index": "1", "numa_node": "3"], "Invalid NUMA node ID for PCI host bridge"),
        ] as [(String, [String: String], String)])
    func refusedDevices(driver: String, properties: [String: String], reason: String) throws {
        var device = SpaprOptions.Device(driver: driver)
        for (name, value) in properties { device.properties[name] = .string(value) }
        let error = #expect(throws: ObjectError.self) { try self.machine(devices: [device]) }
        #expect(error?.description == reason)
        guard driver == "spapr-pci-host-bridge" else { return }
        // One that comes later is refused as well, and nothing stays of it.
        let machine = try self.machine()
        let later = #expect(throws: ObjectError.self) {
            try machine.addDevice(driver: driver, properties: device.properties)
        }
        #expect(later?.description == reason)
        #expect(machine.phbs.count == 1)
    }

    @Test("migration settings are presets of the type 'migration'")
    func migration() throws {
        let machine = try machine()
        machine.types.registerMigrationTypes()
        machine.globals = [
            user("migration", "x-events", "on"), user("migration", "x-max-bandwidth", "4k"),
            user("migration", "xbzrle-cache-size", "1M"),
        ]
        let controller = MigrationController(machine: machine)
        try controller.applyPresets()
        #expect(controller.capabilities == ["events"])
        #expect(controller.parameters["max-bandwidth"] == 4096)
        #expect(controller.parameters["xbzrle-cache-size"] == 1_048_576)
        machine.globals = [user("migration", "x-events", "maybe")]
        let error = #expect(throws: ObjectError.self) { try controller.applyPresets() }
        #expect(
            error?.description
                == "can't apply global migration.x-events=maybe: Parameter 'x-events' expects 'on' or 'off'")
    }
}

@Suite("Writing for a release") struct WriteForReleaseTests {
    private func versions(_ machine: SpaprMachine, _ release: String) throws -> [Int] {
        let controller = MigrationController(machine: machine)
        defer { controller.detach() }
        try controller.set(parameters: ["write-for-release": .string(release)])
        let report = try StreamInspector.describe(try controller.save(), skippers: HashPageTable.skippers)
        return report.sections.filter { $0.name == "spapr_iommu" }.map(\.version)
    }

    private func machine(_ name: String) throws -> SpaprMachine {
        try SpaprMachine.make(name) { $1.memory.size = 256 << 20 }
    }

    @Test("each release gets the forms it writes itself")
    func forms() throws {
        let machine = try machine("pseries-5.2")
        #expect(try versions(machine, "any") == [2, 2])
        #expect(try versions(machine, "5.2") == [2, 2])
        #expect(try versions(machine, "7.2") == [3, 3])
        #expect(try versions(machine, "10.0") == [3, 3])
        #expect(try versions(machine, "newest") == [3, 3])
    }

    @Test("before 2.3 the machine's section carried the time of day, in seconds")
    func timeOfDay() throws {
        let source = try machine("pseries-2.2")
        source.rtc.offset = -7_000_000_001
        let controller = MigrationController(machine: source)
        controller.writePolicy = .release(Release(2, 2))
        let stream = try controller.save()
        let sections = try StreamInspector.describe(stream, skippers: HashPageTable.skippers).sections
        #expect(!sections.contains { $0.name == "spapr/rtc" })
        #expect(sections.first { $0.name == "spapr" }?.version == 2)

        let target = try machine("pseries-2.2")
        try MigrationController(machine: target).load(stream)
        #expect(target.rtc.offset == -8_000_000_000)
        controller.writePolicy = .release(Release(2, 3))
        let newer = try StreamInspector.describe(try controller.save(), skippers: HashPageTable.skippers).sections
        #expect(newer.contains { $0.name == "spapr/rtc" })
    }

    @Test("state that a release cannot read is refused before it gets there")
    func unknownState() throws {
        let machine = try SpaprMachine.make("pseries-2.12") {
            $1.memory.size = 256 << 20
            try $0.set("cap-fwnmi", "on")
        }
        let controller = MigrationController(machine: machine)
        controller.writePolicy = .release(Release(4, 2))
        let error = #expect(throws: MigrationError.self) { try controller.save() }
        #expect(error?.lines.contains("Cannot write 'spapr/cap/fwnmi' for release 4.2") == true)
        controller.writePolicy = .release(Release(5, 0))
        _ = try controller.save()
    }

    @Test(
        "a release without the machine is refused before anything is sent",
        arguments: [
            ("pseries-7.2", "5.2", "Release 5.2 has no machine pseries-7.2"),
            ("pseries-2.12", "10.0", "Release 10.0 has no machine pseries-2.12"),
            ("pseries-5.0", "11.0", "Release 11.0 has no machine pseries-5.0"),
        ])
    func missingMachine(name: String, release: String, reason: String) throws {
        let machine = try machine(name)
        let controller = MigrationController(machine: machine)
        controller.writePolicy = .release(try #require(Release(release)))
        #expect(controller.parameters["write-for-release"] == .string(release))
        let channel = MemoryChannel()
        let error = #expect(throws: MigrationError.self) { try controller.save(to: channel) }
        #expect(error?.lines.first == reason)
        #expect(channel.bytes.isEmpty)
    }

    @Test("what is no release is refused", arguments: ["7", "seven", "7.x", "-1.0", "7.2.1.1"])
    func noRelease(text: String) throws {
        let controller = MigrationController(machine: try machine("pseries-7.2"))
        #expect(throws: MigrationError.self) { try controller.set(parameters: ["write-for-release": .string(text)]) }
        #expect(controller.writePolicy == .oldestSufficient)
    }
}
