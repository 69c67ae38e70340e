import CPPCState

/// Decimal floating-point instructions (ISA 3.1 Book I, section 5.6), long (`d…`) and extended (`d…q`).
///
/// Exceptions are recorded with the FPSCR's summary bits, but enabled ones do not interrupt and FI is never cleared,
/// as in QEMU, where ISA 3.1 Book I, section 5.5.10 has them interrupt.
enum DecimalFloat {
    /// Operand size of an instruction.
    enum Size {
        case long, extended
        @inline(__always) var format: DecimalFormat { self == .long ? .long : .extended }
    }

    /// An instruction under way: format, rounding, and the FPSCR it will leave.
    struct Operation {
        var context: DecimalContext
        var fpscr: UInt64
        let size: Size

        init(_ cpu: CPUState, _ size: Size) {
            fpscr = cpu.pointee.fpscr
            let mode = DecimalRounding(rawValue: UInt8(truncatingIfNeeded: fpscr >> 32 & 7)) ?? .halfEven
            context = DecimalContext(format: size.format, rounding: mode)
            self.size = size
        }

        func read(_ cpu: CPUState, _ register: Int) -> DecimalNumber {
            size.format.decode(DecimalFloat.bits(cpu, register, size))
        }

        mutating func flag(_ bits: UInt64, enable: UInt64) {
            fpscr |= bits | FPSCR.fx
            if fpscr & enable != 0 { fpscr |= FPSCR.fex }
        }

        mutating func invalid(_ kind: UInt64) { flag(kind | FPSCR.vx, enable: FPSCR.ve) }

        /// Overflow, underflow, inexactness.
        mutating func recordRange() {
            if context.status.contains(.overflow) { flag(FPSCR.ox, enable: FPSCR.oe) }
            if context.status.contains(.underflow) { flag(FPSCR.ux, enable: FPSCR.ue) }
            recordInexact()
        }

        mutating func recordInexact() {
            if context.status.contains(.inexact) { flag(FPSCR.xx | FPSCR.fi, enable: FPSCR.xe) }
        }

        mutating func recordSignaling(_ a: DecimalNumber, _ b: DecimalNumber) {
            if context.status.contains(.invalid), a.kind == .signalingNaN || b.kind == .signalingNaN {
                invalid(FPSCR.vxsnan)
            }
        }

        mutating func setFPRF(_ a: DecimalNumber, _ format: DecimalFormat? = nil) {
            let code: UInt64
            switch a.kind {
            case .signalingNaN: code = 0x01
            case .quietNaN: code = 0x11
            case .infinity: code = a.sign ? 0x09 : 0x05
            case .finite:
                if a.isZero {
                    code = a.sign ? 0x12 : 0x02
                } else if a.isNormal(format ?? context.format) {
                    code = a.sign ? 0x08 : 0x04
                } else {
                    code = a.sign ? 0x18 : 0x14
                }
            }
            fpscr = fpscr & ~FPSCR.fprf | code << 12
        }

        /// Sets a CR field and FPCC.
        mutating func setField(_ cpu: CPUState, _ word: UInt64, _ code: UInt8) -> Int32 {
            fpscr = fpscr & ~FPSCR.fpcc | UInt64(code) << 12
            crFields(cpu)[Fields(word).bf] = code
            cpu.pointee.fpscr = fpscr
            return Outcome.next
        }

        /// Writes a number to `frT` in the operation's format, and CR1.
        func deliver(_ cpu: CPUState, _ word: UInt64, _ result: DecimalNumber) -> Int32 {
            deliver(cpu, word, bits: size.format.encode(result))
        }

        func deliver(_ cpu: CPUState, _ word: UInt64, bits: UInt128) -> Int32 {
            DecimalFloat.write(cpu, Fields(word).rt, bits, size)
            cpu.pointee.fpscr = fpscr
            setCR1(cpu, word)
            return Outcome.next
        }
    }

    /// A register, or an even/odd pair of them, as one datum.
    static func bits(_ cpu: CPUState, _ register: Int, _ size: Size) -> UInt128 {
        size == .long
            ? UInt128(fpr(cpu, register)) : UInt128(fpr(cpu, register)) << 64 | UInt128(fpr(cpu, register + 1))
    }

    static func write(_ cpu: CPUState, _ register: Int, _ bits: UInt128, _ size: Size) {
        if size == .long {
            setFPR(cpu, register, UInt64(truncatingIfNeeded: bits))
        } else {
            setFPR(cpu, register, UInt64(truncatingIfNeeded: bits >> 64))
            setFPR(cpu, register + 1, UInt64(truncatingIfNeeded: bits))
        }
    }

    // MARK: Arithmetic (section 5.6.1)

