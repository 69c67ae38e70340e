import CJIT
import CPPCState

/// A comparison whose condition register field has not been stored yet.
///
/// Most fields are read by the branch behind the comparison, from the host's flags, and overwritten by the next
/// comparison. In a region the field is therefore stored late: out of line where code can be left for a slow path, on
/// the edges that lead out or join others, and before its operands change. What is overwritten first costs nothing.
struct DeferredCondition {
    static var none: UInt8 { 0xff }
    /// The field, or ``none``.
    var field: UInt8 = none
    /// Which results are possible: LT 8, GT 4, EQ 2. Branches that were passed leave fewer.
    var possible: UInt8 = 14
    /// The operands still have the values that were compared; always so while more than one result is possible.
    var keepsOperands = true
    var isSigned = true
    var width = HostWidth.w64
    var a: UInt8 = 0
    /// ``none`` for the immediate.
    var b: UInt8 = none
    var immediate: Int32 = 0
    /// The host's flags are the comparison's where a block or stub begins with this.
    var flagsHold = false

    var isPending: Bool { field != Self.none }
    var isDecided: Bool { possible & (possible &- 1) == 0 }

    /// The host's condition for one bit of the field.
    func condition(_ mask: UInt8) -> HostCondition {
        switch mask {
        case 8: isSigned ? .less : .below
        case 4: isSigned ? .greater : .above
        default: .equal
        }
    }
}

/// What an instruction means to a comparison in front of it that is not stored yet.
enum ConditionEffect {
    /// Neither reads a field nor can be left in the middle; overwrites the field given, or ``DeferredCondition/none``.
    case pure(UInt8)
    /// May take a slow path, which stores the field first.
    case access
    /// `isel` of a bit of this field.
    case select(UInt8)
    /// Wants the condition register complete.
    case other
}

// Condition register fields that are stored late, or never.
extension Translator {
    /// Storage for what is known of the fields at the beginnings of blocks.
    struct ConditionTables {
        /// Fields that somebody may look at before they are overwritten, as bits.
        let live = UnsafeMutablePointer<UInt8>.allocate(capacity: RegionBuffer.blockCapacity)
        /// Edges that lead to the block.
        let edges = UnsafeMutablePointer<UInt8>.allocate(capacity: RegionBuffer.blockCapacity)
        /// What is not stored yet, coming from the only edge.
        let entry = UnsafeMutablePointer<DeferredCondition>.allocate(capacity: RegionBuffer.blockCapacity)

        func deallocate() {
            live.deallocate()
            edges.deallocate()
            entry.deallocate()
        }
    }

    // MARK: What instructions do

    func conditionEffect(_ position: Int) -> ConditionEffect {
        let word = buffer.instructions[position].word
        guard let op = info(position).pointee.lowered, lowers(op, word) else { return .other }
        switch op {
        case .cmpi, .cmpli, .cmp, .cmpl: return .pure(UInt8(truncatingIfNeeded: word &>> 23 & 7))
        case .isel: return .select(UInt8(truncatingIfNeeded: word &>> 8 & 7))
        case .addi, .addis, .addpcis, .paddi, .addic, .subfic, .mulli, .ori, .oris, .xori, .xoris, .maddld, .cmpb,
            .popcntw, .popcntd, .brh, .brw, .brd, .pdepd, .pextd, .maddhd, .maddhdu:
            return .pure(DeferredCondition.none)
        case .addicRecord, .andiRecord, .andisRecord: return .pure(0)
        case .add, .addc, .adde, .addme, .addze, .subf, .subfc, .subfe, .subfme, .subfze, .neg, .mullw, .mulld,
            .mulhw, .mulhwu, .mulhd, .mulhdu, .and, .or, .xor, .nand, .nor, .eqv, .andc, .orc, .extsb, .extsh,
            .extsw, .cntlzw, .cntlzd, .cnttzw, .cnttzd, .rlwinm, .rlwnm, .rlwimi, .rldicl, .rldicr, .rldic,
            .rldimi, .rldcl, .rldcr, .slw, .srw, .sraw, .srawi, .sld, .srd, .srad, .sradi, .extswsli:
            return .pure(word & 1 != 0 ? 0 : DeferredCondition.none)
        case .mfspr, .mtspr:
            let number = Word(word).spr
            return number == 8 || number == 9 ? .pure(DeferredCondition.none) : .other
        case .dcbst, .dcbf, .icbi: return .access
        default: return Self.access(op) != nil ? .access : .other
        }
    }

