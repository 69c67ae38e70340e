import EmuCore
import Glibc

/// What saving and loading RAM should do differently, from capabilities and parameters.
struct RAMOptions {
    /// Leave out blocks that both ends share; changes the block list.
    var ignoresShared = false
    /// Cache of old page contents in bytes; 0: no XBZRLE.
    var xbzrleCacheSize: UInt64 = 0
}

/// The `ram` section: guest memory in passes over the dirty pages. Version 4 of the section.
///
/// Confined to the thread that migrates; it takes the machine's lock where it touches CPUs.
final class RAMLiveState: LiveState {
    static let sectionName = "ram"
    static let version = 4
    static let pageShift = 12
    static let pageSize = 4096

    /// One block while it is saved or loaded.
    struct Part {
        let block: RAMBlock
        let name: [UInt8]
        let base: UnsafeMutableRawPointer
        /// Bytes that travel: the used length in whole pages.
        let length: UInt64
        let pageCount: Int
        let isIgnored: Bool
        /// Pages still to be sent (saving), or pages that may hold something (loading).
        let pages: PageSet
        /// Whether ``pages`` says something while loading.
        var knowsContent = false
    }

    unowned let machine: Machine
    var options = RAMOptions()
    /// Called after each look at the dirty bitmap with the number of passes.
    var onPass: ((UInt64) -> Void)?
    /// Texts for the user about things that QEMU accepts silently.
    var warnings: [String] = []
    private(set) var statistics = RAMStatistics()

    var parts: [Part] = []
    var savePart = 0
    var saveWord = 0
    var lastSent = -1
    var remainingPages = 0
    private var isBulk = true
    private var isComplete = false
    var cache: XBZRLECache?

    var loadPart = -1
    var isListLoaded = false

    init(machine: Machine) { self.machine = machine }

    var isActive: Bool { true }

    func collectParts() -> [Part] {
        machine.ramBlocks.filter(\.isMigratable).map { block in
            let length = min((block.usedLength &+ 4095) & ~4095, block.maxLength & ~4095)
            let count = Int(length >> UInt64(Self.pageShift))
            return Part(
                block: block, name: Array(block.id.utf8), base: block.base, length: length, pageCount: count,
                isIgnored: options.ignoresShared && block.isShared, pages: PageSet(pageCount: count))
        }
    }

    // MARK: Saving

    /// Bytes still to be sent; looks for newly dirtied pages when the current pass is done.
    var pendingBytes: UInt64 {
        if remainingPages == 0 { synchronize() }
        statistics.remainingBytes = UInt64(remainingPages) << UInt64(Self.pageShift)
        return statistics.remainingBytes
    }

    func saveSetup(_ output: any StateOutput) throws {
        let writer = try streamWriter(output)
        statistics = RAMStatistics()
        parts = collectParts()
        isBulk = true
        isComplete = false
        lastSent = -1
        savePart = 0
        saveWord = 0
        remainingPages = 0
        cache = options.xbzrleCacheSize > 0 ? XBZRLECache(byteCount: options.xbzrleCacheSize) : nil
        for part in parts {
            statistics.totalBytes &+= part.isIgnored ? 0 : part.length
            if !part.isIgnored { part.block.dirtyBitmap(.migration).markAll() }
        }
        synchronize()
        let total = parts.reduce(UInt64(0)) { $0 &+ $1.length }
        try writer.writeWord(total | RAMFlags.memorySize)
        for part in parts {
            try writer.writeCounted(part.block.id)
            try writer.writeWord(part.length)
            if options.ignoresShared { try writer.writeWord(guestAddress(of: part.block)) }
        }
        try writer.writeWord(RAMFlags.endOfSection)
        try writer.flush()
    }

    func saveIteration(_ output: any StateOutput) throws -> Bool {
        let writer = try streamWriter(output)
        let done = try send(writer, limited: true)
        try writer.writeWord(RAMFlags.endOfSection)
        return done
    }

    func saveCompletion(_ output: any StateOutput) throws {
        let writer = try streamWriter(output)
        isComplete = true
        synchronize()
        _ = try send(writer, limited: false)
        statistics.remainingBytes = 0
        try writer.writeWord(RAMFlags.endOfSection)
        try writer.flush()
    }

    func saveCleanup() {
        parts = []
        cache = nil
    }

    private func streamWriter(_ output: any StateOutput) throws -> StreamWriter {
        guard let writer = output as? StreamWriter else {
            throw MigrationError("RAM can only be written to a migration stream")
        }
        return writer
    }

    /// Takes the dirty bits gathered since the last time. The order matters: bits are taken, then CPUs drop their
    /// permission to write unlogged, then pages are read; a store in between is seen by the read, a later one is logged.
    private func synchronize() {
        for part in parts where !part.isIgnored {
            let bitmap = part.block.dirtyBitmap(.migration)
            let words = part.pages.words
            for index in 0..<min(part.pages.wordCount, bitmap.wordCount) {
                var bits = bitmap.take(word: index)
                guard bits != 0 else { continue }
                let left = part.pageCount - index * 64
                if left < 64 { bits &= (1 << UInt64(left)) - 1 }
                remainingPages += (bits & ~words[index]).nonzeroBitCount
                words[index] |= bits
            }
        }
        machine.withLock {
            for cpu in machine.cpus { cpu.flushWriteAccess() }
        }
        statistics.dirtySyncCount &+= 1
        if statistics.dirtySyncCount > 1 { isBulk = false }
        savePart = 0
        saveWord = 0
        onPass?(statistics.dirtySyncCount)
    }

