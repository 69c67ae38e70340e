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
    var lastUse: UInt64 = 0

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

    /// Forgets the entry of an address.
    @inline(__always)
    func remove(_ address: UInt64) {
        let entry = entries + Self.index(address)
        if entry.pointee.address == address { entry.pointee = Entry(address: Self.none, code: 0) }
    }
}

/// The jump caches of one vCPU, one for each context and bank in use.
final class JumpCaches {
    private static var maximum: Int { 48 }
    private var caches: [JumpCache] = []
    private var clock: UInt64 = 0

    /// The cache of a context and bank, with nothing in it that an older generation of the mapping left.
    ///
    /// - Parameter onReuse: Called when a cache gets another context or bank.
    func select(_ context: UInt64, _ bank: UInt, _ generation: UInt64, onReuse: () -> Void) -> JumpCache {
        clock &+= 1
        if let known = caches.first(where: { $0.context == context && $0.bank == bank }) {
            known.lastUse = clock
            if known.generation != generation {
                known.generation = generation
                known.clear()
            }
            return known
        }
        let cache: JumpCache
        if caches.count >= Self.maximum, let oldest = caches.min(by: { $0.lastUse < $1.lastUse }) {
            onReuse()
            oldest.clear()
            cache = oldest
        } else {
            cache = JumpCache()
            caches.append(cache)
        }
        (cache.context, cache.bank, cache.generation, cache.lastUse) = (context, bank, generation, clock)
        return cache
    }

    /// Forgets the code of one address in one context, in every bank.
    func remove(_ address: UInt64, context: UInt64) {
        for cache in caches where cache.context == context { cache.remove(address) }
    }

    func clear() {
        for cache in caches { cache.clear() }
    }
}
