import CSupport
import Glibc

/// A command's standard input (saving) or output (loading), as `exec:` has it.
final class CommandChannel: DescriptorChannel, @unchecked Sendable {
    // @unchecked: see DescriptorChannel; `ended` is written by the thread that uses the channel.
    private let process: pid_t
    private let command: String
    private var ended: Int32?

    /// Starts the command.
    ///
    /// - Parameters:
    ///   - arguments: The program and its arguments; looked up in PATH unless it has a slash.
    ///   - writing: Whether the stream goes into the command.
    ///   - duplex: Whether the other direction is needed too (return path).
    static func start(_ arguments: [String], writing: Bool, duplex: Bool) throws -> CommandChannel {
        guard let program = arguments.first else { throw MigrationError("exec: needs a command") }
        var toChild: [Int32] = [-1, -1]
        var fromChild: [Int32] = [-1, -1]
        if writing || duplex { guard cs_pipe(&toChild) == 0 else { throw MigrationError.system("pipe", errno) } }
        if !writing || duplex {
            guard cs_pipe(&fromChild) == 0 else {
                let code = errno
                for descriptor in toChild where descriptor >= 0 { Glibc.close(descriptor) }
                throw MigrationError.system("pipe", code)
            }
        }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        if toChild[0] >= 0 {
            posix_spawn_file_actions_adddup2(&actions, toChild[0], 0)
        } else {
            posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        }
        // A command that saves has nothing to say on our standard output, which may be a monitor's wire.
        posix_spawn_file_actions_adddup2(&actions, fromChild[1] >= 0 ? fromChild[1] : 2, 1)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // Threads of ours block SIGPIPE while they migrate; commands start without that.
        var none = sigset_t()
        sigemptyset(&none)
        var defaults = sigset_t()
        sigemptyset(&defaults)
        sigaddset(&defaults, SIGPIPE)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &defaults)
        posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP))
        // A group of its own, so that all parts of a pipeline can be ended together.
        posix_spawnattr_setpgroup(&attributes, 0)
        var process: pid_t = 0
        var argv: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) }
        argv.append(nil)
        defer { for pointer in argv { free(pointer) } }
        let code = posix_spawnp(&process, program, &actions, &attributes, argv, environ)
        if toChild[0] >= 0 { Glibc.close(toChild[0]) }
        if fromChild[1] >= 0 { Glibc.close(fromChild[1]) }
        guard code == 0 else {
            if toChild[1] >= 0 { Glibc.close(toChild[1]) }
            if fromChild[0] >= 0 { Glibc.close(fromChild[0]) }
            throw MigrationError.system("Failed to execute '\(program)'", code)
        }
        return CommandChannel(
            process: process, command: arguments.last ?? program, input: fromChild[0], output: toChild[1])
    }

    private init(process: pid_t, command: String, input: Int32, output: Int32) {
        self.process = process
        self.command = command
        super.init(input: input, output: output)
    }

    deinit {
        closeDescriptors()
        if ended == nil { _ = waitForEnd(patience: 1000) }
    }

    /// Saving: waits for the command and checks its exit status. Loading: the stream is complete, so the command may
    /// end as it likes.
    override func close(failed: Bool) throws {
        let wasWriting = output >= 0
        guard closeDescriptors() else { return }
        if failed || !wasWriting {
            _ = waitForEnd(patience: 2000)
            return
        }
        let status = waitForEnd(patience: nil)
        guard status == 0 else { throw MigrationError("\(Self.text(status)): \(command)", code: EIO) }
    }

    /// - Parameter patience: Milliseconds until the command is told to end; `nil` waits for ever.
    private func waitForEnd(patience: Int?) -> Int32 {
        if let ended { return ended }
        var status: Int32 = 0
        guard let patience else {
            while waitpid(process, &status, 0) < 0 { guard errno == EINTR else { return 0 } }
            ended = status
            return status
        }
        for step in 0..<(patience / 5 + 400) {
            let result = waitpid(process, &status, WNOHANG)
            if result == process {
                ended = status
                return status
            }
            if result < 0, errno != EINTR { return 0 }
            if step == patience / 5 { kill(-process, SIGTERM) }
            if step == patience / 5 + 200 { kill(-process, SIGKILL) }
            usleep(5000)
        }
        return 0
    }

    override var endExplanation: String? {
        let status = waitForEnd(patience: 500)
        guard let ended else { return nil }
        guard status == 0 else { return "\(Self.text(ended)): \(command)" }
        return "The command ended normally: \(command)"
    }

    private static func text(_ status: Int32) -> String {
        let signal = status & 0x7f
        return signal == 0
            ? "The command ended with exit status \(status >> 8 & 0xff)" : "The command was ended by signal \(signal)"
    }
}
