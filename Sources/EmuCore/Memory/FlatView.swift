/// A stretch of an address space that one region answers.
public struct FlatRange {
    /// Address of the first byte.
    public let start: UInt64
    /// Address of the last byte.
    public let last: UInt64
    /// Who answers.
    public let region: MemoryRegion
    /// Offset of the first byte in the region.
    public let offsetInRegion: UInt64
    /// Bytes from `address`, which lies in the range, to its end; saturates at 2^64 − 1.
    public func available(from address: UInt64) -> UInt64 {
        let (length, overflow) = (last &- address).addingReportingOverflow(1)
        return overflow ? .max : length
    }
}

/// The rendered form of a region tree: disjoint ranges in address order. Immutable once built.
public final class FlatView: @unchecked Sendable {
    // @unchecked: immutable; the regions behind it are only entered under the machine's lock.
    /// In address order, without overlap.
    public let ranges: [FlatRange]

    init(ranges: [FlatRange]) { self.ranges = ranges }

    /// The range that contains `address`.
    public func range(at address: UInt64) -> FlatRange? {
        var low = 0
        var high = ranges.count
        while low < high {
            let middle = (low + high) / 2
            if ranges[middle].start > address { high = middle } else { low = middle + 1 }
        }
        guard low > 0, address <= ranges[low - 1].last else { return nil }
        return ranges[low - 1]
    }

    /// Renders the tree below `root`: higher priorities first, each region filling the holes left by those before it.
    static func render(_ root: MemoryRegion) -> FlatView {
        var builder = Builder()
        builder.render(root, base: 0, clipStart: 0, clipLast: .max, depth: 0)
        return FlatView(ranges: builder.ranges)
    }

    private struct Builder {
        var ranges: [FlatRange] = []

        /// `base` is the (wrapping) address of the region's offset 0 in the space; only [clipStart, clipLast] shows.
        mutating func render(_ region: MemoryRegion, base: UInt64, clipStart: UInt64, clipLast: UInt64, depth: Int) {
            // A chain of aliases that leads back to itself would never end.
            guard region.isEnabled, region.size > 0, depth < 64 else { return }
            // The clip lies inside the window that the parent shows, so work with offsets of that window: an alias's
            // base may lie "below zero".
            let size = region.size == .max ? UInt64.max : region.size - 1
            let first = clipStart &- base
            let isBefore = base > clipStart && base &- clipStart <= clipLast &- clipStart
            let start: UInt64
            if isBefore {
                start = base
            } else {
                guard first <= size else { return }
                start = clipStart
            }
            let reach = size &- (start &- base)
            let last = clipLast &- start <= reach ? clipLast : start &+ reach
            switch region.kind {
            case .alias(let target, let offset):
                render(target, base: base &- offset, clipStart: start, clipLast: last, depth: depth + 1)
                return
            case .container, .ram, .rom, .io, .iommu:
                for entry in region.subregions {
                    render(entry.region, base: base &+ entry.offset, clipStart: start, clipLast: last, depth: depth + 1)
                }
            }
            if case .container = region.kind { return }
            fill(region, base: base, start: start, last: last)
        }

        /// Puts the region into the parts of [start, last] that nothing of higher priority has taken.
        private mutating func fill(_ region: MemoryRegion, base: UInt64, start: UInt64, last: UInt64) {
            var position = start
            var index = ranges.firstIndex { $0.last >= start } ?? ranges.endIndex
            while true {
                if index < ranges.endIndex, ranges[index].start <= position {
                    let taken = ranges[index].last
                    if taken >= last { return }
                    position = taken &+ 1
                    index += 1
                    continue
                }
                let end = index < ranges.endIndex ? min(last, ranges[index].start &- 1) : last
                ranges.insert(
                    FlatRange(start: position, last: end, region: region, offsetInRegion: position &- base), at: index)
                index += 1
                if end == last { return }
                position = end &+ 1
            }
        }
    }
}
