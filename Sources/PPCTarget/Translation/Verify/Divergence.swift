import CPPCState

/// How native code is checked while a machine runs (`-accel tcg,verify=on`).
package struct Verification {
    /// Every so many pieces of code one is checked.
    package var sample: Int
    /// Told the first difference, on the vCPU's thread; the vCPU goes on in the interpreter.
    package var onDivergence: (Divergence) -> Void

    package init(sample: Int = 1, onDivergence: @escaping (Divergence) -> Void) {
        self.sample = sample
        self.onDivergence = onDivergence
    }
}

/// The first place where native code and the interpreter disagreed.
package struct Divergence: Sendable, CustomStringConvertible {
    /// Effective address of the piece's first instruction.
    package var address: UInt64
    /// Whether the piece was a region, that is, code that had run often.
    package var isRegion: Bool
    /// What the interpreter executed, in its order: address and text of each instruction.
    package var path: [String]
    /// Where native code left, and whether the interpreter ever came there.
    package var nativeEnd: UInt64
    package var wasReached: Bool
    package var registers: [RegisterDifference]
    package var memory: [MemoryDifference]
    /// The registers before the piece, after it by the interpreter, and after it by native code.
    package var before: String
    package var expected: String
    package var found: String

    package var description: String {
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
