import CJIT
import CPPCState

// Scalar floating point (ISA 3.1 Book I, chapter 4).
extension Translator {
    /// FPRs that some instruction of the region writes.
    var writtenVector: UInt32 { 0 }

    func lowersFloat(_ op: Lowered, _ f: Word) -> Bool { false }
    mutating func lowerFloat(_ op: Lowered, _ f: Word) {}
    mutating func transferFloat(_ f: Word, _ kind: AccessShape, _ memory: MemoryOperand, swap: Bool) {}
    mutating func assignVectors() {}
    mutating func storeVectors(_ registers: UInt32) {}
    mutating func loadVectors(_ registers: UInt32) {}
    mutating func saveHostFPU() {}
    mutating func loadGuestFPU() {}
}
