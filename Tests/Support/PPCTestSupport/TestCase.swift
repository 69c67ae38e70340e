import CPPCState
import PPCTarget

/// Register contents before or after a test case, as the oracle's runner exchanges them.
package struct RegisterImage: Equatable, Sendable {
    package var gpr = [UInt64](repeating: 0, count: 32)
    package var lr: UInt64 = 0
    package var ctr: UInt64 = 0
    package var cr: UInt64 = 0
    package var xer: UInt64 = 0
    package var fpscr: UInt64 = 0
    package var vscr: UInt64 = 0
    /// Doubleword 0 and 1 of each VSR.
    package var vsr = [(hi: UInt64, lo: UInt64)](repeating: (0, 0), count: 64)

    package init() {}

    package static func == (a: Self, b: Self) -> Bool {
        a.gpr == b.gpr && a.lr == b.lr && a.ctr == b.ctr && a.cr == b.cr && a.xer == b.xer && a.fpscr == b.fpscr
            && a.vscr == b.vscr && a.vsr.elementsEqual(b.vsr, by: ==)
    }

    /// Number of 64-bit values in ``subscript(_:)``.
    package static let valueCount = 32 + 6 + 128

    /// The registers as one list: GPRs, LR, CTR, CR, XER, FPSCR, VSCR, then both doublewords of each VSR.
    package subscript(index: Int) -> UInt64 {
        get {
            switch index {
            case 0..<32: gpr[index]
            case 32: lr
            case 33: ctr
            case 34: cr
            case 35: xer
            case 36: fpscr
            case 37: vscr
            default: (index - 38) % 2 == 0 ? vsr[(index - 38) / 2].hi : vsr[(index - 38) / 2].lo
            }
        }
        set {
            switch index {
            case 0..<32: gpr[index] = newValue
            case 32: lr = newValue
            case 33: ctr = newValue
            case 34: cr = newValue
            case 35: xer = newValue
            case 36: fpscr = newValue
            case 37: vscr = newValue
            default:
                if (index - 38) % 2 == 0 {
                    vsr[(index - 38) / 2].hi = newValue
                } else {
                    vsr[(index - 38) / 2].lo = newValue
                }
            }
        }
    }

    package static func name(_ index: Int) -> String {
        switch index {
        case 0..<32: "r\(index)"
        case 32: "lr"
        case 33: "ctr"
        case 34: "cr"
        case 35: "xer"
        case 36: "fpscr"
        case 37: "vscr"
        default: "vsr\((index - 38) / 2).\((index - 38) % 2 == 0 ? "hi" : "lo")"
        }
    }
}

/// The processor that a case is run on.
package enum TestModel: UInt8, Sendable, CaseIterable {
    case power8 = 8
    case power9 = 9
    case power10 = 10

    package var name: String { "power\(rawValue)" }

    package var instructionSets: InstructionSet {
        let common: InstructionSet = [.base, .isa205, .isa206, .isa207, .altivec, .vsx, .dfp]
        switch self {
        case .power8: return common.union([.untilISA207, .tm])
        case .power9: return common.union([.isa300, .tm])
        case .power10: return common.union([.isa300, .isa310])
        }
    }
}

/// Addresses that both sides of a test agree on; the same numbers stand in the runner.
package enum TestLayout {
    package static let dataAddress: UInt64 = 0x2000_0000
    package static let dataSize = 512
    package static let codeAddress: UInt64 = 0x3000_0000
    package static let slotSize: UInt64 = 128
    package static let slots = 512
    package static let maxWords = 16
    /// Words that load the last registers stand before the case's own.
    package static let headSize: UInt64 = 16
}

/// Some instruction words with the state they start from.
package struct TestCase: Sendable {
    package var model: TestModel
    package var bigEndian: Bool
    /// Position in the code area, which decides the address of the first word.
    package var slot: Int
    /// What ``RandomState`` made the contents from, before registers were set for the case.
    package var seed: UInt32
    package var words: [UInt32]
    package var image: RegisterImage
    package var data: [UInt8]

    package init(
        model: TestModel, bigEndian: Bool, slot: Int, seed: UInt32, words: [UInt32], image: RegisterImage,
        data: [UInt8]
    ) {
        self.model = model
        self.bigEndian = bigEndian
        self.slot = slot
        self.seed = seed
        self.words = words
        self.image = image
        self.data = data
    }

    /// Address of the first word.
    package var start: UInt64 {
        TestLayout.codeAddress + UInt64(slot) * TestLayout.slotSize + TestLayout.headSize
    }
}

/// The end of a test case.
package struct TestOutcome: Sendable {
    /// Linux signal that ended the case: 0, SIGILL, SIGTRAP, SIGBUS, SIGFPE or SIGSEGV.
    package var signal: UInt64
    /// Address of the instruction that raised it, relative to the first word; 0 without a signal.
    package var nip: UInt64
    package var image: RegisterImage
    package var data: [UInt8]

    package init(signal: UInt64, nip: UInt64, image: RegisterImage, data: [UInt8]) {
        self.signal = signal
        self.nip = nip
        self.image = image
        self.data = data
    }

    /// What differs from the expected outcome, one line each: register, value here, value expected.
    package func differences(to expected: TestOutcome) -> [String] {
        var lines: [String] = []
        if signal != expected.signal { lines.append("signal: \(signal), expected \(expected.signal)") }
        if nip != expected.nip {
            lines.append("nip: \(Int64(bitPattern: nip)), expected \(Int64(bitPattern: expected.nip))")
        }
        // A signal frame holds no VSCR and only half of FPSCR.
        let trapped = expected.signal != 0
        for index in 0..<RegisterImage.valueCount {
            var (here, there) = (image[index], expected.image[index])
            if trapped, index == 36 { (here, there) = (here & 0xffff_ffff, there & 0xffff_ffff) }
            if trapped, index == 37 { continue }
            if here != there {
                lines.append("\(RegisterImage.name(index)): \(hexadecimal(here)), expected \(hexadecimal(there))")
            }
        }
        for offset in data.indices where offset < expected.data.count && data[offset] != expected.data[offset] {
            lines.append(
                "memory+\(offset): \(hexadecimal(UInt64(data[offset]))), expected "
                    + hexadecimal(UInt64(expected.data[offset])))
        }
        return lines
    }
}

func hexadecimal(_ value: UInt64) -> String { "0x" + String(value, radix: 16) }
