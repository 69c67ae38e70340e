import CPPCState

// Which guest registers live in which host registers, for the whole of a region.
extension Translator {
    /// Gives the host's registers to the guest registers used most, weighted by loop depth.
    mutating func assignRegisters() {
        withUnsafeTemporaryAllocation(of: UInt32.self, capacity: Slot.count) { weights in
            weights.initialize(repeating: 0)
            for index in 0..<buffer.blockCount {
                let block = buffer.blocks[index]
                let weight: UInt32 = 1 &<< (3 &* UInt32(min(block.depth, 4)))
                for position in Int(block.first)..<Int(block.first &+ block.count) {
                    let instruction = buffer.instructions[position]
                    let row = entry.infos + Int(instruction.row)
                    if row.pointee.touchesAll { continue }
                    let slots = row.pointee.slots(instruction.word)
                    var left = slots.reads
                    while left != 0 {
                        weights[left.trailingZeroBitCount] &+= weight
                        left &= left &- 1
                    }
                    left = slots.writes
                    while left != 0 {
                        weights[left.trailingZeroBitCount] &+= weight
                        left &= left &- 1
                    }
                }
            }
            for index in 0..<Host.allocatableCount {
                var best = 0
                for slot in 1..<Slot.count where weights[slot] > weights[best] { best = slot }
                if weights[best] == 0 { break }
                weights[best] = 0
                hostOf[best] = Host.allocatable(index).code
                assigned |= Slot.bit(best)
            }
        }
        spreadDirtiness()
        requireLoopRegisters()
    }

    /// Finds what blocks expect in host registers: what may be dirty and, at the heads of loops, what is used in any
    /// loop around. Everything else is loaded by who uses it first.
    private func requireLoopRegisters() {
        guard holdsAcrossBlocks else { return }
        for index in 0..<buffer.blockCount { buffer.blocks[index].required = buffer.blocks[index].dirtyIn & assigned }
        for head in 0..<buffer.blockCount where buffer.blocks[head].isLoopHead {
            let end = Int(buffer.blocks[head].loopEnd)
            var used: UInt64 = 0
            for index in head...end { used |= buffer.blocks[index].reads | buffer.blocks[index].writes }
            for index in head...end where buffer.blocks[index].isLoopHead {
                buffer.blocks[index].required |= used & assigned
            }
        }
        for index in 0..<buffer.blockCount where buffer.blocks[index].isLoopHead {
            buffer.blocks[index].validIn = buffer.blocks[index].required
        }
    }

    /// Finds for every block which registers may be dirty when it is entered.
    private func spreadDirtiness() {
        guard holdsAcrossBlocks else { return }
        var changed = true
        while changed {
            changed = false
            for index in 0..<buffer.blockCount {
                let block = buffer.blocks[index]
                let out = block.dirtyIn | block.writes
                buffer.forEachSuccessor(index) { successor in
                    let old = buffer.blocks[successor].dirtyIn
                    if old | out != old {
                        buffer.blocks[successor].dirtyIn = old | out
                        changed = true
                    }
                }
            }
        }
    }
}
