import CPPCState

/// How native code is checked while a machine runs (`-accel tcg,verify=on`).
public struct Verification {
    /// Every so many pieces of code one is checked.
    public var sample: Int
    /// Told the first difference, on the vCPU's thread; the vCPU goes on in the interpreter.
    public var onDivergence: (Divergence) -> Void

    public init(sample: Int = 1, onDivergence: @escaping (Divergence) -> Void) {
        self.sample = sample
        self.onDivergence = onDivergence
    }
}

/// The first place where native code and the interpreter disagreed.
public struct Divergence: Sendable, CustomStringConvertible {
    /// Effective address of the piece's first instruction.
    public var address: UInt64
    /// Whether the piece was a region, that is, code that had run often.
    public var isRegion: Bool
    /// What the interpreter executed, in its order: address and text of each instruction.
    public var path: [String]
    /// Where native code left, and whether the interpreter ever came there.
    public var nativeEnd: UInt64
    public var wasReached: Bool
    public var registers: [RegisterDifference]
    public var memory: [MemoryDifference]
    /// The registers before the piece, after it by the interpreter, and after it by native code.
    public var before: String
    public var expected: String
    public var found: String

    public var description: String {
        var lines = [
            "native code and interpreter differ after the \(isRegion ? "region" : "block") at \(hex(address))",
            "native code left at \(hex(nativeEnd))\(wasReached ? "" : ", where the interpreter never came")",
        ]
        for register in registers {
            lines.append("  \(register.name): interpreter \(hex(register.expected)), native \(hex(register.found))")
        }
        for piece in memory {
            lines.append(
                "  memory at \(hex(piece.address)): interpreter \(Self.bytes(piece.expected)), native "
                    + Self.bytes(piece.found))
        }
        lines.append("guest code as the interpreter went:")
        lines += path.map { "  " + $0 }
        lines += ["before:", before, "interpreter:", expected, "native:", found]
        return lines.joined(separator: "\n")
    }

    private static func bytes(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
