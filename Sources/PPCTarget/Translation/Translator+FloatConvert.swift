import CJIT
import CPPCState

// Scalar conversions, comparisons and extremes, and the memory formats of FPRs (ISA 3.1 Book I, sections 4.6.2 to
// 4.6.8 and 7.6.1).
extension Translator {
    mutating func lowerFloatConversion(_ op: Lowered, _ f: Word) -> Bool {
        let n = FloatOperands(f.word)
        switch op {
        case .frsp, .xsrsp:
            let new = beginOperation(f.word, n.target, a: nil, b: n.b, c: nil)
            copyVector(.x2, useScalar(n.b, .x2))
            finishOperation(new, n.target, single: true)
        case .friz, .xsrdpiz: roundToIntegral(f, n, 3)
        case .frip, .xsrdpip: roundToIntegral(f, n, 2)
        case .frim, .xsrdpim: roundToIntegral(f, n, 1)
        case .frin, .xsrdpi: roundToNearest(f, n)
        case .xsrdpic: roundToIntegral(f, n, 4)
        case .fcfid, .xscvsxddp: convertFromInteger(f, n, single: false, signed: true, setsClass: true)
        case .xscvsxdsp: convertFromInteger(f, n, single: true, signed: true, setsClass: true)
        case .xscvuxddp: convertFromInteger(f, n, single: false, signed: false, setsClass: true)
        case .xscvuxdsp: convertFromInteger(f, n, single: true, signed: false, setsClass: true)
        case .fcfids: convertFromInteger(f, n, single: true, signed: true, setsClass: false)
        case .fcfidu: convertFromInteger(f, n, single: false, signed: false, setsClass: false)
        case .fcfidus: convertFromInteger(f, n, single: true, signed: false, setsClass: false)
        case .fctiwuz, .xscvdpuxws: convertToUnsigned(n, .w32, code: 0x2c, twice: op == .xscvdpuxws)
        case .fctiduz, .xscvdpuxds: convertToUnsigned(n, .w64, code: 0x2c, twice: false)
        case .fctiwu: convertToUnsigned(n, .w32, code: 0x2d, twice: false)
        case .fctidu: convertToUnsigned(n, .w64, code: 0x2d, twice: false)
        case .fctiwz, .xscvdpsxws: convertToInteger(n, .w32, code: 0x2c, twice: op == .xscvdpsxws)
        case .fctidz, .xscvdpsxds: convertToInteger(n, .w64, code: 0x2c, twice: false)
        case .fctiw: convertToInteger(n, .w32, code: 0x2d, twice: false)
        case .fctid: convertToInteger(n, .w64, code: 0x2d, twice: false)
        case .xscvspdpn:
            asm.load(.w32, .rax, vsr(n.b, 12))
            widenSingle()
            finishScalar(n.target, .x0, single: true)
        case .xscvspdp:
            let new = beginOperation(f.word, n.target, a: nil, b: n.b, c: nil)
            vector(unary: VectorOperation(0x70), .x2, vectorOperand(n.b), immediate: 0xff)
            vector(VectorOperation(0x5a, simd: 2), .x2, .x2, .x2)
            finishOperation(new, n.target, single: false)
            singles |= 1 &<< UInt64(truncatingIfNeeded: n.target)
        case .xscvdpsp:
            let slow = asm.label()
            let new = beginOperation(f.word, n.target, a: nil, b: n.b, c: nil)
            let b = useScalar(n.b, .x0)
            vector(VectorOperation(0x5a, simd: 3), .x2, b, b)
            vector(.and, .x3, .x2, constants[.wordMagnitudes])
            // ucomiss: equal, or unordered.
            vector(unary: VectorOperation(0x2e, simd: 0), .x3, constants[.smallestSingles])
            asm.jump(.equal, slow)
            slowPath(from: slow)
            moveFromVector(.rax, .x2)
            finishSingleBits(n.target)
            setPending(new)
            resumeSlowPath()
        case .xscvdpspn:
            let slow = asm.label()
            slowPath(from: slow)
            asm.load(.w64, .rax, vsr(n.b, 8))
            narrowToSingle()
            finishSingleBits(n.target)
            resumeSlowPath()
        default: return false
        }
        return true
    }

