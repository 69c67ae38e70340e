/// How an engine's room is divided: zones that are filled one after the other, round and round.
///
/// A zone has its own part of everything that a translation takes: code, data beside it, block numbers, exit numbers.
/// When the next zone's turn comes, what is in it is forgotten and nothing else, so that a full cache costs a little
/// work now and then instead of everything at once.
struct CodeZones {
    /// What is used of a zone.
    private struct Use {
        var code = 0
        var blocks = 0
        var exits = 0
    }

    /// Sizes of one zone.
    let codeSize: Int
    let dataSize: Int
    let blockCapacity: Int
    let exitCapacity: Int
    let count: Int
    private let codeStart: Int
    private let dataStart: Int
    private var uses: [Use]
    /// The zone that is being filled.
    private(set) var current = 0

    /// Room for what all translations share, in front of the zones.
    static var commonSize: Int { 1 << 16 }
    /// The smallest cache, and the smallest and largest zone: one holds any block and most regions.
    static var minimum: Int { 1 << 19 }
    private static var minimumZone: Int { 1 << 16 }
    private static var maximumZone: Int { 1 << 20 }
    /// No block takes fewer bytes of code, nor does the code between two exits.
    private static var bytesPerBlock: Int { 64 }

    /// - Parameter total: Bytes of code in all zones; rounded down to whole ones.
    init(_ total: Int) {
        let total = min(max(total, Self.minimum), 1 << 30 - Self.commonSize)
        codeSize = min(max(total / 8, Self.minimumZone), Self.maximumZone) & ~(Self.minimumZone - 1)
        count = total / codeSize
        dataSize = codeSize / 2
        blockCapacity = codeSize / Self.bytesPerBlock
        exitCapacity = codeSize / Self.bytesPerBlock
        (codeStart, dataStart) = (Self.commonSize, Self.commonSize)
        uses = [Use](repeating: Use(), count: count)
    }

    /// Bytes to map.
    var mappedCode: Int { codeStart + count * codeSize }
    var mappedData: Int { dataStart + count * dataSize }

    func code(_ zone: Int) -> Range<Int> { part(zone, codeSize, from: codeStart) }
    func data(_ zone: Int) -> Range<Int> { part(zone, dataSize, from: dataStart) }
    private func part(_ zone: Int, _ size: Int, from start: Int) -> Range<Int> {
        start + zone * size..<start + (zone + 1) * size
    }

    /// Numbers of a zone's blocks and exits that are in use.
    func blocks(_ zone: Int) -> Range<Int32> { numbers(zone * blockCapacity, uses[zone].blocks) }
    func exits(_ zone: Int) -> Range<Int32> { numbers(zone * exitCapacity, uses[zone].exits) }
    private func numbers(_ first: Int, _ count: Int) -> Range<Int32> {
        Int32(truncatingIfNeeded: first)..<Int32(truncatingIfNeeded: first + count)
    }

    func zone(ofBlock number: Int32) -> Int { Int(number) / blockCapacity }

    /// Whether a block's number is in use.
    func contains(block number: Int32) -> Bool {
        number >= 0 && zone(ofBlock: number) < count && blocks(zone(ofBlock: number)).contains(number)
    }

    /// The number of the next block; nil if the zone has no more.
    var nextBlock: Int32? { uses[current].blocks < blockCapacity ? blocks(current).upperBound : nil }
    var nextExit: Int { Int(exits(current).upperBound) }
    var exitEnd: Int { (current + 1) * exitCapacity }

    /// The next block and the exits up to a number are taken.
    mutating func take(exitsTo end: Int, codeTo offset: Int) {
        uses[current].blocks += 1
        uses[current].exits = end - current * exitCapacity
        uses[current].code = offset - code(current).lowerBound
    }

    /// Whether the current zone has used up half of anything.
    ///
    /// - Parameters: What is free of the code and the data.
    func isHalfFull(code: Int, data: Int) -> Bool {
        code < codeSize / 2 || data < dataSize / 2 || uses[current].blocks > blockCapacity / 2
            || uses[current].exits > exitCapacity / 2
    }

    var codeUsed: Int { uses.reduce(0) { $0 + $1.code } }

    var next: Int { (current + 1) % count }

    /// Goes on in a zone that was emptied.
    mutating func enter(_ zone: Int) {
        current = zone
        uses[zone] = Use()
    }

    mutating func removeAll() {
        uses = [Use](repeating: Use(), count: count)
        current = 0
    }
}
