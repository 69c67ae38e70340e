import EmuCore
import Foundation

/// Messages on standard error, prefixed with the program's name as tools that parse QEMU's output expect.
enum Report {
    static func line(_ text: String) {
        FileHandle.standardError.write(Data("emu-launch: \(text)\n".utf8))
    }

    /// An explanation that follows a message.
    static func note(_ text: String) {
        FileHandle.standardError.write(Data("\(text)\n".utf8))
    }

    /// Prints a refusal with its cure and exits with status 1.
    static func fail(_ error: ObjectError) -> Never {
        line(error.description)
        if let hint = error.hint { note(hint) }
        exit(1)
    }
}
