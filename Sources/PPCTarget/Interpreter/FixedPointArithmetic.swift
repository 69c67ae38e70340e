import CPPCState

/// Fixed-point arithmetic (ISA 3.1 Book I, section 3.3.9).
enum FixedPointArithmetic {
    // MARK: Immediate forms

    @inline(__always)
    static func addi<O: Operands>(_ cpu: CPUState, _ f: O) -> Int32 {
        gpr(cpu)[f.rt] = f.base(cpu) &+ f.si
        return Outcome.next
    }

    @inline(__always)
    static func addis<O: Operands>(_ cpu: CPUState, _ f: O) -> Int32 {
        gpr(cpu)[f.rt] = f.base(cpu) &+ (f.si &<< 16)
        return Outcome.next
    }

    /// The immediate is relative to the next instruction.
    @inline(__always)
    static func addpcis(_ cpu: CPUState, _ word: UInt64) -> Int32 {
        let immediate = UInt64(
            bitPattern: Int64(Int16(truncatingIfNeeded: word & 0xffc0 | word >> 15 & 0x3e | word & 1)))
        gpr(cpu)[Fields(word).rt] = cpu.pointee.nip &+ 4 &+ (immediate &<< 16)
        return Outcome.next
    }

    @inline(__always)
    static func addic<O: Operands>(_ cpu: CPUState, _ f: O, record: Bool) -> Int32 {
        let sum = addWithCarry(cpu, gpr(cpu)[f.ra], f.si, 0)
        gpr(cpu)[f.rt] = sum
        if record { recordCR0(cpu, f, sum) }
        return Outcome.next
    }

    @inline(__always)
    static func subfic<O: Operands>(_ cpu: CPUState, _ f: O) -> Int32 {
        gpr(cpu)[f.rt] = addWithCarry(cpu, ~gpr(cpu)[f.ra], f.si, 1)
        return Outcome.next
    }

    @inline(__always)
    static func mulli<O: Operands>(_ cpu: CPUState, _ f: O) -> Int32 {
        gpr(cpu)[f.rt] = gpr(cpu)[f.ra] &* f.si
        return Outcome.next
    }

    // MARK: Addition and subtraction

    /// Sum with CA and CA32. In 32-bit mode CA is the carry out of bit 32, but the result is the whole 64-bit sum.
    @inline(__always)
    static func addWithCarry(_ cpu: CPUState, _ a: UInt64, _ b: UInt64, _ carry: UInt64) -> UInt64 {
        let (first, carryA) = a.addingReportingOverflow(b)
        let (sum, carryB) = first.addingReportingOverflow(carry)
        let ca32 = UInt8(truncatingIfNeeded: (a ^ b ^ sum) >> 32 & 1)
        cpu.pointee.ca32 = ca32
        cpu.pointee.ca = cpu.pointee.narrow == 0 ? (carryA || carryB ? 1 : 0) : ca32
        return sum
    }

    /// What every addition and subtraction does with its addends: subtractions pass the complement and a carry.
    @inline(__always)
    static func add<O: Operands>(_ cpu: CPUState, _ f: O, _ a: UInt64, _ b: UInt64, carry: UInt64, setsCA: Bool)
        -> Int32
    {
        let sum = setsCA ? addWithCarry(cpu, a, b, carry) : a &+ b &+ carry
        if f.oe { setAddOverflow(cpu, a, b, sum) }
        gpr(cpu)[f.rt] = sum
        if f.record { recordCR0(cpu, f, sum) }
        return Outcome.next
    }

    @inline(__always)
    static func add<O: Operands>(_ cpu: CPUState, _ f: O) -> Int32 {
        return add(cpu, f, gpr(cpu)[f.ra], gpr(cpu)[f.rb], carry: 0, setsCA: false)
    }
    @inline(__always)
    static func addc<O: Operands>(_ cpu: CPUState, _ f: O) -> Int32 {
        return add(cpu, f, gpr(cpu)[f.ra], gpr(cpu)[f.rb], carry: 0, setsCA: true)
    }
    @inline(__always)
    static func adde<O: Operands>(_ cpu: CPUState, _ f: O) -> Int32 {
        return add(cpu, f, gpr(cpu)[f.ra], gpr(cpu)[f.rb], carry: UInt64(cpu.pointee.ca), setsCA: true)
    }
    @inline(__always)
    static func addme<O: Operands>(_ cpu: CPUState, _ f: O) -> Int32 {
        return add(cpu, f, gpr(cpu)[f.ra], UInt64.max, carry: UInt64(cpu.pointee.ca), setsCA: true)
    }
    @inline(__always)
    static func addze<O: Operands>(_ cpu: CPUState, _ f: O) -> Int32 {
        return add(cpu, f, gpr(cpu)[f.ra], 0, carry: UInt64(cpu.pointee.ca), setsCA: true)
    }
    @inline(__always)
    static func subf<O: Operands>(_ cpu: CPUState, _ f: O) -> Int32 {
        return add(cpu, f, ~gpr(cpu)[f.ra], gpr(cpu)[f.rb], carry: 1, setsCA: false)
    }
    @inline(__always)
    static func subfc<O: Operands>(_ cpu: CPUState, _ f: O) -> Int32 {
        return add(cpu, f, ~gpr(cpu)[f.ra], gpr(cpu)[f.rb], carry: 1, setsCA: true)
    }
    @inline(__always)
    static func subfe<O: Operands>(_ cpu: CPUState, _ f: O) -> Int32 {
        return add(cpu, f, ~gpr(cpu)[f.ra], gpr(cpu)[f.rb], carry: UInt64(cpu.pointee.ca), setsCA: true)
    }
    @inline(__always)
    static func subfme<O: Operands>(_ cpu: CPUState, _ f: O) -> Int32 {
        return add(cpu, f, ~gpr(cpu)[f.ra], UInt64.max, carry: UInt64(cpu.pointee.ca), setsCA: true)
    }
    @inline(__always)
    static func subfze<O: Operands>(_ cpu: CPUState, _ f: O) -> Int32 {
        return add(cpu, f, ~gpr(cpu)[f.ra], 0, carry: UInt64(cpu.pointee.ca), setsCA: true)
    }
    @inline(__always)
    static func neg<O: Operands>(_ cpu: CPUState, _ f: O) -> Int32 {
        return add(cpu, f, ~gpr(cpu)[f.ra], 0, carry: 1, setsCA: false)
    }

