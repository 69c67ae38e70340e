import CPPCState
import CSupport

/// Executes decoded blocks without machine code of its own: for hosts without a native back end, and as a check.
///
/// A block is an array of ``Step`` values in arena memory, found by effective address, host address and context. Steps
/// call one another; a block's last step goes straight to the next block's first one where it was there before.
public final class BlockEngine: CodeEngine, TranslatedCodeTracker {
    private struct Block {
        var address: UInt64
        var steps: UnsafeMutableRawPointer
    }
    private struct EpochKey: Hashable {
        let context: UInt64
        let bank: UInt
        /// ``TLBBank/generation``.
        let generation: UInt64
    }

    // The CPU holds its engine.
    unowned(unsafe) let cpu: PPCCPU
    private let state: CPUState
    private let infos: UnsafeMutablePointer<RowInfo>
    private let infoCount: Int
    private let recipes: [StepRecipe?]
    /// Rows whose instructions may look at a clock.
    private let readsClock: [Bool]
    private var decoder: RegionDecoder
    private let table = BlockTable()
    private let buffer = RegionBuffer()
    private var path = BlockPath()
    private let fusions = Fusion.Table()
    /// What the steps of the block in the buffer are to ``Fusion``.
    private var kinds: [StepKind] = []
    private var blocks: [Block] = []
    private let arena: UnsafeMutableRawPointer
    private let arenaCapacity: Int
    private var arenaUsed = 0
    private let pages: CodePages
    private let cache: UnsafeMutablePointer<StepCache.Entry>
    private var context = TranslationContext(rawValue: .max)
    private var current = EpochKey(context: .max, bank: 0, generation: 0)
    /// Numbers of contexts and mappings since code changed last; never used twice.
    private var epochs: [EpochKey: UInt64] = [:]
    private var lastEpoch: UInt64 = 0
    /// Counters since the start.
    public private(set) var statistics = EngineStatistics()

    /// Chains of blocks after which the engine looks at the clock of a CPU that nobody keeps a timer for.
    private static var patience: Int { 64 }
    /// Instructions in blocks that follow one another without the engine. Without optimisation the steps' calls are no
    /// jumps, and so many steps must find room on the stack.
    private static var chainLength: UInt64 {
        #if DEBUG
            64
        #else
            512
        #endif
    }

    /// - Parameters:
    ///   - cpu: The vCPU to serve; outlives the engine.
    ///   - steps: Decoded instructions to keep at most.
    public init(cpu: PPCCPU, steps: Int = 1 << 18) {
        self.cpu = cpu
        state = cpu.state
        let rows = InstructionTable.shared.rows
        infoCount = rows.count
        infos = .allocate(capacity: max(rows.count, 1))
        for (index, row) in rows.enumerated() { (infos + index).initialize(to: RowInfo(row)) }
        recipes = StepRecipe.byRow(InstructionTable.shared)
        readsClock = rows.map { ["mfspr", "mtspr", "mftb", "sc"].contains($0.mnemonic) }
        decoder = RegionDecoder(
            table: InstructionTable.shared, infos: infos,
            sets: InstructionSet(rawValue: cpu.state.pointee.isa_level))
        arenaCapacity = max(steps, 4096)
        arena = .allocate(byteCount: arenaCapacity * Step.size, alignment: Step.size)
        cache = .allocate(capacity: StepCache.count)
        cache.initialize(repeating: StepCache.Entry(address: 0, epoch: 0, step: nil), count: StepCache.count)
        statistics.codeCapacity = arenaCapacity * Step.size
        pages = CodePages(cpu)
        cpu.mmu.codeTracker = self
    }

    deinit {
        StepShared.setCache(state, nil)
        arena.deallocate()
        cache.deallocate()
        infos.deinitialize(count: infoCount)
        infos.deallocate()
    }

    /// Executes blocks until somebody wants attention.
    public func execute(_ cpu: PPCCPU) -> Int32 { execute(until: .max) }

    /// Counts exactly: the last instructions are left to the interpreter.
    public func execute(_ cpu: PPCCPU, atMost limit: UInt64, _ outcome: inout Int32) -> UInt64? {
        // The last block that begins must not end too late; an added instruction may follow its limit.
        let longest = UInt64(BlockPath.longest + 1)
        guard limit > longest else { return nil }
        let before = state.pointee.instructions_executed
        outcome = execute(until: before &+ (limit &- longest))
        return state.pointee.instructions_executed &- before
    }

