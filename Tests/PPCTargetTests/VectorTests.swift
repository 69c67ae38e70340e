import CPPCState
import Testing

@testable import PPCTarget

@Suite("Vector instructions") struct VectorTests {
    /// FIPS 197, appendix B: the states at the start of rounds 1 and 2, and the first round key.
    @Test("rounds of AES give the standard's examples")
    func cipherRound() throws {
        let machine = VectorMachine()
        machine[vr: 1] = register(0x193d_e3be_a0f4_e22b, 0x9ac6_8d2a_e9f8_4808)
        machine[vr: 2] = register(0xa0fa_fe17_8854_2cb1, 0x23a3_3939_2a6c_7605)
        try machine.run("vcipher", 3, 1, 2)
        #expect(machine[vr: 3] == register(0xa49c_7ff2_689f_352b, 0x6b5b_ea43_026a_5049))

        // Last rounds have no column step, so one undoes the other with the keys exchanged for zero.
        machine[vr: 4] = .zero
        try machine.run("vcipherlast", 5, 1, 4)
        try machine.run("vncipherlast", 6, 5, 4)
        #expect(machine[vr: 6] == machine[vr: 1])

        // Appendix C.1: the states at the start of rounds 1 and 2 of the inverse cipher.
        machine[vr: 1] = register(0x7ad5_fda7_89ef_4e27, 0x2bca_100b_3d9f_f59f)
        machine[vr: 2] = register(0x5499_32d1_f085_5768, 0x1093_ed9c_be2c_974e)
        try machine.run("vncipher", 3, 1, 2)
        #expect(machine[vr: 3] == register(0x54d9_90a1_6ba0_9ab5, 0x96bb_f40e_a111_702f))
    }

    @Test("saturating sums stick in VSCR[SAT], modulo sums do not")
    func saturation() throws {
        let machine = VectorMachine()
        machine[vr: 1] = ppc_vsr(image: S8(repeating: -100))
        try machine.run("vaddubm", 2, 1, 1)
        #expect(machine[vr: 2] == ppc_vsr(image: S8(repeating: 56)))
        #expect(machine.cpu.pointee.vscr == 0)
        try machine.run("vaddsbs", 2, 1, 1)
        #expect(machine[vr: 2] == ppc_vsr(image: S8(repeating: -128)))
        #expect(machine.cpu.pointee.vscr == 1)
        try machine.run("vaddsbs", 2, 2, 3)
        #expect(machine.cpu.pointee.vscr == 1)
    }

    @Test("record forms report all and none in CR6")
    func compareRecord() throws {
        let machine = VectorMachine()
        machine[vr: 1] = .ones
        try machine.run("vcmpequb", 3, 1, 1, record: true)
        #expect(machine.cr6 == 8)
        try machine.run("vcmpequb", 3, 1, 2, record: true)
        #expect(machine.cr6 == 2)
        machine[vr: 2] = register(0xff00_0000_0000_0000, 0)
        try machine.run("vcmpequb", 3, 1, 2, record: true)
        #expect(machine.cr6 == 0)
        #expect(machine[vr: 3] == register(0xff00_0000_0000_0000, 0))
    }

    @Test("rotate then mask insert keeps the target outside the mask")
    func rotateMaskInsert() throws {
        let machine = VectorMachine()
        // Shift 8, end 23, begin 16 in each doubleword.
        machine[vr: 1] = register(0x0011_2233_4455_6677, 0x8899_aabb_ccdd_eeff)
        machine[vr: 2] = register(0x10_1708, 0x10_1708)
        machine[vr: 3] = .ones
        try machine.run("vrldmi", 3, 1, 2)
        #expect(machine[vr: 3] == register(0xffff_33ff_ffff_ffff, 0xffff_bbff_ffff_ffff))
    }

    @Test("extended quotients times the divisor stay within one divisor of the dividend")
    func extendedQuotient() throws {
        let machine = VectorMachine()
        var bits = AwkwardBits(seed: 11)
        for _ in 0..<200 {
            let first = UInt128(bits.next()) << 64 | UInt128(bits.next())
            let second = UInt128(bits.next()) << 64 | UInt128(bits.next())
            let (dividend, divisor) = (min(first, second), max(first, second))
            guard dividend < divisor else { continue }
            machine[vr: 1] = ppc_vsr(dividend)
            machine[vr: 2] = ppc_vsr(divisor)
            try machine.run("vdiveuq", 3, 1, 2)
            // dividend * 2^128 = quotient * divisor + remainder, with the remainder below the divisor.
            let product = machine[vr: 3].u128.multipliedFullWidth(by: divisor)
            let remainder = 0 &- product.low
            let high = dividend &- product.high &- (product.low == 0 ? 0 : 1)
            #expect(high == 0 && remainder < divisor)
        }
    }

    @Test("decimal sums carry, overflow, and refuse digits that are none")
    func decimal() throws {
        let machine = VectorMachine()
        machine[vr: 1] = register(0x9999_9999_9999_9999, 0x9999_9999_9999_999c)
        machine[vr: 2] = register(0, 0x1c)
        try machine.run("bcdadd.", 3, 1, 2, 0)
        #expect(machine[vr: 3] == register(0, 0xc))
        #expect(machine.cr6 == 4 | 1)
        try machine.run("bcdsub.", 3, 1, 2, 1)
        #expect(machine[vr: 3] == register(0x9999_9999_9999_9999, 0x9999_9999_9999_998f))
        #expect(machine.cr6 == 4)
        machine[vr: 2] = register(0, 0xac)
        try machine.run("bcdadd.", 3, 1, 2, 0)
        #expect(machine[vr: 3] == .ones)
        #expect(machine.cr6 == 1)
    }

    @Test("non-Java mode makes zeros of denormals")
    func denormals() throws {
        let machine = VectorMachine()
        machine[vr: 1] = ppc_vsr(image: U32(0x0040_0000, 0x8000_0001, 0x3f80_0000, 0x7f80_0001))
        try machine.run("vaddfp", 2, 1, 0)
        #expect(machine[vr: 2] == ppc_vsr(image: U32(0x0040_0000, 0x8000_0001, 0x3f80_0000, 0x7fc0_0001)))
        machine.cpu.pointee.vscr = 0x1_0000
        try machine.run("vaddfp", 2, 1, 0)
        #expect(machine[vr: 2] == ppc_vsr(image: U32(0, 0, 0x3f80_0000, 0x7fc0_0001)))
    }
}
