import CPPCState

// Fusions of instructions that work on registers alone.

extension StepFlow {
    /// Where an instruction's result goes.
    enum Result { case rt, ra }

    /// Two instructions of which the second takes the first one's result as RS.
    @inline(__always)
    static func linkedRS(
        _ cpu: CPUState, _ raw: UnsafeMutableRawPointer, _ result: Result, _ first: (CPUState, FirstStep) -> Int32,
        _ second: (CPUState, LinkedRS) -> Int32
    ) -> UnsafeMutableRawPointer? {
        let one = FirstStep(step: Step.at(raw))
        let next = raw + Step.size
        _ = first(cpu, one)
        _ = second(cpu, LinkedRS(step: Step.at(next), rt: result == .rt ? one.rt : one.ra))
        return advance(cpu, next)
    }

    /// The same with RA.
    @inline(__always)
    static func linkedRA(
        _ cpu: CPUState, _ raw: UnsafeMutableRawPointer, _ result: Result, _ first: (CPUState, FirstStep) -> Int32,
        _ second: (CPUState, LinkedRA) -> Int32
    ) -> UnsafeMutableRawPointer? {
        let one = FirstStep(step: Step.at(raw))
        let next = raw + Step.size
        _ = first(cpu, one)
        _ = second(cpu, LinkedRA(step: Step.at(next), ra: result == .rt ? one.rt : one.ra))
        return advance(cpu, next)
    }

    /// The same with RB.
    @inline(__always)
    static func linkedRB(
        _ cpu: CPUState, _ raw: UnsafeMutableRawPointer, _ result: Result, _ first: (CPUState, FirstStep) -> Int32,
        _ second: (CPUState, LinkedRB) -> Int32
    ) -> UnsafeMutableRawPointer? {
        let one = FirstStep(step: Step.at(raw))
        let next = raw + Step.size
        _ = first(cpu, one)
        _ = second(cpu, LinkedRB(step: Step.at(next), rb: result == .rt ? one.rt : one.ra))
        return advance(cpu, next)
    }

    /// Two instructions that need know nothing of each other.
    @inline(__always)
    static func both(
        _ cpu: CPUState, _ raw: UnsafeMutableRawPointer, _ first: (CPUState, PlainStep) -> Int32,
        _ second: (CPUState, PlainStep) -> Int32
    ) -> UnsafeMutableRawPointer? {
        let next = raw + Step.size
        _ = first(cpu, PlainStep(step: Step.at(raw)))
        _ = second(cpu, PlainStep(step: Step.at(next)))
        return advance(cpu, next)
    }

    /// A comparison, and a branch that is taken if a bit of its result is clear or set as BO says.
    @inline(__always)
    static func compareAndBranch<F: FirstComparison>(
        _ cpu: CPUState, _ raw: UnsafeMutableRawPointer, _: F.Type, _ bo: Int, _ compare: (CPUState, F) -> Int32
    ) -> UnsafeMutableRawPointer? {
        let field = Int(Step.at(raw).pointee.field)
        let next = raw + Step.size
        _ = compare(cpu, F(step: Step.at(raw), bf: field))
        return BranchSteps.taken(
            cpu, next, if: Branch.holds(cpu, LinkedBranch(step: Step.at(next), bf: field), bo))
    }

    /// An instruction that sets CR0, and such a branch.
    @inline(__always)
    static func recordAndBranch(
        _ cpu: CPUState, _ raw: UnsafeMutableRawPointer, _ bo: Int, _ first: (CPUState, WideStep) -> Int32
    ) -> UnsafeMutableRawPointer? {
        let next = raw + Step.size
        _ = first(cpu, WideStep(step: Step.at(raw)))
        return BranchSteps.taken(cpu, next, if: Branch.holds(cpu, LinkedBranch(step: Step.at(next), bf: 0), bo))
    }
}

