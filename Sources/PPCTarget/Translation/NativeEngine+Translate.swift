import CJIT
import CPPCState

// Making translations.
extension NativeEngine {
    private var entry: Translator.Entry {
        Translator.Entry(
            thunks: thunks, memory: memory, features: features, infos: UnsafePointer(infos), exits: exits,
            exitCapacity: zones.exitEnd, registers: registers,
            hasISA300: decoder.sets.contains(.isa300), zeroesWholeBlocks: !decoder.sets.contains(.only970),
            hooks: isPiecewise ? [:] : cpu.hooks, hypercall: cpu.hypercallEntry)
    }

    private func source(_ address: UInt64, _ host: UInt64) -> CodeSource? {
        let size: UInt64 = 1 &<< UInt64(context.granuleShift)
        let offset = address & (size &- 1)
        guard let start = UnsafeRawPointer(bitPattern: UInt(truncatingIfNeeded: host &- offset)) else { return nil }
        return CodeSource(start: address &- offset, size: size, host: start, bigEndian: context.bigEndian)
    }

    /// Physical address of an instruction that has just been fetched.
    private func physical(_ address: UInt64) -> UInt64? {
        var translation = Translation()
        guard cpu.mmu.translate(address, .fetch, &translation) else { return nil }
        return translation.real
    }

    /// Translates the block at an address; -1 if its first instruction is for the interpreter.
    func translateBlock(_ address: UInt64, _ host: UInt64) -> Int32 {
        let began = hostClock()
        defer { counters.translationNanoseconds &+= hostClock() &- began }
        guard let source = source(address, host), let real = physical(address) else { return -1 }
        return filling {
            prepareToRead(real, in: source, at: address)
            buffer.clear()
            decoder.decode(address, source, context, into: buffer)
            return buffer.blocks[0].count == 0 ? -1 : emit(address, host, real, source, isRegion: false)
        } ?? -1
    }

    /// Makes a translation in the current zone or, if that has no room for it, in the next. `body` returns nil for
    /// want of room; it reads the code anew, since making room gives up pages that were prepared to be read. What takes
    /// more than half a zone is given up.
    private func filling(_ body: () -> Int32?) -> Int32? {
        if let number = body() { return number }
        guard zones.isHalfFull(code: memory.codeFree, data: memory.dataFree) else { return nil }
        advanceZone()
        return body()
    }

    /// Makes sure that no store to code that is about to be read can go unseen.
    private func prepareToRead(_ real: UInt64, in source: CodeSource, at address: UInt64) {
        // Blocks end with their granule.
        let left = source.size &- (address &- source.start)
        pages.prepare(real, min(UInt64(RegionDecoder.blockLimit * 8), left))
    }

    /// Nil if the zone has no room.
    private func emit(
        _ address: UInt64, _ host: UInt64, _ real: UInt64, _ source: CodeSource, isRegion: Bool
    ) -> Int32? {
        guard let number = zones.nextBlock else { return nil }
        let dataBefore = memory.dataUsed
        guard
            var translator = Translator(
                entry: entry, context: context, buffer: buffer, source: source, block: number, isRegion: isRegion,
                isPiecewise: isPiecewise, exitCount: zones.nextExit, storage: storage)
        else { return nil }
        guard translator.translate() else {
            memory.releaseData(to: dataBefore)
            return nil
        }
        let size = translator.asm.offset
        table.insert(
            BlockRecord(
                address: address, host: host, context: context.rawValue,
                code: UInt32(truncatingIfNeeded: memory.codeUsed), size: UInt32(truncatingIfNeeded: size),
                nextInBucket: -1, incoming: -1, isRegion: isRegion, isDead: false), as: number)
        if cpu.observesTranslations {
            let start = UnsafeRawPointer(memory.execute + memory.codeUsed)
            TranslationLog.note(
                cpu, buffer, code: UnsafeRawBufferPointer(start: start, count: size), isRegion: isRegion)
        }
        memory.claimCode(size)
        zones.take(exitsTo: translator.exitCount, codeTo: memory.codeUsed)
        for index in 0..<buffer.blockCount {
            let block = buffer.blocks[index]
            var bytes: UInt64 = 0
            for position in Int(block.first)..<Int(block.first &+ block.count) {
                bytes &+= UInt64(buffer.instructions[position].length)
            }
            pages.add(number, at: real &+ (block.address &- address), count: bytes)
        }
        counters.guestInstructions += buffer.instructionCount
        counters.codeBytes = zones.codeUsed
        if isPiecewise { notePiece(number, isRegion: isRegion) }
        if isRegion { counters.regions += 1 } else { counters.blocks += 1 }
        return number
    }

