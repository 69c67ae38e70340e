/// A page size of hash translation: its shift and how a page table entry encodes it (in the low bits of RPN).
package struct HashPageEncoding: Sendable, Equatable {
    package let shift: UInt32
    package let encoding: UInt64
}

/// A base page size of a segment and the actual page sizes it may hold.
package struct SegmentPageSizes: Sendable, Equatable {
    package let shift: UInt32
    /// L and LP bits of the SLB entry.
    package let slbEncoding: UInt64
    package let pages: [HashPageEncoding]
}

/// Which exception and power-saving rules a model follows.
package enum InterruptModel: UInt8, Sendable { case ppc970, power7, power8, power9 }

/// One CPU model: the facts about it that software, the device tree and the migration stream see.
public struct PPCModel: Sendable {
    /// As in `-cpu`: "power9_v2.0".
    public let name: String
    /// Other names, lower case.
    public let aliases: [String]
    /// Device tree node prefix, "PowerPC,POWER9".
    public let deviceTreeName: String
    /// Processor version register: version in the upper, revision in the lower 16 bits (ISA 3.1 Book III, "Processor Version
    /// Register").
    public let pvr: UInt32
    package let family: ModelFamily
    package let instructionSets: InstructionSet
    package let interruptModel: InterruptModel
    /// MSR bits that exist, including HV where the processor has it (a pseries guest never sees HV set).
    package let msrMask: UInt64
    package let lpcrMask: UInt64
    /// LPCR bits that choose what wakes a processor from power saving.
    package let lpcrPowerManagement: UInt64
    /// PCR bits that exist, and compatibility levels that the model can run.
    package let pcrMask: UInt64
    package let pcrSupported: UInt64
    /// Entries of the segment look-aside buffer.
    package let slbSize: Int
    package let segmentPageSizes: [SegmentPageSizes]
    /// 1 TiB segments and virtual page class keys exist.
    package let hasLargeSegments: Bool
    package let hasStorageKeys: Bool
    /// ISA 3.0 memory management: radix translation and process tables.
    package let hasRadix: Bool
    /// Radix page sizes as the device tree gives them: AP encoding in the top three bits, shift below.
    package let radixPageEncodings: [UInt32]
    package let largeDecrementerBits: Int
    package let dataCacheSize: UInt32
    package let instructionCacheSize: UInt32
    package let cacheLineSize: UInt32
    /// Instruction set words of QEMU's stream, sent by machine versions up to 2.7.
    package let streamInstructionFlags: UInt64
    package let streamInstructionFlags2: UInt64

    /// Hz, for all models of pseries.
    public static var timeBaseFrequency: UInt64 { 512_000_000 }

    /// Whether the processor distinguishes hypervisor from supervisor state. Where it does not (POWER7 and 970 as QEMU
    /// models them), supervisor software may use hypervisor resources.
    package var hasHypervisorState: Bool { msrMask & MSR.hv != 0 }

    /// MSR bits of a guest below a virtual hypervisor.
    package var guestMSRMask: UInt64 { msrMask & ~MSR.hv }

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
