import Foundation
import Testing

@testable import PPCTarget

/// A hypervisor of a few calls, enough for the guests in Fixtures/baremetal: console, hash table, process table, modes.
private final class SmallHypervisor {
    let cpu: PPCCPU
    let memory: FlatMemory
    private let table: UnsafeMutableRawPointer
    private(set) var output = ""
    private static let tableShift = 21

    init(model: PPCModel) {
        memory = FlatMemory(size: 256 << 20)
        cpu = PPCCPU(model: model.limited(toPageShift: 24), memory: memory)
        table = .allocate(byteCount: 1 << Self.tableShift, alignment: 1 << 18)
        table.initializeMemory(as: UInt8.self, repeating: 0, count: 1 << Self.tableShift)
        cpu.mmu.hashTable = HashTable(base: table, shift: Self.tableShift)
        cpu.resetForPartition()
        cpu.setEntry(nip: 0x100)
        cpu.hypercall = { [unowned self] _ in answer() }
    }

    deinit { table.deallocate() }

    private func answer() -> Int32 {
        let r = gpr(cpu.state)
        switch r[3] {
        case 0x04, 0x18:
            let entry = table + Int(r[5] & 0x1_ffff) * 16
            let low = UInt64(bigEndian: entry.load(fromByteOffset: 8, as: UInt64.self))
            if r[3] == 0x04 {
                entry.storeBytes(of: 0, as: UInt64.self)
                entry.storeBytes(of: 0, toByteOffset: 8, as: UInt64.self)
            } else {
                let kept = low & ~(HashEntry.protection0 | HashEntry.keyHigh | 0xe07)
                let new = kept | r[4] << 55 & HashEntry.protection0 | r[4] << 48 & HashEntry.keyHigh | r[4] & 0xe07
                entry.storeBytes(of: new.bigEndian, toByteOffset: 8, as: UInt64.self)
            }
            cpu.mmu.apply(.hash)
            r[3] = 0
        case 0x08:
            guard HashTableCalls.pageShift(cpu.model, r[6], r[7]) != 0 else {
                r[3] = UInt64(bitPattern: -4)
                break
            }
            let entry = table + Int(r[5] & 0x1_ffff) * 16
            entry.storeBytes(of: r[7].bigEndian, toByteOffset: 8, as: UInt64.self)
            entry.storeBytes(of: r[6].bigEndian, as: UInt64.self)
            r[3] = 0
        case 0x0c:
            let entry = table + Int(r[5] & 0x1_ffff) * 16
            r[4] = UInt64(bigEndian: entry.load(as: UInt64.self))
            r[5] = UInt64(bigEndian: entry.load(fromByteOffset: 8, as: UInt64.self))
            r[3] = 0
        case 0x58:
            let text = withUnsafeBytes(of: (r[6].bigEndian, r[7].bigEndian)) { Array($0.prefix(Int(r[5] & 15))) }
            output += String(decoding: text, as: UTF8.self)
            r[3] = 0
        case 0x31c:
            if r[5] == 4 {
                cpu.setLPCR(cpu.lpcr & ~LPCR.ile | (r[4] == 1 ? LPCR.ile : 0))
            } else {
                cpu.setLPCR(cpu.lpcr & ~LPCR.ail | r[4] << LPCR.ailShift & LPCR.ail)
            }
            r[3] = 0
        case 0x37c:
            cpu.mmu.processTable = r[5] | r[7]
            cpu.setLPCR(cpu.lpcr | LPCR.hr | LPCR.uprt | LPCR.gtse)
            r[3] = 0
        case 0xf000: return Outcome.stop
        default: r[3] = UInt64(bitPattern: -2)
        }
        return Outcome.next
    }
}

/// Guests of ours that run in QEMU and here; what they print must agree to the letter.
@Suite struct CPUBareMetalTests {
    /// Every guest and model with a recording.
    static let guests: [(String, String)] = {
        let directory = Fixture.directory.appendingPathComponent("baremetal").path
        let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
        return names.sorted().compactMap { name in
            let parts = name.split(separator: ".")
            return parts.count == 3 && parts[2] == "expected" ? (String(parts[0]), String(parts[1])) : nil
        }
    }()

    @Test func findsRecordings() { #expect(Self.guests.count >= 10) }

    /// What we print instead of what QEMU does, where that is wrong: by guest and QEMU's text.
    static let differences: [String: Substring] = {
        var table: [String: Substring] = [:]
        for line in ((try? Fixture.text("baremetal/differences.txt")) ?? "").split(separator: "\n")
        where !line.hasPrefix("#") {
            let fields = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
            if fields.count == 4 { table["\(fields[0]) | \(fields[1])"] = Substring(fields[2]) }
        }
        return table
    }()

    @Test func everyListedDifferenceIsMet() throws {
        var left = Set(Self.differences.keys)
        for (guest, model) in Self.guests {
            let text = try Fixture.text("baremetal/\(guest).\(model).expected")
            for line in text.split(separator: "\n") { left.remove("\(guest) | \(line)") }
        }
        #expect(left.isEmpty)
    }

    @Test(arguments: EngineKind.allCases, guests)
    func agreesWithRecordedOutput(engine: EngineKind, guest: (String, String)) throws {
        guard engine.isAvailable else { return }
        let (guest, model) = guest
        let machine = SmallHypervisor(model: try #require(PPCModel.named(model)))
        switch engine {
        case .interpreter: break
        case .blocks: machine.cpu.engine = BlockEngine(cpu: machine.cpu)
        case .native: machine.cpu.engine = try NativeEngine(cpu: machine.cpu, codeSize: 4 << 20)
        }
        let image = try Fixture.bytes("baremetal/\(guest).bin")
        #expect(machine.memory.load(image, at: 0))
        // A limit makes the interpreter step; the engines run until the guest powers off, or until it goes astray.
        var interrupts = 0
        machine.cpu.onInterrupt = { cpu, _, _ in
            interrupts += 1
            if interrupts > 100_000 { cpu.stop() }
        }
        #expect(machine.cpu.run(limit: engine == .interpreter ? 10_000_000 : .max) == .requested)
        #expect(interrupts <= 100_000)
        let expected = try Fixture.text("baremetal/\(guest).\(model).expected").split(separator: "\n")
            .map { Self.differences["\(guest) | \($0)"] ?? $0 }
        let actual = machine.output.split(separator: "\n")
        for (index, pair) in zip(actual, expected).enumerated() {
            #expect(pair.0 == pair.1, "record \(index)")
        }
        #expect(actual.count == expected.count)
    }
}
