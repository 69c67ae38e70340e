import Foundation
import PPCTarget
import PPCTestSupport

// Differential tester: random cases of table rows in QEMU's user-mode emulation and in this package's functions.
// Usage stands in README.md.

struct Options {
    var pattern = ""
    var count = 200
    var seed: UInt64 = 1
    var model = TestModel.power10
    var bigEndian = false
    var runners = ".build/difftest-runner"
    var show = 3
    var record: String?
    var perRow = 20
    var coverage = false
    var disassemble = false
    var sequences = 0
    var vectorFolder: String?
    var legality = false
    /// `--cpu`, for modes that know all models.
    var modelName: String?
}

/// Writes a line at once, so that a run that is cut short still shows how far it came.
func say(_ line: String) { FileHandle.standardOutput.write(Data((line + "\n").utf8)) }

func fail(_ message: String) -> Never {
    FileHandle.standardError.write(Data("emu-difftest: \(message)\n".utf8))
    exit(2)
}

func parse() -> Options {
    var options = Options()
    var arguments = CommandLine.arguments.dropFirst()
    func value(_ name: String) -> String {
        guard let next = arguments.popFirst() else { fail("\(name) needs a value") }
        return next
    }
    func number(_ name: String) -> Int {
        guard let number = Int(value(name)) else { fail("\(name) needs a number") }
        return number
    }
    while let argument = arguments.popFirst() {
        switch argument {
        case "--match": options.pattern = value(argument)
        case "--count": options.count = number(argument)
        case "--seed": options.seed = UInt64(truncatingIfNeeded: number(argument))
        case "--cpu":
            let name = value(argument)
            options.modelName = name
            if let model = TestModel.allCases.first(where: { $0.name == name }) { options.model = model }
        case "--big-endian": options.bigEndian = true
        case "--runners": options.runners = value(argument)
        case "--show": options.show = number(argument)
        case "--record": options.record = value(argument)
        case "--per-row": options.perRow = number(argument)
        case "--coverage": options.coverage = true
        case "--disassemble": options.disassemble = true
        case "--sequences": options.sequences = number(argument)
        case "--legality": options.legality = true
        case "--vectors": options.vectorFolder = value(argument)
        default: fail("unknown option \(argument); see Utilities/emu-difftest/README.md")
        }
    }
    if let name = options.modelName, !options.legality, options.model.name != name {
        fail("--cpu takes power8, power9 or power10")
    }
    return options
}

let options = parse()
let table = InstructionTable.shared
let matcher: (String) -> Bool
do {
    let expression = try NSRegularExpression(pattern: "^(" + (options.pattern.isEmpty ? ".*" : options.pattern) + ")$")
    matcher = { name in
        expression.firstMatch(in: name, range: NSRange(location: 0, length: name.utf16.count)) != nil
    }
} catch {
    fail("--match: \(error.localizedDescription)")
}

if options.disassemble {
    do {
        let differences = try ObjdumpComparison.run(
            seed: options.seed, samples: options.perRow, sets: options.model.instructionSets)
        for difference in differences { say(difference.description) }
        say("\(differences.count) differences to objdump")
        exit(differences.isEmpty ? 0 : 1)
    } catch {
        fail("cannot run \(ObjdumpComparison.objdump): \(error)")
    }
}

if let folder = options.vectorFolder {
    do {
        let coverage = try VectorCoverage(folder: folder)
        for line in coverage.report { say(line) }
        exit(coverage.missing.isEmpty ? 0 : 1)
    } catch {
        fail("cannot read \(folder): \(error)")
    }
}

if options.legality {
    do {
        var mode = LegalityMode(options, table: table, matcher: matcher)
        let failures = try mode.run()
        exit(failures == 0 ? 0 : 1)
    } catch {
        fail("\(error)")
    }
}

let oracle: Oracle
do {
    oracle = try Oracle(model: options.model, bigEndian: options.bigEndian, runners: options.runners)
} catch {
    fail("\(error)")
}
let subject = Subject(table: table)
var generator = CaseGenerator(table: table, seed: options.seed)
var failures = 0
var ran = 0
var vectors: [RecordedVector] = []
var uncovered: [String] = []

