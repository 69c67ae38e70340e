import CPPCState

/// Branches as steps (ISA 3.1 Book I, section 2.4), and the moves of LR and CTR that go with them.
///
/// Whether a branch is taken is decided by the interpreter's ``Branch/holds(_:_:_:)``; here stands only how execution
/// goes on.
enum BranchSteps {
    /// Chooses the function of a block's last instruction, if it is one of the usual branches.
    ///
    /// - Parameters:
    ///   - lowered: What the row is, as the translators name it.
    ///   - isFollowed: The next step is that of the target (``BlockPath``).
    static func function(
        _ lowered: Lowered?, _ word: UInt64, _ context: TranslationContext, isFollowed: Bool
    ) -> StepFunction? {
        let bo = Int(word >> 21 & 31)
        switch lowered {
        case .b, .ba: return isFollowed ? followedJump : jump
        case .bl, .bla: return isFollowed ? followedCall : jumpAndLink
        case .bc, .bca: return context.narrow ? conditional(bo) : counting(bo) ?? conditional(bo)
        case .bclr: return isFollowed ? followedReturn : returning(bo)
        case .bclrl: return word >> 21 & 20 == 20 ? callThroughLR : nil
        case .bcctr: return word >> 21 & 20 == 20 ? jumpToCTR : nil
        case .bcctrl: return word >> 21 & 20 == 20 ? callThroughCTR : nil
        default: return nil
        }
    }

    /// What such a move is to ``Fusion``.
    static func moveKind(_ lowered: Lowered?, _ word: UInt64) -> StepKind {
        switch (lowered, SPRMoves.sprNumber(word)) {
        case (.mfspr, 8): .mflr
        case (.mtspr, 8): .mtlr
        default: .none
        }
    }

    /// Moves of LR and CTR, which share their row with every other special purpose register.
    static func move(_ lowered: Lowered?, _ word: UInt64) -> StepFunction? {
        switch (lowered, SPRMoves.sprNumber(word)) {
        case (.mfspr, 8): { StepFlow.plain($0, $1) { SPRMoves.mflr($0, $1) } }
        case (.mfspr, 9): { StepFlow.plain($0, $1) { SPRMoves.mfctr($0, $1) } }
        case (.mtspr, 8): { StepFlow.plain($0, $1) { SPRMoves.mtlr($0, $1) } }
        case (.mtspr, 9): { StepFlow.plain($0, $1) { SPRMoves.mtctr($0, $1) } }
        default: nil
        }
    }

    /// BO without hint bits (ISA 3.1 Book I, figure 40).
    private static func conditional(_ bo: Int) -> StepFunction {
        switch bo {
        case 16, 17, 24, 25: { BranchSteps.taken($0, $1, if: Branch.holds($0, BranchSteps.operands($1), 16)) }
        case 18, 19, 26, 27: { BranchSteps.taken($0, $1, if: Branch.holds($0, BranchSteps.operands($1), 18)) }
        case 4...7: { BranchSteps.taken($0, $1, if: Branch.holds($0, BranchSteps.operands($1), 4)) }
        case 12...15: { BranchSteps.taken($0, $1, if: Branch.holds($0, BranchSteps.operands($1), 12)) }
        default:
            { BranchSteps.taken($0, $1, if: Branch.holds($0, BranchSteps.operands($1), BranchSteps.operands($1).rt)) }
        }
    }

    /// Branches that count down in 64-bit mode.
    private static func counting(_ bo: Int) -> StepFunction? {
        switch bo {
        case 16, 17, 24, 25: { BranchSteps.taken($0, $1, if: Branch.holds($0, WideStep(step: Step.at($1)), 16)) }
        case 18, 19, 26, 27: { BranchSteps.taken($0, $1, if: Branch.holds($0, WideStep(step: Step.at($1)), 18)) }
        default: nil
        }
    }

