import CPPCState

/// How rows that are executed often become steps with their operands decoded beforehand. The functions are those of
/// the rows, over other operands. Rows that stand in no recipe are called with their word.
struct StepRecipe {
    /// What ``Step/immediate`` holds.
    enum Immediate { case none, signed, unsigned, scaled4, scaled16, mask(RotateMask) }

    /// What register number ``Step/rt`` is: of a GPR or FPR, or of a VSR in one of three fields.
    enum Register { case rt, xt, xtDQ, vrt }

    let mnemonic: String
    let register: Register
    /// What ``plain`` or the accesses are to ``Fusion``.
    let kind: StepKind
    let immediate: Immediate
    /// SH has six bits.
    let longShift: Bool
    /// RA = 0 means zero.
    let takesBase: Bool
    let plain: StepFunction?
    /// With record bit, in 64-bit mode; without one, such instructions are called.
    let recording: StepFunction?
    /// A comparison with L = 1.
    let doublewords: StepFunction?
    /// Instead of `plain` where floating-point arithmetic rounds to nearest and does not interrupt.
    let plainFloat: StepFunction?
    /// One function for each way to access memory, instead of `plain`.
    let accesses: AccessSteps?

    /// - Parameter accesses: For a load or store, whose RA is a base.
    init(
        _ mnemonic: String, _ immediate: Immediate = .none, register: Register = .rt, longShift: Bool = false,
        takesBase: Bool = false,
        plain: StepFunction? = nil, recording: StepFunction? = nil, doublewords: StepFunction? = nil,
        plainFloat: StepFunction? = nil, by accesses: AccessSteps? = nil
    ) {
        self.mnemonic = mnemonic
        self.register = register
        kind = StepKind(mnemonic: mnemonic)
        self.immediate = immediate
        self.longShift = longShift
        self.takesBase = takesBase || accesses != nil
        self.plain = plain
        self.recording = recording
        self.doublewords = doublewords
        self.plainFloat = plainFloat
        self.accesses = accesses
    }

    static let all: [StepRecipe] =
        arithmetic + logical + rotates + comparisons + loads + stores + floats + vectors + floatArithmetic

    /// Recipes by row number of a table.
    static func byRow(_ table: InstructionTable) -> [StepRecipe?] {
        let named = Dictionary(all.map { ($0.mnemonic, $0) }, uniquingKeysWith: { first, _ in first })
        return table.rows.map { $0.prefix == nil ? named[$0.mnemonic] : nil }
    }

    /// The function for a word in a context, if there is one.
    private func function(_ word: UInt64, _ row: InstructionRow, _ context: TranslationContext) -> StepFunction? {
        if let accesses {
            // Which facility these need depends on the register.
            if row.facility == .vsxOrVector, !context.hasVectors { return nil }
            return accesses.function(context)
        }
        if row.hasOE && word & 0x400 != 0 { return nil }
        if row.hasRc && word & 1 != 0 { return context.narrow ? nil : recording }
        if let plainFloat { return context.plainFloatingPoint && context.rounding == 0 ? plainFloat : nil }
        if let doublewords, Fields(word).comparesDoublewords { return doublewords }
        return plain
    }

    /// What the instruction is to ``Fusion``, if it is prepared.
    func kind(_ word: UInt64, _ row: InstructionRow) -> StepKind {
        if row.hasRc && word & 1 != 0 { return .none }
        if doublewords != nil, Fields(word).comparesDoublewords { return kind.ofDoublewords }
        // With three equal registers it is a hint.
        if kind == .or, Fields(word).rt == Fields(word).ra, Fields(word).rt == Fields(word).rb { return .none }
        return kind
    }

    /// Fills a step's operands; `false` if the instruction must be called.
    func prepare(_ step: inout Step, row: InstructionRow, context: TranslationContext) -> Bool {
        let word = step.word
        let f = Fields(word)
        guard let function = function(word, row, context) else { return false }
        step.run = function
        step.rt = UInt8(
            truncatingIfNeeded: register == .xt
                ? f.xt : register == .xtDQ ? f.xtDQ : register == .vrt ? f.rt | 32 : f.rt)
        step.ra = UInt8(truncatingIfNeeded: f.ra)
        step.rb = UInt8(truncatingIfNeeded: f.rb)
        step.rc = UInt8(truncatingIfNeeded: f.rc)
        step.sh =
            takesBase ? PlainStep.place(ofBase: f.ra) : UInt8(truncatingIfNeeded: longShift ? f.sh6 : f.sh)
        step.field = UInt8(truncatingIfNeeded: f.bf)
        step.immediate =
            switch immediate {
            case .none: 0
            case .signed: f.si
            case .unsigned: f.ui
            case .scaled4: f.ds
            case .scaled16: f.dq
            case .mask(let kind): f.rotateMask(kind)
            }
        return true
    }
}

extension TranslationContext {
    /// Both VMX and VSX are enabled.
    fileprivate var hasVectors: Bool {
        [Facility.vector, .vsx].allSatisfy { facilities &>> UInt64($0.rawValue) & 1 != 0 }
    }
}
