import CElf
import EmuCore
import Glibc

/// Something that every reset copies into guest memory.
public struct MemoryImage: Sendable {
    public let address: UInt64
    public let bytes: [UInt8]
    /// Bytes from `address` on, of which those beyond `bytes` are zeroed.
    public let size: UInt64
}

/// The images of one machine.
public struct ImageSet {
    public private(set) var images: [MemoryImage] = []
    public init() {}

    public mutating func add(_ image: MemoryImage) { images.append(image) }

    /// Copies all of them. What does not lie in RAM is dropped, as on a bus.
    func write(to memory: AddressSpace) {
        for image in images {
            try? memory.writeBytes(image.bytes, at: image.address)
            var at = image.address &+ UInt64(image.bytes.count)
            let end = image.address &+ image.size
            while at < end {
                let count = min(end - at, 1 << 20)
                try? memory.writeBytes([UInt8](repeating: 0, count: Int(count)), at: at)
                at += count
            }
        }
    }
}

/// Files that are placed in guest memory: firmware, kernels, initial ram disks.
public enum ImageLoader {
    /// The bytes of a file of at most `limit` bytes.
    public static func read(_ path: String, limit: UInt64, what: String) throws -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw ObjectError("could not load \(what) '\(path)'", hint: String(cString: strerror(errno)))
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_size >= 0 else {
            throw ObjectError("could not load \(what) '\(path)'", hint: "It is not a regular file.")
        }
        guard UInt64(status.st_size) <= limit else {
            throw ObjectError(
                "could not load \(what) '\(path)'",
                hint: "It has \(status.st_size) bytes, but only \(limit) have room.")
        }
        var bytes = [UInt8](repeating: 0, count: Int(status.st_size))
        var done = 0
        while done < bytes.count {
            let count = bytes.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress! + done, $0.count - done) }
            guard count > 0 else {
                throw ObjectError("could not load \(what) '\(path)'", hint: String(cString: strerror(errno)))
            }
            done += count
        }
        return bytes
    }

    /// An ELF program as it lies in memory.
    public struct Program {
        public var images: [MemoryImage]
        /// Lowest address that a segment is loaded to.
        public var start: UInt64
        /// Bytes of all segments, including what is only zeroed.
        public var size: UInt64
        public var isLittleEndian: Bool
        public var entry: UInt64
    }

    /// Reads a 64-bit Power program's loadable segments through libelf.
    ///
    /// - Parameter translate: Gives the guest's physical address for a segment's.
    /// - Throws: If the file is no such program.
    public static func loadELF(_ path: String, translate: (UInt64) -> UInt64) throws -> Program {
        let file = try read(path, limit: 1 << 32, what: "kernel")
        guard elf_version(UInt32(EV_CURRENT)) != EV_NONE else { throw failure(path, "libelf is unusable") }
        // libelf may write into its copy when it converts byte order.
        var copy = file
        return try copy.withUnsafeMutableBytes { buffer -> Program in
            guard let base = buffer.baseAddress, buffer.count > 16,
                let elf = elf_memory(base.assumingMemoryBound(to: CChar.self), buffer.count)
            else { throw failure(path, "The image is not ELF") }
            defer { elf_end(elf) }
            var header = GElf_Ehdr()
            guard elf_kind(elf) == ELF_K_ELF, gelf_getehdr(elf, &header) != nil else {
                throw failure(path, "The image is not ELF")
            }
            guard header.e_machine == UInt16(EM_PPC64), gelf_getclass(elf) == ELFCLASS64 else {
                throw failure(path, "The image is from incompatible architecture")
            }
            let ident = header.e_ident
            var program = Program(
                images: [], start: .max, size: 0, isLittleEndian: ident.5 == UInt8(ELFDATA2LSB), entry: header.e_entry)
            var count = 0
            guard elf_getphdrnum(elf, &count) == 0 else {
                throw failure(path, "Invalid ELF image for this architecture")
            }
            for index in 0..<min(count, 0xffff) {
                var segment = GElf_Phdr()
                guard gelf_getphdr(elf, Int32(index), &segment) != nil, segment.p_type == PT_LOAD else { continue }
                guard segment.p_offset <= UInt64(file.count), segment.p_filesz <= UInt64(file.count) - segment.p_offset,
                    segment.p_filesz <= segment.p_memsz, segment.p_memsz <= 1 << 40
                else { throw failure(path, "A segment lies outside of the file") }
                let address = translate(segment.p_paddr)
                let first = Int(segment.p_offset)
                program.images.append(
                    MemoryImage(
                        address: address, bytes: Array(file[first..<(first + Int(segment.p_filesz))]),
                        size: segment.p_memsz))
                program.start = min(program.start, address)
                program.size &+= segment.p_memsz
            }
            guard !program.images.isEmpty else { throw failure(path, "Invalid ELF image for this architecture") }
            return program
        }
    }

    private static func failure(_ path: String, _ reason: String) -> ObjectError {
        ObjectError("error loading \(path): \(reason)")
    }

    /// Finds a firmware file: as given if it is a path, else in directories.
    public static func find(_ name: String, in directories: [String]) -> String? {
        if access(name, R_OK) == 0 { return name }
        guard !name.contains("/") else { return nil }
        let usual = ["/usr/local/share/qemu", "/usr/share/qemu", "/usr/share/seabios", "/usr/share/slof"]
        for directory in directories + usual {
            let path = "\(directory)/\(name)"
            if access(path, R_OK) == 0 { return path }
        }
        return nil
    }
}
