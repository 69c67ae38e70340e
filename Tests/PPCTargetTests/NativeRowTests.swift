import CPPCState
import PPCTestSupport
import Testing

@testable import PPCTarget

/// Rows that must have native code on hosts of every level, each in programs of its own over few registers, so that
/// operands are often the same.
@Suite("Rows with native code") struct NativeRowTests {
    /// Rows by family.
    static let families: [[String]] = [
        [
            "vslb", "vsrb", "vsrab", "vrlb", "vslh", "vsrh", "vsrah", "vrlh", "vslw", "vsrw", "vsraw", "vrlw", "vsld",
            "vsrd", "vsrad", "vrld", "vsl", "vsr", "vslv", "vsrv", "vslo", "vsro", "vrlwnm", "vrlwmi", "vrldnm",
            "vrldmi",
        ],
        [
            "xxeval", "vmulld", "vpopcntb", "vpopcnth", "vpopcntw", "vpopcntd", "xxblendvb", "xxblendvh", "xxblendvw",
            "xxblendvd", "xxpermx", "xxspltiw", "xxspltidp", "xxsplti32dx",
            "vpermxor", "vsldbi", "vsrdbi", "vpkudus", "vpksdus", "vpksdss", "vpkshss", "vpkswss", "vperm", "xxpermr",
        ],
        [
            "vextuhlx", "vextuhrx", "vextuwlx", "vextuwrx", "vinsblx", "vinsbrx", "vinshlx", "vinshrx", "vinswlx",
            "vinswrx", "vinsdlx", "vinsdrx", "vinsbvlx", "vinsbvrx", "vinshvlx", "vinshvrx", "vinswvlx", "vinswvrx",
            "vexpandbm", "vexpandhm", "vexpandwm", "vexpanddm", "vexpandqm", "vextracthm", "vextractwm", "vextractdm",
            "vextractqm", "vcntmbb", "vcntmbh", "vcntmbw", "vcntmbd", "mtvsrbm", "mtvsrhm", "mtvsrwm", "mtvsrdm",
            "mtvsrbmi",
        ],
        [
            "vmhaddshs", "vmhraddshs", "vmsumshs", "vmsumuhs", "vmsumuhm", "vmsumudm", "vmulhsw", "vmulhuw", "vmulhsd",
            "vmulhud", "vmulesd", "vmuleud", "vmulosd", "vmuloud", "vsum4ubs",
        ],
        [
            "fcfidu", "fcfidus", "fctiwu", "fctiwuz", "fctidu", "fctiduz", "fcfid", "fcfids", "fctiw", "fctidz",
            "xscvuxddp", "xscvuxdsp", "xscvdpuxds", "xscvdpuxws", "xscvdpsxws", "xvcvuxwdp", "xvcvuxwsp", "xvcvuxddp",
            "xvcvsxddp", "xvcvsxdsp", "xvcvuxdsp", "xvcvbf16spn", "xvcvspuxws", "xvcvdpuxws", "xvcvdpuxds",
            "xvcvdpsxds", "xvcvspsxds", "xvcvspuxds",
        ],
        [
            "fre", "fres", "frsqrte", "frsqrtes", "xsredp", "xsresp", "xsrsqrtedp", "xsrsqrtesp", "xvredp", "xvresp",
            "xvrsqrtedp", "xvrsqrtesp", "vrefp", "vrsqrtefp", "vcfux", "vcfsx", "ftdiv", "ftsqrt", "xstdivdp",
            "xstsqrtdp", "xvtdivdp", "xvtdivsp", "xvtsqrtdp", "xvtsqrtsp", "xscvdpsp", "xscvdpspn",
        ],
        [
            "xscmpeqdp", "xscmpgtdp", "xscmpgedp", "xvcmpnedp", "xvcmpnesp", "xvcmpgtdp", "xststdcdp", "xvtstdcdp",
            "xvtstdcsp", "xvxexpdp", "xvxexpsp", "xvxsigdp", "xvxsigsp", "xviexpdp", "xviexpsp", "xsxexpdp", "xsxsigdp",
            "xsiexpdp",
        ],
        [
            "xvi8ger4", "xvi8ger4pp", "xvi16ger2", "xvi16ger2pp", "xxmfacc", "xxmtacc", "xxsetaccz", "xvf32ger",
            "xvf32gerpp", "xvf32gerpn", "xvf32gernp", "xvf32gernn",
            "xvf64ger", "xvf64gerpp", "xvf64gerpn", "xvf64gernp", "xvf64gernn",
        ],
        [
            "brh", "brw", "brd", "pdepd", "pextd", "setbc", "setbcr", "setnbc", "setnbcr", "maddhd", "maddhdu",
            "maddld", "xscvdpsxds",
        ],
        ["vinsw", "vinsd", "lxvkq", "vshasigmaw", "vshasigmad"],
    ]

