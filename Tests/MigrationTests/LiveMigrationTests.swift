import Dispatch
import EmuCore
import Foundation
import Synchronization
import Testing

@testable import Migration

/// A CPU that writes to RAM until it is told to stop, in the way that a soft TLB does: the first store to a page after
/// a flush is logged, later ones are not.
final class WritingCPU: VirtualCPU, @unchecked Sendable {
    // @unchecked: `control` guards what threads share; RAM is racy by nature.
    private struct Control {
        var runs = false
        var isIdle = true
        var mayWrite: Set<Int> = []
    }
    let index = 0
    private let block: RAMBlock
    private let control = Mutex(Control())
    private let idle = DispatchSemaphore(value: 0)
    let stores = Atomic<Int>(0)

    init(block: RAMBlock) { self.block = block }

    func resume() {
        control.withLock { state in
            state.runs = true
            state.isIdle = false
        }
        Thread.detachNewThread { [self] in
            var generator = SplitMix(state: 99)
            // The lock is left to others now and then; a tight loop would starve them.
            while step(&generator) { if stores.load(ordering: .relaxed) % 64 == 0 { usleep(50) } }
            idle.signal()
        }
    }

    private func step(_ generator: inout SplitMix) -> Bool {
        control.withLock { state in
            guard state.runs else { return false }
            // A small working set, rewritten all the time.
            let page = Int(generator.next() % 24)
            if !state.mayWrite.contains(page) {
                block.markDirty(offset: UInt64(page * 4096), length: 4096)
                state.mayWrite.insert(page)
            }
            block.base.storeBytes(
                of: generator.next(), toByteOffset: page * 4096 + 8 * Int(generator.next() % 512), as: UInt64.self)
            stores.add(1, ordering: .relaxed)
            return true
        }
    }

    func pause() {
        let wasRunning = control.withLock { state in
            defer { state.runs = false }
            return state.runs
        }
        if wasRunning { idle.wait() }
    }

    func flushWriteAccess() { control.withLock { $0.mayWrite = [] } }
}

@Suite("A guest that runs while it is saved arrives complete")
struct LiveMigrationTests {
    /// Records events and lets a test wait for a status.
    final class Events: Sendable {
        private let list = Mutex<[String]>([])
        private let reached = DispatchSemaphore(value: 0)
        private let awaited: Set<String>
        init(_ controller: MigrationController, until awaited: Set<String> = ["completed", "failed", "cancelled"])
            throws
        {
            self.awaited = awaited
            try controller.set(capabilities: [("events", true)])
            controller.eventHandler = { [self] name, data in
                let status = data["status"]?.stringValue
                list.withLock { $0.append(status.map { "\(name) \($0)" } ?? name) }
                if let status, self.awaited.contains(status) { reached.signal() }
            }
        }
        func wait() { reached.wait() }
        var all: [String] { list.withLock { $0 } }
    }

    static func running() throws -> (SyntheticMachine, WritingCPU) {
        let machine = try SyntheticMachine(ram: [("main", 4 << 20)])
        machine.fillRAM(seed: 8)
        let cpu = WritingCPU(block: machine.ramBlocks[0])
        machine.cpus = [cpu]
        machine.withLock { machine.setRunState(.running) }
        while cpu.stores.load(ordering: .relaxed) < 1000 { usleep(100) }
        return (machine, cpu)
    }

    @Test("over a socket, with and without XBZRLE", arguments: [false, true])
    func moves(xbzrle: Bool) throws {
        let (source, _) = try Self.running()
        let target = try SyntheticMachine(ram: [("main", 4 << 20)])
        let sender = MigrationController(machine: source)
        let receiver = MigrationController(machine: target)
        let events = try Events(sender)
        // Little bandwidth makes several rounds; the downtime that is permitted ends them.
        try sender.set(parameters: ["max-bandwidth": 8_000_000, "downtime-limit": 30])
        try sender.set(capabilities: [("return-path", true), ("xbzrle", xbzrle)])
        let arrived = DispatchSemaphore(value: 0)
        receiver.incomingEnded = { _, _ in arrived.signal() }
        target.withLock { try? target.stopByUser() }
        try receiver.startIncoming("tcp:127.0.0.1:0,ipv4=on")
        target.withLock { target.startAfterMigration = false }
        let port = try #require(receiver.info.listeningAddress?["port"]?.stringValue)
        try sender.startOutgoing("tcp:127.0.0.1:\(port)")
        arrived.wait()
        events.wait()
        #expect(sender.info.status == .completed, "\(sender.info.error?.description ?? "")")
        #expect(source.runState == .postmigrate && target.runState == .paused)
        #expect(target.ramEquals(source))
        #expect(sender.info.ram.dirtySyncCount > 2)
        // The event follows the change of status.
        let deadline = ContinuousClock.now + .seconds(60)
        while !events.all.contains("MIGRATION completed"), ContinuousClock.now < deadline { sched_yield() }
        #expect(
            events.all.filter { $0.hasPrefix("MIGRATION ") } == [
                "MIGRATION setup", "MIGRATION active", "MIGRATION completed",
            ])
        #expect(events.all.contains("STOP") && events.all.contains("MIGRATION_PASS"))
        if xbzrle { #expect(sender.info.ram.xbzrle.pages + sender.info.ram.xbzrle.cacheMisses > 0) }
    }

