import Glibc

/// Why a stream could not be saved, loaded or read.
///
/// ``lines`` carry the texts that tools match on, in the order in which QEMU prints them. ``hints`` follow them: what
/// was received, what was expected, and which option would make both match.
public struct MigrationError: Error, CustomStringConvertible, Sendable, Equatable {
    /// What failed, innermost first, in QEMU's words where tools match on them.
    public var lines: [String]
    /// Lines that name the place and the cure.
    public var hints: [String]
    /// The POSIX error that ends the text "load of migration failed: …".
    public var code: Int32
    /// Byte position in the stream at which reading stopped.
    public var offset: UInt64?

    /// An error of its lines; `code` is a POSIX error.
    public init(_ lines: String..., hints: [String] = [], code: Int32 = EINVAL, offset: UInt64? = nil) {
        self.lines = lines
        self.hints = hints
        self.code = code
        self.offset = offset
    }

    /// An error of its lines; `code` is a POSIX error.
    public init(lines: [String], hints: [String] = [], code: Int32 = EINVAL, offset: UInt64? = nil) {
        self.lines = lines
        self.hints = hints
        self.code = code
        self.offset = offset
    }

    /// A failed system call.
    static func system(_ what: String, _ code: Int32) -> MigrationError {
        MigrationError("\(what): \(errorText(code))", code: code)
    }

    /// The error with an outer line added, as each level of the reader reports its own place.
    func adding(line: String) -> MigrationError {
        var copy = self
        copy.lines.append(line)
        return copy
    }

    func adding(hint: String) -> MigrationError {
        var copy = self
        copy.hints.append(hint)
        return copy
    }

    /// All lines, then all hints.
    public var description: String { (lines + hints).joined(separator: "\n") }

    /// Any error as a ``MigrationError``; refusals by devices keep their text.
    static func wrapping(_ error: any Error) -> MigrationError {
        if let known = error as? MigrationError { return known }
        return MigrationError("\(error)")
    }
}

/// Text of a POSIX error, such as "Invalid argument".
func errorText(_ code: Int32) -> String {
    guard let text = strerror(code) else { return "error \(code)" }
    return String(cString: text)
}

/// Hexadecimal with the `0x` in front, as error texts show numbers.
func hex(_ value: some BinaryInteger) -> String { "0x" + String(value, radix: 16) }
