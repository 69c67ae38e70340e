import Foundation
import PPCTarget

/// Compares the disassembler with binutils' over random operands of every row.
package enum ObjdumpComparison {
    package static let objdump = "/usr/bin/powerpc64le-linux-gnu-objdump"
    package static var isInstalled: Bool { FileManager.default.isExecutableFile(atPath: objdump) }

    package struct Difference: Sendable, CustomStringConvertible {
        package let mnemonic: String
        package let word: UInt64
        package let ours: String
        package let theirs: String
        package var description: String {
            "\(mnemonic) 0x\(String(word, radix: 16)): \"\(ours)\", objdump \"\(theirs)\""
        }
    }

    /// Rows whose text differs on purpose, by mnemonic.
    package static let justified: [String: String] = [
        "mfcr": "binutils prints the absent FXM operand of mfocrf as -1",
        "mcrxr": "not in binutils' table of POWER10; QEMU accepts it on every model",
        "pnop": "any suffix is accepted; binutils only knows zero",
        "mcrfs": "the source is a field of FPSCR, not of CR",
        "mtvsrbmi": "the mask is no number; binutils prints it with a sign",
        "slbmfee": "binutils prints the L bit that QEMU ignores",
        "slbmfev": "binutils prints the L bit that QEMU ignores",
    ]

    /// Rows with words that binutils does not disassemble, because the form is invalid or gone, but that the table
    /// takes as QEMU does.
    package static let refused: [String: String] = [
        "addex": "QEMU takes bit 31 as a record bit",
        "copy": "L = 0 is reserved; illegal when executed",
        "lfdp": "odd register pairs", "lfdpx": "odd register pairs", "stfdp": "odd register pairs",
        "stfdpx": "odd register pairs", "lqarx": "odd register pairs; illegal when executed",
        "stqcx.": "odd register pairs; illegal when executed",
        "lq": "RTp equal to RA; illegal when executed", "plq": "RTp equal to RA; illegal when executed",
        "lmw": "RA among the loaded registers", "lswi": "RA among the loaded registers; illegal when executed",
        "lswx": "RA or RB among the loaded registers; illegal when executed",
        "mfocrf": "masks of other than one bit", "mtocrf": "masks of other than one bit",
        "mftb": "not in binutils' table of POWER10", "mfsr": "not in binutils' table of POWER10",
        "mfsrin": "not in binutils' table of POWER10", "mtsr": "not in binutils' table of POWER10",
        "mtsrin": "not in binutils' table of POWER10",
        "sync": "L = 3", "wait": "reserved WC and PL; illegal when executed",
        "xvcmpnedp": "not in the ISA, but in QEMU", "xvcmpnesp": "not in the ISA, but in QEMU",
        "tlbiel": "reserved RIC and PRS", "tlbie": "reserved RIC and PRS", "darn": "L = 3 returns the error code",
        "mfspr": "reserved numbers; refused when executed", "mtspr": "reserved numbers; refused when executed",
    ]

    /// Whether a word that binutils refuses is an invalid form in a way that whole groups of rows share.
    private static func isInvalidForm(_ row: InstructionRow, _ word: UInt64) -> Bool {
        if refused[row.mnemonic] != nil { return true }
        let (rt, ra) = (word >> 21 & 31, word >> 16 & 31)
        // BO and BH values that the ISA reserves.
        if row.mnemonic.hasPrefix("bc"), row.effects.contains(.branches) { return true }
        // Addresses relative to the instruction with a base register.
        if row.prefix != nil, row.operands.contains(where: { $0.name == "R" }) { return word >> 52 & 1 != 0 && ra != 0 }
        // Accumulators that overlap the source registers.
        if row.operands.contains(where: { $0.kind == .accumulator }) { return true }
        // Update forms without a base register, or that overwrite it.
        let updates = row.operands.contains { $0.name == "RA" && $0.use == .readWrite }
        return updates && !row.effects.isDisjoint(with: [.loads, .stores]) && (ra == 0 || ra == rt)
    }

    /// Newer binutils name the matrix instructions after the dense math facility that is to replace accumulators.
    private static func withISAName(_ text: String) -> String {
        for (new, old) in [("pmdmxv", "pmxv"), ("dmxv", "xv"), ("dmxx", "xx"), ("dmsetaccz", "xxsetaccz")]
        where text.hasPrefix(new) { return old + text.dropFirst(new.count) }
        return text
    }

    /// - Returns: Differences that ``justified`` does not explain.
    package static func run(seed: UInt64, samples: Int, sets: InstructionSet) throws -> [Difference] {
        let table = InstructionTable.shared
        let disassembler = Disassembler(table: table, sets: sets)
        var random = RandomStream(seed: seed)
        var words: [(row: Int, word: UInt64, address: UInt64)] = []
        var image = Data()
        for (index, row) in table.rows.enumerated() where !row.since.isDisjoint(with: sets) {
            let variable = operandBits(row)
            for _ in 0..<samples {
                var word = UInt64(row.form.match)
                if let prefix = row.prefix { word |= UInt64(prefix.match) << 32 }
                word |= random.next() & variable
                // Instructions that always record have bit 31 set in assembly; QEMU does not look at it.
                if row.mnemonic.hasSuffix("."), row.form.name == "X" { word |= 1 & ~UInt64(row.form.mask) }
                guard table.decode(word, for: sets) == UInt16(index) else { continue }
                words.append((index, word, UInt64(image.count)))
                if row.prefix != nil { append(UInt32(word >> 32), &image) }
                append(UInt32(truncatingIfNeeded: word), &image)
            }
        }
        let lines = try disassemble(image)
        var differences: [Difference] = []
        for (index, word, address) in words {
            let row = table.rows[index]
            guard justified[row.mnemonic] == nil else { continue }
            // Binutils prints absolute targets with 32 bits, relative ones with 64.
            let ours = columns(disassembler.text(of: word, at: address)).replacing("0xffffffff", with: "0x")
            let theirs = withISAName(columns(lines[address] ?? "")).replacing("0xffffffff", with: "0x")
            if theirs.hasPrefix(".long"), isInvalidForm(row, word) { continue }
            if ours != theirs {
                differences.append(Difference(mnemonic: row.mnemonic, word: word, ours: ours, theirs: theirs))
            }
        }
        return differences
    }

    /// Bits that change an operand, OE or Rc; everything else is ignored by the processor and stays zero here.
    private static func operandBits(_ row: InstructionRow) -> UInt64 {
        let opcode = UInt64(row.form.mask | row.unused) | UInt64(row.prefix?.mask ?? ~0) << 32
        var bits: UInt64 = 0
        for bit in UInt64(0)..<64 where opcode >> bit & 1 == 0 {
            let changes = row.operands.contains {
                $0.value(in: 0) != $0.value(in: 1 << bit) || ($0.name == "NB" && 11..<16 ~= bit)
            }
            if changes { bits |= 1 << bit }
        }
        if row.hasOE { bits |= 0x400 }
        if row.hasRc { bits |= row.effects.contains(.cr6IfRc) ? 0x400 : 1 }
        return bits & ~opcode
    }

    private static func append(_ word: UInt32, _ data: inout Data) {
        withUnsafeBytes(of: word.littleEndian) { data.append(contentsOf: $0) }
    }

    /// One blank between columns, no comments.
    private static func columns(_ text: String) -> String {
        let code = text.split(separator: "#", maxSplits: 1).first ?? ""
        return code.split(whereSeparator: { $0 == " " || $0 == "\t" }).joined(separator: " ")
    }

    private static func disassemble(_ image: Data) throws -> [UInt64: String] {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("emucore-\(UUID().uuidString).bin")
        try image.write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: objdump)
        process.arguments = [
            "-D", "-z", "-b", "binary", "-EL", "-m", "powerpc:common64", "-M", "power10,raw", file.path,
        ]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        var lines: [UInt64: String] = [:]
        for line in String(decoding: data, as: UTF8.self).split(separator: "\n") {
            let parts = line.split(separator: "\t", omittingEmptySubsequences: false)
            guard parts.count >= 3, parts[0].hasSuffix(":"),
                let address = UInt64(parts[0].dropLast().trimmingCharacters(in: .whitespaces), radix: 16)
            else { continue }
            lines[address] = parts[2...].joined(separator: " ")
        }
        return lines
    }
}
