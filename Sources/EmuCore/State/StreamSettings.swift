/// What a machine version puts around its state in a stream. Old machine versions lack parts that newer ones have.
public struct StreamSettings: Sendable, Equatable {
    /// Machine name in the configuration section, such as "pseries-2.12".
    public var machineName: String
    /// The first release that has the machine, and the first that has it no more; `nil`: not known.
    public var firstRelease: Release?
    /// The first release without the machine; `nil`: not known.
    public var removedInRelease: Release?
    /// Whether the stream begins with a configuration section.
    public var sendsConfiguration = true
    /// Whether each section ends with a footer.
    public var sendsFooters = true
    /// Whether a JSON description follows the state (machine property `suppress-vmdesc` turns it off).
    public var sendsDescription = true
    /// Whether the run state always travels; otherwise only when it is neither running nor paused.
    public var storesRunState = true
    /// Log2 of the page size in which RAM travels.
    public var pageBits = 12
    /// Log2 of the smallest page size that the target knows; a different ``pageBits`` is announced in the stream.
    public var minimumPageBits = 12
    /// The machine's UUID (16 bytes) if the user gave one, for `validate-uuid`.
    public var uuid: [UInt8]?

    /// - Parameter machineName: Type of the machine, as the stream's configuration names it.
    public init(machineName: String) { self.machineName = machineName }
}

/// Parts of a stream's frame that the user may decide otherwise than the machine's version does
/// (`-global migration.NAME=on|off`); raw values are QEMU's names.
public enum StreamOverride: String, Sendable, CaseIterable {
    case runState = "store-global-state"
    case configuration = "send-configuration"
    case footers = "send-section-footer"
}

extension Machine {
    /// ``streamSettings`` with what the user decided otherwise.
    public var effectiveStreamSettings: StreamSettings {
        var settings = streamSettings
        for (override, on) in streamOverrides {
            switch override {
            case .runState: settings.storesRunState = on
            case .configuration: settings.sendsConfiguration = on
            case .footers: settings.sendsFooters = on
            }
        }
        return settings
    }
}
