import CSupport
import Glibc
import Synchronization

/// A channel over file descriptors: sockets, pipes, character devices.
///
/// Descriptors are switched to non-blocking, so that ``cancel()`` reaches a thread that waits for the other end.
class DescriptorChannel: MigrationChannel, @unchecked Sendable {
    // @unchecked: the descriptors do not change until `close`; cancelling only writes to the event descriptor.
    let input: Int32
    let output: Int32
    private let wake: Int32
    private let isSocket: Bool
    private let isClosed = Mutex(false)
    private let savedFlags: [(Int32, Int32)]
    private let duplex: Bool

    /// Takes over the descriptors.
    ///
    /// - Parameters:
    ///   - input: Where to read, −1 for nowhere.
    ///   - output: Where to write, −1 for nowhere; may equal `input`.
    init(input: Int32, output: Int32) {
        self.input = input
        self.output = output
        wake = cs_eventfd()
        var status = stat()
        let some = input >= 0 ? input : output
        isSocket = fstat(some, &status) == 0 && status.st_mode & S_IFMT == S_IFSOCK
        duplex = input >= 0 && output >= 0
        var saved: [(Int32, Int32)] = []
        for descriptor in Set([input, output]) where descriptor >= 0 {
            let flags = fcntl(descriptor, F_GETFL)
            if flags >= 0, flags & O_NONBLOCK == 0 {
                saved.append((descriptor, flags))
                _ = fcntl(descriptor, F_SETFL, flags | O_NONBLOCK)
            }
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
            // A larger pipe means fewer switches between writer and reader; a refusal is no harm.
            _ = fcntl(descriptor, setPipeSize, 1 << 20)
        }
        savedFlags = saved
    }

    deinit { if wake >= 0 { Glibc.close(wake) } }

    var isBidirectional: Bool { duplex }
    var endExplanation: String? { nil }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        guard let base = buffer.baseAddress, buffer.count > 0 else { return 0 }
        guard input >= 0 else { throw MigrationError("This channel can only be written to", code: EBADF) }
        while true {
            let got = Glibc.read(input, base, buffer.count)
            if got >= 0 { return got }
            let code = errno
            if code == EINTR { continue }
            guard code == EAGAIN || code == EWOULDBLOCK else { throw MigrationError.system("Unable to read", code) }
            try wait(input, Int16(POLLIN))
        }
    }

    func write(_ pieces: UnsafeMutablePointer<iovec>, count: Int) throws {
        guard output >= 0 else { throw MigrationError("This channel can only be read from", code: EBADF) }
        var first = 0
        while first < count {
            let sent: Int
            if isSocket {
                var message = msghdr()
                message.msg_iov = pieces + first
                message.msg_iovlen = count - first
                sent = sendmsg(output, &message, Int32(MSG_NOSIGNAL))
            } else {
                sent = writev(output, pieces + first, Int32(count - first))
            }
            if sent < 0 {
                let code = errno
                if code == EINTR { continue }
                guard code == EAGAIN || code == EWOULDBLOCK else {
                    throw MigrationError.system("Unable to write", code)
                }
                try wait(output, Int16(POLLOUT))
                continue
            }
            Self.advance(pieces, &first, count, by: sent)
        }
    }

    /// Leaves out what has been written.
    static func advance(_ pieces: UnsafeMutablePointer<iovec>, _ first: inout Int, _ count: Int, by sent: Int) {
        var left = sent
        while first < count, left >= pieces[first].iov_len {
            left -= pieces[first].iov_len
            first += 1
        }
        if first < count, left > 0 {
            pieces[first].iov_base += left
            pieces[first].iov_len -= left
        }
    }

    private func wait(_ descriptor: Int32, _ events: Int16) throws {
        var polled: [pollfd] = [
            pollfd(fd: descriptor, events: events, revents: 0), pollfd(fd: wake, events: Int16(POLLIN), revents: 0),
        ]
        while poll(&polled, 2, -1) < 0 {
            guard errno == EINTR else { throw MigrationError.system("Unable to wait for the channel", errno) }
        }
        if polled[1].revents != 0 { throw MigrationError("The migration was cancelled", code: ECANCELED) }
    }

    func cancel() {
        var one: UInt64 = 1
        _ = Glibc.write(wake, &one, 8)
    }

    func close(failed: Bool) throws { closeDescriptors() }

    /// - Returns: Whether this call closed them.
    @discardableResult
    final func closeDescriptors() -> Bool {
        let first = isClosed.withLock { closed in
            defer { closed = true }
            return !closed
        }
        guard first else { return false }
        for (descriptor, flags) in savedFlags { _ = fcntl(descriptor, F_SETFL, flags) }
        if input >= 0 { Glibc.close(input) }
        if output >= 0, output != input { Glibc.close(output) }
        return true
    }
}

