/// A release of QEMU, "7.2": what can be read at the other end of a stream depends on it.
public struct Release: Sendable, Comparable, Hashable, CustomStringConvertible {
    /// First number.
    public let major: Int
    /// Second number.
    public let minor: Int

    /// Release `major.minor`.
    public init(_ major: Int, _ minor: Int) {
        self.major = major
        self.minor = minor
    }

    /// - Parameter text: "7.2"; a third part ("7.2.22") is accepted, since it changes no form.
    public init?(_ text: String) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        let numbers = parts.compactMap { Int($0) }
        guard (2...3).contains(parts.count), numbers.count == parts.count,
            numbers.allSatisfy({ (0..<1000).contains($0) })
        else { return nil }
        self.init(numbers[0], numbers[1])
    }

    /// "7.2".
    public var description: String { "\(major).\(minor)" }

    /// By major, then by minor number.
    public static func < (a: Release, b: Release) -> Bool { (a.major, a.minor) < (b.major, b.minor) }
}
