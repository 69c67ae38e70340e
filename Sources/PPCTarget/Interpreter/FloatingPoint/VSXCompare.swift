import CPPCState

/// VSX comparison, minimum, maximum and classification (ISA 3.1 Book I, sections 7.6.1.5 and 7.6.1.11).
enum VSXCompare {
    enum Relation { case equal, greaterOrEqual, greater }

    @inline(__always)
    private static func holds(_ relation: FloatRelation, _ wanted: Relation) -> Bool {
        switch wanted {
        case .equal: relation == .equal
        case .greaterOrEqual: relation == .equal || relation == .greater
        case .greater: relation == .greater
        }
    }

    /// `xscmpodp`, `xscmpudp` and their quad siblings.
    @inline(__always)
    static func toCR<F: BinaryFormat>(
        _ cpu: CPUState, _ word: UInt64, _ format: F.Type, _ a: F.Bits, _ b: F.Bits, ordered: Bool
    ) -> Int32 {
        var status = FPStatus(cpu)
        let relation = SoftFloat.compare(F.self, a, b, signaling: false, &status.env)
        status.setFPCC(relation.rawValue)
        crFields(cpu)[Fields(word).bf] = relation.rawValue
        if relation == .unordered {
            let signaling = status.env.flags.contains(.signalingNaN)
            if signaling { status.invalid(FPSCR.vxsnan) }
            if status.isStopped { return status.stop(cpu) }
            if ordered { status.unorderedComparison(setsFPCC: false) }
        }
        status.env.flags = []
        return status.finish(cpu, setsFI: false)
    }

    /// `xscmpeqdp` and siblings: all ones or all zeros in the target.
    @inline(__always)
    static func toMask<F: BinaryFormat>(
        _ cpu: CPUState, _ target: Int, _ format: F.Type, _ a: F.Bits, _ b: F.Bits, _ wanted: Relation
    ) -> Int32 {
        var status = FPStatus(cpu)
        let relation = SoftFloat.compare(F.self, a, b, signaling: wanted != .equal, &status.env)
        if status.env.flags.contains(.invalid) {
            if status.env.flags.contains(.signalingNaN) { status.invalid(FPSCR.vxsnan) }
            if status.isStopped { return status.stop(cpu) }
            if wanted != .equal { status.unorderedComparison(setsFPCC: false) }
        }
        var result = ppc_vsr()
        if holds(relation, wanted) { Lane.set(F.self, &result, 0, ~0) }
        vsr(cpu)[target] = result
        status.env.flags = []
        return status.finish(cpu, setsFI: false)
    }

    /// `xvcmp*`: a mask per element; with Rc = 1 CR6 says whether all or none compared true.
    @inline(__always)
    static func vector<F: BinaryFormat>(
        _ cpu: CPUState, _ word: UInt64, _ format: F.Type, _ wanted: Relation, inverted: Bool = false
    ) -> Int32 {
        let f = Fields(word)
        let a = vsr(cpu)[f.xa]
        let b = vsr(cpu)[f.xb]
        var status = FPStatus(cpu)
        var result = ppc_vsr()
        var all = true
        var none = true
        for index in 0..<Lane.count(F.self) {
            var env = FloatEnvironment()
            let relation = SoftFloat.compare(
                F.self, Lane.get(F.self, a, index), Lane.get(F.self, b, index), signaling: false, &env)
            var isTrue = false
            if relation == .unordered {
                if env.flags.contains(.signalingNaN) { status.invalid(FPSCR.vxsnan) }
                if wanted != .equal { status.unorderedVector() }
                if status.isStopped { return status.stop(cpu) }
            } else {
                isTrue = holds(relation, wanted) != inverted
            }
            if isTrue {
                Lane.set(F.self, &result, index, ~0)
                none = false
            } else {
                all = false
            }
        }
        vsr(cpu)[f.xt] = result
        if word & 0x400 != 0 { crFields(cpu)[6] = (all ? 8 : 0) | (none ? 2 : 0) }
        return status.finish(cpu, setsFI: false)
    }

    /// `xscmpexpdp`, `xscmpexpqp`: compares exponents.
    @inline(__always)
    static func exponents<F: BinaryFormat>(
        _ cpu: CPUState, _ word: UInt64, _ format: F.Type, _ a: F.Bits, _ b: F.Bits
    ) -> Int32 {
        var status = FPStatus(cpu)
        let (x, y) = (F.biasedExponent(a), F.biasedExponent(b))
        let relation: FloatRelation =
            F.isNaN(a) || F.isNaN(b) ? .unordered : x < y ? .less : x > y ? .greater : .equal
        status.setFPCC(relation.rawValue)
        crFields(cpu)[Fields(word).bf] = relation.rawValue
        return status.finish(cpu, setsFI: false)
    }

    /// `xsmaxdp`, `xsmindp`
    @inline(__always)
    static func extremum(_ cpu: CPUState, _ word: UInt64, maximum: Bool) -> Int32 {
        let f = Fields(word)
        var status = FPStatus(cpu)
        let result = SoftFloat.extremum(
            Binary64.self, vsr(cpu)[f.xa].hi, vsr(cpu)[f.xb].hi, maximum: maximum, &status.env)
        status.record(status.env.flags, setsFPCC: false)
        if status.isStopped { return status.stop(cpu) }
        vsr(cpu)[f.xt] = Lane.scalar(result)
        return status.finish(cpu, setsFI: false)
    }

