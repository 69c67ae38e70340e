import EmuCore

extension HashPageTable {
    /// Readers that step over a hash page table in a stream without keeping it, by section name, for tools that look at
    /// streams without a machine.
    public static var skippers: [String: @Sendable (any StateInput) throws -> Void] {
        ["spapr/htab": { try skip($0) }]
    }

    /// Reads one START, PART or END record.
    private static func skip(_ input: any StateInput) throws {
        // A size, or all ones for "no table", ends a START record; 0 begins entries.
        guard try input.read(UInt32.self) == 0 else { return }
        while true {
            let start = try input.read(UInt32.self)
            let valid = try input.read(UInt16.self)
            let invalid = try input.read(UInt16.self)
            if start == 0, valid == 0, invalid == 0 { return }
            _ = try input.readBytes(Int(valid) * entrySize)
        }
    }
}
