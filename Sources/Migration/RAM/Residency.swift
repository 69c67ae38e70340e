import EmuCore
import Glibc

/// Tells which pages of private anonymous memory were ever touched, from the kernel's page map.
///
/// An untouched page of such memory is zero, so it need not be read to know that, and reading it would cost a page
/// fault and page tables. Where the page map is not available everything counts as touched.
struct Residency: ~Copyable {
    static let windowPages = 8192
    private let file: Int32
    private let base: UInt64
    private let window: UnsafeMutablePointer<UInt64>
    private var windowStart = -1
    private var windowCount = 0

    /// - Returns: `nil` where residency says nothing about content (files, shared memory) or is unknown.
    init?(_ block: RAMBlock) {
        guard block.fileDescriptor == nil, !block.isShared, block.pageSize == 4096, sysconf(Int32(_SC_PAGESIZE)) == 4096
        else { return nil }
        let file = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        self.file = file
        base = UInt64(UInt(bitPattern: block.base)) >> 12
        window = .allocate(capacity: Self.windowPages)
    }

    deinit {
        close(file)
        window.deallocate()
    }

    /// Forgets what was read; the next question looks again.
    mutating func invalidate() { windowStart = -1 }

    @inline(__always)
    mutating func isTouched(_ page: Int) -> Bool {
        if windowStart < 0 || page < windowStart || page >= windowStart + windowCount { load(page) }
        let index = page - windowStart
        guard index >= 0, index < windowCount else { return true }
        return window[index] >> 62 != 0
    }

    private mutating func load(_ page: Int) {
        windowStart = page & ~63
        let got = pread(
            file, window, Self.windowPages * 8, off_t(bitPattern: (base &+ UInt64(windowStart)) &* 8))
        windowCount = got > 0 ? got / 8 : 0
    }
}

extension off_t {
    init(bitPattern value: UInt64) { self = off_t(truncatingIfNeeded: value) }
}

/// One bit per page of a block, owned by the thread that migrates.
final class PageSet {
    let wordCount: Int
    let words: UnsafeMutablePointer<UInt64>

    init(pageCount: Int) {
        wordCount = (pageCount + 63) / 64
        words = .allocate(capacity: max(wordCount, 1))
        words.initialize(repeating: 0, count: max(wordCount, 1))
    }

    deinit { words.deallocate() }

    @inline(__always)
    func contains(_ page: Int) -> Bool { words[page >> 6] >> UInt64(page & 63) & 1 != 0 }
    @inline(__always)
    func insert(_ page: Int) { words[page >> 6] |= 1 << UInt64(page & 63) }
}

/// Whether all of `count` bytes (a multiple of 16) are zero. Comparing the memory with itself, 16 bytes further, lets
/// the C library's vector code do the work and stop at the first difference.
@inline(__always)
func isZero(_ start: UnsafeRawPointer, _ count: Int) -> Bool {
    if start.load(as: UInt64.self) | start.load(fromByteOffset: 8, as: UInt64.self) != 0 { return false }
    return memcmp(start, start + 16, count - 16) == 0
}
