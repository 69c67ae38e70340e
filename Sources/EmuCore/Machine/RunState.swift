/// What a machine is doing; names are QMP's.
public enum RunState: String, Sendable, CaseIterable {
    case prelaunch
    case inmigrate
    case running
    case paused
    case debug
    case suspended
    case shutdown
    case postmigrate
    case finishMigrate = "finish-migrate"
    case restoreVM = "restore-vm"
    case saveVM = "save-vm"
    case internalError = "internal-error"
    case ioError = "io-error"
    case guestPanicked = "guest-panicked"
    case watchdog
    case colo
    case preconfig

    /// Whether vCPUs execute.
    public var isRunning: Bool { self == .running }
}
