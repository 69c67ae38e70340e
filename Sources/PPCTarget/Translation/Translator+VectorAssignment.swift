import CPPCState

/// Where a VSR number stands in an instruction word, and how the instruction uses the register.
struct VectorUse {
    var shift: UInt8 = 0
    /// Position of the number's bit for 32; -1 if there is none.
    var highBit: Int8 = -1
    /// 32 for VRs.
    var offset: UInt8 = 0
    /// Only doubleword 0 matters.
    var isScalar = false
    var reads = false
    var isPresent = false

    /// Of the instructions that name VRs.
    private static let scalarMnemonics: Set<String> =
        ["lxsd", "lxssp", "stxsd", "stxssp", "plxsd", "plxssp", "pstxsd", "pstxssp"]

    init() {}

    init?(_ operand: Operand, _ row: InstructionRow) {
        guard operand.extract == nil, operand.width == 5 else { return nil }
        switch operand.kind {
        case .fpr: isScalar = true
        case .vr:
            offset = 32
            isScalar = Self.scalarMnemonics.contains(row.mnemonic)
        case .vsr:
            highBit = operand.highBit
            isScalar = row.mnemonic.hasPrefix("xs") || row.mnemonic.hasPrefix("lxs") || row.mnemonic.hasPrefix("stxs")
        default: return nil
        }
        shift = operand.shift
        reads = operand.use != .write
        isPresent = true
    }

    @inline(__always)
    func number(_ word: UInt64) -> Int {
        var number = Int(truncatingIfNeeded: word &>> UInt64(shift) & 31) | Int(offset)
        if highBit >= 0 { number |= Int(truncatingIfNeeded: word &>> UInt64(truncatingIfNeeded: highBit) & 1) &<< 5 }
        return number
    }
}

// Which VSRs live in which host registers, for the whole of a region.
extension Translator {
    private static var firstVectorHost: UInt8 { 6 }
    private static var vectorHostCount: Int { 10 }

    /// Gives xmm6 to xmm15 to the VSRs that are read most, weighted by loop depth. A VSR is held by doubleword 0 alone
    /// if scalar instructions use it more than others. Outside of loops nothing is held across blocks: loading what a
    /// block may not need would cost more than it saves.
    mutating func assignVectors() {
        var isUsed = false
        withUnsafeTemporaryAllocation(of: (scalar: UInt32, whole: UInt32).self, capacity: 64) { weights in
            weights.initialize(repeating: (0, 0))
            for index in 0..<buffer.blockCount {
                let block = buffer.blocks[index]
                if holdsAcrossBlocks && block.depth == 0 { continue }
                let weight: UInt32 = 1 &<< (3 &* UInt32(min(block.depth, 4)))
                for position in Int(block.first)..<Int(block.first &+ block.count) {
                    let instruction = buffer.instructions[position]
                    let row = entry.infos + Int(instruction.row)
                    guard row.pointee.vectors.0.isPresent, row.pointee.lowered != nil else { continue }
                    isUsed = true
                    func count(_ use: VectorUse) {
                        guard use.isPresent else { return }
                        let number = use.number(instruction.word)
                        // What is only written is in memory anyway; still a value written and read once pays.
                        let share = use.reads ? weight &* 2 : weight
                        if use.isScalar { weights[number].scalar &+= share } else { weights[number].whole &+= share }
                    }
                    count(row.pointee.vectors.0)
                    count(row.pointee.vectors.1)
                    count(row.pointee.vectors.2)
                    count(row.pointee.vectors.3)
                }
            }
            guard isUsed else { return }
            for index in 0..<Self.vectorHostCount {
                var best = 0
                var most: UInt32 = 0
                for number in 0..<64 where weights[number].scalar &+ weights[number].whole > most {
                    (best, most) = (number, weights[number].scalar &+ weights[number].whole)
                }
                // One read or one write gains nothing.
                if most < 3 { break }
                let bit: UInt64 = 1 &<< UInt64(truncatingIfNeeded: best)
                if weights[best].scalar >= weights[best].whole { heldScalars |= bit }
                heldVectors |= bit
                vectorHosts[best] = Self.firstVectorHost &+ UInt8(truncatingIfNeeded: index)
                weights[best] = (0, 0)
            }
        }
    }
}
