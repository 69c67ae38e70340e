import CPPCState

// What belongs to a region: blocks that have been executed, reached by direct branches in one granule, and functions
// called there, which are copied in for every call so that it is known where they return to.
extension NativeEngine {
    /// How much of a function is worth copying.
    private enum Inlining {
        /// Calls inside calls.
        static var depth: UInt8 { 3 }
        static var blocks: Int { 8 }
        static var instructions: Int { 64 }
        /// Targets of one indirect branch.
        static var guesses: Int { 4 }
    }

    /// Collects the blocks of the region that begins at `address`.
    func formRegion(_ address: UInt64, _ source: CodeSource, _ real: UInt64) {
        buffer.clear()
        _ = collect(
            from: address, in: -1, source, realOffset: real &- address, blocks: RegionBuffer.blockCapacity,
            instructions: RegionBuffer.instructionCapacity)
        connect()
    }

    /// Adds blocks reached from `start` without leaving the function, depth first, the fall-through path first, so that
    /// it is laid out in a row.
    ///
    /// - Parameters:
    ///   - call: Which call of the region it is about; -1 for the function that the region begins in.
    ///   - blocks: Behind which number of blocks, and instructions, there is no more room.
    /// - Returns: Whether everything that was executed fits, and the function returns.
    private func collect(
        from start: UInt64, in call: Int32, _ source: CodeSource, realOffset: UInt64, blocks: Int, instructions: Int
    ) -> Bool {
        var pending = [start]
        var returns = false
        while let target = pending.popLast() {
            guard source.contains(target), index(of: target, in: call) < 0 else { continue }
            let host = UInt64(UInt(bitPattern: source.host)) &+ (target &- source.start)
            guard buffer.blockCount == 0 || table.find(target, host, context.rawValue) >= 0 else { continue }
            guard buffer.blockCount < blocks, buffer.instructionCount < instructions - RegionDecoder.blockLimit
            else { return false }
            prepareToRead(target &+ realOffset, in: source, at: target)
            decoder.decode(target, source, context, into: buffer)
            let number = buffer.blockCount - 1
            // The first block of all is there in any case.
            if buffer.blocks[number].count == 0, number > 0 {
                buffer.blockCount = number
                continue
            }
            buffer.blocks[number].call = call
            let block = buffer.blocks[number]
            guard block.ending != .called, block.ending != .refused else { continue }
            if block.isCall(buffer) {
                let callee = inline(
                    block.taken, number, source, realOffset: realOffset, blocks: blocks, instructions: instructions)
                buffer.blocks[number].callee = callee
                if callee >= 0 { pending.append(block.end(buffer)) }
                continue
            }
            guess(number, host, source)
            let guesses = buffer.blocks[number].guesses
            if block.isIndirectCall(buffer) {
                if call >= 0 { buffer.calls[Int(call)].keepsLink = false }
                for index in guesses {
                    let callee = inline(
                        buffer.guesses[index].target, number, source, realOffset: realOffset, blocks: blocks,
                        instructions: instructions)
                    buffer.guesses[index].callee = callee
                    if callee >= 0 { pending.append(block.end(buffer)) }
                }
                continue
            }
            if !block.isReturn(buffer) { for index in guesses { pending.append(buffer.guesses[index].target) } }
            if call >= 0 {
                if block.isReturn(buffer) { returns = true }
                if block.writes & Slot.bit(Slot.lr) != 0 { buffer.calls[Int(call)].keepsLink = false }
            }
            if block.ending == .direct, block.staysInFunction(buffer) { pending.append(block.taken) }
            if block.next != .max { pending.append(block.next) }
        }
        return returns
    }

    /// Adds a function that a block calls, if all of it that was executed is small.
    ///
    /// - Returns: The number of the call, or -1.
    private func inline(
        _ target: UInt64, _ number: Int, _ source: CodeSource, realOffset: UInt64, blocks: Int, instructions: Int
    ) -> Int32 {
        let block = buffer.blocks[number]
        let parent = block.call
        if parent >= 0 { buffer.calls[Int(parent)].keepsLink = false }
        let depth = parent >= 0 ? buffer.calls[Int(parent)].depth + 1 : 1
        guard depth <= Inlining.depth, source.contains(block.end(buffer)), !isUnderWay(target, from: parent)
        else { return -1 }
        let (blocksBefore, instructionsBefore, callsBefore, guessesBefore) = (
            buffer.blockCount, buffer.instructionCount, buffer.calls.count, buffer.guesses.count
        )
        buffer.calls.append(
            InlinedCall(parent: parent, target: target, returnAddress: block.end(buffer), depth: depth))
        let call = Int32(truncatingIfNeeded: callsBefore)
        guard
            collect(
                from: target, in: call, source, realOffset: realOffset,
                blocks: min(blocks, blocksBefore + Inlining.blocks),
                instructions: min(
                    instructions, instructionsBefore + Inlining.instructions + RegionDecoder.blockLimit))
        else {
            (buffer.blockCount, buffer.instructionCount) = (blocksBefore, instructionsBefore)
            buffer.calls.removeLast(buffer.calls.count - callsBefore)
            buffer.guesses.removeLast(buffer.guesses.count - guessesBefore)
            return -1
        }
        return call
    }

