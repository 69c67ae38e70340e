import CSupport
import EmuCore
import Glibc

/// The partition's hash page table: groups of eight 16-byte big-endian entries that only hypercalls change, and that
/// travels as a live section of its own.
public final class HashPageTable: LiveState {
    /// log2 of the size in bytes; 0 if there is no table.
    package private(set) var shift = 0
    private var storage: UnsafeMutableRawPointer?
    /// Entries that were written since they were last sent.
    private var dirty: DirtyBitmap?
    var onChange: () -> Void = {}

    // Saving.
    private var position = 0
    private var isFirstPass = true

    package static let entrySize = 16
    static let minimumShift = 18
    static let maximumShift = 46

    /// log2 of the largest table that a stream may ask for.
    var largestShift = 32

    package init() {}

    deinit { release() }

    /// What an MMU searches; `nil` if there is no table.
    package var table: HashTable? {
        storage.flatMap { HashTable(base: $0, shift: shift) }
    }

    package var entryCount: Int { storage == nil ? 0 : 1 << (shift - 4) }

    /// The table for RAM of a size: 1/128 of it, rounded up to a power of two.
    package static func shift(forMemory size: UInt64) -> Int {
        let bits = size <= 1 ? 0 : 64 - (size - 1).leadingZeroBitCount
        return min(max(bits - 7, minimumShift), maximumShift)
    }

    /// Replaces the table by an empty one of another size.
    ///
    /// - Throws: If the size is out of bounds or the memory cannot be had.
    package func reallocate(shift newShift: Int) throws {
        guard (Self.minimumShift...Self.maximumShift).contains(newShift) else {
            throw ObjectError("invalid hash page table size: 2^\(newShift) bytes")
        }
        release()
        defer { onChange() }
        let size = 1 << newShift
        let address = mmap(
            nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | Int32(MAP_NORESERVE), -1, 0)
        guard let address, address != MAP_FAILED else {
            throw ObjectError(
                "Failed to allocate a hash page table of order \(newShift)", hint: "Try smaller maxmem?")
        }
        storage = address
        shift = newShift
        dirty = DirtyBitmap(byteCount: UInt64(size), pageShift: 4)
        dirty?.markAll()
        isFirstPass = true
        position = 0
    }

    /// Gives the table up: the guest uses radix translation.
    package func free() {
        release()
        onChange()
    }

    private func release() {
        if let storage { munmap(storage, 1 << shift) }
        storage = nil
        dirty = nil
        shift = 0
    }

    // MARK: Entries

    /// Entry `index`, in host order; zeros outside of the table.
    public func load(_ index: Int) -> (high: UInt64, low: UInt64) {
        guard let storage, index >= 0, index < entryCount else { return (0, 0) }
        let entry = storage + index * Self.entrySize
        return (
            UInt64(bigEndian: cs_atomic_load64(entry)), UInt64(bigEndian: cs_atomic_load64(entry + 8))
        )
    }

    /// Stores an entry so that a concurrent search never sees a valid half.
    package func store(_ index: Int, high: UInt64, low: UInt64) {
        guard let storage, index >= 0, index < entryCount else { return }
        let entry = storage + index * Self.entrySize
        if high & 1 != 0 {
            cs_atomic_store64(entry + 8, low.bigEndian)
            cs_atomic_store64(entry, high.bigEndian)
        } else {
            cs_atomic_store64(entry, high.bigEndian)
            cs_atomic_store64(entry + 8, low.bigEndian)
        }
        dirty?.mark(page: index)
    }

    private func isValid(_ index: Int) -> Bool {
        guard let storage else { return false }
        return storage.load(fromByteOffset: index * Self.entrySize + 7, as: UInt8.self) & 1 != 0
    }

    private func isDirty(_ index: Int) -> Bool { dirty?.isDirty(page: index) ?? false }

    // MARK: Saving

    /// Part of every stream; without a table it says so.
    public var isActive: Bool { true }
    /// 0: the table waits for no round.
    public var pendingBytes: UInt64 { 0 }

    /// Log2 of the table's size, all ones without a table.
    public func saveSetup(_ output: any StateOutput) throws {
        try output.write(shift == 0 ? UInt32.max : UInt32(shift))
        position = 0
        isFirstPass = true
    }

    /// Some entries that changed.
    ///
    /// - Returns: Whether nothing is left for now.
    public func saveIteration(_ output: any StateOutput) throws -> Bool {
        guard shift != 0 else {
            try output.write(UInt32.max)
            return true
        }
        try output.write(UInt32(0))
        var isDone = false
        if isFirstPass {
            try saveFirstPass(output, isFinal: false)
        } else {
            isDone = try saveLaterPass(output, isFinal: false)
        }
        try writeEnd(output)
        return isDone
    }

    /// The entries that are left.
    public func saveCompletion(_ output: any StateOutput) throws {
        guard shift != 0 else {
            try output.write(UInt32.max)
            return
        }
        try output.write(UInt32(0))
        if isFirstPass { try saveFirstPass(output, isFinal: true) }
        _ = try saveLaterPass(output, isFinal: true)
        try writeEnd(output)
    }

