import Foundation
import PPCTarget

/// How many recorded vectors each row of the instruction table has.
package struct VectorCoverage {
    package struct Line {
        package let mnemonic: String
        /// Vectors by file, in the order of ``VectorCoverage/files``.
        package let counts: [Int]
        package let knownDifferences: Int
        /// Why user-mode emulation cannot serve as the oracle on any model and byte order.
        package let obstacle: String?
    }
    package let files: [String]
    package let lines: [Line]

    /// - Parameter folder: Where the `.vec` files are.
    package init(folder: String, table: InstructionTable = .shared) throws {
        files = try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(".vec") }.sorted()
        var counts = [[Int]](repeating: [Int](repeating: 0, count: files.count), count: table.rows.count)
        for (column, file) in files.enumerated() {
            for vector in try VectorFile(contentsOf: "\(folder)/\(file)").vectors {
                for row in Set(Self.rows(of: vector.test, table)) { counts[row][column] += 1 }
            }
        }
        lines = table.rows.enumerated().map { index, row in
            Line(
                mnemonic: row.mnemonic, counts: counts[index],
                knownDifferences: KnownDifference.all.count { $0.mnemonics.contains(row.mnemonic) },
                obstacle: Self.obstacle(row))
        }
    }

    /// Rows of a case's instructions.
    private static func rows(of test: TestCase, _ table: InstructionTable) -> [Int] {
        var rows: [Int] = []
        var index = 0
        while index < test.words.count {
            var word = UInt64(test.words[index])
            if InstructionTable.isPrefix(test.words[index]), index + 1 < test.words.count,
                test.model.instructionSets.contains(.isa310)
            {
                index += 1
                word = word << 32 | UInt64(test.words[index])
            }
            index += 1
            let row = table.decode(word, for: test.model.instructionSets)
            if row != InstructionTable.noRow { rows.append(Int(row)) }
        }
        return rows
    }

    private static func obstacle(_ row: InstructionRow) -> String? {
        var last: String?
        for model in TestModel.allCases {
            for bigEndian in [false, true] {
                guard let found = CaseGenerator.obstacle(row, model: model, bigEndian: bigEndian) else { return nil }
                last = found
            }
        }
        return last
    }

    /// Rows in reach without a vector. Those whose every case is a known difference cannot have one.
    package var missing: [String] {
        lines.filter { $0.obstacle == nil && $0.knownDifferences == 0 && $0.counts.allSatisfy { $0 == 0 } }
            .map(\.mnemonic)
    }

    /// The table, one line per row, and a summary.
    package var report: [String] {
        func padded(_ text: String, _ width: Int) -> String {
            text + String(repeating: " ", count: max(1, width - text.count))
        }
        let widths = files.map { $0.count + 2 }
        var text = [padded("row", 16) + zip(files, widths).map { padded($0.0, $0.1) }.joined() + "known differences"]
        for line in lines {
            let counts = zip(line.counts, widths).map { padded(String($0.0), $0.1) }.joined()
            text.append(
                padded(line.mnemonic, 16) + counts + String(line.knownDifferences)
                    + (line.obstacle.map { "  (out of reach: \($0))" } ?? ""))
        }
        let reach = lines.count { $0.obstacle == nil }
        let vectors = lines.reduce(0) { $0 + $1.counts.reduce(0, +) }
        text.append(
            "\(lines.count) rows, \(reach) in the oracle's reach, \(missing.count) of them without a vector; "
                + "\(vectors) uses in vectors, \(KnownDifference.all.count) known differences")
        return text
    }
}
