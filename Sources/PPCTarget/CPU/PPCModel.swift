/// A page size of hash translation: its shift and how a page table entry encodes it (in the low bits of RPN).
public struct HashPageEncoding: Sendable, Equatable {
    public let shift: UInt32
    public let encoding: UInt64
}

/// A base page size of a segment and the actual page sizes it may hold.
public struct SegmentPageSizes: Sendable, Equatable {
    public let shift: UInt32
    /// L and LP bits of the SLB entry.
    public let slbEncoding: UInt64
    public let pages: [HashPageEncoding]
}

/// Which exception and power-saving rules a model follows.
public enum InterruptModel: UInt8, Sendable { case ppc970, power7, power8, power9 }

/// One CPU model: the facts about it that software, the device tree and the migration stream see.
public struct PPCModel: Sendable {
    /// As in `-cpu`: "power9_v2.0".
    public let name: String
    /// Other names, lower case.
    public let aliases: [String]
    /// Device tree node prefix, "PowerPC,POWER9".
    public let deviceTreeName: String
    public let pvr: UInt32
    public let family: ModelFamily
    public let instructionSets: InstructionSet
    public let interruptModel: InterruptModel
    /// MSR bits that exist, including HV where the processor has it (a pseries guest never sees HV set).
    public let msrMask: UInt64
    public let lpcrMask: UInt64
    /// LPCR bits that choose what wakes a processor from power saving.
    public let lpcrPowerManagement: UInt64
    /// PCR bits that exist, and compatibility levels that the model can run.
    public let pcrMask: UInt64
    public let pcrSupported: UInt64
    /// Entries of the segment look-aside buffer.
    public let slbSize: Int
    public let segmentPageSizes: [SegmentPageSizes]
    /// 1 TiB segments and virtual page class keys exist.
    public let hasLargeSegments: Bool
    public let hasStorageKeys: Bool
    /// ISA 3.0 memory management: radix translation and process tables.
    public let hasRadix: Bool
    /// Radix page sizes as the device tree gives them: AP encoding in the top three bits, shift below.
    public let radixPageEncodings: [UInt32]
    public let largeDecrementerBits: Int
    public let dataCacheSize: UInt32
    public let instructionCacheSize: UInt32
    public let cacheLineSize: UInt32
    /// Instruction set words of QEMU's stream, sent by machine versions up to 2.7.
    public let streamInstructionFlags: UInt64
    public let streamInstructionFlags2: UInt64

    /// Hz, for all models of pseries.
    public static var timeBaseFrequency: UInt64 { 512_000_000 }

    /// Whether the processor distinguishes hypervisor from supervisor state. Where it does not (POWER7 and 970 as QEMU
    /// models them), supervisor software may use hypervisor resources.
    public var hasHypervisorState: Bool { msrMask & MSR.hv != 0 }

    /// MSR bits of a guest below a virtual hypervisor.
    public var guestMSRMask: UInt64 { msrMask & ~MSR.hv }

    /// Finds a model by its name or an alias, ignoring case.
    public static func named(_ name: String) -> PPCModel? {
        let wanted = name.lowercased()
        return all.first { $0.name == wanted || $0.aliases.contains(wanted) }
    }

    /// Finds a model by its processor version: exactly, else the model of the same processor.
    public static func matching(pvr: UInt32) -> PPCModel? {
        all.first { $0.pvr == pvr } ?? all.last { $0.pvr >> 16 == pvr >> 16 }
    }
}
