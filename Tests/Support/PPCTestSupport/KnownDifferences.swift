import PPCTarget

/// A difference to the oracle that is not an error here, with the place in the ISA that says so.
package struct KnownDifference: Sendable {
    package let mnemonics: [String]
    /// Register names (as ``RegisterImage/name(_:)``, or "signal", "nip", "memory") that may differ.
    package let registers: [String]
    package let reason: String
    /// Narrows the entry to cases with certain operands; `nil` covers all.
    package let applies: (@Sendable (TestCase) -> Bool)?
    /// The bits in which values may differ; `nil` covers all.
    package let bits: UInt64?

    package init(
        _ mnemonics: [String], _ registers: [String], _ reason: String, bits: UInt64? = nil,
        where applies: (@Sendable (TestCase) -> Bool)? = nil
    ) {
        self.mnemonics = mnemonics
        self.registers = registers
        self.reason = reason
        self.applies = applies
        self.bits = bits
    }

    package static let all: [KnownDifference] = fixedPoint + floatingPoint + vector

    /// Function code of an atomic memory operation.
    private static func functionCode(_ test: TestCase) -> UInt32 { (test.words.last ?? 0) >> 11 & 31 }

    static let fixedPoint: [KnownDifference] = [
        .init(
            ["divde"], ["xer", "cr"],
            """
            A quotient between 2^63 and 2^64 does not fit RT: OV and SO must be set (ISA 3.1 Book I, Divide Doubleword \
            Extended). QEMU 7.2 compares magnitudes only.
            """,
            where: { test in
                let word = test.words.last ?? 0
                let a = Int64(bitPattern: test.image.gpr[Int(word >> 16 & 31)])
                let b = Int64(bitPattern: test.image.gpr[Int(word >> 11 & 31)])
                return word & 0x400 != 0 && a.magnitude < b.magnitude && a.magnitude >= b.magnitude / 2
            }),
        .init(
            ["stqcx."], ["cr", "memory"],
            """
            QEMU 7.2 records the address of the second doubleword as lqarx's reservation when it runs a single thread, \
            so stqcx. never succeeds there (ISA 3.1 Book II, Store Quadword Conditional Indexed).
            """),
        .init(
            ["lwat", "stwat"], ["memory"],
            """
            Signed maximum and minimum of words compare words (ISA 3.1 Book II, Load Atomic and Store Atomic); QEMU \
            7.2 compares them after extending with zeros.
            """,
            where: { functionCode($0) == 5 || functionCode($0) == 7 }),
        .init(
            ["lwat", "ldat"], ["r"],
            """
            The marker for "bound reached" is 1 << (8 * size - 1), zero-extended (ISA 3.1 Book II, Load Atomic); QEMU \
            7.2 returns a sign-extended 32-bit number for both sizes.
            """,
            where: { [24, 25, 28].contains(functionCode($0)) }),
    ]
    /// Instructions whose elements may overflow and underflow at once.
    private static let elementwise =
        [
            "xvaddsp", "xvsubsp", "xvmulsp", "xvdivsp", "xvresp", "xvredp", "xvadddp", "xvsubdp", "xvmuldp", "xvdivdp",
            "xvmaddasp",
            "xvmaddmsp", "xvmsubasp", "xvmsubmsp", "xvnmaddasp", "xvnmaddmsp", "xvnmsubasp", "xvnmsubmsp",
            "xvmaddadp", "xvmaddmdp", "xvmsubadp", "xvmsubmdp", "xvnmaddadp", "xvnmaddmdp", "xvnmsubadp",
            "xvnmsubmdp", "xvcvdpsp", "xvcvsphp", "xvcvspbf16",
        ] + outerProducts
    private static let outerProducts = ["xvf32ger", "xvf64ger", "xvf16ger2", "xvbf16ger2"].flatMap { name in
        ["", "pp", "pn", "np", "nn"].flatMap { [name + $0, "pm" + name + $0] }
    }

    static let floatingPoint: [KnownDifference] = [
        .init(
            ["mffs"], ["signal", "nip", "vsr", "cr"],
            """
            Bits 11:15 are reserved before ISA 3.0 and ignored (ISA 2.07 Book I, Reserved Fields, and Move From \
            FPSCR); C libraries rely on it. QEMU 7.2 refuses values that no later instruction has.
            """,
            where: { $0.model == .power8 && ($0.words.last ?? 0) >> 16 & 31 != 0 }),
        .init(
            elementwise, ["fpscr"],
            """
            One element may overflow and another underflow; FPSCR then has OX and UX, and FEX follows UE (ISA 3.1 Book \
            I, VSX Vector Add Double-Precision). QEMU 7.2 looks for underflow only if nothing overflowed.
            """, bits: FPSCR.ux | FPSCR.fex),
        .init(
            elementwise, ["signal", "nip"], "The same, where UX alone interrupts.",
            where: { $0.image.fpscr & (FPSCR.oe | FPSCR.ue) == FPSCR.ue }),
        .init(
            ["fre", "fres"], ["vsr", "fpscr", "cr"],
            """
            The reciprocal of zero is infinity (ISA 3.1 Book I, Floating Reciprocal Estimate). QEMU 7.2 delivers one \
            half.
            """),
        .init(
            ["fcfid", "fcfids", "fcfidu", "fcfidus"], ["vsr", "fpscr"],
            """
            An enabled inexact exception interrupts after the target and FPRF were written (ISA 3.1 Book I, Inexact \
            Exception). QEMU 7.2 interrupts before.
            """),
        .init(
            ["xsaddsp", "xssubsp", "xsmulsp", "xsdivsp", "xssqrtsp", "xscvsxdsp", "xscvuxdsp"],
            ["vsr", "fpscr", "signal"],
            """
            The exact result is rounded once, to single precision (ISA 3.1 Book I, VSX Scalar Add Single-Precision: \
            bfp_ROUND_TO_BFP32). QEMU 7.2 rounds to double first, which shows with operands that are no singles, and \
            judges tininess after that.
            """),
        .init(
            [
                "xvcvdpsxds", "xvcvdpuxds", "xvcvdpsxws", "xvcvdpuxws", "xvcvspsxds", "xvcvspuxds", "xvcvspsxws",
                "xvcvspuxws",
            ], ["vsr"],
            """
            Elements are converted independently (ISA 3.1 Book I, VSX Vector Convert Double-Precision to Signed \
            Doubleword). QEMU 7.2 does not clear its flags between elements and turns those after an invalid one into \
            the value of a NaN.
            """),
        .init(
            ["xsnmsubqpo"], ["vsr", "fpscr"],
            """
            The O form rounds to odd (ISA 3.1 Book I, VSX Scalar Negative Multiply-Subtract Quad-Precision using round \
            to Odd). QEMU 7.2 uses the current rounding mode in this one instruction.
            """),
        .init(
            ["xsrqpi", "xsrqpix", "xsrqpxp"], ["vsr", "fpscr"],
            """
            R = 0, RMC = 3 rounds as FPSCR[RN] says (ISA 3.1 Book I, VSX Scalar Round to Quad-Precision Integer). QEMU \
            7.2 takes RN for the number of its own rounding modes, which are ordered otherwise.
            """),
        .init(
            ["xsrsp"], ["vsr"],
            """
            An enabled overflow, underflow or inexact exception interrupts after the target was written (ISA 3.1 Book \
            I, Overflow, Underflow and Inexact Exception). QEMU 7.2 interrupts before.
            """),
        .init(
            ["xsmaxdp", "xsmindp", "xvmaxdp", "xvmindp", "xvmaxsp", "xvminsp"], ["signal", "vsr", "fpscr", "cr"],
            """
            The result is one of the operands, and no exception but VXSNAN exists (ISA 3.1 Book I, VSX Scalar Maximum \
            Double-Precision). QEMU 7.2 puts the result through rounding, so that with UE = 1 a denormal operand comes \
            out with its exponent adjusted, and its flags still hold those of an earlier instruction.
            """),
        .init(
            ["xvcmpgedp", "xvcmpgtdp", "xvcmpgesp", "xvcmpgtsp"], ["signal", "vsr", "fpscr", "cr"],
            """
            An enabled VXVC interrupts and leaves the target alone (ISA 3.1 Book I, VSX Vector Compare Greater Than \
            Double-Precision). QEMU 7.2 records it without looking whether to interrupt.
            """),
        .init(
            ["drrnd", "drrndq", "denbcd", "denbcdq"], ["vsr", "fpscr", "cr"],
            """
            FEX follows VE (ISA 3.1 Book I, Floating-Point Status and Control Register); QEMU 7.2 looks at RN and NI \
            here. denbcd: a digit above 9 is an invalid conversion (DFP Encode BCD To DPD); QEMU 7.2 lets 10 pass.
            """),
        .init(
            ["dctfix", "dctfixq", "dctfixqq"], ["vsr", "fpscr"],
            """
            -2^63 and -2^127 are representable, 2^127 and more are not (ISA 3.1 Book I, DFP Convert To Fixed). QEMU \
            7.2 flags the former and wraps the latter.
            """),
    ]
    static let vector: [KnownDifference] = [
        .init(
            ["vrldmi"], ["vsr"],
            """
            The bits outside the mask keep the target's value (ISA 3.1 Book I, Vector Rotate Left Doubleword then Mask \
            Insert). On hosts with vector instructions QEMU 7.2 performs vrldnm instead, which clears them.
            """),
        .init(
            ["vdiveuq", "vdivesq"], ["vsr"],
            """
            Undefined when the quotient does not fit (ISA 3.1 Book I, Vector Divide Extended Unsigned Quadword). QEMU \
            7.2 then goes through a signed shift; what it computes follows no rule.
            """,
            where: { test in
                guard let word = test.words.last else { return false }
                let a = test.image.vsr[32 + Int(word >> 16 & 31)]
                let b = test.image.vsr[32 + Int(word >> 11 & 31)]
                let isSigned = word & 0x100 != 0
                return isSigned ? a == (1 << 63, 0) : a.hi >> 63 != 0 && (a.hi, a.lo) >= (b.hi, b.lo)
            }),
    ]

    /// The lines of a comparison that no entry covers.
    package static func unexplained(_ lines: [String], mnemonic: String, in test: TestCase) -> [String] {
        let entries = all.filter { $0.mnemonics.contains(mnemonic) && $0.applies?(test) ?? true }
        guard !entries.isEmpty else { return lines }
        return lines.filter { line in
            !entries.contains { entry in
                entry.registers.contains { line.hasPrefix($0) } && entry.allows(line)
            }
        }
    }

    private func allows(_ line: String) -> Bool {
        guard let bits else { return true }
        let values = line.split { $0 == " " || $0 == "," }.filter { $0.hasPrefix("0x") }
            .compactMap { UInt64($0.dropFirst(2), radix: 16) }
        return values.count == 2 && (values[0] ^ values[1]) & ~bits == 0
    }
}
