import CPPCState
import PPCTarget

/// What a processor makes of an instruction word in problem state.
package enum LegalityVerdict: UInt8, Sendable, Equatable {
    /// It is executed, perhaps into a trap or a storage or floating-point interrupt.
    case executes
    /// Program interrupt of type illegal instruction.
    case illegal
    /// Program interrupt of type privileged instruction.
    case privileged
    /// A facility is unavailable, although all are enabled.
    case unavailable
    /// The oracle cannot say.
    case unknown
}

/// The words whose legality is asked.
package enum LegalityWords {
    /// RT = 24, RA = 12, RB = 20: even numbers for pairs of registers; no single changed bit makes RA zero, so that
    /// nothing is stored where the oracle keeps its registers; no branch goes back to itself.
    private static let fill: UInt64 = 24 << 21 | 12 << 16 | 20 << 11

    /// A row's word: opcode, reserved bits zero, operands as ``fill`` says, LR or the time base for an SPR.
    package static func base(of row: InstructionRow) -> UInt64 {
        let free = UInt64(~(row.form.mask | row.unused))
        var word = UInt64(row.form.match) | fill & free
        if row.operands.contains(where: { $0.kind == .spr }) {
            let number: UInt64 = row.mnemonic == "mftb" ? 268 : 8
            word = word & ~sprField | (number & 31) << 16 | (number >> 5) << 11
        }
        if let prefix = row.prefix { word |= UInt64(prefix.match) << 32 }
        return word
    }

    private static let sprField: UInt64 = 0x1f_f800

    /// The row's word, then the words that differ from it in one bit, lowest bit first; `nil` where the bit is part of
    /// an SPR number, which a bare-metal guest asks about.
    package static func variants(of row: InstructionRow) -> [UInt64?] {
        let base = base(of: row)
        let fixed = row.operands.contains { $0.kind == .spr } ? sprField : 0
        return [base] + (0..<(row.prefix == nil ? 32 : 64)).map { fixed >> UInt64($0) & 1 == 1 ? nil : base ^ 1 << $0 }
    }

    /// Every value of the primary opcode and of the low eleven bits, with operands and with zeros.
    package static var opcodes: [UInt64] {
        var words: [UInt64] = []
        for primary in UInt64(0)..<64 where primary != 1 {
            for low in UInt64(0)..<2048 {
                words.append(primary << 26 | fill | low)
                // A branch by zero does not end.
                if primary != 16, primary != 18 { words.append(primary << 26 | low) }
            }
        }
        return words
    }

    /// Prefixes of every type and subtype before every primary opcode, with a sample of the bits that tell suffixes
    /// of one opcode apart.
    package static var prefixedOpcodes: [UInt64] {
        var words: [UInt64] = []
        for kind in UInt64(0)..<64 {
            for primary in UInt64(0)..<64 {
                for low in stride(from: UInt64(0), to: 64, by: 4) {
                    for high in UInt64(0)..<4 {
                        words.append((0x0400_0000 | kind << 20) << 32 | primary << 26 | fill | high << 18 | low)
                    }
                }
            }
        }
        return words
    }
}

/// Asks this package's interpreter about words.
package final class LegalitySubject {
    private static let codeAddress: UInt64 = 0x3000_0000
    private let cpu: PPCCPU
    private let memory = FlatMemory(size: 1 << 16, base: codeAddress)
    private var verdict = LegalityVerdict.executes

    package init(model: PPCModel) {
        cpu = PPCCPU(model: model, memory: memory, clock: { 0 })
        cpu.onInterrupt = { [unowned self] cpu, vector, _ in
            verdict = Self.verdict(vector: vector, cause: cpu.state.pointee.excp_srr1)
        }
    }

    private static func verdict(vector: UInt32, cause: UInt64) -> LegalityVerdict {
        switch InterruptVector(rawValue: vector) {
        case .program where cause & ProgramCause.illegal != 0: .illegal
        case .program where cause & ProgramCause.privileged != 0: .privileged
        case .hypervisorEmulationAssistance: .illegal
        case .facilityUnavailable, .hypervisorFacilityUnavailable, .floatingPointUnavailable, .vectorUnavailable,
            .vsxUnavailable:
            .unavailable
        default: .executes
        }
    }

    /// - Parameter word: The instruction; a prefix in the upper 32 bits.
    package func verdict(_ word: UInt64) -> LegalityVerdict {
        let state = cpu.state
        for n in 0..<32 { gpr(state)[n] = 0x2000_0040 }
        state.pointee.lr = 0x6000_0000
        state.pointee.ctr = 0x6000_0000
        state.pointee.fpscr = 0
        state.pointee.fp_pending = 0
        state.pointee.exit_request = 0
        spr(state)[153] = .max  // FSCR
        // SF, TM, PR, FP, VEC, VSX, FE0, FE1, EE, ME; big-endian, addresses not translated.
        state.pointee.msr = 0x8000_0001_0280_f900 & cpu.model.guestMSRMask
        Context.update(state)
        state.pointee.nip = Self.codeAddress &+ 16
        let words = word >> 32 == 0 ? [word] : [word >> 32, word & 0xffff_ffff]
        for (index, word) in words.enumerated() {
            memory.pointer.storeBytes(
                of: UInt32(truncatingIfNeeded: word).bigEndian, toByteOffset: 16 + 4 * index, as: UInt32.self)
        }
        verdict = .executes
        _ = cpu.run(limit: 1)
        cpu.isHalted = false
        return verdict
    }
}
