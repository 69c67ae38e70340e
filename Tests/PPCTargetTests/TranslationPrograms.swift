import CJIT
import CPPCState
import PPCTestSupport

@testable import PPCTarget

/// Random loops of instructions that the native engine has code for, and their outcome on an engine.
struct TranslationProgram {
    /// Body of a loop that runs `rounds` times.
    var words: [UInt32]
    let seed: UInt64
    var rounds: UInt64 = 150
    /// Registers start with the values at which instructions go wrong.
    var isAwkward = false
    let bigEndian: Bool

    /// Everything that must agree.
    struct Outcome: Equatable {
        var gpr: [UInt64] = []
        var cr: [UInt8] = []
        var flags: [UInt8] = []
        var lr: UInt64 = 0
        var ctr: UInt64 = 0
        var nip: UInt64 = 0
        var vsr: [UInt64] = []
        var fpscr: UInt64 = 0
        var vscr: UInt32 = 0
        var memory: [UInt8] = []

        /// What differs first, with both values; nil if nothing does.
        func firstDifference(_ other: Outcome) -> String? {
            func places<T: Equatable>(_ name: String, _ a: [T], _ b: [T]) -> String? {
                zip(a, b).enumerated().first { $0.element.0 != $0.element.1 }.map {
                    "\(name)[\($0.offset)]: \($0.element.0), wanted \($0.element.1)"
                }
            }
            func hexadecimal(_ values: [UInt64]) -> [String] { values.map { String($0, radix: 16) } }
            if self == other { return nil }
            return places("gpr", hexadecimal(gpr), hexadecimal(other.gpr)) ?? places("cr", cr, other.cr)
                ?? places("flags", flags, other.flags)
                ?? places("vsr.half", hexadecimal(vsr), hexadecimal(other.vsr))
                ?? places(
                    "lr,ctr,nip,fpscr,vscr", hexadecimal([lr, ctr, nip, fpscr, UInt64(vscr)]),
                    hexadecimal([other.lr, other.ctr, other.nip, other.fpscr, UInt64(other.vscr)]))
                ?? places("memory", memory, other.memory)
        }
    }

    struct Random {
        var state: UInt64
        mutating func next() -> UInt64 {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return state
        }
        mutating func below(_ bound: Int) -> Int { Int(truncatingIfNeeded: next() >> 11) % bound }
    }

    static let codeAddress: UInt64 = 0x10000
    static let dataAddress: UInt64 = 0x40000

    /// - Parameter rows: Rows to choose from.
    init(seed: UInt64, length: Int, rows: [InstructionRow], bigEndian: Bool = false) {
        self.seed = seed
        self.bigEndian = bigEndian
        var random = Random(state: seed &* 0x9e37_79b9_7f4a_7c15 | 1)
        var words: [UInt32] = []
        let sets = InstructionSet(rawValue: .max).subtracting([.only970, .untilISA207])
        while words.count < length {
            let row = rows[random.below(rows.count)]
            var word = row.form.match | UInt32(truncatingIfNeeded: random.next()) & ~row.form.mask & ~row.unused
            if row.effects.contains(.loads) || row.effects.contains(.stores) {
                // r1 is the base; r2 an index; displacements stay small.
                word = word & ~0x001f_0000 | 1 << 16
                let isIndexed = row.operands.contains { $0.name == "RB" }
                if isIndexed { word = word & ~0xf800 | 2 << 11 } else { word &= ~0xfc00 }
                if row.mnemonic.contains("u") && row.form.match >> 26 != 31 { word &= ~0xffc0 }
            }
            if row.mnemonic == "mtspr" || row.mnemonic == "mfspr" {
                // XER, LR, VRSAVE, SPRG0, TAR.
                let number: UInt32 = [1, 8, 256, 272, 815][random.below(5)]
                word = word & ~0x001f_f800 | (number & 31) << 16 | (number >> 5) << 11
            }
            // EE and RI alone: the rest of MSR decides what the words mean.
            if row.mnemonic == "mtmsr" || row.mnemonic == "mtmsrd" { word |= 0x10000 }
            guard InstructionTable.shared.decode(UInt64(word), for: sets) != InstructionTable.noRow else { continue }
            // r1 and r2 keep their values, but for update forms, which only move a little.
            let written = row.operands.filter { $0.use != .read && $0.use != .immediate && $0.kind == .gpr }
            let updates = row.operands.contains { $0.name == "RA" && $0.use == .readWrite }
            if written.contains(where: {
                let number = $0.value(in: UInt64(word))
                return number == 2 || number == 1 && !(updates && $0.name == "RA")
            }) {
                continue
            }
            words.append(word)
        }
        self.words = words
    }