    /// Nothing is held.
    public func saveCleanup() {}

    private func writeEnd(_ output: any StateOutput) throws {
        try output.write(UInt32(0))
        try output.write(UInt32(0))
    }

    /// Entries that one record may hold.
    private static let recordLimit = 0xffff

    private func write(_ output: any StateOutput, from start: Int, valid: Int, invalid: Int) throws {
        guard let storage else { return }
        try output.write(UInt32(truncatingIfNeeded: start))
        try output.write(UInt16(truncatingIfNeeded: valid))
        try output.write(UInt16(truncatingIfNeeded: invalid))
        try output.write(
            bytes: UnsafeRawBufferPointer(
                start: storage + start * Self.entrySize, count: valid * Self.entrySize))
    }

    /// Valid entries only: the destination starts with an empty table.
    private func saveFirstPass(_ output: any StateOutput, isFinal: Bool) throws {
        guard let dirty else { return }
        let count = entryCount
        repeat {
            // The guest runs: a mark is taken before its entry is looked at, so that a change in between is marked again.
            while position < count {
                // Most of a table is empty: skip it without looking at marks one by one.
                if position & 63 == 0, position + 64 <= count, isEmpty(position, 64) {
                    _ = dirty.take(word: position >> 6)
                    if isEmpty(position, 64) {
                        position += 64
                        continue
                    }
                    for index in position..<(position + 64) { dirty.mark(page: index) }
                }
                clean(position)
                if isValid(position) {
                    dirty.mark(page: position)
                    break
                }
                position += 1
            }
            let start = position
            while position < count, position - start < Self.recordLimit {
                clean(position)
                guard isValid(position) else {
                    dirty.mark(page: position)
                    break
                }
                position += 1
            }
            if position > start { try write(output, from: start, valid: position - start, invalid: 0) }
        } while position < count && (isFinal || !output.isRateLimited)
        if position >= count {
            position = 0
            isFirstPass = false
        }
    }

    private func isEmpty(_ index: Int, _ count: Int) -> Bool {
        guard let storage else { return true }
        var bits: UInt8 = 0
        for entry in index..<(index + count) {
            bits |= storage.load(fromByteOffset: entry * Self.entrySize + 7, as: UInt8.self)
        }
        return bits & 1 == 0
    }

    private func clean(_ index: Int) { dirty?.clear(page: index) }

    /// Takes the mark of a changed entry if the entry is, or is not, valid. The guest may change it at any moment.
    private func takeMark(_ index: Int, ifValid: Bool) -> Bool {
        guard isDirty(index) else { return false }
        clean(index)
        if isValid(index) == ifValid { return true }
        dirty?.mark(page: index)
        return false
    }

    /// Entries that changed since they were sent; `true` if there were none in the whole table.
    private func saveLaterPass(_ output: any StateOutput, isFinal: Bool) throws -> Bool {
        let count = entryCount
        var examined = 0
        var sent = 0
        while examined < count, isFinal || !output.isRateLimited {
            while position < count, examined < count, !isDirty(position) {
                let step = dirty.map { $0.isClean(word: position >> 6) } ?? true && position & 63 == 0 ? 64 : 1
                position += min(step, count - position)
                examined += step
            }
            let start = position
            while position < count, position - start < Self.recordLimit, takeMark(position, ifValid: true) {
                position += 1
            }
            let invalidStart = position
            while position < count, position - invalidStart < Self.recordLimit, takeMark(position, ifValid: false) {
                position += 1
            }
            if position > start {
                try write(output, from: start, valid: invalidStart - start, invalid: position - invalidStart)
                sent += position - start
                examined += position - start
            }
            if position >= count { position = 0 }
        }
        return examined >= count && sent == 0
    }

    // MARK: Loading

    /// One piece of the stream: the size, or entries and the gaps between them.
    public func load(_ input: any StateInput, version: Int) throws {
        let header = try input.read(UInt32.self)
        if header == .max {
            free()
            return
        }
        guard header == 0 else {
            guard header <= UInt32(largestShift) else {
                throw StateError("a hash page table of 2^\(header) bytes is too large for this machine")
            }
            try reallocate(shift: Int(header))
            return
        }
        guard let storage else { throw StateError("entries of a hash page table arrive before its size") }
        while true {
            let start = Int(try input.read(UInt32.self))
            let valid = Int(try input.read(UInt16.self))
            let invalid = Int(try input.read(UInt16.self))
            if start == 0, valid == 0, invalid == 0 { return }
            guard start + valid + invalid <= entryCount else {
                throw StateError(
                    "htab_load() bad index \(start) (\(valid)+\(invalid) entries) in htab stream (htab_shift=\(shift))")
            }
            try input.read(
                into: UnsafeMutableRawBufferPointer(
                    start: storage + start * Self.entrySize, count: valid * Self.entrySize))
            if invalid > 0 {
                memset(storage + (start + valid) * Self.entrySize, 0, invalid * Self.entrySize)
            }
        }
    }

    /// Nothing is held.
    public func loadCleanup() {}
}
