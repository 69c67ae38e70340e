import CJIT
import CPPCState

// Making translations.
extension NativeEngine {
    private var entry: Translator.Entry {
        Translator.Entry(
            thunks: thunks, memory: memory, features: features, infos: UnsafePointer(infos), exits: exits,
            exitCapacity: zones.exitEnd, registers: registers,
            hasISA300: decoder.sets.contains(.isa300), zeroesWholeBlocks: !decoder.sets.contains(.only970),
            hooks: isPiecewise ? [:] : cpu.hooks, hypercall: cpu.hypercallEntry,
            deviceSites: deviceSites.known)
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
    func prepareToRead(_ real: UInt64, in source: CodeSource, at address: UInt64) {
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
                nextInBucket: -1, incoming: -1, isRegion: isRegion, isDead: false,
                profile: translator.profile), as: number)
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
        // Making room may take the memory that the profile is in.
        let profile = old.profile.map { Array(UnsafeBufferPointer(start: $0.targets, count: BranchProfile.count)) }
        let evictions = counters.evictions
        let region = filling {
            formRegion(old.address, source, real)
            return emit(old.address, host, real, source, isRegion: true)
        }
        guard let new = region, evictions == counters.evictions || zones.zone(ofBlock: number) != zones.current else {
            return
        }
        if let profile, let raw = memory.allocateData(BranchProfile.size, alignment: 8) {
            let copy = BranchProfile(raw)
            copy.targets.update(from: profile, count: BranchProfile.count)
            table.records[Int(new)].profile = copy
        }
        redirect(number, to: new)
        forgetInCaches(old)
        table.remove(number)
    }
}
