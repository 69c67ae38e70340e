import EmuCore
import Testing

@testable import PPCTarget

@Suite("XIVE") struct XIVETests {
    private static let queue: UInt64 = 0x40_0000
    private static let source: UInt64 = 0x1300

    /// A machine whose guest has chosen XIVE, with a queue for each thread and source 0x1300 routed to thread 1.
    private func fixture() throws -> (PlatformFixture, XIVERouter) {
        let fixture = try PlatformFixture(cpus: 2, interrupts: "xive")
        let router = try #require(fixture.services.xive)
        try fixture.machine.withLock {
            fixture.machine.negotiatedVector5[.xiveExploitation] = true
            try fixture.machine.interrupts.claim(Int(Self.source), isLevel: false)
        }
        for server in 0..<2 as Range<UInt64> {
            #expect(
                fixture.call(
                    HypercallNumber.intSetQueueConfig, [1, server, 6, Self.queue + server << 16, 16]
                ).status == HypercallStatus.success)
        }
        #expect(
            fixture.call(HypercallNumber.intSetSourceConfig, [2, Self.source, 1, 6, 0x77]).status
                == HypercallStatus.success)
        return (fixture, router)
    }

    private func isPending(_ fixture: PlatformFixture, _ thread: Int) -> Bool {
        fixture.machine.threads[thread].cpu.state.pointee.pending_interrupts & PendingInterrupt.external != 0
    }

    private func context(_ fixture: PlatformFixture, _ thread: Int) throws -> XIVEThreadContext {
        try #require(fixture.machine.threads[thread].xiveContext)
    }

    /// Address of a source's management page.
    private func page(_ offset: UInt64) -> UInt64 { XIVERouter.sourceBase + Self.source << 17 + 0x1_0000 + offset }

    @Test("queues an event, signals the thread, coalesces, and triggers again at the end")
    func event() throws {
        let (fixture, router) = try fixture()
        let context = try context(fixture, 1)
        let memory = fixture.machine.memory
        // P and Q are 01 after reset: off.
        #expect(memory.ioRead(at: page(0xc00), size: 8, order: .big).value == 1)
        context.store(0x2_0011, 0xff, size: 1)
        router.source.set(UInt32(Self.source), true)
        #expect(try memory.load(UInt32.self, at: Self.queue + 0x1_0000, order: .big) == 0x8000_0077)
        #expect(isPending(fixture, 1))
        #expect(!isPending(fixture, 0))
        // The second event waits in Q.
        router.source.set(UInt32(Self.source), true)
        #expect(try memory.load(UInt32.self, at: Self.queue + 0x1_0004, order: .big) == 0)
        #expect(memory.ioRead(at: page(0x800), size: 8, order: .big).value == 3)
        // Acknowledge: exception bit and the new priority.
        #expect(context.load(0x2_0810, size: 2) == 0x8006)
        #expect(!isPending(fixture, 1))
        #expect(memory.ioRead(at: page(0), size: 8, order: .big).value == 1)
        #expect(try memory.load(UInt32.self, at: Self.queue + 0x1_0004, order: .big) == 0x8000_0077)
        #expect(!isPending(fixture, 1), "same priority as the one in service")
        context.store(0x2_0011, 0xff, size: 1)
        #expect(isPending(fixture, 1))
    }

    @Test("turns the generation when a queue is full")
    func generation() throws {
        let (fixture, router) = try fixture()
        let memory = fixture.machine.memory
        for _ in 0..<0x4001 {
            _ = memory.ioRead(at: page(0xc00), size: 8, order: .big)
            router.source.set(UInt32(Self.source), true)
        }
        #expect(try memory.load(UInt32.self, at: Self.queue + 0x1_0000, order: .big) == 0x77)
        #expect(try memory.load(UInt32.self, at: Self.queue + 0x1_fffc, order: .big) == 0x8000_0077)
    }

    @Test("says H_FUNCTION until XIVE is chosen, and refuses what does not exist")
    func refusals() throws {
        let (fixture, _) = try fixture()
        let number = HypercallNumber.intGetSourceInfo
        #expect(fixture.call(number, [0, 0x1fff]).status == HypercallStatus.parameter2)
        #expect(fixture.call(number, [0, .max]).status == HypercallStatus.parameter2)
        #expect(fixture.call(number, [1, Self.source]).status == HypercallStatus.parameter)
        let queue = HypercallNumber.intSetQueueConfig
        #expect(fixture.call(queue, [0, 0, 7, 0, 16]).status == HypercallStatus.parameter3)
        #expect(fixture.call(queue, [0, 9, 6, 0, 16]).status == HypercallStatus.parameter2)
        #expect(fixture.call(queue, [0, 0, 6, 0x1000, 16]).status == HypercallStatus.parameter4)
        #expect(fixture.call(queue, [0, 0, 6, 1 << 40, 16]).status == HypercallStatus.parameter4)
        #expect(fixture.call(queue, [0, 0, 6, 0, 17]).status == HypercallStatus.parameter5)
        fixture.machine.negotiatedVector5[.xiveExploitation] = false
        #expect(fixture.call(number, [0, Self.source]).status == HypercallStatus.function)
    }

    @Test("shows the operating system's page read-only, except for its priority")
    func threadArea() throws {
        let (fixture, _) = try fixture()
        let context = try context(fixture, 0)
        #expect(context.load(0x2_0010, size: 4) == 0x0000_00ff)
        #expect(context.load(0x1_0018, size: 4) == 0x8000_0400)
        #expect(context.load(0x2_0018, size: 4) == .max)
        #expect(context.load(0x3_0010, size: 4) == .max)
        context.store(0x2_0018, 0, size: 4)
        #expect(context.word2(0x10) == 0x8000_0400)
        #expect(context.load(0x3_0810, size: 2) == .max)
    }
}
