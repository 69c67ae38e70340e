/// Every row of the vector chapters: VMX, and the parts of VSX that move data without rounding it.
enum VectorChapterRows {
    static var rows: [InstructionRow] {
        let groups: [[InstructionRow]] = [
            VectorMemoryRows.rows,
            VectorIntegerRows.rows,
            VectorMultiplyRows.rows,
            VectorPermuteRows.rows,
            VectorBitRows.rows,
            VectorSpecialRows.rows,
            VSXMemoryRows.rows,
            VSXPermuteRows.rows,
        ]
        return groups.flatMap { $0 }
    }
}