if options.sequences > 0 { runSequences() }
for (index, row) in table.rows.enumerated() where options.sequences == 0 && matcher(row.mnemonic) {
    if let obstacle = CaseGenerator.obstacle(
        row, model: options.model, bigEndian: options.bigEndian)
    {
        uncovered.append("\(row.mnemonic): \(obstacle)")
        continue
    }
    var left = options.record == nil ? options.count : options.perRow
    var cases = 0
    var wrong = 0
    var explained = 0
    var signals = 0
    while left > 0 {
        var batch: [TestCase] = []
        while batch.count < min(left, 256),
            let test = generator.make(
                row: index, model: options.model, bigEndian: options.bigEndian, slot: batch.count)
        {
            batch.append(test)
        }
        if batch.isEmpty { break }
        left -= batch.count
        let expected: [TestOutcome]
        do {
            expected = try oracle.run(batch)
        } catch {
            fail("\(row.mnemonic): \(error)")
        }
        for (test, wanted) in zip(batch, expected) {
            cases += 1
            if wanted.signal != 0 { signals += 1 }
            let found = subject.run(test)
            let lines = found.differences(to: wanted)
            let unexplained = KnownDifference.unexplained(lines, mnemonic: row.mnemonic, in: test)
            if !lines.isEmpty, unexplained.isEmpty { explained += 1 }
            if !unexplained.isEmpty {
                wrong += 1
                if wrong <= options.show { report(row, test, unexplained) }
            } else if options.record != nil, lines.isEmpty {
                vectors.append(RecordedVector(test: test, outcome: wanted))
            }
        }
    }
    ran += cases
    failures += wrong
    if options.coverage || wrong > 0 {
        let note = explained > 0 ? ", \(explained) known differences" : ""
        say(
            "\(wrong == 0 ? "ok  " : "FAIL") \(row.mnemonic): \(cases) cases, \(wrong) wrong, \(signals) signals\(note)"
        )
    }
    if cases == 0 { uncovered.append("\(row.mnemonic): no case could be generated") }
}

/// Several instructions between comparisons, over few registers.
@MainActor func runSequences() {
    let rows = generator.sequenceRows(model: options.model, bigEndian: options.bigEndian)
        .filter { matcher(table.rows[$0].mnemonic) }
    while ran < options.sequences {
        var batch: [TestCase] = []
        var attempts = 0
        while batch.count < min(options.sequences - ran, 256), attempts < 2048 {
            attempts += 1
            let length = 2 + (ran + batch.count) % 9
            if let test = generator.makeSequence(
                rows, length: length, model: options.model, bigEndian: options.bigEndian, slot: batch.count)
            {
                batch.append(test)
            }
        }
        if batch.isEmpty { fail("no sequence could be made of \(rows.count) rows") }
        do {
            for (test, wanted) in zip(batch, try oracle.run(batch)) {
                let lines = subject.run(test).differences(to: wanted)
                if lines.isEmpty {
                    if options.record != nil { vectors.append(RecordedVector(test: test, outcome: wanted)) }
                    continue
                }
                failures += 1
                guard failures <= options.show else { continue }
                say("sequence [\(test.words.map { String($0, radix: 16) }.joined(separator: " "))]")
                for line in lines.prefix(8) { say("    \(line)") }
            }
        } catch {
            fail("sequences: \(error)")
        }
        ran += batch.count
    }
}

func report(_ row: InstructionRow, _ test: TestCase, _ lines: [String]) {
    let words = test.words.map { String($0, radix: 16) }.joined(separator: " ")
    say("\(row.mnemonic) [\(words)] at 0x\(String(test.start, radix: 16))")
    for line in lines.prefix(8) { say("    \(line)") }
    let word =
        row.prefix == nil
        ? test.words.first { table.decode(UInt64($0), for: test.model.instructionSets) != InstructionTable.noRow }
            .map(UInt64.init) ?? 0
        : UInt64(test.words[0]) << 32 | UInt64(test.words.count > 1 ? test.words[1] : 0)
    var inputs: [String] = []
    for operand in row.operands {
        let number = Int(truncatingIfNeeded: operand.value(in: word))
        switch operand.kind {
        case .gpr, .gprOrZero,
            .gprPair where number >= 0 && number < 32:
            inputs.append("r\(number)=0x\(String(test.image.gpr[number & 31], radix: 16))")
        case .fpr, .fprPair, .vsr, .vr, .vsrPair:
            let n = operand.kind == .vr ? number + 32 : number
            let v = test.image.vsr[n & 63]
            inputs.append("vsr\(n)=0x\(String(v.hi, radix: 16)):\(String(v.lo, radix: 16))")
        default: inputs.append("\(operand.name)=\(number)")
        }
    }
    say(
        "    with \(inputs.joined(separator: " ")) cr=0x\(String(test.image.cr, radix: 16))"
            + " xer=0x\(String(test.image.xer, radix: 16)) fpscr=0x\(String(test.image.fpscr, radix: 16))")
}

if options.coverage {
    say("not covered on \(options.model.name): \(uncovered.count)")
    for line in uncovered { say("    \(line)") }
}
say("\(ran) cases on \(options.model.name)\(options.bigEndian ? " big-endian" : ""), \(failures) differences")
if let path = options.record {
    do {
        try VectorFile(vectors).write(to: path)
        say("\(vectors.count) vectors recorded in \(path)")
    } catch {
        fail("cannot write \(path): \(error)")
    }
}
exit(failures == 0 ? 0 : 1)