    enum Binary { case add, subtract, multiply, divide }

    static func arithmetic(_ cpu: CPUState, _ word: UInt64, _ size: Size, _ kind: Binary) -> Int32 {
        var operation = Operation(cpu, size)
        let a = operation.read(cpu, Fields(word).ra)
        let b = operation.read(cpu, Fields(word).rb)
        let result =
            switch kind {
            case .add: operation.context.add(a, b)
            case .subtract: operation.context.add(a, b, subtract: true)
            case .multiply: operation.context.multiply(a, b)
            case .divide: operation.context.divide(a, b)
            }
        operation.setFPRF(result)
        if operation.context.status.contains(.divideByZero) { operation.flag(FPSCR.zx, enable: FPSCR.ze) }
        operation.recordRange()
        operation.recordSignaling(a, b)
        if operation.context.status.contains(.zeroOverZero) { operation.invalid(FPSCR.vxzdz) }
        if operation.context.status.contains(.invalid) && !a.isNaN && !b.isNaN {
            switch kind {
            case .add, .subtract: operation.invalid(FPSCR.vxisi)
            case .multiply: operation.invalid(FPSCR.vximz)
            case .divide: operation.invalid(FPSCR.vxidi)
            }
        }
        return operation.deliver(cpu, word, operation.context.fit(result))
    }

    // MARK: Comparison and tests (sections 5.6.2, 5.6.3)

    static func compare(_ cpu: CPUState, _ word: UInt64, _ size: Size, ordered: Bool) -> Int32 {
        var operation = Operation(cpu, size)
        let a = operation.read(cpu, Fields(word).ra)
        let b = operation.read(cpu, Fields(word).rb)
        let code = operation.context.compare(a, b)
        operation.recordSignaling(a, b)
        if ordered && code == 1 { operation.invalid(FPSCR.vxvc) }
        return operation.setField(cpu, word, code)
    }

    static func testClass(_ cpu: CPUState, _ word: UInt64, _ size: Size) -> Int32 {
        var operation = Operation(cpu, size)
        let a = operation.read(cpu, Fields(word).ra)
        let bit: UInt64 =
            switch a.kind {
            case .signalingNaN: 0x01
            case .quietNaN: 0x02
            case .infinity: 0x04
            case .finite: a.isZero ? 0x20 : a.isNormal(size.format) ? 0x08 : 0x10
            }
        let match = word >> 10 & bit != 0
        return operation.setField(cpu, word, (a.sign ? 8 : 0) | (match ? 2 : 0))
    }

    static func testGroup(_ cpu: CPUState, _ word: UInt64, _ size: Size) -> Int32 {
        var operation = Operation(cpu, size)
        let a = operation.read(cpu, Fields(word).ra)
        let format = size.format
        let isExtreme = a.exponent == format.maximumExponent || a.exponent == format.minimumExponent
        let bit: UInt64
        if a.isSpecial {
            bit = 0x01
        } else if a.isZero {
            bit = isExtreme ? 0x10 : 0x20
        } else if !a.isNormal(format) || isExtreme {
            bit = 0x08
        } else {
            bit = a.digits == format.precision ? 0x02 : 0x04
        }
        let match = word >> 10 & bit != 0
        return operation.setField(cpu, word, (a.sign ? 8 : 0) | (match ? 2 : 0))
    }

    static func testExponent(_ cpu: CPUState, _ word: UInt64, _ size: Size) -> Int32 {
        var operation = Operation(cpu, size)
        let a = operation.read(cpu, Fields(word).ra)
        let b = operation.read(cpu, Fields(word).rb)
        let code: UInt8
        if a.isSpecial || b.isSpecial {
            code = a.isSpecial == b.isSpecial && a.isNaN == b.isNaN ? 2 : 1
        } else {
            code = a.exponent < b.exponent ? 8 : a.exponent > b.exponent ? 4 : 2
        }
        return operation.setField(cpu, word, code)
    }

    /// `dtstsf`, `dtstsfi`: compares a number of digits, from an FPR or the instruction, with that of a datum.
    static func testSignificance(_ cpu: CPUState, _ word: UInt64, _ size: Size, immediate: Bool) -> Int32 {
        var operation = Operation(cpu, size)
        let f = Fields(word)
        let wanted = Int(truncatingIfNeeded: (immediate ? word >> 16 : fpr(cpu, f.ra)) & 0x3f)
        let b = operation.read(cpu, f.rb)
        let code: UInt8
        if b.isSpecial {
            code = 1
        } else if wanted == 0 || b.isZero {
            code = 4
        } else {
            code = wanted < b.digits ? 8 : wanted > b.digits ? 4 : 2
        }
        return operation.setField(cpu, word, code)
    }

