/// Memory that the built-in firmware and its client have claimed: ranges below the top of real-mode memory.
struct ClaimedMemory {
    struct Range: Equatable {
        let start: UInt64
        let size: UInt64
        var end: UInt64 { start &+ size }
    }

    private(set) var ranges: [Range] = []
    private var next: UInt64 = 0
    /// End of what may be claimed.
    let top: UInt64

    init(top: UInt64) { self.top = min(top, 1 << 32) }

    private func isFree(_ start: UInt64, _ size: UInt64) -> Bool {
        !ranges.contains { start < $0.end && $0.start < start &+ size }
    }

    /// Claims `size` bytes: at `address` if `alignment` is 0, else anywhere at a multiple of `alignment`.
    ///
    /// - Returns: Where; `nil` if there is no room.
    mutating func claim(_ address: UInt64, _ size: UInt64, alignment: UInt64) -> UInt64? {
        guard size > 0, size <= top else { return nil }
        var start = address
        if alignment == 0 {
            guard isFree(start, size) else { return nil }
        } else {
            start = (next &+ alignment &- 1) / alignment * alignment
            while !isFree(start, size) {
                // After the range in the way.
                guard let hindrance = ranges.first(where: { start < $0.end && $0.start < start &+ size }) else { break }
                start = (hindrance.end &+ alignment &- 1) / alignment * alignment
                if start >= top { return nil }
            }
            guard start < top, size <= top - start else { return nil }
        }
        next = max(next, start &+ size)
        ranges.append(Range(start: start, size: size))
        ranges.sort { $0.start < $1.start }
        return start
    }

    /// Gives back a range that was claimed as a whole.
    mutating func release(_ address: UInt64, _ size: UInt64) -> Bool {
        guard let index = ranges.firstIndex(of: Range(start: address, size: size)) else { return false }
        ranges.remove(at: index)
        return true
    }

    /// What is left below `end`, in order, as pairs of start and size.
    func available(below end: UInt64) -> [UInt64] {
        var result: [UInt64] = []
        var position: UInt64 = 0
        for range in ranges {
            if range.start > position { result += [position, range.start - position] }
            position = max(position, range.end)
        }
        if position < end { result += [position, end - position] }
        return result
    }
}
