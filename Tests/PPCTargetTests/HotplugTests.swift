import EmuCore
import Testing

@testable import PPCTarget

@Suite("Devices that come and go while the machine is there") struct HotplugTests {
    private enum Token {
        static let checkException: UInt32 = 0x200e
        static let setIndicator: UInt32 = 0x201a
        static let getSensor: UInt32 = 0x201d
        static let configure: UInt32 = 0x201e
    }
    private static let isolation: UInt32 = 9001
    private static let allocation: UInt32 = 9003

    private func fixture(_ version: String = "pseries-7.2") throws -> PlatformFixture {
        try PlatformFixture(version: version, cpu: version == "pseries-7.2" ? "power9_v2.0" : "power8_v2.0", cpus: 1) {
            $1.smp.maximum = 4
            $1.memory.slots = 2
            $1.memory.maxSize = 1 << 30
        }
    }

    /// What the guest does when it is told of a device: fetches the event, takes the connector, reads its tree.
    private func take(_ fixture: PlatformFixture, _ connector: UInt32) throws -> [String] {
        #expect(try fixture.rtas(Token.setIndicator, [Self.allocation, connector, 1], results: 1) == [0])
        #expect(try fixture.rtas(Token.setIndicator, [Self.isolation, connector, 1], results: 1) == [0])
        let area: UInt64 = 0x20_0000
        try fixture.machine.memory.store(connector, at: area, order: .big)
        try fixture.machine.memory.store(UInt32(0), at: area + 4, order: .big)
        var names: [String] = []
        for _ in 0..<100 {
            let status = try fixture.rtas(Token.configure, [UInt32(area), 0], results: 1)[0]
            if status == 0 { return names }
            let offset = UInt64(try fixture.machine.memory.load(UInt32.self, at: area + 8, order: .big))
            if status == 2 || status == 3 {
                let bytes = try fixture.machine.memory.readBytes(at: area + offset, count: 40)
                names.append(String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self))
            }
        }
        Issue.record("the tree does not end")
        return names
    }

    private func letGo(_ fixture: PlatformFixture, _ connector: UInt32) throws {
        #expect(try fixture.rtas(Token.setIndicator, [Self.isolation, connector, 0], results: 1) == [0])
        #expect(try fixture.rtas(Token.setIndicator, [Self.allocation, connector, 0], results: 1) == [0])
    }

    /// The hot-plug section of the next event: resource, action, kind of identifier, identifier.
    private func event(_ fixture: PlatformFixture) throws -> [UInt32]? {
        let arguments: [UInt32] = [0x500, 0, 0x5000_0000, 0, 0x20_0000, 1024]
        guard try fixture.rtas(Token.checkException, arguments, results: 1) == [0] else { return nil }
        let log = try fixture.machine.memory.readBytes(at: 0x20_0000, count: 116)
        #expect(Array(log[0..<4]) == [0x06, 0x34, 0x60, 0xe5])
        #expect(Array(log[96..<98]) == Array("HP".utf8))
        let cells = stride(from: 108, to: 116, by: 4).map { start in
            log[start..<(start + 4)].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        }
        return log[104..<107].map(UInt32.init) + cells
    }

    @Test("a core comes, is taken, is asked back and goes")
    func core() throws {
        let fixture = try fixture()
        let machine = fixture.machine
        final class Listener { var events: [String] = [] }
        let listener = Listener()
        machine.monitor.subscribe(listener) { [unowned listener] name, _ in listener.events.append(name) }
        try machine.withLock {
            _ = try machine.addDevice(
                driver: "power9_v2.0-spapr-cpu-core", id: "c2", properties: ["core-id": "2"])
        }
        #expect(machine.threads.map(\.index) == [0, 2])
        let connector: UInt32 = 0x1000_0002
        #expect(try fixture.rtas(Token.getSensor, [Self.allocation, connector], results: 2) == [0, 2])
        #expect(try event(fixture) == [1, 1, 2, connector, 0])
        #expect(try event(fixture) == nil)
        let names = try take(fixture, connector)
        #expect(names.first == "PowerPC,POWER9@2")
        #expect(names.contains("ibm,my-drc-index"))
        #expect(try fixture.rtas(Token.getSensor, [Self.allocation, connector], results: 2) == [0, 1])
        #expect(machine.threads[1].cpu.isHalted)

        try machine.withLock { try machine.removeDevice(id: "c2") }
        let again = #expect(throws: ObjectError.self) { try machine.withLock { try machine.removeDevice(id: "c2") } }
        #expect(again?.description == "Device 'c2' is already in the process of unplug")
        #expect(try event(fixture) == [1, 2, 2, connector, 0])
        #expect(machine.threads.count == 2)
        try letGo(fixture, connector)
        #expect(machine.threads.map(\.index) == [0])
        #expect(machine.cpus.count == 1)
        #expect(listener.events.last == "DEVICE_DELETED")
        // The place is free again.
        try machine.withLock {
            _ = try machine.addDevice(
                driver: "power9_v2.0-spapr-cpu-core", id: "c2", properties: ["core-id": "2"])
        }
        #expect(machine.threads.count == 2)
    }

    @Test("a module comes as a range of connectors, and goes with the last of them")
    func module() throws {
        let fixture = try fixture()
        let machine = fixture.machine
        try machine.withLock {
            try machine.createObject(type: "memory-backend-ram", id: "m", properties: ["size": "512M"])
            _ = try machine.addDevice(driver: "pc-dimm", id: "d", properties: ["memdev": "m"])
        }
        let address = try #require(machine.deviceMemory?.devices.first?.address)
        let first = 0x8000_0000 | UInt32(address >> 28)
        try machine.memory.store(UInt64(0x1234), at: address + 8, order: .big)
        // Before negotiation the guest is only told how many.
        #expect(try event(fixture) == [2, 1, 3, 2, 0])
        for connector in [first, first + 1] {
            #expect(try take(fixture, connector).first?.hasPrefix("memory@") == true)
        }
        let refusal = #expect(throws: ObjectError.self) { try machine.withLock { try machine.removeDevice(id: "d") } }
        #expect(refusal?.description == "Memory hot unplug not supported for this guest")

        machine.negotiatedVector5[.hotplugEvents] = true
        try machine.withLock { try machine.removeDevice(id: "d") }
        #expect(try event(fixture) == [2, 2, 4, 2, first])
        let busy = #expect(throws: ObjectError.self) { try machine.withLock { try machine.deleteObject(id: "m") } }
        #expect(busy?.description == "object 'm' is in use, can not be deleted")
        try letGo(fixture, first)
        #expect(machine.deviceMemory?.devices.count == 1)
        try letGo(fixture, first + 1)
        #expect(machine.deviceMemory?.devices.isEmpty == true)
        #expect(machine.ramBlocks.map(\.id) == ["ppc_spapr.ram"])
        #expect(throws: (any Error).self) { try machine.memory.load(UInt64.self, at: address + 8, order: .big) }
        try machine.withLock { try machine.deleteObject(id: "m") }
    }

    @Test("what the guest never took goes at once, and a reset takes what is wanted back")
    func untaken() throws {
        let fixture = try fixture()
        let machine = fixture.machine
        try machine.withLock {
            for (index, id) in ["a", "b"].enumerated() {
                _ = try machine.addDevice(
                    driver: "power9_v2.0-spapr-cpu-core", id: id,
                    properties: ["core-id": .integer(Int64(index + 1))])
            }
            try machine.removeDevice(id: "a")
            #expect(machine.threads.map(\.index) == [0, 2])
            machine.resetMachine()
            try machine.removeDevice(id: "b")
            #expect(machine.threads.map(\.index) == [0, 2])
            machine.resetMachine()
        }
        #expect(machine.threads.map(\.index) == [0])
        #expect(machine.events.pending.isEmpty)
    }

    @Test("what cannot come or go is refused, and nothing stays of it")
    func refused() throws {
        let fixture = try fixture()
        let machine = fixture.machine
        func refusal(_ body: () throws -> Void) -> String? {
            let error = #expect(throws: ObjectError.self) { try machine.withLock(body) }
            return error?.description
        }
        #expect(
            refusal { _ = try machine.addDevice(driver: "spapr-vty", id: "v") }
                == "Bus 'spapr-vio' does not support hotplugging")
        #expect(
            refusal { _ = try machine.addDevice(driver: "spapr-rng", properties: ["rng": "r"]) }
                == "Device 'spapr-rng' does not support hotplugging")
        #expect(refusal { try machine.removeDevice(id: "nobody") } == "Device 'nobody' not found")
        #expect(
            refusal { try machine.removeDevice(id: machine.cores[0].canonicalPath) }
                == "Boot CPU core may not be unplugged")
        machine.hotplugObstacle = { "while migrating" }
        #expect(
            refusal { _ = try machine.addDevice(driver: "pc-dimm") } == "device_add not allowed while migrating")
        #expect(machine.children["peripheral"]?.children.isEmpty == true)
    }
}