    // MARK: Quantum adjustment (section 5.6.4)

    /// Rounding mode of RMC, with R where the instruction has it; R = 0, RMC = 3 means FPSCR[DRN].
    private static func setMode(_ operation: inout Operation, _ word: UInt64, r: Bool) {
        switch (r, word >> 9 & 3) {
        case (false, 0): operation.context.rounding = .halfEven
        case (false, 1): operation.context.rounding = .down
        case (false, 2): operation.context.rounding = .halfUp
        case (true, 0): operation.context.rounding = .ceiling
        case (true, 1): operation.context.rounding = .floor
        case (true, 2): operation.context.rounding = .up
        case (true, _): operation.context.rounding = .halfDown
        case (false, _): break
        }
    }

    /// `b` with the exponent of `reference`. NaNs come from the reference first.
    private static func quantize(
        _ operation: inout Operation, _ b: DecimalNumber, to reference: DecimalNumber
    ) -> DecimalNumber {
        if reference.isNaN || b.isNaN { return operation.context.propagate(reference, b) }
        return operation.context.quantize(b, reference)
    }

    private static func finishQuantum(
        _ cpu: CPUState, _ word: UInt64, _ operation: inout Operation, _ result: DecimalNumber,
        _ a: DecimalNumber, _ b: DecimalNumber
    ) -> Int32 {
        let fitted = operation.context.fit(result)
        operation.setFPRF(result)
        operation.recordInexact()
        operation.recordSignaling(a, b)
        if operation.context.status.contains(.invalid) && a.kind != .signalingNaN && b.kind != .signalingNaN {
            operation.invalid(FPSCR.vxcvi)
        }
        return operation.deliver(cpu, word, fitted)
    }

    /// `dqua`, `dquai`: the reference exponent is that of a datum or a 5-bit signed immediate.
    static func quantize(_ cpu: CPUState, _ word: UInt64, _ size: Size, immediate: Bool) -> Int32 {
        var operation = Operation(cpu, size)
        let f = Fields(word)
        setMode(&operation, word, r: false)
        var reference = DecimalNumber(exponent: f.ra < 16 ? f.ra : f.ra - 32, coefficient: 1)
        if !immediate { reference = operation.read(cpu, f.ra) }
        let b = operation.read(cpu, f.rb)
        let result = quantize(&operation, b, to: reference)
        return finishQuantum(cpu, word, &operation, result, reference, b)
    }

    /// `drrnd`: rounds to the number of digits that the low bits of `frA` name.
    static func reround(_ cpu: CPUState, _ word: UInt64, _ size: Size) -> Int32 {
        var operation = Operation(cpu, size)
        let f = Fields(word)
        setMode(&operation, word, r: false)
        let wanted = Int(truncatingIfNeeded: fpr(cpu, f.ra) & 0x3f)
        let b = operation.read(cpu, f.rb)
        let zero = DecimalNumber()
        if wanted == 0 || b.digits <= wanted {
            if b.kind == .signalingNaN { operation.invalid(FPSCR.vxsnan) }
            return finishQuantum(
                cpu, word, &operation, b.kind == .signalingNaN ? b.quieted() : b, zero, zero)
        }
        let limit = size.format.maximumExponent
        let reference = DecimalNumber(exponent: b.exponent + b.digits - wanted, coefficient: 1)
        if reference.exponent > limit {
            operation.invalid(FPSCR.vxcvi)
            return finishQuantum(cpu, word, &operation, .invalid, zero, zero)
        }
        var result = quantize(&operation, b, to: reference)
        if result.kind == .finite && result.digits > wanted {
            // 99…9 was rounded up to the next magnitude: one digit less, exponent one higher.
            result.coefficient /= 10
            result.exponent += 1
            if result.exponent > limit {
                operation.invalid(FPSCR.vxcvi)
                operation.context.status.remove(.inexact)
                result = DecimalNumber(kind: .quietNaN, sign: result.sign)
            }
        }
        return finishQuantum(cpu, word, &operation, result, reference, b)
    }

    /// `drintx`, `drintn`; the latter is never inexact.
    static func roundToIntegral(_ cpu: CPUState, _ word: UInt64, _ size: Size, exact: Bool) -> Int32 {
        var operation = Operation(cpu, size)
        setMode(&operation, word, r: word >> 16 & 1 != 0)
        let b = operation.read(cpu, Fields(word).rb)
        let result = operation.context.roundToIntegral(b)
        operation.setFPRF(result)
        if exact { operation.recordInexact() }
        operation.recordSignaling(b, b)
        return operation.deliver(cpu, word, operation.context.fit(result))
    }
}
