/// Flags in the low bits of a RAM record's address. Source: QEMU `migration/ram.c`.
enum RAMFlags {
    static let zero: UInt64 = 0x02
    static let memorySize: UInt64 = 0x04
    static let page: UInt64 = 0x08
    static let endOfSection: UInt64 = 0x10
    static let sameBlock: UInt64 = 0x20
    static let xbzrle: UInt64 = 0x40
    static let hook: UInt64 = 0x80
    static let compressedPage: UInt64 = 0x100
    static let multifdFlush: UInt64 = 0x200
}

/// What saving RAM has done so far; a value that threads may copy.
public struct RAMStatistics: Sendable, Equatable {
    /// Bytes of all blocks that travel.
    public var totalBytes: UInt64 = 0
    /// Bytes still to be sent.
    public var remainingBytes: UInt64 = 0
    /// Pages sent as zero.
    public var zeroPages: UInt64 = 0
    /// Pages sent with their content.
    public var normalPages: UInt64 = 0
    /// Bytes written for RAM.
    public var transferredBytes: UInt64 = 0
    /// Looks at the dirty bitmap so far.
    public var dirtySyncCount: UInt64 = 0
    /// Pages that the guest dirties in a second.
    public var dirtyPagesRate: UInt64 = 0
    /// Counters of the delta encoding.
    public var xbzrle = XBZRLEStatistics()
    /// All zero.
    public init() {}
}

/// Counters of the XBZRLE cache.
public struct XBZRLEStatistics: Sendable, Equatable {
    /// Bytes of deltas.
    public var bytes: UInt64 = 0
    /// Pages sent as deltas.
    public var pages: UInt64 = 0
    /// Pages whose last version was not at hand.
    public var cacheMisses: UInt64 = 0
    /// Deltas that would have been larger than the page.
    public var overflows: UInt64 = 0
    /// All zero.
    public init() {}
}
