import CPPCState

/// How rows that are executed often become steps with their operands decoded beforehand. The functions are those of
/// the rows, over other operands. Rows that stand in no recipe are called with their word.
struct StepRecipe {
    /// What ``Step/immediate`` holds.
    enum Immediate { case none, signed, unsigned, scaled4, mask(RotateMask) }

    let mnemonic: String
    let immediate: Immediate
    /// SH has six bits.
    let longShift: Bool
    let plain: StepFunction
    /// With record or overflow bit; without one, such instructions are called.
    let recording: StepFunction?

    init(
        _ mnemonic: String, _ immediate: Immediate = .none, longShift: Bool = false, plain: @escaping StepFunction,
        recording: StepFunction? = nil
    ) {
        self.mnemonic = mnemonic
        self.immediate = immediate
        self.longShift = longShift
        self.plain = plain
        self.recording = recording
    }

    static let all: [StepRecipe] = arithmetic + logical + rotates + comparisons + loads + stores

    /// Recipes by row number of a table.
    static func byRow(_ table: InstructionTable) -> [StepRecipe?] {
        let named = Dictionary(all.map { ($0.mnemonic, $0) }, uniquingKeysWith: { first, _ in first })
        return table.rows.map { $0.prefix == nil ? named[$0.mnemonic] : nil }
    }

    /// Fills a step's operands; `false` if the instruction must be called.
    func prepare(_ step: inout Step, row: InstructionRow) -> Bool {
        let word = step.word
        let f = Fields(word)
        let records = row.hasRc && word & 1 != 0 || row.hasOE && word & 0x400 != 0
        if records {
            guard let recording else { return false }
            step.run = recording
        } else {
            step.run = plain
        }
        step.rt = UInt8(truncatingIfNeeded: f.rt)
        step.ra = UInt8(truncatingIfNeeded: f.ra)
        step.rb = UInt8(truncatingIfNeeded: f.rb)
        step.rc = UInt8(truncatingIfNeeded: f.rc)
        step.sh = UInt8(truncatingIfNeeded: longShift ? f.sh6 : f.sh)
        step.field = UInt8(truncatingIfNeeded: f.bf)
        step.immediate =
            switch immediate {
            case .none: 0
            case .signed: f.si
            case .unsigned: f.ui
            case .scaled4: f.ds
            case .mask(let kind): f.rotateMask(kind)
            }
        return true
    }
}
