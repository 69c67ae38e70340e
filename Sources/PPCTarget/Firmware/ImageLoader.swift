import CElf
import EmuCore
import Glibc

/// Files that are placed in guest memory: firmware, kernels, initial ram disks.
package enum ImageLoader {
    /// Opens a file of at most `limit` bytes.
    ///
    /// - Throws: ``ObjectError`` if it cannot be read or is too long.
    package static func open(_ path: String, limit: UInt64, what: String) throws -> ImageFile {
        let file = try ImageFile(path, what: what)
        guard file.size <= limit else {
            throw ObjectError(
                "could not load \(what) '\(path)'",
                hint: "It has \(file.size) bytes, but only \(limit) have room.")
        }
        return file
    }

    /// An ELF program as it lies in memory.
    package struct Program {
        package var images: [MemoryImage]
        /// Lowest address that a segment is loaded to.
        package var start: UInt64
        /// Bytes of all segments, including what is only zeroed.
        package var size: UInt64
        package var isLittleEndian: Bool
        package var entry: UInt64
    }

    /// Reads a 64-bit Power program's loadable segments through libelf.
    ///
    /// - Parameter translate: Gives the guest's physical address for a segment's.
    /// - Throws: If the file is no such program.
    package static func loadELF(_ path: String, translate: (UInt64) -> UInt64) throws -> Program {
        let file = try open(path, limit: 1 << 32, what: "kernel")
        guard elf_version(UInt32(EV_CURRENT)) != EV_NONE else { throw failure(path, "libelf is unusable") }
        return try file.withDescriptor { descriptor -> Program in
            guard let elf = elf_begin(descriptor, ELF_C_READ, nil) else { throw failure(path, "The image is not ELF") }
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
                guard segment.p_offset <= file.size, segment.p_filesz <= file.size - segment.p_offset,
                    segment.p_filesz <= segment.p_memsz, segment.p_memsz <= 1 << 40
                else { throw failure(path, "A segment lies outside of the file") }
                let address = translate(segment.p_paddr)
                program.images.append(
                    MemoryImage(
                        address: address, file: file, offset: segment.p_offset, count: segment.p_filesz,
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
    package static func find(_ name: String, in directories: [String]) -> String? {
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
