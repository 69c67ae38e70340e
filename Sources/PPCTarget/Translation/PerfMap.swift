import EmuCore
import Synchronization

#if canImport(Glibc)
    import Glibc
#endif

/// The file in which Linux's `perf` looks up generated code: `/tmp/perf-PID.map`, one line per translation with its
/// address, size and name.
package final class PerfMap: Sendable {
    private struct Stream: @unchecked Sendable {
        // A C stream, used under the lock only.
        let file: UnsafeMutablePointer<FILE>
    }
    private let stream: Mutex<Stream>

    /// - Throws: ``ObjectError`` if the file cannot be made.
    package init() throws {
        let path = "/tmp/perf-\(getpid()).map"
        guard let file = fopen(path, "w") else {
            throw ObjectError("cannot create '\(path)': \(String(cString: strerror(errno)))")
        }
        stream = Mutex(Stream(file: file))
    }

    deinit { stream.withLock { _ = fclose($0.file) } }

    func add(_ code: UnsafeRawBufferPointer, name: String) {
        let start = String(UInt(bitPattern: code.baseAddress), radix: 16)
        let line = "\(start) \(String(code.count, radix: 16)) \(name)\n"
        stream.withLock { stream in
            fputs(line, stream.file)
            fflush(stream.file)
        }
    }
}