    /// Both words of doubleword 0 of the target = eax, doubleword 1 = 0.
    private mutating func finishSingleBits(_ target: Int) {
        let t = defineVector(target)
        moveToVector(t, .rax, .w32)
        shuffleWords(t, .register(t), 0x05)
        finishVector(target, t)
    }

    /// One rounding; integers are zero or far from tiny.
    /// - Parameter setsClass: Sets FPRF; otherwise that of the operation before stays, which must not be forgotten.
    private mutating func convertFromInteger(
        _ f: Word, _ n: FloatOperands, single: Bool, signed: Bool, setsClass: Bool
    ) {
        if !setsClass {
            writePendingFirst()
            markStatus()
        }
        if signed {
            zeroVector(.x2)
            asm.load(.w64, .rax, vsr(n.b, 8))
            convertSigned(.x2, .rax, single: single)
        } else {
            convertUnsigned(.x2, vsr(n.b, 8), single: single)
        }
        if single { vector(VectorOperation(0x5a, simd: 2), .x2, .x2, .x2) }
        if setsClass {
            let new = beginOperation(f.word, n.target, a: nil, b: n.b, c: nil)
            finishScalar(n.target, .x2, single: single)
            setPending(new)
        } else {
            asm.load(.w64, .rax, vsr(n.b, 8))
            testLength(bits: single ? 24 : 53, signed: signed)
            setFI()
            finishScalar(n.target, .x2, single: single)
        }
        recordStatus(f.word)
    }

    /// al = whether the integer in rax has more significant bits than so many. Uses rcx.
    private mutating func testLength(bits: UInt8, signed: Bool) {
        if signed {
            asm.move(.w64, .rcx, .rax)
            asm.shift(.sar, .w64, .rcx, 63)
            asm.alu(.xor, .w64, .rax, .rcx)
            asm.alu(.sub, .w64, .rax, .rcx)
        }
        asm.bitScanReverse(.w64, .rcx, .rax)
        // Of zero the count is undefined, which shifts zero.
        asm.alu(.xor, .w32, .rcx, immediate: 63)
        asm.shiftCL(.shl, .w64, .rax)
        asm.shift(.shl, .w64, .rax, bits)
        asm.set(.notEqual, .rax)
    }

    private mutating func roundToIntegral(_ f: Word, _ n: FloatOperands, _ mode: UInt8) {
        let new = beginOperation(f.word, n.target, a: nil, b: n.b, c: nil)
        let b = useScalar(n.b, .x0)
        // roundsd; only rounding as MXCSR says (4) tells that it was inexact.
        vector(VectorOperation(0x0b, map: 3), .x2, b, .register(b), immediate: mode == 4 ? 4 : 8 | mode)
        finishOperation(new, n.target, single: false)
    }

    /// To nearest, and away from zero in the middle, which the host has not: what truncation cuts off is exact, and so is
    /// adding one if that is a half or more.
    private mutating func roundToNearest(_ f: Word, _ n: FloatOperands) {
        let new = beginOperation(f.word, n.target, a: nil, b: n.b, c: nil)
        let b = useScalar(n.b, .x0)
        let (subtract, compare) = (VectorOperation(0x5c, simd: 3), VectorOperation(0xc2, simd: 3))
        vector(VectorOperation(0x0b, map: 3), .x2, b, .register(b), immediate: 8 | 3)
        vector(subtract, .x1, b, .x2)
        vector(.and, .x3, .x1, constants[.scalarMagnitude])
        copyVector(.x1, b)
        loadConstant(.x4, .doubleHalves)
        // All ones where a half is not above the rest.
        vector(compare, .x4, .x4, .register(.x3), immediate: 2)
        vector(.and, .x4, .x4, constants[.doubleOnes])
        vector(.and, .x1, .x1, constants[.scalarSign])
        vector(.or, .x4, .x4, .x1)
        vector(VectorOperation(0x58, simd: 3), .x2, .x2, .x4)
        vector(.or, .x2, .x2, .x1)
        finishOperation(new, n.target, single: false)
    }