    /// Type-C extremum, as C's `a < b ? a : b` computes it: a NaN anywhere chooses B unchanged.
    @inline(__always)
    static func extremumC<F: BinaryFormat>(
        _ cpu: CPUState, _ target: Int, _ format: F.Type, _ a: F.Bits, _ b: F.Bits, maximum: Bool
    ) -> Int32 {
        var status = FPStatus(cpu)
        let relation = SoftFloat.compare(F.self, a, b, signaling: false, &status.env)
        let first = maximum ? relation == .greater || relation == .equal : relation == .less
        if status.env.flags.contains(.signalingNaN) { status.invalid(FPSCR.vxsnan) }
        if status.isStopped { return status.stop(cpu) }
        var result = ppc_vsr()
        Lane.set(F.self, &result, 0, first ? a : b)
        vsr(cpu)[target] = result
        status.env.flags = []
        return status.finish(cpu, setsFI: false)
    }

    /// Type-J extremum, as Java's `Math.max` computes it: a NaN wins, −0 is below +0.
    @inline(__always)
    static func extremumJ(_ cpu: CPUState, _ word: UInt64, maximum: Bool) -> Int32 {
        let f = Fields(word)
        let a = vsr(cpu)[f.xa].hi
        let b = vsr(cpu)[f.xb].hi
        var status = FPStatus(cpu)
        let result: UInt64
        if Binary64.isNaN(a) || Binary64.isNaN(b) {
            result = Binary64.isNaN(a) ? a : b
            if Binary64.isSignalingNaN(result) { status.invalid(FPSCR.vxsnan) }
            if status.isStopped { return status.stop(cpu) }
        } else if Binary64.isZero(a) && Binary64.isZero(b) {
            result = maximum ? a & b : a | b
        } else {
            let less = SoftFloat.order(Binary64.self, a, b) == .less
            result = less != maximum ? a : b
        }
        vsr(cpu)[f.xt] = Lane.scalar(result)
        return status.finish(cpu, setsFI: false)
    }

    // MARK: Data classes

    /// Whether a datum is of a class in the 7-bit mask of `xststdc*`.
    @inline(__always)
    static func isInClass<F: BinaryFormat>(_ format: F.Type, _ a: F.Bits, _ mask: UInt64) -> Bool {
        let positive: UInt64 = F.isNegative(a) ? 0 : 1
        if F.isNaN(a) { return mask >> 6 & 1 != 0 }
        if F.isInfinite(a) { return mask >> (4 + positive) & 1 != 0 }
        if F.isZero(a) { return mask >> (2 + positive) & 1 != 0 }
        if F.isDenormal(a) { return mask >> positive & 1 != 0 }
        return false
    }

    @inline(__always)
    static func testClass<F: BinaryFormat>(
        _ cpu: CPUState, _ word: UInt64, _ format: F.Type, _ b: F.Bits
    ) -> Int32 {
        setClass(cpu, word, negative: F.isNegative(b), match: isInClass(F.self, b, word >> 16 & 0x7f))
    }

    /// `xststdcsp`: denormal means denormal in single precision; SO says that the value is no single.
    static func testClassSingle(_ cpu: CPUState, _ word: UInt64) -> Int32 {
        let b = vsr(cpu)[Fields(word).xb].hi
        let exponent = Binary64.biasedExponent(b)
        let match = isInClass(Binary64.self, b, word >> 16 & 0x7f) || (exponent > 0 && exponent < 0x381)
        return setClass(
            cpu, word, negative: Binary64.isNegative(b), match: match,
            extra: doubleFormat(singleFormat(b)) == b ? 0 : 1)
    }

    @inline(__always)
    private static func setClass(
        _ cpu: CPUState, _ word: UInt64, negative: Bool, match: Bool, extra: UInt8 = 0
    ) -> Int32 {
        let code: UInt8 = (negative ? 8 : 0) | (match ? 2 : 0) | extra
        cpu.pointee.fpscr = cpu.pointee.fpscr & ~FPSCR.fpcc | UInt64(code) << 12
        crFields(cpu)[Fields(word).bf] = code
        return Outcome.next
    }

    /// DCMX of the vector forms, bits 25, 29 and 11:15 of the word.
    @inline(__always)
    static func splitMask(_ word: UInt64) -> UInt64 {
        let low: UInt64 = word >> 16 & 0x1f
        let middle: UInt64 = (word >> 2 & 1) << 5
        let high: UInt64 = word & 0x40
        return high | middle | low
    }

    /// `xvtstdcdp`, `xvtstdcsp`: the mask is split over the word as dc || dm || dx.
    @inline(__always)
    static func vectorClass<F: BinaryFormat>(_ cpu: CPUState, _ word: UInt64, _ format: F.Type) -> Int32 {
        let b = vsr(cpu)[Fields(word).xb]
        let mask = splitMask(word)
        var result = ppc_vsr()
        for index in 0..<Lane.count(F.self) where isInClass(F.self, Lane.get(F.self, b, index), mask) {
            Lane.set(F.self, &result, index, ~0)
        }
        vsr(cpu)[Fields(word).xt] = result
        return Outcome.next
    }
}
