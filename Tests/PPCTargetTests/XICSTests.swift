import EmuCore
import Testing

@testable import PPCTarget

@Suite("XICS") struct XICSTests {
    private func fixture() throws -> (PlatformFixture, XICSSourceController) {
        let fixture = try PlatformFixture(cpus: 2, interrupts: "xics")
        let source = try #require(fixture.services.xics)
        return (fixture, source)
    }

    private func isPending(_ fixture: PlatformFixture, _ thread: Int) -> Bool {
        fixture.machine.threads[thread].cpu.state.pointee.pending_interrupts & PendingInterrupt.external != 0
    }

    @Test("delivers by priority, returns the favoured one first, and offers the other again at its end")
    func priorities() throws {
        let (fixture, source) = try fixture()
        try fixture.machine.withLock {
            for number in [0x1300, 0x1301] { try fixture.machine.interrupts.claim(number, isLevel: false) }
        }
        for (number, priority) in [(0x1300, 6), (0x1301, 5)] as [(UInt32, UInt32)] {
            #expect(try fixture.rtas(0x200a, [number, 1, priority], results: 1) == [0])
        }
        fixture.call(HypercallNumber.cppr, [0xff], thread: 1)
        source.set(0x1300, true)
        #expect(isPending(fixture, 1))
        source.set(0x1301, true)
        #expect(fixture.call(HypercallNumber.xirr, thread: 1).results[0] == 0xff00_1301)
        #expect(!isPending(fixture, 1))
        // At the end of the favoured one the other is presented.
        fixture.call(HypercallNumber.eoi, [0xff00_1301], thread: 1)
        #expect(isPending(fixture, 1))
        #expect(fixture.call(HypercallNumber.xirr, thread: 1).results[0] == 0xff00_1300)
        fixture.call(HypercallNumber.eoi, [0xff00_1300], thread: 1)
        #expect(fixture.call(HypercallNumber.xirr, thread: 1).results[0] == 0xff00_0000)
    }

    @Test("keeps a masked message until it is unmasked")
    func masked() throws {
        let (fixture, source) = try fixture()
        try fixture.machine.withLock { try fixture.machine.interrupts.claim(0x1310, isLevel: false) }
        #expect(try fixture.rtas(0x200a, [0x1310, 0, 5], results: 1) == [0])
        #expect(try fixture.rtas(0x200c, [0x1310], results: 1) == [0])
        fixture.call(HypercallNumber.cppr, [0xff])
        source.set(0x1310, true)
        #expect(!isPending(fixture, 0))
        #expect(try fixture.rtas(0x200d, [0x1310], results: 1) == [0])
        #expect(isPending(fixture, 0))
        #expect(try fixture.rtas(0x200b, [0x1310], results: 3) == [0, 0, 5])
    }

    @Test("presents a level again while it is asserted")
    func level() throws {
        let (fixture, source) = try fixture()
        try fixture.machine.withLock { try fixture.machine.interrupts.claim(0x1320, isLevel: true) }
        #expect(try fixture.rtas(0x200a, [0x1320, 0, 5], results: 1) == [0])
        fixture.call(HypercallNumber.cppr, [0xff])
        source.set(0x1320, true)
        #expect(fixture.call(HypercallNumber.xirr).results[0] == 0xff00_1320)
        fixture.call(HypercallNumber.eoi, [0xff00_1320])
        #expect(fixture.call(HypercallNumber.xirr).results[0] == 0xff00_1320)
        source.set(0x1320, false)
        fixture.call(HypercallNumber.eoi, [0xff00_1320])
        #expect(!isPending(fixture, 0))
    }

    @Test("sends inter-processor interrupts by priority")
    func interProcessor() throws {
        let (fixture, _) = try fixture()
        fixture.call(HypercallNumber.cppr, [4], thread: 1)
        fixture.call(HypercallNumber.ipi, [1, 4])
        #expect(!isPending(fixture, 1))
        fixture.call(HypercallNumber.ipi, [1, 3])
        #expect(isPending(fixture, 1))
        #expect(fixture.call(HypercallNumber.ipoll, [1]).results[0...1] == [0x0400_0002, 3])
        #expect(fixture.call(HypercallNumber.ipi, [2, 3]).status == HypercallStatus.parameter)
    }
}
