import Foundation
import Testing

@testable import EmuCore

@Suite("Machine") struct MachineBasicsTests {
    @Test("timers fire in order of their deadlines, and not before")
    func timers() {
        let queue = TimerQueue()
        var fired: [String] = []
        let late = VirtualTimer("late", on: queue) { fired.append("late") }
        let early = VirtualTimer("early", on: queue) { fired.append("early") }
        let gone = VirtualTimer("gone", on: queue) { fired.append("gone") }
        late.arm(at: 200)
        early.arm(at: 300)
        early.arm(at: 100)
        gone.arm(at: 50)
        gone.cancel()
        #expect(queue.nextDeadline == 100)
        queue.run(at: 99)
        #expect(fired.isEmpty)
        queue.run(at: 250)
        #expect(fired == ["early", "late"])
        #expect(queue.nextDeadline == nil)
    }

    @Test("the virtual clock stands while stopped and can be set")
    func clock() {
        let clock = VirtualClock()
        #expect(clock.now == 0)
        clock.set(1_000_000)
        #expect(clock.now == 1_000_000)
        clock.start()
        let first = clock.now
        #expect(first >= 1_000_000)
        clock.stop()
        let second = clock.now
        #expect(second >= first)
        #expect(clock.now == second)
    }

    @Test("paths: canonical, absolute, partial, ambiguous")
    func paths() throws {
        let machine = makeBareMachine()
        try machine.createObject(type: "memory-backend-ram", id: "m0", properties: ["size": "1M"])
        #expect(try machine.resolve(path: "/objects/m0").canonicalPath == "/objects/m0")
        #expect(try machine.resolve(path: "m0").name == "m0")
        #expect(try machine.resolve(path: "/machine") === machine)
        #expect(throws: ObjectError.self) { try machine.resolve(path: "/objects/nothing") }
        try machine.add(child: EmuObject(type: ObjectType("x", parent: nil)), name: "m0")
        #expect(throws: ObjectError.self) { try machine.resolve(path: "m0") }
    }

    @Test("two blocks of one name are refused, larger blocks come first")
    func blocks() throws {
        let machine = makeBareMachine()
        try machine.add(ramBlock: RAMBlock(anonymous: "small", byteCount: 4096))
        try machine.add(ramBlock: RAMBlock(anonymous: "large", byteCount: 8192))
        #expect(machine.ramBlocks.map(\.id) == ["large", "small"])
        #expect(throws: MemoryError.self) { try machine.add(ramBlock: RAMBlock(anonymous: "small", byteCount: 4096)) }
    }

    @Test("sections are ordered by priority, then by registration; instances count up per name")
    func registry() {
        final class Empty {}
        let registry = StateRegistry()
        let plain = StateDescription("plain", of: Empty.self, fields: [])
        let iommu = StateDescription("iommu", of: Empty.self, priority: .iommu, fields: [])
        registry.register(plain, of: Empty())
        registry.register(plain, of: Empty())
        registry.register(iommu, of: Empty(), instance: 0x8000_0000)
        registry.register(plain, of: Empty(), path: "pci@8:00.0")
        #expect(registry.entries.map(\.id) == ["iommu", "plain", "plain", "pci@8:00.0/plain"])
        #expect(registry.entries.map(\.instance) == [0x8000_0000, 0, 1, 0])
    }
}

@Suite("Machine protocol") struct QMPTests {
    /// A QMP session over memory; answers come back as values.
    private final class Session {
        let machine = makeBareMachine()
        let backend = MemoryBackendCharacter(label: "qmp")
        let server: QMPServer
        init() throws {
            server = QMPServer(machine: machine, backend: backend)
            try backend.start()
        }
        func send(_ text: String) throws -> [Value] {
            backend.type(Array(text.utf8))
            return try answers()
        }
        func answers() throws -> [Value] {
            var framer = JSONFramer()
            return try framer.feed(backend.takeOutput()).map { try Value(json: $0) }
        }
    }

    @Test("greets, negotiates, answers with the request's id")
    func negotiation() throws {
        let session = try Session()
        #expect(try session.answers().first?["QMP"]?["version"]?["qemu"]?["major"] == 7)
        let early = try session.send(#"{"execute": "query-status", "id": 1}"#)
        #expect(early.first?["error"]?["class"] == "CommandNotFound")
        #expect(early.first?["id"] == 1)
        #expect(try session.send(#"{"execute": "qmp_capabilities"}"#) == [["return": [:]]])
        let status = try session.send(#"{"execute": "query-status", "id": "x"}"#)
        #expect(status.first?["return"]?["status"] == "prelaunch")
        #expect(status.first?["id"] == "x")
    }

    @Test("refuses unknown commands, arguments and malformed input, and goes on")
    func refusals() throws {
        let session = try Session()
        _ = try session.send(#"{"execute": "qmp_capabilities"}"#)
        func description(_ text: String) throws -> String? {
            try session.send(text).last?["error"]?["desc"]?.stringValue
        }
        #expect(try description(#"{"execute": "frobnicate"}"#) == "The command frobnicate has not been found")
        #expect(try description(#"{"execute": "stop", "arguments": {"a": 1}}"#) == "Parameter 'a' is unexpected")
        #expect(
            try description(#"{"execute": "qom-get", "arguments": {"path": "/"}}"#) == "Parameter 'property' is missing"
        )
        #expect(try description("[]") == "QMP input must be a JSON object")
        #expect(try description("{\"execute\": }")?.hasPrefix("JSON parse error") == true)
        #expect(try description("}")?.hasPrefix("JSON parse error") == true)
        #expect(try session.send(#"{"execute": "query-name"}"#) == [["return": [:]]])
    }

    @Test("objects come and go through the monitor, and events reach it")
    func objects() throws {
        let session = try Session()
        _ = try session.send(#"{"execute": "qmp_capabilities"}"#)
        let add =
            #"{"execute": "object-add", "arguments": {"qom-type": "memory-backend-ram", "id": "m0", "size": 4096}}"#
        #expect(try session.send(add) == [["return": [:]]])
        let memdev = try session.send(#"{"execute": "query-memdev"}"#)
        #expect(memdev.first?["return"]?.arrayValue?.first?["size"] == 4096)
        #expect(try session.send(#"{"execute": "object-del", "arguments": {"id": "m0"}}"#) == [["return": [:]]])
        session.machine.monitor.emit("STOP")
        #expect(try session.answers().first?["event"] == "STOP")
    }
}