    mutating func loadConstant(_ to: VectorRegister, _ name: VectorConstants.Name) {
        vector(unary: VectorOperation(0x6f), to, constants[name])
    }

    /// Truncates (code 2C) or rounds (2D). The host's answer to what does not fit goes to the slow path.
    private mutating func convertToInteger(_ n: FloatOperands, _ width: HostWidth, code: UInt8, twice: Bool) {
        let b = useScalar(n.b, .x0)
        writePendingFirst()
        markStatus()
        if hasAVX {
            asm.vex(simd: 3, wide: width == .w64, 1, code, reg: R.rax.code, vvvv: 0, rm: b.code)
        } else {
            asm.rr(0xf2, wide: width == .w64, 1, code, reg: R.rax.code, rm: b.code)
        }
        let slow = asm.label()
        asm.move(width, .rdx, .rax)
        // 0x8000… is the only number that overflows when one is subtracted.
        asm.alu(.cmp, width, .rdx, immediate: 1)
        asm.jump(.overflow, slow)
        slowPath(from: slow)
        deliverInteger(n, b, width, twice: twice)
    }

    /// Target = the signed integer in rax that `source` was converted to, of 32 bits twice if asked to, at the end of an
    /// instruction.
    mutating func deliverInteger(
        _ n: FloatOperands, _ source: VectorRegister, _ width: HostWidth, twice: Bool
    ) {
        // FI: does the integer differ from the source?
        if hasAVX { zeroVector(.x1) }
        convertSigned(.x1, .rax, width, single: false)
        if twice {
            asm.move(.w32, .rcx, .rax)
            asm.shift(.shl, .w64, .rax, 32)
            asm.alu(.or, .w64, .rax, .rcx)
        } else if width == .w32 {
            asm.signExtend(.w32, .rax, .rax)
        }
        // An integer that was a double is one again exactly.
        compareScalars(.x1, .register(source))
        asm.set(.notEqual, .rdx)
        setDouble0(n.target, clears: true)
        asm.zeroExtend(.w8, .rax, .rdx)
        setFI()
        recordStatus(buffer.instructions[current].word)
        resumeSlowPath()
    }

    // MARK: Comparisons and extremes

    mutating func lowerFloatComparison(_ op: Lowered, _ f: Word) -> Bool {
        let n = FloatOperands(f.word)
        switch op {
        case .fcmpu, .fcmpo, .xscmpudp, .xscmpodp:
            let a = useScalar(n.a, .x0)
            if op == .fcmpo { writePendingFirst() }
            markStatus()
            let slow = asm.label()
            compareScalars(a, scalarOperand(n.b))
            asm.jump(.parity, slow)
            slowPath(from: slow)
            asm.constant(.rax, 4)
            asm.constant(.rcx, 8)
            asm.moveIf(.below, .w32, .rax, .rcx)
            asm.constant(.rcx, 2)
            asm.moveIf(.equal, .w32, .rax, .rcx)
            asm.store(.w8, state(Int(CJ_CR), f.bf), .rax)
            setFPCC()
            if op == .fcmpu || op == .fcmpo { clearFI() }
            resumeSlowPath()
        case .xsmaxdp, .xsmindp, .xsmaxcdp, .xsmincdp:
            let (a, b) = useOrdered(n)
            let isMaximum = op == .xsmaxdp || op == .xsmaxcdp
            let extreme = VectorOperation(isMaximum ? 0x5f : 0x5d, simd: 3)
            if op == .xsmaxdp || op == .xsmindp {
                // The host's answer for zeros of different signs is the second source.
                vector(extreme, .x2, a, b)
                vector(extreme, .x3, b, a)
                vector(isMaximum ? .and : .or, .x2, .x2, .x3)
            } else if isMaximum {
                vector(extreme, .x2, b, a)
            } else {
                vector(extreme, .x2, a, b)
            }
            finishScalar(n.target, .x2)
            resumeSlowPath()
        default: return false
        }
        return true
    }