    private static func returning(_ bo: Int) -> StepFunction {
        switch bo {
        case 20...23, 28...31: { BranchSteps.indirect($0, $1, $0.pointee.lr) }
        case 4...7:
            { cpu, raw in
                let target = cpu.pointee.lr
                guard Branch.holds(cpu, BranchSteps.operands(raw), 4) else { return StepFlow.pass(cpu, raw) }
                return BranchSteps.indirect(cpu, raw, target)
            }
        case 12...15:
            { cpu, raw in
                let target = cpu.pointee.lr
                guard Branch.holds(cpu, BranchSteps.operands(raw), 12) else { return StepFlow.pass(cpu, raw) }
                return BranchSteps.indirect(cpu, raw, target)
            }
        default:
            { cpu, raw in
                let target = cpu.pointee.lr
                guard Branch.holds(cpu, BranchSteps.operands(raw), BranchSteps.operands(raw).rt) else {
                    return StepFlow.pass(cpu, raw)
                }
                return BranchSteps.indirect(cpu, raw, target)
            }
        }
    }

    /// What a branch is to ``Fusion``.
    static func kind(_ lowered: Lowered?, _ word: UInt64, isFollowed: Bool) -> StepKind {
        let bo = Int(word >> 21 & 31)
        return switch lowered {
        case .bc, .bca: 4...7 ~= bo ? .branchIfClear : 12...15 ~= bo ? .branchIfSet : .none
        case .bclr: bo & 20 == 20 ? isFollowed ? .followedReturn : .returning : .none
        default: .none
        }
    }

    @inline(__always)
    private static func operands(_ raw: UnsafeMutableRawPointer) -> PlainStep { PlainStep(step: Step.at(raw)) }

    @inline(__always)
    static func taken(
        _ cpu: CPUState, _ raw: UnsafeMutableRawPointer, if holds: Bool
    ) -> UnsafeMutableRawPointer? {
        guard holds else { return StepFlow.pass(cpu, raw) }
        Branch.comesFrom(cpu, Step.at(raw).pointee.address)
        return StepFlow.follow(cpu, raw)
    }

    private static let jump: StepFunction = { BranchSteps.taken($0, $1, if: true) }

    private static let followedJump: StepFunction = { cpu, raw in
        Branch.comesFrom(cpu, Step.at(raw).pointee.address)
        return StepFlow.advance(cpu, raw)
    }

    private static let followedCall: StepFunction = { cpu, raw in
        cpu.pointee.lr = Step.at(raw).pointee.immediate
        Branch.comesFrom(cpu, Step.at(raw).pointee.address)
        return StepFlow.advance(cpu, raw)
    }

    private static let followedReturn: StepFunction = { BranchSteps.comeBack($0, $1) }

    /// Comes back to behind the call in the same block, if that is where LR still points.
    @inline(__always)
    static func comeBack(_ cpu: CPUState, _ raw: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
        guard effectiveAddress(cpu, cpu.pointee.lr & ~3) == Step.at(raw).pointee.targetAddress else {
            return BranchSteps.strayReturn(cpu, raw)
        }
        Branch.comesFrom(cpu, Step.at(raw).pointee.address)
        return StepFlow.advance(cpu, raw)
    }

    @inline(never)
    private static func strayReturn(_ cpu: CPUState, _ raw: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
        indirect(cpu, raw, cpu.pointee.lr)
    }

    private static let jumpAndLink: StepFunction = { cpu, raw in
        cpu.pointee.lr = Step.at(raw).pointee.immediate
        return BranchSteps.taken(cpu, raw, if: true)
    }

    @inline(__always)
    static func indirect(
        _ cpu: CPUState, _ raw: UnsafeMutableRawPointer, _ target: UInt64
    ) -> UnsafeMutableRawPointer? {
        let step = Step.at(raw)
        Branch.comesFrom(cpu, step.pointee.address)
        cpu.pointee.instructions_executed &+= UInt64(step.pointee.count)
        let address = effectiveAddress(cpu, target & ~3)
        guard let first = StepCache.find(cpu, address) else { return StepFlow.toEngine(cpu, address) }
        return StepFlow.begin(cpu, first)
    }

    private static let jumpToCTR: StepFunction = { BranchSteps.indirect($0, $1, $0.pointee.ctr) }

    private static let callThroughCTR: StepFunction = { cpu, raw in
        cpu.pointee.lr = Step.at(raw).pointee.immediate
        return BranchSteps.indirect(cpu, raw, cpu.pointee.ctr)
    }

    private static let callThroughLR: StepFunction = { cpu, raw in
        let target = cpu.pointee.lr
        cpu.pointee.lr = Step.at(raw).pointee.immediate
        return BranchSteps.indirect(cpu, raw, target)
    }
}
