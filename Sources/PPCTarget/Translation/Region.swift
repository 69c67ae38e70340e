import CPPCState

/// One decoded guest instruction.
struct GuestInstruction {
    var word: UInt64
    var execute: Execute
    var row: UInt16
    /// 4 or 8 bytes.
    var length: UInt8
}

/// A run of guest instructions with one way in (the top) and one or two ways out.
struct GuestBlock {
    enum Ending: UInt8 {
        /// Falls into the next address: length limit or end of the granule.
        case fallsThrough
        /// b, bc: target known.
        case direct
        /// bclr, bcctr.
        case indirect
        /// The last instruction is called and leaves to the dispatcher unless it says to go on.
        case called
        /// The next instruction cannot execute here (illegal, privileged, facility off): the interpreter takes it.
        case refused
    }
    var address: UInt64 = 0
    var first: Int32 = 0
    var count: Int32 = 0
    var ending: Ending = .fallsThrough
    /// Ways out that are known at translation; `.max` for none.
    var taken: UInt64 = .max
    var next: UInt64 = .max
    /// The call of the region that the block belongs to, and the one that it makes; -1 for none.
    var call: Int32 = -1
    var callee: Int32 = -1
    /// Probable targets of an indirect branch, in the buffer's list.
    var guesses: Range<Int> = 0..<0
    /// Indices of blocks in the region, or -1.
    var takenBlock: Int32 = -1
    var nextBlock: Int32 = -1
    /// Reached by a backward jump inside the region.
    var isLoopHead = false
    /// Estimated number of enclosing loops.
    var depth: UInt8 = 0
    var reads: UInt64 = 0
    var writes: UInt64 = 0
    /// Slots that may be dirty on entry.
    var dirtyIn: UInt64 = 0
    /// Last block that jumps back here, or -1.
    var loopEnd: Int32 = -1
    /// Slots that whoever comes here must have in host registers, and those that all who do have there.
    var required: UInt64 = 0
    var validIn: UInt64 = .max
}

/// What block ends say by their last instruction.
extension GuestBlock {
    private func lastWord(_ buffer: RegionBuffer) -> UInt64 {
        count > 0 ? buffer.instructions[Int(first &+ count) - 1].word : 0
    }

    /// Address behind the block.
    func end(_ buffer: RegionBuffer) -> UInt64 {
        (first..<first &+ count).reduce(address) { $0 &+ UInt64(buffer.instructions[Int($1)].length) }
    }

    /// `bl`, always.
    func isCall(_ buffer: RegionBuffer) -> Bool {
        let word = lastWord(buffer)
        return ending == .direct && word &>> 26 == 18 && word & 1 != 0
    }

    /// `blr`, whether or not conditional.
    func isReturn(_ buffer: RegionBuffer) -> Bool {
        ending == .indirect && lastWord(buffer) & 0xfc00_07ff == 0x4c00_0020
    }

    /// A call through CTR, always.
    func isIndirectCall(_ buffer: RegionBuffer) -> Bool {
        ending == .indirect && lastWord(buffer) & 0xfe80_07ff == 0x4e80_0421
    }

    /// Changes LR after it has jumped to what was in it.
    func swapsLink(_ buffer: RegionBuffer) -> Bool {
        ending == .indirect && lastWord(buffer) & 0x7ff == 0x21
    }

    func isUnconditional(_ buffer: RegionBuffer) -> Bool { lastWord(buffer) &>> 21 & 20 == 20 }

    /// A branch to a known address that is no call, though it may set LR to find out where it stands.
    func staysInFunction(_ buffer: RegionBuffer) -> Bool {
        taken != .max && (lastWord(buffer) & 1 == 0 || taken == end(buffer))
    }
}

/// Where an indirect branch has gone before, and probably will again.
struct IndirectGuess {
    var target: UInt64
    /// The call that it makes, if that is copied into the region, or -1.
    var callee: Int32 = -1
    /// Index of the target's block in the region, or -1.
    var block: Int32 = -1
}

/// A function copied into a region for one of the calls of it.
struct InlinedCall {
    /// The call inside of which this one is, or -1.
    var parent: Int32
    var target: UInt64
    var returnAddress: UInt64
    var depth: UInt8
    /// Nothing in the function changes LR: its returns need no comparison.
    var keepsLink = true
}

/// Where the bytes of the granule under translation are.
struct CodeSource {
    /// Effective address of the granule's first byte, and its size.
    let start: UInt64
    let size: UInt64
    /// Host address of the granule's first byte.
    let host: UnsafeRawPointer
    let bigEndian: Bool

    @inline(__always)
    func contains(_ address: UInt64) -> Bool { address &- start <= size &- 4 && address & 3 == 0 }

