import EmuCore

/// Everything that differs between versions of the pseries machine.
///
/// A value describes the newest behaviour; each released version is the next newer one with a few fields changed, see
/// ``SpaprVersion/all``.
public struct SpaprVersion: Sendable {
    /// Where PHBs put their windows.
    package enum PHBPlacement: Sendable {
        /// 64 GiB for each PHB above RAM, no 64-bit window of its own (up to 2.7).
        case aboveRAM
        /// Fixed windows from 32 TiB on.
        case fixed
    }

    /// As in the machine's name: "2.12-sxxm".
    public internal(set) var name = ""
    /// CPU model without `-cpu`.
    public internal(set) var defaultCPU = "power10_v2.0"
    package internal(set) var capabilities = SpaprCapabilities.newest
    package internal(set) var interruptMode: InterruptMode = .dual
    /// External interrupt sources.
    package internal(set) var externalInterrupts = 0x1000
    /// Interrupt numbers are given out by searching the source controller instead of by fixed places.
    package internal(set) var hasLegacyInterruptAllocation = false
    package internal(set) var hasHotpluggableCPUs = true
    package internal(set) var hasMemoryConnectors = true
    package internal(set) var hasPHBConnectors = true
    package internal(set) var supportsNVDIMM = true
    /// The guest may replace the device tree; it travels.
    package internal(set) var updatesDeviceTree = true
    package internal(set) var resizesHPTByDefault = true
    package internal(set) var hotplugEventsByDefault = true
    package internal(set) var suppressesDescription = false
    /// Presents the host's model and serial number where none are given (only with KVM, so never here).
    package internal(set) var allowsPCIReprobe = true
    /// VSMT is the number of threads instead of at least 8.
    package internal(set) var vsmtFollowsThreads = true
    package internal(set) var realModeLimit: UInt64?
    package internal(set) var phbPlacement: PHBPlacement = .fixed
    package internal(set) var supportsNodeMemory = false
    /// NUMA associativity: reference points before 5.1, levels before 5.2, FORM2 from 6.2 on.
    package internal(set) var hasOldReferencePoints = false
    package internal(set) var hasOldAssociativity = false
    package internal(set) var hasFORM2 = true
    /// How `-smp` fills in what is left open: sockets first up to 6.1, cores first since.
    package internal(set) var prefersSockets = false
    /// USB is OHCI by default.
    package internal(set) var usesOHCI = false
    package internal(set) var nodeMemoryAlignShift = 28
    /// Streams that carry `spapr/cap/hpt_maxpagesize`, `spapr_cpu`, `cpu/compat`; see the fields' users.
    package internal(set) var sendsMaximumPageSize = true
    package internal(set) var sendsThreadState = true
    package internal(set) var sendsCompatibilityLevel = true
    package internal(set) var sendsInstructionFlags = false
    /// Streams of these have room for interrupt presenters of CPUs that were never plugged.
    package internal(set) var hasPresenterPlaceholders = false
    /// The stream begins with a configuration section, sections end with footers, the run state is sent.
    package internal(set) var hasModernStream = true
    package internal(set) var phb = PHBDefaults()
    /// Presets of device properties, in the order in which they apply.
    package internal(set) var compatProperties: [GlobalProperty] = []

    /// What a PHB is like unless its properties say otherwise.
    package struct PHBDefaults: Sendable {
        package internal(set) var memoryWindowSize: UInt64 = 0x8000_0000
        package internal(set) var memory64WindowSize: UInt64 = 0x100_0000_0000
        package internal(set) var hasDynamicWindows = true
        package internal(set) var isDynamicReconfigurable = true
        /// Page sizes of DMA windows, one bit each.
        package internal(set) var pageSizeMask: UInt64 = 0x1_1000 | 1 << 21 | 1 << 24
        package internal(set) var hasExtendedConfigurationSpace = true
        package internal(set) var hasOldAssociativity = false
        package internal(set) var sendsLegacyFields = false
    }

    /// Interrupt controllers that a machine has.
    package enum InterruptMode: String, Sendable { case legacy, xics, xive, dual }

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

    /// The version of a machine type's name, "pseries-7.2" or the alias "pseries"; `nil` if there is none.
    public static func named(_ name: String) -> SpaprVersion? {
        let wanted = name == "pseries" ? newest.machineName : name
        return all.first { $0.machineName == wanted }
    }

    /// The version behind the alias `pseries`.
    public static var newest: SpaprVersion { all[0] }
}