    /// `addex`: OV takes the place of CA, so that two carry chains can run side by side (CY = 0).
    static func addex<O: Operands>(_ cpu: CPUState, _ f: O) -> Int32 {
        let (ca, ca32) = (cpu.pointee.ca, cpu.pointee.ca32)
        let sum = addWithCarry(cpu, gpr(cpu)[f.ra], gpr(cpu)[f.rb], UInt64(cpu.pointee.ov))
        cpu.pointee.ov = cpu.pointee.ca
        cpu.pointee.ov32 = cpu.pointee.ca32
        cpu.pointee.ca = ca
        cpu.pointee.ca32 = ca32
        gpr(cpu)[f.rt] = sum
        if f.record { recordCR0(cpu, f, sum) }
        return Outcome.next
    }

    // MARK: Multiplication

    @inline(__always)
    static func finish<O: Operands>(_ cpu: CPUState, _ f: O, _ result: UInt64) -> Int32 {
        gpr(cpu)[f.rt] = result
        if f.record { recordCR0(cpu, f, result) }
        return Outcome.next
    }

    @inline(__always)
    static func mullw<O: Operands>(_ cpu: CPUState, _ f: O) -> Int32 {
        let product =
            Int64(Int32(truncatingIfNeeded: gpr(cpu)[f.ra])) &* Int64(Int32(truncatingIfNeeded: gpr(cpu)[f.rb]))
        if f.oe {
            let overflow = product != Int64(Int32(truncatingIfNeeded: product))
            setOverflow(cpu, overflow, overflow)
        }
        return finish(cpu, f, UInt64(bitPattern: product))
    }
    @inline(__always)
    static func mulld<O: Operands>(_ cpu: CPUState, _ f: O) -> Int32 {
        let (product, overflow) = Int64(bitPattern: gpr(cpu)[f.ra])
            .multipliedReportingOverflow(by: Int64(bitPattern: gpr(cpu)[f.rb]))
        if f.oe { setOverflow(cpu, overflow, overflow) }
        return finish(cpu, f, UInt64(bitPattern: product))
    }
    /// The upper half of RT is undefined; it is zero here.
    @inline(__always)
    static func mulhw<O: Operands>(_ cpu: CPUState, _ f: O) -> Int32 {
        let product =
            Int64(Int32(truncatingIfNeeded: gpr(cpu)[f.ra])) &* Int64(Int32(truncatingIfNeeded: gpr(cpu)[f.rb]))
        return finish(cpu, f, UInt64(bitPattern: product) >> 32)
    }
    @inline(__always)
    static func mulhwu<O: Operands>(_ cpu: CPUState, _ f: O) -> Int32 {
        return finish(cpu, f, ((gpr(cpu)[f.ra] & 0xffff_ffff) &* (gpr(cpu)[f.rb] & 0xffff_ffff)) >> 32)
    }
    @inline(__always)
    static func mulhd<O: Operands>(_ cpu: CPUState, _ f: O) -> Int32 {
        let product = Int64(bitPattern: gpr(cpu)[f.ra]).multipliedFullWidth(by: Int64(bitPattern: gpr(cpu)[f.rb]))
        return finish(cpu, f, UInt64(bitPattern: product.high))
    }
    @inline(__always)
    static func mulhdu<O: Operands>(_ cpu: CPUState, _ f: O) -> Int32 {
        return finish(cpu, f, gpr(cpu)[f.ra].multipliedFullWidth(by: gpr(cpu)[f.rb]).high)
    }
    @inline(__always)
    static func maddld<O: Operands>(_ cpu: CPUState, _ f: O) -> Int32 {
        gpr(cpu)[f.rt] = gpr(cpu)[f.ra] &* gpr(cpu)[f.rb] &+ gpr(cpu)[f.rc]
        return Outcome.next
    }
    @inline(__always)
    static func maddhd<O: Operands>(_ cpu: CPUState, _ f: O) -> Int32 {
        let addend = gpr(cpu)[f.rc]
        let product = Int64(bitPattern: gpr(cpu)[f.ra]).multipliedFullWidth(by: Int64(bitPattern: gpr(cpu)[f.rb]))
        let carry: UInt64 = product.low.addingReportingOverflow(addend).overflow ? 1 : 0
        let sign = UInt64(bitPattern: Int64(bitPattern: addend) >> 63)
        gpr(cpu)[f.rt] = UInt64(bitPattern: product.high) &+ sign &+ carry
        return Outcome.next
    }
    @inline(__always)
    static func maddhdu<O: Operands>(_ cpu: CPUState, _ f: O) -> Int32 {
        let product = gpr(cpu)[f.ra].multipliedFullWidth(by: gpr(cpu)[f.rb])
        let carry: UInt64 = product.low.addingReportingOverflow(gpr(cpu)[f.rc]).overflow ? 1 : 0
        gpr(cpu)[f.rt] = product.high &+ carry
        return Outcome.next
    }
}
