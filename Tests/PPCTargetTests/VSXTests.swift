import CPPCState
import Testing

@testable import PPCTarget

@Suite("VSX loads, stores and moves") struct VSXTests {
    private static let bytes: [UInt8] = (0..<32).map { UInt8(0xa0 + $0) }

    private static func machine(bigEndian: Bool) -> VectorMachine {
        let machine = VectorMachine(bigEndian: bigEndian)
        machine.memory.copyMemory(from: bytes, byteCount: 32)
        gpr(machine.cpu)[4] = VectorMachine.base
        return machine
    }

    /// Bytes of a register from ISA byte 0 on, as offsets into memory.
    private static func offsets(_ value: ppc_vsr) -> [Int] { (0..<16).map { Int(value[byte: $0]) - 0xa0 } }

    @Test(
        "loads arrange memory as their element size says",
        arguments: [
            ("lxvx", 16), ("lxvd2x", 8), ("lxvw4x", 4), ("lxvh8x", 2), ("lxvb16x", 1), ("lvx", 16),
        ])
    func elementOrder(mnemonic: String, size: Int) throws {
        for bigEndian in [true, false] {
            let machine = Self.machine(bigEndian: bigEndian)
            // lvx names a VR, the others a VSR.
            try machine.run(mnemonic, mnemonic == "lvx" ? 1 : 33, 4, 5)
            let expected: [Int] = (0..<16).map { i in
                bigEndian ? i : i / size * size + size - 1 - i % size
            }
            #expect(Self.offsets(machine[vr: 1]) == expected, "\(mnemonic), big-endian \(bigEndian)")
        }
    }

    @Test("stores undo the loads of the same kind", arguments: ["xvx", "xvd2x", "xvw4x", "xvh8x", "xvb16x", "xvpx"])
    func roundTrip(kind: String) throws {
        for bigEndian in [true, false] {
            let machine = Self.machine(bigEndian: bigEndian)
            gpr(machine.cpu)[6] = 64
            let register: UInt64 = kind == "xvpx" ? 4 : 7
            try machine.run("l" + kind, register, 4, 5)
            try machine.run("st" + kind, register, 4, 6)
            let count = kind == "xvpx" ? 32 : 16
            let stored = (0..<count).map { machine.memory.load(fromByteOffset: 64 + $0, as: UInt8.self) }
            #expect(stored == Array(Self.bytes[..<count]))
        }
    }

    @Test("a pair's odd register comes first in little-endian memory")
    func pairs() throws {
        for bigEndian in [true, false] {
            let machine = Self.machine(bigEndian: bigEndian)
            try machine.run("lxvp", 8, 0, 4)
            let even = Self.offsets(vsr(machine.cpu)[8])
            #expect(even == (bigEndian ? Array(0..<16) : Array((16..<32).reversed())))
        }
    }

    @Test("loads with a length take that many bytes and clear the rest", arguments: 0...17)
    func lengths(count: Int) throws {
        let machine = Self.machine(bigEndian: false)
        gpr(machine.cpu)[5] = UInt64(count) << 56 | 0x1234
        try machine.run("lxvl", 40, 4, 5)
        let loaded = (0..<16).map { machine[vr: 8][byte: 15 - $0] }
        let kept = min(count, 16)
        #expect(loaded == Array(Self.bytes[..<kept]) + Array(repeating: 0, count: 16 - kept))
        gpr(machine.cpu)[4] = VectorMachine.base + 100
        try machine.run("stxvl", 40, 4, 5)
        let stored = (0..<17).map { machine.memory.load(fromByteOffset: 100 + $0, as: UInt8.self) }
        #expect(stored == Array(Self.bytes[..<kept]) + Array(repeating: 0, count: 17 - kept))
    }

    @Test(
        "the register number decides which facility must be enabled",
        arguments: [
            ("lxvx", [31, 4, 5], Facility.vsx, InterruptVector.vsxUnavailable),
            ("lxvx", [32, 4, 5], .vector, .vectorUnavailable),
            ("mtvsrd", [31, 4], .floatingPoint, .floatingPointUnavailable),
            ("mtvsrd", [32, 4], .vector, .vectorUnavailable),
            ("mtvsrdd", [31, 4, 5], .vsx, .vsxUnavailable),
        ] as [(String, [UInt64], Facility, InterruptVector)])
    func facilities(mnemonic: String, operands: [UInt64], facility: Facility, vector: InterruptVector) throws {
        let machine = Self.machine(bigEndian: false)
        func run() throws -> Int32 {
            operands.count == 2
                ? try machine.run(mnemonic, operands[0], operands[1])
                : try machine.run(mnemonic, operands[0], operands[1], operands[2])
        }
        machine.cpu.pointee.facilities = 1 << UInt64(facility.rawValue)
        #expect(try run() == Outcome.next)
        machine.cpu.pointee.facilities = ~(1 << UInt64(facility.rawValue))
        let before = vsr(machine.cpu)[Int(operands[0])]
        #expect(try run() == Outcome.exception)
        #expect(machine.cpu.pointee.excp_vector == vector.rawValue)
        #expect(vsr(machine.cpu)[Int(operands[0])] == before)
    }

    @Test("a load that faults leaves the register alone")
    func fault() throws {
        let machine = Self.machine(bigEndian: false)
        gpr(machine.cpu)[4] = VectorMachine.base + 0xfff8
        vsr(machine.cpu)[3] = .ones
        #expect(try machine.run("lxvx", 3, 4, 5) == Outcome.exception)
        #expect(vsr(machine.cpu)[3] == .ones)
        #expect(try machine.run("lxvp", 2, 0, 4) == Outcome.exception)
        #expect(vsr(machine.cpu)[3] == .ones)
    }

    @Test("every truth table of xxeval", arguments: [0, 1, 0x96, 0xe8, 0x1b, 0xff] as [UInt64])
    func evaluate(table: UInt64) throws {
        let machine = VectorMachine()
        vsr(machine.cpu)[1] = register(0x0f, 0)
        vsr(machine.cpu)[2] = register(0x33, 0)
        vsr(machine.cpu)[3] = register(0x55, 0)
        try machine.run("xxeval", 4, 1, 2, 3, table)
        #expect(vsr(machine.cpu)[4].hi & 0xff == table)
    }

    @Test("single precision in memory and double precision in registers describe the same value")
    func singles() {
        let samples: [UInt32] = [0, 0x8000_0000, 1, 0x7f_ffff, 0x80_0000, 0x3f80_0001, 0x7f7f_ffff, 0xff80_0000]
        for bits in samples {
            #expect(doubleImage(ofSingle: bits) == Double(Float(bitPattern: bits)).bitPattern)
            #expect(singleImage(ofDouble: doubleImage(ofSingle: bits)) == bits)
        }
        // Signalling NaNs stay so.
        #expect(doubleImage(ofSingle: 0x7f80_0001) == 0x7ff0_0000_2000_0000)
    }
}
