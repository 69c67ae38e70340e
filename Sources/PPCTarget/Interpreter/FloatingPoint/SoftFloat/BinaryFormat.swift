/// A significand type: an unsigned integer wide enough for a format's fraction, with room for rounding bits below.
package protocol Significand: FixedWidthInteger, UnsignedInteger where Magnitude == Self {
    /// Integer square root of the double-width value `high:low`, whose most or second most significant bit is set.
    ///
    /// - Returns: The root, rounded down, and whether it is exact.
    static func squareRoot(high: Self, low: Self) -> (root: Self, exact: Bool)
}

/// A binary interchange format of IEEE 754-2008, section 3.6, or a cousin of one (`bfloat16`, the 64-bit significand
/// that `xsrqpxp` rounds to).
///
/// A type without values: arithmetic is generic over it, so that the compiler makes one body per format.
package protocol BinaryFormat {
    /// The format's bits as stored in a register.
    associatedtype Bits: FixedWidthInteger & UnsignedInteger & Sendable
    /// What significands are computed in.
    associatedtype Work: Significand
    static var exponentBits: Int { get }
    /// Stored fraction bits, without the implied leading one.
    static var fractionBits: Int { get }
}

extension BinaryFormat {
    @inline(__always) package static var bias: Int { (1 << (exponentBits &- 1)) &- 1 }
    /// Biased exponent of infinities and NaNs.
    @inline(__always) package static var maximumExponent: Int { (1 << exponentBits) &- 1 }
    /// What an enabled overflow subtracts from, and an enabled underflow adds to, the exponent of the result
    /// (ISA 3.1 Book I, sections 4.4.3 and 4.4.4).
    @inline(__always) package static var exponentAdjustment: Int { 3 << (exponentBits &- 2) }
    /// Bits below the fraction in a working significand.
    @inline(__always) static var spareBits: Int { Work.bitWidth &- 1 &- fractionBits }
    @inline(__always) static var fractionMask: Bits { (1 << Bits(fractionBits)) &- 1 }
    @inline(__always) package static var signMask: Bits { 1 << Bits(exponentBits &+ fractionBits) }
    @inline(__always) static var exponentMask: Bits { Bits(maximumExponent) << Bits(fractionBits) }
    @inline(__always) static var quietBit: Bits { 1 << Bits(fractionBits &- 1) }
    @inline(__always) package static var positiveInfinity: Bits { exponentMask }
    /// The NaN that invalid operations deliver: positive, quiet, no payload.
    @inline(__always) package static var defaultNaN: Bits { exponentMask | quietBit }
    @inline(__always) package static var one: Bits { Bits(bias) << Bits(fractionBits) }

    @inline(__always) package static func isNegative(_ a: Bits) -> Bool { a & signMask != 0 }
    @inline(__always) package static func isNaN(_ a: Bits) -> Bool { a & ~signMask > exponentMask }
    @inline(__always) package static func isSignalingNaN(_ a: Bits) -> Bool { isNaN(a) && a & quietBit == 0 }
    @inline(__always) package static func isInfinite(_ a: Bits) -> Bool { a & ~signMask == exponentMask }
    @inline(__always) package static func isZero(_ a: Bits) -> Bool { a & ~signMask == 0 }
    @inline(__always) package static func isDenormal(_ a: Bits) -> Bool { a & exponentMask == 0 && !isZero(a) }
    @inline(__always) package static func biasedExponent(_ a: Bits) -> Int {
        Int(truncatingIfNeeded: (a & exponentMask) >> Bits(fractionBits))
    }
    @inline(__always) package static func quieted(_ a: Bits) -> Bits { a | quietBit }
}

package enum Binary16: BinaryFormat {
    package typealias Bits = UInt16
    package typealias Work = UInt64
    @inline(__always) package static var exponentBits: Int { 5 }
    @inline(__always) package static var fractionBits: Int { 10 }
}

/// The upper half of a binary32.
package enum BFloat16: BinaryFormat {
    package typealias Bits = UInt16
    package typealias Work = UInt64
    @inline(__always) package static var exponentBits: Int { 8 }
    @inline(__always) package static var fractionBits: Int { 7 }
}

