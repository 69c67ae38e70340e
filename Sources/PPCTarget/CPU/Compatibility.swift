/// A compatibility mode: a guest sees the processor as one of an earlier level (PAPR, logical processor version).
package struct CompatibilityMode: Sendable, Equatable {
    /// As in the `max-cpu-compat` option.
    package let name: String
    /// Logical processor version that `ibm,client-architecture-support` negotiates.
    package let logicalPVR: UInt32
    /// What PCR holds in this mode, before the model's mask.
    package let pcr: UInt64
    /// The PCR bit of the mode's own level; a model that supports the mode has it in ``PPCModel/pcrSupported``.
    package let level: UInt64
    /// Threads per core that the guest may see.
    package let maximumThreads: Int

    private static var v205: UInt64 { 1 << 1 }
    private static var v206: UInt64 { 1 << 2 }
    private static var v207: UInt64 { 1 << 3 }
    private static var v300: UInt64 { 1 << 4 }
    private static var v310: UInt64 { 1 << 5 }
    private static var noVSX: UInt64 { 1 << 62 }
    private static var noTM: UInt64 { 1 << 61 }

    /// Oldest first; the order decides what is older than what.
    package static let all: [CompatibilityMode] = [
        CompatibilityMode(
            name: "power6", logicalPVR: 0x0f00_0002, pcr: v310 | v300 | v207 | v206 | v205 | noTM | noVSX, level: v205,
            maximumThreads: 2),
        CompatibilityMode(
            name: "power7", logicalPVR: 0x0f00_0003, pcr: v310 | v300 | v207 | v206 | noTM, level: v206,
            maximumThreads: 4),
        CompatibilityMode(
            name: "power7+", logicalPVR: 0x0f10_0003, pcr: v310 | v300 | v207 | v206 | noTM, level: v206,
            maximumThreads: 4),
        CompatibilityMode(
            name: "power8", logicalPVR: 0x0f00_0004, pcr: v310 | v300 | v207, level: v207, maximumThreads: 8),
        CompatibilityMode(name: "power9", logicalPVR: 0x0f00_0005, pcr: v310 | v300, level: v300, maximumThreads: 8),
        CompatibilityMode(name: "power10", logicalPVR: 0x0f00_0006, pcr: v310, level: v310, maximumThreads: 8),
    ]

    package static func named(_ name: String) -> CompatibilityMode? { all.first { $0.name == name.lowercased() } }
    package static func logical(pvr: UInt32) -> CompatibilityMode? { all.first { $0.logicalPVR == pvr } }

    /// Whether `mode` lies within the bounds and the model can run it. A bound of 0 means none.
    package static func isUsable(
        _ pvr: UInt32, on model: PPCModel, minimum: UInt32 = 0, maximum: UInt32 = 0
    ) -> Bool {
        guard let index = all.firstIndex(where: { $0.logicalPVR == pvr }) else { return false }
        if let low = all.firstIndex(where: { $0.logicalPVR == minimum }), index < low { return false }
        if let high = all.firstIndex(where: { $0.logicalPVR == maximum }), index > high { return false }
        return model.pcrSupported & all[index].level != 0
    }
}
