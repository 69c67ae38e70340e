import Foundation

/// Files below Fixtures at the package's root.
enum Fixture {
    static var directory: URL {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("Fixtures")
    }
    static func bytes(_ path: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: directory.appendingPathComponent(path)))
    }
    static func text(_ path: String) throws -> String {
        String(decoding: try bytes(path), as: UTF8.self)
    }
}

/// Instruction words as they lie in memory.
func bytes(of words: [UInt32], bigEndian: Bool) -> [UInt8] {
    words.flatMap { word in
        (0..<4).map { UInt8(truncatingIfNeeded: word >> UInt32(bigEndian ? 24 - 8 * $0 : 8 * $0)) }
    }
}