    /// Finds the probable targets of a block's indirect branch by where it went until now.
    private func guess(_ number: Int, _ host: UInt64, _ source: CodeSource) {
        let block = buffer.blocks[number]
        guard block.ending == .indirect, block.isUnconditional(buffer), !block.swapsLink(buffer),
            !block.isReturn(buffer) || block.call < 0
        else { return }
        let known = table.find(block.address, host, context.rawValue)
        guard known >= 0, let seen = table.records[Int(known)].profile?.seen else { return }
        let total = seen.reduce(0) { $0 + $1.count }
        let likely = seen.prefix(block.isReturn(buffer) ? 1 : Inlining.guesses).filter { source.contains($0.target) }
        // A guess that is mostly wrong only delays the look-up.
        let share = likely.reduce(0) { $0 + $1.count }
        guard total >= BranchProfile.count / 2, share * 8 >= total * (block.isReturn(buffer) ? 8 : 5) else { return }
        let first = buffer.guesses.count
        buffer.guesses += likely.map { IndirectGuess(target: $0.target) }
        buffer.blocks[number].guesses = first..<buffer.guesses.count
    }

    /// Whether a function is one of those that are being executed where it is called: copies would never end.
    private func isUnderWay(_ target: UInt64, from call: Int32) -> Bool {
        var at = call
        while at >= 0 {
            if buffer.calls[Int(at)].target == target { return true }
            at = buffer.calls[Int(at)].parent
        }
        return buffer.blocks[0].address == target
    }

    private func index(of address: UInt64, in call: Int32) -> Int32 {
        for index in 0..<buffer.blockCount
        where buffer.blocks[index].address == address && buffer.blocks[index].call == call {
            return Int32(truncatingIfNeeded: index)
        }
        return -1
    }

    /// Finds the edges inside the region, its loops and their depth.
    private func connect() {
        for position in 0..<buffer.blockCount {
            let block = buffer.blocks[position]
            guard block.ending != .called, block.ending != .refused else { continue }
            if block.isCall(buffer) {
                if block.callee >= 0 {
                    buffer.blocks[position].takenBlock = index(of: block.taken, in: block.callee)
                }
            } else if block.call >= 0, block.isReturn(buffer) {
                connectReturn(position)
            } else if block.ending == .direct, block.staysInFunction(buffer) {
                buffer.blocks[position].takenBlock = index(of: block.taken, in: block.call)
            }
            for guess in block.guesses {
                let (target, callee) = (buffer.guesses[guess].target, buffer.guesses[guess].callee)
                if callee >= 0 || !block.isReturn(buffer) && !block.isIndirectCall(buffer) {
                    buffer.guesses[guess].block = index(of: target, in: callee >= 0 ? callee : block.call)
                }
            }
            if block.next != .max { buffer.blocks[position].nextBlock = index(of: block.next, in: block.call) }
        }
        for position in 0..<buffer.blockCount {
            buffer.forEachSuccessor(position) { target in
                guard target <= position else { return }
                buffer.blocks[target].isLoopHead = true
                buffer.blocks[target].loopEnd = Int32(truncatingIfNeeded: position)
                for inside in target...position { buffer.blocks[inside].depth &+= 1 }
            }
        }
    }

    /// A return of an inlined function leads to a known address, certainly or probably.
    private func connectReturn(_ position: Int) {
        let call = buffer.calls[Int(buffer.blocks[position].call)]
        // A hook may change LR.
        if call.keepsLink, cpu.hooks.isEmpty {
            buffer.blocks[position].ending = .direct
        } else if !buffer.blocks[position].isUnconditional(buffer) {
            return
        }
        let block = index(of: call.returnAddress, in: call.parent)
        if buffer.blocks[position].ending == .direct {
            (buffer.blocks[position].taken, buffer.blocks[position].takenBlock) = (call.returnAddress, block)
        } else {
            buffer.blocks[position].guesses = buffer.guesses.count..<buffer.guesses.count + 1
            buffer.guesses.append(IndirectGuess(target: call.returnAddress, block: block))
        }
    }
}
