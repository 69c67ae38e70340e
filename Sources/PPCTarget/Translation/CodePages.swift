/// Where translated code came from: physical pages, in lines of 64 bytes, and the blocks of each page.
struct CodePages {
    private struct Page {
        var lines: UInt64 = 0
        var blocks: [Int32] = []
    }
    static var pageShift: UInt64 { 12 }
    /// Unit in which write tags are withheld at most.
    static var chunkShift: UInt64 { 16 }

    private var pages: [UInt64: Page] = [:]
    /// Number of pages with code by 64 KiB chunk.
    private var chunks: [UInt64: Int] = [:]

    private static func lines(_ page: UInt64, _ start: UInt64, _ end: UInt64) -> UInt64 {
        let base = page &<< pageShift
        let from = max(start, base) &- base
        let to = min(end, base &+ 4096) &- base &- 1
        let low: UInt64 = .max &<< (from &>> 6)
        let high: UInt64 = .max &>> (63 &- to &>> 6)
        return low & high
    }

    /// Notes that a block was made from `count` bytes at a physical address.
    mutating func add(_ block: Int32, at address: UInt64, count: UInt64) {
        guard count > 0 else { return }
        for page in address &>> Self.pageShift...(address &+ count &- 1) &>> Self.pageShift {
            if pages[page] == nil {
                pages[page] = Page()
                chunks[page &>> (Self.chunkShift - Self.pageShift), default: 0] += 1
            }
            pages[page]?.lines |= Self.lines(page, address, address &+ count)
            if pages[page]?.blocks.last != block { pages[page]?.blocks.append(block) }
        }
    }

    /// Whether every page of a range has code already, so that no right to write to it is out.
    func covers(_ address: UInt64, _ count: UInt64) -> Bool {
        (address &>> Self.pageShift...(address &+ (count &- 1)) &>> Self.pageShift).allSatisfy { pages[$0] != nil }
    }

    func holds(_ address: UInt64, _ count: UInt64) -> Bool {
        guard count > 0 else { return false }
        for chunk in address &>> Self.chunkShift...(address &+ (count &- 1)) &>> Self.chunkShift
        where chunks[chunk] != nil {
            if count >= 1 &<< Self.chunkShift { return true }
            for page in address &>> Self.pageShift...(address &+ (count &- 1)) &>> Self.pageShift
            where pages[page] != nil { return true }
        }
        return false
    }

    /// Takes the blocks out that have code in the lines of a written range; empty if it missed all lines.
    mutating func hit(_ address: UInt64, _ count: UInt64) -> [Int32] {
        guard count > 0 else { return [] }
        var found: [Int32] = []
        for page in address &>> Self.pageShift...(address &+ (count &- 1)) &>> Self.pageShift {
            guard let known = pages[page], known.lines & Self.lines(page, address, address &+ count) != 0 else {
                continue
            }
            found.append(contentsOf: known.blocks)
            remove(page: page)
        }
        return found
    }

    /// Forgets a page; its blocks are gone.
    private mutating func remove(page: UInt64) {
        guard pages.removeValue(forKey: page) != nil else { return }
        let chunk = page &>> (Self.chunkShift - Self.pageShift)
        if let left = chunks[chunk] { chunks[chunk] = left > 1 ? left - 1 : nil }
    }

    mutating func removeAll() {
        pages.removeAll(keepingCapacity: true)
        chunks.removeAll(keepingCapacity: true)
    }
}
