import CPPCState
import EmuCore
import Testing

@testable import PPCTarget

/// A machine with built-in firmware that nothing runs: tests act as its guest.
struct PlatformFixture {
    let services: SpaprServices
    let machine: SpaprMachine

    init(
        version: String = "pseries-7.2", cpu: String = "power9_v2.0", cpus: Int = 2, interrupts: String = "dual",
        properties: [String: String] = [:],
        configure: (SpaprMachine, inout SpaprOptions) throws -> Void = { _, _ in }
    ) throws {
        services = SpaprServices()
        let types = TypeRegistry()
        types.registerCoreTypes()
        types.registerSpaprTypes(platform: services)
        machine = SpaprMachine(version: try #require(SpaprVersion.named(version)), types: types, platform: services)
        try machine.set("x-vof", .bool(true))
        if version != "pseries-2.4", version != "pseries-2.12" { try machine.set("ic-mode", .string(interrupts)) }
        for (name, value) in properties { try machine.set(name, .string(value)) }
        var options = SpaprOptions()
        options.cpu = cpu
        options.smp.cpus = cpus
        options.memory.size = 256 << 20
        options.terminals = [MemoryBackendCharacter(label: "serial")]
        try configure(machine, &options)
        let machine = machine
        try machine.withLock { try machine.build(options) }
    }

    /// Makes a hypercall on a thread; returns the status and R4 to R9.
    @discardableResult
    func call(_ number: UInt64, _ arguments: [UInt64] = [], thread index: Int = 0) -> (status: Int64, results: [UInt64])
    {
        machine.withLock {
            let thread = machine.threads[index]
            let registers = gpr(thread.cpu.state)
            for place in 0..<9 { registers[4 + place] = place < arguments.count ? arguments[place] : 0 }
            let status = SpaprServices.Entrance(services, thread).enter { services.serve(number, thread) }
            return (status, (0..<6).map { registers[4 + $0] })
        }
    }

    /// Calls a runtime service with a block at 0x10_0000; returns the results.
    func rtas(_ token: UInt32, _ arguments: [UInt32], results: Int) throws -> [Int32] {
        let block: UInt64 = 0x10_0000
        let cells = [token, UInt32(arguments.count), UInt32(results)] + arguments
        for (index, cell) in cells.enumerated() {
            try machine.memory.store(cell, at: block + UInt64(index) * 4, order: .big)
        }
        call(HypercallNumber.rtas, [block])
        return try (0..<results).map { index in
            let address = block + UInt64(cells.count + index) * 4
            return Int32(bitPattern: try machine.memory.load(UInt32.self, at: address, order: .big))
        }
    }
}

@Suite("Hypercalls") struct HypercallTests {
    @Test(
        "answers H_FUNCTION to numbers that nobody serves",
        arguments: [0x30, 0x45c + 4, 0xefff, 0xf006, 1, .max] as [UInt64])
    func unknown(number: UInt64) throws {
        let fixture = try PlatformFixture(cpus: 1)
        #expect(fixture.call(number).status == HypercallStatus.function)
    }

