import CPPCState

/// Matrix-multiply assist (ISA 3.1 Book I, section 7.6.3.6 and following).
enum MMARows {
    static var rows: [InstructionRow] {
        var t = VectorRowList()
        moves(&t)
        integers(&t)
        halfFloats(&t)
        floats(&t)
        return t.rows
    }

    private static func moves(_ t: inout VectorRowList) {
        func add(_ name: String, _ selector: UInt32, _ operand: Operand, execute: Execute) {
            t.add(
                InstructionRow(
                    name, InstructionForm.x(31, 177).fixing(selector << 16, mask: 0x1f_0000), [operand],
                    since: .isa310, facility: .vsx, ignored: 0x60_f801, execute: execute))
        }
        add("xxmfacc", 0, .accumulatorUpdated) { _, _ in Outcome.next }
        add("xxmtacc", 1, .accumulatorUpdated) { _, _ in Outcome.next }
        add("xxsetaccz", 3, .accumulator) { c, w in
            for i in 0..<4 { vsr(c)[4 * Fields(w).bf + i] = .zero }
            return Outcome.next
        }
    }

    /// Adds a form and its prefixed, masked twin.
    ///
    /// - Parameters:
    ///   - products: Products per element, which is the width of PMSK; 1 for forms without PMSK.
    ///   - columns: Width of YMSK, left-justified in its four bits.
    private static func add(
        _ t: inout VectorRowList, _ name: String, _ extended: UInt32, accumulates: Bool, xa: Operand = .xa,
        products: UInt8 = 1, columns: UInt8 = 4, _ effects: Effects, execute: Execute
    ) {
        // A pair of source registers has an even number.
        let form = InstructionForm.xx3(59, extended).fixing(0, mask: xa == .xap ? 0x1_0000 : 0)
        let operands: [Operand] = [accumulates ? .accumulatorUpdated : .accumulator, xa, .xb]
        var masks: [Operand] = [
            .unsigned("XMSK", shift: 36, width: 4), .unsigned("YMSK", shift: 36 - columns, width: columns),
        ]
        if products > 1 { masks.append(.unsigned("PMSK", shift: 48 - products, width: products)) }
        t.add(
            InstructionRow(
                name, form, operands, effects, since: .isa310, facility: .vsx, ignored: 0x60_0001,
                execute: execute))
        t.add(
            InstructionRow(
                "pm" + name, form, prefix: (match: 0x0790_0000, mask: 0xfff0_0000), operands + masks,
                effects, since: .isa310, facility: .vsx, ignored: 0x60_0001, execute: execute))
    }

    private static func integers(_ t: inout VectorRowList) {
        let saturating: Effects = [.readsVSCR, .writesVSCR]
        add(&t, "xvi4ger8", 35, accumulates: false, products: 8, []) { c, w in
            OuterProduct.integers(c, w, products: 8, accumulates: false, OuterProduct.nibbles)
        }
        add(&t, "xvi4ger8pp", 34, accumulates: true, products: 8, []) { c, w in
            OuterProduct.integers(c, w, products: 8, accumulates: true, OuterProduct.nibbles)
        }
        add(&t, "xvi8ger4", 3, accumulates: false, products: 4, []) { c, w in
            OuterProduct.integers(c, w, products: 4, accumulates: false, OuterProduct.bytes)
        }
        add(&t, "xvi8ger4pp", 2, accumulates: true, products: 4, []) { c, w in
            OuterProduct.integers(c, w, products: 4, accumulates: true, OuterProduct.bytes)
        }
        add(&t, "xvi8ger4spp", 99, accumulates: true, products: 4, saturating) { c, w in
            OuterProduct.integers(c, w, products: 4, accumulates: true, saturates: true, OuterProduct.bytes)
        }
        add(&t, "xvi16ger2", 75, accumulates: false, products: 2, []) { c, w in
            OuterProduct.integers(c, w, products: 2, accumulates: false, OuterProduct.halves)
        }
        add(&t, "xvi16ger2pp", 107, accumulates: true, products: 2, []) { c, w in
            OuterProduct.integers(c, w, products: 2, accumulates: true, OuterProduct.halves)
        }
        add(&t, "xvi16ger2s", 43, accumulates: false, products: 2, saturating) { c, w in
            OuterProduct.integers(c, w, products: 2, accumulates: false, saturates: true, OuterProduct.halves)
        }
        add(&t, "xvi16ger2spp", 42, accumulates: true, products: 2, saturating) { c, w in
            OuterProduct.integers(c, w, products: 2, accumulates: true, saturates: true, OuterProduct.halves)
        }
    }

