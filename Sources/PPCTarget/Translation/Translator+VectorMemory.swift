import CJIT
import CPPCState

/// How a load or store of VSRs and VRs moves its bytes; see ``AccessShape``.
enum VectorTransfer: UInt8 {
    case none
    /// Sixteen bytes: a 128-bit integer, or elements of 8, 4, 2 and 1 bytes with element 0 at the lowest address.
    case quad, doubles, words, halves, bytes
    /// Into doubleword 0: zero-extended, or a word with its sign, or a single as a double. Doubleword 1 stays.
    case scalar, signedWord, single
    /// Into doubleword 0 with doubleword 1 cleared.
    case clearingScalar, clearingSingle
    /// Two registers with sixteen bytes each; the odd one has the lower address for a little-endian guest.
    case pair
    /// Zero-extended to 128 bits.
    case rightmost
    /// Into all elements of the size.
    case splat
    /// Into or out of the one element that the address selects.
    case element
}

// VMX and VSX loads and stores (ISA 3.1 Book I, sections 6.7 and 7.6.1), on the common access path.
extension Translator {
    static func vectorAccess(_ op: Lowered) -> AccessShape? {
        switch op {
        case .lvx, .lvxl: AccessShape(width: .w64, indexed: true, vector: .quad, bytes: 16, aligned: true)
        case .stvx, .stvxl:
            AccessShape(width: .w64, isStore: true, indexed: true, vector: .quad, bytes: 16, aligned: true)
        case .lvebx: AccessShape(width: .w8, indexed: true, vector: .element, aligned: true)
        case .lvehx: AccessShape(width: .w16, indexed: true, vector: .element, aligned: true)
        case .lvewx: AccessShape(width: .w32, indexed: true, vector: .element, aligned: true)
        case .stvebx: AccessShape(width: .w8, isStore: true, indexed: true, vector: .element, aligned: true)
        case .stvehx: AccessShape(width: .w16, isStore: true, indexed: true, vector: .element, aligned: true)
        case .stvewx: AccessShape(width: .w32, isStore: true, indexed: true, vector: .element, aligned: true)
        case .lxv: AccessShape(width: .w64, vector: .quad, bytes: 16)
        case .stxv: AccessShape(width: .w64, isStore: true, vector: .quad, bytes: 16)
        case .lxvx: AccessShape(width: .w64, indexed: true, vector: .quad, bytes: 16)
        case .stxvx: AccessShape(width: .w64, isStore: true, indexed: true, vector: .quad, bytes: 16)
        case .lxvp: AccessShape(width: .w64, vector: .pair, bytes: 32)
        case .stxvp: AccessShape(width: .w64, isStore: true, vector: .pair, bytes: 32)
        case .lxvpx: AccessShape(width: .w64, indexed: true, vector: .pair, bytes: 32)
        case .stxvpx: AccessShape(width: .w64, isStore: true, indexed: true, vector: .pair, bytes: 32)
        case .lxvd2x: AccessShape(width: .w64, indexed: true, vector: .doubles, bytes: 16)
        case .stxvd2x: AccessShape(width: .w64, isStore: true, indexed: true, vector: .doubles, bytes: 16)
        case .lxvw4x: AccessShape(width: .w64, indexed: true, vector: .words, bytes: 16)
        case .stxvw4x: AccessShape(width: .w64, isStore: true, indexed: true, vector: .words, bytes: 16)
        case .lxvh8x: AccessShape(width: .w64, indexed: true, vector: .halves, bytes: 16)
        case .stxvh8x: AccessShape(width: .w64, isStore: true, indexed: true, vector: .halves, bytes: 16)
        case .lxvb16x: AccessShape(width: .w64, indexed: true, vector: .bytes, bytes: 16)
        case .stxvb16x: AccessShape(width: .w64, isStore: true, indexed: true, vector: .bytes, bytes: 16)
        default: scalarVectorAccess(op)
        }
    }