package enum Binary32: BinaryFormat {
    package typealias Bits = UInt32
    package typealias Work = UInt64
    @inline(__always) package static var exponentBits: Int { 8 }
    @inline(__always) package static var fractionBits: Int { 23 }
}

package enum Binary64: BinaryFormat {
    package typealias Bits = UInt64
    package typealias Work = UInt64
    @inline(__always) package static var exponentBits: Int { 11 }
    @inline(__always) package static var fractionBits: Int { 52 }
}

package enum Binary128: BinaryFormat {
    package typealias Bits = UInt128
    package typealias Work = UInt128
    @inline(__always) package static var exponentBits: Int { 15 }
    @inline(__always) package static var fractionBits: Int { 112 }
}

/// Range of binary128 with the 64-bit significand of the 80-bit extended format: what `xsrqpxp` rounds to.
package enum Extended80: BinaryFormat {
    package typealias Bits = UInt128
    package typealias Work = UInt128
    @inline(__always) package static var exponentBits: Int { 15 }
    @inline(__always) package static var fractionBits: Int { 63 }
}

/// How an inexact result is rounded. The first four are FPSCR[RN] as encoded (ISA 3.1 Book I, section 4.3.6).
package enum RoundingMode: UInt8, Sendable, CaseIterable {
    case nearestEven = 0
    case towardZero = 1
    case up = 2
    case down = 3
    /// To nearest, ties away from zero.
    case tiesAway = 4
    /// Von Neumann rounding: an inexact result gets an odd last bit.
    case toOdd = 5
}

/// Exceptions of operations since the set was cleared.
package struct FloatFlags: OptionSet, Sendable, Equatable {
    package let rawValue: UInt32
    @inline(__always) package init(rawValue: UInt32) { self.rawValue = rawValue }

    @inline(__always) package static var inexact: FloatFlags { .init(rawValue: 1) }
    @inline(__always) package static var underflow: FloatFlags { .init(rawValue: 2) }
    @inline(__always) package static var overflow: FloatFlags { .init(rawValue: 4) }
    @inline(__always) package static var divideByZero: FloatFlags { .init(rawValue: 8) }
    /// Any invalid operation; the kinds below say which.
    @inline(__always) package static var invalid: FloatFlags { .init(rawValue: 0x10) }
    @inline(__always) package static var signalingNaN: FloatFlags { .init(rawValue: 0x20) }
    /// ∞ − ∞
    @inline(__always) package static var infinityMinusInfinity: FloatFlags { .init(rawValue: 0x40) }
    /// ∞ ÷ ∞
    @inline(__always) package static var infinityOverInfinity: FloatFlags { .init(rawValue: 0x80) }
    /// 0 ÷ 0
    @inline(__always) package static var zeroOverZero: FloatFlags { .init(rawValue: 0x100) }
    /// ∞ × 0
    @inline(__always) package static var infinityTimesZero: FloatFlags { .init(rawValue: 0x200) }
    /// Square root of a negative number.
    @inline(__always) package static var negativeRoot: FloatFlags { .init(rawValue: 0x400) }
    /// Conversion to an integer that cannot hold the value; not set for NaNs.
    @inline(__always) package static var integerRange: FloatFlags { .init(rawValue: 0x800) }
}

/// What an operation needs to know beside its operands, and where it reports.
package struct FloatEnvironment: Sendable {
    package var rounding: RoundingMode
    package var flags: FloatFlags = []
    /// Overflowing results keep their significand and have their exponent reduced (FPSCR[OE] = 1).
    package var adjustsOverflow = false
    /// Tiny results keep their significand and have their exponent increased (FPSCR[UE] = 1).
    package var adjustsUnderflow = false
    /// Denormal operands count as zero, tiny results become zero (VSCR[NJ] = 1).
    package var flushesDenormals = false

    @inline(__always)
    package init(
        rounding: RoundingMode = .nearestEven, adjustsOverflow: Bool = false, adjustsUnderflow: Bool = false,
        flushesDenormals: Bool = false
    ) {
        self.rounding = rounding
        self.adjustsOverflow = adjustsOverflow
        self.adjustsUnderflow = adjustsUnderflow
        self.flushesDenormals = flushesDenormals
    }

    @inline(__always) package mutating func raise(_ new: FloatFlags) { flags.formUnion(new) }
}
