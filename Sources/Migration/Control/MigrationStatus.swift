import EmuCore

/// Where a migration stands; names are QMP's.
public enum MigrationStatus: String, Sendable, CaseIterable {
    case none
    case setup
    case cancelling
    case cancelled
    case active
    case preSwitchover = "pre-switchover"
    case device
    case completed
    case failed

    /// Whether a migration is under way.
    public var isRunning: Bool {
        switch self {
        case .setup, .cancelling, .active, .preSwitchover, .device: true
        case .none, .cancelled, .completed, .failed: false
        }
    }
}

/// A moment's view of the current or last migration.
public struct MigrationInfo: Sendable {
    /// Where it stands.
    public var status: MigrationStatus = .none
    /// Whether it loads.
    public var isIncoming = false
    /// Whether ``statistics`` and times mean anything.
    public var ram = RAMStatistics()
    /// Milliseconds since the migration began, or that it took.
    public var totalTime: Int64 = 0
    /// Milliseconds until the first round began.
    public var setupTime: Int64 = 0
    /// Milliseconds in which the guest stood still.
    public var downtime: Int64 = 0
    /// Milliseconds that the rest would take at the present rate.
    public var expectedDowntime: Int64 = 0
    /// Megabits per second.
    public var mbps: Double = 0
    /// Pages sent in the last second.
    public var pagesPerSecond: UInt64 = 0
    /// Bytes sent before the guest was stopped.
    public var precopyBytes: UInt64 = 0
    /// Bytes sent while the guest stood still.
    public var downtimeBytes: UInt64 = 0
    /// Why it failed.
    public var error: MigrationError?
    /// What was accepted but is worth telling.
    public var warnings: [String] = []
    /// Where an incoming migration listens.
    public var listeningAddress: Value?
}
