import CPPCState

/// What a step does, for steps that may become one with the next step. Comparisons of doublewords have names of their own.
enum StepKind: UInt8, CaseIterable {
    case none
    case addi, addis, add, subf, and, or, xor, rlwinm, rldicl
    case andiRecord
    case cmpi, cmpli, cmp, cmpl
    case cmpdi, cmpldi, cmpd, cmpld
    case lbz, lhz, lwz, ld, stb, sth, stw, std, stdu
    case mflr, mtlr
    /// bc that asks for a condition register bit alone, and wants it clear or set.
    case branchIfClear, branchIfSet
    /// blr that comes back to where a call in the same block was, or that leaves.
    case followedReturn, returning

    init(mnemonic: String) {
        // With its mask made, each of these does the same.
        let isRotate = ["rldicl", "rldicr", "rldic"].contains(mnemonic)
        self = isRotate ? .rldicl : Self.named[mnemonic] ?? .none
    }

    private static let named = Dictionary(uniqueKeysWithValues: allCases.map { ($0.mnemonic, $0) })

    var mnemonic: String { self == .andiRecord ? "andi." : String(describing: self) }

    /// The comparison of doublewords that goes by the same mnemonic.
    var ofDoublewords: StepKind {
        switch self {
        case .cmpi: .cmpdi
        case .cmpli: .cmpldi
        case .cmp: .cmpd
        case .cmpl: .cmpld
        default: .none
        }
    }

    /// Whether RA receives the result rather than RT.
    var targetsRA: Bool {
        switch self {
        case .and, .or, .xor, .rlwinm, .rldicl, .andiRecord: true
        default: false
        }
    }
}

/// Two instructions done by one step: one call less, and a result that the second one takes from the first need not go
/// through memory. The second step stays as it is, for when the first one leaves early.
struct Fusion {
    /// What must hold between the two.
    enum Link {
        case none
        /// The second takes the first one's result as RS, RA or RB; where the operands may be swapped, in either place.
        case rs, ra, rb, rsOrRB, raOrRB
        /// The second's base is the first one's result.
        case base
        /// The second asks for a bit of the condition register field that the first one sets.
        case field
        /// Both have the same base, which the first one leaves alone.
        case sameBase
    }

    let first: StepKind
    let second: StepKind
    let link: Link
    let plain: StepFunction?
    let accesses: AccessSteps?

    init(_ first: StepKind, _ second: StepKind, _ link: Link = .none, _ plain: @escaping StepFunction) {
        (self.first, self.second, self.link, self.plain, accesses) = (first, second, link, plain, nil)
    }

    init(_ first: StepKind, _ second: StepKind, _ link: Link = .none, by accesses: AccessSteps) {
        (self.first, self.second, self.link, plain, self.accesses) = (first, second, link, nil, accesses)
    }

    static let all: [Fusion] = comparisons + linked + moves + accesses

    /// All by the kinds of both steps.
    struct Table {
        private var fusions: [[Fusion]]

        init() {
            fusions = Array(repeating: [], count: Self.size * Self.size)
            for fusion in Fusion.all { fusions[Self.place(fusion.first, fusion.second)].append(fusion) }
        }

        /// A power of two no smaller than the number of kinds.
        private static var size: Int { 64 }
        private static func place(_ first: StepKind, _ second: StepKind) -> Int {
            Int(first.rawValue) * size + Int(second.rawValue)
        }

        /// Lets a step do the next one's work too, if there is a function for both.
        func fuse(
            _ first: UnsafeMutablePointer<Step>, _ firstKind: StepKind, _ secondKind: StepKind,
            _ context: TranslationContext
        ) -> Bool {
            guard firstKind != .none, secondKind != .none else { return false }
            for fusion in fusions[Self.place(firstKind, secondKind)] {
                guard let function = fusion.plain ?? fusion.accesses?.function(context),
                    fusion.connect(first, first + 1)
                else { continue }
                first.pointee.run = function
                return true
            }
            return false
        }
    }

    /// Makes the link, by swapping the second's operands if that helps; operands of instructions for which the order does
    /// not matter stay swapped without one.
    ///
    /// - Returns: Whether there is a link.
    private func connect(_ one: UnsafeMutablePointer<Step>, _ two: UnsafeMutablePointer<Step>) -> Bool {
        let result = first.targetsRA ? one.pointee.ra : one.pointee.rt
        switch link {
        case .none: return true
        case .rs: return two.pointee.rt == result
        case .ra: return two.pointee.ra == result
        case .rb: return two.pointee.rb == result
        case .rsOrRB:
            if two.pointee.rt != result { swap(&two.pointee.rt, &two.pointee.rb) }
            return two.pointee.rt == result
        case .raOrRB:
            if two.pointee.ra != result { swap(&two.pointee.ra, &two.pointee.rb) }
            return two.pointee.ra == result
        case .base: return two.pointee.sh == result
        case .field: return two.pointee.field == (first == .andiRecord ? 0 : one.pointee.field)
        case .sameBase: return one.pointee.sh == two.pointee.sh && one.pointee.sh != result
        }
    }
}

// The compiler follows a result from the first instruction to the second by the register's number, which both of these
// hold from before the first one's store.

/// The first of two instructions.
struct FirstStep: StepOperands {
    let step: UnsafeMutablePointer<Step>
    let rt: Int
    let ra: Int
    @inline(__always) init(step: UnsafeMutablePointer<Step>) {
        self.step = step
        rt = Int(step.pointee.rt)
        ra = Int(step.pointee.ra)
    }
}

/// The second of two instructions, which takes the first one's result as RS.
struct LinkedRS: StepOperands {
    let step: UnsafeMutablePointer<Step>
    let rt: Int
}

/// The same as RA, or the base.
struct LinkedRA: StepOperands {
    let step: UnsafeMutablePointer<Step>
    let ra: Int
    @inline(__always) func base(_ cpu: CPUState) -> UInt64 { gpr(cpu)[ra] }
}

/// The same as RB.
struct LinkedRB: StepOperands {
    let step: UnsafeMutablePointer<Step>
    let rb: Int
}

/// A comparison in front of a branch.
protocol FirstComparison: StepOperands {
    init(step: UnsafeMutablePointer<Step>, bf: Int)
}

struct FirstOfWords: FirstComparison {
    let step: UnsafeMutablePointer<Step>
    let bf: Int
    @inline(__always) var comparesDoublewords: Bool { false }
}

struct FirstOfDoublewords: FirstComparison {
    let step: UnsafeMutablePointer<Step>
    let bf: Int
    @inline(__always) var comparesDoublewords: Bool { true }
}

/// A branch on a bit of the field that the first instruction has set.
struct LinkedBranch: StepOperands {
    let step: UnsafeMutablePointer<Step>
    let bf: Int
    @inline(__always) func conditionBit(_ cpu: CPUState) -> Bool { crFields(cpu)[bf] & step.pointee.bit != 0 }
}