extension Fusion {
    static let comparisons: [Fusion] = [
        Fusion(.andiRecord, .branchIfClear, .field) {
            StepFlow.recordAndBranch($0, $1, 4) { FixedPointLogical.andi($0, $1, shift: 0) }
        },
        Fusion(.andiRecord, .branchIfSet, .field) {
            StepFlow.recordAndBranch($0, $1, 12) { FixedPointLogical.andi($0, $1, shift: 0) }
        },
        Fusion(.cmpi, .branchIfClear, .field) {
            StepFlow.compareAndBranch($0, $1, FirstOfWords.self, 4) { FixedPointCompare.cmpi($0, $1) }
        },
        Fusion(.cmpi, .branchIfSet, .field) {
            StepFlow.compareAndBranch($0, $1, FirstOfWords.self, 12) { FixedPointCompare.cmpi($0, $1) }
        },
        Fusion(.cmpdi, .branchIfClear, .field) {
            StepFlow.compareAndBranch($0, $1, FirstOfDoublewords.self, 4) { FixedPointCompare.cmpi($0, $1) }
        },
        Fusion(.cmpdi, .branchIfSet, .field) {
            StepFlow.compareAndBranch($0, $1, FirstOfDoublewords.self, 12) { FixedPointCompare.cmpi($0, $1) }
        },
        Fusion(.cmpli, .branchIfClear, .field) {
            StepFlow.compareAndBranch($0, $1, FirstOfWords.self, 4) { FixedPointCompare.cmpli($0, $1) }
        },
        Fusion(.cmpli, .branchIfSet, .field) {
            StepFlow.compareAndBranch($0, $1, FirstOfWords.self, 12) { FixedPointCompare.cmpli($0, $1) }
        },
        Fusion(.cmpldi, .branchIfClear, .field) {
            StepFlow.compareAndBranch($0, $1, FirstOfDoublewords.self, 4) { FixedPointCompare.cmpli($0, $1) }
        },
        Fusion(.cmpldi, .branchIfSet, .field) {
            StepFlow.compareAndBranch($0, $1, FirstOfDoublewords.self, 12) { FixedPointCompare.cmpli($0, $1) }
        },
        Fusion(.cmp, .branchIfClear, .field) {
            StepFlow.compareAndBranch($0, $1, FirstOfWords.self, 4) { FixedPointCompare.cmp($0, $1, signed: true) }
        },
        Fusion(.cmp, .branchIfSet, .field) {
            StepFlow.compareAndBranch($0, $1, FirstOfWords.self, 12) { FixedPointCompare.cmp($0, $1, signed: true) }
        },
        Fusion(.cmpd, .branchIfClear, .field) {
            StepFlow.compareAndBranch($0, $1, FirstOfDoublewords.self, 4) {
                FixedPointCompare.cmp($0, $1, signed: true)
            }
        },
        Fusion(.cmpd, .branchIfSet, .field) {
            StepFlow.compareAndBranch($0, $1, FirstOfDoublewords.self, 12) {
                FixedPointCompare.cmp($0, $1, signed: true)
            }
        },
        Fusion(.cmpl, .branchIfClear, .field) {
            StepFlow.compareAndBranch($0, $1, FirstOfWords.self, 4) { FixedPointCompare.cmp($0, $1, signed: false) }
        },
        Fusion(.cmpl, .branchIfSet, .field) {
            StepFlow.compareAndBranch($0, $1, FirstOfWords.self, 12) { FixedPointCompare.cmp($0, $1, signed: false) }
        },
        Fusion(.cmpld, .branchIfClear, .field) {
            StepFlow.compareAndBranch($0, $1, FirstOfDoublewords.self, 4) {
                FixedPointCompare.cmp($0, $1, signed: false)
            }
        },
        Fusion(.cmpld, .branchIfSet, .field) {
            StepFlow.compareAndBranch($0, $1, FirstOfDoublewords.self, 12) {
                FixedPointCompare.cmp($0, $1, signed: false)
            }
        },
    ]

