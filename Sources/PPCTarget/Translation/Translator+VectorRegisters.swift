import CJIT
import CPPCState

// Where VSRs are while vector code works with them, and how it is written for SSE or AVX.
//
// xmm0 to xmm4 are scratch inside one guest instruction, xmm5 inside one host instruction; the others may hold VSRs
// through a region, either whole or, where scalar code uses them, with doubleword 0 in the low half. Memory is always
// written too: nothing has to be written back where code is left, and no table says what a register holds. Results are
// stored as 16 bytes: a load that is wider than the store before it would wait for that store to reach the cache.
extension Translator {
    /// The VSRs that the fields of VMX (primary opcode 4) and VSX words name.
    struct VectorFields {
        let t: Int
        let a: Int
        let b: Int
        let c: Int

        init(_ word: UInt64) {
            let f = Word(word)
            if word &>> 26 & 63 == 4 {
                (t, a, b, c) = (f.rt | 32, f.ra | 32, f.rb | 32, f.rc | 32)
            } else {
                let w = Int(truncatingIfNeeded: word)
                t = f.rt | (w & 1) &<< 5
                a = f.ra | (w & 4) &<< 3
                b = f.rb | (w & 2) &<< 4
                c = f.rc | (w & 8) &<< 2
            }
        }
    }

    /// CJ_* bits.
    func has(_ feature: Int) -> Bool { entry.features & UInt32(truncatingIfNeeded: feature) != 0 }
    var hasAVX: Bool { has(CJ_AVX) }
    var hasAVX512: Bool { has(CJ_AVX512) }
    var hasAVX2: Bool { entry.features & UInt32(CJ_AVX2) != 0 }

    /// The home of a VSR: doubleword 1 at the lower address.
    func vsr(_ number: Int, _ offset: Int = 0) -> MemoryOperand { state(Int(CJ_VSR), number &* 16 &+ offset) }

    // MARK: Sources and targets

    /// The register that holds a VSR through the region, if it holds all 128 bits; loads it if need be.
    private mutating func heldVector(_ number: Int) -> VectorRegister? {
        let bit: UInt64 = 1 &<< UInt64(truncatingIfNeeded: number)
        guard heldVectors & bit != 0, heldScalars & bit == 0 else { return nil }
        let register = VectorRegister(vectorHosts[number])
        if validVectors & bit == 0 {
            loadVector(register, vsr(number))
            validVectors |= bit
        }
        return register
    }

    /// A VSR in a register: its own, or `scratch` after loading it.
    mutating func useVector(_ number: Int, _ scratch: VectorRegister) -> VectorRegister {
        if let register = heldVector(number) { return register }
        loadVector(scratch, vsr(number))
        return scratch
    }

    /// A VSR as the second source of an instruction.
    mutating func vectorOperand(_ number: Int) -> VectorOperand {
        if let register = heldVector(number) { return .register(register) }
        return .memory(vsr(number))
    }

    /// Where the new value of a VSR is to be computed; ``finishVector(_:_:)`` must follow.
    func defineVector(_ number: Int, _ scratch: VectorRegister = .x0) -> VectorRegister {
        let bit: UInt64 = 1 &<< UInt64(truncatingIfNeeded: number)
        // What is pending may need the old value, which only memory has then.
        return heldVectors & bit != 0 && heldScalars & bit == 0 ? VectorRegister(vectorHosts[number]) : scratch
    }

    mutating func finishVector(_ number: Int, _ register: VectorRegister) {
        vectorWillChange(number)
        storeVector(vsr(number), register)
        let bit: UInt64 = 1 &<< UInt64(truncatingIfNeeded: number)
        guard heldVectors & bit != 0 else { return }
        if heldScalars & bit != 0 {
            shuffleWords(VectorRegister(vectorHosts[number]), .register(register), 0xee)
        } else {
            copyVector(VectorRegister(vectorHosts[number]), register)
        }
        validVectors |= bit
    }

    /// A VSR whose home in memory was changed in part.
    mutating func vectorChangedInMemory(_ number: Int) {
        validVectors &= ~(1 &<< UInt64(truncatingIfNeeded: number))
    }

    /// Doubleword 0 of a VSR in the low half of a register.
    mutating func useScalar(_ number: Int, _ scratch: VectorRegister) -> VectorRegister {
        if let register = heldVector(number) {
            shuffleWords(scratch, .register(register), 0xee)
            return scratch
        }
        let bit: UInt64 = 1 &<< UInt64(truncatingIfNeeded: number)
        guard heldVectors & bit != 0 else {
            loadDouble(scratch, vsr(number, 8))
            return scratch
        }
        let register = VectorRegister(vectorHosts[number])
        if validVectors & bit == 0 {
            loadDouble(register, vsr(number, 8))
            validVectors |= bit
        }
        return register
    }

