/// One translation: a block or a region.
struct BlockRecord {
    /// Key: effective address, host address of the first instruction, context.
    var address: UInt64
    var host: UInt64
    var context: UInt64
    /// Offset in code memory and size of the code.
    var code: UInt32
    var size: UInt32
    /// Next block in the same bucket, or -1.
    var nextInBucket: Int32
    /// First of the exits that jump here, or -1.
    var incoming: Int32
    var isRegion: Bool
    var isDead: Bool
    /// Where the indirect branch at the end of the first block went, if there is one.
    var profile: BranchProfile?
}

/// The last few targets of one indirect branch, noted by the code of its block, in the data beside it.
struct BranchProfile {
    static var count: Int { 8 }
    static var size: Int { count * MemoryLayout<UInt64>.size }
    let targets: UnsafeMutablePointer<UInt64>

    init(_ raw: UnsafeMutableRawPointer) { targets = raw.bindMemory(to: UInt64.self, capacity: Self.count) }

    /// Targets that were seen, most often first. Zero stands for none yet.
    var seen: [(target: UInt64, count: Int)] {
        var counts: [UInt64: Int] = [:]
        for index in 0..<Self.count where targets[index] != 0 { counts[targets[index], default: 0] += 1 }
        return counts.map { ($0.key, $0.value) }.sorted { ($0.1, $1.0) > ($1.1, $0.0) }
    }
}

/// All translations of an engine, found by key.
final class BlockTable {
    private static var bucketCount: Int { 1 << 16 }
    private let buckets: UnsafeMutablePointer<Int32>
    private(set) var records: UnsafeMutablePointer<BlockRecord>
    /// One more than the highest number in use since the table was empty.
    private(set) var count = 0
    private var capacity: Int

    /// - Parameter capacity: Records to have room for at first. Untouched ones take no memory.
    init(capacity: Int = 4096) {
        self.capacity = capacity
        buckets = .allocate(capacity: Self.bucketCount)
        records = .allocate(capacity: capacity)
        buckets.initialize(repeating: -1, count: Self.bucketCount)
    }

    deinit {
        buckets.deallocate()
        records.deallocate()
    }

    @inline(__always)
    private static func bucket(_ address: UInt64, _ host: UInt64, _ context: UInt64) -> Int {
        // Host and effective address differ by a constant over all of a linear mapping, so a mere XOR of them would put
        // all of a kernel into a handful of buckets.
        let mixed = ((address &>> 2) &+ (host &>> 12) &* 0xff51_afd7_ed55_8ccd ^ context) &* 0x9e37_79b9_7f4a_7c15
        return Int(truncatingIfNeeded: mixed &>> 48)
    }

    /// Number of the block with a key, or -1.
    @inline(__always)
    func find(_ address: UInt64, _ host: UInt64, _ context: UInt64) -> Int32 {
        var number = buckets[Self.bucket(address, host, context)]
        while number >= 0 {
            let record = records + Int(number)
            if record.pointee.address == address, record.pointee.host == host, record.pointee.context == context {
                return number
            }
            number = record.pointee.nextInBucket
        }
        return -1
    }

    /// Number behind all others.
    var nextNumber: Int32 { Int32(truncatingIfNeeded: count) }

    /// Adds a record in front of others with its key. Nothing else may be found by its number.
    func insert(_ record: BlockRecord, as number: Int32) {
        let place = Int(number)
        if place >= capacity {
            let larger = UnsafeMutablePointer<BlockRecord>.allocate(capacity: max(capacity * 2, place + 1))
            larger.moveInitialize(from: records, count: count)
            records.deallocate()
            records = larger
            capacity = max(capacity * 2, place + 1)
        }
        let bucket = Self.bucket(record.address, record.host, record.context)
        records[place] = record
        records[place].nextInBucket = buckets[bucket]
        buckets[bucket] = number
        count = max(count, place + 1)
    }

    /// Makes a block unfindable.
    func remove(_ number: Int32) {
        let record = records[Int(number)]
        let bucket = Self.bucket(record.address, record.host, record.context)
        if buckets[bucket] == number {
            buckets[bucket] = record.nextInBucket
        } else {
            var at = buckets[bucket]
            while at >= 0 {
                if records[Int(at)].nextInBucket == number {
                    records[Int(at)].nextInBucket = record.nextInBucket
                    break
                }
                at = records[Int(at)].nextInBucket
            }
        }
        records[Int(number)].isDead = true
    }

    /// Which of some blocks may have been made from code at some effective addresses: translations stay in a granule.
    func near(_ addresses: Set<UInt64>, among numbers: some Sequence<Int32>) -> [Int32] {
        let granules = Set(addresses.map { $0 >> Self.granuleShift })
        return numbers.filter { granules.contains(records[Int($0)].address >> Self.granuleShift) }
    }
    /// No granule is larger.
    private static var granuleShift: UInt64 { 16 }

    func removeAll() {
        buckets.update(repeating: -1, count: Self.bucketCount)
        count = 0
    }
}