    /// Puts forward branches into the loop, most of them on what was compared last, and lets R1 run out of memory before
    /// the loop ends if `faults`.
    mutating func addBranches(faults: Bool) {
        var random = Random(state: seed &* 0x2545_f491_4f6c_dd1d | 1)
        for index in stride(from: 2, to: words.count, by: 2 + random.below(3)) {
            let skip = 1 + random.below(min(5, words.count - index))
            let compared = words[..<index].last { $0 >> 26 == 10 || $0 >> 26 == 11 || $0 & 0xfc00_07be == 0x7c00_0000 }
            let field = compared.map { random.below(4) == 0 ? 0 : $0 >> 23 & 7 } ?? 0
            let bit = field * 4 + UInt32(random.below(4))
            let options: UInt32 = random.below(2) == 0 ? 12 : 4
            words[index] = 0x4000_0000 | options << 21 | bit << 16 | UInt32(4 * skip)
        }
        // addi r1, r1, 0x1800
        if faults { words[random.below(2)] = 0x3821_1800 }
    }

    /// Changes the rounding mode, or what else FPSCR's last field has, about every `distance` instructions.
    mutating func addModes(distance: Int) {
        var random = Random(state: seed &* 0x2545_f491_4f6c_dd1d | 1)
        for index in stride(from: random.below(distance), to: words.count, by: distance) {
            // mtfsfi 7, now and then with NI.
            let value = UInt32(random.below(8) == 0 ? 4 : random.below(4))
            words[index] = 0xff80_010c | value << 12
        }
    }

    enum Engine { case interpreter, blocks, native(HostLevel) }