    /// Executes until so many instructions have been counted since the vCPU was made, and a block more.
    private func execute(until count: UInt64) -> Int32 {
        StepShared.setCodeChanged(state, false)
        while true {
            // A reset clears the scratch area.
            StepShared.setCache(state, cache)
            selectContext()
            guard let first = findBlock(state.pointee.nip) else {
                // The run loop stops there, or calls a hook, or goes past.
                if cpu.mustLook(limit: .max) { return Outcome.branch }
                statistics.interpreted &+= 1
                var left: UInt64 = 1
                let outcome = cpu.executeSlice(&left)
                if outcome == Outcome.stop || state.pointee.exit_request != 0 || cpu.needsAttention { return outcome }
                if state.pointee.instructions_executed >= count { return Outcome.next }
                continue
            }
            if cpu.logs([.exec, .cpu]), let log = cpu.executionLog { TranslationLog.entering(cpu, log) }
            guard run(first, until: count) else { return Outcome.branch }
            let outcome = StepShared.outcome(state)
            switch outcome {
            case Outcome.exception: ExceptionDelivery.deliver(state)
            case Outcome.sync: state.pointee.nip = effectiveAddress(state, state.pointee.nip &+ 4)
            case Outcome.stop: return outcome
            default: break
            }
            StepShared.setCodeChanged(state, false)
            if state.pointee.exit_request != 0 || cpu.needsAttention { return outcome }
        }
    }

    /// Runs blocks until a step leaves; `false` if somebody asked to stop before that, or enough were counted.
    @inline(__always)
    private func run(_ first: UnsafeMutableRawPointer, until count: UInt64) -> Bool {
        let cpu = state
        var patience = Self.patience
        var next: UnsafeMutableRawPointer? = first
        while let raw = next {
            patience &-= 1
            if cpu.pointee.exit_request != 0 || patience == 0 || cpu.pointee.instructions_executed >= count {
                cpu.pointee.nip = Step.at(raw).pointee.address
                return false
            }
            StepShared.setLimit(cpu, min(cpu.pointee.instructions_executed &+ Self.chainLength, count))
            next = Step.at(raw).pointee.run(cpu, raw)
        }
        return true
    }

    // MARK: Contexts

    private func selectContext() {
        context = TranslationContext(state)
        let entries = state.pointee.tlb
        let key = EpochKey(
            context: context.rawValue, bank: UInt(bitPattern: entries),
            generation: (entries.map { $0 + Int(PPC_TLB_ENTRIES) })?.pointee.read_tag ?? 0)
        // A reset leaves no number.
        guard key != current || StepShared.epoch(state) == 0 else { return }
        current = key
        if let known = epochs[key] {
            StepShared.setEpoch(state, known)
            return
        }
        // Stale ones pile up with every invalidation.
        if epochs.count >= 64 { epochs.removeAll(keepingCapacity: true) }
        lastEpoch &+= 1
        epochs[key] = lastEpoch
        StepShared.setEpoch(state, lastEpoch)
    }

    /// Makes every entry of the cache stale.
    private func renewEpochs() {
        epochs.removeAll(keepingCapacity: true)
        current = EpochKey(context: .max, bank: 0, generation: 0)
    }

    // MARK: Finding blocks

    private func findBlock(_ address: UInt64) -> UnsafeMutableRawPointer? {
        StepCache.find(state, address) ?? lookUp(address)
    }

    private func lookUp(_ address: UInt64) -> UnsafeMutableRawPointer? {
        statistics.lookups &+= 1
        let index = Int(
            truncatingIfNeeded: address &>> state.pointee.granule_shift & UInt64(PPC_TLB_ENTRIES &- 1))
        var entry = state.pointee.tlb + index
        if entry.pointee.exec_tag != address & ~state.pointee.granule_mask {
            let saved = (state.pointee.excp_vector, state.pointee.excp_flags, state.pointee.excp_srr1)
            guard cpu.mmu.fetchSlow(address) != nil else {
                (state.pointee.excp_vector, state.pointee.excp_flags, state.pointee.excp_srr1) = saved
                return nil
            }
            selectContext()
            let again = Int(
                truncatingIfNeeded: address &>> state.pointee.granule_shift & UInt64(PPC_TLB_ENTRIES &- 1))
            entry = state.pointee.tlb + again
            guard entry.pointee.exec_tag == address & ~state.pointee.granule_mask else { return nil }
        }
        let host = address &+ entry.pointee.addend
        var number = table.find(address, host, context.rawValue)
        if number < 0 { number = decode(address, host) }
        guard number >= 0 else { return nil }
        let steps = blocks[Int(number)].steps
        TLBBank.with(state.pointee.tlb) { $0.noteExecuted(address) }
        cache[StepCache.slot(address)] = StepCache.Entry(
            address: address, epoch: StepShared.epoch(state), step: steps)
        return steps
    }