    /// Rows of which hosts of every level call some words: such whose place is no multiple of the element's size, numbers
    /// without a constant, different functions for the elements.
    static let isPartlyCalled: Set<String> = ["vinsw", "vinsd", "lxvkq", "vshasigmaw", "vshasigmad"]

    /// Rows that hosts of the baseline level call.
    static let needsMore: Set<String> = [
        "vrlwnm", "vrlwmi", "vrldnm", "vrldmi", "pdepd", "pextd", "xvf32ger", "xvf32gerpp", "xvf32gerpn", "xvf32gernp",
        "xvf32gernn", "xvf64ger", "xvf64gerpp", "xvf64gerpn", "xvf64gernp", "xvf64gernn",
    ]

    private static let codeAddress: UInt64 = 0x10000

    /// A CPU with nothing but code; a system call or an illegal word ends it.
    private final class Machine {
        let memory = FlatMemory(size: 1 << 17)
        let cpu: PPCCPU
        let engine: NativeEngine?

        init(_ level: HostLevel?) throws {
            let cpu = PPCCPU(model: try #require(PPCModel.named("power10")), memory: memory)
            cpu.hypercall = { _ in PPCTarget.Outcome.stop }
            self.cpu = cpu
            engine = try level.map { try NativeEngine(cpu: cpu, codeSize: 1 << 20, level: $0) }
            if let engine { cpu.engine = engine }
            for vector in stride(from: UInt64(0x100), to: 0x1000, by: 0x20) {
                try #require(memory.load([0x44, 0, 0, 0x22], at: vector))
            }
        }

        func run(_ words: [UInt32], _ image: RegisterImage, rounds: UInt64) throws -> RegisterImage {
            engine?.forgetTranslations()
            Context.storeMSR(cpu.state, MSR.sf | MSR.fp | MSR.vec | MSR.vsx)
            let back = UInt32(truncatingIfNeeded: -4 * words.count) & 0xfffc
            try #require(
                memory.load(
                    bytes(of: words + [0x4200_0000 | back, 0x4400_0022], bigEndian: true),
                    at: NativeRowTests.codeAddress))
            let state = cpu.state
            for n in 0..<32 { gpr(state)[n] = image.gpr[n] }
            for n in 0..<64 { vsr(state)[n] = .init(lo: image.vsr[n].lo, hi: image.vsr[n].hi) }
            for n in 0..<8 { crFields(state)[n] = UInt8(truncatingIfNeeded: image.cr >> UInt64(28 - 4 * n) & 15) }
            state.pointee.fpscr = image.fpscr
            state.pointee.vscr = UInt32(truncatingIfNeeded: image.vscr)
            state.pointee.ctr = rounds
            state.pointee.nip = NativeRowTests.codeAddress
            _ = cpu.run()
            var after = RegisterImage()
            for n in 0..<32 { after.gpr[n] = gpr(state)[n] }
            for n in 0..<64 { after.vsr[n] = (vsr(state)[n].hi, vsr(state)[n].lo) }
            for n in 0..<8 { after.cr |= UInt64(crFields(state)[n]) << UInt64(28 - 4 * n) }
            after.fpscr = state.pointee.fpscr
            after.vscr = UInt64(state.pointee.vscr)
            (after.lr, after.ctr) = (state.pointee.nip, state.pointee.ctr)
            return after
        }
    }

    /// Words of a row with random fields. Register numbers differ in three bits at most; instructions with a prefix do
    /// not cross a boundary of 64 bytes.
    private static func program(_ row: InstructionRow, _ random: inout RandomStream) -> [UInt32] {
        var words: [UInt32] = []
        let sum = InstructionTable.shared.rows.first { $0.mnemonic == "xsadddp" }
        while words.count < 12 {
            var word =
                row.form.match | UInt32(truncatingIfNeeded: random.next()) & ~row.form.mask & ~row.unused
            for operand in row.operands
            where [.vr, .vsr, .vsrPair, .fpr, .gpr].contains(operand.kind) && operand.width == 5 {
                word &= ~(0x1c << UInt32(operand.shift) & ~row.form.mask)
            }
            // Accumulator 0 would be where the other operands are.
            if let accumulator = row.operands.first(where: { $0.kind == .accumulator }) {
                word |= 1 << UInt32(accumulator.shift)
            }
            // Operations leave FPSCR's parts behind that the row may have to keep.
            if row.effects.contains(.writesFPSCR), random.chance(3), let sum {
                words.append(sum.form.match | UInt32(truncatingIfNeeded: random.next()) & 0x0063_1807)
            }
            if let prefix = row.prefix {
                if words.count % 16 == 15 { words.append(0x6000_0000) }
                // Immediates alone: all of it, or their bits of the prefix.
                let bits = row.operands.reduce(UInt32(0)) {
                    $1.width == 32
                        ? 0xffff : $1.shift < 32 ? $0 : $0 | ((1 << UInt32($1.width)) - 1) << UInt32($1.shift - 32)
                }
                words.append(prefix.match | UInt32(truncatingIfNeeded: random.next()) & bits)
            }
            words.append(word)
        }
        return words
    }

