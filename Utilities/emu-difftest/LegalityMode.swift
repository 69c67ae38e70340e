import PPCTarget
import PPCTestSupport

/// `--legality`: which words the models execute, refuse as illegal or as privileged, in QEMU and here.
struct LegalityMode {
    let options: Options
    let table: InstructionTable
    let matcher: (String) -> Bool
    private var failures = 0
    private var file = LegalityFile()

    init(_ options: Options, table: InstructionTable, matcher: @escaping (String) -> Bool) {
        self.options = options
        self.table = table
        self.matcher = matcher
        file.lines = table.rows.map {
            LegalityFile.Line(mnemonic: $0.mnemonic, word: LegalityWords.base(of: $0), verdicts: [])
        }
    }

    /// - Returns: The number of differences that no entry of ``LegalityDifference`` covers.
    mutating func run() throws -> Int {
        let known = try LegalityOracle.models()
        for model in PPCModel.all where known.contains(model.name) {
            if let name = options.modelName, PPCModel.named(name)?.name != model.name { continue }
            try run(model)
        }
        if let path = options.record { try file.write(to: path) }
        return failures
    }

    private mutating func run(_ model: PPCModel) throws {
        let oracle = try LegalityOracle(model: model.name, runners: options.runners)
        let subject = LegalitySubject(model: model)
        let isRecorded = LegalityFile.models.contains(model.name)
        var (asked, explained, unknown) = (0, 0, 0)
        var wrong: [String: Int] = [:]

        func compare(_ words: [UInt64], _ verdicts: [LegalityVerdict], _ name: String) {
            asked += words.count
            for (word, expected) in zip(words, verdicts) {
                if expected == .unknown {
                    unknown += 1
                    continue
                }
                let found = subject.verdict(word)
                if found == expected { continue }
                if LegalityDifference.covers(word, on: model, found: found, expected: expected) {
                    explained += 1
                    continue
                }
                wrong[name, default: 0] += 1
                guard wrong[name, default: 0] <= options.show else { continue }
                say("\(model.name) \(name) [\(String(word, radix: 16))]: \(found), expected \(expected)")
            }
        }

        for (index, row) in table.rows.enumerated() where matcher(row.mnemonic) {
            let variants = LegalityWords.variants(of: row)
            let words = variants.compactMap { $0 }
            let verdicts = try oracle.verdicts(words)
            compare(words, verdicts, row.mnemonic)
            guard isRecorded else { continue }
            var next = verdicts.makeIterator()
            file.lines[index].verdicts.append(variants.map { $0 == nil ? .unknown : next.next() ?? .unknown })
        }
        if options.pattern.isEmpty {
            for (words, name) in [(LegalityWords.opcodes, "opcodes"), (LegalityWords.prefixedOpcodes, "prefixed")]
            where name == "opcodes" || model.instructionSets.contains(.isa310) {
                compare(words, try oracle.verdicts(words), name)
            }
        }
        let count = wrong.values.reduce(0, +)
        failures += count
        say(
            "\(model.name): \(asked) words, \(count) differences, \(explained) known differences, \(unknown) without"
                + " verdict")
    }
}
