import EmuCore

extension SpaprVersion {
    /// Every version that was ever released, newest first.
    public static let all: [SpaprVersion] = {
        var current = SpaprVersion()
        var versions: [SpaprVersion] = []
        for change in changes {
            change.apply(&current)
            current.name = change.name
            if let compat = CompatProperties.byVersion[change.name] { current.compatProperties += compat }
            versions.append(current)
            if let variant = change.variant {
                var special = current
                variant.apply(&special)
                special.name = variant.name
                versions.append(special)
            }
        }
        return versions
    }()

    /// How a version differs from the one released after it.
    private struct Change: Sendable {
        let name: String
        var variant: Variant?
        let apply: @Sendable (inout SpaprVersion) -> Void
        init(
            _ name: String, variant: Variant? = nil,
            _ apply: @escaping @Sendable (inout SpaprVersion) -> Void = { _ in }
        ) {
            self.name = name
            self.variant = variant
            self.apply = apply
        }
    }
    /// A second machine of the same release.
    private struct Variant: Sendable {
        let name: String
        let apply: @Sendable (inout SpaprVersion) -> Void
    }

    private static var changes: [Change] { recentChanges + olderChanges }

    private static let recentChanges: [Change] = [
        Change("11.1"), Change("11.0"), Change("10.2"), Change("10.1"), Change("10.0"), Change("9.2"), Change("9.1"),
        Change("9.0"),
        Change("8.2") { $0.defaultCPU = "power9_v2.2" },
        Change("8.1"),
        Change("8.0"),
        Change("7.2") { $0.defaultCPU = "power9_v2.0" },
        Change("7.1"), Change("7.0"), Change("6.2"),
        Change("6.1") {
            $0.hasFORM2 = false
            $0.prefersSockets = true
        },
        Change("6.0"), Change("5.2"),
        Change("5.1") { $0.hasOldAssociativity = true },
        Change("5.0") {
            $0.phb.hasOldAssociativity = true
            $0.supportsNodeMemory = true
            $0.hasOldReferencePoints = true
        },
        Change("4.2") {
            $0.capabilities[.countCacheFlushAssist] = 0
            $0.capabilities[.fwnmi] = 0
            $0.realModeLimit = 16 << 30
            $0.supportsNVDIMM = false
        },
        Change("4.1") {
            $0.allowsPCIReprobe = false
            $0.vsmtFollowsThreads = false
            $0.phb.pageSizeMask = 0x1_1000
        },
        Change("4.0") {
            $0.interruptMode = .xics
            $0.sendsMaximumPageSize = false
        },
    ]

    private static let olderChanges: [Change] = [
        Change("3.1") {
            $0.defaultCPU = "power8_v2.0"
            $0.updatesDeviceTree = false
            $0.hasPHBConnectors = false
            $0.capabilities[.cacheFlush] = 0
            $0.capabilities[.boundsCheck] = 0
            $0.capabilities[.indirectBranch] = 0
            $0.capabilities[.largeDecrementer] = 0
        },
        Change("3.0") {
            $0.hasLegacyInterruptAllocation = true
            $0.externalInterrupts = 0x400
            $0.interruptMode = .legacy
        },
        Change(
            "2.12",
            variant: Variant(name: "2.12-sxxm") {
                $0.capabilities[.cacheFlush] = 1
                $0.capabilities[.boundsCheck] = 1
                $0.capabilities[.indirectBranch] = 3
            }
        ) {
            $0.sendsThreadState = false
            // Decided when the machine is made: everything the CPU can do.
            $0.capabilities[.maximumPageSize] = 0
        },
        Change("2.11") { $0.capabilities[.transactionalMemory] = 1 },
        Change("2.10"),
        Change("2.9") {
            $0.sendsCompatibilityLevel = false
            $0.hasPresenterPlaceholders = true
            $0.resizesHPTByDefault = false
        },
        Change("2.8") {
            $0.phb.hasExtendedConfigurationSpace = false
            $0.nodeMemoryAlignShift = 23
        },
        Change("2.7") {
            $0.defaultCPU = "power7_v2.3"
            $0.hotplugEventsByDefault = false
            $0.phbPlacement = .aboveRAM
            $0.phb.memoryWindowSize = 0xf_8000_0000
            $0.phb.memory64WindowSize = 0
            $0.phb.sendsLegacyFields = true
            $0.sendsInstructionFlags = true
        },
        Change("2.6") {
            $0.phb.hasDynamicWindows = false
            $0.hasHotpluggableCPUs = false
        },
        Change("2.5") { $0.usesOHCI = true },
        Change("2.4") { $0.hasMemoryConnectors = false },
        Change("2.3") {
            $0.phb.isDynamicReconfigurable = false
            $0.hasModernStream = false
        },
        Change("2.2") {
            $0.phb.memoryWindowSize = 0x2000_0000
            $0.suppressesDescription = true
        },
        Change("2.1"),
    ]
}
