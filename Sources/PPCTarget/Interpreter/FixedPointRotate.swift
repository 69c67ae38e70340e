import CPPCState

/// Rotates and shifts (ISA 3.1 Book I, section 3.3.14).
enum FixedPointRotate {
    /// Ones from bit `mb` to bit `me` in ISA numbering, around the ends if `mb` is above `me`.
    @inline(__always)
    static func mask(_ mb: UInt64, _ me: UInt64) -> UInt64 {
        let from = UInt64.max &>> mb
        let to = UInt64.max &<< (63 &- me)
        return mb <= me ? from & to : from | to
    }
    @inline(__always)
    static func rotate(_ value: UInt64, _ count: UInt64) -> UInt64 {
        value &<< count | value &>> (64 &- count)
    }
    /// Rotates the low word; the result repeats it in both halves.
    @inline(__always)
    static func rotateWord(_ value: UInt64, _ count: UInt64) -> UInt64 {
        let low = value & 0xffff_ffff
        return rotate(low | low << 32, count)
    }
    @inline(__always)
    private static func finish<O: Operands>(_ cpu: CPUState, _ f: O, _ result: UInt64) -> Int32 {
        gpr(cpu)[f.ra] = result
        if f.record { recordCR0(cpu, f, result) }
        return Outcome.next
    }
    @inline(__always)
    static func rlwinm<O: Operands>(_ cpu: CPUState, _ f: O) -> Int32 {
        return finish(cpu, f, rotateWord(gpr(cpu)[f.rs], f.sh) & f.rotateMask(.word))
    }
    @inline(__always)
    static func rlwnm<O: Operands>(_ cpu: CPUState, _ f: O) -> Int32 {
        return finish(cpu, f, rotateWord(gpr(cpu)[f.rs], gpr(cpu)[f.rb] & 31) & f.rotateMask(.word))
    }
    @inline(__always)
    static func rlwimi<O: Operands>(_ cpu: CPUState, _ f: O) -> Int32 {
        let m = f.rotateMask(.word)
        return finish(cpu, f, rotateWord(gpr(cpu)[f.rs], f.sh) & m | gpr(cpu)[f.ra] & ~m)
    }
    @inline(__always)
    static func rldicl<O: Operands>(_ cpu: CPUState, _ f: O) -> Int32 {
        return finish(cpu, f, rotate(gpr(cpu)[f.rs], f.sh6) & f.rotateMask(.left))
    }
    @inline(__always)
    static func rldicr<O: Operands>(_ cpu: CPUState, _ f: O) -> Int32 {
        return finish(cpu, f, rotate(gpr(cpu)[f.rs], f.sh6) & f.rotateMask(.right))
    }
    @inline(__always)
    static func rldic<O: Operands>(_ cpu: CPUState, _ f: O) -> Int32 {
        return finish(cpu, f, rotate(gpr(cpu)[f.rs], f.sh6) & f.rotateMask(.both))
    }
    @inline(__always)
    static func rldimi<O: Operands>(_ cpu: CPUState, _ f: O) -> Int32 {
        let m = f.rotateMask(.both)
        return finish(cpu, f, rotate(gpr(cpu)[f.rs], f.sh6) & m | gpr(cpu)[f.ra] & ~m)
    }
    @inline(__always)
    static func rldcl<O: Operands>(_ cpu: CPUState, _ f: O) -> Int32 {
        return finish(cpu, f, rotate(gpr(cpu)[f.rs], gpr(cpu)[f.rb] & 63) & f.rotateMask(.left))
    }
    @inline(__always)
    static func rldcr<O: Operands>(_ cpu: CPUState, _ f: O) -> Int32 {
        return finish(cpu, f, rotate(gpr(cpu)[f.rs], gpr(cpu)[f.rb] & 63) & f.rotateMask(.right))
    }

    // MARK: Shifts

    @inline(__always)
    static func slw<O: Operands>(_ cpu: CPUState, _ f: O) -> Int32 {
        let count = gpr(cpu)[f.rb]
        return finish(cpu, f, count & 32 != 0 ? 0 : gpr(cpu)[f.rs] &<< (count & 31) & 0xffff_ffff)
    }
    @inline(__always)
    static func srw<O: Operands>(_ cpu: CPUState, _ f: O) -> Int32 {
        let count = gpr(cpu)[f.rb]
        return finish(cpu, f, count & 32 != 0 ? 0 : (gpr(cpu)[f.rs] & 0xffff_ffff) &>> (count & 31))
    }
    @inline(__always)
    static func sld<O: Operands>(_ cpu: CPUState, _ f: O) -> Int32 {
        let count = gpr(cpu)[f.rb]
        return finish(cpu, f, count & 64 != 0 ? 0 : gpr(cpu)[f.rs] &<< (count & 63))
    }
    @inline(__always)
    static func srd<O: Operands>(_ cpu: CPUState, _ f: O) -> Int32 {
        let count = gpr(cpu)[f.rb]
        return finish(cpu, f, count & 64 != 0 ? 0 : gpr(cpu)[f.rs] &>> (count & 63))
    }

    /// Arithmetic right shift by up to 63; CA tells whether a negative number lost ones.
    @inline(__always)
    private static func shiftArithmetic<O: Operands>(
        _ cpu: CPUState, _ f: O, _ value: Int64, _ count: Int64
    ) -> Int32 {
        let lost = UInt64(bitPattern: value) & ((UInt64(1) &<< UInt64(bitPattern: count)) &- 1)
        let carry: UInt8 = value < 0 && lost != 0 ? 1 : 0
        cpu.pointee.ca = carry
        cpu.pointee.ca32 = carry
        return finish(cpu, f, UInt64(bitPattern: value &>> count))
    }
    @inline(__always)
    static func sraw<O: Operands>(_ cpu: CPUState, _ f: O) -> Int32 {
        let value = Int64(Int32(truncatingIfNeeded: gpr(cpu)[f.rs]))
        // Counts of 32 to 63 leave only copies of the sign, as a shift of the widened value does.
        return shiftArithmetic(cpu, f, value, Int64(bitPattern: gpr(cpu)[f.rb] & 63))
    }
    @inline(__always)
    static func srawi<O: Operands>(_ cpu: CPUState, _ f: O) -> Int32 {
        return shiftArithmetic(
            cpu, f, Int64(Int32(truncatingIfNeeded: gpr(cpu)[f.rs])), Int64(bitPattern: f.sh))
    }
    @inline(__always)
    static func srad<O: Operands>(_ cpu: CPUState, _ f: O) -> Int32 {
        let count = gpr(cpu)[f.rb] & 127
        let value = Int64(bitPattern: gpr(cpu)[f.rs])
        guard count >= 64 else { return shiftArithmetic(cpu, f, value, Int64(bitPattern: count)) }
        let sign = value &>> 63
        cpu.pointee.ca = UInt8(truncatingIfNeeded: sign & 1)
        cpu.pointee.ca32 = cpu.pointee.ca
        return finish(cpu, f, UInt64(bitPattern: sign))
    }
    @inline(__always)
    static func sradi<O: Operands>(_ cpu: CPUState, _ f: O) -> Int32 {
        return shiftArithmetic(cpu, f, Int64(bitPattern: gpr(cpu)[f.rs]), Int64(bitPattern: f.sh6))
    }
    @inline(__always)
    static func extswsli<O: Operands>(_ cpu: CPUState, _ f: O) -> Int32 {
        return finish(cpu, f, FixedPointLogical.extend(gpr(cpu)[f.rs], Int32.self) &<< f.sh6)
    }
}
