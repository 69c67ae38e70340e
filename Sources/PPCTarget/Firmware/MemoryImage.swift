import EmuCore
import Glibc

/// A file that guest memory is filled from, again at every reset: its bytes are read when they are needed and kept
/// nowhere else. The file stays open, so it may be renamed or removed.
package final class ImageFile: Sendable {
    package let path: String
    /// Bytes in the file when it was opened.
    package let size: UInt64
    private let descriptor: Int32
    private let what: String
    private let changed: Moment

    private struct Moment: Equatable {
        let seconds: Int
        let nanoseconds: Int
    }

    init(_ path: String, what: String) throws {
        let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw ObjectError("could not load \(what) '\(path)'", hint: String(cString: strerror(errno)))
        }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_size >= 0 else {
            close(descriptor)
            throw ObjectError("could not load \(what) '\(path)'", hint: "It is not a regular file.")
        }
        self.path = path
        self.what = what
        self.descriptor = descriptor
        size = UInt64(status.st_size)
        changed = Moment(seconds: status.st_mtim.tv_sec, nanoseconds: status.st_mtim.tv_nsec)
    }

    deinit { close(descriptor) }

    /// Calls `body` with the open file, whose position is nobody's.
    func withDescriptor<Result>(_ body: (Int32) throws -> Result) rethrows -> Result { try body(descriptor) }

    /// Whether the file still has the contents that it was opened with, as far as its size and time say.
    private var isUnchanged: Bool {
        var status = stat()
        return fstat(descriptor, &status) == 0 && UInt64(bitPattern: Int64(status.st_size)) == size
            && Moment(seconds: status.st_mtim.tv_sec, nanoseconds: status.st_mtim.tv_nsec) == changed
    }

    /// Calls `body` with a part of the file, piece by piece, each with its offset in the part.
    ///
    /// - Throws: ``ObjectError`` if the file cannot be read or was changed since it was opened, and what `body` throws.
    package func read(at offset: UInt64, count: UInt64, _ body: (UInt64, UnsafeRawBufferPointer) throws -> Void) throws
    {
        guard isUnchanged else {
            throw ObjectError(
                "could not load \(what) '\(path)' again",
                hint: "The file was changed in place while the machine uses it. Replace such files by renaming new "
                    + "ones over them.")
        }
        let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 4096)
        defer { piece.deallocate() }
        var done: UInt64 = 0
        while done < count {
            let wanted = Int(min(count - done, UInt64(piece.count)))
            let got = pread(descriptor, piece.baseAddress, wanted, off_t(offset + done))
            if got < 0 && errno == EINTR { continue }
            guard got > 0 else {
                let reason = got == 0 ? "It ends early." : String(cString: strerror(errno))
                throw ObjectError("could not load \(what) '\(path)'", hint: reason)
            }
            try body(done, UnsafeRawBufferPointer(rebasing: piece[..<got]))
            done += UInt64(got)
        }
    }
}

/// Something that every reset copies into guest memory: a part of a file, and zeroes behind it.
package struct MemoryImage: Sendable {
    package let address: UInt64
    package let file: ImageFile
    /// The part of the file.
    package let offset: UInt64
    package let count: UInt64
    /// Bytes from `address` on, of which those beyond `count` are zeroed.
    package let size: UInt64

    /// A whole file.
    init(address: UInt64, file: ImageFile) {
        self.init(address: address, file: file, offset: 0, count: file.size, size: file.size)
    }

    init(address: UInt64, file: ImageFile, offset: UInt64, count: UInt64, size: UInt64) {
        self.address = address
        self.file = file
        self.offset = offset
        self.count = count
        self.size = size
    }

    /// Calls `body` with all bytes, piece by piece, each with its guest address.
    func forEachPiece(_ body: (UInt64, UnsafeRawBufferPointer) throws -> Void) throws {
        try file.read(at: offset, count: count) { try body(address &+ $0, $1) }
        guard size > count else { return }
        let zeroes = UnsafeMutableRawBufferPointer.allocate(
            byteCount: Int(min(size - count, 1 << 18)), alignment: 4096)
        defer { zeroes.deallocate() }
        zeroes.initializeMemory(as: UInt8.self, repeating: 0)
        var done = count
        while done < size {
            let piece = min(size - done, UInt64(zeroes.count))
            try body(address &+ done, UnsafeRawBufferPointer(rebasing: zeroes[..<Int(piece)]))
            done += piece
        }
    }
}

/// The images of one machine.
package struct ImageSet {
    package private(set) var images: [MemoryImage] = []
    package init() {}

    package mutating func add(_ image: MemoryImage) { images.append(image) }

    /// Copies all of them. What does not lie in RAM is dropped, as on a bus.
    ///
    /// - Throws: ``ObjectError`` if a file cannot be read any more.
    func write(to memory: AddressSpace) throws {
        for image in images {
            try image.forEachPiece { address, bytes in try? memory.write(at: address, from: bytes) }
        }
    }
}
