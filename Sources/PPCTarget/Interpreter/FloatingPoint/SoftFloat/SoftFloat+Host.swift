#if canImport(Glibc)
    import Glibc  // brings the mathematics library, where `fma` lives on hosts without the instruction
#endif

// The everyday case on the host's floating-point unit: round to nearest, operands and result well inside the normal
// range, so that nothing but inexactness can happen. Inexactness comes from error-free transformations (Dekker, Knuth;
// for multiply-add, Boldo and Muller), so result and flags equal those of the software path.
//
// The host must round to nearest here, and its own exception flags are disturbed.

extension SoftFloat {
    @inline(__always)
    private static func isMidRange(_ bits: UInt64) -> Bool { (bits >> 52 & 0x7ff) &- 0x200 < 0x400 }

    /// A single-precision value in double format, of modest magnitude.
    @inline(__always)
    private static func isMidSingle(_ bits: UInt64) -> Bool {
        (bits >> 52 & 0x7ff) &- 0x3e0 < 0x40 && bits & 0x1fff_ffff == 0
    }

    @inline(__always)
    private static func sumError(_ x: Double, _ y: Double, _ sum: Double) -> Double {
        let back = sum - x
        return (x - (sum - back)) + (y - back)
    }

    @inline(__always)
    private static func rounded(_ exact: Double, isInexact: Bool, _ env: inout FloatEnvironment) -> UInt64 {
        let single = Double(Float(exact))
        if isInexact || single != exact { env.raise(.inexact) }
        return single.bitPattern
    }

    /// Sum or difference of doubles.
    @inline(__always)
    package static func add64(
        _ a: UInt64, _ b: UInt64, subtract: Bool, _ env: inout FloatEnvironment
    ) -> UInt64 {
        if env.rounding == .nearestEven, isMidRange(a), isMidRange(b) {
            let x = Double(bitPattern: a)
            let y = subtract ? -Double(bitPattern: b) : Double(bitPattern: b)
            let sum = x + y
            if isMidRange(sum.bitPattern) {
                if sumError(x, y, sum) != 0 { env.raise(.inexact) }
                return sum.bitPattern
            }
        }
        return add(Binary64.self, a, b, subtract: subtract, &env)
    }

    @inline(__always)
    package static func multiply64(_ a: UInt64, _ b: UInt64, _ env: inout FloatEnvironment) -> UInt64 {
        if env.rounding == .nearestEven, isMidRange(a), isMidRange(b) {
            let x = Double(bitPattern: a)
            let y = Double(bitPattern: b)
            let product = x * y
            if isMidRange(product.bitPattern) {
                if (-product).addingProduct(x, y) != 0 { env.raise(.inexact) }
                return product.bitPattern
            }
        }
        return multiply(Binary64.self, a, b, &env)
    }

    @inline(__always)
    package static func divide64(_ a: UInt64, _ b: UInt64, _ env: inout FloatEnvironment) -> UInt64 {
        if env.rounding == .nearestEven, isMidRange(a), isMidRange(b) {
            let x = Double(bitPattern: a)
            let y = Double(bitPattern: b)
            let quotient = x / y
            if isMidRange(quotient.bitPattern) {
                if x.addingProduct(-quotient, y) != 0 { env.raise(.inexact) }
                return quotient.bitPattern
            }
        }
        return divide(Binary64.self, a, b, &env)
    }

    @inline(__always)
    package static func squareRoot64(_ a: UInt64, _ env: inout FloatEnvironment) -> UInt64 {
        if env.rounding == .nearestEven, isMidRange(a), a >> 63 == 0 {
            let x = Double(bitPattern: a)
            let root = x.squareRoot()
            if x.addingProduct(-root, root) != 0 { env.raise(.inexact) }
            return root.bitPattern
        }
        return squareRoot(Binary64.self, a, &env)
    }

    /// `±(a * c ± b)` on doubles.
    @inline(__always)
    package static func fuse64(
        _ a: UInt64, _ c: UInt64, _ b: UInt64, _ kind: FusedKind, _ env: inout FloatEnvironment
    ) -> UInt64 {
        if env.rounding == .nearestEven, isMidRange(a), isMidRange(c), isMidRange(b) {
            let x = Double(bitPattern: a)
            let y = Double(bitPattern: c)
            let z = kind.contains(.negateAddend) ? -Double(bitPattern: b) : Double(bitPattern: b)
            let result = z.addingProduct(x, y)
            let product = x * y
            if isMidRange(result.bitPattern), isMidRange(product.bitPattern) {
                let low = (-product).addingProduct(x, y)
                let sum = product + z
                let sumLow = sumError(product, z, sum)
                let tail = sumLow + low
                let tailLow = sumError(sumLow, low, tail)
                if (sum - result) + tail != 0 || tailLow != 0 { env.raise(.inexact) }
                return (kind.contains(.negateResult) ? -result : result).bitPattern
            }
        }
        return fuse(Binary64.self, a, c, b, kind, &env)
    }

