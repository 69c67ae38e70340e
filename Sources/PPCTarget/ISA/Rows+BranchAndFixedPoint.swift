/// The chapters of the branch and fixed-point facilities, storage access included (ISA 3.1 Book I, chapters 2 and 3).
enum BranchAndFixedPointRows {
    static let rows: [InstructionRow] =
        FixedPointArithmeticRows.rows + FixedPointLogicalRows.rows + FixedPointCompareRows.rows
        + FixedPointRotateRows.rows + BranchRows.rows + LoadStoreRows.rows + StorageControlRows.rows
}