    /// Doubleword 0 of a VSR as the second source of a scalar instruction.
    mutating func scalarOperand(_ number: Int) -> VectorOperand {
        let bit: UInt64 = 1 &<< UInt64(truncatingIfNeeded: number)
        if heldVectors & heldScalars & bit != 0 { return .register(useScalar(number, .x5)) }
        return .memory(vsr(number, 8))
    }

    /// Doubleword 0 of a VSR = the low half of a register, doubleword 1 = 0.
    mutating func finishScalar(_ number: Int, _ register: VectorRegister) {
        vectorWillChange(number)
        vector(.leftQuad, .x5, register, 8)
        storeVector(vsr(number), .x5)
        let bit: UInt64 = 1 &<< UInt64(truncatingIfNeeded: number)
        guard heldVectors & bit != 0 else { return }
        copyVector(VectorRegister(vectorHosts[number]), heldScalars & bit != 0 ? register : .x5)
        validVectors |= bit
    }

    /// Loads VSRs into the registers that hold them.
    mutating func loadVectors(_ numbers: UInt64) {
        var left = numbers
        while left != 0 {
            let number = left.trailingZeroBitCount
            left &= left &- 1
            let register = VectorRegister(vectorHosts[number])
            if heldScalars &>> UInt64(truncatingIfNeeded: number) & 1 != 0 {
                loadDouble(register, vsr(number, 8))
            } else {
                loadVector(register, vsr(number))
            }
        }
    }

    // MARK: Instructions

    mutating func loadVector(_ to: VectorRegister, _ from: MemoryOperand) {
        if hasAVX {
            asm.vex(simd: 0, wide: false, 1, 0x10, reg: to.code, vvvv: 0, from)
        } else {
            asm.loadVector(to, from)
        }
    }

    mutating func storeVector(_ to: MemoryOperand, _ from: VectorRegister) {
        if hasAVX {
            asm.vex(simd: 0, wide: false, 1, 0x11, reg: from.code, vvvv: 0, to)
        } else {
            asm.storeVector(to, from)
        }
    }

    /// The low half from memory, the upper half cleared.
    mutating func loadDouble(_ to: VectorRegister, _ from: MemoryOperand) {
        if hasAVX {
            asm.vex(simd: 3, wide: false, 1, 0x10, reg: to.code, vvvv: 0, from)
        } else {
            asm.loadDouble(to, from)
        }
    }

    mutating func storeDouble(_ to: MemoryOperand, _ from: VectorRegister) {
        if hasAVX {
            asm.vex(simd: 3, wide: false, 1, 0x11, reg: from.code, vvvv: 0, to)
        } else {
            asm.storeDouble(to, from)
        }
    }

    /// to = a `op` b.
    mutating func vector(
        _ op: VectorOperation, _ to: VectorRegister, _ a: VectorRegister, _ b: VectorOperand, immediate: UInt8? = nil
    ) {
        if hasAVX {
            vectorAVX(op, to, a.code, b, immediate)
            return
        }
        var second = b
        if to != a {
            if case .register(let register) = b, register == to {
                asm.copy(.x5, register)
                second = .register(.x5)
            }
            asm.copy(to, a)
        }
        vectorSSE(op, to, second, immediate)
    }

    mutating func vector(
        _ op: VectorOperation, _ to: VectorRegister, _ a: VectorRegister, _ b: VectorRegister, immediate: UInt8? = nil
    ) {
        vector(op, to, a, .register(b), immediate: immediate)
    }

    /// to = `op` source, for instructions with one source.
    mutating func vector(
        unary op: VectorOperation, _ to: VectorRegister, _ source: VectorOperand, immediate: UInt8? = nil
    ) {
        if hasAVX {
            vectorAVX(op, to, 0, source, immediate)
        } else {
            vectorSSE(op, to, source, immediate)
        }
    }

    private mutating func vectorAVX(
        _ op: VectorOperation, _ to: VectorRegister, _ first: UInt8, _ second: VectorOperand, _ immediate: UInt8?
    ) {
        switch second {
        case .register(let b):
            asm.vex(simd: op.simd, wide: false, op.map, op.code, reg: to.code, vvvv: first, rm: b.code)
        case .memory(let memory):
            asm.vex(simd: op.simd, wide: false, op.map, op.code, reg: to.code, vvvv: first, memory)
        case .constant(let address):
            asm.vex(
                simd: op.simd, wide: false, op.map, op.code, reg: to.code, vvvv: first, ripRelative: address,
                trailing: immediate == nil ? 0 : 1)
        }
        if let immediate { asm.byte(immediate) }
    }

