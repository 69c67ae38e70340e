/// Every row of the vector chapters: VMX, matrix-multiply assist, and the parts of VSX that move data unrounded.
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
            MMARows.rows,
        ]
        return groups.flatMap { $0 }
    }
}
