import CSupport
import Foundation
import Glibc

/// `memory-backend-ram`: anonymous memory.
public final class RAMBackend: MemoryBackend {
    public override func allocate() throws -> RAMBlock {
        try HostMapping.map(
            id: blockID, size: size, descriptor: nil, share: share, reserve: reserve, isReadOnly: false,
            pageSize: 4096, alignment: 0)
    }

    static var objectType: ObjectType {
        ObjectType(
            "memory-backend-ram", parent: nil, interfaces: ["memory-backend", "user-creatable"],
            properties: MemoryBackend.properties, description: "Guest RAM in anonymous memory"
        ) { RAMBackend(type: $0) }
    }
}

/// `memory-backend-file`: memory in a file, or in a file made in a folder and unlinked at once.
public final class FileBackend: MemoryBackend {
    /// File, or folder in which an unnamed file is made.
    public var path: String?
    /// Alignment of the mapping in bytes; 0 for the file's page size.
    public var align: UInt64 = 0
    /// Whether the data is worthless once the machine has gone.
    public var discardData = false
    /// Whether the file is opened for reading only.
    public var isReadOnly = false

    public override func allocate() throws -> RAMBlock {
        guard let path else { throw ObjectError("mem-path property not set") }
        let file = try BackingFile.open(path: path, id: blockID, isReadOnly: isReadOnly)
        var owned = true
        defer { if owned { close(file.descriptor) } }
        if align > 0 {
            guard align % file.pageSize == 0 else {
                throw ObjectError(
                    "alignment 0x\(String(align, radix: 16)) must be multiples of page size "
                        + "0x\(String(file.pageSize, radix: 16))")
            }
            guard align & (align - 1) == 0 else {
                throw ObjectError("alignment 0x\(String(align, radix: 16)) must be a power of two")
            }
        }
        if let existing = file.existingSize, existing > 0, existing < size {
            throw ObjectError(
                "backing store size 0x\(String(existing, radix: 16)) does not match 'size' option "
                    + "0x\(String(size, radix: 16))")
        }
        guard size >= file.pageSize else {
            throw ObjectError(
                "memory size 0x\(String(size, radix: 16)) must be equal to or larger than page size "
                    + "0x\(String(file.pageSize, radix: 16))")
        }
        let length = (size + file.pageSize - 1) / file.pageSize * file.pageSize
        if !isReadOnly, file.isRegular, file.existingSize ?? 0 == 0, ftruncate(file.descriptor, Int(length)) != 0 {
            throw ObjectError("can't extend backing store \(path): \(String(cString: strerror(errno)))")
        }
        let block = try HostMapping.map(
            id: blockID, size: size, descriptor: file.descriptor, share: share, reserve: reserve,
            isReadOnly: isReadOnly, pageSize: file.pageSize, alignment: align)
        owned = false
        return block
    }

    deinit {
        // The user said that the data is worthless once the machine has gone: spare writing it back.
        if discardData, let block { madvise(block.base, Int(block.maxLength), MADV_REMOVE) }
    }

    static var objectType: ObjectType {
        ObjectType(
            "memory-backend-file", parent: nil, interfaces: ["memory-backend", "user-creatable"],
            properties: MemoryBackend.properties + [
                .string("mem-path", \FileBackend.path, "File, or folder in which an unnamed file is made") {
                    try $0.checkUnallocated("mem-path")
                }.required(),
                .size("align", \FileBackend.align, "Alignment of the mapping") { try $0.checkUnallocated("align") },
                .bool("discard-data", \FileBackend.discardData, "Do not write the file's data back at exit"),
                .bool("readonly", \FileBackend.isReadOnly, "Open the file for reading only") {
                    try $0.checkUnallocated("readonly")
                },
                Property(
                    "pmem", type: "bool", description: "Persistent memory; not supported, only off is accepted",
                    get: { _ in .bool(false) },
                    set: { _, value in
                        guard try PropertyParsing.bool(value, name: "pmem") else { return }
                        throw ObjectError(
                            "Property 'memory-backend-file.pmem' cannot be enabled: persistent memory is not supported",
                            hint: "Leave out pmem=on; with share=on the file's content is kept by the host as usual.")
                    }),
            ], description: "Guest RAM in a file"
        ) { FileBackend(type: $0) }
    }
}