    /// A and B in registers, neither a NaN: those are for the slow path, which begins here.
    mutating func useOrdered(_ n: FloatOperands) -> (a: VectorRegister, b: VectorRegister) {
        let a = useScalar(n.a, .x0)
        let b = useScalar(n.b, .x1)
        let slow = asm.label()
        compareScalars(a, .register(b))
        asm.jump(.parity, slow)
        slowPath(from: slow)
        return (a, b)
    }

    // MARK: Memory

    /// Loads and stores of FPRs. May use rax and, but for update forms of stores, rdx.
    mutating func transferFloat(_ f: Word, _ kind: AccessShape, _ memory: MemoryOperand, swap: Bool) {
        let width = kind.width
        if kind.isStore {
            if kind.float == 1, !swap {
                storeDouble(memory, useScalar(f.rt, .x0))
                return
            }
            asm.load(.w64, .rax, vsr(f.rt, 8))
            if kind.float == 2 {
                // Of update forms the host address is in rdx.
                if kind.update { asm.store(.w64, scratch(Int(CJ_TEMPORARY)), .rdx) }
                narrowToSingle()
                if kind.update { asm.load(.w64, .rdx, scratch(Int(CJ_TEMPORARY))) }
            }
            if swap && hasMOVBE {
                asm.storeSwapped(width, memory, .rax)
            } else {
                if swap { asm.swapBytes(width, .rax) }
                asm.store(width, memory, .rax)
            }
            return
        }
        if kind.float == 1, !swap {
            loadDouble(.x0, memory)
            finishScalar(f.rt, .x0)
            return
        }
        if swap && hasMOVBE {
            asm.loadSwapped(width, .rax, memory)
        } else {
            asm.loadZeroExtended(width, .rax, memory)
            if swap { asm.swapBytes(width, .rax) }
        }
        if kind.float == 2 {
            widenSingle()
            finishScalar(f.rt, .x0, single: true)
        } else {
            moveToVector(.x0, .rax)
            finishScalar(f.rt, .x0)
        }
    }

    /// xmm0 = the single in eax as a double. Uses rax and rdx.
    mutating func widenSingle() {
        moveToVector(.x0, .rax, .w32)
        vector(VectorOperation(0x5a, simd: 2), .x0, .x0, .x0)
        compareScalars(.x0, .register(.x0))
        let number = asm.shortJump(.noParity)
        // The host has made a signaling NaN quiet: put the bit back that was loaded.
        moveFromVector(.rdx, .x0)
        asm.rr(0, wide: true, 1, 0xba, reg: 6, rm: R.rdx.code)
        asm.byte(51)
        asm.alu(.and, .w32, .rax, immediate: 0x40_0000)
        asm.shift(.shl, .w64, .rax, 29)
        asm.alu(.or, .w64, .rdx, .rax)
        moveToVector(.x0, .rdx)
        asm.land(number)
    }

    /// eax = single format of the double in rax, as stores convert: bits are cut off, not rounded. Numbers that become
    /// denormal go to the slow path. Uses rdx.
    mutating func narrowToSingle() {
        asm.move(.w64, .rdx, .rax)
        asm.shift(.shl, .w64, .rdx, 1)
        let zero = asm.shortJump(.equal)
        asm.shift(.shr, .w64, .rdx, 53)
        asm.alu(.cmp, .w32, .rdx, immediate: 896)
        asm.jump(.belowOrEqual, stubs[min(slowStub, Self.stubCapacity &- 1)].label)
        asm.land(zero)
        asm.move(.w64, .rdx, .rax)
        asm.shift(.shr, .w64, .rdx, 32)
        asm.alu(.and, .w32, .rdx, immediate: Int32(bitPattern: 0xc000_0000))
        asm.shift(.shr, .w64, .rax, 29)
        asm.alu(.and, .w32, .rax, immediate: 0x3fff_ffff)
        asm.alu(.or, .w32, .rax, .rdx)
    }
}
