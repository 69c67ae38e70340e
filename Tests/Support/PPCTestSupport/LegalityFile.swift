import Foundation
import PPCTarget

/// Recorded verdicts of QEMU on every row's word and on the words one bit away from it.
///
/// Text, one line per row: mnemonic, word in hexadecimal, then one column per model of ``models``: masks of the words
/// that are illegal, privileged and unknown, in hexadecimal, joined by "/" (trailing zeros left out). Bit 0 stands for
/// the word itself, bit n + 1 for the word with bit n changed (bit 0 the least significant one). "=" repeats the column
/// before. Lines with "#" are comments.
package struct LegalityFile: Equatable {
    package struct Line: Equatable {
        package let mnemonic: String
        package let word: UInt64
        /// By model, in the order of ``LegalityFile/models``.
        package var verdicts: [[LegalityVerdict]]

        package init(mnemonic: String, word: UInt64, verdicts: [[LegalityVerdict]]) {
            self.mnemonic = mnemonic
            self.word = word
            self.verdicts = verdicts
        }
    }
    package struct Failure: Error, CustomStringConvertible {
        package let line: Int
        package var description: String { "malformed legality file in line \(line); record it again" }
    }

    /// One model of each family; emu-difftest finds that its siblings agree.
    package static let models = ["970_v2.2", "power7_v2.3", "power8_v2.0", "power9_v2.0", "power10_v2.0"]
    package var lines: [Line] = []

    package init() {}

    /// The line's words, in the order of the verdicts.
    package static func words(_ word: UInt64, count: Int) -> [UInt64] {
        [word] + (0..<max(count - 1, 0)).map { word ^ 1 << UInt64($0) }
    }

    package init(contentsOf path: String) throws {
        let text = try String(contentsOfFile: path, encoding: .utf8)
        for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
        where !line.isEmpty && !line.hasPrefix("#") {
            let fields = line.split(separator: " ")
            guard fields.count == 2 + Self.models.count, let word = UInt64(fields[1], radix: 16) else {
                throw Failure(line: number + 1)
            }
            var verdicts: [[LegalityVerdict]] = []
            for field in fields[2...] {
                if field == "=", let last = verdicts.last {
                    verdicts.append(last)
                } else if let column = Self.column(field, count: word >> 32 == 0 ? 33 : 65) {
                    verdicts.append(column)
                } else {
                    throw Failure(line: number + 1)
                }
            }
            lines.append(Line(mnemonic: String(fields[0]), word: word, verdicts: verdicts))
        }
    }

    private static let masked: [LegalityVerdict] = [.illegal, .privileged, .unknown]

    private static func column(_ text: Substring, count: Int) -> [LegalityVerdict]? {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count <= masked.count else { return nil }
        var verdicts = [LegalityVerdict](repeating: .executes, count: count)
        for (part, verdict) in zip(parts, masked) {
            guard let mask = UInt128(part, radix: 16) else { return nil }
            for bit in 0..<count where mask >> UInt128(bit) & 1 == 1 { verdicts[bit] = verdict }
        }
        return verdicts
    }

    private static func text(_ verdicts: [LegalityVerdict]) -> String {
        var masks = masked.map { verdict in
            verdicts.indices.reduce(UInt128(0)) { verdicts[$1] == verdict ? $0 | 1 << UInt128($1) : $0 }
        }
        while masks.count > 1, masks.last == 0 { masks.removeLast() }
        return masks.map { String($0, radix: 16) }.joined(separator: "/")
    }

    package func write(to path: String) throws {
        var text = """
            # Verdicts of QEMU 7.2's user-mode emulation (qemu-ppc64, Debian 12) on instruction words in problem state.
            # Recorded with: emu-difftest --legality --record Fixtures/legality.txt
            # Format: Tests/Support/PPCTestSupport/LegalityFile.swift. Columns: \(Self.models.joined(separator: ", "))

            """
        for line in lines {
            var columns: [String] = []
            for (index, verdicts) in line.verdicts.enumerated() {
                columns.append(index > 0 && verdicts == line.verdicts[index - 1] ? "=" : Self.text(verdicts))
            }
            text += "\(line.mnemonic) \(String(line.word, radix: 16)) \(columns.joined(separator: " "))\n"
        }
        try text.write(toFile: path, atomically: true, encoding: .utf8)
    }
}