    @Test("waits before the switch-over until it is told to go on")
    func pauseBeforeSwitchover() throws {
        let (source, _) = try Self.running()
        let controller = MigrationController(machine: source)
        let paused = try Events(controller, until: ["pre-switchover"])
        try controller.set(capabilities: [("pause-before-switchover", true)])
        try controller.set(parameters: ["downtime-limit": 100_000])
        #expect(throws: MigrationError.self) { try controller.continueMigration(from: .preSwitchover) }
        try controller.startOutgoing("exec:cat >/dev/null")
        paused.wait()
        #expect(source.withLock { source.runState } == .finishMigrate)
        try controller.continueMigration(from: .preSwitchover)
        while controller.info.status.isRunning { sched_yield() }
        #expect(controller.info.status == .completed)
        // The event follows the change of status.
        let deadline = ContinuousClock.now + .seconds(60)
        while !paused.all.contains("MIGRATION completed"), ContinuousClock.now < deadline { sched_yield() }
        #expect(
            paused.all.filter { $0.hasPrefix("MIGRATION ") }.suffix(3) == [
                "MIGRATION pre-switchover", "MIGRATION device", "MIGRATION completed",
            ])
    }

    @Test("cancelled while the other end does not read, the guest runs on")
    func cancel() throws {
        let (source, cpu) = try Self.running()
        let controller = MigrationController(machine: source)
        let events = try Events(controller)
        try controller.set(parameters: ["max-bandwidth": 0, "downtime-limit": 0])
        var ends: [Int32] = [-1, -1]
        try #require(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0)
        defer { close(ends[1]) }
        try controller.startOutgoing("fd:\(ends[0])")
        while controller.info.status != .active { sched_yield() }
        controller.cancel()
        events.wait()
        #expect(controller.info.status == .cancelled)
        #expect(source.withLock { source.runState } == .running)
        let before = cpu.stores.load(ordering: .relaxed)
        while cpu.stores.load(ordering: .relaxed) < before + 100 { usleep(100) }
        // And it can be migrated after all.
        let saved = try controller.save()
        #expect(saved.count > 1 << 20)
        source.withLock { source.setRunState(.paused) }
    }

    @Test("shared blocks stay out of the stream if both ends agree")
    func ignoreShared() throws {
        func machine() throws -> SyntheticMachine {
            let machine = try SyntheticMachine(ram: [("private", 64 << 10)])
            let base = try #require(
                mmap(nil, 1 << 20, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0))
            let shared = RAMBlock(
                id: "shared", base: base, usedLength: 1 << 20, maxLength: 1 << 20, isShared: true)
            try machine.add(ramBlock: shared)
            return machine
        }
        let source = try machine()
        source.fillRAM(seed: 1)
        let sender = MigrationController(machine: source)
        try sender.set(capabilities: [("x-ignore-shared", true)])
        let stream = try sender.save()
        #expect(stream.count < 128 << 10)
        let target = try machine()
        let receiver = MigrationController(machine: target)
        let failure = #expect(throws: MigrationError.self) { try receiver.load(stream) }
        #expect(failure?.lines.first == "Capability x-ignore-shared is off, but received capability is on")
        try receiver.set(capabilities: [("x-ignore-shared", true)])
        try receiver.load(stream)
        #expect(memcmp(target.ramBlocks[1].base, source.ramBlocks[1].base, 64 << 10) == 0)
        #expect(target.ramBlocks[0].bytes.allSatisfy { $0 == 0 })
    }

    @Test("another UUID is refused if the source asks for that")
    func uuid() throws {
        var settings = StreamSettings(machineName: "synthetic-1.0")
        settings.uuid = [UInt8](0..<16)
        let sender = MigrationController(machine: try SyntheticMachine(settings: settings))
        try sender.set(capabilities: [("validate-uuid", true)])
        let stream = try sender.save()
        settings.uuid?[0] = 0xff
        let receiver = MigrationController(machine: try SyntheticMachine(settings: settings))
        let failure = #expect(throws: MigrationError.self) { try receiver.load(stream) }
        #expect(
            failure?.lines.first == "UUID received is 00010203-0405-0607-0809-0a0b0c0d0e0f and local is "
                + "ff010203-0405-0607-0809-0a0b0c0d0e0f")
        settings.uuid = nil
        let unset = MigrationController(machine: try SyntheticMachine(settings: settings))
        try unset.load(stream)
        #expect(unset.info.warnings.contains { $0.contains("local uuid isn't set") })
    }
}
