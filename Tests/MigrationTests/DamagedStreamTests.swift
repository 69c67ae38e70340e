import EmuCore
import Foundation
import Testing

@testable import Migration

@Suite("Damaged streams end in an error and a machine that still works")
struct DamagedStreamTests {
    /// A stream with two RAM blocks, all shapes of state and a subsection.
    static func good() throws -> [UInt8] {
        let source = try SyntheticMachine(ram: [("a", 32 << 10), ("b", 16 << 10)])
        source.fillRAM(seed: 11)
        source.gadget.fill()
        source.gadget.extra = 1
        return try MigrationController(machine: source).save()
    }

    /// Where the description begins: what is cut or changed from there on does no harm.
    static func descriptionStart(_ stream: [UInt8]) throws -> Int {
        try #require(StreamTail.find(in: stream)).lowerBound - 5
    }

    @Test("cut at any byte")
    func truncation() throws {
        let stream = try Self.good()
        let end = try Self.descriptionStart(stream)
        let target = try SyntheticMachine(ram: [("a", 32 << 10), ("b", 16 << 10)])
        let controller = MigrationController(machine: target)
        // Every byte of headers and device state; inside pages one in 61 will do.
        for length in 0..<end where length < 400 || length > end - 900 || length % 61 == 0 {
            let failure = #expect(throws: MigrationError.self) {
                try controller.load(Array(stream[..<length]))
            }
            #expect(failure?.lines.last?.hasPrefix("load of migration failed: ") == true)
            #expect(controller.info.status == .failed)
            #expect(target.gadget.summary == Gadget().summary)
        }
        try controller.load(stream)
        #expect(target.gadget.text == "hello")
    }

    @Test("changed at random, with fixed seeds", arguments: 0..<8)
    func mutation(seed: Int) throws {
        let stream = try Self.good()
        let target = try SyntheticMachine(ram: [("a", 32 << 10), ("b", 16 << 10)])
        let controller = MigrationController(machine: target)
        var generator = SplitMix(state: UInt64(seed))
        let rounds = Int(ProcessInfo.processInfo.environment["MIGRATION_FUZZ_ROUNDS"] ?? "") ?? 150
        var refused = 0
        for _ in 0..<rounds {
            let damaged = Self.damage(stream, &generator)
            do { try controller.load(damaged) } catch {
                refused += 1
                #expect(error is MigrationError)
            }
            _ = try? StreamInspector.describe(damaged)
        }
        #expect(refused > 0)
        try controller.load(stream)
        #expect(target.gadget.text == "hello")
    }

    private static func damage(_ stream: [UInt8], _ generator: inout SplitMix) -> [UInt8] {
        var result = stream
        let awkward: [UInt8] = [0, 1, 2, 3, 4, 5, 7, 8, 0x7e, 0x7f, 0x80, 0xff]
        for _ in 0...Int.random(in: 0..<3, using: &generator) {
            let count = result.count
            // Headers and device state are a small part of the stream, so they are hit on purpose.
            let position: Int
            switch Int.random(in: 0..<3, using: &generator) {
            case 0: position = Int.random(in: 0..<min(count, 200), using: &generator)
            case 1: position = max(0, count - Int.random(in: 1..<4000, using: &generator))
            default: position = Int.random(in: 0..<count, using: &generator)
            }
            switch Int.random(in: 0..<5, using: &generator) {
            case 0: result[position] = awkward.randomElement(using: &generator) ?? 0
            case 1: result[position] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
            case 2:
                for index in position..<min(count, position + 4) { result[index] = 0xff }
            case 3:
                let end = min(count, position + Int.random(in: 1..<64, using: &generator))
                result.removeSubrange(position..<end)
            default:
                result.insert(
                    contentsOf: (0..<Int.random(in: 1..<16, using: &generator)).map { _ in
                        UInt8.random(in: 0...255, using: &generator)
                    }, at: position)
            }
            if result.isEmpty { return result }
        }
        return result
    }

    @Test("huge lengths are refused before memory is taken for them")
    func hugeLengths() throws {
        let good = try Self.good()
        let target = try SyntheticMachine(ram: [("a", 32 << 10), ("b", 16 << 10)])
        let controller = MigrationController(machine: target)
        // Length of the machine name.
        var stream = good
        stream.replaceSubrange(9..<13, with: [0x80, 0, 0, 0])
        #expect(throws: MigrationError.self) { try controller.load(stream) }
        #expect(throws: MigrationError.self) { try StreamInspector.describe(stream) }
        // A list of RAM blocks that never adds up.
        let list = try #require(good.firstRange(of: [1, UInt8(ascii: "a"), 0, 0, 0, 0]))
        stream = good
        stream.replaceSubrange(
            (list.lowerBound - 8)..<(list.lowerBound - 2), with: [0x7f, 0xff, 0xff, 0xff, 0xff, 0xff])
        #expect(throws: MigrationError.self) { try controller.load(stream) }
        // A packaged stream inside a packaged stream, and one that claims 4 GiB.
        let header = Array(good[0..<13 + 13])
        stream = header + [8, 0, 7, 0, 4, 0xff, 0xff, 0xff, 0xff]
        #expect(throws: MigrationError.self) { try controller.load(stream) }
    }
}