    func run(_ engine: Engine) -> Outcome? {
        let memory = FlatMemory(size: 1 << 20)
        guard let model = PPCModel.named("power10") else { return nil }
        let cpu = PPCCPU(model: model, memory: memory)
        Context.storeMSR(cpu.state, MSR.sf | MSR.fp | MSR.vec | MSR.vsx | (bigEndian ? 0 : MSR.le))
        cpu.hypercall = { _ in PPCTarget.Outcome.stop }
        var code: [UInt8] = []
        let back = UInt32(truncatingIfNeeded: -4 * words.count) & 0xfffc
        for word in words + [0x4200_0000 | back, 0x4400_0022] {
            let bytes = (0..<4).map { UInt8(truncatingIfNeeded: word >> UInt32(8 * $0)) }
            code += bigEndian ? bytes.reversed() : bytes
        }
        guard memory.load(code, at: Self.codeAddress) else { return nil }
        // An interrupt ends the program.
        for vector in stride(from: UInt64(0x100), to: 0x1000, by: 0x20) {
            guard memory.load([0x44, 0, 0, 0x22], at: vector) else { return nil }
        }
        var random = Random(state: seed | 1)
        let data = (0..<4096).map { _ in UInt8(truncatingIfNeeded: random.next() >> 20) }
        guard memory.load(data, at: Self.dataAddress) else { return nil }
        for index in 0..<32 {
            let value = random.next()
            // Small numbers, negative ones and all kinds of others.
            gpr(cpu.state)[index] =
                index % 4 == 0
                ? value & 0xff
                : index % 4 == 1
                    ? UInt64(bitPattern: Int64(Int32(truncatingIfNeeded: value)))
                    : value
        }
        for index in 0..<64 {
            vsr(cpu.state)[index] = .init(lo: random.next(), hi: random.next())
            // Equal elements, small ones and ones near the limits now and then.
            if index % 4 == 3 { vsr(cpu.state)[index].lo = vsr(cpu.state)[index].hi }
            if index % 8 == 5 { vsr(cpu.state)[index].lo &= 0x0f0f_0003_0100_000f }
            if index % 8 == 6 { vsr(cpu.state)[index] = .init(lo: 0x7f80_ff00_7fff_8000, hi: 0x8000_0000_ffff_ffff) }
        }
        for index in 0..<32 {
            // Singles, doubles of middling size, and now and then anything at all.
            let value = random.next()
            let single = Float(Int32(truncatingIfNeeded: value)) / 1024
            vsr(cpu.state)[index].hi =
                index % 8 == 7
                ? value
                : index % 2 == 0
                    ? Double(single).bitPattern
                    : value & 0x800f_ffff_ffff_ffff | (1000 + value >> 52 & 31) << 52
        }
        if isAwkward {
            // Limits, denormals, ties, NaNs of all kinds.
            let image = RandomState.image(seed: UInt32(truncatingIfNeeded: seed), model: .power10)
            for index in 0..<64 { vsr(cpu.state)[index] = .init(lo: image.vsr[index].lo, hi: image.vsr[index].hi) }
            let kept = FPSCR.sticky | FPSCR.fprf | FPSCR.fi | FPSCR.fr | FPSCR.rn
            cpu.state.pointee.fpscr = FPSCR.normalized(image.fpscr & kept)
            cpu.state.pointee.vscr = UInt32(truncatingIfNeeded: image.vscr)
        }
        gpr(cpu.state)[1] = Self.dataAddress + 0x400
        // Reservations want alignment.
        let reserves = words.contains { $0 >> 26 == 31 && [20, 84, 150, 214].contains($0 >> 1 & 0x3ff) }
        gpr(cpu.state)[2] = reserves ? 0x120 : 0x123
        cpu.state.pointee.ctr = rounds
        cpu.state.pointee.nip = Self.codeAddress
        var native: NativeEngine?
        switch engine {
        case .interpreter: break
        case .blocks: cpu.engine = BlockEngine(cpu: cpu)
        case .native(let level):
            native = try? NativeEngine(cpu: cpu, codeSize: 1 << 20, level: level)
            guard let native else { return nil }
            cpu.engine = native
        }
        _ = cpu.run()
        let state = cpu.state.pointee
        var outcome = Outcome()
        outcome.gpr = (0..<32).map { gpr(cpu.state)[$0] }
        outcome.cr = (0..<8).map { crFields(cpu.state)[$0] }
        outcome.flags = [state.so, state.ov, state.ca, state.ov32, state.ca32]
        (outcome.lr, outcome.ctr, outcome.nip) = (state.lr, state.ctr, state.nip)
        outcome.vsr = (0..<64).flatMap { [vsr(cpu.state)[$0].hi, vsr(cpu.state)[$0].lo] }
        outcome.fpscr = state.fpscr
        outcome.vscr = state.vscr
        outcome.memory = memory.bytes(at: Self.dataAddress - 0x8000, count: 0x10000) ?? []
        // An interrupt may have ended the loop early.
        if native != nil, rounds > 100, state.ctr == 0, native?.statistics.regions == 0 { return nil }
        return outcome
    }

    /// The rows with native code that may stand in such a loop.
    static func rows(where isWanted: (InstructionRow) -> Bool = { _ in true }) -> [InstructionRow] {
        let excluded: Set<String> = [
            "b", "ba", "bl", "bla", "bc", "bca", "bcl", "bcla", "bclr", "bclrl", "bcctr", "bcctrl", "sync", "addpcis",
            "sc",
        ]
        return InstructionTable.shared.rows.filter {
            Lowered(rawValue: $0.mnemonic) != nil && !excluded.contains($0.mnemonic)
                && !$0.mnemonic.hasSuffix("ux") && $0.prefix == nil && isWanted($0)
        }
    }
}
