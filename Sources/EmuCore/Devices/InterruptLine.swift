/// A wire between an interrupt's source and its sink. Used with the machine's lock held.
public final class InterruptLine {
    private let handler: (Bool) -> Void
    /// Whether the line is raised.
    public private(set) var level = false

    /// - Parameter handler: Called with each level that the source drives, also if it is unchanged.
    public init(_ handler: @escaping (Bool) -> Void) { self.handler = handler }

    /// Drives the line.
    public func set(_ level: Bool) {
        self.level = level
        handler(level)
    }
    /// Drives the line high.
    public func raise() { set(true) }
    /// Drives the line low.
    public func lower() { set(false) }
    /// An edge: up and down again.
    public func pulse() {
        set(true)
        set(false)
    }
}
