/// An operand of an instruction: which field of the word holds it, what it names, and how the instruction uses it.
package struct Operand: Sendable, Equatable {
    package enum Kind: Sendable, Equatable {
        case gpr
        /// GPR where number 0 means the constant zero.
        case gprOrZero
        /// Even/odd pair of GPRs.
        case gprPair
        case fpr
        /// Even/odd pair of FPRs (quad decimal floating point, `lfdp`).
        case fprPair
        case vr
        case vsr
        /// Even/odd pair of VSRs (`lxvp`).
        case vsrPair
        case accumulator
        case crField
        case crBit
        case crMask
        case unsigned
        case signed
        /// Displacement of a load or store, printed with its base register in parentheses.
        case displacement
        /// Branch target, relative to the instruction.
        case relativeTarget
        case absoluteTarget
        /// Special purpose register number; its two halves are swapped in the word.
        case spr
    }
    package enum Use: Sendable, Equatable { case read, write, readWrite, immediate }

    /// ISA name of the field: "RT", "RA", "SI", "XT", …
    package let name: String
    package let kind: Kind
    package let use: Use
    /// Position of the field's least significant bit counted from the word's least significant bit, and its width.
    package let shift: UInt8
    package let width: UInt8
    /// For VSR numbers: position (from the least significant bit) of the bit that extends the number by 32; for
    /// split fields see ``extract``.
    package let highBit: Int8
    /// Power of two that the encoded value is multiplied with (4 for DS displacements and branches, 16 for DQ).
    package let scale: UInt8
    /// Fields that are not one run of bits (SPR numbers, `sh` of MD forms, prefixed displacements, DX immediates).
    package let extract: (@Sendable (UInt64) -> Int64)?
    /// Value at which assemblers leave the operand out when nothing follows it; `nil` for operands always written.
    package let omittedValue: Int64?

    package init(
        _ name: String, _ kind: Kind, _ use: Use, shift: UInt8, width: UInt8, highBit: Int8 = -1, scale: UInt8 = 1,
        omittedValue: Int64? = nil, extract: (@Sendable (UInt64) -> Int64)? = nil
    ) {
        self.name = name
        self.kind = kind
        self.use = use
        self.shift = shift
        self.width = width
        self.highBit = highBit
        self.scale = scale
        self.omittedValue = omittedValue
        self.extract = extract
    }

    /// The same operand, left out of assembly text when it and everything after it have their usual values.
    package func omitted(at value: Int64) -> Operand {
        Operand(
            name, kind, use, shift: shift, width: width, highBit: highBit, scale: scale, omittedValue: value,
            extract: extract)
    }

    /// The same field used differently: read, written or both.
    package func used(as use: Use) -> Operand {
        Operand(
            name, kind, use, shift: shift, width: width, highBit: highBit, scale: scale, omittedValue: omittedValue,
            extract: extract)
    }

    package static func == (a: Operand, b: Operand) -> Bool {
        a.name == b.name && a.kind == b.kind && a.use == b.use && a.shift == b.shift && a.width == b.width
    }

    /// The operand's value in an instruction word (prefix in the upper half for prefixed instructions).
    package func value(in word: UInt64) -> Int64 {
        if let extract { return extract(word) }
        var raw = Int64(truncatingIfNeeded: word >> UInt64(shift)) & ((1 << Int64(width)) - 1)
        switch kind {
        case .signed, .displacement, .relativeTarget, .absoluteTarget:
            let unused = Int64(64 - width)
            raw = (raw << unused) >> unused
        case .vsr where highBit >= 0:
            raw |= Int64(truncatingIfNeeded: word >> UInt64(highBit) & 1) << 5
        default: break
        }
        return raw &* Int64(scale)
    }
}