    /// Sends dirty pages until none are left or, if `limited`, the writer or the clock says to give way.
    ///
    /// - Returns: Whether no page is left for now.
    private func send(_ writer: StreamWriter, limited: Bool) throws -> Bool {
        let startTime = VirtualClock.hostNow
        let startPosition = writer.position
        defer { statistics.transferredBytes &+= writer.position &- startPosition }
        while savePart < parts.count {
            let part = parts[savePart]
            if part.isIgnored {
                savePart += 1
                saveWord = 0
                continue
            }
            if try send(part, writer, limited: limited, startTime: startTime) { return false }
            savePart += 1
            saveWord = 0
        }
        savePart = 0
        return remainingPages == 0
    }

    /// - Returns: Whether it stopped early.
    private func send(_ part: Part, _ writer: StreamWriter, limited: Bool, startTime: Int64) throws -> Bool {
        var residency = Residency(part.block)
        let knowsResidency = residency != nil
        let words = part.pages.words
        let pageSize = Self.pageSize
        var zeroPages: UInt64 = 0
        var normalPages: UInt64 = 0
        defer {
            statistics.zeroPages &+= zeroPages
            statistics.normalPages &+= normalPages
        }
        while saveWord < part.pages.wordCount {
            let index = saveWord
            var bits = words[index]
            if bits == 0 {
                saveWord += 1
                continue
            }
            if limited {
                if writer.isRateLimited { return true }
                if VirtualClock.hostNow &- startTime > 50_000_000 { return true }
            }
            words[index] = 0
            remainingPages -= bits.nonzeroBitCount
            saveWord += 1
            while bits != 0 {
                let page = index &* 64 &+ bits.trailingZeroBitCount
                bits &= bits &- 1
                let address = part.base + page &* pageSize
                var header = UInt64(truncatingIfNeeded: page) &<< 12
                let isNewBlock = lastSent != savePart
                if !isNewBlock { header |= RAMFlags.sameBlock }
                let untouched = knowsResidency && !(residency!.isTouched(page))
                if untouched || isZero(address, pageSize) {
                    cache?.forget(part: savePart, page: page)
                    try writer.writeWord(header | RAMFlags.zero)
                    if isNewBlock { try writeName(part, writer) }
                    try writer.room(1).storeBytes(of: 0, as: UInt8.self)
                    writer.commit(1)
                    zeroPages &+= 1
                } else if let cache, try sendDelta(cache, part, page, address, header, isNewBlock, writer) {
                    continue
                } else {
                    try writer.writeWord(header | RAMFlags.page)
                    if isNewBlock { try writeName(part, writer) }
                    try writer.write(referencing: address, count: pageSize)
                    normalPages &+= 1
                }
            }
        }
        return false
    }

    private func writeName(_ part: Part, _ writer: StreamWriter) throws {
        try writer.write(UInt8(truncatingIfNeeded: part.name.count))
        try writer.write(part.name)
        lastSent = savePart
    }

    /// Sends what changed since the page's last version, if the cache has one and the change is small.
    ///
    /// - Returns: Whether the page is dealt with.
    private func sendDelta(
        _ cache: XBZRLECache, _ part: Part, _ page: Int, _ address: UnsafeMutableRawPointer, _ header: UInt64,
        _ isNewBlock: Bool, _ writer: StreamWriter
    ) throws -> Bool {
        if isComplete && isBulk { return false }
        switch cache.encode(part: savePart, page: page, current: address) {
        case .miss:
            if !isBulk { statistics.xbzrle.cacheMisses &+= 1 }
            // What is sent must be what is cached, so the page goes out from the cache's copy.
            guard let copy = cache.insert(part: savePart, page: page, current: address) else { return false }
            try writer.writeWord(header | RAMFlags.page)
            if isNewBlock { try writeName(part, writer) }
            try writer.write(bytes: UnsafeRawBufferPointer(start: copy, count: Self.pageSize))
            statistics.normalPages &+= 1
            return true
        case .unchanged: return true
        case .overflow(let copy):
            statistics.xbzrle.overflows &+= 1
            try writer.writeWord(header | RAMFlags.page)
            if isNewBlock { try writeName(part, writer) }
            try writer.write(bytes: UnsafeRawBufferPointer(start: copy, count: Self.pageSize))
            statistics.normalPages &+= 1
            return true
        case .encoded(let delta):
            try writer.writeWord(header | RAMFlags.xbzrle)
            if isNewBlock { try writeName(part, writer) }
            try writer.write(UInt8(1))
            try writer.write(UInt16(truncatingIfNeeded: delta.count))
            try writer.write(bytes: delta)
            statistics.xbzrle.pages &+= 1
            statistics.xbzrle.bytes &+= UInt64(delta.count) &+ 11
            return true
        }
    }

    /// Where the block lies in the region that holds it, as x-ignore-shared compares it.
    func guestAddress(of block: RAMBlock) -> UInt64 {
        func find(_ region: MemoryRegion, depth: Int) -> UInt64? {
            guard depth < 16 else { return nil }
            for entry in region.subregions {
                switch entry.region.kind {
                case .ram(let candidate), .rom(let candidate):
                    if candidate === block { return entry.offset }
                default: break
                }
                if let found = find(entry.region, depth: depth + 1) { return found }
            }
            return nil
        }
        return find(machine.systemMemory, depth: 0) ?? 0
    }
}
