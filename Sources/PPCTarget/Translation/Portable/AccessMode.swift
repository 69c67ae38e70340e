import CPPCState

/// How a block's loads and stores reach memory in 64-bit mode: what a block was decoded for need not be looked up.
protocol AccessMode {
    static var isBigEndian: Bool { get }
    /// Of the soft TLB's bank, as log2.
    static var granuleShift: UInt64 { get }
}

enum Little4K: AccessMode {
    @inline(__always) static var isBigEndian: Bool { false }
    @inline(__always) static var granuleShift: UInt64 { 12 }
}

enum Little64K: AccessMode {
    @inline(__always) static var isBigEndian: Bool { false }
    @inline(__always) static var granuleShift: UInt64 { 16 }
}

enum Big4K: AccessMode {
    @inline(__always) static var isBigEndian: Bool { true }
    @inline(__always) static var granuleShift: UInt64 { 12 }
}

enum Big64K: AccessMode {
    @inline(__always) static var isBigEndian: Bool { true }
    @inline(__always) static var granuleShift: UInt64 { 16 }
}

extension AccessMode {
    /// The soft TLB's entry that an address selects.
    @inline(__always)
    static func entry(_ cpu: CPUState, _ ea: UInt64) -> UnsafePointer<ppc_tlb_entry> {
        // One shift for the division by the granule and the multiplication by the size of an entry.
        let size = UInt64(MemoryLayout<ppc_tlb_entry>.stride)
        let shift = granuleShift &- UInt64(size.trailingZeroBitCount)
        let offset = (ea &>> shift) & ((UInt64(PPC_TLB_ENTRIES) &- 1) &* size)
        return (UnsafeRawPointer(cpu.pointee.tlb.unsafelyUnwrapped) + Int(truncatingIfNeeded: offset))
            .assumingMemoryBound(to: ppc_tlb_entry.self)
    }

    /// The granule of an access's last byte, which is not that of its first one if the access crosses.
    @inline(__always)
    private static func tag(_ ea: UInt64, _ size: Int) -> UInt64 {
        (ea &+ UInt64(truncatingIfNeeded: size &- 1)) & (UInt64.max &<< granuleShift)
    }

    @inline(__always)
    private static func host(_ ea: UInt64, _ entry: UnsafePointer<ppc_tlb_entry>) -> UnsafeMutableRawPointer {
        // A tag that matches is that of an entry with an address.
        UnsafeMutableRawPointer(bitPattern: UInt(truncatingIfNeeded: ea &+ entry.pointee.addend)).unsafelyUnwrapped
    }

    @inline(__always)
    static func load<T: FixedWidthInteger & UnsignedInteger>(
        _ ea: UInt64, _ value: inout T, by entry: UnsafePointer<ppc_tlb_entry>
    ) -> Bool {
        guard tag(ea, MemoryLayout<T>.size) == entry.pointee.read_tag else { return false }
        let raw = host(ea, entry).loadUnaligned(as: T.self)
        value = isBigEndian ? T(bigEndian: raw) : T(littleEndian: raw)
        return true
    }

    @inline(__always)
    static func store<T: FixedWidthInteger & UnsignedInteger>(
        _ ea: UInt64, _ value: T, by entry: UnsafePointer<ppc_tlb_entry>
    ) -> Bool {
        guard tag(ea, MemoryLayout<T>.size) == entry.pointee.write_tag else { return false }
        host(ea, entry).storeBytes(of: isBigEndian ? value.bigEndian : value.littleEndian, as: T.self)
        return true
    }
}

/// A load or store in one mode.
struct AccessStep<Mode: AccessMode>: StepOperands {
    let step: UnsafeMutablePointer<Step>
    @inline(__always) func isNarrow(_: CPUState) -> Bool { false }
    @inline(__always)
    func loadHit<T: FixedWidthInteger & UnsignedInteger>(_ cpu: CPUState, _ ea: UInt64, _ value: inout T) -> Bool {
        Mode.load(ea, &value, by: Mode.entry(cpu, ea))
    }
    @inline(__always)
    func storeHit<T: FixedWidthInteger & UnsignedInteger>(_ cpu: CPUState, _ ea: UInt64, _ value: T) -> Bool {
        Mode.store(ea, value, by: Mode.entry(cpu, ea))
    }
}

/// One of two loads or stores off the same base, which as a rule are in the same granule: both look into the soft TLB's
/// entry of the first one.
struct SharedBase<Mode: AccessMode>: StepOperands {
    let step: UnsafeMutablePointer<Step>
    let base: UInt64
    let entry: UnsafePointer<ppc_tlb_entry>
    @inline(__always)
    init(first step: UnsafeMutablePointer<Step>, _ cpu: CPUState) {
        self.step = step
        base = gpr(cpu)[Int(step.pointee.sh)]
        entry = Mode.entry(cpu, base &+ step.pointee.immediate)
    }
    @inline(__always)
    init(second step: UnsafeMutablePointer<Step>, after first: Self) {
        (self.step, base, entry) = (step, first.base, first.entry)
    }
    @inline(__always) func base(_: CPUState) -> UInt64 { base }
    @inline(__always) func isNarrow(_: CPUState) -> Bool { false }
    @inline(__always)
    func loadHit<T: FixedWidthInteger & UnsignedInteger>(_ cpu: CPUState, _ ea: UInt64, _ value: inout T) -> Bool {
        Mode.load(ea, &value, by: entry)
    }
    @inline(__always)
    func storeHit<T: FixedWidthInteger & UnsignedInteger>(_ cpu: CPUState, _ ea: UInt64, _ value: T) -> Bool {
        Mode.store(ea, value, by: entry)
    }
}

/// A load's or store's functions for the modes; in others its row is called.
struct AccessSteps {
    let little4K: StepFunction
    let little64K: StepFunction
    let big4K: StepFunction
    let big64K: StepFunction

    init(
        _ little4K: @escaping StepFunction, _ little64K: @escaping StepFunction, _ big4K: @escaping StepFunction,
        _ big64K: @escaping StepFunction
    ) {
        self.little4K = little4K
        self.little64K = little64K
        self.big4K = big4K
        self.big64K = big64K
    }

    /// Of bytes, whose order does not matter. Functions that do the same become calls of one of them.
    init(_ bytes4K: @escaping StepFunction, _ bytes64K: @escaping StepFunction) {
        self.init(bytes4K, bytes64K, bytes4K, bytes64K)
    }

    func function(_ context: TranslationContext) -> StepFunction? {
        guard !context.narrow else { return nil }
        return switch (context.bigEndian, UInt64(context.granuleShift)) {
        case (false, Little4K.granuleShift): little4K
        case (false, Little64K.granuleShift): little64K
        case (true, Big4K.granuleShift): big4K
        case (true, Big64K.granuleShift): big64K
        default: nil
        }
    }
}
