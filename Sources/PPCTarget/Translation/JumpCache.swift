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

    /// Places of entries since the cache was empty, behind the entries: their number in an entry of its own, then as
    /// many as fit. Few are in use when a cache is dropped, most of the time.
    private static var noteCapacity: Int { 1024 }

    init() {
        let notes = Self.noteCapacity * MemoryLayout<UInt16>.stride / MemoryLayout<Entry>.stride
        entries = .allocate(capacity: Self.entryCount + 1 + notes)
        let none = Entry(address: Self.none, code: 0)
        entries.initialize(repeating: none, count: Self.entryCount + 1 + notes)
        entries[Self.entryCount].address = 0
    }

    @inline(__always)
    private static func notes(_ entries: UnsafeMutablePointer<Entry>) -> UnsafeMutablePointer<UInt16> {
        UnsafeMutableRawPointer(entries + entryCount + 1).assumingMemoryBound(to: UInt16.self)
    }

    @inline(__always)
    static func insert(_ entries: UnsafeMutablePointer<Entry>, _ address: UInt64, _ code: UInt64) {
        let place = index(address)
        entries[place] = Entry(address: address, code: code)
        let count = Int(truncatingIfNeeded: entries[entryCount].address)
        guard count <= noteCapacity else { return }
        if count < noteCapacity { notes(entries)[count] = UInt16(truncatingIfNeeded: place) }
        entries[entryCount].address &+= 1
    }

    /// Calls `body` with every address in the cache.
    func forEach(_ body: (Entry) -> Void) {
        let count = Int(truncatingIfNeeded: entries[Self.entryCount].address)
        if count > Self.noteCapacity {
            for place in 0..<Self.entryCount where entries[place].address != Self.none { body(entries[place]) }
        } else {
            for note in 0..<count {
                let entry = entries[Int(Self.notes(entries)[note])]
                if entry.address != Self.none { body(entry) }
            }
        }
    }

    deinit { entries.deallocate() }

    @inline(__always)
    static func index(_ address: UInt64) -> Int { Int(truncatingIfNeeded: address &>> 2 & UInt64(entryCount &- 1)) }

    func clear() {
        let none = Entry(address: Self.none, code: 0)
        let count = Int(truncatingIfNeeded: entries[Self.entryCount].address)
        if count > Self.noteCapacity {
            entries.update(repeating: none, count: Self.entryCount)
        } else {
            for note in 0..<count { entries[Int(Self.notes(entries)[note])] = none }
        }
        entries[Self.entryCount].address = 0
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
        adopt(cache)
        return cache
    }

    /// Takes over the kernel's addresses from the cache of another process.
    private func adopt(_ new: JumpCache) {
        guard let bank = TLBBank.at(new.bank),
            let other = caches.filter({ other in
                other !== new && other.context == new.context
                    && TLBBank.at(other.bank).map { bank.sharesKernel(with: $0) && $0.generation == other.generation }
                        == true
            }).max(by: { $0.lastUse < $1.lastUse })
        else { return }
        other.forEach { entry in
            guard TLBBank.isKernel(entry.address) else { return }
            JumpCache.insert(new.entries, entry.address, entry.code)
            bank.noteExecuted(entry.address)
        }
    }

    /// Forgets the code of one address in one context, in every bank.
    func remove(_ address: UInt64, context: UInt64) {
        for cache in caches where cache.context == context { cache.remove(address) }
    }

    /// Calls `body` with every address in every cache.
    func forEach(_ body: (JumpCache.Entry) -> Void) {
        for cache in caches { cache.forEach(body) }
    }

    /// Forgets what leads into a range of addresses of code.
    func remove(code: Range<UInt64>) {
        for cache in caches {
            cache.forEach { entry in if code.contains(entry.code) { cache.remove(entry.address) } }
        }
    }

    func clear() {
        for cache in caches { cache.clear() }
    }
}
