import CPPCState

/// Where the translations of one vCPU came from: the blocks of each physical page. What others store is told by the
/// machine's ``SharedCode``.
final class CodePages {
    private let shared: SharedCode
    private let member: Int
    private let mmu: MMU
    private var blocks: [UInt64: [Int32]] = [:]

    init(_ cpu: PPCCPU) {
        shared = cpu.sharedCode
        member = shared.join(cpu)
        mmu = cpu.mmu
    }

    deinit {
        shared.removeAll(of: blocks.keys, member: member)
        shared.leave(member)
    }

    /// Mask of the 64-byte lines that a range covers of a page.
    static func lines(_ page: UInt64, _ start: UInt64, _ end: UInt64) -> UInt64 {
        let base = page &<< SharedCode.pageShift
        let from = max(start, base) &- base
        let to = min(end, base &+ 4096) &- base &- 1
        let low: UInt64 = .max &<< (from &>> 6)
        let high: UInt64 = .max &>> (63 &- to &>> 6)
        return low & high
    }

    private static func pages(_ address: UInt64, _ count: UInt64) -> ClosedRange<UInt64> {
        address &>> SharedCode.pageShift...(address &+ (count &- 1)) &>> SharedCode.pageShift
    }

    /// Makes sure that no store to a range can go unseen. Call before reading code from it.
    func prepare(_ address: UInt64, _ count: UInt64) {
        if Self.pages(address, count).allSatisfy({ blocks[$0] != nil }) { return }
        guard shared.prepare(address, count, member: member) else { return }
        let size: UInt64 = 1 &<< SharedCode.chunkShift
        var chunk = address & ~(size &- 1)
        while chunk < address &+ count {
            mmu.withdrawWriteTags(at: chunk, count: size)
            chunk &+= size
        }
    }

    /// Notes that a block was made from `count` bytes at a physical address.
    func add(_ block: Int32, at address: UInt64, count: UInt64) {
        guard count > 0 else { return }
        shared.add(address, count, member: member)
        for page in Self.pages(address, count) where blocks[page]?.last != block {
            blocks[page, default: []].append(block)
        }
    }

    /// Whether stores to a range may go on without notice.
    func mayWrite(_ address: UInt64, _ count: UInt64) -> Bool { shared.mayWrite(address, count, member: member) }

    /// Takes the blocks out that a store has changed; empty if it missed all lines with code.
    func hit(_ address: UInt64, _ count: UInt64) -> [Int32] {
        guard count > 0 else { return [] }
        return remove(shared.hit(address, count, by: member))
    }

    /// Acts on what other vCPUs stored and translated, and takes the blocks out that they changed.
    func catchUp() -> [Int32] {
        let inbox = shared.takeInbox(member)
        let size: UInt64 = 1 &<< SharedCode.chunkShift
        for chunk in inbox.withdrawn { mmu.withdrawWriteTags(at: chunk &* size, count: size) }
        if !inbox.withdrawn.isEmpty { shared.gaveUp(inbox.withdrawn, member: member) }
        return remove(inbox.changed)
    }

    private func remove(_ pages: [UInt64]) -> [Int32] { pages.flatMap { blocks.removeValue(forKey: $0) ?? [] } }

    /// Forgets that blocks with numbers in a range were made from anywhere.
    func remove(_ numbers: Range<Int32>) {
        var empty: [UInt64] = []
        for page in Array(blocks.keys) {
            blocks[page]?.removeAll { numbers.contains($0) }
            if blocks[page]?.isEmpty == true { empty.append(page) }
        }
        for page in empty { blocks[page] = nil }
        shared.removeAll(of: empty, member: member)
    }

    func removeAll() {
        shared.removeAll(of: blocks.keys, member: member)
        blocks.removeAll(keepingCapacity: true)
    }
}
