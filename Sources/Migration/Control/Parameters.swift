import EmuCore
import OrderedCollections

/// The migration parameters of all QEMU releases from 7.2 on, their defaults and what they do here.
public enum ParameterTable {
    /// What a parameter does here.
    public enum Effect: Sendable, Equatable {
        case effective
        /// Kept and shown; what it tunes does not exist here, and any value is harmless.
        case kept
        /// Only the default can be set; the reason.
        case refused(String)
    }
    /// Which values a parameter takes.
    public enum Kind: Sendable, Equatable {
        case integer(ClosedRange<UInt64>)
        case powerOfTwo(from: UInt64)
        case bool
        case string
        case strings
        /// What ``WritePolicy/init(_:)`` takes.
        case release
        case choice([String])
    }
    /// One parameter.
    public struct Row: Sendable {
        /// QMP's name.
        public let name: String
        /// Value until somebody sets it.
        public let initial: Value
        /// Which values it takes.
        public let kind: Kind
        /// What it does here.
        public let effect: Effect
        /// Whether `-global migration.NAME` exists without the prefix `x-`.
        var isForOrdinaryUsers: Bool { !ParameterTable.prefixedPresets.contains(name) }
    }

    private static let prefixedPresets: Set<String> = [
        "compress-level", "compress-threads", "compress-wait-thread", "decompress-threads",
        "throttle-trigger-threshold",
        "cpu-throttle-initial", "cpu-throttle-increment", "cpu-throttle-tailslow", "max-bandwidth", "downtime-limit",
    ]

    private static let noCompression = Effect.refused("compression threads are not supported")
    private static let noThrottle = Effect.refused("CPUs are not throttled")
    private static let noTLS = Effect.refused("TLS is not supported")
    private static let noMultifd = Effect.refused("multifd is not supported")
    private static let byte: Kind = .integer(1...255)
    private static let percent: Kind = .integer(1...99)

    /// Every parameter that a release has had.
    public static let rows: [Row] = general + limits + unsupported

    private static let general: [Row] = [
        Row(name: "announce-initial", initial: 50, kind: .integer(0...100_000), effect: .kept),
        Row(name: "announce-max", initial: 550, kind: .integer(0...100_000), effect: .kept),
        Row(name: "announce-rounds", initial: 5, kind: .integer(0...1000), effect: .kept),
        Row(name: "announce-step", initial: 100, kind: .integer(1...10_000), effect: .kept),
    ]
    private static let limits: [Row] = [
        Row(name: "write-for-release", initial: "any", kind: .release, effect: .effective),
        Row(name: "max-bandwidth", initial: 134_217_728, kind: .integer(0...UInt64.max), effect: .effective),
        Row(name: "avail-switchover-bandwidth", initial: 0, kind: .integer(0...UInt64.max), effect: .effective),
        Row(name: "downtime-limit", initial: 300, kind: .integer(0...2_000_000), effect: .effective),
        Row(name: "xbzrle-cache-size", initial: 67_108_864, kind: .powerOfTwo(from: 4096), effect: .effective),
        Row(name: "max-postcopy-bandwidth", initial: 0, kind: .integer(0...UInt64.max), effect: .kept),
        Row(
            name: "block-incremental", initial: false, kind: .bool, effect: .refused("block migration is not supported")
        ),
    ]
    private static let unsupported: [Row] = [
        Row(name: "compress-level", initial: 1, kind: .integer(0...9), effect: noCompression),
        Row(name: "compress-threads", initial: 8, kind: byte, effect: noCompression),
        Row(name: "compress-wait-thread", initial: true, kind: .bool, effect: noCompression),
        Row(name: "decompress-threads", initial: 2, kind: byte, effect: noCompression),
        Row(name: "throttle-trigger-threshold", initial: 50, kind: .integer(1...100), effect: noThrottle),
        Row(name: "cpu-throttle-initial", initial: 20, kind: percent, effect: noThrottle),
        Row(name: "cpu-throttle-increment", initial: 10, kind: percent, effect: noThrottle),
        Row(name: "cpu-throttle-tailslow", initial: false, kind: .bool, effect: noThrottle),
        Row(name: "max-cpu-throttle", initial: 99, kind: percent, effect: noThrottle),
        Row(name: "tls-creds", initial: "", kind: .string, effect: noTLS),
        Row(name: "tls-hostname", initial: "", kind: .string, effect: noTLS),
        Row(name: "tls-authz", initial: "", kind: .string, effect: noTLS),
        Row(
            name: "x-checkpoint-delay", initial: 20_000, kind: .integer(0...UInt64(UInt32.max)),
            effect: .refused("COLO is not supported")),
        Row(name: "multifd-channels", initial: 2, kind: byte, effect: noMultifd),
        Row(
            name: "multifd-compression", initial: "none",
            kind: .choice(["none", "zlib", "zstd", "qpl", "uadk", "qatzip"]),
            effect: noMultifd),
        Row(name: "multifd-zlib-level", initial: 1, kind: .integer(0...9), effect: noMultifd),
        Row(name: "multifd-zstd-level", initial: 1, kind: .integer(0...20), effect: noMultifd),
        Row(name: "multifd-qatzip-level", initial: 1, kind: .integer(1...9), effect: noMultifd),
        Row(
            name: "x-vcpu-dirty-limit-period", initial: 1000, kind: .integer(1...1000),
            effect: .refused("the dirty page rate of CPUs is not limited")),
        Row(
            name: "vcpu-dirty-limit", initial: 1, kind: .integer(1...UInt64(Int64.max)),
            effect: .refused("the dirty page rate of CPUs is not limited")),
        Row(
            name: "mode", initial: "normal", kind: .choice(["normal", "cpr-reboot", "cpr-transfer", "cpr-exec"]),
            effect: .refused("checkpoint and restart modes are not supported")),
        Row(
            name: "zero-page-detection", initial: "legacy", kind: .choice(["none", "legacy", "multifd"]),
            effect: .refused("zero pages are always detected")),
        Row(
            name: "direct-io", initial: false, kind: .bool, effect: .refused("files are written through the page cache")
        ),
        Row(
            name: "cpr-exec-command", initial: [], kind: .strings,
            effect: .refused("checkpoint and restart modes are not supported")),
        Row(
            name: "backend-transfer", initial: false, kind: .bool,
            effect: .refused("back ends of devices do not travel")),
    ]

