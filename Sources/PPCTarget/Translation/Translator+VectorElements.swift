import CJIT
import CPPCState

// Elements at places that a register or the word says, and masks of elements (ISA 3.1 Book I, sections 6.8 and 6.16).
extension Translator {
    /// False if the instruction is none of this file's.
    mutating func lowerVectorPlaces(_ op: Lowered, _ v: VectorFields, _ word: UInt64) -> Bool {
        let f = Word(word)
        switch op {
        case .vextuhlx: extractToGPR(f, v, .w16, left: true)
        case .vextuhrx: extractToGPR(f, v, .w16, left: false)
        case .vextuwlx: extractToGPR(f, v, .w32, left: true)
        case .vextuwrx: extractToGPR(f, v, .w32, left: false)
        case .vinsw, .vinsd:
            let value = use(f.rb, .rax)
            let width: HostWidth = op == .vinsw ? .w32 : .w64
            let old = useVector(v.t, .x0)
            let t = defineVector(v.t)
            if hasAVX {
                asm.vex(simd: 1, wide: width == .w64, 3, 0x22, reg: t.code, vvvv: old.code, rm: value.code)
            } else {
                asm.copy(t, old)
                asm.rr(0x66, wide: width == .w64, 3, 0x22, reg: t.code, rm: value.code)
            }
            let size = 1 &<< Int(width.rawValue)
            asm.byte(UInt8(truncatingIfNeeded: (16 &- size &- f.ra & 15) / size))
            finishVector(v.t, t)
        case .vinsblx, .vinsbrx: insertAt(f, v, .w8, left: op == .vinsblx, fromGPR: true)
        case .vinshlx, .vinshrx: insertAt(f, v, .w16, left: op == .vinshlx, fromGPR: true)
        case .vinswlx, .vinswrx: insertAt(f, v, .w32, left: op == .vinswlx, fromGPR: true)
        case .vinsdlx, .vinsdrx: insertAt(f, v, .w64, left: op == .vinsdlx, fromGPR: true)
        case .vinsbvlx, .vinsbvrx: insertAt(f, v, .w8, left: op == .vinsbvlx, fromGPR: false)
        case .vinshvlx, .vinshvrx: insertAt(f, v, .w16, left: op == .vinshvlx, fromGPR: false)
        case .vinswvlx, .vinswvrx: insertAt(f, v, .w32, left: op == .vinswvlx, fromGPR: false)
        default: return lowerVectorMasks(op, v, word)
        }
        return true
    }

    // MARK: Places in registers

    /// eax = host byte of the element whose ISA byte number (from the right, unless `left`) is in RA; negative beyond the
    /// left end.
    private mutating func placeOfElement(_ f: Word, _ size: Int32, left: Bool) {
        let a = use(f.ra, .rax)
        asm.move(.w32, .rax, a)
        asm.alu(.and, .w32, .rax, immediate: 15)
        if left {
            asm.negate(.w32, .rax)
            asm.alu(.add, .w32, .rax, immediate: 16 &- size)
        }
    }

    /// What reaches beyond the register is left to the function.
    private mutating func extractToGPR(_ f: Word, _ v: VectorFields, _ width: HostWidth, left: Bool) {
        let size: Int32 = 1 &<< Int32(width.rawValue)
        placeOfElement(f, size, left: left)
        let slow = asm.label()
        asm.alu(.cmp, .w32, .rax, immediate: 16 &- size)
        asm.jump(.above, slow)
        slowPath(from: slow)
        let t = define(f.rt)
        asm.loadZeroExtended(width, t, MemoryOperand(Host.state, index: .rax, vsr(v.b).displacement))
        finish(f.rt, t)
        resumeSlowPath()
    }

    /// An element that does not fit changes nothing.
    private mutating func insertAt(_ f: Word, _ v: VectorFields, _ width: HostWidth, left: Bool, fromGPR: Bool) {
        let size: Int32 = 1 &<< Int32(width.rawValue)
        vectorWillChange(v.t)
        placeOfElement(f, size, left: left)
        var value = R.rdx
        if fromGPR { value = use(f.rb, .rdx) } else { asm.load(.w64, .rdx, vsr(v.b, 8)) }
        asm.alu(.cmp, .w32, .rax, immediate: 16 &- size)
        let beyond = asm.shortJump(.above)
        asm.store(width, MemoryOperand(Host.state, index: .rax, vsr(v.t).displacement), value)
        asm.land(beyond)
        vectorChangedInMemory(v.t)
    }