extension Operand {
    // Fields named as in the ISA, Book I section 1.6. The comment gives ISA bit numbers.
    package static let rt = Operand("RT", .gpr, .write, shift: 21, width: 5)  // 6:10
    package static let rtUpdated = Operand("RT", .gpr, .readWrite, shift: 21, width: 5)
    package static let rs = Operand("RS", .gpr, .read, shift: 21, width: 5)  // 6:10
    package static let ra = Operand("RA", .gpr, .read, shift: 16, width: 5)  // 11:15
    package static let ra0 = Operand("RA", .gprOrZero, .read, shift: 16, width: 5)
    package static let raWritten = Operand("RA", .gpr, .write, shift: 16, width: 5)
    package static let raUpdated = Operand("RA", .gpr, .readWrite, shift: 16, width: 5)
    package static let rb = Operand("RB", .gpr, .read, shift: 11, width: 5)  // 16:20
    package static let rc = Operand("RC", .gpr, .read, shift: 6, width: 5)  // 21:25
    package static let frt = Operand("FRT", .fpr, .write, shift: 21, width: 5)
    package static let frs = Operand("FRS", .fpr, .read, shift: 21, width: 5)
    package static let fra = Operand("FRA", .fpr, .read, shift: 16, width: 5)
    package static let frb = Operand("FRB", .fpr, .read, shift: 11, width: 5)
    package static let frc = Operand("FRC", .fpr, .read, shift: 6, width: 5)
    package static let vrt = Operand("VRT", .vr, .write, shift: 21, width: 5)
    package static let vrs = Operand("VRS", .vr, .read, shift: 21, width: 5)
    package static let vra = Operand("VRA", .vr, .read, shift: 16, width: 5)
    package static let vrb = Operand("VRB", .vr, .read, shift: 11, width: 5)
    package static let vrc = Operand("VRC", .vr, .read, shift: 6, width: 5)
    /// XX forms: TX is bit 31, AX bit 29, BX bit 30, CX bit 28.
    package static let xt = Operand("XT", .vsr, .write, shift: 21, width: 5, highBit: 0)
    package static let xtUpdated = Operand("XT", .vsr, .readWrite, shift: 21, width: 5, highBit: 0)
    package static let xs = Operand("XS", .vsr, .read, shift: 21, width: 5, highBit: 0)
    package static let xa = Operand("XA", .vsr, .read, shift: 16, width: 5, highBit: 2)
    package static let xb = Operand("XB", .vsr, .read, shift: 11, width: 5, highBit: 1)
    package static let xc = Operand("XC", .vsr, .read, shift: 6, width: 5, highBit: 3)
    package static let bf = Operand("BF", .crField, .write, shift: 23, width: 3)  // 6:8
    package static let bfa = Operand("BFA", .crField, .read, shift: 18, width: 3)  // 11:13
    package static let bt = Operand("BT", .crBit, .write, shift: 21, width: 5)
    package static let ba = Operand("BA", .crBit, .read, shift: 16, width: 5)
    package static let bb = Operand("BB", .crBit, .read, shift: 11, width: 5)
    package static let bi = Operand("BI", .crBit, .read, shift: 16, width: 5)
    package static let bc = Operand("BC", .crBit, .read, shift: 6, width: 5)
    package static let bo = Operand("BO", .unsigned, .immediate, shift: 21, width: 5)
    package static let bh = Operand("BH", .unsigned, .immediate, shift: 11, width: 2)
    package static let si = Operand("SI", .signed, .immediate, shift: 0, width: 16)
    package static let ui = Operand("UI", .unsigned, .immediate, shift: 0, width: 16)
    package static let d = Operand("D", .displacement, .immediate, shift: 0, width: 16)
    package static let dsDisplacement = Operand("DS", .displacement, .immediate, shift: 2, width: 14, scale: 4)
    package static let dqDisplacement = Operand("DQ", .displacement, .immediate, shift: 4, width: 12, scale: 16)
    package static let li = Operand("LI", .relativeTarget, .immediate, shift: 2, width: 24, scale: 4)
    package static let bd = Operand("BD", .relativeTarget, .immediate, shift: 2, width: 14, scale: 4)
    package static let to = Operand("TO", .unsigned, .immediate, shift: 21, width: 5)
    package static let sh = Operand("SH", .unsigned, .immediate, shift: 11, width: 5)
    package static let mb = Operand("MB", .unsigned, .immediate, shift: 6, width: 5)
    package static let me = Operand("ME", .unsigned, .immediate, shift: 1, width: 5)
    /// Six-bit shift of MD and XS forms: sh[5] is bit 30.
    package static let sh6 = Operand("SH", .unsigned, .immediate, shift: 11, width: 5) { word in
        Int64(word >> 11 & 31 | (word >> 1 & 1) << 5)
    }
    /// Six-bit mask bound of MD and MDS forms: its high bit is bit 26 of the word.
    package static let mb6 = Operand("MB", .unsigned, .immediate, shift: 5, width: 6) { word in
        Int64(word >> 6 & 31 | word & 32)
    }
    package static let me6 = Operand("ME", .unsigned, .immediate, shift: 5, width: 6) { word in
        Int64(word >> 6 & 31 | word & 32)
    }
    package static let fxm = Operand("FXM", .crMask, .immediate, shift: 12, width: 8)
    package static let spr = Operand("SPR", .spr, .immediate, shift: 11, width: 10) { word in
        Int64(word >> 16 & 31 | (word >> 11 & 31) << 5)
    }

