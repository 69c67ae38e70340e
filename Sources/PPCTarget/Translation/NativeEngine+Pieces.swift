import CJIT
import CPPCState

/// A translation as verify mode sees it: which guest code it may execute before it comes back.
struct NativePiece {
    var isRegion: Bool
    /// Effective addresses of its blocks: first, and the one behind the last.
    var ranges: [(start: UInt64, end: UInt64)]
    /// Instructions that one execution performs at most.
    var limit: Int
    /// Executions that were asked for.
    var runs = 0

    func contains(_ address: UInt64) -> Bool { ranges.contains { address &- $0.start < $0.end &- $0.start } }
}

// Execution in pieces, for verify mode: nothing is chained, so that every translation comes back to its caller.
extension NativeEngine {
    /// How many times code may come by the polling points of a region before it leaves.
    static var passes: UInt64 { 4 }

    /// From now on translations are not joined, loops leave after a few passes, and what verify mode cannot repeat is
    /// left to the interpreter.
    func makePiecewise() {
        forgetTranslations()
        isPiecewise = true
        decoder.refuses = RefusedInVerifyMode().contains
        stopsChanged(at: [])
    }

    /// Translates at `nip` if needed. Nil if the interpreter is to go on.
    func preparePiece() -> NativePiece? {
        selectContext()
        var none: Int32 = -1
        guard findCode(&none) != nil, let host = fetchAddress(state.pointee.nip) else { return nil }
        let number = table.find(state.pointee.nip, host, context.rawValue)
        guard number >= 0 else { return nil }
        pieces[number]?.runs += 1
        return pieces[number]
    }

    /// Executes one translation. Nil if a block was replaced by a region and nothing was executed.
    func executePiece() -> Int32? {
        selectContext()
        var none: Int32 = -1
        guard let code = findCode(&none) else { return Outcome.next }
        let enter = unsafeBitCast(thunks.enter, to: Thunks.Enter.self)
        Self.updateConditionValues(state)
        scratch[Int(CJ_PASSES)] = Self.passes
        let reason = enter(UnsafeMutableRawPointer(state), code)
        if state.pointee.fp_pending != 0 { DeferredFPSCR.settle(state, mxcsr: DeferredFPSCR.collected(state)) }
        let payload = Int32(truncatingIfNeeded: scratch[Int(CJ_EXIT_PAYLOAD)])
        switch reason {
        case ExitReason.chain: state.pointee.nip = exits[Int(payload)].target
        case ExitReason.outcome:
            return payload == Outcome.stop || state.pointee.exit_request != 0 ? payload : Outcome.next
        case ExitReason.promote:
            promote(payload)
            return nil
        default: break
        }
        return Outcome.next
    }

    /// Keeps what verify mode needs to know about a translation; the buffer still holds it.
    func notePiece(_ number: Int32, isRegion: Bool) {
        var ranges: [(UInt64, UInt64)] = []
        for index in 0..<buffer.blockCount {
            let block = buffer.blocks[index]
            var end = block.address
            for position in Int(block.first)..<Int(block.first &+ block.count) {
                end &+= UInt64(buffer.instructions[position].length)
            }
            ranges.append((block.address, end))
        }
        pieces[number] = NativePiece(
            isRegion: isRegion, ranges: ranges,
            limit: buffer.instructionCount * (isRegion ? Int(Self.passes) + 1 : 1))
    }
}

/// Instructions that do more than change registers and memory, or do it differently every time: verify mode executes
/// them once, in the interpreter.
struct RefusedInVerifyMode {
    private let rows: [Bool]
    private let moveToSPR: UInt16
    private let moveFromSPR: UInt16

    private static let mnemonics: Set<String> = [
        "sc", "stop", "nap", "sleep", "doze", "rvwinkle", "wait", "msgsnd", "msgclr", "msgsndp", "msgclrp", "msgsync",
        "slbie", "slbieg", "slbia", "slbiag", "slbmte", "slbsync", "darn", "attn",
    ]

    init(table: InstructionTable = .shared) {
        rows = table.rows.map { Self.mnemonics.contains($0.mnemonic) }
        func row(_ name: String) -> UInt16 {
            UInt16(table.rows.firstIndex { $0.mnemonic == name } ?? Int(InstructionTable.noRow))
        }
        moveToSPR = row("mtspr")
        moveFromSPR = row("mfspr")
    }

    func contains(_ row: UInt16, _ word: UInt64) -> Bool {
        let number = Translator.Word(word).spr
        // The link, count and exception registers are registers and nothing else.
        if row == moveToSPR { return ![1, 8, 9].contains(number) }
        // Native code does not keep CFAR.
        return row == moveFromSPR ? number == SPRegister.cfar : rows[Int(row)]
    }
}
