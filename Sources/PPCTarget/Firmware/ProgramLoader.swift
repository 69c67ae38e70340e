import CPPCState
import EmuCore

extension PPCCPU {
    /// Puts a 64-bit Power ELF program into memory and makes this CPU ready to run it: the program's byte order, 64-bit
    /// mode, `pc` at the entry point. Other registers stay.
    ///
    /// The entry point is taken as the address of code, which it is in programs without function descriptors (ELFv2, and
    /// bare-metal ones linked with `-e`).
    ///
    /// - Parameters:
    ///   - path: An executable file.
    ///   - memory: The memory this CPU was made with. Segments go to their physical addresses.
    /// - Throws: ``ObjectError`` if the file is no such program or does not fit; memory may hold a part of it then.
    @discardableResult
    package func loadProgram(_ path: String, into memory: FlatMemory) throws -> ImageLoader.Program {
        let program = try ImageLoader.loadELF(path) { $0 }
        for image in program.images {
            let offset = image.address &- memory.base
            guard offset <= memory.size, image.size <= memory.size - offset else {
                throw ObjectError(
                    "error loading \(path): a segment does not fit",
                    hint: "It needs \(image.size) bytes at 0x\(String(image.address, radix: 16)).")
            }
            try image.forEachPiece { address, bytes in
                UnsafeMutableRawBufferPointer(start: memory.pointer + Int(address - memory.base), count: bytes.count)
                    .copyMemory(from: bytes)
            }
        }
        engine?.forgetTranslations()
        Context.storeMSR(state, state.pointee.msr & ~MSR.le | MSR.sf | (program.isLittleEndian ? MSR.le : 0))
        state.pointee.nip = program.entry
        return program
    }
}
