import CJIT
import CPPCState

// Prefixed loads, stores and additions (ISA 3.1 Book I, sections 1.6.3, 3.3.2 and 3.3.9): displacements of 34 bits, off a
// register or the instruction itself.
extension Translator {
    /// R: relative to the instruction, which RA other than zero makes invalid.
    private static func isRelative(_ word: UInt64) -> Bool { word &>> 52 & 1 != 0 }

    /// Whether the form is valid; the others are left to the function.
    func lowersPrefixed(_ f: Word) -> Bool { !Self.isRelative(f.word) || f.ra == 0 }

    static func prefixedAccess(_ op: Lowered) -> AccessShape? {
        switch op {
        case .plbz: AccessShape(width: .w8, prefixed: true)
        case .plhz: AccessShape(width: .w16, prefixed: true)
        case .plha: AccessShape(width: .w16, signed: true, prefixed: true)
        case .plwz: AccessShape(width: .w32, prefixed: true)
        case .plwa: AccessShape(width: .w32, signed: true, prefixed: true)
        case .pld: AccessShape(width: .w64, prefixed: true)
        case .pstb: AccessShape(width: .w8, isStore: true, prefixed: true)
        case .psth: AccessShape(width: .w16, isStore: true, prefixed: true)
        case .pstw: AccessShape(width: .w32, isStore: true, prefixed: true)
        case .pstd: AccessShape(width: .w64, isStore: true, prefixed: true)
        case .plfs: AccessShape(width: .w32, float: 2, prefixed: true)
        case .plfd: AccessShape(width: .w64, float: 1, prefixed: true)
        case .pstfs: AccessShape(width: .w32, isStore: true, float: 2, prefixed: true)
        case .pstfd: AccessShape(width: .w64, isStore: true, float: 1, prefixed: true)
        case .plxv: AccessShape(width: .w64, vector: .quad, bytes: 16, prefixed: true)
        case .pstxv: AccessShape(width: .w64, isStore: true, vector: .quad, bytes: 16, prefixed: true)
        case .plxvp: AccessShape(width: .w64, vector: .pair, bytes: 32, prefixed: true)
        case .pstxvp: AccessShape(width: .w64, isStore: true, vector: .pair, bytes: 32, prefixed: true)
        case .plxsd: AccessShape(width: .w64, vector: .clearingScalar, prefixed: true)
        case .plxssp: AccessShape(width: .w32, vector: .clearingSingle, prefixed: true)
        case .pstxsd: AccessShape(width: .w64, isStore: true, vector: .scalar, prefixed: true)
        case .pstxssp: AccessShape(width: .w32, isStore: true, vector: .single, prefixed: true)
        default: nil
        }
    }

    /// rcx = the effective address.
    mutating func prefixedAddress(_ f: Word) {
        let displacement = Operand.prefixedImmediate(f.word)
        if Self.isRelative(f.word) {
            asm.constant(.rcx, (address &+ UInt64(bitPattern: displacement)) & addressMask)
        } else if f.ra == 0 {
            asm.constant(.rcx, UInt64(bitPattern: displacement) & addressMask)
        } else if let small = Int32(exactly: displacement) {
            let a = use(f.ra, .rcx)
            asm.lea(wide, .rcx, MemoryOperand(a, small))
        } else {
            asm.constant(.rcx, UInt64(bitPattern: displacement))
            let a = use(f.ra, .rax)
            asm.lea(wide, .rcx, MemoryOperand(.rcx, index: a))
        }
    }

    mutating func addPrefixed(_ f: Word) {
        let immediate = Operand.prefixedImmediate(f.word)
        if !Self.isRelative(f.word), f.ra != 0, let small = Int32(exactly: immediate) {
            return addImmediate(f, small)
        }
        if Self.isRelative(f.word) || f.ra == 0 {
            let t = define(f.rt)
            let base = Self.isRelative(f.word) ? address : 0
            asm.constant(t, base &+ UInt64(bitPattern: immediate))
            return finish(f.rt, t)
        }
        asm.constant(.rcx, UInt64(bitPattern: immediate))
        let a = use(f.ra, .rax)
        let t = define(f.rt)
        asm.lea(.w64, t, MemoryOperand(.rcx, index: a))
        finish(f.rt, t)
    }
}