    // MARK: Masks

    private mutating func lowerVectorMasks(_ op: Lowered, _ v: VectorFields, _ word: UInt64) -> Bool {
        let f = Word(word)
        switch op {
        case .vexpandbm:
            zeroVector(.x1)
            vector(.greaterBytes, .x1, .x1, vectorOperand(v.b))
            finishVector(v.t, .x1)
        case .vexpandhm, .vexpandwm, .vexpanddm, .vexpandqm:
            let b = useVector(v.b, .x0)
            vector(op == .vexpandhm ? .arithmeticHalves : .arithmeticWords, .x1, b, op == .vexpandhm ? 15 : 31)
            if op == .vexpanddm { shuffleWords(.x1, .register(.x1), 0xf5) }
            if op == .vexpandqm { shuffleWords(.x1, .register(.x1), 0xff) }
            finishVector(v.t, .x1)
        case .vextracthm, .vextractwm, .vextractdm, .vextractqm:
            signsOfElements(v.b, op == .vextracthm ? 2 : op == .vextractwm ? 4 : op == .vextractdm ? 8 : 16)
            let t = define(f.rt)
            asm.copy(t, .rax)
            finish(f.rt, t)
        case .vcntmbb: countSigns(f, v, 1)
        case .vcntmbh: countSigns(f, v, 2)
        case .vcntmbw: countSigns(f, v, 4)
        case .vcntmbd: countSigns(f, v, 8)
        case .mtvsrbm: expandBits(v, use(f.rb, .rax), 1)
        case .mtvsrhm: expandBits(v, use(f.rb, .rax), 2)
        case .mtvsrwm: expandBits(v, use(f.rb, .rax), 4)
        case .mtvsrdm: expandBits(v, use(f.rb, .rax), 8)
        case .mtvsrbmi:
            asm.constant(.rax, word & 0xffc0 | word &>> 15 & 0x3e | word & 1)
            expandBits(v, .rax, 1)
        default: return false
        }
        return true
    }

    /// eax = the sign bits of elements of so many bytes, that of the host's lane 0 lowest.
    private mutating func signsOfElements(_ number: Int, _ size: Int) {
        if size == 16 {
            asm.load(.w64, .rax, vsr(number, 8))
            asm.shift(.shr, .w64, .rax, 63)
            return
        }
        let b = useVector(number, .x0)
        if size == 1 { return byteSigns(b) }
        if size == 2 {
            zeroVector(.x1)
            vector(.packHalvesSigned, .x2, b, .x1)
            return byteSigns(.x2)
        }
        // movmskps, movmskpd
        if hasAVX {
            asm.vex(simd: size == 4 ? 0 : 1, wide: false, 1, 0x50, reg: R.rax.code, vvvv: 0, rm: b.code)
        } else {
            asm.rr(size == 4 ? 0 : 0x66, wide: false, 1, 0x50, reg: R.rax.code, rm: b.code)
        }
    }

    /// How many elements have their sign bit set, or, if the word says so, clear; above the bits of a byte count.
    private mutating func countSigns(_ f: Word, _ v: VectorFields, _ size: Int) {
        signsOfElements(v.b, size)
        let count = Int32(truncatingIfNeeded: 16 / size)
        if f.ra & 1 == 0 { asm.alu(.xor, .w32, .rax, immediate: (1 &<< count) &- 1) }
        let t = define(f.rt)
        asm.populationCount(.w32, t, .rax)
        asm.shift(.shl, .w64, t, 56 &+ UInt8(truncatingIfNeeded: size.trailingZeroBitCount))
        finish(f.rt, t)
    }

    /// All ones in lanes of so many bytes whose bit is one.
    private mutating func expandBits(_ v: VectorFields, _ bits: HostRegister, _ size: Int) {
        moveToVector(.x1, bits)
        vector(.shuffleBytes, .x1, .x1, constants[.twoBytes])
        loadConstant(.x2, .unitBytes)
        vector(.and, .x1, .x1, .x2)
        vector(.equalBytes, .x1, .x1, .x2)
        let t = defineVector(v.t)
        if size == 1 {
            copyVector(t, .x1)
        } else {
            // pmovsxbw, pmovsxbd, pmovsxbq
            let code: UInt8 = size == 2 ? 0x20 : size == 4 ? 0x21 : 0x22
            vector(unary: VectorOperation(code, map: 2), t, .register(.x1))
        }
        finishVector(v.t, t)
    }
}
