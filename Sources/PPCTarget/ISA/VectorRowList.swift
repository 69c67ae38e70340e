/// Collects rows of vector instructions. Rows are added one statement at a time, because one array literal with this
/// many function bodies takes the type checker minutes.
struct VectorRowList {
    private(set) var rows: [InstructionRow] = []

    mutating func add(_ row: InstructionRow) { rows.append(row) }

    /// VX form `VRT,VRA,VRB`.
    mutating func vx(
        _ mnemonic: String, _ extended: UInt32, since: InstructionSet = .altivec, _ effects: Effects = [],
        execute: Execute
    ) {
        add(
            InstructionRow(
                mnemonic, .vx(4, extended), [.vrt, .vra, .vrb], effects, since: since, facility: .vector,
                execute: execute))
    }

    /// VX form `VRT,VRA,VRB` that reads its target too.
    mutating func vxUpdate(
        _ mnemonic: String, _ extended: UInt32, since: InstructionSet = .altivec, execute: Execute
    ) {
        add(
            InstructionRow(
                mnemonic, .vx(4, extended), [.vrtUpdated, .vra, .vrb], since: since, facility: .vector,
                execute: execute))
    }

    /// VX form that saturates: sets VSCR[SAT].
    mutating func vxSat(_ mnemonic: String, _ extended: UInt32, since: InstructionSet = .altivec, execute: Execute) {
        vx(mnemonic, extended, since: since, [.readsVSCR, .writesVSCR], execute: execute)
    }

    /// VX form `VRT,VRB` with a selector in the RA field, or with a reserved RA field.
    mutating func vxb(
        _ mnemonic: String, _ extended: UInt32, selector: UInt32? = nil, ignoresRA: Bool = false,
        since: InstructionSet = .altivec,
        _ effects: Effects = [], execute: Execute
    ) {
        var form = InstructionForm.vx(4, extended)
        if let selector { form = form.fixing(selector << 16, mask: 0x1f_0000) }
        add(
            InstructionRow(
                mnemonic, form, [.vrt, .vrb], effects, since: since, facility: .vector,
                reserved: selector == nil && !ignoresRA ? 0x1f_0000 : 0,
                ignored: ignoresRA ? 0x1f_0000 : 0, execute: execute))
    }

    /// VX form of any operands.
    mutating func vxAny(
        _ mnemonic: String, _ extended: UInt32, _ operands: [Operand], since: InstructionSet = .altivec,
        _ effects: Effects = [], fixing: (bits: UInt32, mask: UInt32) = (0, 0), reserved: UInt32 = 0,
        ignored: UInt32 = 0,
        execute: Execute
    ) {
        add(
            InstructionRow(
                mnemonic, .vx(4, extended).fixing(fixing.bits, mask: fixing.mask), operands, effects, since: since,
                facility: .vector, reserved: reserved, ignored: ignored, execute: execute))
    }

    /// VA form `VRT,VRA,VRB,VRC`.
    mutating func va(
        _ mnemonic: String, _ extended: UInt32, since: InstructionSet = .altivec, _ effects: Effects = [],
        execute: Execute
    ) {
        add(
            InstructionRow(
                mnemonic, .va(4, extended), [.vrt, .vra, .vrb, .vrc], effects, since: since, facility: .vector,
                execute: execute))
    }

    /// VC form `VRT,VRA,VRB` with Rc in bit 21.
    mutating func vc(
        _ mnemonic: String, _ extended: UInt32, since: InstructionSet = .altivec, _ effects: Effects = [],
        execute: Execute
    ) {
        add(
            InstructionRow(
                mnemonic, .vc(4, extended), [.vrt, .vra, .vrb], effects.union(.cr6IfRc), since: since,
                facility: .vector, rc: true, execute: execute))
    }

    /// XX3 form `XT,XA,XB`.
    mutating func xx3(_ mnemonic: String, _ extended: UInt32, since: InstructionSet = .vsx, execute: Execute) {
        add(
            InstructionRow(
                mnemonic, .xx3(60, extended), [.xt, .xa, .xb], since: since, facility: .vsx, execute: execute))
    }

    /// XX2 form `XT,XB` with a selector in the RA field.
    mutating func xx2(
        _ mnemonic: String, _ extended: UInt32, selector: UInt32, since: InstructionSet = .isa300, execute: Execute
    ) {
        add(
            InstructionRow(
                mnemonic, .xx2(60, extended).fixing(selector << 16, mask: 0x1f_0000), [.xt, .xb], since: since,
                facility: .vsx, execute: execute))
    }

    /// X form load or store with an indexed address; the first operand is given.
    mutating func indexed(
        _ mnemonic: String, _ extended: UInt32, _ register: Operand, stores: Bool, since: InstructionSet,
        facility: Facility = .vsx, hasHighBit: Bool = true, ignoresLast: Bool = false, execute: Execute
    ) {
        add(
            InstructionRow(
                mnemonic, .x(31, extended), [register, .ra0, .rb], stores ? .stores : .loads, since: since,
                facility: facility, reserved: hasHighBit || ignoresLast ? 0 : 1, ignored: ignoresLast ? 1 : 0,
                execute: execute))
    }
}

extension Operand {
    static let vrtUpdated = Operand.vrt.used(as: .readWrite)
    /// Five-bit immediates in the RA and RB fields of VX forms.
    static let uimRA = Operand.unsigned("UIM", shift: 16, width: 5)
    static let uim4RA = Operand.unsigned("UIM", shift: 16, width: 4)
    static let simRA = Operand.signed("SIM", shift: 16, width: 5)
    /// 16-bit mask of `mtvsrbmi`, split as in DX forms; assemblers print it as a signed number.
    static let maskDX = Operand("b", .signed, .immediate, shift: 0, width: 16) { word in
        Int64(Int16(truncatingIfNeeded: word & 0xffc0 | word >> 15 & 0x3e | word & 1))
    }
    /// PS, the preferred sign of decimal results: bit 22.
    static let ps = Operand.unsigned("PS", shift: 9, width: 1)
}