/// Linux's F_SETPIPE_SZ, which the overlay does not export.
private let setPipeSize: Int32 = 1031

/// A file, from an offset on.
final class FileChannel: MigrationChannel, @unchecked Sendable {
    // @unchecked: used by one thread at a time.
    private let descriptor: Int32
    private let path: String
    private var isClosed = false

    /// - Parameter writing: The file is created if need be, and cut off at `offset`.
    init(path: String, offset: UInt64, writing: Bool) throws {
        let flags = writing ? O_WRONLY | O_CREAT : O_RDONLY
        descriptor = open(path, flags | O_CLOEXEC, 0o600)
        self.path = path
        guard descriptor >= 0 else { throw MigrationError.system("Failed to open file '\(path)'", errno) }
        guard let position = off_t(exactly: offset) else {
            throw MigrationError("file offset \(offset) is out of range")
        }
        if writing {
            var status = stat()
            if fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG, ftruncate(descriptor, position) < 0
            {
                throw MigrationError.system("failed to truncate migration file to offset \(hex(offset))", errno)
            }
        }
        if position > 0, lseek(descriptor, position, SEEK_SET) < 0 {
            throw MigrationError.system("failed to seek to offset \(hex(offset))", errno)
        }
    }

    /// Takes over a descriptor of a regular file; the stream begins at its position.
    init(descriptor: Int32, name: String) throws {
        self.descriptor = descriptor
        path = name
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    }

    deinit { if !isClosed, descriptor >= 0 { Glibc.close(descriptor) } }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        guard let base = buffer.baseAddress else { return 0 }
        while true {
            let got = Glibc.read(descriptor, base, buffer.count)
            if got >= 0 { return got }
            guard errno == EINTR else { throw MigrationError.system("Unable to read '\(path)'", errno) }
        }
    }

    func write(_ pieces: UnsafeMutablePointer<iovec>, count: Int) throws {
        var first = 0
        while first < count {
            let sent = writev(descriptor, pieces + first, Int32(count - first))
            if sent < 0 {
                guard errno == EINTR else { throw MigrationError.system("Unable to write '\(path)'", errno) }
                continue
            }
            DescriptorChannel.advance(pieces, &first, count, by: sent)
        }
    }

    func close(failed: Bool) throws {
        guard !isClosed else { return }
        isClosed = true
        if Glibc.close(descriptor) < 0, errno != EINTR {
            throw MigrationError.system("Unable to write '\(path)'", errno)
        }
    }

    var bytesLeft: UInt64? {
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        let position = lseek(descriptor, 0, SEEK_CUR)
        guard position >= 0, status.st_size >= position else { return nil }
        return UInt64(status.st_size - position)
    }

    func peek(at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        let position = lseek(descriptor, 0, SEEK_CUR)
        guard position >= 0, let base = buffer.baseAddress else { return 0 }
        let got = pread(descriptor, base, buffer.count, position &+ off_t(truncatingIfNeeded: offset))
        return max(got, 0)
    }
}
