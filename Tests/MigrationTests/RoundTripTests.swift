import EmuCore
import Foundation
import Testing

@testable import Migration

@Suite("A machine that is saved and loaded is the same machine")
struct RoundTripTests {
    static let framings: [StreamSettings] = {
        var old = StreamSettings(machineName: "synthetic-0.1")
        old.sendsConfiguration = false
        old.sendsFooters = false
        old.sendsDescription = false
        old.storesRunState = false
        return [StreamSettings(machineName: "synthetic-1.0"), old]
    }()

    @Test("through memory, framed as new and as old machine versions do", arguments: framings)
    func throughMemory(settings: StreamSettings) throws {
        let source = try SyntheticMachine(ram: [("main", 1 << 20), ("video", 64 << 10)], settings: settings)
        source.fillRAM(seed: 1)
        source.gadget.fill()
        source.gadget.extra = 77
        let stream = try MigrationController(machine: source).save()

        let target = try SyntheticMachine(ram: [("main", 1 << 20), ("video", 64 << 10)], settings: settings)
        // What was there before must go, also where the stream has zeros.
        target.fillRAM(seed: 2)
        try MigrationController(machine: target).load(stream)
        #expect(target.ramEquals(source))
        #expect(target.gadget.summary == source.gadget.summary)
    }

    @Test("a second save gives the same bytes")
    func stable() throws {
        let source = try SyntheticMachine()
        source.fillRAM(seed: 3)
        source.gadget.fill()
        let first = try MigrationController(machine: source).save()
        let target = try SyntheticMachine()
        let controller = MigrationController(machine: target)
        try controller.load(first)
        #expect(try controller.save() == first)
    }

    @Test("the oldest version that carries the state is written")
    func versions() throws {
        for (newer, version) in [(UInt32(0), 2), (9, 3)] {
            let source = try SyntheticMachine()
            source.gadget.newer = newer
            let stream = try MigrationController(machine: source).save()
            let report = try StreamInspector.describe(stream)
            #expect(report.section("bus@1/gadget")?.version == version)
            let target = try SyntheticMachine()
            try MigrationController(machine: target).load(stream)
            #expect(target.gadget.newer == newer)
        }
    }

    @Test("a release that cannot carry the state is refused by name")
    func releaseLimit() throws {
        let source = try SyntheticMachine()
        source.gadget.newer = 1
        let controller = MigrationController(machine: source)
        controller.writePolicy = .release(Release(1, 0))
        let failure = #expect(throws: MigrationError.self) { try controller.save() }
        #expect(failure?.description.contains("release 1.0") == true)
        #expect(controller.info.status == .failed)
    }

    @Test("over every kind of channel", arguments: ["file", "offset", "exec", "unix", "tcp"])
    func channels(kind: String) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("migration-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appendingPathComponent("stream").path
        let source = try SyntheticMachine()
        source.fillRAM(seed: 4)
        source.gadget.fill()
        let target = try SyntheticMachine()
        let sender = MigrationController(machine: source)
        let receiver = MigrationController(machine: target)
        let ended = DispatchSemaphore(value: 0)
        receiver.incomingEnded = { _, _ in ended.signal() }
        switch kind {
        case "unix", "tcp":
            try receiver.startIncoming(kind == "unix" ? "unix:\(path)" : "tcp:127.0.0.1:0")
            var uri = "unix:\(path)"
            if let port = receiver.info.listeningAddress?["port"]?.stringValue { uri = "tcp:127.0.0.1:\(port)" }
            try sender.set(capabilities: [("return-path", true)])
            try sender.startOutgoing(uri)
            ended.wait()
        default:
            let (out, back) =
                switch kind {
                case "exec": ("exec:cat > '\(path)'", "exec:cat '\(path)'")
                case "offset": ("file:\(path),offset=8k", "file:\(path),offset=0x2000")
                default: ("file:\(path)", "file:\(path)")
                }
            let done = DispatchSemaphore(value: 0)
            try sender.set(capabilities: [("events", true)])
            sender.eventHandler = { name, data in
                if name == "MIGRATION", ["completed", "failed"].contains(data["status"]?.stringValue) { done.signal() }
            }
            try sender.startOutgoing(out)
            done.wait()
            #expect(sender.info.status == .completed)
            try receiver.startIncoming(back)
            ended.wait()
        }
        #expect(receiver.info.status == .completed, "\(receiver.info.error?.description ?? "")")
        #expect(target.ramEquals(source))
        #expect(target.gadget.summary == source.gadget.summary)
    }

    @Test("the run state travels")
    func runState() throws {
        let source = try SyntheticMachine()
        source.withLock { source.setRunState(.running) }
        let stream = try MigrationController(machine: source).save()
        #expect(source.runState == .running)
        for (autostart, expected) in [(true, RunState.running), (false, .paused)] {
            let target = try SyntheticMachine()
            try MigrationController(machine: target).load(stream, autostart: autostart)
            #expect(target.runState == expected)
        }
        let stopped = try SyntheticMachine()
        let target = try SyntheticMachine()
        try MigrationController(machine: target).load(try MigrationController(machine: stopped).save(), autostart: true)
        #expect(target.runState == .prelaunch)
    }

    @Test("XBZRLE deltas restore any change")
    func deltas() {
        var generator = SplitMix(state: 5)
        for round in 0..<200 {
            let old = (0..<4096).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
            var new = old
            for _ in 0..<(round % 40) {
                let start = Int(generator.next() % 4096)
                for index in start..<min(4096, start + Int(generator.next() % 30)) { new[index] = UInt8(round) }
            }
            var delta = [UInt8](repeating: 0, count: 4096)
            let length = old.withUnsafeBytes { old in
                new.withUnsafeBytes { new in
                    delta.withUnsafeMutableBytes {
                        XBZRLE.encode(
                            old: old.baseAddress!, new: new.baseAddress!, count: 4096, into: $0.baseAddress!,
                            capacity: 4096)
                    }
                }
            }
            guard let length else { continue }
            var restored = old
            let good = restored.withUnsafeMutableBytes { page in
                delta.withUnsafeBytes {
                    XBZRLE.decode(
                        UnsafeRawBufferPointer(rebasing: $0[..<length]), onto: page.baseAddress!, count: 4096)
                }
            }
            #expect(good && restored == new)
        }
    }
}
