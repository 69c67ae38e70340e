import CPPCState

/// A context that a vCPU was in before: the registers that decide it, what they come down to, and where an engine keeps
/// code for it. Kernels go to and fro between a few contexts at every system call.
///
/// Entries lie in memory of their own, found by a hash of the deciding registers, so that changing MSR is a comparison
/// and a few stores.
struct KnownContext {
    // What decides.
    /// Bits of ``deciding``; ``none`` for an empty entry.
    private var msr: UInt64
    private var pid: UInt64
    private var amr: UInt64
    private var iamr: UInt64
    private var fscr: UInt64
    private var lpcr: UInt64
    private var pcr: UInt64
    // What they come down to.
    private var facilities: UInt64
    private var tlb: UnsafeMutablePointer<ppc_tlb_entry>?
    /// Jump caches of a native engine and the bank generations they were chosen for: with FPSCR's mode zero, and with
    /// another one (``PlainFPSCR/mode(_:)``).
    var plainCode: UInt64 = 0
    var plainGeneration: UInt64 = 0
    var otherCode: UInt64 = 0
    var otherGeneration: UInt64 = 0
    var otherMode: UInt64 = 0

    static var count: Int { 64 }
    private static var none: UInt64 { .max }
    /// Bits of MSR that are part of a context.
    private static var deciding: UInt64 {
        MSR.sf | MSR.hv | MSR.tm | MSR.vec | MSR.vsx | MSR.pr | MSR.fp | MSR.ir | MSR.dr | MSR.le
    }

    private init(_ cpu: CPUState) {
        let registers = spr(cpu)
        msr = cpu.pointee.msr & Self.deciding
        pid = registers[SPRegister.pid]
        amr = registers[SPRegister.amr]
        iamr = registers[SPRegister.iamr]
        fscr = registers[SPRegister.fscr]
        lpcr = registers[SPRegister.lpcr]
        pcr = registers[SPRegister.pcr]
        facilities = cpu.pointee.facilities
        tlb = cpu.pointee.tlb
    }

    static func make() -> UnsafeMutablePointer<KnownContext> {
        let table = UnsafeMutablePointer<KnownContext>.allocate(capacity: count)
        UnsafeMutableRawPointer(table).initializeMemory(
            as: UInt8.self, repeating: 0xff, count: count * MemoryLayout<KnownContext>.stride)
        return table
    }

    @inline(__always)
    private static func table(_ cpu: CPUState) -> UnsafeMutablePointer<KnownContext>? {
        cpu.pointee.contexts?.assumingMemoryBound(to: KnownContext.self)
    }

    /// The entry of the present context, if it has one.
    @inline(__always)
    static func current(_ cpu: CPUState) -> UnsafeMutablePointer<KnownContext>? {
        cpu.pointee.context?.assumingMemoryBound(to: KnownContext.self)
    }

    @inline(__always)
    private static func place(_ cpu: CPUState, _ table: UnsafeMutablePointer<KnownContext>)
        -> UnsafeMutablePointer<KnownContext>
    {
        let registers = spr(cpu)
        let bits = cpu.pointee.msr & deciding ^ registers[SPRegister.pid] &<< 6 ^ registers[SPRegister.amr] &>> 3
        return table + Int(truncatingIfNeeded: (bits &* 0x9e37_79b9_7f4a_7c15) &>> 58)
    }

    /// Puts a vCPU into the context that its registers ask for, if that is known.
    @inline(__always)
    static func enter(_ cpu: CPUState) -> Bool {
        guard let table = table(cpu) else { return false }
        let msr = cpu.pointee.msr
        if UInt64(cpu.pointee.traced) | msr & (MSR.se | MSR.be) != 0 { return false }
        let entry = place(cpu, table)
        let registers = spr(cpu)
        guard entry.pointee.msr == msr & deciding, entry.pointee.pid == registers[SPRegister.pid],
            entry.pointee.amr == registers[SPRegister.amr], entry.pointee.iamr == registers[SPRegister.iamr],
            entry.pointee.fscr == registers[SPRegister.fscr], entry.pointee.lpcr == registers[SPRegister.lpcr],
            entry.pointee.pcr == registers[SPRegister.pcr],
            let tlb = entry.pointee.tlb
        else { return false }
        cpu.pointee.context = UnsafeMutableRawPointer(entry)
        deriveBits(cpu)
        cpu.pointee.facilities = entry.pointee.facilities
        cpu.pointee.tlb = tlb
        let shift = TLBBank.granuleShift(of: tlb)
        cpu.pointee.granule_shift = shift
        cpu.pointee.granule_mask = 1 &<< shift &- 1
        return true
    }

    /// What follows from MSR alone.
    @inline(__always)
    static func deriveBits(_ cpu: CPUState) {
        let msr = cpu.pointee.msr
        cpu.pointee.big_endian = msr & MSR.le == 0 ? 1 : 0
        cpu.pointee.data_real = msr & MSR.dr == 0 ? 1 : 0
        cpu.pointee.problem_state = msr & MSR.pr == 0 ? 0 : 1
        cpu.pointee.narrow = msr & MSR.sf == 0 ? 1 : 0
        cpu.pointee.traced = msr & (MSR.se | MSR.be) == 0 ? 0 : 1
    }

    /// Remembers the present context, whose every part has just been derived.
    static func remember(_ cpu: CPUState) {
        guard let table = table(cpu) else { return }
        let entry = place(cpu, table)
        entry.pointee = KnownContext(cpu)
        cpu.pointee.context = UnsafeMutableRawPointer(entry)
    }

    /// Forgets everything, because a soft TLB bank gets another meaning.
    static func forgetAll(_ cpu: CPUState) {
        cpu.pointee.context = nil
        guard let table = table(cpu) else { return }
        for index in 0..<count { table[index].msr = none }
    }

    /// Forgets where an engine keeps code.
    static func forgetCode(_ cpu: CPUState) {
        guard let table = table(cpu) else { return }
        for index in 0..<count { (table[index].plainCode, table[index].otherCode) = (0, 0) }
    }
}
