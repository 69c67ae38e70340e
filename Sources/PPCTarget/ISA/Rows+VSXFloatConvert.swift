extension VSXFloatRows {
    // MARK: Comparison (ISA 3.1 Book I, section 7.6.1.5)

    private static let toField: Effects = [.readsFPSCR, .writesFPSCR, .writesCR, .traps]

    /// Vector comparison: Rc is bit 21.
    private static func recording(
        _ mnemonic: String, _ extended: UInt32, _ since: InstructionSet, execute: Execute
    ) -> InstructionRow {
        InstructionRow(
            mnemonic, InstructionForm("XX3", match: 60 << 26 | extended << 3, mask: 0x3f << 26 | 0x7f << 3), tab,
            computes.union(.cr6IfRc), since: since, facility: .vsx, rc: true, execute: execute)
    }

    static let comparison: [InstructionRow] = [
        xx3("xscmpodp", 43, [.bf, .xa, .xb], .vsx, effects: toField, reserved: 1) {
            VSXCompare.toCR($0, $1, Binary64.self, vsr($0)[Fields($1).xa].hi, vsr($0)[Fields($1).xb].hi, ordered: true)
        },
        xx3("xscmpudp", 35, [.bf, .xa, .xb], .vsx, effects: toField, reserved: 1) {
            VSXCompare.toCR($0, $1, Binary64.self, vsr($0)[Fields($1).xa].hi, vsr($0)[Fields($1).xb].hi, ordered: false)
        },
        xx3("xscmpexpdp", 59, [.bf, .xa, .xb], .isa300, effects: toField) {
            VSXCompare.exponents($0, $1, Binary64.self, vsr($0)[Fields($1).xa].hi, vsr($0)[Fields($1).xb].hi)
        },
        xx3("xscmpeqdp", 3, tab, .isa300) {
            VSXCompare.toMask(
                $0, Fields($1).xt, Binary64.self, vsr($0)[Fields($1).xa].hi, vsr($0)[Fields($1).xb].hi, .equal)
        },
        xx3("xscmpgedp", 19, tab, .isa300) {
            VSXCompare.toMask(
                $0, Fields($1).xt, Binary64.self, vsr($0)[Fields($1).xa].hi, vsr($0)[Fields($1).xb].hi, .greaterOrEqual)
        },
        xx3("xscmpgtdp", 11, tab, .isa300) {
            VSXCompare.toMask(
                $0, Fields($1).xt, Binary64.self, vsr($0)[Fields($1).xa].hi, vsr($0)[Fields($1).xb].hi, .greater)
        },
        xx3("xsmaxdp", 160, tab, .vsx) { VSXCompare.extremum($0, $1, maximum: true) },
        xx3("xsmaxcdp", 128, tab, .isa300) {
            VSXCompare.extremumC(
                $0, Fields($1).xt, Binary64.self, vsr($0)[Fields($1).xa].hi, vsr($0)[Fields($1).xb].hi, maximum: true)
        },
        xx3("xsmaxjdp", 144, tab, .isa300) { VSXCompare.extremumJ($0, $1, maximum: true) },
        xx3("xsmindp", 168, tab, .vsx) { VSXCompare.extremum($0, $1, maximum: false) },
        xx3("xsmincdp", 136, tab, .isa300) {
            VSXCompare.extremumC(
                $0, Fields($1).xt, Binary64.self, vsr($0)[Fields($1).xa].hi, vsr($0)[Fields($1).xb].hi, maximum: false)
        },
        xx3("xsminjdp", 152, tab, .isa300) { VSXCompare.extremumJ($0, $1, maximum: false) },
        recording("xvcmpeqdp", 99, .vsx) { VSXCompare.vector($0, $1, Binary64.self, .equal) },
        recording("xvcmpgtdp", 107, .vsx) { VSXCompare.vector($0, $1, Binary64.self, .greater) },
        recording("xvcmpgedp", 115, .vsx) { VSXCompare.vector($0, $1, Binary64.self, .greaterOrEqual) },
        recording("xvcmpnedp", 123, .isa300) { VSXCompare.vector($0, $1, Binary64.self, .equal, inverted: true) },
        recording("xvcmpeqsp", 67, .vsx) { VSXCompare.vector($0, $1, Binary32.self, .equal) },
        recording("xvcmpgtsp", 75, .vsx) { VSXCompare.vector($0, $1, Binary32.self, .greater) },
        recording("xvcmpgesp", 83, .vsx) { VSXCompare.vector($0, $1, Binary32.self, .greaterOrEqual) },
        recording("xvcmpnesp", 91, .isa300) { VSXCompare.vector($0, $1, Binary32.self, .equal, inverted: true) },
    ]

    private static let dcmx: Operand = .unsigned("DCMX", shift: 16, width: 7)
    /// dc || dm || dx: bits 25, 29 and 11:15.
    private static let splitDCMX = Operand("DCMX", .unsigned, .immediate, shift: 16, width: 7) { word in
        Int64(VSXCompare.splitMask(word))
    }

    private static func splitClass(_ mnemonic: String, _ extended: UInt32, execute: Execute) -> InstructionRow {
        InstructionRow(
            mnemonic,
            InstructionForm("XX2", match: 60 << 26 | extended << 7 | 5 << 3, mask: 0x3f << 26 | 0xf << 7 | 7 << 3),
            [.xt, .xb, splitDCMX], since: .isa300, facility: .vsx, execute: execute)
    }

    static let classification: [InstructionRow] = [
        InstructionRow(
            "xststdcsp", .xx2(60, 298), [.bf, .xb, dcmx], toField, since: .isa300, facility: .vsx,
            execute: { VSXCompare.testClassSingle($0, $1) }),
        InstructionRow(
            "xststdcdp", .xx2(60, 362), [.bf, .xb, dcmx], toField, since: .isa300, facility: .vsx,
            execute: { VSXCompare.testClass($0, $1, Binary64.self, vsr($0)[Fields($1).xb].hi) }),
        splitClass("xvtstdcdp", 0xf) { VSXCompare.vectorClass($0, $1, Binary64.self) },
        splitClass("xvtstdcsp", 0xd) { VSXCompare.vectorClass($0, $1, Binary32.self) },
    ]

    // MARK: Conversion (sections 7.6.1.6 and 7.6.2.3)

    static let formats: [InstructionRow] = [
        xx2("xscvspdp", 329, tb, .vsx) {
            VSXConvert.scalar($0, $1, from: Binary32.self, at: 0, to: Binary64.self, at: 0)
        },
        xx2("xscvdpsp", 265, tb, .vsx) {
            VSXConvert.scalar($0, $1, from: Binary64.self, at: 0, to: Binary32.self, at: 0)
        },
        xx2("xscvdphp", 347, tb, .isa300, selector: 17) {
            VSXConvert.scalar($0, $1, from: Binary64.self, at: 0, to: Binary16.self, at: 3)
        },
        xx2("xscvhpdp", 347, tb, .isa300, selector: 16) {
            VSXConvert.scalar($0, $1, from: Binary16.self, at: 3, to: Binary64.self, at: 0)
        },
        xx2("xscvdpspn", 267, tb, .isa207, effects: []) { VSXConvert.singleBits($0, $1) },
        xx2("xscvspdpn", 331, tb, .isa207, effects: []) { VSXConvert.doubleBits($0, $1) },
        xx2("xvcvspdp", 457, tb, .vsx) {
            VSXConvert.vector($0, $1, from: Binary32.self, to: Binary64.self, count: 2, stride: (2, 1))
        },
        xx2("xvcvdpsp", 393, tb, .vsx) {
            VSXConvert.vector(
                $0, $1, from: Binary64.self, to: Binary32.self, count: 2, stride: (1, 2), duplicates: true)
        },
        xx2("xvcvhpsp", 475, tb, .isa300, selector: 24) {
            VSXConvert.vector($0, $1, from: Binary16.self, to: Binary32.self, count: 4, stride: (2, 1), offset: (1, 0))
        },
        xx2("xvcvsphp", 475, tb, .isa300, selector: 25) {
            VSXConvert.vector($0, $1, from: Binary32.self, to: Binary16.self, count: 4, stride: (1, 2), offset: (0, 1))
        },
        xx2("xvcvbf16spn", 475, tb, .isa310, selector: 16, effects: []) { VSXConvert.widenBFloat16($0, $1) },
        xx2("xvcvspbf16", 475, tb, .isa310, selector: 17) {
            VSXConvert.vector($0, $1, from: Binary32.self, to: BFloat16.self, count: 4, stride: (1, 2), offset: (0, 1))
        },
    ]

    static let toInteger: [InstructionRow] = [
        xx2("xscvdpsxds", 344, tb, .vsx) { VSXConvert.scalarToInteger($0, $1, width: 64, signed: true) },
        xx2("xvcvdpsxds", 472, tb, .vsx) { VSXConvert.vectorToInteger($0, $1, Binary64.self, width: 64, signed: true) },
        xx2("xvcvspsxds", 408, tb, .vsx) { VSXConvert.vectorToInteger($0, $1, Binary32.self, width: 64, signed: true) },
        xx2("xscvdpsxws", 88, tb, .vsx) { VSXConvert.scalarToInteger($0, $1, width: 32, signed: true) },
        xx2("xvcvdpsxws", 216, tb, .vsx) { VSXConvert.vectorToInteger($0, $1, Binary64.self, width: 32, signed: true) },
        xx2("xvcvspsxws", 152, tb, .vsx) { VSXConvert.vectorToInteger($0, $1, Binary32.self, width: 32, signed: true) },
        xx2("xscvdpuxds", 328, tb, .vsx) { VSXConvert.scalarToInteger($0, $1, width: 64, signed: false) },
        xx2("xvcvdpuxds", 456, tb, .vsx) {
            VSXConvert.vectorToInteger($0, $1, Binary64.self, width: 64, signed: false)
        },
        xx2("xvcvspuxds", 392, tb, .vsx) {
            VSXConvert.vectorToInteger($0, $1, Binary32.self, width: 64, signed: false)
        },
        xx2("xscvdpuxws", 72, tb, .vsx) { VSXConvert.scalarToInteger($0, $1, width: 32, signed: false) },
        xx2("xvcvdpuxws", 200, tb, .vsx) {
            VSXConvert.vectorToInteger($0, $1, Binary64.self, width: 32, signed: false)
        },
        xx2("xvcvspuxws", 136, tb, .vsx) {
            VSXConvert.vectorToInteger($0, $1, Binary32.self, width: 32, signed: false)
        },
    ]

    static let fromInteger: [InstructionRow] = [
        xx2("xscvsxddp", 376, tb, .vsx) { VSXConvert.scalarFromInteger($0, $1, signed: true, single: false) },
        xx2("xscvuxddp", 360, tb, .vsx) { VSXConvert.scalarFromInteger($0, $1, signed: false, single: false) },
        xx2("xscvsxdsp", 312, tb, .isa207) { VSXConvert.scalarFromInteger($0, $1, signed: true, single: true) },
        xx2("xscvuxdsp", 296, tb, .isa207) { VSXConvert.scalarFromInteger($0, $1, signed: false, single: true) },
        xx2("xvcvsxddp", 504, tb, .vsx) {
            VSXConvert.vectorFromInteger($0, $1, Binary64.self, width: 64, signed: true)
        },
        xx2("xvcvuxddp", 488, tb, .vsx) {
            VSXConvert.vectorFromInteger($0, $1, Binary64.self, width: 64, signed: false)
        },
        xx2("xvcvsxwdp", 248, tb, .vsx) {
            VSXConvert.vectorFromInteger($0, $1, Binary64.self, width: 32, signed: true)
        },
        xx2("xvcvuxwdp", 232, tb, .vsx) {
            VSXConvert.vectorFromInteger($0, $1, Binary64.self, width: 32, signed: false)
        },
        xx2("xvcvsxdsp", 440, tb, .vsx) {
            VSXConvert.vectorFromInteger($0, $1, Binary32.self, width: 64, signed: true)
        },
        xx2("xvcvuxdsp", 424, tb, .vsx) {
            VSXConvert.vectorFromInteger($0, $1, Binary32.self, width: 64, signed: false)
        },
        xx2("xvcvsxwsp", 184, tb, .vsx) {
            VSXConvert.vectorFromInteger($0, $1, Binary32.self, width: 32, signed: true)
        },
        xx2("xvcvuxwsp", 168, tb, .vsx) {
            VSXConvert.vectorFromInteger($0, $1, Binary32.self, width: 32, signed: false)
        },
    ]

    // MARK: Signs, exponents, significands

    static let bits: [InstructionRow] = [
        xx2("xsabsdp", 345, tb, .vsx, effects: []) {
            VSXConvert.bits($0, $1, scalar: true) { $1 & ~0x8000_0000_0000_0000 }
        },
        xx2("xsnabsdp", 361, tb, .vsx, effects: []) {
            VSXConvert.bits($0, $1, scalar: true) { $1 | 0x8000_0000_0000_0000 }
        },
        xx2("xsnegdp", 377, tb, .vsx, effects: []) {
            VSXConvert.bits($0, $1, scalar: true) { $1 ^ 0x8000_0000_0000_0000 }
        },
        xx3("xscpsgndp", 176, tab, .vsx, effects: []) {
            VSXConvert.bits($0, $1, scalar: true) { VSXConvert.merge($0, $1, 0x8000_0000_0000_0000) }
        },
        xx2("xvabsdp", 473, tb, .vsx, selector: 0, effects: []) {
            VSXConvert.bits($0, $1) { $1 & ~0x8000_0000_0000_0000 }
        },
        xx2("xvabssp", 409, tb, .vsx, selector: 0, effects: []) {
            VSXConvert.bits($0, $1) { $1 & ~0x8000_0000_8000_0000 }
        },
        xx2("xvnabsdp", 489, tb, .vsx, selector: 0, effects: []) {
            VSXConvert.bits($0, $1) { $1 | 0x8000_0000_0000_0000 }
        },
        xx2("xvnabssp", 425, tb, .vsx, selector: 0, effects: []) {
            VSXConvert.bits($0, $1) { $1 | 0x8000_0000_8000_0000 }
        },
        xx2("xvnegdp", 505, tb, .vsx, selector: 0, effects: []) {
            VSXConvert.bits($0, $1) { $1 ^ 0x8000_0000_0000_0000 }
        },
        xx2("xvnegsp", 441, tb, .vsx, selector: 0, effects: []) {
            VSXConvert.bits($0, $1) { $1 ^ 0x8000_0000_8000_0000 }
        },
        xx3("xvcpsgndp", 240, tab, .vsx, effects: []) {
            VSXConvert.bits($0, $1) { VSXConvert.merge($0, $1, 0x8000_0000_0000_0000) }
        },
        xx3("xvcpsgnsp", 208, tab, .vsx, effects: []) {
            VSXConvert.bits($0, $1) { VSXConvert.merge($0, $1, 0x8000_0000_8000_0000) }
        },
        xx3("xviexpdp", 248, tab, .isa300, effects: []) {
            VSXConvert.bits($0, $1) { VSXConvert.merge($0, $1 << 52, 0x800f_ffff_ffff_ffff) }
        },
        xx3("xviexpsp", 216, tab, .isa300, effects: []) {
            VSXConvert.bits($0, $1) { VSXConvert.merge($0, $1 << 23, 0x807f_ffff_807f_ffff) }
        },
        xx2("xvxexpdp", 475, tb, .isa300, selector: 0, effects: []) { VSXConvert.bits($0, $1) { $1 >> 52 & 0x7ff } },
        xx2("xvxsigdp", 475, tb, .isa300, selector: 1, effects: []) {
            VSXConvert.bits($0, $1) { VSXConvert.significand64($1) }
        },
        xx2("xvxexpsp", 475, tb, .isa300, selector: 8, effects: []) {
            VSXConvert.bits($0, $1) { $1 >> 23 & 0xff_0000_00ff }
        },
        xx2("xvxsigsp", 475, tb, .isa300, selector: 9, effects: []) {
            VSXConvert.bits($0, $1) { VSXConvert.significands32($1) }
        },
        xx2("xsxexpdp", 347, [.rt, .xb], .isa300, selector: 0, effects: []) {
            VSXConvert.toGPR($0, $1) { $0 >> 52 & 0x7ff }
        },
        xx2("xsxsigdp", 347, [.rt, .xb], .isa300, selector: 1, effects: []) {
            VSXConvert.toGPR($0, $1) { VSXConvert.significand64($0) }
        },
        InstructionRow(
            "xsiexpdp", .xx1(60, 918), [.xt, .ra, .rb], since: .isa300, facility: .vsx,
            execute: { VSXConvert.insertExponent($0, $1) }),
    ]
}
