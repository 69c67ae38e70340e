import CJIT

#if canImport(Glibc)
    import Glibc
#endif

/// Memory for generated code and the data it refers to.
///
/// The code is mapped twice, once executable and once writable, so that no page is ever both; patching needs no
/// change of protection. Allocation only ever advances; ``reset()`` starts over when everything has been forgotten.
final class CodeMemory {
    struct MappingError: Error, CustomStringConvertible {
        let code: Int32
        var description: String { "cannot map code memory: \(String(cString: strerror(code)))" }
    }

    private var memory = cj_code_memory()
    /// First executable byte; what jumps and calls use.
    let execute: UnsafeMutablePointer<UInt8>
    /// The writable alias of ``execute``.
    let write: UnsafeMutablePointer<UInt8>
    /// Writable data behind the executable mapping, within reach of RIP-relative displacements.
    let data: UnsafeMutablePointer<UInt8>
    let codeCapacity: Int
    let dataCapacity: Int
    private(set) var codeUsed = 0
    private(set) var dataUsed = 0

    /// - Parameters:
    ///   - codeSize: Bytes of code, rounded up to 64 KiB; at most 1 GiB.
    ///   - dataSize: Bytes of data beside it, rounded likewise.
    init(codeSize: Int, dataSize: Int) throws(MappingError) {
        let unit = 65536
        guard codeSize > 0, dataSize > 0, codeSize <= 1 << 30, dataSize <= 1 << 29 else {
            throw MappingError(code: EINVAL)
        }
        let code = (codeSize + unit - 1) / unit * unit
        let data = (dataSize + unit - 1) / unit * unit
        var mapped = cj_code_memory()
        guard cj_code_memory_map(&mapped, code, data) == 0, let execute = mapped.execute, let write = mapped.write,
            let dataStart = mapped.data
        else { throw MappingError(code: errno) }
        memory = mapped
        self.execute = execute
        self.write = write
        self.data = dataStart
        codeCapacity = code
        dataCapacity = data
    }

    deinit { cj_code_memory_unmap(&memory) }

    var codeFree: Int { codeCapacity - codeUsed }
    var dataFree: Int { dataCapacity - dataUsed }

    /// What to add to a writable address for the executable one.
    var executableOffset: Int { execute - write }

    /// The writable address of the next byte of code.
    var next: UnsafeMutablePointer<UInt8> { write + codeUsed }

    /// Claims `count` bytes that were written at ``next``, and aligns what follows to 16 bytes.
    func claimCode(_ count: Int) {
        codeUsed = min(codeCapacity, (codeUsed + count + 15) & ~15)
    }

    /// Zeroed bytes of data aligned to 16, or nil if there is no room.
    func allocateData(_ count: Int) -> UnsafeMutableRawPointer? {
        let rounded = (count + 15) & ~15
        guard rounded <= dataFree else { return nil }
        let start = UnsafeMutableRawPointer(data + dataUsed)
        dataUsed += rounded
        start.initializeMemory(as: UInt8.self, repeating: 0, count: rounded)
        return start
    }

    /// Forgets everything after the given marks.
    func reset(code: Int = 0, data: Int = 0) {
        codeUsed = code
        dataUsed = data
    }
}
