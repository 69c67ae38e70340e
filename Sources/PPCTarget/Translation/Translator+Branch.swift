import CJIT
import CPPCState

// Ends of blocks: branches and the ways out of generated code (ISA 3.1 Book I, section 2.4).
extension Translator {
    /// One way out of a block.
    struct Edge {
        /// Block of the region, or -1.
        var inside: Int32
        var target: UInt64
    }

    mutating func end(_ block: GuestBlock) {
        let next = Edge(inside: block.nextBlock, target: block.next)
        switch block.ending {
        case .fallsThrough: leave(next)
        case .refused:
            settleCondition()
            flush()
            setNIP(block.next)
            asm.jump(to: entry.thunks.interpret)
        case .called where isHypercall: callHypercall(block.next)
        case .called:
            callInstruction()
            if info(current).pointee.changesContext {
                // Which code comes next is to be decided anew.
                setNIP(block.next)
                asm.constant(.rax, UInt64(truncatingIfNeeded: Outcome.context))
                asm.jump(to: entry.thunks.outcome)
            } else {
                leave(Edge(inside: -1, target: block.next))
            }
        case .direct: directBranch(block)
        case .indirect: indirectBranch(block)
        }
    }

    /// Unconditional way out.
    mutating func leave(_ edge: Edge) {
        if edge.inside >= 0 {
            if wantsCondition(edge) { settleCondition() } else { passCondition(edge.inside) }
            prepare(edge.inside)
            arrive(edge.inside)
            if Int(edge.inside) != currentBlock + 1 { asm.jump(blockLabels[Int(edge.inside)]) }
        } else {
            settleCondition()
            flush()
            exit(to: edge.target)
        }
    }

    /// Jump to code outside; everything is written back already. Uses rax, rcx, rdx.
    mutating func exit(to target: UInt64) {
        if source.contains(target) {
            let label = asm.label()
            asm.jump(label)
            addChain(label, target)
        } else {
            asm.constant(.rax, target)
            Thunks.emitJump(&asm, to: target, lookup: entry.thunks.lookup)
        }
    }

    /// Registers the jump just written, whose displacement are the last four bytes, as one that can be linked.
    private mutating func addChain(_ label: Assembler.Label, _ target: UInt64) {
        guard exitCount < entry.exitCapacity else {
            exhausted = true
            return
        }
        entry.exits[exitCount] = ExitRecord(
            target: target, patch: UInt32(truncatingIfNeeded: asm.cursor - 4 - entry.memory.write), stub: 0)
        addStub(Stub(kind: .chain, label: label, first: Int32(truncatingIfNeeded: exitCount)))
        exitCount += 1
    }

    /// Conditional way out.
    mutating func leave(_ condition: HostCondition, _ edge: Edge) {
        if edge.inside >= 0 {
            passCondition(edge.inside)
            arrive(edge.inside)
            asm.jump(condition, blockLabels[Int(edge.inside)])
        } else if dirty == 0, !deferred.isPending, source.contains(edge.target) {
            let label = asm.label()
            asm.jump(condition, label)
            addChain(label, edge.target)
        } else {
            let label = asm.label()
            var left = deferred
            left.flagsHold = flagsOffset == asm.offset && flagsField == Int(left.field)
            asm.jump(condition, label)
            addStub(
                Stub(
                    kind: .exit, label: label, address: edge.target, dirty: dirty, condition: left,
                    conditionValid: valid))
        }
    }

    /// Jump to the guest address in rax through the jump cache of the context.
    mutating func jumpIndirect() { Thunks.emitJump(&asm, lookup: entry.thunks.lookup) }

    // MARK: Conditions

    /// BO and BI of a conditional branch.
    struct Choice {
        let word: UInt64
        var bo: UInt64 { word &>> 21 & 31 }
        var ignoresCondition: Bool { bo & 16 != 0 }
        var keepsCTR: Bool { bo & 4 != 0 }
        /// The condition bit must be one.
        var wantsSet: Bool { bo & 8 != 0 }
        /// CTR must have become zero.
        var wantsZero: Bool { bo & 2 != 0 }
        var field: Int { Int(truncatingIfNeeded: word &>> 18 & 7) }
        /// Mask of the bit in its field's byte.
        var mask: UInt8 { 8 &>> UInt8(truncatingIfNeeded: word &>> 16 & 3) }
        var always: Bool { ignoresCondition && keepsCTR }
    }

    private mutating func setLink(_ word: UInt64) {
        guard word & 1 != 0 else { return }
        let register = define(Slot.lr)
        asm.constant(register, (address &+ 4) & addressMask)
        finish(Slot.lr, register)
    }

