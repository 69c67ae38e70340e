import EmuCore
import Testing

@testable import PPCTarget

@Suite("Runtime services") struct RTASTests {
    @Test(
        "converts between seconds and the calendar",
        arguments: [
            (0, [1970, 1, 1, 0, 0, 0]), (951_782_399, [2000, 2, 28, 23, 59, 59]), (951_868_800, [2000, 3, 1, 0, 0, 0]),
            (4_102_444_800, [2100, 1, 1, 0, 0, 0]), (-1, [1969, 12, 31, 23, 59, 59]),
        ] as [(Int64, [Int64])])
    func calendar(seconds: Int64, fields: [Int64]) {
        let time = CalendarTime(seconds: seconds)
        #expect([time.year, time.month, time.day, time.hour, time.minute, time.second] == fields)
        #expect(time.seconds == seconds)
    }

    @Test("reads back the time of day that was set")
    func timeOfDay() throws {
        let fixture = try PlatformFixture(cpus: 1)
        fixture.machine.rtc.hostTime = { 5_000_000_000 }
        #expect(try fixture.rtas(0x2002, [2031, 12, 24, 18, 30, 15, 0], results: 1) == [0])
        #expect(try fixture.rtas(0x2001, [], results: 8) == [0, 2031, 12, 24, 18, 30, 15, 0])
        #expect(try fixture.rtas(0x2002, [2031, 13, 24, 18, 30, 15, 0], results: 1) == [-3])
    }

    @Test("keeps NVRAM and refuses what lies outside")
    func nvram() throws {
        let fixture = try PlatformFixture(cpus: 1)
        try fixture.machine.memory.writeBytes([7, 8, 9], at: 0x20_0000)
        #expect(try fixture.rtas(0x2013, [100, 0x20_0000, 3], results: 2) == [0, 3])
        #expect(try fixture.rtas(0x2012, [101, 0x20_1000, 2], results: 2) == [0, 2])
        #expect(try fixture.machine.memory.readBytes(at: 0x20_1000, count: 2) == [8, 9])
        #expect(try fixture.rtas(0x2012, [0xffff, 0x20_1000, 2], results: 2) == [-3, 0])
        #expect(try fixture.rtas(0x2012, [.max, 0x20_1000, .max], results: 2) == [-3, 0])
    }

    @Test("gives the event of the power button once")
    func powerButton() throws {
        let fixture = try PlatformFixture(cpus: 1)
        let arguments: [UInt32] = [0x500, 0, 0x4000_0000, 0, 0x20_0000, 1024]
        #expect(try fixture.rtas(0x200e, arguments, results: 1) == [1])
        fixture.machine.withLock { fixture.machine.events.postPowerDown() }
        #expect(try fixture.rtas(0x200e, arguments, results: 1) == [0])
        let log = try fixture.machine.memory.readBytes(at: 0x20_0000, count: 120)
        #expect(Array(log[0..<4]) == [0x06, 0x34, 0x00, 0x40])
        #expect(Array(log[4..<8]) == [0, 0, 0, 108])
        #expect(Array(log[24..<26]) == [0x50, 0x48])
        let year = try #require(
            Int(log[32...33].map { String($0, radix: 16) }.joined()), "the date has two decimal digits in a byte")
        #expect((2024...2200).contains(year))
        #expect(Array(log[72..<74]) == [0x55, 0x48])
        #expect(Array(log[96..<98]) == [0x45, 0x50])
        #expect(log[104] == 3)
        #expect(try fixture.rtas(0x200e, arguments, results: 1) == [1])
    }

    @Test("refuses tokens that do not exist")
    func unknownToken() throws {
        let fixture = try PlatformFixture(cpus: 1)
        #expect(try fixture.rtas(0x202d, [], results: 1) == [-3])
        #expect(try fixture.rtas(0x1fff, [], results: 1) == [-3])
        #expect(try fixture.rtas(.max, [], results: 1) == [-3])
    }

    @Test("never traps on random arguments", arguments: [11, 12] as [UInt64])
    func random(seed: UInt64) throws {
        let fixture = try PlatformFixture(cpus: 2)
        var generator = PlatformRandom(seed: seed)
        let awkward: [UInt32] = [
            0, 1, 2, 3, 4, 9001, 9002, 9003, 0x1000, 0x1001, 0x10_0000, 0x2000_0000, .max, 1 << 31, 20,
        ]
        for _ in 0..<4000 {
            let token = 0x2000 + UInt32(truncatingIfNeeded: generator.next() % 0x30)
            let arguments: [UInt32] = (0..<Int(generator.next() % 8)).map { _ in
                generator.next() % 3 == 0
                    ? UInt32(truncatingIfNeeded: generator.next())
                    : awkward[Int(generator.next() % UInt64(awkward.count))]
            }
            _ = try fixture.rtas(token, arguments, results: Int(generator.next() % 9))
            for thread in fixture.machine.threads { thread.cpu.isHalted = thread.index != 0 }
        }
    }
}