    /// Replaces a hot block by the region that begins with it.
    func promote(_ number: Int32) {
        guard zones.contains(block: number) else { return }
        let old = table.records[Int(number)]
        guard !old.isDead, old.context == context.rawValue, let host = fetchAddress(old.address), host == old.host,
            table.find(old.address, host, context.rawValue) == number
        else { return }
        let began = hostClock()
        defer { counters.translationNanoseconds &+= hostClock() &- began }
        guard let source = source(old.address, host), let real = physical(old.address) else { return }
        let evictions = counters.evictions
        let region = filling {
            formRegion(old.address, source, real)
            return emit(old.address, host, real, source, isRegion: true)
        }
        guard let new = region, evictions == counters.evictions || zones.zone(ofBlock: number) != zones.current else {
            return
        }
        redirect(number, to: new)
        forgetInCaches(old)
        table.remove(number)
    }

    /// Collects the blocks that have been executed and are reached from `address` by direct branches in its granule.
    private func formRegion(_ address: UInt64, _ source: CodeSource, _ real: UInt64) {
        buffer.clear()
        prepareToRead(real, in: source, at: address)
        decoder.decode(address, source, context, into: buffer)
        // Depth first, the fall-through path first, so that it is laid out in a row.
        var pending: [UInt64] = []
        var last = buffer.blocks[0]
        func push(_ block: GuestBlock) {
            guard block.ending != .called, block.ending != .refused else { return }
            let word = block.count > 0 ? buffer.instructions[Int(block.first &+ block.count) - 1].word : 0
            let links = block.ending == .direct && word & 1 != 0
            if block.taken != .max, !links { pending.append(block.taken) }
            if block.next != .max { pending.append(block.next) }
        }
        push(last)
        while let target = pending.popLast() {
            guard buffer.blockCount < RegionBuffer.blockCapacity,
                buffer.instructionCount < RegionBuffer.instructionCapacity - RegionDecoder.blockLimit
            else { break }
            guard source.contains(target), !contains(target) else { continue }
            let host = UInt64(UInt(bitPattern: source.host)) &+ (target &- source.start)
            guard table.find(target, host, context.rawValue) >= 0 else { continue }
            prepareToRead(real &+ (target &- address), in: source, at: target)
            decoder.decode(target, source, context, into: buffer)
            last = buffer.blocks[buffer.blockCount - 1]
            if last.count == 0 {
                buffer.blockCount -= 1
                continue
            }
            push(last)
        }
        connect()
    }

    private func contains(_ address: UInt64) -> Bool { index(of: address) >= 0 }

    private func index(of address: UInt64) -> Int32 {
        for index in 0..<buffer.blockCount where buffer.blocks[index].address == address {
            return Int32(truncatingIfNeeded: index)
        }
        return -1
    }

    /// Finds the edges inside the region, its loops and their depth.
    private func connect() {
        for position in 0..<buffer.blockCount {
            let block = buffer.blocks[position]
            guard block.ending != .called, block.ending != .refused else { continue }
            let word = block.count > 0 ? buffer.instructions[Int(block.first &+ block.count) - 1].word : 0
            if block.taken != .max, !(block.ending == .direct && word & 1 != 0) {
                buffer.blocks[position].takenBlock = index(of: block.taken)
            }
            if block.next != .max { buffer.blocks[position].nextBlock = index(of: block.next) }
        }
        for position in 0..<buffer.blockCount {
            for target in [buffer.blocks[position].takenBlock, buffer.blocks[position].nextBlock]
            where target >= 0 && Int(target) <= position {
                buffer.blocks[Int(target)].isLoopHead = true
                buffer.blocks[Int(target)].loopEnd = Int32(truncatingIfNeeded: position)
                for inside in Int(target)...position { buffer.blocks[inside].depth &+= 1 }
            }
        }
    }
}
