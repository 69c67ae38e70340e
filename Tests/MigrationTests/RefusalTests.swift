import Dispatch
import EmuCore
import Glibc
import Testing

@testable import Migration

@Suite("A stream that does not fit is refused with the known texts and the reason")
struct RefusalTests {
    static func lines(_ stream: [UInt8], into machine: SyntheticMachine) -> MigrationError? {
        #expect(throws: MigrationError.self) { try MigrationController(machine: machine).load(stream) }
    }

    @Test("an unknown RAM block: three lines, both lists, the cure")
    func unknownBlock() throws {
        let stream = try MigrationController(machine: try SyntheticMachine(ram: [("m0", 1 << 20)])).save()
        let target = try SyntheticMachine(ram: [("/objects/m0", 1 << 20)])
        let failure = Self.lines(stream, into: target)
        #expect(
            failure?.lines == [
                "Unknown ramblock \"m0\", cannot accept migration",
                "error while loading state for instance 0x0 of device 'ram'",
                "load of migration failed: Invalid argument",
            ])
        #expect(failure?.description.contains("x-use-canonical-path-for-ramblock-id=off") == true)
        #expect(failure?.description.contains("/objects/m0") == true)
    }

    @Test("another RAM size")
    func sizeMismatch() throws {
        let stream = try MigrationController(machine: try SyntheticMachine(ram: [("m0", 1 << 20)])).save()
        let failure = Self.lines(stream, into: try SyntheticMachine(ram: [("m0", 2 << 20)]))
        #expect(failure?.lines.first == "Size mismatch: m0: 0x100000 != 0x200000: Invalid argument")
    }

    @Test("another machine version")
    func machineName() throws {
        let stream = try MigrationController(machine: try SyntheticMachine()).save()
        let target = try SyntheticMachine(settings: StreamSettings(machineName: "synthetic-2.0"))
        let failure = Self.lines(stream, into: target)
        #expect(failure?.lines.first == "Machine type received is 'synthetic-1.0' and local is 'synthetic-2.0'")
    }

    @Test("old framing into a new machine, and the reverse")
    func framing() throws {
        let (new, old) = (RoundTripTests.framings[0], RoundTripTests.framings[1])
        let fromOld = try MigrationController(machine: try SyntheticMachine(settings: old)).save()
        let fromNew = try MigrationController(machine: try SyntheticMachine(settings: new)).save()
        #expect(
            Self.lines(fromOld, into: try SyntheticMachine(settings: new))?.lines.first
                == "Configuration section missing")
        #expect(
            Self.lines(fromNew, into: try SyntheticMachine(settings: old))?.lines.first
                == "Unknown savevm section type 7")
    }

    @Test("a value that must match: names the field and both values")
    func mustMatch() throws {
        let source = try SyntheticMachine()
        source.gadget.model = 0x2a
        let failure = Self.lines(try MigrationController(machine: source).save(), into: try SyntheticMachine())
        #expect(
            failure?.lines == [
                "2a != 7", "Failed to load gadget:model",
                "error while loading state for instance 0x0 of device 'bus@1/gadget'",
                "load of migration failed: Invalid argument",
            ])
        #expect(failure?.description.contains("received 0x2a, this machine has 0x7") == true)
    }

    @Test("a device that the machine lacks is found before RAM is touched")
    func missingDevice() throws {
        let source = try SyntheticMachine()
        source.fillRAM(seed: 1)
        let second = Gadget()
        source.state.register(Gadget.description, of: second, path: "bus@2", instance: 0)
        let stream = try MigrationController(machine: source).save()
        let target = try SyntheticMachine()
        let failure = Self.lines(stream, into: target)
        #expect(
            failure?.lines.first
                == "Unknown savevm section or instance 'bus@2/gadget' 0. Make sure that your current VM "
                + "setup matches your saved VM setup, including any hotplugged devices")
        #expect(target.ramBlocks[0].bytes.allSatisfy { $0 == 0 })
    }

    @Test("a device that the stream lacks is reported")
    func extraDevice() throws {
        let stream = try MigrationController(machine: try SyntheticMachine()).save()
        let target = try SyntheticMachine()
        target.state.register(Gadget.description, of: Gadget(), path: "bus@2", instance: 0)
        let controller = MigrationController(machine: target)
        try controller.load(stream)
        #expect(controller.info.warnings.contains { $0.contains("bus@2/gadget") })
    }

    @Test("all that differs is said at once, and nothing is applied", arguments: [true, false])
    func everything(canLookAhead: Bool) throws {
        let source = try SyntheticMachine(ram: [("m0", 2 << 20), ("m1", 1 << 20)])
        source.settings.uuid = [UInt8](repeating: 1, count: 16)
        source.fillRAM(seed: 3)
        source.state.register(Gadget.description, of: Gadget(), path: "bus@2", instance: 0)
        let saving = MigrationController(machine: source)
        try saving.set(capabilities: [("validate-uuid", true), ("x-ignore-shared", true)])
        let stream = try saving.save()

        let target = try SyntheticMachine(
            ram: [("m0", 1 << 20)], settings: StreamSettings(machineName: "synthetic-2.0"))
        target.settings.uuid = [UInt8](repeating: 2, count: 16)
        let loading = MigrationController(machine: target)
        let channel = MemoryChannel(stream)
        let failure = #expect(throws: MigrationError.self) {
            try loading.load(from: canLookAhead ? channel : PipeLikeChannel(channel))
        }
        #expect(failure?.lines.count == 2)
        #expect(failure?.lines.last == "load of migration failed: Invalid argument")
        let text = failure?.description ?? ""
        for expected in [
            "UUID received is", "-uuid", "Machine type received is 'synthetic-1.0' and local is 'synthetic-2.0'",
            "-machine synthetic-1.0", "Capability x-ignore-shared is off, but received capability is on",
            "Set the migration capability x-ignore-shared on here",
        ] { #expect(text.contains(expected), "\(expected) is missing in: \(text)") }
        #expect(text.contains("bus@2/gadget") == canLookAhead)
        #expect(target.ramBlocks[0].bytes.allSatisfy { $0 == 0 })
        #expect(target.resets == 0)
    }

    @Test("all RAM blocks that differ are said at once, also from a pipe")
    func everyBlock() throws {
        let source = try SyntheticMachine(ram: [("m0", 2 << 20), ("m1", 1 << 20)])
        let stream = try MigrationController(machine: source).save()
        let target = try SyntheticMachine(
            ram: [("m0", 1 << 20)], settings: StreamSettings(machineName: "synthetic-2.0"))
        let failure = #expect(throws: MigrationError.self) {
            try MigrationController(machine: target).load(from: PipeLikeChannel(MemoryChannel(stream)))
        }
        let text = failure?.description ?? ""
        for expected in [
            "Machine type received is", "Size mismatch: m0: 0x200000 != 0x100000: Invalid argument",
            "Unknown ramblock \"m1\", cannot accept migration",
        ] { #expect(text.contains(expected), "\(expected) is missing in: \(text)") }
    }

    @Test("no stream at all", arguments: [[UInt8](), Array("#!/bin/sh".utf8)])
    func notAStream(bytes: [UInt8]) throws {
        #expect(Self.lines(bytes, into: try SyntheticMachine())?.lines.first == "Not a migration stream")
    }

    @Test("a command that says nothing or fails is no endless wait", arguments: ["true", "exit 3"])
    func emptyCommand(command: String) throws {
        let target = try SyntheticMachine()
        let controller = MigrationController(machine: target)
        let ended = DispatchSemaphore(value: 0)
        controller.incomingEnded = { _, _ in ended.signal() }
        try controller.startIncoming("exec:\(command)")
        ended.wait()
        #expect(controller.info.status == .failed)
        let text = controller.info.error?.description ?? ""
        #expect(text.contains(command == "true" ? "ended normally" : "exit status 3"), "\(text)")
    }

    @Test("a command that fails while saving fails the migration, and the guest goes on")
    func failingCommand() throws {
        let source = try SyntheticMachine()
        source.withLock { source.setRunState(.running) }
        let controller = MigrationController(machine: source)
        let ended = DispatchSemaphore(value: 0)
        source.withLock {
            source.runStateObservers.append { old, new in if old == .finishMigrate, new == .running { ended.signal() } }
        }
        try controller.startOutgoing("exec:cat >/dev/null; exit 5")
        ended.wait()
        while controller.info.status.isRunning { sched_yield() }
        #expect(controller.info.status == .failed)
        #expect(controller.info.error?.description.contains("exit status 5") == true)
    }

    @Test("capabilities and parameters that do not work here are refused by name")
    func unsupported() throws {
        let controller = MigrationController(machine: try SyntheticMachine())
        for row in CapabilityTable.rows where row.refusal != nil {
            let failure = #expect(throws: MigrationError.self) { try controller.set(capabilities: [(row.name, true)]) }
            #expect(failure?.description.contains(row.name) == true)
            try controller.set(capabilities: [(row.name, false)])
        }
        #expect(throws: MigrationError.self) { try controller.set(parameters: ["downtime-limit": 3_000_000]) }
        #expect(throws: MigrationError.self) { try controller.set(parameters: ["nonsense": 1]) }
        #expect(throws: MigrationError.self) { try controller.set(parameters: ["multifd-channels": 8]) }
        try controller.set(parameters: ["downtime-limit": 5])
        #expect(controller.parameters["downtime-limit"] == 5)
    }
}

/// A channel that can only be read from, as pipes are.
private final class PipeLikeChannel: MigrationChannel {
    private let inner: MemoryChannel
    init(_ inner: MemoryChannel) { self.inner = inner }
    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        try inner.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<min(buffer.count, 100)]))
    }
    func write(_ pieces: UnsafeMutablePointer<iovec>, count: Int) throws { try inner.write(pieces, count: count) }
    func close(failed: Bool) throws { try inner.close(failed: failed) }
}
