import Foundation

/// A guest's terminal driven by a program: types text and waits for what the guest prints.
///
/// Give ``backend`` to the machine as a terminal. The methods may be called from any thread but the machine's own.
public final class Console: @unchecked Sendable {
    // @unchecked: the transcript is guarded by the condition's lock, the back end by the machine's.
    /// The terminal that is driven.
    public let backend: MemoryBackendCharacter
    private let machineLock: (() -> Void) -> Void
    private let condition = NSCondition()
    private var transcript: [UInt8] = []
    /// Where the next ``expect(_:timeout:)`` begins to look.
    private var position = 0

    /// Nothing came that was waited for.
    public struct Timeout: Error, CustomStringConvertible {
        /// The text that was waited for.
        public let expected: String
        /// What the guest printed since the last match.
        public let output: String
        /// What was waited for, and what came instead.
        public var description: String { "the guest did not print '\(expected)'; since the last match: \(output)" }
    }

    /// A console of a machine that is being built; ``backend`` goes into its options.
    public init(machine: Machine) {
        backend = MemoryBackendCharacter(label: "console")
        machineLock = { [unowned machine] body in machine.withLock(body) }
        backend.onOutput = { [weak self] bytes in self?.append(bytes) }
    }

    private func append(_ bytes: [UInt8]) {
        condition.withLock {
            transcript.append(contentsOf: bytes)
            condition.broadcast()
        }
    }

    /// Types text; a newline is sent as the Return key.
    public func send(_ text: String) {
        let bytes = text.utf8.map { $0 == 0x0a ? 0x0d : $0 }
        machineLock { backend.type(bytes) }
    }

    /// Waits until the guest has printed `text` and returns everything since the last match up to and with it.
    ///
    /// - Parameter timeout: Seconds of host time.
    /// - Throws: ``Timeout`` with what came instead.
    @discardableResult
    public func expect(_ text: String, timeout: Double = 60) throws -> String {
        let wanted = Array(text.utf8)
        let deadline = Date(timeIntervalSinceNow: timeout)
        condition.lock()
        defer { condition.unlock() }
        var searched = position
        while true {
            if let end = find(wanted, from: searched) {
                let output = String(decoding: transcript[position..<end], as: UTF8.self)
                position = end
                return output
            }
            searched = max(position, transcript.count - wanted.count + 1)
            guard condition.wait(until: deadline) else {
                throw Timeout(
                    expected: text, output: String(decoding: transcript[position...], as: UTF8.self))
            }
        }
    }

    /// Everything the guest has printed.
    public var output: String { condition.withLock { String(decoding: transcript, as: UTF8.self) } }

    private func find(_ wanted: [UInt8], from start: Int) -> Int? {
        guard !wanted.isEmpty, transcript.count >= start + wanted.count else { return nil }
        for index in start...(transcript.count - wanted.count)
        where transcript[index] == wanted[0] && transcript[index..<index + wanted.count].elementsEqual(wanted) {
            return index + wanted.count
        }
        return nil
    }
}
