import CPPCState
import EmuCore
import Migration
import Testing

@testable import PPCTarget

@Suite("Processor cores that the user adds, and forms that newer releases added") struct CoreAndReleaseTests {
    private func machine(
        _ name: String, cpu: String? = nil, cpus: Int = 1, maximum: Int = 4, cores: [[String: Value]] = [],
        driver: String? = nil
    ) throws -> SpaprMachine {
        try SpaprMachine.make(name) { _, options in
            options.memory.size = 256 << 20
            options.cpu = cpu
            options.smp = .init(cpus: cpus, maximum: maximum)
            options.devices = cores.map { core in
                var device = SpaprOptions.Device(driver: driver ?? "power9_v2.0-spapr-cpu-core")
                for (name, value) in core.sorted(by: { $0.key < $1.key }) { device.properties[name] = value }
                return device
            }
        }
    }

    @Test("an added core has its place, its node in the device tree, and its sections in the stream")
    func added() throws {
        let source = try machine("pseries-7.2", cores: [["core-id": "3"], ["core-id": "1"]])
        #expect(source.threads.map(\.index) == [0, 1, 3])
        #expect(source.coreSlots.map { $0.core != nil } == [true, true, false, true])
        let tree = String(decoding: source.deviceTreeBlob, as: UTF8.self)
        for name in ["PowerPC,POWER9@0", "PowerPC,POWER9@1", "PowerPC,POWER9@3"] { #expect(tree.contains(name)) }
        #expect(!tree.contains("PowerPC,POWER9@2"))
        gpr(source.threads[2].cpu.state)[7] = 0x0102_0304_0506_0708
        let stream = try MigrationController(machine: source).save()
        let target = try machine("pseries-7.2", cores: [["core-id": "1"], ["core-id": "3"]])
        try MigrationController(machine: target).load(stream)
        #expect(gpr(target.threads[2].cpu.state)[7] == 0x0102_0304_0506_0708)
    }

    @Test(
        "cores that cannot be are refused in QEMU's words",
        arguments: [
            (["core-id": "0"], "core 0 already populated"), ([:], "core 0 already populated"),
            (["core-id": "9"], "core id 9 out of range"),
            (["core-id": "1", "nr-threads": "2"], "invalid nr-threads 2, must be 1"),
            (["core-id": "1", "node-id": "3"], "invalid node-id, must be 0"),
        ] as [([String: Value], String)])
    func refused(core: [String: Value], reason: String) {
        let error = #expect(throws: ObjectError.self) { try machine("pseries-7.2", cores: [core]) }
        #expect(error?.description == reason)
    }

    @Test("a core of another model, and a core in a machine that takes none, are refused")
    func refusedKinds() {
        let other = #expect(throws: ObjectError.self) {
            try machine("pseries-7.2", cores: [["core-id": "1"]], driver: "power8_v2.0-spapr-cpu-core")
        }
        #expect(other?.description == "CPU core type should be power9_v2.0-spapr-cpu-core")
        let old = #expect(throws: ObjectError.self) {
            try machine(
                "pseries-2.6", maximum: 1, cores: [["core-id": "1"]], driver: "power7_v2.3-spapr-cpu-core")
        }
        #expect(old?.description == "CPU hotplug not supported for this machine")
    }

    @Test("branch history of newer releases is read, kept and sent on, but only to releases that read it")
    func branchHistory() throws {
        let source = try machine("pseries-9.1", maximum: 1)
        source.threads[0].branchHistory = (0..<33).map { UInt64($0) }
        let stream = try MigrationController(machine: source).save()
        let target = try machine("pseries-9.1", maximum: 1)
        let controller = MigrationController(machine: target)
        try controller.load(stream)
        #expect(target.threads[0].branchHistory == (0..<33).map { UInt64($0) })
        let third = try machine("pseries-9.1", maximum: 1)
        try MigrationController(machine: third).load(controller.save())
        #expect(third.threads[0].branchHistory == target.threads[0].branchHistory)
        // Without content the section stays away, as releases before 9.1 want it.
        let plain = try machine("pseries-9.0", maximum: 1)
        plain.threads[0].branchHistory = [UInt64](repeating: 0, count: 33)
        let older = MigrationController(machine: plain)
        older.writePolicy = .release(Release(9, 0))
        #expect(try older.save().count > 0)
        plain.threads[0].branchHistory[3] = 1
        #expect(throws: MigrationError.self) { try older.save() }
    }

    @Test(
        "whether a thread is stopped travels where the reader would believe otherwise",
        arguments: [("pseries-10.0", false), ("pseries-10.1", true), ("pseries-11.1", true)])
    func stopped(name: String, sends: Bool) throws {
        func contains(_ stream: [UInt8]) -> Bool {
            String(decoding: stream.suffix(1 << 17), as: UTF8.self).contains("cpu/rtas_stopped")
        }
        let source = try machine(name, cpus: 2, maximum: 2)
        let controller = MigrationController(machine: source)
        // As a reset leaves it: the first runs, the second waits to be started.
        #expect(try !contains(controller.save()))
        let second = source.threads[1].cpu.state
        second.pointee.halted = 0
        spr(second)[SPRegister.psscr] &= ~PSSCR.ec
        let stream = try controller.save()
        #expect(contains(stream) == sends)
        let target = try machine(name, cpus: 2, maximum: 2)
        try MigrationController(machine: target).load(stream)
        #expect(target.threads[1].cpu.state.pointee.halted == 0)
    }
}
