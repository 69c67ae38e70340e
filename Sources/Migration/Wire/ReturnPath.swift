import Dispatch
import EmuCore
import Glibc

/// Messages from the destination to the source, on the same channel.
final class ReturnPath {
    private let output: StreamWriter

    init(channel: any MigrationChannel) { output = StreamWriter(channel: channel) }

    private func send(_ message: ReturnMessage, _ payload: [UInt8]) throws {
        try output.write(message.rawValue)
        try output.write(UInt16(truncatingIfNeeded: payload.count))
        try output.write(payload)
        try output.flush()
    }

    func sendPong(_ value: UInt32) throws { try send(.pong, withUnsafeBytes(of: value.bigEndian) { Array($0) }) }

    /// The last message: 0 says that everything was loaded.
    func sendShut(_ status: UInt32) throws { try send(.shut, withUnsafeBytes(of: status.bigEndian) { Array($0) }) }
}

/// The source's end of the return path: reads what the destination says until it is done.
final class ReturnPathReader: @unchecked Sendable {
    // @unchecked: the thread that runs ``run`` writes `result` before it signals `done`, others read it afterwards.
    private let channel: any MigrationChannel
    private let done = DispatchSemaphore(value: 0)
    private var result: Result<Void, MigrationError> = .success(())

    init(channel: any MigrationChannel) { self.channel = channel }

    /// Reads on a thread of its own.
    func start() {
        MigrationThread.start("migration-return-path") { [self] in
            do {
                try read()
                result = .success(())
            } catch { result = .failure(MigrationError.wrapping(error)) }
            done.signal()
        }
    }

    /// Waits for the destination's last message.
    func finish() throws {
        done.wait()
        try result.get()
    }

    private func read() throws {
        let reader = StreamReader(channel: channel)
        while true {
            let code: UInt16 = try reader.read()
            let length: UInt16 = try reader.read()
            guard let message = ReturnMessage(rawValue: code) else {
                throw MigrationError("RP: Received invalid message \(hex(code)) length \(hex(length))")
            }
            switch message {
            case .shut:
                guard length == 4 else { throw badLength(message, length) }
                let status: UInt32 = try reader.read()
                guard status == 0 else {
                    throw MigrationError("RP: Sibling indicated error \(status)", code: EIO)
                }
                return
            case .pong:
                guard length == 4 else { throw badLength(message, length) }
                _ = try reader.read(UInt32.self)
            case .switchoverAcknowledge:
                try reader.skip(UInt64(length))
            case .requestPages, .requestPagesByName, .receivedBitmap, .resumeAcknowledge:
                throw MigrationError("RP: Received '\(message)' message without postcopy")
            }
        }
    }

    private func badLength(_ message: ReturnMessage, _ length: UInt16) -> MigrationError {
        MigrationError("RP: Received '\(message)' message with incorrect length \(length)")
    }
}
