import CSupport
import Glibc

/// One piece of guest RAM: a host mapping with the name under which its pages travel.
///
/// ``id`` is wire format. It is computed in one place (`RAMBlockNaming`) and never derived from a host path.
public final class RAMBlock: @unchecked Sendable {
    // @unchecked: the mapping lives as long as the object; its bytes are guest memory, which is racy by nature.
    /// Name on the wire.
    public let id: String
    /// Host address of the first byte.
    public let base: UnsafeMutableRawPointer
    /// Bytes the guest sees.
    public let usedLength: UInt64
    /// Length of the mapping, which may be larger for alignment.
    public let maxLength: UInt64
    /// Host page size of the mapping (4096, or a huge page's size).
    public let pageSize: UInt64
    /// The file or memfd behind the mapping, and where in it the block begins.
    public let fileDescriptor: Int32?
    /// Where in the file the block begins.
    public let fileOffset: UInt64
    /// Whether other processes see the writes (MAP_SHARED): such blocks may be left out of a stream by x-ignore-shared.
    public let isShared: Bool
    /// Whether the mapping cannot be written to.
    public let isReadOnly: Bool
    /// Whether the block's pages are part of a stream at all.
    public let isMigratable: Bool
    private let unmapOnDeinit: Bool
    private let bitmaps: [DirtyBitmap]

    /// Takes over a mapping made elsewhere (a memory back end).
    ///
    /// - Parameters:
    ///   - base: Start of the mapping, which is unmapped when the block goes.
    ///   - maxLength: Length of the mapping in bytes; `usedLength` of it are the guest's.
    public init(
        id: String, base: UnsafeMutableRawPointer, usedLength: UInt64, maxLength: UInt64, pageSize: UInt64 = 4096,
        fileDescriptor: Int32? = nil, fileOffset: UInt64 = 0, isShared: Bool = false, isReadOnly: Bool = false,
        isMigratable: Bool = true, unmapOnDeinit: Bool = true
    ) {
        self.id = id
        self.base = base
        self.usedLength = usedLength
        self.maxLength = maxLength
        self.pageSize = pageSize
        self.fileDescriptor = fileDescriptor
        self.fileOffset = fileOffset
        self.isShared = isShared
        self.isReadOnly = isReadOnly
        self.isMigratable = isMigratable
        self.unmapOnDeinit = unmapOnDeinit
        bitmaps = DirtyClient.allCases.map { _ in DirtyBitmap(byteCount: maxLength) }
    }

    /// Anonymous memory, for ROMs and for device memory.
    public convenience init(anonymous id: String, byteCount: UInt64, isMigratable: Bool = true) throws(MemoryError) {
        let pageSize: UInt64 = 4096
        guard byteCount > 0, byteCount <= UInt64(Int.max) - pageSize else {
            throw MemoryError("cannot set up guest memory '\(id)': invalid size \(byteCount)")
        }
        let length = (byteCount + pageSize - 1) & ~(pageSize - 1)
        let address = mmap(
            nil, Int(length), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | Int32(MAP_NORESERVE), -1, 0)
        guard let address, address != MAP_FAILED else {
            throw MemoryError("cannot set up guest memory '\(id)': \(String(cString: strerror(errno)))")
        }
        self.init(id: id, base: address, usedLength: byteCount, maxLength: length, isMigratable: isMigratable)
    }

    deinit {
        if unmapOnDeinit { munmap(base, Int(maxLength)) }
        if let fileDescriptor { close(fileDescriptor) }
    }

    /// The bitmap of one client.
    public func dirtyBitmap(_ client: DirtyClient) -> DirtyBitmap { bitmaps[client.rawValue] }

    /// Tells every client that bytes were written by something that does not go through the soft TLB.
    public func markDirty(offset: UInt64, length: UInt64) {
        for bitmap in bitmaps { bitmap.mark(offset: offset, length: length) }
    }

    /// The block's bytes.
    public var bytes: UnsafeMutableRawBufferPointer {
        UnsafeMutableRawBufferPointer(start: base, count: Int(usedLength))
    }
}

/// Why memory could not be set up.
public struct MemoryError: Error, Equatable, CustomStringConvertible {
    /// What could not be done, and why.
    public let description: String
    /// A line that names the cure, printed after the message.
    public let hint: String?
    /// - Parameters:
    ///   - description: What went wrong.
    ///   - hint: What would help.
    public init(_ description: String, hint: String? = nil) {
        self.description = description
        self.hint = hint
    }
}
