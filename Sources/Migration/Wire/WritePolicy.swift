import EmuCore

/// Which version of a section is written where an older one still carries the state.
public enum WritePolicy: Sendable, Equatable {
    /// The oldest version without loss, so that older releases can read the stream too.
    case oldestSufficient
    /// The newest version of everything.
    case newest
    /// As a release writes; saving fails where it cannot read what the state needs.
    case release(Release)

    /// - Parameter name: "" or "any" for the oldest sufficient versions, "newest", or a release such as "7.2".
    public init(_ name: String) throws {
        switch name {
        case "", "any": self = .oldestSufficient
        case "newest": self = .newest
        default:
            guard let release = Release(name) else {
                throw MigrationError(
                    "Parameter 'write-for-release' expects a release such as 7.2, 'newest' or 'any'",
                    hints: ["'any' writes the oldest forms that still carry the state; most releases read them."])
            }
            self = .release(release)
        }
    }

    /// The name that ``init(_:)`` takes.
    public var name: String {
        switch self {
        case .oldestSufficient: "any"
        case .newest: "newest"
        case .release(let release): release.description
        }
    }

    /// Refuses a release that does not have the machine.
    func check(_ settings: StreamSettings) throws {
        guard case .release(let release) = self else { return }
        func refuse(_ why: String) -> MigrationError {
            MigrationError("Release \(release) has no machine \(settings.machineName)", hints: [why])
        }
        if let first = settings.firstRelease, release < first { throw refuse("It came with \(first).") }
        if let end = settings.removedInRelease, release >= end { throw refuse("It went with \(end).") }
    }

    /// Whether a section exists in the release that is written for.
    func includes(_ description: StateDescription) -> Bool {
        guard case .release(let release) = self, let first = description.absentBefore else { return true }
        return release >= first
    }

    func version(of description: StateDescription, _ subject: AnyObject) throws -> Int {
        let sufficient = min(
            description.oldestSufficientVersion?(subject) ?? description.version, description.version)
        switch self {
        case .oldestSufficient: return sufficient
        case .newest: return description.version
        case .release(let release):
            let tooNew = description.versionsSince.filter { $0.value > release }
            let limit = min(description.version, (tooNew.keys.min() ?? .max) &- 1)
            guard min(sufficient, description.oldestAcceptableVersion ?? sufficient) <= limit else {
                throw MigrationError(
                    "Cannot write '\(description.name)' for release \(release)",
                    hints: [
                        "The state needs version \(sufficient) of '\(description.name)'; \(release) reads up to \(limit)."
                    ])
            }
            return limit
        }
    }
}
