import CPPCState
import CSupport

/// Executes decoded blocks without machine code of its own: for hosts without a native back end, and as a check.
///
/// A block is an array of (function, word) pairs in arena memory, found by effective address, host address and
/// context, and run without fetching or decoding anything.
public final class BlockEngine: CodeEngine, TranslatedCodeTracker {
    private struct Step {
        var execute: Execute
        var word: UInt64
        /// Bytes of the instruction.
        var length: UInt64
    }
    private struct Block {
        var address: UInt64
        var steps: UnsafeMutablePointer<Step>
        var count: Int32
        /// Block that followed last time, and where it begins; saves the look-up.
        var follower: Int32
        /// Generation of the mapping and the code in which `follower` was right.
        var followerGeneration: UInt64
    }

    unowned let cpu: PPCCPU
    private let state: CPUState
    private let infos: UnsafeMutablePointer<RowInfo>
    private let infoCount: Int
    private let decoder: RegionDecoder
    private let table = BlockTable()
    private let buffer = RegionBuffer()
    private var blocks: [Block] = []
    private let arena: UnsafeMutablePointer<Step>
    private let arenaCapacity: Int
    private var arenaUsed = 0
    private let pages: CodePages
    private var context = TranslationContext(rawValue: .max)
    private var bank: UInt = 0
    private var mappingGeneration: UInt64 = .max
    /// Changes with the context's meaning, the mapping or the code.
    private var generation: UInt64 = 0
    private var codeChanged = false
    private let cache = JumpCache()
    public private(set) var statistics = EngineStatistics()

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
        decoder = RegionDecoder(
            table: InstructionTable.shared, infos: infos,
            sets: InstructionSet(rawValue: cpu.state.pointee.isa_level))
        arenaCapacity = max(steps, 4096)
        arena = .allocate(capacity: arenaCapacity)
        statistics.codeCapacity = arenaCapacity * MemoryLayout<Step>.stride
        pages = CodePages(cpu)
        cpu.mmu.codeTracker = self
    }

    deinit {
        arena.deallocate()
        infos.deinitialize(count: infoCount)
        infos.deallocate()
    }

    public func execute(_ cpu: PPCCPU) -> Int32 {
        var previous: Int32 = -1
        while true {
            selectContext()
            let number = findBlock(previous)
            guard number >= 0 else {
                previous = -1
                statistics.interpreted &+= 1
                var left: UInt64 = 1
                let outcome = cpu.executeSlice(&left)
                if outcome == Outcome.stop || state.pointee.exit_request != 0 || cpu.needsAttention { return outcome }
                continue
            }
            previous = number
            let outcome = run(blocks[Int(number)])
            switch outcome {
            case Outcome.next, Outcome.branch: break
            case Outcome.exception:
                ExceptionDelivery.deliver(state)
                previous = -1
            case Outcome.sync:
                state.pointee.nip = effectiveAddress(state, state.pointee.nip &+ 4)
                previous = -1
            case Outcome.stop: return outcome
            default: previous = -1
            }
            if state.pointee.exit_request != 0 || cpu.needsAttention { return outcome }
        }
    }

    /// Runs a block's steps; `nip` is right after every one of them.
    @inline(__always)
    private func run(_ block: Block) -> Int32 {
        let cpu = state
        var step = block.steps
        let end = step + Int(block.count)
        var outcome = Outcome.next
        while step < end {
            outcome = step.pointee.execute(cpu, step.pointee.word)
            guard outcome == Outcome.next else { break }
            cpu.pointee.nip &+= step.pointee.length
            step += 1
            if codeChanged { break }
        }
        let done = step - block.steps + (outcome == Outcome.next ? 0 : 1)
        cpu.pointee.instructions_executed &+= UInt64(truncatingIfNeeded: done)
        if codeChanged {
            codeChanged = false
            generation &+= 1
        }
        if cpu.pointee.narrow != 0 { cpu.pointee.nip &= 0xffff_ffff }
        return outcome
    }

    private func selectContext() {
        let now = TranslationContext(state)
        let bank = UInt(bitPattern: state.pointee.tlb)
        if now == context, bank == self.bank, mappingGeneration == cpu.mmu.mappingGeneration { return }
        context = now
        self.bank = bank
        mappingGeneration = cpu.mmu.mappingGeneration
        generation &+= 1
        cache.clear()
    }

    /// Number of the block at `nip`, or -1 for the interpreter.
    @inline(__always)
    private func findBlock(_ previous: Int32) -> Int32 {
        let address = state.pointee.nip
        if previous >= 0 {
            let last = blocks[Int(previous)]
            if last.follower >= 0, last.followerGeneration == generation, blocks[Int(last.follower)].address == address
            {
                return last.follower
            }
        }
        var number: Int32 = -1
        let entry = cache.entries[JumpCache.index(address)]
        if entry.address == address {
            number = Int32(truncatingIfNeeded: entry.code)
        } else {
            number = lookUp(address)
        }
        if number >= 0, previous >= 0, Int(previous) < blocks.count {
            blocks[Int(previous)].follower = number
            blocks[Int(previous)].followerGeneration = generation
        }
        return number
    }

    private func lookUp(_ address: UInt64) -> Int32 {
        statistics.lookups &+= 1
        let index = Int(
            truncatingIfNeeded: address &>> state.pointee.granule_shift & UInt64(PPC_TLB_ENTRIES &- 1))
        var entry = state.pointee.tlb + index
        if entry.pointee.exec_tag != address & ~state.pointee.granule_mask {
            let saved = (state.pointee.excp_vector, state.pointee.excp_flags, state.pointee.excp_srr1)
            guard cpu.mmu.fetchSlow(address) != nil else {
                (state.pointee.excp_vector, state.pointee.excp_flags, state.pointee.excp_srr1) = saved
                return -1
            }
            selectContext()
            let again = Int(
                truncatingIfNeeded: address &>> state.pointee.granule_shift & UInt64(PPC_TLB_ENTRIES &- 1))
            entry = state.pointee.tlb + again
            guard entry.pointee.exec_tag == address & ~state.pointee.granule_mask else { return -1 }
        }
        let host = address &+ entry.pointee.addend
        var number = table.find(address, host, context.rawValue)
        if number < 0 { number = decode(address, host) }
        if number >= 0 { cache.insert(address, UInt64(truncatingIfNeeded: Int(number))) }
        return number
    }

    private func decode(_ address: UInt64, _ host: UInt64) -> Int32 {
        if arenaCapacity - arenaUsed < RegionDecoder.blockLimit { forgetTranslations() }
        var translation = Translation()
        let size: UInt64 = 1 &<< UInt64(context.granuleShift)
        let offset = address & (size &- 1)
        guard cpu.mmu.translate(address, .fetch, &translation),
            let start = UnsafeRawPointer(bitPattern: UInt(truncatingIfNeeded: host &- offset))
        else { return -1 }
        pages.prepare(translation.real, min(UInt64(RegionDecoder.blockLimit * 8), size &- offset))
        buffer.clear()
        let source = CodeSource(start: address &- offset, size: size, host: start, bigEndian: context.bigEndian)
        decoder.decode(address, source, context, into: buffer)
        let count = buffer.instructionCount
        guard count > 0 else { return -1 }
        let steps = arena + arenaUsed
        var bytes: UInt64 = 0
        for index in 0..<count {
            let instruction = buffer.instructions[index]
            (steps + index).initialize(
                to: Step(
                    execute: instruction.execute, word: instruction.word, length: UInt64(instruction.length)))
            bytes &+= UInt64(instruction.length)
        }
        arenaUsed += count
        let number = table.nextNumber
        table.insert(
            BlockRecord(
                address: address, host: host, context: context.rawValue, code: 0, size: 0, guestBytes: 0,
                nextInBucket: -1, incoming: -1, isRegion: false, isDead: false))
        blocks.append(
            Block(
                address: address, steps: steps, count: Int32(truncatingIfNeeded: count), follower: -1,
                followerGeneration: 0))
        pages.add(number, at: translation.real, count: bytes)
        statistics.blocks += 1
        statistics.guestInstructions += count
        statistics.codeBytes = arenaUsed * MemoryLayout<Step>.stride
        return number
    }

    public func forgetTranslations() {
        table.removeAll()
        blocks.removeAll(keepingCapacity: true)
        arenaUsed = 0
        pages.removeAll()
        cache.clear()
        generation &+= 1
        statistics.flushes += 1
        codeChanged = true
    }

    public func mayWrite(at address: UInt64, count: UInt64) -> Bool { pages.mayWrite(address, count) }

    public func stored(_ cpu: CPUState, at address: UInt64, count: Int) {
        drop(pages.hit(address, UInt64(truncatingIfNeeded: count)))
    }

    public func catchUp() { drop(pages.catchUp()) }

    private func drop(_ hit: [Int32]) {
        guard !hit.isEmpty else { return }
        for number in hit where !table.records[Int(number)].isDead {
            table.remove(number)
            statistics.invalidations += 1
        }
        cache.clear()
        codeChanged = true
    }
}
