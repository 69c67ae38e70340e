import CJIT
import CPPCState

// Indirect branches: by what was seen of their targets, else through the jump cache.
extension Translator {
    mutating func indirectBranch(_ block: GuestBlock) {
        let word = buffer.instructions[current].word
        let choice = Choice(word: word)
        let toCTR = word &>> 1 & 0x3ff == 528
        if toCTR && !choice.keepsCTR {
            // An invalid form; the function decides.
            callInstruction()
            leave(Edge(inside: -1, target: block.next))
            return
        }
        settleCondition()
        if !block.guesses.isEmpty { return guessedBranch(block, slot: toCTR ? Slot.ctr : Slot.lr) }
        let fused = choice.keepsCTR && flagsOffset == asm.offset && flagsField == choice.field && choice.mask != 1
        let source = use(toCTR ? Slot.ctr : Slot.lr, .rax)
        asm.copy(.rax, source)
        setLinkKeepingTarget(word)
        if !choice.keepsCTR { decrementCTRKeepingTarget() }
        let next = Edge(inside: block.nextBlock, target: block.next)
        if next.inside >= 0 { prepare(next.inside) }
        let before = dirty
        store(dirty)
        if !choice.always {
            // Everything is written back, so the way on is clean for code outside.
            dirty = 0
            if !choice.keepsCTR { leave(choice.wantsZero ? .notEqual : .equal, next) }
            if !choice.ignoresCondition { leave(condition(choice, fused: fused).inverted, next) }
            dirty = before
        }
        asm.alu(.and, wide, .rax, immediate: -4)
        noteTarget()
        jumpIndirect()
        dirty = 0
    }

    /// Blocks remember the last targets of their branch (in rax) for the region that they may become. Uses rcx and rdx.
    private mutating func noteTarget() {
        guard !isRegion, let raw = entry.memory.allocateData(BranchProfile.size, alignment: 8)
        else { return }
        profile = BranchProfile(raw)
        // mov ecx, [rip + counter]
        asm.ripRelative(
            0, wide: false, 0, 0x8b, reg: HostRegister.rcx.code,
            UnsafeRawPointer(header) + SlowHeader.counterOffset)
        asm.alu(.and, .w32, .rcx, immediate: Int32(BranchProfile.count - 1))
        // lea rdx, [rip + targets]
        asm.ripRelative(0, wide: true, 0, 0x8d, reg: HostRegister.rdx.code, raw)
        asm.store(.w64, MemoryOperand(.rdx, index: .rcx, scale: 3, 0), .rax)
    }

    /// Compares the target with what it was before, or is known to be unless somebody has changed LR.
    private mutating func guessedBranch(_ block: GuestBlock, slot: Int) {
        let source = use(slot, .rax)
        setLinkKeepingTarget(buffer.instructions[current].word)
        var edges = block.guesses.map { Edge(inside: buffer.guesses[$0].block, target: buffer.guesses[$0].target) }
        for edge in edges where edge.inside >= 0 { prepare(edge.inside) }
        // What comes next in the code needs no jump.
        var last: Edge?
        if let index = edges.firstIndex(where: { Int($0.inside) == currentBlock + 1 }) {
            last = edges.remove(at: index)
        } else if edges.count == 1 {
            last = edges.removeFirst()
        }
        for edge in edges {
            compare(source, with: edge.target)
            leave(.equal, edge)
        }
        if let last {
            compare(source, with: last.target)
            let label = asm.label()
            asm.jump(.notEqual, label)
            addStub(Stub(kind: .unexpected, label: label, dirty: dirty, first: Int32(truncatingIfNeeded: slot)))
            leave(last)
        } else {
            store(dirty)
            asm.copy(.rax, source)
            asm.alu(.and, wide, .rax, immediate: -4)
            jumpIndirect()
            dirty = 0
        }
    }

    private mutating func compare(_ source: HostRegister, with target: UInt64) {
        if let small = Int32(exactly: Int64(bitPattern: target)) {
            asm.alu(.cmp, wide, source, immediate: small)
        } else {
            asm.constant(.rcx, target)
            asm.alu(.cmp, wide, source, .rcx)
        }
    }

    /// The target (in a register of its own or in rax) was none of those expected.
    mutating func emitUnexpected(_ stub: Stub) {
        store(stub.dirty)
        let code = hostOf[Int(stub.first)]
        if code != 0xff { asm.copy(.rax, HostRegister(code)) }
        asm.alu(.and, wide, .rax, immediate: -4)
        jumpIndirect()
    }

    private mutating func setLinkKeepingTarget(_ word: UInt64) {
        guard word & 1 != 0 else { return }
        let register = define(Slot.lr, .rcx)
        asm.constant(register, (address &+ 4) & addressMask)
        finish(Slot.lr, register)
    }

    private mutating func decrementCTRKeepingTarget() {
        if hostOf[Slot.ctr] == 0xff {
            decrementCTR()
        } else {
            let register = use(Slot.ctr, .rcx)
            asm.alu(.sub, .w64, register, immediate: 1)
            finish(Slot.ctr, register)
            if context.narrow { asm.test(.w32, register, register) }
        }
    }
}
