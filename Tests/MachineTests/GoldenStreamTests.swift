import EmuCore
import Foundation
import Migration
import PPCTarget
import Testing

/// Streams that QEMU 7.2 saved; `Fixtures/streams/README.md` says how.
enum Golden {
    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("Fixtures/streams")

    static let versions = [
        "2.1", "2.3", "2.4", "2.7", "2.9", "2.11", "2.12", "3.0", "3.1", "4.0", "4.1", "5.0", "6.2", "7.2",
    ]

    static func bytes(_ name: String) throws -> [UInt8] {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/xz")
        process.arguments = ["-dc", folder.appendingPathComponent("\(name).xz").path]
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let data = try pipe.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return [UInt8](data)
    }

    /// A machine as the fixture's command line describes it.
    static func machine(_ version: String, megabytes: UInt64 = 256) throws -> SpaprMachine {
        let isBeforeHTMChange = ["2.8", "2.9", "2.10", "2.11"].contains(version)
        return try SpaprMachine.make(
            "pseries-\(version)", properties: isBeforeHTMChange ? ["cap-htm": "off"] : [:]
        ) { machine, options in
            options.memory.size = megabytes << 20
            // The default model of these versions in the QEMU that saved the streams.
            let parts = version.split(separator: ".").compactMap { Int($0) }
            options.cpu =
                (parts[0], parts[1]) < (2, 8) ? "power7_v2.3" : parts[0] < 4 ? "power8_v2.0" : "power9_v2.0"
        }
    }
}

@Suite("Streams of QEMU 7.2") struct GoldenStreamTests {
    @Test("a stream loaded and saved again is the same, field by field", arguments: Golden.versions)
    func ring(version: String) throws {
        let original = try Golden.bytes("pseries-\(version)")
        let machine = try Golden.machine(version)
        let migration = MigrationController(machine: machine)
        // QEMU 7.2 writes DMA tables in their newest form and does not know the newest SLB; by itself the oldest form that
        // suffices would be written.
        migration.writePolicy = .release(Release(7, 2))
        try migration.load(original)
        #expect(migration.info.warnings == [])
        let saved = try migration.save()
        let before = try StreamInspector.describe(original, skippers: HashPageTable.skippers)
        let after = try StreamInspector.describe(saved, skippers: HashPageTable.skippers)
        #expect(after.machineName == before.machineName)
        #expect(after.blocks == before.blocks)
        #expect(after.sections.map(\.name) == before.sections.map(\.name))
        #expect(StreamInspector.diff(before, after) == [])
    }

    @Test("DMA tables are written in the form that QEMU 5.2 reads, as long as it carries them")
    func oldestForm() throws {
        let machine = try Golden.machine("5.0")
        let migration = MigrationController(machine: machine)
        try migration.load(try Golden.bytes("pseries-5.0"))
        let saved = try StreamInspector.describe(try migration.save(), skippers: HashPageTable.skippers)
        #expect(saved.sections.filter { $0.name == "spapr_iommu" }.map(\.version) == [2, 2])
    }

    @Test("another machine version is refused in QEMU's words, and the machine stays well")
    func otherVersion() throws {
        let machine = try Golden.machine("3.0")
        let migration = MigrationController(machine: machine)
        let stream = try Golden.bytes("pseries-2.12")
        let error = #expect(throws: MigrationError.self) { try migration.load(stream) }
        #expect(error?.lines.first == "Machine type received is 'pseries-2.12' and local is 'pseries-3.0'")
        try migration.load(try Golden.bytes("pseries-3.0"))
    }

