import PPCTarget

/// A difference to the oracle that is not an error here, with the place in the ISA that says so.
public struct KnownDifference: Sendable {
    public let mnemonics: [String]
    /// Register names (as ``RegisterImage/name(_:)``, or "signal", "nip", "memory") that may differ.
    public let registers: [String]
    public let reason: String

    public init(_ mnemonics: [String], _ registers: [String], _ reason: String) {
        self.mnemonics = mnemonics
        self.registers = registers
        self.reason = reason
    }

    public static let all: [KnownDifference] = fixedPoint + floatingPoint + vector

    static let fixedPoint: [KnownDifference] = [
        .init(
            ["divde"], ["xer", "cr"],
            """
            A quotient between 2^63 and 2^64 does not fit RT: OV and SO must be set (ISA 3.1 Book I, 3.3.9, Divide \
            Doubleword Extended). QEMU 7.2 compares magnitudes only.
            """),
        .init(
            ["stqcx."], ["cr", "memory"],
            """
            QEMU 7.2 records the address of the second doubleword as lqarx's reservation when it runs a single thread, \
            so stqcx. never succeeds there (ISA 3.1 Book II, 4.6.2.2).
            """),
    ]
    static let floatingPoint: [KnownDifference] = []
    static let vector: [KnownDifference] = [
        .init(
            ["vrldmi"], ["vsr"],
            """
            The bits outside the mask keep the target's value (ISA 3.1 Book I, 6.10.2). On hosts with vector \
            instructions QEMU 7.2 performs vrldnm instead, which clears them.
            """),
        .init(
            ["vdiveuq"], ["vsr"],
            """
            Undefined when the quotient does not fit (ISA 3.1 Book I, 6.9.3). QEMU 7.2 then goes through a signed \
            shift; what it computes follows no rule. Quotients that fit agree.
            """),
    ]

    /// The lines of a comparison that no entry covers.
    public static func unexplained(_ lines: [String], mnemonic: String) -> [String] {
        let entries = all.filter { $0.mnemonics.contains(mnemonic) }
        guard !entries.isEmpty else { return lines }
        return lines.filter { line in
            !entries.contains { entry in entry.registers.contains { line.hasPrefix($0) } }
        }
    }
}