    private static func image(_ random: inout RandomStream) -> RegisterImage {
        var image = RandomState.image(seed: UInt32(truncatingIfNeeded: random.next()), model: .power10)
        switch random.below(5) {
        case 0: break
        case 1: for n in 0..<64 where random.chance(2) { image.vsr[n] = (random.next(), random.next()) }
        case 2:
            // Halfwords at the limits.
            let limits: [UInt64] = [0x8000, 0x7fff, 0xffff, 0x8000, 1]
            func halves() -> UInt64 { (0..<4).reduce(0) { sum, _ in sum << 16 | random.pick(limits) } }
            for n in 0..<64 { image.vsr[n] = (halves(), halves()) }
        default:
            // Numbers of middling size, of which conversions and products are in range most of the time.
            let isDouble = random.chance(2)
            func middling() -> UInt64 {
                let value = Double(Int64(bitPattern: random.next()) >> Int64(20 + random.below(40))) / 64
                if isDouble { return random.chance(4) ? value.magnitude.bitPattern : value.bitPattern }
                let pair = UInt64(Float(value).bitPattern) << 32 | UInt64(Float(value.magnitude + 1).bitPattern)
                return random.chance(2) ? pair & 0x7fff_ffff_7fff_ffff : pair
            }
            for n in 0..<64 where !random.chance(8) { image.vsr[n] = (middling(), middling()) }
        }
        // No exception is enabled.
        image.fpscr &= FPSCR.sticky | FPSCR.fprf | FPSCR.fi | FPSCR.fr | FPSCR.rn
        image.fpscr = FPSCR.normalized(image.fpscr)
        // Software may clear FX alone; the next exception sets it again, whether its own bit is new or not.
        if random.chance(3) { image.fpscr &= ~FPSCR.fx }
        return image
    }

    @Test("are not called and end as in the interpreter", arguments: families.indices, HostLevel.allCases)
    func rows(family: Int, level: HostLevel) throws {
        guard NativeEngine.isSupported else { return }
        let reference = try Machine(nil)
        let native = try Machine(level)
        let engine = try #require(native.engine)
        var failures: [String] = []
        for name in Self.families[family] {
            let row = try #require(InstructionTable.shared.rows.first { $0.mnemonic == name })
            var random = RandomStream(seed: UInt64(name.utf8.reduce(0) { $0 * 31 + Int($1) }))
            trials: for trial in 0..<36 {
                let words = Self.program(row, &random)
                let image = Self.image(&random)
                // A block, or a region that keeps what it can in registers.
                let rounds: UInt64 = trial % 12 == 0 ? 110 : 1
                let wanted = try reference.run(words, image, rounds: rounds)
                let ended = try native.run(words, image, rounds: rounds)
                if wanted.ctr != 0, !Self.isPartlyCalled.contains(name) {
                    failures.append("\(name): the program ended early")
                    break
                }
                for n in 0..<RegisterImage.valueCount where ended[n] != wanted[n] {
                    let text = words.map { String($0, radix: 16) }.joined(separator: " ")
                    let values = [ended[n], wanted[n]].map { String($0, radix: 16) }
                    failures.append(
                        "\(name) [\(text)] \(RegisterImage.name(n)): \(values[0]), wanted \(values[1])")
                    break trials
                }
            }
        }
        let called = Set(engine.calledInstructions.map(\.mnemonic)).intersection(Self.families[family])
        let expected = level == .baseline ? Self.needsMore.intersection(Self.families[family]) : []
        #expect(called.subtracting(Self.isPartlyCalled) == expected)
        #expect(failures.isEmpty, "\(failures.joined(separator: "\n"))")
    }

    @Test("store singles and move the base along", arguments: HostLevel.allCases)
    func updatingStores(level: HostLevel) throws {
        guard NativeEngine.isSupported else { return }
        var random = RandomStream(seed: 5)
        let reference = try Machine(nil)
        let native = try Machine(level)
        // stfsu f1, 4(r3); stfsux f2, r3, r4; stfsu f3, -4(r3)
        let words: [UInt32] = [0xd423_0004, 0x7c43_256e, 0xd463_fffc]
        for trial in 0..<40 {
            var image = Self.image(&random)
            (image.gpr[3], image.gpr[4]) = (0x18000, trial % 2 == 0 ? 8 : 7)
            let wanted = try reference.run(words, image, rounds: trial % 6 == 0 ? 110 : 1)
            let ended = try native.run(words, image, rounds: trial % 6 == 0 ? 110 : 1)
            #expect(wanted.ctr == 0 && ended == wanted)
            #expect(
                native.memory.bytes(at: 0x18000, count: 0x1000) == reference.memory.bytes(at: 0x18000, count: 0x1000))
        }
        #expect(native.engine?.calledInstructions.isEmpty == true)
    }
}
