/// What a piece of state consists of, in wire order: the one declaration from which saving, loading, printing and
/// comparing derive. Immutable; a device type usually keeps it as a `static let`.
public final class StateDescription: Sendable {
    /// Name on the wire: the section's name (after the device path) or the subsection's ("cpu/fpu").
    public let name: String
    /// Newest version.
    public let version: Int
    /// Oldest version that can still be loaded.
    public let minimumVersion: Int
    /// The first release that reads each version, for versions that not all releases read.
    public let versionsSince: [Int: Release]
    /// Releases before this one carry the state in another section and know none of this name: nothing is written for
    /// them.
    public let absentBefore: Release?
    /// In wire order.
    public let fields: [StateField]
    /// Optional parts, each with its own ``isNeeded``.
    public let subsections: [StateDescription]
    /// Whether the section or subsection is written for this subject; `nil`: always.
    public let isNeeded: (@Sendable (AnyObject) -> Bool)?
    /// Priority in the order of sections; higher goes first.
    public let priority: StatePriority
    /// Version to write when an older form still carries the state, see ``oldestSufficientVersion``.
    public let oldestSufficientVersion: (@Sendable (AnyObject) -> Int)?
    /// Version to write for a release that reads nothing newer, though it says less than the state; `nil`: none.
    public let oldestAcceptableVersion: Int?
    /// Gathers state before it is written; may refuse.
    public let preSave: (@Sendable (AnyObject) throws -> Void)?
    /// Prepares for state that arrives.
    public let preLoad: (@Sendable (AnyObject) throws -> Void)?
    /// Puts loaded state into force; may refuse it.
    public let postLoad: (@Sendable (AnyObject, _ version: Int) throws -> Void)?

    /// - Parameters:
    ///   - version: Newest version that can be read, and the one written unless `oldestSufficientVersion` says less.
    ///   - versionsSince: The first release that reads each of the newer versions.
    ///   - absentBefore: The release with which the section came, if others carried its state before.
    ///   - oldestSufficientVersion: The lowest version that carries this subject's state without loss. Writing the
    ///     oldest sufficient form lets streams go to releases that refuse newer versions.
    public init<Owner: AnyObject & SendableMetatype>(
        _ name: String, of owner: Owner.Type, version: Int = 1, minimumVersion: Int? = nil,
        versionsSince: [Int: Release] = [:], absentBefore: Release? = nil, priority: StatePriority = .ordinary,
        isNeeded: (@Sendable (Owner) -> Bool)? = nil,
        oldestSufficientVersion: (@Sendable (Owner) -> Int)? = nil, oldestAcceptableVersion: Int? = nil,
        fields: [Field<Owner>],
        subsections: [StateDescription] = [], preSave: (@Sendable (Owner) throws -> Void)? = nil,
        preLoad: (@Sendable (Owner) throws -> Void)? = nil,
        postLoad: (@Sendable (Owner, _ version: Int) throws -> Void)? = nil
    ) {
        self.name = name
        self.version = version
        self.minimumVersion = minimumVersion ?? version
        self.versionsSince = versionsSince
        self.absentBefore = absentBefore
        self.priority = priority
        self.fields = fields.map(\.erased)
        self.subsections = subsections
        self.isNeeded = isNeeded.map(Self.lift)
        self.oldestAcceptableVersion = oldestAcceptableVersion
        self.oldestSufficientVersion = oldestSufficientVersion.map(Self.lift)
        self.preSave = preSave.map(Self.liftThrowing)
        self.preLoad = preLoad.map(Self.liftThrowing)
        self.postLoad = postLoad.map(Self.liftIndexed)
    }

    static func lift<Owner: AnyObject & SendableMetatype, R>(_ closure: @escaping @Sendable (Owner) -> R)
        -> @Sendable (AnyObject) -> R
    {
        return { subject in closure(cast(subject)) }
    }
    static func liftThrowing<Owner: AnyObject & SendableMetatype>(_ closure: @escaping @Sendable (Owner) throws -> Void)
        -> @Sendable (AnyObject) throws -> Void
    {
        return { subject in try closure(cast(subject)) }
    }
    static func liftIndexed<Owner: AnyObject & SendableMetatype, R>(
        _ closure: @escaping @Sendable (Owner, Int) throws -> R
    ) -> @Sendable (AnyObject, Int) throws -> R {
        return { subject, index in try closure(cast(subject), index) }
    }

    /// The subject as the type that the description was made for. The registry pairs descriptions with subjects, so
    /// a mismatch is a programming error, never bad input.
    static func cast<Owner: AnyObject>(_ subject: AnyObject) -> Owner {
        guard let owner = subject as? Owner else {
            preconditionFailure("state description of \(Owner.self) used with \(type(of: subject))")
        }
        return owner
    }
}

/// Order of sections in the stream: higher first, then in order of registration (QEMU: `MigrationPriority`).
public enum StatePriority: Int, Sendable, Comparable {
    case ordinary = 0
    case virtioMemory
    case pciBus
    case iommu
    case high
    /// By raw value.
    public static func < (a: StatePriority, b: StatePriority) -> Bool { a.rawValue < b.rawValue }
}
