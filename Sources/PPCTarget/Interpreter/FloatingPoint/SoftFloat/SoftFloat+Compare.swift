/// The four mutually exclusive relations of IEEE 754; raw values are a condition register field.
package enum FloatRelation: UInt8, Sendable {
    case less = 8
    case greater = 4
    case equal = 2
    case unordered = 1
}

extension SoftFloat {
    /// Compares. Signalling NaNs raise `.invalid` and `.signalingNaN`; quiet NaNs raise `.invalid` if `signaling`.
    package static func compare<F: BinaryFormat>(
        _ format: F.Type, _ a: F.Bits, _ b: F.Bits, signaling: Bool, _ env: inout FloatEnvironment
    ) -> FloatRelation {
        if F.isNaN(a) || F.isNaN(b) {
            if F.isSignalingNaN(a) || F.isSignalingNaN(b) {
                env.raise([.invalid, .signalingNaN])
            } else if signaling {
                env.raise(.invalid)
            }
            return .unordered
        }
        return order(F.self, a, b, flushing: env.flushesDenormals)
    }

    /// Order of two numbers; with `flushing`, denormals count as zero.
    @inline(__always)
    package static func order<F: BinaryFormat>(
        _ format: F.Type, _ a: F.Bits, _ b: F.Bits, flushing: Bool = false
    ) -> FloatRelation {
        let left = flushing && F.isDenormal(a) ? a & F.signMask : a
        let right = flushing && F.isDenormal(b) ? b & F.signMask : b
        if left == right || (F.isZero(left) && F.isZero(right)) { return .equal }
        let leftNegative = F.isNegative(left)
        if leftNegative != F.isNegative(right) { return leftNegative ? .less : .greater }
        return (left < right) != leftNegative ? .less : .greater
    }

    /// IEEE 754-2008 `minNum` and `maxNum`: a number wins over a quiet NaN; −0 is below +0; a signalling NaN is
    /// propagated quiet and raises `.invalid`.
    package static func extremum<F: BinaryFormat>(
        _ format: F.Type, _ a: F.Bits, _ b: F.Bits, maximum: Bool, _ env: inout FloatEnvironment
    ) -> F.Bits {
        if F.isNaN(a) || F.isNaN(b) {
            if F.isSignalingNaN(a) || F.isSignalingNaN(b) {
                env.raise([.invalid, .signalingNaN])
            } else if !F.isNaN(b) {
                return b
            } else if !F.isNaN(a) {
                return a
            }
            return F.quieted(F.isNaN(a) ? a : b)
        }
        let less: Bool
        switch order(F.self, a, b) {
        case .less: less = true
        case .greater: less = false
        default: less = F.isNegative(a) && !F.isNegative(b)
        }
        return less == maximum ? b : a
    }
}
