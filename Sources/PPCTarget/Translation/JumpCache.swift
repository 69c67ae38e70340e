/// The table through which generated code finds the target of an indirect branch: effective address to code, for one
/// context and one translation bank. Entries are dropped whenever an address might map elsewhere.
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

    /// Forgets entries whose code lies in the given range.
    func remove(codeFrom start: UInt64, count: UInt64) {
        for index in 0..<Self.entryCount where entries[index].code &- start < count {
            entries[index] = Entry(address: Self.none, code: 0)
        }
    }
}
