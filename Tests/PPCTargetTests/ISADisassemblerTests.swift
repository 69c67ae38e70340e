import PPCTarget
import PPCTestSupport
import Testing

@Suite("Disassembler.") struct ISADisassemblerTests {
    @Test(
        "base mnemonics with all operands",
        arguments: [
            (0x7e83_2000, "cmp     cr5,0,r3,r4"), (0x7c64_299e, "isel    r3,r4,r5,4*cr1+eq"),
            (0x4182_0008, "bc      12,eq,0x1008"), (0x8064_fff8, "lwz     r3,-8(r4)"),
            (0x8060_0010, "lwz     r3,16(0)"),
            (0x5464_298f, "rlwinm. r4,r3,5,6,7"), (0x7864_29a2, "rldicl  r4,r3,37,38"),
            (0x7c64_04aa, "lswi    r3,r4,32"),
            (0x7d5f_55a4, "hashst  r10,-432(r31)"),
            (0x4ca0_7fc5, "addpcis r5,32705"), (0x7c64_2e15, "addo.   r3,r4,r5"),
            (0x0610_0001_3860_0005, "paddi   r3,0,65541,1"), (0, ".long   0x0"),
        ] as [(UInt64, String)])
    func text(word: UInt64, expected: String) {
        let disassembler = Disassembler(sets: TestModel.power10.instructionSets)
        #expect(disassembler.text(of: word, at: 0x1000) == expected)
    }

    @Test(
        "agrees with objdump over the whole table",
        .enabled(if: ObjdumpComparison.isInstalled, "needs \(ObjdumpComparison.objdump); make test installs it"))
    func objdump() throws {
        let differences = try ObjdumpComparison.run(seed: 7, samples: 8, sets: TestModel.power10.instructionSets)
        #expect(differences.map(\.description) == [])
    }
}