    /// Whether a field is overwritten before anybody can look at it, from an instruction of the current block on.
    private func isDead(_ field: UInt8, from position: Int) -> Bool {
        let block = buffer.blocks[currentBlock]
        var index = position
        while index < blockEnd {
            if index == blockEnd - 1, block.ending != .fallsThrough, block.ending != .refused { break }
            switch conditionEffect(index) {
            case .pure(field): return true
            case .pure: break
            case .select(let read): if read == field { return false }
            case .access, .other: return false
            }
            index += 1
        }
        if block.ending == .direct {
            let word = buffer.instructions[blockEnd - 1].word
            if word &>> 26 != 18, word &>> 21 & 16 == 0, UInt8(truncatingIfNeeded: word &>> 18 & 7) == field {
                return false
            }
        } else if block.ending != .fallsThrough {
            return false
        }
        return isDead(field, after: block)
    }

    /// The same behind the end of a block.
    private func isDead(_ field: UInt8, after block: GuestBlock) -> Bool {
        func isDead(_ address: UInt64, _ inside: Int32) -> Bool {
            address == .max || inside >= 0 && conditions.live[Int(inside)] &>> field & 1 == 0
        }
        return isDead(block.taken, block.takenBlock) && isDead(block.next, block.nextBlock)
    }

    /// Finds which fields are looked at first, for every block, and how many edges lead to it.
    mutating func spreadConditions() {
        let count = buffer.blockCount
        for index in 0..<count {
            conditions.entry[index] = DeferredCondition()
            conditions.edges[index] = index == 0 ? 1 : 0
            conditions.live[index] = 0xff
        }
        guard holdsAcrossBlocks else { return }
        for index in 0..<count {
            buffer.forEachSuccessor(index) { conditions.edges[$0] &+= 1 }
        }
        // From everything being looked at downwards; two rounds find nearly all there is.
        for _ in 0..<2 {
            for index in stride(from: count - 1, to: 0, by: -1) where !buffer.blocks[index].isLoopHead {
                var live: UInt8 = 0
                currentBlock = index
                blockEnd = Int(buffer.blocks[index].first &+ buffer.blocks[index].count)
                for field in UInt8(0)..<8 where !isDead(field, from: Int(buffer.blocks[index].first)) {
                    live |= 1 &<< field
                }
                conditions.live[index] = live
            }
        }
    }

    // MARK: Comparisons

    /// The host's flags have the outcome of a comparison with `deferred`'s operands.
    mutating func compared(_ new: DeferredCondition) {
        flagsOffset = asm.offset
        flagsField = Int(new.field)
        flagsSigned = new.isSigned
        if deferred.field == new.field { deferred.field = DeferredCondition.none }
        if defers(new) {
            deferred = new
        } else {
            storeField(new.field, new.possible, signed: new.isSigned)
        }
    }

    /// Whether a comparison by the current instruction is better stored later.
    private func defers(_ new: DeferredCondition) -> Bool {
        guard holdsAcrossBlocks, entry.hooks.isEmpty else { return false }
        let block = buffer.blocks[currentBlock]
        let operands = Slot.bit(Int(new.a)) | (new.b == DeferredCondition.none ? 0 : Slot.bit(Int(new.b)))
        var index = current + 1
        while index < blockEnd {
            if index == blockEnd - 1, block.ending != .fallsThrough, block.ending != .refused { break }
            switch conditionEffect(index) {
            case .pure(new.field): return true
            case .other: return false
            case .pure, .access, .select: break
            }
            if info(index).pointee.gprs(buffer.instructions[index].word).writes & operands != 0 {
                return isDead(new.field, from: index + 1)
            }
            index += 1
        }
        switch block.ending {
        case .direct:
            let word = buffer.instructions[blockEnd - 1].word
            // A branch that reads the field may leave one of two ways to it.
            let field = UInt8(truncatingIfNeeded: word &>> 18 & 7)
            if word & 1 == 0, word &>> 26 != 18, word &>> 21 & 20 == 4, field == new.field {
                return block.takenBlock >= 0 || block.nextBlock >= 0
            }
            return word & 1 == 0 && (block.taken == .max || block.takenBlock >= 0)
                && (block.next == .max || block.nextBlock >= 0)
        case .fallsThrough: return block.nextBlock >= 0
        default: return false
        }
    }

    /// Stores a field, given that its value is one of `possible`; the host's flags tell which, and stay as they are.
    mutating func storeField(_ field: UInt8, _ possible: UInt8, signed: Bool) {
        func value(_ mask: UInt8) -> MemoryOperand {
            state(Int(CJ_SCRATCH), Int(CJ_CR_VALUES) &* 8 &+ (mask == 8 ? 0 : mask == 4 ? 4 : 8))
        }
        let keepsFlags = flagsOffset == asm.offset
        let first: UInt8 = possible & 4 != 0 ? 4 : possible & 8 != 0 ? 8 : 2
        asm.load(.w32, .rdx, value(first))
        if possible & 8 != 0, first != 8 { asm.moveIf(signed ? .less : .below, .w32, .rdx, value(8)) }
        if possible & 2 != 0, first != 2 { asm.moveIf(.equal, .w32, .rdx, value(2)) }
        asm.store(.w8, state(Int(CJ_CR), Int(field)), .rdx)
        if keepsFlags { flagsOffset = asm.offset }
    }

