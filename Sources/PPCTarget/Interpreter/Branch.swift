import CPPCState

/// Branches (ISA 3.1 Book I, section 2.4).
enum Branch {
    @inline(__always)
    private static func narrowed(_ cpu: CPUState, _ address: UInt64) -> UInt64 {
        cpu.pointee.narrow == 0 ? address : address & 0xffff_ffff
    }

    /// CFAR remembers where the last taken branch stands (ISA 3.1 Book III, section 8.2).
    @inline(__always)
    static func comesFrom(_ cpu: CPUState, _ address: UInt64) { spr(cpu)[SPRegister.cfar] = address }

    @inline(__always)
    private static func take(_ cpu: CPUState, _ target: UInt64) -> Int32 {
        comesFrom(cpu, cpu.pointee.nip)
        cpu.pointee.nip = narrowed(cpu, target & ~3)
        return Outcome.branch
    }

    @inline(__always)
    private static func link(_ cpu: CPUState) { cpu.pointee.lr = narrowed(cpu, cpu.pointee.nip &+ 4) }

    @inline(__always)
    static func b(_ cpu: CPUState, _ word: UInt64, absolute: Bool, link linking: Bool) -> Int32 {
        let displacement = UInt64(bitPattern: Int64((Int32(truncatingIfNeeded: word & 0x03ff_fffc) &<< 6) &>> 6))
        let target = absolute ? displacement : cpu.pointee.nip &+ displacement
        if linking { link(cpu) }
        return take(cpu, target)
    }

    /// BO: 16 ignores the condition bit, 8 is the value it must have; 4 leaves CTR alone, 2 wants it zero after
    /// counting down. The other bits are hints.
    @inline(__always)
    private static func conditionHolds<O: Operands>(_ cpu: CPUState, _ f: O, _ bo: Int) -> Bool {
        bo & 16 != 0 || f.conditionBit(cpu) == (bo & 8 != 0)
    }
    @inline(__always)
    private static func counterHolds<O: Operands>(_ cpu: CPUState, _ f: O, _ bo: Int) -> Bool {
        if bo & 4 != 0 { return true }
        cpu.pointee.ctr &-= 1
        return (f.effective(cpu, cpu.pointee.ctr) == 0) == (bo & 2 != 0)
    }

    /// Whether a branch is taken; counts CTR down where BO says so.
    @inline(__always)
    static func holds<O: Operands>(_ cpu: CPUState, _ f: O, _ bo: Int) -> Bool {
        let counter = counterHolds(cpu, f, bo)
        return counter && conditionHolds(cpu, f, bo)
    }

    @inline(__always)
    static func bc(_ cpu: CPUState, _ word: UInt64, absolute: Bool, link linking: Bool) -> Int32 {
        let f = Fields(word)
        if linking { link(cpu) }
        guard holds(cpu, f, f.rt) else { return Outcome.next }
        return take(cpu, absolute ? f.ds : cpu.pointee.nip &+ f.ds)
    }

    @inline(__always)
    static func bclr(_ cpu: CPUState, _ word: UInt64, link linking: Bool) -> Int32 {
        toRegister(cpu, word, cpu.pointee.lr, link: linking)
    }

    @inline(__always)
    static func bctar(_ cpu: CPUState, _ word: UInt64, link linking: Bool) -> Int32 {
        toRegister(cpu, word, spr(cpu)[815], link: linking)
    }

    @inline(__always)
    private static func toRegister(_ cpu: CPUState, _ word: UInt64, _ target: UInt64, link linking: Bool) -> Int32 {
        let f = Fields(word)
        if linking { link(cpu) }
        guard holds(cpu, f, f.rt) else { return Outcome.next }
        return take(cpu, target)
    }

    /// The form that counts down is invalid, but processors of this family decide by CTR before counting, and guests
    /// use it as a speculation barrier (as QEMU does it).
    @inline(__always)
    static func bcctr(_ cpu: CPUState, _ word: UInt64, link linking: Bool) -> Int32 {
        let f = Fields(word)
        let target = cpu.pointee.ctr
        if linking { link(cpu) }
        if f.rt & 4 == 0 {
            guard (narrowed(cpu, target) == 0) == (f.rt & 2 != 0) else { return Outcome.next }
            cpu.pointee.ctr = target &- 1
        }
        guard conditionHolds(cpu, f, f.rt) else { return Outcome.next }
        return take(cpu, target)
    }
}