    private static func halfFloats(_ t: inout VectorRowList) {
        let effects: Effects = [.readsFPSCR, .writesFPSCR, .traps]
        add(&t, "xvbf16ger2", 51, accumulates: false, products: 2, effects) { c, w in
            OuterProduct.halfFloats(c, w, BFloat16.self, .replace)
        }
        add(&t, "xvbf16ger2pp", 50, accumulates: true, products: 2, effects) { c, w in
            OuterProduct.halfFloats(c, w, BFloat16.self, .pp)
        }
        add(&t, "xvbf16ger2pn", 178, accumulates: true, products: 2, effects) { c, w in
            OuterProduct.halfFloats(c, w, BFloat16.self, .pn)
        }
        add(&t, "xvbf16ger2np", 114, accumulates: true, products: 2, effects) { c, w in
            OuterProduct.halfFloats(c, w, BFloat16.self, .np)
        }
        add(&t, "xvbf16ger2nn", 242, accumulates: true, products: 2, effects) { c, w in
            OuterProduct.halfFloats(c, w, BFloat16.self, .nn)
        }
        add(&t, "xvf16ger2", 19, accumulates: false, products: 2, effects) { c, w in
            OuterProduct.halfFloats(c, w, Binary16.self, .replace)
        }
        add(&t, "xvf16ger2pp", 18, accumulates: true, products: 2, effects) { c, w in
            OuterProduct.halfFloats(c, w, Binary16.self, .pp)
        }
        add(&t, "xvf16ger2pn", 146, accumulates: true, products: 2, effects) { c, w in
            OuterProduct.halfFloats(c, w, Binary16.self, .pn)
        }
        add(&t, "xvf16ger2np", 82, accumulates: true, products: 2, effects) { c, w in
            OuterProduct.halfFloats(c, w, Binary16.self, .np)
        }
        add(&t, "xvf16ger2nn", 210, accumulates: true, products: 2, effects) { c, w in
            OuterProduct.halfFloats(c, w, Binary16.self, .nn)
        }
    }

    private static func floats(_ t: inout VectorRowList) {
        let effects: Effects = [.readsFPSCR, .writesFPSCR, .traps]
        add(&t, "xvf32ger", 27, accumulates: false, effects) { c, w in OuterProduct.singles(c, w, .replace) }
        add(&t, "xvf32gerpp", 26, accumulates: true, effects) { c, w in OuterProduct.singles(c, w, .pp) }
        add(&t, "xvf32gerpn", 154, accumulates: true, effects) { c, w in OuterProduct.singles(c, w, .pn) }
        add(&t, "xvf32gernp", 90, accumulates: true, effects) { c, w in OuterProduct.singles(c, w, .np) }
        add(&t, "xvf32gernn", 218, accumulates: true, effects) { c, w in OuterProduct.singles(c, w, .nn) }
        add(&t, "xvf64ger", 59, accumulates: false, xa: .xap, columns: 2, effects) { c, w in
            OuterProduct.doubles(c, w, .replace)
        }
        add(&t, "xvf64gerpp", 58, accumulates: true, xa: .xap, columns: 2, effects) { c, w in
            OuterProduct.doubles(c, w, .pp)
        }
        add(&t, "xvf64gerpn", 186, accumulates: true, xa: .xap, columns: 2, effects) { c, w in
            OuterProduct.doubles(c, w, .pn)
        }
        add(&t, "xvf64gernp", 122, accumulates: true, xa: .xap, columns: 2, effects) { c, w in
            OuterProduct.doubles(c, w, .np)
        }
        add(&t, "xvf64gernn", 250, accumulates: true, xa: .xap, columns: 2, effects) { c, w in
            OuterProduct.doubles(c, w, .nn)
        }
    }
}
