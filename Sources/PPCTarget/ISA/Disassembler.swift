/// Assembly text of instruction words, derived from the table's rows.
///
/// Base mnemonics and every operand, as `objdump -M raw` prints them; extended mnemonics are not used, so that the text
/// names the instruction of the ISA.
public struct Disassembler: Sendable {
    package let table: InstructionTable
    /// Instruction sets of the CPU model: some encodings mean different things on different models.
    package let sets: InstructionSet

    package init(table: InstructionTable = .shared, sets: InstructionSet) {
        self.table = table
        self.sets = sets
    }

    /// The text of one instruction.
    ///
    /// - Parameters:
    ///   - word: The instruction; a prefixed one with the prefix in the upper 32 bits.
    ///   - address: Where it stands, for branch targets.
    /// - Returns: Mnemonic and operands in columns; `.long 0x…` for what is no instruction.
    public func text(of word: UInt64, at address: UInt64 = 0) -> String {
        let index = table.decode(word, for: sets)
        guard index != InstructionTable.noRow else {
            let low = ".long   0x" + String(UInt32(truncatingIfNeeded: word), radix: 16)
            return word >> 32 == 0 ? low : ".long   0x" + String(word >> 32, radix: 16) + "; " + low
        }
        return Self.text(of: word, row: table.rows[Int(index)], at: address)
    }

    static func text(of word: UInt64, row: InstructionRow, at address: UInt64) -> String {
        let name = mnemonic(of: word, row: row)
        guard !row.operands.isEmpty else { return name }
        var line = name + String(repeating: " ", count: max(8 - name.count, 1))
        var displaced = false
        for (position, operand) in row.operands.enumerated() {
            let text = text(of: operand, in: word, at: address)
            if displaced {
                line += "(" + text + ")"
                displaced = false
            } else {
                if position > 0 { line += "," }
                line += text
                displaced = operand.kind == .displacement
            }
        }
        return line
    }

    /// Base mnemonic with `o` for OE and a dot for Rc.
    static func mnemonic(of word: UInt64, row: InstructionRow) -> String {
        var name = row.mnemonic
        if row.hasOE, word & 0x400 != 0 { name += "o" }
        // Vector compares have Rc in bit 21, everything else in bit 31.
        let rc: UInt64 = row.effects.contains(.cr6IfRc) ? 0x400 : 1
        if row.hasRc, word & rc != 0 { name += "." }
        return name
    }

    private static func text(of operand: Operand, in word: UInt64, at address: UInt64) -> String {
        let value = operand.value(in: word)
        switch operand.kind {
        case .gpr, .gprPair: return "r\(value)"
        case .gprOrZero: return value == 0 ? "0" : "r\(value)"
        case .fpr, .fprPair: return "f\(value)"
        case .vr: return "v\(value)"
        case .vsr, .vsrPair: return "vs\(value)"
        case .accumulator: return "a\(value)"
        case .crField: return "cr\(value)"
        case .crBit:
            let bit = ["lt", "gt", "eq", "so"][Int(value & 3)]
            return value < 4 ? bit : "4*cr\(value >> 2)+\(bit)"
        case .relativeTarget:
            return "0x" + String(address &+ UInt64(bitPattern: value), radix: 16)
        case .absoluteTarget:
            return "0x" + String(UInt64(bitPattern: value), radix: 16)
        case .unsigned where operand.name == "NB" && value == 0: return "32"
        case .crMask, .unsigned, .signed, .displacement, .spr: return String(value)
        }
    }
}
