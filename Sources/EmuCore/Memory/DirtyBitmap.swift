import CSupport

/// Who wants to know which pages were written.
public enum DirtyClient: Int, Sendable, CaseIterable { case migration, code, display }

/// One bit per page, set by any thread without a lock, harvested by its client.
public final class DirtyBitmap: @unchecked Sendable {
    // @unchecked: the words are only touched with atomic operations.
    /// Log2 of the bytes that one bit stands for.
    public let pageShift: Int
    /// Number of bits.
    public let pageCount: Int
    /// Number of 64-page words, the unit of ``take(word:)``.
    public let wordCount: Int
    private let words: UnsafeMutablePointer<UInt64>

    /// All clean.
    ///
    /// - Parameters:
    ///   - byteCount: Bytes of memory to cover.
    ///   - pageShift: Log2 of the bytes of a page.
    public init(byteCount: UInt64, pageShift: Int = 12) {
        self.pageShift = pageShift
        pageCount = Int((byteCount + (1 << UInt64(pageShift)) - 1) >> UInt64(pageShift))
        wordCount = (pageCount + 63) / 64
        words = .allocate(capacity: max(wordCount, 1))
        words.initialize(repeating: 0, count: max(wordCount, 1))
    }

    deinit { words.deallocate() }

    /// Marks every page that `length` bytes from `offset` touch. Ranges outside the block are ignored.
    public func mark(offset: UInt64, length: UInt64) {
        guard length > 0, offset >> UInt64(pageShift) < UInt64(pageCount) else { return }
        let first = Int(offset >> UInt64(pageShift))
        let last = Int(min((offset &+ length &- 1) >> UInt64(pageShift), UInt64(pageCount - 1)))
        guard first <= last else { return }
        let firstWord = first >> 6
        let lastWord = last >> 6
        for word in firstWord...lastWord {
            var bits = ~UInt64(0)
            if word == firstWord { bits &= ~0 << UInt64(first & 63) }
            if word == lastWord { bits &= ~0 >> UInt64(63 - (last & 63)) }
            if cs_atomic_load64(words + word) & bits != bits { _ = cs_atomic_or64(words + word, bits) }
        }
    }

    /// Marks one page dirty; pages outside are ignored.
    @inline(__always)
    public func mark(page: Int) {
        let word = words + (page >> 6)
        let bit: UInt64 = 1 << UInt64(page & 63)
        if cs_atomic_load64(word) & bit == 0 { _ = cs_atomic_or64(word, bit) }
    }

    /// Marks every page dirty.
    public func markAll() {
        for word in 0..<wordCount {
            let left = pageCount - word * 64
            _ = cs_atomic_or64(words + word, left >= 64 ? ~0 : (1 << UInt64(left)) - 1)
        }
    }

    /// Whether a page is dirty; pages outside are not.
    public func isDirty(page: Int) -> Bool {
        page < pageCount && cs_atomic_load64(words + (page >> 6)) >> UInt64(page & 63) & 1 != 0
    }

    /// Takes the bits of pages `64 * word ..< 64 * word + 64` and clears them.
    public func take(word: Int) -> UInt64 {
        guard word < wordCount, cs_atomic_load64(words + word) != 0 else { return 0 }
        return cs_atomic_exchange64(words + word, 0)
    }

    /// Takes the bit of one page.
    public func clear(page: Int) {
        guard page >= 0, page < pageCount else { return }
        let word = words + (page >> 6)
        let bit: UInt64 = 1 << UInt64(page & 63)
        if cs_atomic_load64(word) & bit != 0 { _ = cs_atomic_and64(word, ~bit) }
    }

    /// Whether none of pages `64 * word ..< 64 * word + 64` is dirty.
    public func isClean(word: Int) -> Bool { word >= wordCount || cs_atomic_load64(words + word) == 0 }

    /// Number of dirty pages.
    public var count: Int {
        (0..<wordCount).reduce(0) { $0 + cs_atomic_load64(words + $1).nonzeroBitCount }
    }
}