    // Pairs and accumulators.
    package static let rtp = Operand("RTp", .gprPair, .write, shift: 21, width: 5)
    package static let rsp = Operand("RSp", .gprPair, .read, shift: 21, width: 5)
    package static let frtp = Operand("FRTp", .fprPair, .write, shift: 21, width: 5)
    package static let frsp = Operand("FRSp", .fprPair, .read, shift: 21, width: 5)
    package static let frap = Operand("FRAp", .fprPair, .read, shift: 16, width: 5)
    package static let frbp = Operand("FRBp", .fprPair, .read, shift: 11, width: 5)
    /// XTp: the number's bit for 32 is bit 10, the low bit is always zero.
    package static let xtp = Operand("XTp", .vsrPair, .write, shift: 21, width: 5) { word in
        Int64(word >> 21 & 30 | (word >> 21 & 1) << 5)
    }
    package static let xsp = Operand("XSp", .vsrPair, .read, shift: 21, width: 5) { word in
        Int64(word >> 21 & 30 | (word >> 21 & 1) << 5)
    }
    package static let xap = Operand("XAp", .vsrPair, .read, shift: 16, width: 5, highBit: 2) { word in
        Int64(word >> 16 & 30 | (word >> 2 & 1) << 5)
    }
    package static let accumulator = Operand("AT", .accumulator, .write, shift: 23, width: 3)
    package static let accumulatorUpdated = Operand("AT", .accumulator, .readWrite, shift: 23, width: 3)
    package static let accumulatorSource = Operand("AS", .accumulator, .read, shift: 23, width: 3)
    /// DQ forms: TX or SX is bit 28.
    package static let xtDQ = Operand("XT", .vsr, .write, shift: 21, width: 5, highBit: 3)
    package static let xsDQ = Operand("XS", .vsr, .read, shift: 21, width: 5, highBit: 3)
    /// Prefixed 8LS forms with a 6-bit register number: TX or SX is bit 5 of the suffix.
    package static let xt8LS = Operand("XT", .vsr, .write, shift: 21, width: 5, highBit: 26)
    package static let xs8LS = Operand("XS", .vsr, .read, shift: 21, width: 5, highBit: 26)

    // Prefixed instructions (ISA 3.1 Book I, section 1.6.3).
    /// 34-bit immediate of MLS:D `paddi`.
    package static let si34 = Operand("SI", .signed, .immediate, shift: 0, width: 34) { prefixedImmediate($0) }
    /// 34-bit displacement of MLS and 8LS loads and stores.
    package static let d34 = Operand("D", .displacement, .immediate, shift: 0, width: 34) { prefixedImmediate($0) }
    /// R: the address is relative to the instruction.
    package static let r = Operand("R", .unsigned, .immediate, shift: 52, width: 1)

    static func prefixedImmediate(_ word: UInt64) -> Int64 {
        let raw = Int64(bitPattern: (word >> 32 & 0x3_ffff) << 16 | word & 0xffff)
        return (raw << 30) >> 30
    }

    /// 16-bit immediate of DX forms (`addpcis`): d0 in bits 16:25, d1 in 11:15, d2 in 31.
    package static let dx = Operand("D", .signed, .immediate, shift: 0, width: 16) { word in
        Int64(Int16(truncatingIfNeeded: word & 0xffc0 | word >> 15 & 0x3e | word & 1))
    }
    /// NB of string instructions; 0 stands for 32.
    package static let nb = Operand("NB", .unsigned, .immediate, shift: 11, width: 5)

    /// An unsigned immediate of its own name.
    package static func unsigned(_ name: String, shift: UInt8, width: UInt8) -> Operand {
        Operand(name, .unsigned, .immediate, shift: shift, width: width)
    }
    /// A signed immediate of its own name.
    package static func signed(_ name: String, shift: UInt8, width: UInt8) -> Operand {
        Operand(name, .signed, .immediate, shift: shift, width: width)
    }
}