    @inline(__always)
    func word(_ address: UInt64) -> UInt32 {
        let raw = (host + Int(truncatingIfNeeded: address &- start)).loadUnaligned(as: UInt32.self)
        return bigEndian ? UInt32(bigEndian: raw) : UInt32(littleEndian: raw)
    }
}

/// Storage for the blocks and instructions of the region under translation, used again and again.
final class RegionBuffer {
    static var instructionCapacity: Int { 512 }
    static var blockCapacity: Int { 32 }
    let instructions = UnsafeMutablePointer<GuestInstruction>.allocate(capacity: instructionCapacity)
    let blocks = UnsafeMutablePointer<GuestBlock>.allocate(capacity: blockCapacity)
    var instructionCount = 0
    var blockCount = 0
    var calls: [InlinedCall] = []
    /// Probable targets of indirect branches.
    var guesses: [IndirectGuess] = []

    deinit {
        instructions.deallocate()
        blocks.deallocate()
    }

    /// Calls `body` with the blocks of the region that a block leads to, twice with one that it leads to in two ways.
    @inline(__always)
    func forEachSuccessor(_ index: Int, _ body: (Int) -> Void) {
        let block = blocks[index]
        if block.takenBlock >= 0 { body(Int(block.takenBlock)) }
        if block.nextBlock >= 0 { body(Int(block.nextBlock)) }
        for guess in block.guesses where guesses[guess].block >= 0 { body(Int(guesses[guess].block)) }
    }

    func clear() {
        instructionCount = 0
        blockCount = 0
        calls.removeAll(keepingCapacity: true)
        guesses.removeAll(keepingCapacity: true)
    }
}

/// Decodes guest code into blocks.
struct RegionDecoder {
    let table: InstructionTable
    let infos: UnsafePointer<RowInfo>
    let sets: InstructionSet
    /// Instructions to leave to the interpreter: row and word.
    var refuses: ((UInt16, UInt64) -> Bool)?
    /// Effective addresses in front of which blocks end.
    var stops: Set<UInt64> = []

    /// Longest block in instructions.
    static var blockLimit: Int { 64 }

    /// Decodes one block at `address` and appends it.
    func decode(_ address: UInt64, _ source: CodeSource, _ context: TranslationContext, into buffer: RegionBuffer) {
        var block = GuestBlock()
        block.address = address
        block.first = Int32(truncatingIfNeeded: buffer.instructionCount)
        var at = address
        let room = min(Self.blockLimit, RegionBuffer.instructionCapacity - buffer.instructionCount)
        let mask: UInt64 = context.narrow ? 0xffff_ffff : .max
        decoding: while Int(block.count) < room {
            guard source.contains(at) else { break }
            if !stops.isEmpty, stops.contains(at) {
                block.ending = .refused
                break
            }
            var word = UInt64(source.word(at))
            var length: UInt8 = 4
            if InstructionTable.isPrefix(UInt32(truncatingIfNeeded: word)) {
                // A prefixed instruction may not cross a 64-byte boundary; leave that and granule ends to others.
                guard at & 63 != 60, source.contains(at &+ 4) else {
                    block.ending = .refused
                    break
                }
                word = word &<< 32 | UInt64(source.word(at &+ 4))
                length = 8
            }
            let row = table.decode(word, for: sets)
            guard row != InstructionTable.noRow, context.allows(table.attributes[Int(row)]),
                refuses?(row, word) != true
            else {
                block.ending = .refused
                break
            }
            buffer.instructions[buffer.instructionCount] = GuestInstruction(
                word: word, execute: table.functions[Int(row)], row: row, length: length)
            buffer.instructionCount += 1
            block.count += 1
            let info = infos + Int(row)
            let registers = info.pointee.slots(word)
            block.reads |= registers.reads & ~block.writes
            block.writes |= registers.writes
            let current = at
            at = (at &+ UInt64(length)) & mask
            guard info.pointee.ends(word) else { continue }
            switch info.pointee.lowered {
            case .b, .ba, .bl, .bla:
                let offset = UInt64(bitPattern: Int64(Int32(truncatingIfNeeded: word &<< 6) >> 6)) & ~3
                block.taken = (word & 2 != 0 ? offset : current &+ offset) & mask
                block.ending = .direct
            case .bc, .bca, .bcl, .bcla:
                let offset = UInt64(bitPattern: Int64(Int16(truncatingIfNeeded: word))) & ~3
                block.taken = (word & 2 != 0 ? offset : current &+ offset) & mask
                block.next = word &>> 21 & 20 == 20 ? .max : at
                block.ending = .direct
            case .bclr, .bclrl, .bcctr, .bcctrl:
                block.next = word &>> 21 & 20 == 20 ? .max : at
                block.ending = .indirect
            default:
                block.next = at
                block.ending = .called
            }
            break decoding
        }
        if block.ending == .fallsThrough || block.ending == .refused { block.next = at }
        buffer.blocks[buffer.blockCount] = block
        buffer.blockCount += 1
    }
}
