import CPPCState
import EmuCore
import Foundation
import Testing

@testable import PPCTarget

/// Random hypercalls and runtime services with random arguments: whatever the guest asks for, the host goes on.
///
/// `EMUCORE_FUZZ_ROUNDS` sets the number of machines; `EMUCORE_FUZZ_SEED` the first seed.
@Suite("Random calls of services") struct ServiceFuzzTests {
    private static func setting(_ name: String, _ fallback: UInt64) -> UInt64 {
        ProcessInfo.processInfo.environment[name].flatMap(UInt64.init) ?? fallback
    }

    /// What arguments are made of: small numbers, flags of calls, addresses of RAM, registers and nothing.
    private static let awkward: [UInt64] = [
        0, 1, 2, 3, 4, 7, 8, 12, 16, 20, 21, 24, 64, 0x80, 0xff, 0x100, 0x101, 0x200, 0x300, 0xfff, 0x1000, 0x1001,
        0x1200, 0x4000, 0x8000, 0x10_0000, 0x20_0000, 0xfff_f000, 0x1000_0000, 0x2000_0000, 0x7100_0000, 0x8000_0000,
        0x8000_0001, 0xffff_ffff, 1 << 32, 1 << 38, 1 << 39, 1 << 40, 1 << 60, 1 << 62, 1 << 63, .max, .max - 1,
        0x2000_0000_0000, 0x4000_0000_0000, 0x6000_0000_0000, 0x6010_0000_0000_0000, 0x6_0100_0000_0000,
        0x6_0302_0318_0000, 0x6_0302_031a_0000, 0x2000_8000_0000, 0x800_0000_0000_0000,
    ]

    private static func value(_ random: inout SplitMix) -> UInt64 {
        func pick() -> UInt64 { awkward[Int(random.next() % UInt64(awkward.count))] }
        switch random.next() % 8 {
        case 0...3: return pick()
        case 4: return pick() &+ random.next() & 0xfff
        case 5: return random.next() & 0x1fff_ffff
        case 6: return 0x6_0100_0000_0000 | random.next() & 0xffff_ffff
        default: return random.next()
        }
    }

    private static let numbers: [UInt64] =
        (0..<0x460 / 4).map { $0 * 4 } + (0..<6).map { 0xf000 + $0 } + [0xef10, 0xf800, 0xf804, 0xf808, 0xf80c]

    @Test("leave the host well")
    func randomCalls() throws {
        let first = Self.setting("EMUCORE_FUZZ_SEED", 1)
        for seed in first..<first + Self.setting("EMUCORE_FUZZ_ROUNDS", 6) {
            var random = SplitMix(state: seed)
            try Self.round(&random, seed)
        }
    }

    private static func round(_ random: inout SplitMix, _ seed: UInt64) throws {
        let processors = ["power8_v2.0", "power9_v2.0", "power10_v2.0"]
        let version = ["pseries-2.4", "pseries-2.12", "pseries-7.2"][Int(random.next() % 3)]
        let processor = version == "pseries-7.2" ? processors[Int(random.next() % 3)] : processors[0]
        let fixture = try PlatformFixture(
            version: version, cpu: processor, cpus: 2, interrupts: processor == processors[0] ? "xics" : "dual",
            properties: version == "pseries-2.4" ? ["cap-htm": "off"] : [:])
        let machine = fixture.machine
        // Everybody may use the same memory: vectors, lists, blocks of services, work areas.
        for word in 0..<0x4_0000 as Range<UInt64> {
            try machine.memory.store(Self.value(&random), at: 0x10_0000 + word * 8, order: .big)
        }
        if processor != processors[0], random.next() & 1 == 0 {
            machine.withLock { machine.negotiatedVector5[.xiveExploitation] = true }
        }
        for _ in 0..<4000 {
            let thread = Int(random.next() & 1)
            if random.next() % 4 == 0 {
                let arguments = (0..<Int(random.next() % 9)).map { _ in
                    UInt32(truncatingIfNeeded: Self.value(&random))
                }
                let token = 0x2000 + UInt32(random.next() % 0x2e)
                _ = try fixture.rtas(token, arguments, results: Int(random.next() % 8))
                continue
            }
            let number = numbers[Int(random.next() % UInt64(numbers.count))]
            var arguments = (0..<9).map { _ in Self.value(&random) }
            // A copy of a gigabyte says no more than one of a megabyte.
            if number == HypercallNumber.logicalMemOp { arguments[3] &= 0xffff }
            fixture.call(number, arguments, thread: thread)
        }
        // It resets, and hypercalls are served as ever.
        machine.withLock { machine.resetMachine() }
        try machine.memory.store(0x1234_5678 as UInt64, at: 0x100, order: .big)
        #expect(fixture.call(HypercallNumber.logicalCILoad, [8, 0x100]).results[0] == 0x1234_5678, "seed \(seed)")
    }
}
