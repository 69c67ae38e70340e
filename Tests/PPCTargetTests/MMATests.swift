import CPPCState
import Testing

@testable import PPCTarget

@Suite("Matrix-multiply assist") struct MMATests {
    /// Row `index` of accumulator 1 as signed words.
    private func row(_ machine: VectorMachine, _ index: Int) -> [Int32] {
        (0..<4).map { Int32(bitPattern: vsr(machine.cpu)[4 + index][word: $0]) }
    }

    @Test("halfword outer product, accumulated")
    func integers() throws {
        let machine = VectorMachine()
        for i in 0..<4 {
            vsr(machine.cpu)[32][word: i] = UInt32(i + 1) << 16 | 0xffff
            vsr(machine.cpu)[33][word: i] = UInt32(10 * (i + 1)) << 16 | 2
        }
        try machine.run("xvi16ger2", 1, 32, 33)
        for i in 0..<4 { #expect(row(machine, i) == (0..<4).map { Int32((i + 1) * 10 * ($0 + 1) - 2) }) }
        try machine.run("xvi16ger2pp", 1, 32, 33)
        #expect(row(machine, 0) == [16, 36, 56, 76])
    }

    @Test("masks of prefixed forms zero rows and columns and drop products")
    func masks() throws {
        let machine = VectorMachine()
        for i in 0..<4 {
            vsr(machine.cpu)[32][word: i] = 0x0003_0005
            vsr(machine.cpu)[33][word: i] = 0x0001_0001
        }
        for i in 4..<8 { vsr(machine.cpu)[i] = .ones }
        try machine.run("pmxvi16ger2", 1, 32, 33, 0b1010, 0b0111, 0b10)
        #expect(row(machine, 0) == [0, 3, 3, 3])
        #expect(row(machine, 1) == [0, 0, 0, 0])
        #expect(row(machine, 2) == [0, 3, 3, 3])
    }

    @Test("saturation clamps and sticks")
    func saturation() throws {
        let machine = VectorMachine()
        vsr(machine.cpu)[32] = ppc_vsr(image: U32(repeating: 0x8000_8000))
        try machine.run("xvi16ger2", 1, 32, 32)
        #expect(row(machine, 0) == [.min, .min, .min, .min])
        try machine.run("xvi16ger2s", 1, 32, 32)
        #expect(row(machine, 0) == [.max, .max, .max, .max])
        #expect(machine.cpu.pointee.vscr == 1)
    }

    @Test("a source inside the accumulator is an invalid form")
    func overlap() throws {
        let machine = VectorMachine()
        #expect(try machine.run("xvf32ger", 1, 7, 32) == Outcome.exception)
        #expect(machine.cpu.pointee.excp_srr1 == ProgramCause.illegal)
    }

    @Test("double-precision outer product takes rows from a pair")
    func doubles() throws {
        let machine = VectorMachine()
        vsr(machine.cpu)[32] = register(1.0.bitPattern, 2.0.bitPattern)
        vsr(machine.cpu)[33] = register(3.0.bitPattern, 4.0.bitPattern)
        vsr(machine.cpu)[34] = register(10.0.bitPattern, 0.5.bitPattern)
        try machine.run("xvf64ger", 1, 32, 34)
        try machine.run("xvf64gernp", 1, 32, 34)
        // -(product - itself) is negative zero.
        for i in 0..<4 { #expect(vsr(machine.cpu)[4 + i] == register(1 << 63, 1 << 63)) }
        try machine.run("xvf64gernn", 1, 32, 34)
        #expect(vsr(machine.cpu)[6] == register((-30.0).bitPattern, (-1.5).bitPattern))
    }
}