    // MARK: Decoding

    private func decode(_ address: UInt64, _ host: UInt64) -> Int32 {
        if arenaCapacity - arenaUsed < BlockPath.longest + 2 { forgetTranslations() }
        var translation = Translation()
        let size: UInt64 = 1 &<< UInt64(context.granuleShift)
        let offset = address & (size &- 1)
        guard cpu.mmu.translate(address, .fetch, &translation),
            let start = UnsafeRawPointer(bitPattern: UInt(truncatingIfNeeded: host &- offset))
        else { return -1 }
        let source = CodeSource(start: address &- offset, size: size, host: start, bigEndian: context.bigEndian)
        // A granule's real addresses are as contiguous as its effective ones.
        let real = translation.real &- offset
        decodePath(from: address, source, real)
        let helper = helperIndex(buffer.blocks[buffer.blockCount - 1], source)
        guard buffer.instructionCount > 0 || helper != nil else { return -1 }
        let steps = arena + arenaUsed * Step.size
        let count = fill(steps, helper: helper)
        arenaUsed += kinds.count + 1
        if cpu.observesTranslations { TranslationLog.note(cpu, buffer, code: nil, isRegion: false) }
        let number = table.nextNumber
        table.insert(
            BlockRecord(
                address: address, host: host, context: context.rawValue, code: 0, size: 0, nextInBucket: -1,
                incoming: -1, isRegion: false, isDead: false), as: number)
        blocks.append(Block(address: address, steps: steps))
        for index in 0..<buffer.blockCount {
            let part = buffer.blocks[index]
            var bytes = part.end(buffer) &- part.address
            if helper != nil, index == buffer.blockCount - 1 { bytes &+= 4 }
            pages.add(number, at: real &+ (part.address & (size &- 1)), count: bytes)
        }
        statistics.blocks += 1
        statistics.guestInstructions += count
        statistics.codeBytes = arenaUsed * Step.size
        return number
    }

    /// Decodes a block and what it certainly, or else probably, goes on with.
    ///
    /// - Parameter real: Real address of the granule.
    private func decodePath(from address: UInt64, _ source: CodeSource, _ real: UInt64) {
        buffer.clear()
        path.begin()
        var part: UInt64? = address
        while let at = part {
            let offset = at & (source.size &- 1)
            pages.prepare(real &+ offset, min(UInt64(RegionDecoder.blockLimit * 8), source.size &- offset))
            decoder.decode(at, source, context, into: buffer)
            part = path.follow(buffer, infos, source)
        }
    }

    /// Writes the steps of the blocks in the buffer and the one that leaves at their end.
    ///
    /// - Returns: Instructions.
    private func fill(_ steps: UnsafeMutableRawPointer, helper: (Int, UInt64)?) -> Int {
        var count = 0
        let mask: UInt64 = context.narrow ? 0xffff_ffff : .max
        var at: UInt64 = 0
        kinds.removeAll(keepingCapacity: true)
        for number in 0..<buffer.blockCount {
            let block = buffer.blocks[number]
            at = block.address
            let last = Int(block.first &+ block.count) - 1
            while count <= last {
                let instruction = buffer.instructions[count]
                let next = (at &+ UInt64(instruction.length)) & mask
                count += 1
                // Compilers leave room with these for linkers and for tracing. The first step tells the block's address.
                if instruction.word != Self.nop || kinds.isEmpty {
                    var step = Step(
                        run: StepFlow.called, count: UInt8(truncatingIfNeeded: count), address: at,
                        word: instruction.word, execute: instruction.execute)
                    if readsClock[Int(instruction.row)] { step.run = StepFlow.counted }
                    let kind = choose(&step, instruction, block, next, isLast: count > last)
                    append(step, kind, to: steps)
                }
                at = next
            }
        }
        if let (index, word) = helper {
            count += 1
            let step = Step(
                run: StepFlow.helper, immediate: UInt64(index), count: UInt8(truncatingIfNeeded: count), address: at,
                word: word, execute: StepFlow.illegal)
            append(step, .none, to: steps)
            at = (at &+ 4) & mask
        }
        // After a called instruction that ends its block the context may be another one.
        let ending = buffer.blocks[buffer.blockCount - 1].ending
        let leaves = ending == .called || ending == .refused
        let end = Step(
            run: leaves ? StepFlow.dispatch : StepFlow.fallThrough, count: UInt8(truncatingIfNeeded: count),
            address: at, word: 0, execute: StepFlow.illegal, targetAddress: at)
        Step.at(steps + kinds.count * Step.size).initialize(to: end)
        fuse(Step.at(steps))
        return count
    }
    private static var nop: UInt64 { 0x6000_0000 }