    /// Compares again. Uses rax and rcx.
    private mutating func compareAgain(_ condition: DeferredCondition, valid: UInt64) {
        func operand(_ slot: UInt8, _ scratch: R) -> R {
            let slot = Int(slot)
            if hostOf[slot] != 0xff, valid & Slot.bit(slot) != 0 { return R(hostOf[slot]) }
            asm.load(.w64, scratch, Slot.memory(slot))
            return scratch
        }
        let a = operand(condition.a, .rax)
        if condition.b != DeferredCondition.none {
            asm.alu(.cmp, condition.width, a, operand(condition.b, .rcx))
        } else if condition.immediate == 0 {
            asm.test(condition.width, a, a)
        } else {
            asm.alu(.cmp, condition.width, a, immediate: condition.immediate)
        }
    }

    /// The host's flags become the deferred comparison's, if they are not.
    mutating func restoreFlags() {
        if flagsOffset == asm.offset && flagsField == Int(deferred.field) { return }
        compareAgain(deferred, valid: valid)
        flagsOffset = asm.offset
        flagsField = Int(deferred.field)
        flagsSigned = deferred.isSigned
    }

    /// Whether the deferred comparison can decide a bit of a field.
    func deferredDecides(_ field: Int, _ mask: UInt8) -> Bool {
        Int(deferred.field) == field && mask != 1 && deferred.keepsOperands
    }

    /// Stores the field that is not stored yet. Uses rax, rcx and rdx.
    mutating func settleCondition() {
        guard deferred.isPending else { return }
        if !deferred.isDecided { restoreFlags() }
        storeField(deferred.field, deferred.possible, signed: deferred.isSigned)
        deferred.field = DeferredCondition.none
    }

    /// What a stub has to store first.
    mutating func storeCondition(_ stub: Stub) {
        let condition = stub.condition
        guard condition.isPending else { return }
        if !condition.isDecided && !condition.flagsHold { compareAgain(condition, valid: stub.conditionValid) }
        storeField(condition.field, condition.possible, signed: condition.isSigned)
    }

    // MARK: Around instructions

    /// Before the current instruction. True if the field is not wanted any more once it is done.
    mutating func prepareCondition() -> Bool {
        guard deferred.isPending else { return false }
        switch conditionEffect(current) {
        case .pure(deferred.field):
            deferred.field = DeferredCondition.none
            return false
        case .pure(let other):
            if other != DeferredCondition.none {
                if isDead(deferred.field, from: current + 1) {
                    deferred.field = DeferredCondition.none
                } else {
                    settleCondition()
                }
                return false
            }
        case .select(let field):
            if Int(field) == Int(deferred.field), !deferredDecides(Int(field), selectMask) { settleCondition() }
        case .access: break
        case .other:
            settleCondition()
            return false
        }
        guard deferred.isPending, deferred.keepsOperands else { return false }
        var operands = Slot.bit(Int(deferred.a))
        if deferred.b != DeferredCondition.none { operands |= Slot.bit(Int(deferred.b)) }
        guard info(current).pointee.gprs(buffer.instructions[current].word).writes & operands != 0 else { return false }
        if isDead(deferred.field, from: current + 1) { return true }
        if deferred.isDecided {
            deferred.keepsOperands = false
        } else {
            settleCondition()
        }
        return false
    }

    private var selectMask: UInt8 {
        8 &>> UInt8(truncatingIfNeeded: buffer.instructions[current].word &>> 6 & 3)
    }

    // MARK: Edges

    /// Whether the block can begin with what is not stored yet.
    private func inherits(_ target: Int32) -> Bool {
        Int(target) > currentBlock && conditions.edges[Int(target)] == 1 && !buffer.blocks[Int(target)].isLoopHead
    }

    /// Whether an edge wants the deferred field stored.
    func wantsCondition(_ edge: Edge) -> Bool {
        guard deferred.isPending else { return false }
        guard edge.inside >= 0 else { return true }
        return !inherits(edge.inside) && conditions.live[Int(edge.inside)] &>> deferred.field & 1 != 0
    }

    /// Leaves what is not stored to the block behind an edge, if that is so.
    mutating func passCondition(_ target: Int32) {
        guard deferred.isPending, inherits(target) else { return }
        conditions.entry[Int(target)] = deferred
        conditions.entry[Int(target)].flagsHold = flagsOffset == asm.offset && flagsField == Int(deferred.field)
    }

    /// The current block begins.
    mutating func beginCondition() {
        deferred = conditions.entry[currentBlock]
        flagsOffset = -1
        guard deferred.isPending, deferred.flagsHold else { return }
        deferred.flagsHold = false
        flagsOffset = asm.offset
        flagsField = Int(deferred.field)
        flagsSigned = deferred.isSigned
    }
}
