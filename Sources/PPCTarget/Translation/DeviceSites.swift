import CPPCState

/// Instructions that access device registers, by effective address. Translations have code for that only where it was seen
/// to be wanted: a driver's few accessors, not every load and store.
struct DeviceSites {
    private(set) var known: Set<UInt64> = []
    /// Accesses so far of instructions that are not known, a table that forgets.
    private var counts = [(address: UInt64, count: Int)](repeating: (.max, 0), count: 1024)

    /// Accesses after which an instruction is translated anew.
    static var threshold: Int { 64 }
    private static var capacity: Int { 4096 }

    /// - Returns: Whether the instruction has just become known.
    mutating func note(_ address: UInt64) -> Bool {
        let index = Int(truncatingIfNeeded: address &>> 2) & (counts.count - 1)
        if counts[index].address != address { counts[index] = (address, 0) }
        counts[index].count += 1
        guard counts[index].count >= Self.threshold, known.count < Self.capacity else { return false }
        known.insert(address)
        return true
    }
}

extension NativeEngine {
    package func accessesDevice(_ cpu: CPUState) -> Bool {
        // Verify mode executes instructions twice.
        guard !isPiecewise else { return false }
        let address = cpu.pointee.nip
        if deviceSites.known.contains(address) { return true }
        guard deviceSites.note(address) else { return false }
        drop((0..<zones.count).flatMap { table.near([address], among: zones.blocks($0)) })
        return true
    }
}
