import CPPCState

/// Guest memory accesses that miss the soft TLB: translation, faults, page crossing, MMIO.
///
/// All return `false` with an interrupt recorded in `excp_*` if the access is refused.
public enum DataAccess {
    /// - Parameters:
    ///   - ea: Effective address, already truncated in 32-bit mode.
    ///   - size: 1, 2, 4 or 8 bytes.
    @inline(never)
    public static func load(
        _ cpu: CPUState, _ ea: UInt64, size: Int, bigEndian: Bool, _ value: inout UInt64
    ) -> Bool {
        _ = raise(cpu, .dataStorage, flags: UInt32(PPC_EXCP_SET_DAR))
        return false
    }

    @inline(never)
    public static func store(_ cpu: CPUState, _ ea: UInt64, size: Int, bigEndian: Bool, _ value: UInt64) -> Bool {
        _ = raise(cpu, .dataStorage, flags: UInt32(PPC_EXCP_SET_DAR))
        return false
    }

    /// Checks that a store of `size` bytes (up to 128) would succeed, without writing.
    @inline(never)
    public static func probeStore(_ cpu: CPUState, _ ea: UInt64, size: Int) -> Bool {
        _ = raise(cpu, .dataStorage, flags: UInt32(PPC_EXCP_SET_DAR))
        return false
    }
}