    private static func scalarVectorAccess(_ op: Lowered) -> AccessShape? {
        switch op {
        case .lxsdx: AccessShape(width: .w64, indexed: true, vector: .scalar)
        case .lxsiwax: AccessShape(width: .w32, indexed: true, vector: .signedWord)
        case .lxsiwzx: AccessShape(width: .w32, indexed: true, vector: .scalar)
        case .lxsibzx: AccessShape(width: .w8, indexed: true, vector: .scalar)
        case .lxsihzx: AccessShape(width: .w16, indexed: true, vector: .scalar)
        case .lxsspx: AccessShape(width: .w32, indexed: true, vector: .single)
        case .lxsd: AccessShape(width: .w64, vector: .clearingScalar)
        case .lxssp: AccessShape(width: .w32, vector: .clearingSingle)
        case .stxsdx: AccessShape(width: .w64, isStore: true, indexed: true, vector: .scalar)
        case .stxsiwx: AccessShape(width: .w32, isStore: true, indexed: true, vector: .scalar)
        case .stxsibx: AccessShape(width: .w8, isStore: true, indexed: true, vector: .scalar)
        case .stxsihx: AccessShape(width: .w16, isStore: true, indexed: true, vector: .scalar)
        case .stxsspx: AccessShape(width: .w32, isStore: true, indexed: true, vector: .single)
        case .stxsd: AccessShape(width: .w64, isStore: true, vector: .scalar)
        case .stxssp: AccessShape(width: .w32, isStore: true, vector: .single)
        case .lxvdsx: AccessShape(width: .w64, indexed: true, vector: .splat)
        case .lxvwsx: AccessShape(width: .w32, indexed: true, vector: .splat)
        case .lxvrbx: AccessShape(width: .w8, indexed: true, vector: .rightmost)
        case .lxvrhx: AccessShape(width: .w16, indexed: true, vector: .rightmost)
        case .lxvrwx: AccessShape(width: .w32, indexed: true, vector: .rightmost)
        case .lxvrdx: AccessShape(width: .w64, indexed: true, vector: .rightmost)
        case .stxvrbx: AccessShape(width: .w8, isStore: true, indexed: true, vector: .rightmost)
        case .stxvrhx: AccessShape(width: .w16, isStore: true, indexed: true, vector: .rightmost)
        case .stxvrwx: AccessShape(width: .w32, isStore: true, indexed: true, vector: .rightmost)
        case .stxvrdx: AccessShape(width: .w64, isStore: true, indexed: true, vector: .rightmost)
        case .lfiwax: AccessShape(width: .w32, indexed: true, vector: .signedWord, clears: true)
        case .lfiwzx: AccessShape(width: .w32, indexed: true, vector: .clearingScalar)
        case .stfiwx: AccessShape(width: .w32, isStore: true, indexed: true, vector: .scalar)
        default: prefixedAccess(op)
        }
    }

    /// The VSR that a load or store moves. Its number's high bit lies where the form has it; VMX and floating-point
    /// forms have none.
    static func vectorRegister(_ op: Lowered, _ f: Word) -> Int {
        switch op {
        case .lxvp, .stxvp, .lxvpx, .stxvpx, .plxvp, .pstxvp: f.rt & 30 | (f.rt & 1) &<< 5
        case .plxv, .pstxv: f.rt | Int(truncatingIfNeeded: f.word &>> 26 & 1) &<< 5
        case .plxsd, .plxssp, .pstxsd, .pstxssp: f.rt | 32
        case .lxv, .stxv: f.rt | Int(truncatingIfNeeded: f.word & 8) &<< 2
        case .lxsd, .lxssp, .stxsd, .stxssp: f.rt | 32
        case .lvx, .lvxl, .stvx, .stvxl, .lvebx, .lvehx, .lvewx, .stvebx, .stvehx, .stvewx: f.rt | 32
        case .lfiwax, .lfiwzx, .stfiwx: f.rt
        default: f.rt | Int(truncatingIfNeeded: f.word & 1) &<< 5
        }
    }

    /// Moves the bytes between a host address and a VSR. May use rax, rdx and, if `memory` is based on it, rcx.
    mutating func transferVector(_ op: Lowered, _ f: Word, _ kind: AccessShape, _ memory: MemoryOperand, swap: Bool) {
        let register = Self.vectorRegister(op, f)
        if kind.vector == .pair {
            let upper = MemoryOperand(memory.base, index: memory.index, memory.displacement &+ 16)
            transferQuad(context.bigEndian ? register : register | 1, kind, memory)
            transferQuad(context.bigEndian ? register | 1 : register, kind, upper)
        } else if kind.bytes == 16 {
            transferQuad(register, kind, memory)
        } else if kind.vector == .element {
            transferElement(register, kind, memory, swap: swap)
        } else if kind.isStore {
            storeScalar(register, kind, memory, swap: swap)
        } else {
            loadScalar(register, kind, memory, swap: swap)
        }
    }

    // MARK: Lengths

