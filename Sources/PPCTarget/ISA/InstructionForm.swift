/// An instruction format of the Power ISA (Book I, section 1.6) with the opcode values that select one instruction.
///
/// Opcode values are as printed in the ISA's opcode maps. A form turns them into a match value and a mask over the
/// 32-bit word (for prefixed instructions, over the suffix; ``InstructionRow/prefix`` covers the prefix).
package struct InstructionForm: Sendable, Equatable {
    /// ISA name of the format: "D", "XO", "VX", …
    package let name: String
    /// Word with the opcode bits in place and zeros elsewhere.
    package let match: UInt32
    /// Bits of the word that the opcode occupies.
    package let mask: UInt32

    package init(_ name: String, match: UInt32, mask: UInt32) {
        precondition(match & ~mask == 0, "opcode bits outside the mask")
        self.name = name
        self.match = match
        self.mask = mask
    }

    private static func make(_ name: String, _ primary: UInt32, _ extended: UInt32, mask: UInt32, shift: UInt32)
        -> InstructionForm
    {
        InstructionForm(
            name, match: primary << 26 | extended << shift, mask: 0x3f << 26 | mask << shift)
    }

    package static func i(_ primary: UInt32, aa: UInt32, lk: UInt32) -> Self {
        Self("I", match: primary << 26 | aa << 1 | lk, mask: 0xfc00_0003)
    }
    package static func b(_ primary: UInt32, aa: UInt32, lk: UInt32) -> Self {
        Self("B", match: primary << 26 | aa << 1 | lk, mask: 0xfc00_0003)
    }
    package static func sc(_ primary: UInt32, _ extended: UInt32) -> Self {
        Self("SC", match: primary << 26 | extended, mask: 0xfc00_0003)
    }
    package static func d(_ primary: UInt32) -> Self { make("D", primary, 0, mask: 0, shift: 0) }
    package static func ds(_ primary: UInt32, _ extended: UInt32) -> Self {
        make("DS", primary, extended, mask: 3, shift: 0)
    }
    package static func dq(_ primary: UInt32, _ extended: UInt32) -> Self {
        make("DQ", primary, extended, mask: 7, shift: 0)
    }
    /// X form: 10-bit extended opcode in bits 21:30. Bit 31 (Rc) is not part of the opcode.
    package static func x(_ primary: UInt32, _ extended: UInt32) -> Self {
        make("X", primary, extended, mask: 0x3ff, shift: 1)
    }
    package static func xl(_ primary: UInt32, _ extended: UInt32) -> Self {
        make("XL", primary, extended, mask: 0x3ff, shift: 1)
    }
    package static func xfx(_ primary: UInt32, _ extended: UInt32) -> Self {
        make("XFX", primary, extended, mask: 0x3ff, shift: 1)
    }
    package static func xfl(_ primary: UInt32, _ extended: UInt32) -> Self {
        make("XFL", primary, extended, mask: 0x3ff, shift: 1)
    }
    /// XO form: 9-bit extended opcode in bits 22:30; OE (bit 21) and Rc (bit 31) are not part of the opcode.
    package static func xo(_ primary: UInt32, _ extended: UInt32) -> Self {
        make("XO", primary, extended, mask: 0x1ff, shift: 1)
    }
    /// XS form: 9-bit extended opcode in bits 21:29.
    package static func xs(_ primary: UInt32, _ extended: UInt32) -> Self {
        make("XS", primary, extended, mask: 0x1ff, shift: 2)
    }
    /// A form: 5-bit extended opcode in bits 26:30.
    package static func a(_ primary: UInt32, _ extended: UInt32) -> Self {
        make("A", primary, extended, mask: 0x1f, shift: 1)
    }
    package static func m(_ primary: UInt32) -> Self { make("M", primary, 0, mask: 0, shift: 0) }
    /// MD form: 3-bit extended opcode in bits 27:29.
    package static func md(_ primary: UInt32, _ extended: UInt32) -> Self {
        make("MD", primary, extended, mask: 7, shift: 2)
    }
    /// MDS form: 4-bit extended opcode in bits 27:30.
    package static func mds(_ primary: UInt32, _ extended: UInt32) -> Self {
        make("MDS", primary, extended, mask: 15, shift: 1)
    }
    /// VA form: 6-bit extended opcode in bits 26:31.
    package static func va(_ primary: UInt32, _ extended: UInt32) -> Self {
        make("VA", primary, extended, mask: 0x3f, shift: 0)
    }
    /// VX form: 11-bit extended opcode in bits 21:31.
    package static func vx(_ primary: UInt32, _ extended: UInt32) -> Self {
        make("VX", primary, extended, mask: 0x7ff, shift: 0)
    }
    /// VC form: 10-bit extended opcode in bits 22:31; Rc is bit 21.
    package static func vc(_ primary: UInt32, _ extended: UInt32) -> Self {
        make("VC", primary, extended, mask: 0x3ff, shift: 0)
    }
    /// XX1 form: 10-bit extended opcode in bits 21:30; bit 31 is TX or SX.
    package static func xx1(_ primary: UInt32, _ extended: UInt32) -> Self {
        make("XX1", primary, extended, mask: 0x3ff, shift: 1)
    }
    /// XX2 form: 9-bit extended opcode in bits 21:29.
    package static func xx2(_ primary: UInt32, _ extended: UInt32) -> Self {
        make("XX2", primary, extended, mask: 0x1ff, shift: 2)
    }
    /// XX3 form: 8-bit extended opcode in bits 21:28.
    package static func xx3(_ primary: UInt32, _ extended: UInt32) -> Self {
        make("XX3", primary, extended, mask: 0xff, shift: 3)
    }
    /// XX4 form: 2-bit extended opcode in bits 26:27.
    package static func xx4(_ primary: UInt32, _ extended: UInt32) -> Self {
        make("XX4", primary, extended, mask: 3, shift: 4)
    }
    /// Z22 form: 9-bit extended opcode in bits 22:30.
    package static func z22(_ primary: UInt32, _ extended: UInt32) -> Self {
        make("Z22", primary, extended, mask: 0x1ff, shift: 1)
    }
    /// Z23 form: 8-bit extended opcode in bits 23:30.
    package static func z23(_ primary: UInt32, _ extended: UInt32) -> Self {
        make("Z23", primary, extended, mask: 0xff, shift: 1)
    }

    /// The same form with further bits fixed: `bits` under `mask`, given over the whole word.
    ///
    /// Used where a field that is normally an operand selects the instruction (`mfspr`-like encodings, the XO in
    /// the RA field of several VMX and VSX groups, the L bit of `cmp`).
    package func fixing(_ bits: UInt32, mask extra: UInt32) -> Self {
        Self(name, match: match | bits, mask: mask | extra)
    }
}
