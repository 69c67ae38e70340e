import CJIT
import CPPCState

// Outer products of integers, singles and doubles into accumulators (ISA 3.1 Book I, section 7.6.3.6), unprefixed forms.
//
// Row i of accumulator n is VSR 4n + i, as everywhere here. Of floating point all rows are computed before one is written:
// what has a NaN or is at the edge of the normal range sends the instruction to its slow path.
extension Translator {
    /// Nil if the instruction is none of this file's. An accumulator that overlaps a source makes an invalid form.
    func lowersOuterProduct(_ op: Lowered, _ word: UInt64) -> Bool? {
        switch op {
        case .xxmfacc, .xxmtacc, .xxsetaccz: return true
        case .xvi8ger4, .xvi8ger4pp, .xvi16ger2, .xvi16ger2pp: return !overlapsAccumulator(word)
        case .xvf32ger, .xvf64ger, .xvf32gerpp, .xvf32gerpn, .xvf32gernp, .xvf32gernn, .xvf64gerpp, .xvf64gerpn,
            .xvf64gernp, .xvf64gernn:
            return context.plainFloatingPoint && has(CJ_FMA) && !overlapsAccumulator(word)
        default: return nil
        }
    }

    private func overlapsAccumulator(_ word: UInt64) -> Bool {
        let v = VectorFields(word)
        let number = Word(word).bf
        return v.a &>> 2 == number || v.b &>> 2 == number
    }

    /// False if the instruction is none of this file's.
    mutating func lowerOuterProduct(_ op: Lowered, _ v: VectorFields, _ word: UInt64) -> Bool {
        let first = Word(word).bf &* 4
        let (add, subtract): (UInt8, UInt8) = (0xb8, 0xba)
        switch op {
        // Accumulators have no storage of their own.
        case .xxmfacc, .xxmtacc: break
        case .xxsetaccz:
            zeroVector(.x0)
            for row in 0..<4 { finishVector(first &+ row, .x0) }
        case .xvi8ger4, .xvi8ger4pp: byteProduct(first, v, accumulates: op == .xvi8ger4pp)
        case .xvi16ger2, .xvi16ger2pp:
            for row in 0..<4 {
                spread(.x0, v.a, row)
                vector(.multiplyAddHalves, .x0, .x0, vectorOperand(v.b))
                finishRow(first &+ row, accumulates: op == .xvi16ger2pp)
            }
        case .xvf32ger: outerProduct(first, v, nil, single: true, negate: false)
        case .xvf32gerpp: outerProduct(first, v, add, single: true, negate: false)
        case .xvf32gerpn: outerProduct(first, v, subtract, single: true, negate: false)
        case .xvf32gernp: outerProduct(first, v, subtract, single: true, negate: true)
        case .xvf32gernn: outerProduct(first, v, add, single: true, negate: true)
        case .xvf64ger: outerProduct(first, v, nil, single: false, negate: false)
        case .xvf64gerpp: outerProduct(first, v, add, single: false, negate: false)
        case .xvf64gerpn: outerProduct(first, v, subtract, single: false, negate: false)
        case .xvf64gernp: outerProduct(first, v, subtract, single: false, negate: true)
        case .xvf64gernn: outerProduct(first, v, add, single: false, negate: true)
        default: return false
        }
        return true
    }

    // MARK: Integers

    /// Four copies of a word, counted from the left.
    private mutating func spread(_ to: VectorRegister, _ source: Int, _ word: Int) {
        shuffleWords(to, vectorOperand(source), UInt8(truncatingIfNeeded: 3 &- word) &* 0x55)
    }

    /// A row = xmm0, or its sum with what the row was.
    private mutating func finishRow(_ number: Int, accumulates: Bool) {
        if accumulates { vector(.addWords, .x0, .x0, vectorOperand(number)) }
        finishVector(number, .x0)
    }

    /// Signed bytes of A by unsigned ones of B, as halfwords.
    private mutating func byteProduct(_ first: Int, _ v: VectorFields, accumulates: Bool) {
        let b = useVector(v.b, .x0)
        widenBytes(.x1, b, even: true, signed: false)
        widenBytes(.x2, b, even: false, signed: false)
        for row in 0..<4 {
            spread(.x4, v.a, row)
            widenBytes(.x3, .x4, even: true, signed: true)
            vector(.multiplyAddHalves, .x3, .x3, .x1)
            widenBytes(.x0, .x4, even: false, signed: true)
            vector(.multiplyAddHalves, .x0, .x0, .x2)
            vector(.addWords, .x0, .x0, .x3)
            finishRow(first &+ row, accumulates: accumulates)
        }
    }

    // MARK: Floating point

    /// - Parameter code: The fused operation that accumulates; nil to replace the rows by products.
    private mutating func outerProduct(
        _ first: Int, _ v: VectorFields, _ code: UInt8?, single: Bool, negate: Bool
    ) {
        let rows: [VectorRegister] = [.x0, .x1, .x2, .x3]
        for (row, to) in rows.enumerated() {
            // The row's element of A, everywhere: from the left, which is the host's high end.
            let source = single ? v.a : v.a & ~1 &+ row / 2
            let order: UInt8 = single ? UInt8(truncatingIfNeeded: 3 &- row) &* 0x55 : row & 1 == 0 ? 0xee : 0x44
            shuffleWords(.x4, vectorOperand(source), order)
            guard var code else {
                vector(VectorOperation(0x59, simd: single ? 0 : 1), to, .x4, vectorOperand(v.b))
                continue
            }
            if negate && negatesFirst { code = Self.negated(code) }
            copyVector(to, useVector(first &+ row, to))
            switch vectorOperand(v.b) {
            case .register(let b): asm.vex(simd: 1, wide: !single, 2, code, reg: to.code, vvvv: 4, rm: b.code)
            case .memory(let memory): asm.vex(simd: 1, wide: !single, 2, code, reg: to.code, vvvv: 4, memory)
            case .constant: break
            }
        }
        writePendingFirst()
        markStatus()
        let slow = asm.label()
        for row in rows {
            markEdges(.x4, row, single: single, zeros: negate && negatesFirst)
            testVector(.x4)
            asm.jump(.notEqual, slow)
        }
        slowPath(from: slow)
        for (row, register) in rows.enumerated() {
            if negate && !negatesFirst {
                vector(.xor, register, register, constants[single ? .wordSigns : .doubleSigns])
            }
            finishVector(first &+ row, register)
        }
        resumeSlowPath()
    }
}