    /// lxvl, lxvll, stxvl, stxvll: as many bytes as the top byte of RB says, at most sixteen; the rest of a loaded
    /// register is zero. The check covers sixteen bytes whatever the length, so that loads may read them all.
    mutating func accessByLength(_ f: Word, _ word: UInt64, left: Bool, isStore: Bool) {
        let register = f.rt | Int(truncatingIfNeeded: word & 1) &<< 5
        if f.ra == 0 {
            asm.constant(.rcx, 0)
        } else {
            let a = use(f.ra, .rcx)
            asm.lea(wide, .rcx, MemoryOperand(a))
        }
        asm.lea(.w64, .rax, MemoryOperand(.rcx, 15))
        let slow = asm.label()
        emitLookup(slow, reads: !isStore, writes: isStore)
        asm.alu(.add, .w64, .rcx, MemoryOperand(Host.tlb, index: .rdx, 24))
        slowPath(from: slow)
        let count = use(f.rb, .rax)
        asm.copy(.rax, count)
        asm.shift(.shr, .w64, .rax, 56)
        let isReversed = context.bigEndian || left
        if isStore {
            var x = useVector(register, .x0)
            if isReversed {
                vector(.shuffleBytes, .x0, x, constants[.reverseQuad])
                x = .x0
            }
            storeLow(x)
        } else {
            let x = defineVector(register)
            loadLow(x)
            if isReversed { vector(.shuffleBytes, x, x, constants[.reverseQuad]) }
            finishVector(register, x)
        }
        resumeSlowPath()
    }

    /// k1 = ones for as many bytes as rax says.
    private mutating func lengthMask() {
        asm.constant(.rdx, 0xffff)
        // bzhi edx, edx, eax: counts beyond the mask leave it.
        asm.vex(simd: 0, wide: false, 2, 0xf5, reg: R.rdx.code, vvvv: R.rax.code, rm: R.rdx.code)
        asm.moveToMask(1, .rdx)
    }

    /// The low rax bytes of a register from [rcx], the others zero.
    private mutating func loadLow(_ x: VectorRegister) {
        if hasAVX512 && hasBMI2 {
            lengthMask()
            // vmovdqu8
            asm.evex(
                simd: 3, wide: false, 1, 0x6f, reg: x.code, vvvv: 0, MemoryOperand(.rcx),
                EVEXOptions(mask: 1, zeroes: true))
            return
        }
        asm.constant(.rdx, 16)
        asm.alu(.cmp, .w32, .rax, .rdx)
        asm.moveIf(.above, .w32, .rax, .rdx)
        asm.negate(.w64, .rax)
        asm.ripRelative(0, wide: true, 0, 0x8d, reg: R.rdx.code, constants.lengthMask)
        loadVector(x, MemoryOperand(.rcx))
        loadVector(.x1, MemoryOperand(.rdx, index: .rax, 16))
        vector(.and, x, x, .x1)
    }

    /// The low rax bytes of a register to [rcx]. Without masks: all, or the powers of two that make up the length.
    private mutating func storeLow(_ x: VectorRegister) {
        if hasAVX512 && hasBMI2 {
            lengthMask()
            asm.evex(
                simd: 3, wide: false, 1, 0x7f, reg: x.code, vvvv: 0, MemoryOperand(.rcx), EVEXOptions(mask: 1))
            return
        }
        asm.alu(.cmp, .w32, .rax, immediate: 16)
        let part = asm.shortJump(.below)
        storeVector(MemoryOperand(.rcx), x)
        let done = asm.label()
        asm.jump(done)
        asm.land(part)
        copyVector(.x1, x)
        for (bit, width) in [(8, HostWidth.w64), (4, .w32), (2, .w16), (1, .w8)] {
            asm.test(.w32, .rax, immediate: Int32(bit))
            let skip = asm.shortJump(.equal)
            moveFromVector(.rdx, .x1)
            asm.store(width, MemoryOperand(.rcx), .rdx)
            vector(.rightQuad, .x1, .x1, UInt8(bit))
            asm.alu(.add, .w64, .rcx, immediate: Int32(bit))
            asm.land(skip)
        }
        asm.bind(done)
    }

    // MARK: Sixteen bytes

