/// The migration capabilities of all QEMU releases from 7.2 on: each works, or is refused by name with the reason.
public enum CapabilityTable {
    /// One capability.
    public struct Row: Sendable {
        /// QMP's name.
        public let name: String
        /// Why it cannot be switched on; `nil`: it can.
        public let refusal: String?
        /// Whether `-global migration.x-NAME` exists.
        public var isPresettable: Bool { !CapabilityTable.withoutPreset.contains(name) }
    }

    private static let withoutPreset: Set<String> = [
        "pause-before-switchover", "dirty-bitmaps", "postcopy-blocktime", "late-block-activate", "x-ignore-shared",
        "validate-uuid",
    ]

    /// Every capability that a release has had.
    public static let rows: [Row] = [
        Row(name: "xbzrle", refusal: nil),
        Row(name: "rdma-pin-all", refusal: "migration by RDMA is not supported"),
        Row(name: "auto-converge", refusal: "CPUs are not throttled; raise downtime-limit or max-bandwidth instead"),
        Row(name: "zero-blocks", refusal: "block migration is not supported"),
        Row(name: "compress", refusal: "compression threads are not supported (QEMU removed them in 9.1)"),
        Row(name: "events", refusal: nil),
        Row(name: "postcopy-ram", refusal: "postcopy is not supported"),
        Row(name: "x-colo", refusal: "COLO is not supported"),
        Row(name: "release-ram", refusal: "it has an effect with postcopy only, which is not supported"),
        Row(name: "block", refusal: "block migration is not supported (QEMU removed it in 9.1)"),
        Row(name: "return-path", refusal: nil),
        Row(name: "pause-before-switchover", refusal: nil),
        Row(name: "multifd", refusal: "several channels at once are not supported"),
        Row(name: "dirty-bitmaps", refusal: "bitmaps of block devices do not travel"),
        Row(name: "postcopy-blocktime", refusal: "postcopy is not supported"),
        Row(name: "late-block-activate", refusal: nil),
        Row(name: "x-ignore-shared", refusal: nil),
        Row(name: "validate-uuid", refusal: nil),
        Row(name: "background-snapshot", refusal: "background snapshots are not supported"),
        Row(name: "zero-copy-send", refusal: "it needs multifd, which is not supported"),
        Row(name: "postcopy-preempt", refusal: "postcopy is not supported"),
        Row(name: "switchover-ack", refusal: "no device here needs to agree to the switch-over"),
        Row(name: "dirty-limit", refusal: "the dirty page rate of CPUs is not limited"),
        Row(name: "mapped-ram", refusal: "the mapped-ram file format is not supported"),
    ]

    static let names = Set(rows.map(\.name))

    static func check(_ name: String, on: Bool) throws {
        guard let row = rows.first(where: { $0.name == name }) else {
            throw MigrationError("Parameter 'capability' does not accept value '\(name)'")
        }
        if on, let refusal = row.refusal {
            throw MigrationError("Migration capability '\(name)' cannot be switched on: \(refusal)")
        }
    }
}