    private mutating func vectorSSE(
        _ op: VectorOperation, _ to: VectorRegister, _ second: VectorOperand, _ immediate: UInt8?
    ) {
        let prefix: UInt8 = op.simd == 0 ? 0 : op.simd == 1 ? 0x66 : op.simd == 2 ? 0xf3 : 0xf2
        switch second {
        case .register(let b): asm.rr(prefix, wide: false, op.map, op.code, reg: to.code, rm: b.code)
        case .memory(let memory): asm.rm(prefix, wide: false, op.map, op.code, reg: to.code, memory)
        case .constant(let address):
            asm.ripRelative(
                prefix, wide: false, op.map, op.code, reg: to.code, address, trailing: immediate == nil ? 0 : 1)
        }
        if let immediate { asm.byte(immediate) }
    }

    /// to = a shifted by an immediate.
    mutating func vector(_ shift: VectorShift, _ to: VectorRegister, _ a: VectorRegister, _ count: UInt8) {
        if hasAVX {
            asm.vex(simd: 1, wide: false, 1, shift.code, reg: shift.extensionCode, vvvv: to.code, rm: a.code)
        } else {
            asm.copy(to, a)
            asm.rr(0x66, wide: false, 1, shift.code, reg: shift.extensionCode, rm: to.code)
        }
        asm.byte(count)
    }

    /// `pshufd`: words in another order.
    mutating func shuffleWords(_ to: VectorRegister, _ from: VectorOperand, _ order: UInt8) {
        vector(unary: VectorOperation(0x70), to, from, immediate: order)
    }

    mutating func copyVector(_ to: VectorRegister, _ from: VectorRegister) {
        if to == from { return }
        if hasAVX {
            asm.vex(simd: 0, wide: false, 1, 0x28, reg: to.code, vvvv: 0, rm: from.code)
        } else {
            asm.copy(to, from)
        }
    }

    mutating func zeroVector(_ register: VectorRegister) { vector(.xor, register, register, register) }
    mutating func onesVector(_ register: VectorRegister) { vector(.equalWords, register, register, register) }
    /// register = ~register.
    mutating func complementVector(_ register: VectorRegister, _ scratch: VectorRegister) {
        if hasAVX512 { return ternary(0x55, register, register, .register(register)) }
        onesVector(scratch)
        vector(.xor, register, register, scratch)
    }

    /// Low doubleword from a general register, the rest zero.
    mutating func moveToVector(_ to: VectorRegister, _ from: HostRegister, _ width: HostWidth = .w64) {
        if hasAVX {
            asm.vex(simd: 1, wide: width == .w64, 1, 0x6e, reg: to.code, vvvv: 0, rm: from.code)
        } else {
            asm.rr(0x66, wide: width == .w64, 1, 0x6e, reg: to.code, rm: from.code)
        }
    }
    mutating func moveFromVector(_ to: HostRegister, _ from: VectorRegister) {
        if hasAVX {
            asm.vex(simd: 1, wide: true, 1, 0x7e, reg: from.code, vvvv: 0, rm: to.code)
        } else {
            asm.rr(0x66, wide: true, 1, 0x7e, reg: from.code, rm: to.code)
        }
    }
    /// Doubleword 0 (the upper one) of a vector from a general register; `a` gives the other.
    mutating func insertDouble0(_ to: VectorRegister, _ a: VectorRegister, _ from: HostRegister) {
        if hasAVX {
            asm.vex(simd: 1, wide: true, 3, 0x22, reg: to.code, vvvv: a.code, rm: from.code)
        } else {
            asm.copy(to, a)
            asm.rr(0x66, wide: true, 3, 0x22, reg: to.code, rm: from.code)
        }
        asm.byte(1)
    }

    /// eax = the sign bits of all bytes.
    mutating func byteSigns(_ register: VectorRegister) {
        if hasAVX {
            asm.vex(simd: 1, wide: false, 1, 0xd7, reg: HostRegister.rax.code, vvvv: 0, rm: register.code)
        } else {
            asm.rr(0x66, wide: false, 1, 0xd7, reg: HostRegister.rax.code, rm: register.code)
        }
    }

    /// Writes a whole result, or leaves the instruction to its slow path if any bit of `doubt` is set.
    mutating func finishVector(
        _ number: Int, _ register: VectorRegister, unlessAny doubt: VectorRegister, _ slow: Assembler.Label
    ) {
        testVector(doubt)
        asm.jump(.notEqual, slow)
        slowPath(from: slow)
        finishVector(number, register)
        resumeSlowPath()
    }

    /// Sets the zero flag if no bit is set.
    mutating func testVector(_ register: VectorRegister) {
        if hasAVX {
            asm.vex(simd: 1, wide: false, 2, 0x17, reg: register.code, vvvv: 0, rm: register.code)
        } else {
            asm.rr(0x66, wide: false, 2, 0x17, reg: register.code, rm: register.code)
        }
    }
}
