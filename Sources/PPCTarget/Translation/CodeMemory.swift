import CJIT

#if canImport(Glibc)
    import Glibc
#endif

/// Memory for generated code and the data it refers to.
///
/// The code is mapped twice, once executable and once writable, so that no page is ever both; patching needs no
/// change of protection. Allocation advances through a window of both parts, which is all of them at first and can be
/// moved (see ``CodeZones``).
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
    /// Offset of the next byte of code, and of data.
    private(set) var codeUsed = 0
    private(set) var dataUsed = 0
    private var codeEnd: Int
    private var dataEnd: Int

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
        codeEnd = code
        dataEnd = data
    }

    deinit { cj_code_memory_unmap(&memory) }

    var codeFree: Int { codeEnd - codeUsed }
    var dataFree: Int { dataEnd - dataUsed }

    /// What to add to a writable address for the executable one.
    var executableOffset: Int { execute - write }

    /// The writable address of the next byte of code.
    var next: UnsafeMutablePointer<UInt8> { write + codeUsed }

    /// Claims `count` bytes that were written at ``next``, and aligns what follows to 16 bytes.
    func claimCode(_ count: Int) {
        codeUsed = min(codeEnd, (codeUsed + count + 15) & ~15)
    }

    /// Zeroed bytes of data, or nil if there is no room.
    ///
    /// - Parameter alignment: A power of two.
    func allocateData(_ count: Int, alignment: Int = 4) -> UnsafeMutableRawPointer? {
        let from = (dataUsed + alignment - 1) & ~(alignment - 1)
        guard from + count <= dataEnd else { return nil }
        let start = UnsafeMutableRawPointer(data + from)
        dataUsed = from + count
        start.initializeMemory(as: UInt8.self, repeating: 0, count: count)
        return start
    }

    /// Takes back the data that was allocated last.
    func releaseData(to mark: Int) { dataUsed = mark }

    /// From now on allocates from these offsets; what was there is lost.
    func moveWindow(code: Range<Int>, data: Range<Int>) {
        (codeUsed, codeEnd) = (code.lowerBound, code.upperBound)
        (dataUsed, dataEnd) = (data.lowerBound, data.upperBound)
    }
}
