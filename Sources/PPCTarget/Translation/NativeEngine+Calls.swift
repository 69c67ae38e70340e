// Which instructions had no native code.
extension NativeEngine {
    /// How often generated code has called instructions' functions, by mnemonic, most often first. Slow paths of memory
    /// accesses and what the interpreter executes do not count.
    public var calledInstructions: [(mnemonic: String, count: UInt64)] {
        var counts: [String: UInt64] = [:]
        for (index, row) in InstructionTable.shared.rows.enumerated() where thunks.calls[index] != 0 {
            counts[row.mnemonic, default: 0] &+= thunks.calls[index]
        }
        return counts.map { ($0.key, $0.value) }.sorted { ($0.count, $1.mnemonic) > ($1.count, $0.mnemonic) }
    }
}