    /// Decrements CTR; the zero flag tells the outcome.
    mutating func decrementCTR() {
        if hostOf[Slot.ctr] == 0xff {
            asm.alu(.sub, .w64, Slot.memory(Slot.ctr), immediate: 1)
            if context.narrow { asm.alu(.cmp, .w32, Slot.memory(Slot.ctr), immediate: 0) }
        } else {
            let register = use(Slot.ctr, .rax)
            asm.alu(.sub, .w64, register, immediate: 1)
            finish(Slot.ctr, register)
            if context.narrow { asm.test(.w32, register, register) }
        }
    }

    /// The host condition under which the branch's condition register bit is as wanted. Writes a test unless the
    /// comparison's flags are still there.
    mutating func condition(_ choice: Choice, fused: Bool) -> HostCondition {
        if fused {
            let condition: HostCondition
            switch choice.mask {
            case 8: condition = flagsSigned ? .less : .below
            case 4: condition = flagsSigned ? .greater : .above
            default: condition = .equal
            }
            return choice.wantsSet ? condition : condition.inverted
        }
        asm.testByte(state(Int(CJ_CR), choice.field), immediate: choice.mask)
        return choice.wantsSet ? .notEqual : .equal
    }

    private mutating func directBranch(_ block: GuestBlock) {
        let word = buffer.instructions[current].word
        let taken = Edge(inside: block.takenBlock, target: block.taken)
        let next = Edge(inside: block.nextBlock, target: block.next)
        let choice = Choice(word: word)
        // A `blr` whose target is known is a `bc`.
        let conditional = word &>> 26 != 18
        let decides = conditional && choice.keepsCTR && deferredDecides(choice.field, choice.mask)
        if decides {
            restoreFlags()
        } else if conditional && !choice.always
            && (!choice.ignoresCondition && Int(deferred.field) == choice.field || wantsCondition(taken)
                || wantsCondition(next))
        {
            settleCondition()
        }
        let fused =
            conditional && choice.keepsCTR && flagsOffset == asm.offset && flagsField == choice.field
            && choice.mask != 1
        setLink(word)
        guard conditional, !choice.always else {
            leave(taken)
            return
        }
        if !choice.keepsCTR { decrementCTR() }
        if taken.inside >= 0 || next.inside >= 0 { prepare(taken.inside, next.inside) } else { flush() }
        if fused { flagsOffset = asm.offset }
        if choice.keepsCTR {
            var possible = deferred.possible
            if decides {
                let set = choice.wantsSet ? possible & choice.mask : possible & ~choice.mask
                if set != 0 && set != possible { possible = set }
            }
            branch(condition(choice, fused: fused), taken, next, takenPossible: possible)
        } else if choice.ignoresCondition {
            branch(choice.wantsZero ? .equal : .notEqual, taken, next)
        } else {
            // Both must hold: leave on the first that does not.
            leave(choice.wantsZero ? .notEqual : .equal, next)
            branch(condition(choice, fused: false), taken, next)
        }
    }

    /// - Parameter takenPossible: Results of the deferred comparison that lead to `taken`; all if it does not decide.
    private mutating func branch(
        _ condition: HostCondition, _ taken: Edge, _ next: Edge, takenPossible: UInt8? = nil
    ) {
        let possible = deferred.possible
        let takenPossible = takenPossible ?? possible
        let nextPossible = takenPossible == possible ? possible : possible & ~takenPossible
        if taken.inside >= 0, Int(taken.inside) == currentBlock + 1 {
            split(condition.inverted, next, nextPossible, taken, takenPossible)
        } else {
            split(condition, taken, takenPossible, next, nextPossible)
        }
    }

    /// Jumps to the first edge under a condition and else goes to the second, with the results of the deferred
    /// comparison that are possible there.
    private mutating func split(
        _ condition: HostCondition, _ jump: Edge, _ jumpPossible: UInt8, _ rest: Edge, _ restPossible: UInt8
    ) {
        if jump.inside >= 0, wantsCondition(jump) {
            if Int(jump.inside) > currentBlock, wantsCondition(rest) {
                settleCondition()
            } else {
                // Right if the jump is taken; otherwise the field is still to be stored.
                storeField(deferred.field, jumpPossible, signed: deferred.isSigned)
            }
        }
        let holdsFlags = flagsOffset == asm.offset
        deferred.possible = jumpPossible
        leave(condition, jump)
        deferred.possible = restPossible
        if holdsFlags { flagsOffset = asm.offset }
        leave(rest)
    }
}
