import CPPCState

/// All instruction rows, arranged for look-up by instruction word.
///
/// Built once from the chapters' row groups and never changed, so it may be read from any thread. Engines on hot paths
/// take the raw arrays (``attributes`` and the decoder) and keep the pointer instead of going through ``shared``.
package final class InstructionTable: @unchecked Sendable {
    /// The table of every row group in ``groups``.
    package static let shared = InstructionTable(groups: groups)

    /// Row groups, one per chapter. Append a chapter in its section.
    private static var groups: [[InstructionRow]] {
        [
            // Fixed point, branch, load and store.
            BranchAndFixedPointRows.rows,
            // Supervisor state, special purpose registers, memory management.
            SystemRows.rows, SPRRows.rows,
            // Floating point.
            FloatingPointRows.rows,
            VSXFloatRows.rows,
            QuadRows.rows,
            DecimalRows.rows,
            // Vector.
            VectorChapterRows.rows,
        ]
    }

    /// What ``decode(_:for:)`` returns for a word that is no instruction.
    package static let noRow: UInt16 = .max

    /// What an engine needs of a row at run time, without the row's arrays.
    package struct Attributes {
        package let execute: Execute
        package let effects: Effects
        package let since: InstructionSet
        package let facility: Facility
        package let privilege: Privilege
        /// Bits of `ppc_cpu.facilities` without which the instruction is refused: privilege and facility in one.
        package let needs: UInt64
        /// 4, or 8 for prefixed instructions.
        package let length: UInt8
    }

    package let rows: [InstructionRow]
    /// One element per row, in the order of ``rows``.
    package let attributes: UnsafePointer<Attributes>
    /// The row's functions alone, in the order of ``rows``.
    package let functions: UnsafePointer<Execute>
    private let words: DecodeTree
    private let prefixed: DecodeTree

    package init(groups: [[InstructionRow]]) {
        rows = groups.flatMap { $0 }
        precondition(rows.count < Int(Self.noRow), "row numbers must fit 16 bits")
        let attributes = UnsafeMutablePointer<Attributes>.allocate(capacity: max(rows.count, 1))
        let functions = UnsafeMutablePointer<Execute>.allocate(capacity: max(rows.count, 1))
        for (index, row) in rows.enumerated() {
            (functions + index).initialize(to: row.execute)
            (attributes + index).initialize(
                to: Attributes(
                    execute: row.execute, effects: row.effects, since: row.since, facility: row.facility,
                    privilege: row.privilege, needs: FacilityBits.needs(row), length: row.prefix == nil ? 4 : 8))
        }
        self.attributes = UnsafePointer(attributes)
        self.functions = UnsafePointer(functions)
        words = DecodeTree(rows: rows, prefixed: false)
        prefixed = DecodeTree(rows: rows, prefixed: true)
    }

    deinit {
        attributes.deallocate()
        functions.deallocate()
    }

    /// Whether a word is the first half of a prefixed instruction (primary opcode 1, ISA 3.1 Book I, section 1.6).
    @inline(__always)
    package static func isPrefix(_ word: UInt32) -> Bool { word >> 26 == 1 }

    /// The row that an instruction word selects.
    ///
    /// - Parameters:
    ///   - word: The instruction; a prefixed one has its prefix in the upper 32 bits (primary opcode 1, never zero).
    ///   - sets: Instruction sets of the CPU model. Some encodings mean different things on different models.
    /// - Returns: Index into ``rows``, or ``noRow`` for words that are illegal on the model: unassigned opcodes,
    ///   reserved bits set, instructions that the model lacks.
    @inline(__always)
    package func decode(_ word: UInt64, for sets: InstructionSet) -> UInt16 {
        word >> 32 == 0 ? words.find(word, sets) : prefixed.find(word, sets)
    }

    /// Index of the first row with a base mnemonic; linear, for tools and tests.
    package func index(ofMnemonic mnemonic: String) -> Int? { rows.firstIndex { $0.mnemonic == mnemonic } }
}

/// Candidate rows by primary opcode and, where rows of that primary opcode use them, the low eleven bits of the word.
private final class DecodeTree: @unchecked Sendable {
    private struct Primary {
        var base: UInt32
        var mask: UInt32
    }
    private struct Candidate {
        let match: UInt64
        /// Opcode bits and bits that must be zero.
        let mask: UInt64
        let since: InstructionSet
        let row: UInt16
    }

    private static let lowMask: UInt32 = 0x7ff
    private let primaries: UnsafeMutablePointer<Primary>
    /// First candidate in the upper 24 bits, count in the lower 8.
    private let slots: UnsafeMutablePointer<UInt32>
    private let candidates: UnsafeMutablePointer<Candidate>

    init(rows: [InstructionRow], prefixed: Bool) {
        let chosen = rows.indices.filter { (rows[$0].prefix != nil) == prefixed }
            // The more specific encoding wins where two overlap.
            .sorted { rows[$0].form.mask.nonzeroBitCount > rows[$1].form.mask.nonzeroBitCount }
        primaries = .allocate(capacity: 64)
        var slotCount = 0
        var lists: [[UInt16]] = []
        for primary in UInt32(0)..<64 {
            let members = chosen.filter { (rows[$0].form.match >> 26 ^ primary) & rows[$0].form.mask >> 26 == 0 }
            let usesLow = members.contains { rows[$0].form.mask & Self.lowMask != 0 }
            let mask = usesLow ? Self.lowMask : 0
            primaries[Int(primary)] = Primary(base: UInt32(slotCount), mask: mask)
            slotCount += Int(mask) + 1
            lists.append(contentsOf: repeatElement([], count: Int(mask) + 1))
            let base = lists.count - Int(mask) - 1
            for member in members {
                // Every value of the low bits that the opcode leaves free.
                let free = ~rows[member].form.mask & mask
                var bits: UInt32 = 0
                repeat {
                    lists[base + Int(rows[member].form.match & mask | bits)].append(UInt16(member))
                    bits = (bits &- free) & free
                } while bits != 0
            }
        }
        slots = .allocate(capacity: slotCount)
        candidates = .allocate(capacity: max(lists.reduce(0) { $0 + $1.count }, 1))
        var next = 0
        for (index, list) in lists.enumerated() {
            precondition(list.count < 256, "too many rows share an opcode")
            slots[index] = UInt32(next) << 8 | UInt32(list.count)
            for number in list {
                let row = rows[Int(number)]
                let prefix = row.prefix ?? (match: 0, mask: 0)
                (candidates + next).initialize(
                    to: Candidate(
                        match: UInt64(prefix.match) << 32 | UInt64(row.form.match),
                        mask: UInt64(prefix.mask) << 32 | UInt64(row.form.mask | row.reserved),
                        since: row.since, row: number))
                next += 1
            }
        }
    }

    deinit {
        primaries.deallocate()
        slots.deallocate()
        candidates.deallocate()
    }

    @inline(__always)
    func find(_ word: UInt64, _ sets: InstructionSet) -> UInt16 {
        let primary = primaries[Int(truncatingIfNeeded: word >> 26 & 63)]
        let slot = slots[Int(truncatingIfNeeded: primary.base &+ (UInt32(truncatingIfNeeded: word) & primary.mask))]
        var candidate = candidates + Int(truncatingIfNeeded: slot >> 8)
        var left = slot & 0xff
        while left != 0 {
            let entry = candidate.pointee
            if word & entry.mask == entry.match, entry.since.rawValue & sets.rawValue != 0 { return entry.row }
            candidate += 1
            left &-= 1
        }
        return InstructionTable.noRow
    }
}
