import ArgumentParser
import EmuCore
import Foundation
import Migration

// A refused option ends with status 1, as QEMU's users and tools expect; help and version end with 0.
do {
    var command = try LaunchCommand.parseAsRoot()
    try command.run()
} catch let error as ObjectError {
    Report.fail(error)
} catch let error as MemoryError {
    Report.fail(ObjectError(error.description, hint: error.hint))
} catch let error as MigrationError {
    for line in error.lines { Report.line(line) }
    for hint in error.hints { Report.note(hint) }
    exit(1)
} catch {
    let message = LaunchCommand.fullMessage(for: error)
    if LaunchCommand.exitCode(for: error).isSuccess {
        print(message)
        exit(0)
    }
    FileHandle.standardError.write(Data("\(message)\n".utf8))
    exit(1)
}