    /// A constant is added or a register shifted, and the result used at once.
    static let linked: [Fusion] = [
        Fusion(.addi, .add, .raOrRB) {
            StepFlow.linkedRA($0, $1, .rt, { FixedPointArithmetic.addi($0, $1) }, { FixedPointArithmetic.add($0, $1) })
        },
        Fusion(.addi, .subf, .ra) {
            StepFlow.linkedRA($0, $1, .rt, { FixedPointArithmetic.addi($0, $1) }, { FixedPointArithmetic.subf($0, $1) })
        },
        Fusion(.addi, .subf, .rb) {
            StepFlow.linkedRB($0, $1, .rt, { FixedPointArithmetic.addi($0, $1) }, { FixedPointArithmetic.subf($0, $1) })
        },
        Fusion(.addi, .and, .rsOrRB) {
            StepFlow.linkedRS(
                $0, $1, .rt, { FixedPointArithmetic.addi($0, $1) }, { FixedPointLogical.binary($0, $1) { $0 & $1 } })
        },
        Fusion(.addi, .or, .rsOrRB) {
            StepFlow.linkedRS(
                $0, $1, .rt, { FixedPointArithmetic.addi($0, $1) }, { FixedPointLogical.binary($0, $1) { $0 | $1 } })
        },
        Fusion(.addi, .xor, .rsOrRB) {
            StepFlow.linkedRS(
                $0, $1, .rt, { FixedPointArithmetic.addi($0, $1) }, { FixedPointLogical.binary($0, $1) { $0 ^ $1 } })
        },
        Fusion(.rlwinm, .add, .raOrRB) {
            StepFlow.linkedRA($0, $1, .ra, { FixedPointRotate.rlwinm($0, $1) }, { FixedPointArithmetic.add($0, $1) })
        },
        Fusion(.rlwinm, .subf, .ra) {
            StepFlow.linkedRA($0, $1, .ra, { FixedPointRotate.rlwinm($0, $1) }, { FixedPointArithmetic.subf($0, $1) })
        },
        Fusion(.rlwinm, .subf, .rb) {
            StepFlow.linkedRB($0, $1, .ra, { FixedPointRotate.rlwinm($0, $1) }, { FixedPointArithmetic.subf($0, $1) })
        },
        Fusion(.rlwinm, .and, .rsOrRB) {
            StepFlow.linkedRS(
                $0, $1, .ra, { FixedPointRotate.rlwinm($0, $1) }, { FixedPointLogical.binary($0, $1) { $0 & $1 } })
        },
        Fusion(.rlwinm, .or, .rsOrRB) {
            StepFlow.linkedRS(
                $0, $1, .ra, { FixedPointRotate.rlwinm($0, $1) }, { FixedPointLogical.binary($0, $1) { $0 | $1 } })
        },
        Fusion(.rlwinm, .xor, .rsOrRB) {
            StepFlow.linkedRS(
                $0, $1, .ra, { FixedPointRotate.rlwinm($0, $1) }, { FixedPointLogical.binary($0, $1) { $0 ^ $1 } })
        },
        Fusion(.rldicl, .add, .raOrRB) {
            StepFlow.linkedRA($0, $1, .ra, { FixedPointRotate.rldicl($0, $1) }, { FixedPointArithmetic.add($0, $1) })
        },
        Fusion(.rldicl, .subf, .ra) {
            StepFlow.linkedRA($0, $1, .ra, { FixedPointRotate.rldicl($0, $1) }, { FixedPointArithmetic.subf($0, $1) })
        },
        Fusion(.rldicl, .subf, .rb) {
            StepFlow.linkedRB($0, $1, .ra, { FixedPointRotate.rldicl($0, $1) }, { FixedPointArithmetic.subf($0, $1) })
        },
        Fusion(.rldicl, .and, .rsOrRB) {
            StepFlow.linkedRS(
                $0, $1, .ra, { FixedPointRotate.rldicl($0, $1) }, { FixedPointLogical.binary($0, $1) { $0 & $1 } })
        },
        Fusion(.rldicl, .or, .rsOrRB) {
            StepFlow.linkedRS(
                $0, $1, .ra, { FixedPointRotate.rldicl($0, $1) }, { FixedPointLogical.binary($0, $1) { $0 | $1 } })
        },
        Fusion(.rldicl, .xor, .rsOrRB) {
            StepFlow.linkedRS(
                $0, $1, .ra, { FixedPointRotate.rldicl($0, $1) }, { FixedPointLogical.binary($0, $1) { $0 ^ $1 } })
        },
        Fusion(.addis, .addi, .base) {
            StepFlow.linkedRA(
                $0, $1, .rt, { FixedPointArithmetic.addis($0, $1) }, { FixedPointArithmetic.addi($0, $1) })
        },
    ]

    /// What stands around calls: constants and copies into registers, LR's way back.
    static let moves: [Fusion] = [
        Fusion(.addi, .addi) {
            StepFlow.both($0, $1, { FixedPointArithmetic.addi($0, $1) }, { FixedPointArithmetic.addi($0, $1) })
        },
        Fusion(.addi, .or) {
            StepFlow.both(
                $0, $1, { FixedPointArithmetic.addi($0, $1) }, { FixedPointLogical.binary($0, $1) { $0 | $1 } })
        },
        Fusion(.or, .addi) {
            StepFlow.both(
                $0, $1, { FixedPointLogical.binary($0, $1) { $0 | $1 } }, { FixedPointArithmetic.addi($0, $1) })
        },
        Fusion(.or, .or) {
            StepFlow.both(
                $0, $1, { FixedPointLogical.binary($0, $1) { $0 | $1 } },
                { FixedPointLogical.binary($0, $1) { $0 | $1 } })
        },
        Fusion(.mtlr, .returning) { cpu, raw in
            _ = SPRMoves.mtlr(cpu, PlainStep(step: Step.at(raw)))
            return BranchSteps.indirect(cpu, raw + Step.size, cpu.pointee.lr)
        },
        Fusion(.mtlr, .followedReturn) { cpu, raw in
            _ = SPRMoves.mtlr(cpu, PlainStep(step: Step.at(raw)))
            return BranchSteps.comeBack(cpu, raw + Step.size)
        },
    ]
}
