/// The table through which generated code finds the target of an indirect branch: effective address to code, for one
/// context and one translation bank. Dropped whenever an address in it might map elsewhere.
final class JumpCache {
    struct Entry {
        var address: UInt64
        var code: UInt64
    }
    static var entryCount: Int { 4096 }
    /// Mask over the address that, scaled by four, gives an entry's offset.
    static var indexMask: Int32 { Int32(entryCount - 1) &* 4 }
    /// Never an instruction address.
    static var none: UInt64 { 1 }

    let entries: UnsafeMutablePointer<Entry>
    /// Context, bank and generation of the bank's mapping that the entries are for.
    var context: UInt64 = .max
    var bank: UInt = 0
    var generation: UInt64 = 0

    init() {
        entries = .allocate(capacity: Self.entryCount)
        clear()
    }

    deinit { entries.deallocate() }

    @inline(__always)
    static func index(_ address: UInt64) -> Int { Int(truncatingIfNeeded: address &>> 2 & UInt64(entryCount &- 1)) }

    func clear() {
        entries.update(repeating: Entry(address: Self.none, code: 0), count: Self.entryCount)
    }

    @inline(__always)
    func insert(_ address: UInt64, _ code: UInt64) {
        entries[Self.index(address)] = Entry(address: address, code: code)
    }

    /// Forgets the entry of an address.
    @inline(__always)
    func remove(_ address: UInt64) {
        let entry = entries + Self.index(address)
        if entry.pointee.address == address { entry.pointee = Entry(address: Self.none, code: 0) }
    }
}

/// The jump caches of one vCPU, direct-mapped by context and bank.
final class JumpCaches {
    private static var count: Int { 64 }
    private var slots = [JumpCache?](repeating: nil, count: count)

    /// The cache of a context and bank, with nothing in it that an older generation of the mapping left.
    func select(_ context: UInt64, _ bank: UInt, _ generation: UInt64) -> JumpCache {
        let mixed = (context ^ UInt64(bank) &>> 4) &* 0x9e37_79b9_7f4a_7c15
        let slot = Int(truncatingIfNeeded: mixed &>> 58)
        guard let cache = slots[slot] else {
            let made = JumpCache()
            (made.context, made.bank, made.generation) = (context, bank, generation)
            slots[slot] = made
            return made
        }
        if cache.context != context || cache.bank != bank || cache.generation != generation {
            (cache.context, cache.bank, cache.generation) = (context, bank, generation)
            cache.clear()
        }
        return cache
    }

    /// Forgets the code of one address in one context, in every bank.
    func remove(_ address: UInt64, context: UInt64) {
        for case let cache? in slots where cache.context == context { cache.remove(address) }
    }

    func clear() {
        for case let cache? in slots { cache.clear() }
    }
}
