import CPPCState
import PPCTestSupport
import Testing

@testable import PPCTarget

@Suite("Instruction table.") struct ISATableTests {
    private let table = InstructionTable.shared

    /// Opcode bits of a row over prefix and word.
    private func opcode(_ row: InstructionRow) -> (match: UInt64, mask: UInt64) {
        let prefix = row.prefix ?? (match: 0, mask: 0)
        return (
            UInt64(prefix.match) << 32 | UInt64(row.form.match),
            UInt64(prefix.mask) << 32 | UInt64(row.form.mask | row.reserved)
        )
    }

    @Test("no two rows of one model claim the same word, unless one is a special case of the other")
    func overlaps() {
        var clashes: [String] = []
        for (first, a) in table.rows.enumerated() {
            let (matchA, maskA) = opcode(a)
            for b in table.rows[(first + 1)...] where (a.prefix == nil) == (b.prefix == nil) {
                let (matchB, maskB) = opcode(b)
                guard (matchA ^ matchB) & maskA & maskB == 0, !a.since.isDisjoint(with: b.since) else { continue }
                let nested = maskA != maskB && (maskA & maskB == maskA || maskA & maskB == maskB)
                if !nested { clashes.append("\(a.mnemonic) and \(b.mnemonic)") }
            }
        }
        #expect(clashes == [])
    }

    @Test("operands, opcode and reserved bits do not overlap")
    func fields() {
        for row in table.rows {
            #expect(row.form.match & ~row.form.mask == 0, "\(row.mnemonic)")
            #expect(row.form.mask & row.reserved == 0 || row.form.match & row.reserved == 0, "\(row.mnemonic)")
            if let prefix = row.prefix {
                #expect(prefix.match & ~prefix.mask == 0, "\(row.mnemonic)")
                #expect(prefix.match >> 26 == 1, "\(row.mnemonic)")
            }
        }
    }

    @Test("every row is found again from its own opcode", arguments: TestModel.allCases)
    func roundTrip(model: TestModel) {
        for (index, row) in table.rows.enumerated() where !row.since.isDisjoint(with: model.instructionSets) {
            let found = table.decode(opcode(row).match, for: model.instructionSets)
            // A special case may own the word with zero operands.
            let exact = found == UInt16(index)
            let special =
                found != InstructionTable.noRow
                && opcode(table.rows[Int(found)]).mask & opcode(row).mask == opcode(row).mask
            #expect(exact || special, "\(row.mnemonic)")
        }
    }

    @Test(
        "words that are no instruction have no row", arguments: [0, 0x0000_0001, 0x7c00_07fe] as [UInt64])
    func illegal(word: UInt64) {
        #expect(table.decode(word, for: TestModel.power10.instructionSets) == InstructionTable.noRow)
    }

    @Test("models gate instructions")
    func gating() throws {
        let setbc: UInt64 = 31 << 26 | 3 << 21 | 384 << 1
        #expect(table.decode(setbc, for: TestModel.power10.instructionSets) != InstructionTable.noRow)
        #expect(table.decode(setbc, for: TestModel.power9.instructionSets) == InstructionTable.noRow)
    }

    @Test(
        "hash digests",
        arguments: [
            (0, 0, 0, 0x4389_0f1a_b878_3a36),
            (0x0123_4567_89ab_cdef, 0xfedc_ba98_7654_3210, 0x0f1e_2d3c_4b5a_6978, 0x84b5_ca7f_c324_b6e9),
            (0x2000_0280, 0x1_1664, 0xdead_beef_cafe_babe, 0x0765_b1d4_5163_3858),
            (0xffff_ffff_ffff_ffff, 0x8000_0000_0000_0000, 1, 0x077d_6c66_cfdc_ab68),
        ] as [(UInt64, UInt64, UInt64, UInt64)])
    func digests(a: UInt64, b: UInt64, key: UInt64, expected: UInt64) {
        #expect(HashDigest.digest(a, b, key: key) == expected)
    }

    @Test("declets and digits are inverse to each other for all thousand numbers")
    func declets() {
        for hundreds in UInt64(0)..<10 {
            for tens in UInt64(0)..<10 {
                for ones in UInt64(0)..<10 {
                    let digits = hundreds << 8 | tens << 4 | ones
                    let declet = DecimalAssist.declet(ofDigits: digits)
                    #expect(declet < 1024)
                    #expect(DecimalAssist.digits(ofDeclet: declet) == digits)
                }
            }
        }
    }
}