    // MARK: Double operands, result rounded once to single precision

    @inline(__always)
    package static func addSingle(
        _ a: UInt64, _ b: UInt64, subtract: Bool, _ env: inout FloatEnvironment
    ) -> UInt64 {
        if env.rounding == .nearestEven, isMidSingle(a), isMidSingle(b) {
            let x = Double(bitPattern: a)
            let y = subtract ? -Double(bitPattern: b) : Double(bitPattern: b)
            let sum = x + y
            if sum != 0 { return rounded(sum, isInexact: sumError(x, y, sum) != 0, &env) }
        }
        return addSingleSlowly(a, b, subtract: subtract, &env)
    }

    @inline(never)
    private static func addSingleSlowly(
        _ a: UInt64, _ b: UInt64, subtract: Bool, _ env: inout FloatEnvironment
    ) -> UInt64 {
        let left = Unpacked<UInt64>(a, Binary64.self, &env)
        let right = Unpacked<UInt64>(b, Binary64.self, &env)
        return addUnpacked(left, right, subtract: subtract, &env).packedSingleInDouble(&env)
    }

    @inline(__always)
    package static func multiplySingle(_ a: UInt64, _ b: UInt64, _ env: inout FloatEnvironment) -> UInt64 {
        if env.rounding == .nearestEven, isMidSingle(a), isMidSingle(b) {
            return rounded(Double(bitPattern: a) * Double(bitPattern: b), isInexact: false, &env)
        }
        return multiplySingleSlowly(a, b, &env)
    }

    @inline(never)
    private static func multiplySingleSlowly(
        _ a: UInt64, _ b: UInt64, _ env: inout FloatEnvironment
    ) -> UInt64 {
        let left = Unpacked<UInt64>(a, Binary64.self, &env)
        let right = Unpacked<UInt64>(b, Binary64.self, &env)
        return multiplyUnpacked(left, right, &env).packedSingleInDouble(&env)
    }

    @inline(__always)
    package static func divideSingle(_ a: UInt64, _ b: UInt64, _ env: inout FloatEnvironment) -> UInt64 {
        if env.rounding == .nearestEven, isMidSingle(a), isMidSingle(b) {
            let x = Double(bitPattern: a)
            let y = Double(bitPattern: b)
            let quotient = Double(Float(x / y))
            // The product of two singles is exact in double format.
            if quotient * y != x { env.raise(.inexact) }
            return quotient.bitPattern
        }
        return divideSingleSlowly(a, b, &env)
    }

    @inline(never)
    private static func divideSingleSlowly(
        _ a: UInt64, _ b: UInt64, _ env: inout FloatEnvironment
    ) -> UInt64 {
        let left = Unpacked<UInt64>(a, Binary64.self, &env)
        let right = Unpacked<UInt64>(b, Binary64.self, &env)
        return divideUnpacked(left, right, &env).packedSingleInDouble(&env)
    }

    package static func squareRootSingle(_ a: UInt64, _ env: inout FloatEnvironment) -> UInt64 {
        squareRootUnpacked(Unpacked<UInt64>(a, Binary64.self, &env), &env).packedSingleInDouble(&env)
    }

    @inline(__always)
    package static func fuseSingle(
        _ a: UInt64, _ c: UInt64, _ b: UInt64, _ kind: FusedKind, _ env: inout FloatEnvironment
    ) -> UInt64 {
        if env.rounding == .nearestEven, isMidSingle(a), isMidSingle(c), isMidSingle(b) {
            let product = Double(bitPattern: a) * Double(bitPattern: c)
            let z = kind.contains(.negateAddend) ? -Double(bitPattern: b) : Double(bitPattern: b)
            let sum = product + z
            let isInexact = sumError(product, z, sum) != 0
            // Rounding twice is wrong only where the first rounding ends exactly half-way between two singles.
            if sum != 0, !isInexact || sum.bitPattern & 0x1fff_ffff != 0x1000_0000 {
                return rounded(kind.contains(.negateResult) ? -sum : sum, isInexact: isInexact, &env)
            }
        }
        return fuseSingleSlowly(a, c, b, kind, &env)
    }

    @inline(never)
    private static func fuseSingleSlowly(
        _ a: UInt64, _ c: UInt64, _ b: UInt64, _ kind: FusedKind, _ env: inout FloatEnvironment
    ) -> UInt64 {
        let left = Unpacked<UInt64>(a, Binary64.self, &env)
        let right = Unpacked<UInt64>(c, Binary64.self, &env)
        let addend = Unpacked<UInt64>(b, Binary64.self, &env)
        return fuseUnpacked(left, right, plus: addend, kind, &env).packedSingleInDouble(&env)
    }
}