/// `memory-backend-memfd`: anonymous shared memory with a descriptor, optionally of huge pages.
public final class MemfdBackend: MemoryBackend {
    /// Whether huge pages back the memory.
    public var hugetlb = false
    /// Size of a huge page; 0 for the host's default.
    public var hugetlbSize: UInt64 = 0
    /// Whether nobody may change the file's size any more.
    public var seal = true

    public override init(type: ObjectType) {
        super.init(type: type)
        share = true
    }

    public override func allocate() throws -> RAMBlock {
        // Without hugetlb=on the size has no effect, as in QEMU.
        guard !hugetlb || hugetlbSize & (hugetlbSize &- 1) == 0 else {
            throw ObjectError("Hugepage size must be a power of 2")
        }
        // memfd_create(2): CLOEXEC 1, ALLOW_SEALING 2, HUGETLB 4, log2 of the page size from bit 26.
        var flags: UInt32 = 1
        if seal { flags |= 2 }
        if hugetlb { flags |= 4 | UInt32(hugetlbSize == 0 ? 0 : hugetlbSize.trailingZeroBitCount) << 26 }
        let descriptor = cs_memfd_create("memory-backend-memfd", flags)
        guard descriptor >= 0 else {
            throw ObjectError(
                "failed to create memfd with flags 0x\(String(flags, radix: 16)): \(String(cString: strerror(errno)))",
                hint: hugetlb ? "The host may lack huge pages of this size (see /proc/meminfo)." : nil)
        }
        var owned = true
        defer { if owned { close(descriptor) } }
        let pageSize = BackingFile.pageSize(descriptor)
        let length = (size + pageSize - 1) / pageSize * pageSize
        guard ftruncate(descriptor, Int(length)) == 0 else {
            throw ObjectError("failed to resize memfd to \(length): \(String(cString: strerror(errno)))")
        }
        // F_ADD_SEALS; F_SEAL_SEAL, F_SEAL_SHRINK and F_SEAL_GROW: nobody may change the size under the guest.
        if seal, fcntl(descriptor, 1033, 1 | 2 | 4) != 0 {
            throw ObjectError("failed to seal memfd: \(String(cString: strerror(errno)))")
        }
        let block = try HostMapping.map(
            id: blockID, size: size, descriptor: descriptor, share: share, reserve: reserve, isReadOnly: false,
            pageSize: pageSize, alignment: 0)
        owned = false
        return block
    }

    static var objectType: ObjectType {
        ObjectType(
            "memory-backend-memfd", parent: nil, interfaces: ["memory-backend", "user-creatable"],
            properties: MemoryBackend.properties + [
                .bool("hugetlb", \MemfdBackend.hugetlb, "Use huge pages") { try $0.checkUnallocated("hugetlb") },
                Property(
                    "hugetlbsize", type: "int", description: "Huge pages size (ex: 2M, 1G)",
                    get: { Value(unsigned: ($0 as? MemfdBackend)?.hugetlbSize ?? 0) },
                    set: { object, value in
                        guard let backend = object as? MemfdBackend else { return }
                        try backend.checkUnallocated("hugetlbsize")
                        let size = try PropertyParsing.size(value, name: "hugetlbsize")
                        guard size > 0 else {
                            throw ObjectError("Property 'memory-backend-memfd.hugetlbsize' doesn't take value '0'")
                        }
                        backend.hugetlbSize = size
                    }),
                .bool("seal", \MemfdBackend.seal, "Seal growing & shrinking") { try $0.checkUnallocated("seal") },
            ], description: "Guest RAM in an anonymous shared file"
        ) { MemfdBackend(type: $0) }
    }
}

/// The file behind a `memory-backend-file`.
struct BackingFile {
    let descriptor: Int32
    let pageSize: UInt64
    /// Size of a file that was there before; `nil` for one just made.
    let existingSize: UInt64?
    /// Whether it has a length of its own, unlike devices such as /dev/zero.
    var isRegular = true