    @Test("enters, reads, protects and removes hash table entries")
    func hashTable() throws {
        let fixture = try PlatformFixture(cpus: 1)
        let high: UInt64 = 0x0000_0000_1234_5681
        let low: UInt64 = 0x0000_0000_0010_0192 & ~0x68 | 0x10
        let entered = fixture.call(HypercallNumber.enter, [0, 0x80, high, low])
        #expect(entered.status == HypercallStatus.success)
        #expect(entered.results[0] == 0x80)
        // The next free slot of the group is another one; the exact slot is taken.
        #expect(fixture.call(HypercallNumber.enter, [0, 0x80, high, low]).results[0] == 0x81)
        #expect(
            fixture.call(HypercallNumber.enter, [HashEntry.flagExact, 0x80, high, low]).status
                == HypercallStatus.groupFull)
        let read = fixture.call(HypercallNumber.read, [0, 0x80])
        #expect(read.results[0] == high & ~0x60)
        #expect(read.results[1] == low)
        #expect(fixture.call(HypercallNumber.protect, [3, 0x80, 0]).status == HypercallStatus.success)
        #expect(fixture.call(HypercallNumber.read, [0, 0x80]).results[1] == low & ~0x7 | 3)
        #expect(
            fixture.call(HypercallNumber.remove, [HashEntry.flagAVPN, 0x80, 0x7780]).status
                == HypercallStatus.notFound)
        let removed = fixture.call(HypercallNumber.remove, [0, 0x80, 0])
        #expect(removed.status == HypercallStatus.success)
        #expect(removed.results[0] == high & ~0x60)
        #expect(fixture.call(HypercallNumber.remove, [0, 0x80, 0]).status == HypercallStatus.notFound)
        #expect(fixture.call(HypercallNumber.remove, [0, 1 << 40, 0]).status == HypercallStatus.parameter)
    }

    @Test("removes in bulk and reports each entry")
    func bulkRemove() throws {
        let fixture = try PlatformFixture(cpus: 1)
        fixture.call(HypercallNumber.enter, [HashEntry.flagExact, 0x10, 0x81, 0x110])
        let answer = fixture.call(
            HypercallNumber.bulkRemove, [0x4000_0000_0000_0010, 0, 0x4000_0000_0000_0020, 0, 0xc000_0000_0000_0000])
        #expect(answer.status == HypercallStatus.success)
        // Response, success, R copied from the entry; the second was not there.
        let first: UInt64 = 0x8000_0000_0000_0010 | 0x100 << 43
        let second: UInt64 = 0x9000_0000_0000_0020
        #expect(answer.results[0] == first)
        #expect(answer.results[2] == second)
    }

    @Test("refuses memory that is not there", arguments: [0x100_0000_0000, 0xffff_ffff_ffff_f000] as [UInt64])
    func missingMemory(address: UInt64) throws {
        let fixture = try PlatformFixture(cpus: 1)
        #expect(fixture.call(HypercallNumber.pageInit, [1 << 15, address]).status == HypercallStatus.parameter)
        #expect(
            fixture.call(HypercallNumber.registerVPA, [0x2000_0000_0000, 0, address]).status
                == HypercallStatus.parameter)
        #expect(fixture.call(HypercallNumber.updateDeviceTree, [address]).status == HypercallStatus.parameter)
        #expect(fixture.call(HypercallNumber.logicalCILoad, [8, address]).status == HypercallStatus.success)
    }

    @Test("registers a radix process table, gives up the hash table, and takes it back")
    func processTable() throws {
        let fixture = try PlatformFixture(cpus: 2)
        #expect(fixture.machine.hpt.shift == 21)
        #expect(
            fixture.call(HypercallNumber.registerProcessTable, [0x1d, 0x100_0000, 0, 4]).status
                == HypercallStatus.success)
        #expect(fixture.machine.hpt.shift == 0)
        let entry: UInt64 = 1 << 63 | 0x100_0000 | 4
        #expect(fixture.machine.processTableEntry == entry)
        for thread in fixture.machine.threads {
            #expect(thread.cpu.lpcr & (LPCR.hr | LPCR.uprt | LPCR.gtse) == LPCR.hr | LPCR.uprt | LPCR.gtse)
        }
        #expect(
            fixture.call(HypercallNumber.registerProcessTable, [0x18, 0, 0, 0]).status == HypercallStatus.success)
        #expect(fixture.machine.hpt.shift == 21)
        #expect(fixture.machine.threads[1].cpu.lpcr & LPCR.hr == 0)
    }

    @Test("copies overlapping memory and inverts it")
    func memoryOperation() throws {
        let fixture = try PlatformFixture(cpus: 1)
        try fixture.machine.memory.writeBytes([1, 2, 3, 4, 5, 6, 7, 8], at: 0x20_0000)
        fixture.call(HypercallNumber.logicalMemOp, [0x20_0002, 0x20_0000, 0, 6, 0])
        #expect(try fixture.machine.memory.readBytes(at: 0x20_0000, count: 8) == [1, 2, 1, 2, 3, 4, 5, 6])
        fixture.call(HypercallNumber.logicalMemOp, [0x20_0000, 0x20_0000, 1, 2, 1])
        #expect(try fixture.machine.memory.readBytes(at: 0x20_0000, count: 4) == [0xfe, 0xfd, 0xfe, 0xfd])
        #expect(
            fixture.call(HypercallNumber.logicalMemOp, [1, 0, 1, 1, 0]).status == HypercallStatus.parameter)
    }

    @Test("stores processor areas in the order that the platform asks for")
    func areas() throws {
        let fixture = try PlatformFixture(cpus: 1)
        let area: UInt64 = 0x30_0000
        let log: UInt64 = 0x31_0000
        try fixture.machine.memory.store(UInt16(640), at: area + 4, order: .big)
        try fixture.machine.memory.store(UInt32(4096), at: log + 4, order: .big)
        let number = HypercallNumber.registerVPA
        #expect(fixture.call(number, [0x4000_0000_0000, 0, log]).status == HypercallStatus.resource)
        #expect(fixture.call(number, [0x2000_0000_0000, 0, area]).status == HypercallStatus.success)
        #expect(try fixture.machine.memory.load(UInt8.self, at: area + 9, order: .big) == 2)
        #expect(fixture.call(number, [0x4000_0000_0000, 0, log]).status == HypercallStatus.success)
        #expect(fixture.call(number, [0xa000_0000_0000, 0, 0]).status == HypercallStatus.resource)
        #expect(fixture.call(number, [0x2000_0000_0000, 7, area]).status == HypercallStatus.parameter)
    }

    @Test("never traps on random arguments", arguments: [1, 2, 3] as [UInt64])
    func random(seed: UInt64) throws {
        let fixture = try PlatformFixture(cpus: 2)
        var generator = PlatformRandom(seed: seed)
        let numbers = (0..<0x118).map { UInt64($0) * 4 } + (0xf000..<0xf006) + [0xf800, 0xf804, 0xf808]
        // Values near what means something, so that calls get past their first check.
        let awkward: [UInt64] = [
            0, 1, 2, 3, 4, 8, 12, 16, 0xff, 0x1000, 0x10_0000, 0x1001, 0xfff_f000, 0x1000_0000, 0x8000_0000, 1 << 32,
            1 << 47, 1 << 63, .max, .max - 7, 0x7fff_ffff_ffff_ffff, 0x7100_0000, 0x8000_0001,
        ]
        for _ in 0..<4000 {
            let number = numbers[Int(generator.next() % UInt64(numbers.count))]
            // A copy of gigabytes and the end of the machine are not what is tested.
            if number == HypercallNumber.logicalMemOp { continue }
            let arguments: [UInt64] = (0..<9).map { _ in
                generator.next() % 3 == 0 ? generator.next() : awkward[Int(generator.next() % UInt64(awkward.count))]
            }
            fixture.call(number, arguments, thread: Int(generator.next() & 1))
            for thread in fixture.machine.threads { thread.cpu.isHalted = false }
        }
    }
}

/// Reproducible random numbers.
struct PlatformRandom: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed }
    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ z >> 30) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ z >> 27) &* 0x94d0_49bb_1331_11eb
        return z ^ z >> 31
    }
}
