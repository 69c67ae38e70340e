import EmuCore

/// Everything that differs between versions of the pseries machine.
///
/// A value describes the newest behaviour; each released version is the next newer one with a few fields changed, see
/// ``SpaprVersion/all``.
public struct SpaprVersion: Sendable {
    /// Where PHBs put their windows.
    public enum PHBPlacement: Sendable {
        /// 64 GiB for each PHB above RAM, no 64-bit window of its own (up to 2.7).
        case aboveRAM
        /// Fixed windows from 32 TiB on.
        case fixed
    }

    /// As in the machine's name: "2.12-sxxm".
    public internal(set) var name = ""
    /// CPU model without `-cpu`.
    public internal(set) var defaultCPU = "power10_v2.0"
    public internal(set) var capabilities = SpaprCapabilities.newest
    public internal(set) var interruptMode: InterruptMode = .dual
    /// External interrupt sources.
    public internal(set) var externalInterrupts = 0x1000
    /// Interrupt numbers are given out by searching the source controller instead of by fixed places.
    public internal(set) var hasLegacyInterruptAllocation = false
    public internal(set) var hasHotpluggableCPUs = true
    public internal(set) var hasMemoryConnectors = true
    public internal(set) var hasPHBConnectors = true
    public internal(set) var supportsNVDIMM = true
    /// The guest may replace the device tree; it travels.
    public internal(set) var updatesDeviceTree = true
    public internal(set) var resizesHPTByDefault = true
    public internal(set) var hotplugEventsByDefault = true
    public internal(set) var suppressesDescription = false
    /// Presents the host's model and serial number where none are given (only with KVM, so never here).
    public internal(set) var allowsPCIReprobe = true
    /// VSMT is the number of threads instead of at least 8.
    public internal(set) var vsmtFollowsThreads = true
    public internal(set) var realModeLimit: UInt64?
    public internal(set) var phbPlacement: PHBPlacement = .fixed
    public internal(set) var supportsNodeMemory = false
    /// NUMA associativity: reference points before 5.1, levels before 5.2, FORM2 from 6.2 on.
    public internal(set) var hasOldReferencePoints = false
    public internal(set) var hasOldAssociativity = false
    public internal(set) var hasFORM2 = true
    /// How `-smp` fills in what is left open: sockets first up to 6.1, cores first since.
    public internal(set) var prefersSockets = false
    /// USB is OHCI by default.
    public internal(set) var usesOHCI = false
    public internal(set) var nodeMemoryAlignShift = 28
    /// Streams that carry `spapr/cap/hpt_maxpagesize`, `spapr_cpu`, `cpu/compat`; see the fields' users.
    public internal(set) var sendsMaximumPageSize = true
    public internal(set) var sendsThreadState = true
    public internal(set) var sendsCompatibilityLevel = true
    public internal(set) var sendsInstructionFlags = false
    /// Streams of these have room for interrupt presenters of CPUs that were never plugged.
    public internal(set) var hasPresenterPlaceholders = false
    /// The stream begins with a configuration section, sections end with footers, the run state is sent.
    public internal(set) var hasModernStream = true
    public internal(set) var phb = PHBDefaults()
    /// Presets of device properties, in the order in which they apply.
    public internal(set) var compatProperties: [GlobalProperty] = []

    /// What a PHB is like unless its properties say otherwise.
    public struct PHBDefaults: Sendable {
        public internal(set) var memoryWindowSize: UInt64 = 0x8000_0000
        public internal(set) var memory64WindowSize: UInt64 = 0x100_0000_0000
        public internal(set) var hasDynamicWindows = true
        public internal(set) var isDynamicReconfigurable = true
        /// Page sizes of DMA windows, one bit each.
        public internal(set) var pageSizeMask: UInt64 = 0x1_1000 | 1 << 21 | 1 << 24
        public internal(set) var hasExtendedConfigurationSpace = true
        public internal(set) var hasOldAssociativity = false
        public internal(set) var sendsLegacyFields = false
    }

    /// Interrupt controllers that a machine has.
    public enum InterruptMode: String, Sendable { case legacy, xics, xive, dual }

    /// Name of the machine type, "pseries-2.12".
    public var machineName: String { "pseries-\(name)" }

    /// The release that brought the version; "2.12-sxxm" came with 2.12.
    public var firstRelease: Release? { Release(String(name.prefix { $0 != "-" })) }

    /// The first release without the version: 10.0 dropped all before 3.0, 11.0 all before 5.1.
    public var removedInRelease: Release? {
        guard let first = firstRelease else { return nil }
        if first < Release(3, 0) { return Release(10, 0) }
        return first < Release(5, 1) ? Release(11, 0) : nil
    }

    public static func named(_ name: String) -> SpaprVersion? {
        let wanted = name == "pseries" ? newest.machineName : name
        return all.first { $0.machineName == wanted }
    }

    /// The version behind the alias `pseries`.
    public static var newest: SpaprVersion { all[0] }
}
