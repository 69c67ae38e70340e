import EmuCore
import Migration
import PPCTarget
import Testing

@Suite("Memory modules (pc-dimm)") struct MemoryModuleTests {
    private func machine(
        _ version: String, backend: String = "memory-backend-file", slots: UInt32 = 2,
        modules: [[String: Value]] = [["memdev": "d1"]]
    ) throws -> SpaprMachine {
        try SpaprMachine.make("pseries-\(version)") { machine, options in
            for id in ["d1", "d2"] {
                var properties = SpaprOptions.Device(driver: "").properties
                properties["size"] = "256M"
                if backend == "memory-backend-file" { properties["mem-path"] = "/tmp" }
                try machine.createObject(type: backend, id: id, properties: properties)
            }
            options.memory.size = 256 << 20
            options.memory.maxSize = 1 << 30
            options.memory.slots = slots
            options.devices = modules.map { module in
                var device = SpaprOptions.Device(driver: "pc-dimm")
                for (name, value) in module.sorted(by: { $0.key < $1.key }) { device.properties[name] = value }
                return device
            }
        }
    }

    @Test(
        "a module's block is named as its back end is",
        arguments: [
            ("2.12", "memory-backend-file", "/objects/d1"), ("7.2", "memory-backend-file", "d1"),
            ("2.12", "memory-backend-ram", "d1"), ("3.1", "memory-backend-memfd", "/objects/d1"),
            ("4.0", "memory-backend-memfd", "d1"),
        ])
    func blockName(version: String, backend: String, name: String) throws {
        let machine = try machine(version, backend: backend)
        #expect(machine.ramBlocks.map(\.id) == ["ppc_spapr.ram", name])
        #expect(machine.deviceMemory?.devices.map(\.address) == [1 << 30])
        // 1/128 of the 512 MiB that are there, of the 1 GiB that may be where the table cannot be resized.
        #expect(machine.hpt.shift == (machine.resizeHPT == .disabled ? 23 : 22))
    }

    @Test("modules fill free places, answer the guest, and travel")
    func places() throws {
        let modules: [[String: Value]] = [["memdev": "d1", "addr": "0x50000000", "slot": "1"], ["memdev": "d2"]]
        let source = try machine("7.2", modules: modules)
        #expect(source.deviceMemory?.devices.map(\.address) == [0x4000_0000, 0x5000_0000])
        #expect(source.deviceMemory?.devices.map(\.slot) == [0, 1])
        try source.withLock { try source.memory.writeBytes([1, 2, 3], at: 0x5fff_fffd) }
        let target = try machine("7.2", modules: modules)
        try MigrationController(machine: target).load(try MigrationController(machine: source).save())
        #expect(try target.withLock { try target.memory.readBytes(at: 0x5fff_fffd, count: 3) } == [1, 2, 3])
    }

    @Test(
        "what does not fit is refused in QEMU's words",
        arguments: [
            ([:], "'memdev' property must be set"),
            (["memdev": "nope"], "Device 'nope' not found"),
            (["memdev": "d1"], "can't use already busy memdev: d1"),
            (["memdev": "d2", "slot": "0"], "slot 0 is busy"),
            (["memdev": "d2", "slot": "2"], "invalid slot number 2, valid range is [0-1]"),
            (["memdev": "d2", "addr": "0x40000000"], "address range conflicts with memory device id='(unnamed)'"),
            (
                ["memdev": "d2", "addr": "0x10000000"],
                "can't add memory device [0x10000000:0x10000000], usable range for memory devices "
                    + "[0x40000000:0x30000000]"
            ),
            (["memdev": "d2", "addr": "0x48001000"], "address must be aligned to 0x200000 bytes"),
            (
                ["memdev": "d2", "node": "3"],
                "'DIMM property node has value 3' which exceeds the number of numa nodes: 1"
            ),
        ] as [([String: Value], String)])
    func refused(properties: [String: Value], reason: String) throws {
        let machine = try machine("7.2")
        var values = SpaprOptions.Device(driver: "").properties
        for (name, value) in properties { values[name] = value }
        let error = #expect(throws: ObjectError.self) { try machine.addDevice(driver: "pc-dimm", properties: values) }
        #expect(error?.description == reason)
        #expect(machine.deviceMemory?.devices.count == 1)
    }

    @Test("machines and options without room for modules say so")
    func noRoom() {
        let slots = #expect(throws: ObjectError.self) { try machine("7.2", slots: 0) }
        #expect(slots?.description == "no slots where allocated, please specify the 'slots' option")
        let old = #expect(throws: ObjectError.self) { try machine("2.4") }
        #expect(old?.description == "Memory hotplug not supported for this machine")
    }
}
