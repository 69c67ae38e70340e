import Glibc

/// Delta encoding of pages: runs of unchanged bytes and runs of new bytes, each with a length of one or two bytes.
/// Source: QEMU `docs/xbzrle.txt`.
enum XBZRLE {
    /// - Returns: Encoded length, 0 if the pages are equal, `nil` if the encoding does not fit.
    static func encode(
        old: UnsafeRawPointer, new: UnsafeRawPointer, count: Int, into target: UnsafeMutableRawPointer, capacity: Int
    ) -> Int? {
        var used = 0
        var index = 0
        while index < count {
            let sameStart = index
            while index + 8 <= count,
                old.loadUnaligned(fromByteOffset: index, as: UInt64.self)
                    == new.loadUnaligned(fromByteOffset: index, as: UInt64.self)
            { index += 8 }
            while index < count,
                old.load(fromByteOffset: index, as: UInt8.self)
                    == new.load(fromByteOffset: index, as: UInt8.self)
            { index += 1 }
            if index - sameStart == count { return 0 }
            if index == count { return used }
            guard used + 2 <= capacity else { return nil }
            used += putLength(index - sameStart, target + used)
            let differentStart = index
            while index < count,
                old.load(fromByteOffset: index, as: UInt8.self)
                    != new.load(fromByteOffset: index, as: UInt8.self)
            { index += 1 }
            let length = index - differentStart
            guard used + 2 <= capacity else { return nil }
            used += putLength(length, target + used)
            guard used + length <= capacity else { return nil }
            (target + used).copyMemory(from: new + differentStart, byteCount: length)
            used += length
        }
        return used
    }

    /// Applies a delta to the page at `target`.
    ///
    /// - Returns: Whether the delta was well-formed; the page is undefined otherwise, but nothing outside is touched.
    static func decode(_ delta: UnsafeRawBufferPointer, onto target: UnsafeMutableRawPointer, count: Int) -> Bool {
        var index = 0
        var position = 0
        while index < delta.count {
            guard delta.count - index >= 2, let same = takeLength(delta, &index), position + same <= count else {
                return false
            }
            position += same
            guard delta.count - index >= 2, let different = takeLength(delta, &index), different > 0,
                position + different <= count, index + different <= delta.count, let base = delta.baseAddress
            else { return false }
            (target + position).copyMemory(from: base + index, byteCount: different)
            position += different
            index += different
        }
        return true
    }

    private static func putLength(_ value: Int, _ target: UnsafeMutableRawPointer) -> Int {
        if value < 0x80 {
            target.storeBytes(of: UInt8(value), as: UInt8.self)
            return 1
        }
        target.storeBytes(of: UInt8(value & 0x7f | 0x80), as: UInt8.self)
        (target + 1).storeBytes(of: UInt8(value >> 7 & 0x7f), as: UInt8.self)
        return 2
    }

    private static func takeLength(_ delta: UnsafeRawBufferPointer, _ index: inout Int) -> Int? {
        let first = Int(delta[index])
        if first & 0x80 == 0 {
            index += 1
            return first
        }
        guard index + 1 < delta.count, delta[index + 1] & 0x80 == 0 else { return nil }
        let value = first & 0x7f | Int(delta[index + 1]) << 7
        index += 2
        return value
    }
}

/// Recent contents of pages, by direct mapping; what the destination has after each page that was sent.
final class XBZRLECache {
    enum Outcome {
        /// The cache has no old version.
        case miss
        case unchanged
        /// The change is too big; the whole page, as now cached, must be sent.
        case overflow(UnsafeRawPointer)
        case encoded(UnsafeRawBufferPointer)
    }

    private let slotCount: Int
    private let keys: UnsafeMutablePointer<UInt64>
    private let storage: UnsafeMutableRawPointer
    private let snapshot: UnsafeMutableRawPointer
    private let encoded: UnsafeMutableRawPointer
    private let pageSize = RAMLiveState.pageSize
    private static let emptyKey = UInt64.max

    init(byteCount: UInt64) {
        slotCount = max(Int(clamping: min(byteCount, 1 << 40) / 4096), 1)
        keys = .allocate(capacity: slotCount)
        keys.initialize(repeating: Self.emptyKey, count: slotCount)
        // Reserved only; pages of the cache become real when they are used.
        let memory = mmap(
            nil, slotCount * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | Int32(MAP_NORESERVE), -1, 0)
        if let memory, memory != MAP_FAILED {
            storage = memory
        } else {
            storage = .allocate(byteCount: slotCount * 4096, alignment: 4096)
        }
        isMapped = memory != MAP_FAILED && memory != nil
        snapshot = .allocate(byteCount: 4096, alignment: 64)
        encoded = .allocate(byteCount: 4096, alignment: 64)
    }
    private let isMapped: Bool

    deinit {
        keys.deallocate()
        if isMapped { munmap(storage, slotCount * 4096) } else { storage.deallocate() }
        snapshot.deallocate()
        encoded.deallocate()
    }

    private func key(_ part: Int, _ page: Int) -> UInt64 { UInt64(part) << 48 | UInt64(page) }
    private func slot(_ key: UInt64) -> Int { Int((key ^ key >> 48 &* 0x9e37) % UInt64(slotCount)) }

    func encode(part: Int, page: Int, current: UnsafeRawPointer) -> Outcome {
        let key = key(part, page)
        let slot = slot(key)
        guard keys[slot] == key else { return .miss }
        let old = storage + slot * pageSize
        // The guest may write while this runs, so both encoding and cache use one snapshot.
        snapshot.copyMemory(from: current, byteCount: pageSize)
        let length = XBZRLE.encode(old: old, new: snapshot, count: pageSize, into: encoded, capacity: pageSize)
        if length == 0 { return .unchanged }
        old.copyMemory(from: snapshot, byteCount: pageSize)
        guard let length else { return .overflow(old) }
        return .encoded(UnsafeRawBufferPointer(start: encoded, count: length))
    }

    func insert(part: Int, page: Int, current: UnsafeRawPointer) -> UnsafeRawPointer? {
        let key = key(part, page)
        let slot = slot(key)
        keys[slot] = key
        let target = storage + slot * pageSize
        target.copyMemory(from: current, byteCount: pageSize)
        return UnsafeRawPointer(target)
    }

    /// The destination's copy became zero.
    func forget(part: Int, page: Int) {
        let key = key(part, page)
        let slot = slot(key)
        if keys[slot] == key { keys[slot] = Self.emptyKey }
    }
}
