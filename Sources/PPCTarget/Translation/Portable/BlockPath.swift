import CPPCState

/// The way through guest code that one portable block is made of: over unconditional branches, through calls and back,
/// and past conditional branches, whose steps leave the block if they are taken.
///
/// The parts of a block are those of the buffer, in their order. One that a branch to its target leads to the next part
/// has ``GuestBlock/takenBlock`` set, one that is passed has ``GuestBlock/nextBlock``.
struct BlockPath {
    /// Behind so many instructions or parts nothing is followed any more.
    private static var followLimit: Int { 32 }
    private static var partLimit: Int { 8 }
    /// Instructions of the longest block.
    static var longest: Int { followLimit + RegionDecoder.blockLimit }

    /// Where the calls that were followed come back to.
    private var returns: [UInt64] = []

    mutating func begin() { returns.removeAll(keepingCapacity: true) }

    /// Notes how the buffer's last part leads on.
    ///
    /// - Returns: The address of the next part, if there is to be one.
    mutating func follow(_ buffer: RegionBuffer, _ infos: UnsafePointer<RowInfo>, _ source: CodeSource) -> UInt64? {
        let number = buffer.blockCount - 1
        guard buffer.instructionCount < Self.followLimit, number + 1 < Self.partLimit else { return nil }
        var block = buffer.blocks[number]
        guard block.count > 0, block.ending == .direct || block.ending == .indirect else { return nil }
        if block.next != .max {
            guard source.contains(block.next) else { return nil }
            block.nextBlock = Int32(truncatingIfNeeded: number + 1)
        } else {
            let row = Int(buffer.instructions[buffer.instructionCount - 1].row)
            switch infos[row].lowered {
            case .b, .ba:
                // A loop begins anew as a block.
                guard !Self.contains(block.taken, buffer) else { return nil }
            case .bl, .bla: returns.append(block.end(buffer))
            case .bclr:
                guard let address = returns.popLast() else { return nil }
                block.taken = address
            default: return nil
            }
            guard source.contains(block.taken) else { return nil }
            block.takenBlock = Int32(truncatingIfNeeded: number + 1)
        }
        buffer.blocks[number] = block
        return block.nextBlock >= 0 ? block.next : block.taken
    }

    private static func contains(_ address: UInt64, _ buffer: RegionBuffer) -> Bool {
        (0..<buffer.blockCount).contains {
            let block = buffer.blocks[$0]
            return block.address <= address && address < block.end(buffer)
        }
    }
}