    @Test("an explicit file back end on an old machine cannot take implicit RAM: the three lines, and the cure")
    func negativeTwin() throws {
        let machine = try SpaprMachine.make("pseries-2.12") { machine, options in
            try machine.createObject(
                type: "memory-backend-file", id: "ppc_spapr.ram", properties: ["size": "256M", "mem-path": "/tmp"])
            options.memory.backendID = "ppc_spapr.ram"
            options.cpu = "power8_v2.0"
        }
        #expect(machine.ramBlocks.map(\.id) == ["/objects/ppc_spapr.ram"])
        let stream = try Golden.bytes("pseries-2.12")
        let error = #expect(throws: MigrationError.self) { try MigrationController(machine: machine).load(stream) }
        #expect(
            error?.lines == [
                "Unknown ramblock \"ppc_spapr.ram\", cannot accept migration",
                "error while loading state for instance 0x0 of device 'ram'",
                "load of migration failed: Invalid argument",
            ])
        #expect(error?.hints.contains { $0.contains("x-use-canonical-path-for-ramblock-id") } == true)
    }

    @Test("RAM of another size is refused in QEMU's words")
    func otherSize() throws {
        let machine = try Golden.machine("2.12", megabytes: 512)
        let stream = try Golden.bytes("pseries-2.12")
        let error = #expect(throws: MigrationError.self) { try MigrationController(machine: machine).load(stream) }
        #expect(error?.lines.first == "Size mismatch: ppc_spapr.ram: 0x10000000 != 0x20000000: Invalid argument")
    }

    @Test("a file that was cut short is refused in QEMU's words")
    func truncated() throws {
        let stream = try Golden.bytes("pseries-2.12")
        let report = try StreamInspector.describe(stream, skippers: HashPageTable.skippers)
        let devices = Int(
            report.sections.filter { $0.name != "ram" && $0.name != "spapr/htab" }.map(\.offset).min() ?? 0)
        let machine = try Golden.machine("2.12")
        let error = #expect(throws: MigrationError.self) {
            try MigrationController(machine: machine).load(Array(stream[..<(devices / 2)]))
        }
        #expect(
            error?.lines == [
                "error while loading state section id 2(ram)", "load of migration failed: Input/output error",
            ])
    }

    @Test("another processor family is refused, and the reason is said")
    func otherProcessor() throws {
        let machine = try SpaprMachine.make("pseries-3.0") { _, options in
            options.memory.size = 256 << 20
            options.cpu = "power9_v2.0"
        }
        let stream = try Golden.bytes("pseries-3.0")
        let error = #expect(throws: MigrationError.self) { try MigrationController(machine: machine).load(stream) }
        #expect(error?.lines.last == "load of migration failed: Invalid argument")
        #expect(error?.hints.isEmpty == false)
    }

    @Test("two machines in one process: one's RAM and state arrive in the other")
    func twoMachines() throws {
        let source = try Golden.machine("7.2")
        let bytes = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        try source.withLock { try source.memory.writeBytes(bytes, at: 0x123_4567) }
        let stream = try MigrationController(machine: source).save()
        let target = try Golden.machine("7.2")
        try MigrationController(machine: target).load(stream)
        #expect(try target.withLock { try target.memory.readBytes(at: 0x123_4567, count: bytes.count) } == bytes)
    }

    @Test("damaged streams of a real machine end in an error, never in a trap", arguments: 0..<4)
    func mutations(part: Int) throws {
        let original = try Golden.bytes("pseries-7.2")
        // The device sections: RAM has its own test with a small machine.
        let report = try StreamInspector.describe(original, skippers: HashPageTable.skippers)
        let first = Int(report.sections.filter { $0.name != "ram" && $0.name != "spapr/htab" }.map(\.offset).min() ?? 0)
        let machine = try Golden.machine("7.2")
        var state = UInt64(part) &* 0x9e37_79b9_7f4a_7c15 &+ 1
        func next() -> UInt64 {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return state
        }
        // Loading the RAM of the whole stream each time would take most of the test: keep its head and the devices.
        for _ in 0..<12 {
            var damaged = original
            for _ in 0..<(1 + next() % 4) {
                let index = first + Int(next() % UInt64(damaged.count - first))
                damaged[index] = UInt8(truncatingIfNeeded: next())
            }
            do { try MigrationController(machine: machine).load(damaged) } catch is MigrationError {}
        }
        // Still well: the undamaged stream loads.
        try MigrationController(machine: machine).load(original)
    }
}
