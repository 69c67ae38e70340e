import EmuCore
import Glibc

@testable import Migration

/// A machine of no real kind: RAM blocks and one device of every shape that state can have.
final class SyntheticMachine: Machine {
    var settings: StreamSettings
    let gadget = Gadget()
    private(set) var resets = 0

    init(ram: [(id: String, bytes: UInt64)] = [("main", 1 << 20)], settings: StreamSettings? = nil) throws {
        self.settings = settings ?? StreamSettings(machineName: "synthetic-1.0")
        super.init(type: ObjectType("synthetic-1.0-machine", parent: nil), types: TypeRegistry())
        for (id, bytes) in ram { try add(ramBlock: RAMBlock(anonymous: id, byteCount: bytes)) }
        state.register(Gadget.description, of: gadget, path: "bus@1", instance: 0)
    }

    override var streamSettings: StreamSettings { settings }

    override func resetMachine() {
        resets += 1
        gadget.reset()
    }

    /// Fills every third page with bytes that depend on `seed`.
    func fillRAM(seed: UInt64) {
        var generator = SplitMix(state: seed)
        for block in ramBlocks {
            for page in stride(from: 0, to: Int(block.usedLength), by: 3 * 4096) {
                for offset in stride(from: 0, to: 4096, by: 8) {
                    block.base.storeBytes(of: generator.next(), toByteOffset: page + offset, as: UInt64.self)
                }
            }
        }
    }

    func ramEquals(_ other: SyntheticMachine) -> Bool {
        zip(ramBlocks, other.ramBlocks).allSatisfy {
            $0.usedLength == $1.usedLength && memcmp($0.base, $1.base, Int($0.usedLength)) == 0
        }
    }
}

/// Fixed-seed random numbers.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}

final class Part: Equatable {
    var a: UInt16 = 0
    var b: Int64 = 0
    init(a: UInt16 = 0, b: Int64 = 0) {
        self.a = a
        self.b = b
    }
    static func == (x: Part, y: Part) -> Bool { x.a == y.a && x.b == y.b }
    static let description = StateDescription(
        "part", of: Part.self, fields: [.value("a", \.a), .value("b", \.b)])
}

/// Scalars, arrays, buffers, structs, a custom field, versions, conditions and subsections.
final class Gadget {
    var small: UInt8 = 0
    var signed: Int32 = 0
    var flag = false
    var wide: UInt64 = 0
    var model: UInt32 = 7
    var words: [UInt32] = [0, 0, 0, 0]
    var count: UInt32 = 0
    var list: [UInt16] = []
    var blob: [UInt8] = [0, 0, 0]
    var part = Part()
    var parts: [Part] = [Part(), Part()]
    var text = ""
    var newer: UInt32 = 0
    var extra: UInt64 = 0
    var deadline: Int64 = -1

    func reset() {
        let fresh = Gadget()
        copy(from: fresh)
    }

    func copy(from other: Gadget) {
        small = other.small
        signed = other.signed
        flag = other.flag
        wide = other.wide
        words = other.words
        count = other.count
        list = other.list
        blob = other.blob
        part = Part(a: other.part.a, b: other.part.b)
        parts = other.parts.map { Part(a: $0.a, b: $0.b) }
        text = other.text
        newer = other.newer
        extra = other.extra
        deadline = other.deadline
    }

    func fill() {
        small = 0xa5
        signed = -123_456
        flag = true
        wide = 0x0123_4567_89ab_cdef
        words = [1, 2, 3, 0xffff_ffff]
        list = [10, 20, 30]
        count = 3
        blob = [9, 8, 7]
        part = Part(a: 1, b: -1)
        parts = [Part(a: 2, b: -2), Part(a: 3, b: -3)]
        text = "hello"
        deadline = 1_000_000
    }

    var summary: String {
        "\(small) \(signed) \(flag) \(wide) \(words) \(list) \(blob) \(part.a) \(part.b) \(parts.map { "\($0.a) \($0.b)" }) "
            + "\(text) \(newer) \(extra) \(deadline)"
    }

    static let description = StateDescription(
        "gadget", of: Gadget.self, version: 3, minimumVersion: 2, versionsSince: [3: Release(1, 1)],
        oldestSufficientVersion: { $0.newer == 0 ? 2 : 3 },
        fields: fields,
        subsections: [
            StateDescription(
                "gadget/extra", of: Gadget.self, isNeeded: { $0.extra != 0 }, fields: [.value("extra", \.extra)])
        ],
        preLoad: { $0.extra = 0 },
        postLoad: { gadget, version in if version < 3 { gadget.newer = 0 } })

    private static let fields: [Field<Gadget>] = [
        .value("small", \.small), .value("signed", \.signed), .value("flag", \.flag), .value("wide", \.wide),
        .value("model", \.model, mustMatch: true),
        .array(
            "words", .uint32, count: { _ in 4 }, get: { UInt64($0.words[$1]) },
            set: { $0.words[$1] = UInt32(truncatingIfNeeded: $2) }),
        .value("count", \.count),
        .array(
            "list", .uint16, count: { Int($0.count) },
            prepare: { gadget, count in
                guard count <= 64 else { throw StateError("list of \(count) elements") }
                gadget.list = [UInt16](repeating: 0, count: count)
            }, get: { UInt64($0.list[$1]) }, set: { $0.list[$1] = UInt16(truncatingIfNeeded: $2) }),
        .bytes("blob", count: { _ in 3 }, get: { $0.blob }, set: { $0.blob = $1 }),
        .structure("part", Part.description, element: { gadget, _ in gadget.part }),
        .structure("parts", Part.description, count: { _ in 2 }, element: { $0.parts[$1] }),
        .unused(5),
        .custom(
            "text", typeName: "text", save: { try $1.writeCounted($0.text) },
            load: { $0.text = try $1.readCounted() }),
        .scalar(
            "deadline", .timer, get: { UInt64(bitPattern: $0.deadline) },
            set: { $0.deadline = Int64(bitPattern: $1) }),
        .value("newer", \.newer, since: 3),
    ]
}