    private mutating func transferQuad(_ register: Int, _ kind: AccessShape, _ memory: MemoryOperand) {
        let x: VectorRegister
        if kind.isStore {
            x = useVector(register, .x0)
            let ordered = reorder(kind, .x0, .register(x))
            storeVector(memory, ordered ? .x0 : x)
        } else {
            x = defineVector(register)
            // The host address may be unaligned, which only AVX takes as an operand.
            loadVector(x, memory)
            _ = reorder(kind, x, .register(x))
            finishVector(register, x)
        }
    }

    /// Brings sixteen bytes from memory's order into the register's, or back. False if that is the same.
    private mutating func reorder(_ kind: AccessShape, _ to: VectorRegister, _ from: VectorOperand) -> Bool {
        guard case .register(let source) = from else { return false }
        if context.bigEndian || kind.vector == .bytes {
            vector(.shuffleBytes, to, source, constants[.reverseQuad])
            return true
        }
        switch kind.vector {
        case .doubles: shuffleWords(to, from, 0x4e)
        case .words: shuffleWords(to, from, 0x1b)
        case .halves: vector(.shuffleBytes, to, source, constants[.reverseHalfOrder])
        default: return false
        }
        return true
    }

    /// rax = the bytes at `memory`, zero-extended.
    private mutating func loadInteger(_ kind: AccessShape, _ memory: MemoryOperand, swap: Bool) {
        if swap && hasMOVBE && kind.width != .w16 {
            asm.loadSwapped(kind.width, .rax, memory)
        } else {
            asm.loadZeroExtended(kind.width, .rax, memory)
            if swap { asm.swapBytes(kind.width, .rax) }
        }
    }

    private mutating func storeInteger(_ kind: AccessShape, _ memory: MemoryOperand, swap: Bool) {
        if swap && hasMOVBE {
            asm.storeSwapped(kind.width, memory, .rax)
        } else {
            if swap { asm.swapBytes(kind.width, .rax) }
            asm.store(kind.width, memory, .rax)
        }
    }

    private mutating func loadScalar(_ register: Int, _ kind: AccessShape, _ memory: MemoryOperand, swap: Bool) {
        loadInteger(kind, memory, swap: swap)
        let clears = kind.clears || kind.vector == .clearingScalar || kind.vector == .clearingSingle
        switch kind.vector {
        case .splat:
            let x = defineVector(register)
            moveToVector(x, .rax)
            shuffleWords(x, .register(x), kind.width == .w64 ? 0x44 : 0)
            finishVector(register, x)
            return
        case .rightmost:
            let x = defineVector(register)
            moveToVector(x, .rax)
            finishVector(register, x)
            return
        case .signedWord: asm.signExtend(.w32, .rax, .rax)
        case .single, .clearingSingle:
            widenSingle()
            moveFromVector(.rax, .x0)
        default: break
        }
        setDouble0(register, clears: clears)
    }

    /// Doubleword 0 of a VSR = rax; doubleword 1 stays or is cleared.
    mutating func setDouble0(_ register: Int, clears: Bool) {
        let x = defineVector(register)
        if clears {
            moveToVector(x, .rax)
            vector(.leftQuad, x, x, 8)
        } else {
            let old = useVector(register, .x0)
            insertDouble0(x, old, .rax)
        }
        finishVector(register, x)
    }

    private mutating func storeScalar(_ register: Int, _ kind: AccessShape, _ memory: MemoryOperand, swap: Bool) {
        let offset: Int = kind.vector == .rightmost ? 0 : 8
        asm.load(kind.vector == .single || kind.width == .w64 ? .w64 : .w32, .rax, vsr(register, offset))
        if kind.vector == .single { narrowToSingle() }
        storeInteger(kind, memory, swap: swap)
    }

    /// The element's place in the register is that of its address in the aligned quadword, from the low end for a
    /// little-endian guest. RAM is mapped in whole pages, so that host addresses have the same low bits.
    private mutating func transferElement(_ register: Int, _ kind: AccessShape, _ memory: MemoryOperand, swap: Bool) {
        asm.lea(.w64, .rdx, memory)
        asm.alu(.and, .w32, .rdx, immediate: 15)
        if context.bigEndian { asm.alu(.xor, .w32, .rdx, immediate: 16 &- kind.size) }
        let home = MemoryOperand(Host.state, index: .rdx, vsr(register).displacement)
        if kind.isStore {
            asm.loadZeroExtended(kind.width, .rax, home)
            storeInteger(kind, memory, swap: swap)
        } else {
            loadInteger(kind, memory, swap: swap)
            vectorWillChange(register)
            asm.store(kind.width, home, .rax)
            vectorChangedInMemory(register)
        }
    }
}
