import EmuCore
import Foundation
import Testing

@testable import PPCTarget

@Suite("Image files") struct ImageFileTests {
    private func contents(_ image: MemoryImage) throws -> [UInt64: [UInt8]] {
        var found: [UInt64: [UInt8]] = [:]
        try image.forEachPiece { found[$0, default: []] += $1 }
        return found
    }

    @Test("are read again at every reset, also after they were removed, with zeroes behind")
    func rereading() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appendingPathComponent("image")
        let bytes = (0..<700_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        try Data(bytes).write(to: path)
        let file = try ImageLoader.open(path.path, limit: 1 << 20, what: "image")
        let image = MemoryImage(address: 0x1000, file: file, offset: 5, count: 600_000, size: 600_100)
        let first = try contents(image)
        try FileManager.default.removeItem(at: path)
        #expect(try contents(image) == first)
        let all = first.sorted { $0.key < $1.key }.flatMap(\.value)
        #expect(all == Array(bytes[5..<600_005]) + [UInt8](repeating: 0, count: 100))
        #expect(throws: ObjectError.self) { try ImageLoader.open(path.path, limit: 1 << 20, what: "image") }
    }

    @Test("that are changed in place, too long or no files are refused with a reason")
    func refusals() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appendingPathComponent("image")
        try Data([1, 2, 3, 4]).write(to: path)
        #expect(throws: ObjectError.self) { try ImageLoader.open(path.path, limit: 3, what: "image") }
        #expect(throws: ObjectError.self) { try ImageLoader.open(folder.path, limit: 3, what: "image") }
        let file = try ImageLoader.open(path.path, limit: 4, what: "image")
        let handle = try FileHandle(forWritingTo: path)
        try handle.truncate(atOffset: 2)
        try handle.close()
        #expect(throws: ObjectError.self) { try contents(MemoryImage(address: 0, file: file)) }
    }
}