    static let defaults: OrderedDictionary<String, Value> = OrderedDictionary(
        uniqueKeysWithValues: rows.map { ($0.name, $0.initial) })

    /// Checks a value that a user wants to set.
    ///
    /// - Throws: If the name is unknown, the value out of range, or has no meaning here.
    static func check(_ name: String, _ value: Value) throws {
        guard let row = rows.first(where: { $0.name == name }) else {
            if name == "block-bitmap-mapping" {
                throw MigrationError(
                    "Migration parameter '\(name)' cannot be set: bitmaps of block devices do not travel")
            }
            throw MigrationError("Parameter '\(name)' is unexpected")
        }
        func expect(_ condition: Bool, _ what: String) throws {
            // QEMU names parameters with underscores in these texts.
            let shown = name.split(separator: "-").joined(separator: "_")
            guard condition else { throw MigrationError("Parameter '\(shown)' expects \(what)") }
        }
        switch row.kind {
        case .integer(let range):
            try expect(
                value.unsignedValue.map(range.contains) ?? false,
                "an integer in the range of \(range.lowerBound) to \(range.upperBound)")
        case .powerOfTwo(let least):
            let number = value.unsignedValue ?? 0
            try expect(
                number >= least && number & (number &- 1) == 0, "a power of two no less than the target page size")
        case .bool: try expect(value.boolValue != nil, "a boolean")
        case .release:
            try expect(value.stringValue != nil || value == .null, "a release such as 7.2")
            if let name = value.stringValue { _ = try WritePolicy(name) }
        case .string: try expect(value.stringValue != nil || value == .null, "a string")
        case .strings:
            try expect(value.arrayValue?.allSatisfy { $0.stringValue != nil } ?? false, "a list of strings")
        case .choice(let names):
            try expect(value.stringValue.map(names.contains) ?? false, names.joined(separator: ", "))
        }
        if case .refused(let reason) = row.effect, value != row.initial, value != .null {
            throw MigrationError("Migration parameter '\(name)' cannot be set: \(reason)")
        }
    }
}