    static func open(path: String, id: String, isReadOnly: Bool) throws -> BackingFile {
        func failure() -> ObjectError {
            ObjectError("can't open backing store \(path) for guest RAM: \(String(cString: strerror(errno)))")
        }
        var info = stat()
        if stat(path, &info) == 0, info.st_mode & S_IFMT == S_IFDIR {
            if isReadOnly {
                errno = EISDIR
                throw failure()
            }
            let safe = String(id.map { $0 == "/" ? "_" : $0 })
            var template = Array("\(path)/qemu_back_mem.\(safe).XXXXXX".utf8CString)
            let descriptor = mkstemp(&template)
            guard descriptor >= 0 else { throw failure() }
            unlink(template)
            return BackingFile(descriptor: descriptor, pageSize: pageSize(descriptor), existingSize: nil)
        }
        let existed = access(path, F_OK) == 0
        let descriptor =
            isReadOnly ? Glibc.open(path, O_RDONLY | O_CLOEXEC) : Glibc.open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw failure() }
        guard fstat(descriptor, &info) == 0 else {
            let error = failure()
            close(descriptor)
            throw error
        }
        return BackingFile(
            descriptor: descriptor, pageSize: pageSize(descriptor), existingSize: existed ? UInt64(info.st_size) : nil,
            isRegular: info.st_mode & S_IFMT == S_IFREG)
    }

    /// Page size of the file's file system: that of hugetlbfs mounts, else the host's.
    static func pageSize(_ descriptor: Int32) -> UInt64 {
        cs_file_page_size(descriptor)
    }
}

/// Maps guest memory.
enum HostMapping {
    static func map(
        id: String, size: UInt64, descriptor: Int32?, share: Bool, reserve: Bool, isReadOnly: Bool, pageSize: UInt64,
        alignment: UInt64
    ) throws -> RAMBlock {
        let length = (size + pageSize - 1) / pageSize * pageSize
        // Transparent huge pages need a 2 MiB alignment; it also lets generated code use large strides.
        let alignment = max(alignment, pageSize, length >= 2 << 20 ? 2 << 20 : pageSize)
        let (total, overflow) = length.addingReportingOverflow(alignment)
        guard !overflow, total <= UInt64(Int.max) else {
            throw ObjectError("cannot set up guest memory '\(id)': Cannot allocate memory")
        }
        // Reserve address space first, then place the mapping at an aligned spot inside it.
        let area = mmap(nil, Int(total), PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | Int32(MAP_NORESERVE), -1, 0)
        guard let area, area != MAP_FAILED else {
            throw ObjectError("cannot set up guest memory '\(id)': \(String(cString: strerror(errno)))")
        }
        let start = UInt(bitPattern: area)
        let aligned = (start + UInt(alignment) - 1) & ~(UInt(alignment) - 1)
        var flags = Int32(MAP_FIXED) | (share ? MAP_SHARED : MAP_PRIVATE)
        if descriptor == nil { flags |= MAP_ANONYMOUS }
        if !reserve { flags |= Int32(MAP_NORESERVE) }
        let protection = isReadOnly && share ? PROT_READ : PROT_READ | PROT_WRITE
        let address = mmap(
            UnsafeMutableRawPointer(bitPattern: aligned), Int(length), protection, flags, descriptor ?? -1, 0)
        guard let address, address != MAP_FAILED else {
            let error = errno
            munmap(area, Int(total))
            throw ObjectError(
                descriptor == nil
                    ? "cannot set up guest memory '\(id)': \(String(cString: strerror(error)))"
                    : "unable to map backing store for guest RAM: \(String(cString: strerror(error)))")
        }
        if aligned > start { munmap(area, Int(aligned - start)) }
        let end = start + UInt(total)
        let used = aligned + UInt(length)
        if end > used { munmap(UnsafeMutableRawPointer(bitPattern: used), Int(end - used)) }
        // MADV_HUGEPAGE
        if descriptor == nil { madvise(address, Int(length), 14) }
        return RAMBlock(
            id: id, base: address, usedLength: size, maxLength: length, pageSize: pageSize, fileDescriptor: descriptor,
            isShared: share, isReadOnly: isReadOnly && share)
    }
}
