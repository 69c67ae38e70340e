import CJIT
import CPPCState

// Bit counts, shifts of the whole register, and cryptography (ISA 3.1 Book I, sections 6.8, 6.10 and 6.13).
extension Translator {
    mutating func lowerVectorBits(_ op: Lowered, _ v: VectorFields, _ word: UInt64) -> Bool {
        let f = Word(word)
        switch op {
        case .lvsl, .lvsr: permuteControl(f.rt | 32, f, right: op == .lvsr)
        case .vpopcntb, .vpopcnth, .vpopcntw, .vpopcntd:
            let b = useVector(v.b, .x0)
            vector(.rightHalves, .x1, b, 4)
            vector(.and, .x1, .x1, constants[.bytes15])
            vector(.and, .x2, b, constants[.bytes15])
            vector(unary: VectorOperation(0x6f), .x3, constants[.populationCounts])
            vector(.shuffleBytes, .x1, .x3, .x1)
            vector(.shuffleBytes, .x2, .x3, .x2)
            vector(.addBytes, .x1, .x1, .x2)
            if op == .vpopcntd {
                zeroVector(.x2)
                vector(.sumOfBytes, .x1, .x1, .x2)
            } else if op != .vpopcntb {
                vector(Self.multiplyAddBytes, .x1, .x1, constants[.oneBytes])
                if op == .vpopcntw { vector(.multiplyAddHalves, .x1, .x1, constants[.oneHalves]) }
            }
            finishVector(v.t, .x1)
        case .vclzd, .vctzd:
            let leading = op == .vclzd
            for half in 0..<2 {
                asm.load(.w64, .rcx, vsr(v.b, half &* 8))
                if leading {
                    asm.leadingZeros(.w64, half == 0 ? .rax : .rdx, .rcx)
                } else {
                    asm.trailingZeros(.w64, half == 0 ? .rax : .rdx, .rcx)
                }
            }
            let t = defineVector(v.t)
            moveToVector(t, .rax)
            insertDouble0(t, t, .rdx)
            finishVector(v.t, t)
        case .vbpermq: permuteBits(v)
        case .vslo, .vsro: shiftBytes(v, left: op == .vslo)
        case .vcipher, .vcipherlast, .vncipher, .vncipherlast: cipher(op, v)
        case .vshasigmaw: sigma(v, word, wide: false)
        case .vshasigmad: sigma(v, word, wide: true)
        default: return false
        }
        return true
    }

    /// Byte numbers beginning with the low four bits of the address, or with 16 less them.
    private mutating func permuteControl(_ target: Int, _ f: Word, right: Bool) {
        let b = use(f.rb, .rax)
        if f.ra == 0 {
            asm.copy(.rax, b)
        } else {
            let a = use(f.ra, .rcx)
            asm.lea(.w64, .rax, MemoryOperand(a, index: b))
        }
        asm.alu(.and, .w32, .rax, immediate: 15)
        if right {
            asm.negate(.w32, .rax)
            asm.alu(.add, .w32, .rax, immediate: 16)
        }
        let t = defineVector(target)
        moveToVector(t, .rax, .w32)
        zeroVector(.x1)
        vector(.shuffleBytes, t, t, .x1)
        vector(.addBytes, t, t, constants[.byteNumbers])
        finishVector(target, t)
    }

    /// vbpermq: the bits that 16 byte indexes name.
    private mutating func permuteBits(_ v: VectorFields) {
        let c = useVector(v.b, .x0)
        // Byte of each bit, from the ISA's left; beyond 127 the selector turns negative and picks zero.
        vector(.rightHalves, .x1, c, 3)
        vector(.and, .x1, .x1, constants[.bytes31])
        vector(unary: VectorOperation(0x6f), .x2, constants[.bytes15])
        vector(.subtractBytes, .x2, .x2, .x1)
        vector(.and, .x1, c, constants[.bytes7])
        vector(unary: VectorOperation(0x6f), .x3, constants[.bitMasks])
        vector(.shuffleBytes, .x3, .x3, .x1)
        let a = useVector(v.a, .x1)
        vector(.shuffleBytes, .x1, a, .x2)
        vector(.and, .x1, .x1, .x3)
        vector(.equalBytes, .x1, .x1, .x3)
        byteSigns(.x1)
        setDouble0(v.t, clears: true)
    }

    /// vslo, vsro: bits 121:124 of VRB count bytes.
    private mutating func shiftBytes(_ v: VectorFields, left: Bool) {
        asm.loadZeroExtended(.w8, .rax, vsr(v.b))
        asm.shift(.shr, .w32, .rax, 3)
        asm.alu(.and, .w32, .rax, immediate: 15)
        if left { asm.negate(.w64, .rax) }
        // A window of the sliding constant, whose middle is the identity.
        asm.ripRelative(0, wide: true, 0, 0x8d, reg: HostRegister.rdx.code, constants.sliding)
        loadVector(.x1, MemoryOperand(.rdx, index: .rax, 16))
        let a = useVector(v.a, .x0)
        let t = defineVector(v.t)
        vector(.shuffleBytes, t, a, .x1)
        finishVector(v.t, t)
    }

    /// The host's AES instructions see byte 0 of the state in the low lane.
    private mutating func cipher(_ op: Lowered, _ v: VectorFields) {
        let a = useVector(v.a, .x0)
        vector(.shuffleBytes, .x0, a, constants[.reverseQuad])
        let key = useVector(v.b, .x1)
        vector(.shuffleBytes, .x1, key, constants[.reverseQuad])
        switch op {
        case .vcipher: vector(.encrypt, .x0, .x0, .x1)
        case .vcipherlast: vector(.encryptLast, .x0, .x0, .x1)
        default:
            vector(.decryptLast, .x0, .x0, .x1)
            // The ISA adds the key before the columns are mixed back: aesimc.
            if op == .vncipher { vector(unary: VectorOperation(0xdb, map: 2), .x0, .register(.x0)) }
        }
        let t = defineVector(v.t)
        vector(.shuffleBytes, t, .x0, constants[.reverseQuad])
        finishVector(v.t, t)
    }

    /// vshasigmaw, vshasigmad: the exclusive or of three rotations to the right, or two and a shift.
    private mutating func sigma(_ v: VectorFields, _ word: UInt64, wide: Bool) {
        let counts: (UInt8, UInt8, UInt8)
        // ST, and a bit of SIX, of which all others are the same.
        let isBig = word & 0x8000 != 0
        switch (wide, isBig, word & 0x1000 != 0) {
        case (false, false, false): counts = (7, 18, 3)
        case (false, false, true): counts = (17, 19, 10)
        case (false, true, false): counts = (2, 13, 22)
        case (false, true, true): counts = (6, 11, 25)
        case (true, false, false): counts = (1, 8, 7)
        case (true, false, true): counts = (19, 61, 6)
        case (true, true, false): counts = (28, 34, 39)
        case (true, true, true): counts = (14, 18, 41)
        }
        let (left, right): (VectorShift, VectorShift) =
            wide ? (.leftDoubles, .rightDoubles) : (.leftWords, .rightWords)
        let width: UInt8 = wide ? 64 : 32
        let a = useVector(v.a, .x0)
        vector(right, .x1, a, counts.2)
        func add(_ translator: inout Translator, _ shift: VectorShift, _ count: UInt8) {
            translator.vector(shift, .x2, a, count)
            translator.vector(.xor, .x1, .x1, .x2)
        }
        for count in [counts.0, counts.1] {
            add(&self, right, count)
            add(&self, left, width &- count)
        }
        if isBig { add(&self, left, width &- counts.2) }
        finishVector(v.t, .x1)
    }
}