    private func append(_ step: Step, _ kind: StepKind, to steps: UnsafeMutableRawPointer) {
        Step.at(steps + kinds.count * Step.size).initialize(to: step)
        kinds.append(kind)
    }

    private func fuse(_ steps: UnsafeMutablePointer<Step>) {
        // The functions that set CR0 are those of 64-bit mode.
        guard !context.narrow else { return }
        var index = 0
        while index + 1 < kinds.count {
            index += fusions.fuse(steps + index, kinds[index], kinds[index + 1], context) ? 2 : 1
        }
    }

    /// The added instruction at which a block stopped, and its word.
    private func helperIndex(_ block: GuestBlock, _ source: CodeSource) -> (Int, UInt64)? {
        guard block.ending == .refused, !cpu.helpers.isEmpty, source.contains(block.next),
            !decoder.stops.contains(block.next)
        else { return nil }
        let word = source.word(block.next)
        guard InstructionTable.shared.decode(UInt64(word), for: decoder.sets) == InstructionTable.noRow,
            let index = cpu.helpers.firstIndex(where: { word & $0.mask == $0.match })
        else { return nil }
        return (index, UInt64(word))
    }

    /// Gives a step its function and operands.
    private func choose(
        _ step: inout Step, _ instruction: GuestInstruction, _ block: GuestBlock, _ next: UInt64, isLast: Bool
    ) -> StepKind {
        let row = Int(instruction.row)
        let lowered = infos[row].lowered
        let isFollowed = block.takenBlock >= 0
        if isLast, block.ending == .direct || block.ending == .indirect,
            let branch = BranchSteps.function(lowered, step.word, context, isFollowed: isFollowed)
        {
            let f = Fields(step.word)
            step.run = branch
            step.rt = UInt8(truncatingIfNeeded: f.rt)
            step.field = UInt8(truncatingIfNeeded: f.ra >> 2)
            step.bit = 8 >> UInt8(truncatingIfNeeded: f.ra & 3)
            step.immediate = next
            step.targetAddress = block.taken
            return BranchSteps.kind(lowered, step.word, isFollowed: isFollowed)
        }
        if let move = BranchSteps.move(lowered, step.word) {
            step.run = move
            step.rt = UInt8(truncatingIfNeeded: Fields(step.word).rt)
            return BranchSteps.moveKind(lowered, step.word)
        }
        let rowItself = InstructionTable.shared.rows[row]
        if let recipe = recipes[row], recipe.prepare(&step, row: rowItself, context: context) {
            return recipe.kind(step.word, rowItself)
        }
        if infos[row].changesFPMode {
            step.run = StepFlow.modal
        } else if StepFlow.isQuiet(rowItself, infos[row], context) {
            step.run = StepFlow.quiet
        }
        return .none
    }

    // MARK: Code that changes

    /// Drops every block; the next instruction is decoded again.
    public func forgetTranslations() {
        // A step that is being performed stays as it is: nothing writes to the arena before the engine decodes again.
        table.removeAll()
        blocks.removeAll(keepingCapacity: true)
        arenaUsed = 0
        pages.removeAll()
        renewEpochs()
        statistics.flushes += 1
        StepShared.setCodeChanged(state, true)
    }

    package func mayWrite(at address: UInt64, count: UInt64) -> Bool { pages.mayWrite(address, count) }

    package func stored(_ cpu: CPUState, at address: UInt64, count: Int) {
        drop(pages.hit(address, UInt64(truncatingIfNeeded: count)))
    }

    package func catchUp() { drop(pages.catchUp()) }

    /// Drops the translations that have breakpoints or hooks at these effective addresses, or had them.
    public func stopsChanged(at addresses: Set<UInt64>) {
        decoder.stops = cpu.breakpoints.union(cpu.hooks.keys)
        drop(table.near(addresses, among: 0..<table.nextNumber))
    }

    private func drop(_ hit: [Int32]) {
        guard !hit.isEmpty else { return }
        for number in hit where !table.records[Int(number)].isDead {
            table.remove(number)
            Step.at(blocks[Int(number)].steps).pointee.run = StepFlow.dead
            statistics.invalidations += 1
        }
        renewEpochs()
        StepShared.setCodeChanged(state, true)
    }
}
