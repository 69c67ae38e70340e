import CJIT
import CPPCState

/// The last scalar floating-point operation of the code written so far, as FPSCR will need it.
///
/// Most operations are followed by another before anybody can look at FPSCR, so nothing is stored for them; where code
/// is left (slow paths, calls, ends of blocks) the operation is written down for ``DeferredFPSCR``.
struct PendingFloat {
    /// The instruction word; 0 if there is none.
    var word: UInt32 = 0
    /// VSRs that hold A, B and C: -1 if there is no such operand, ``stored`` if it is in the bank already.
    var a: Int8 = -1
    var b: Int8 = -1
    var c: Int8 = -1
    /// Which of the two banks has its stored operands. The next operation stores its own in the other, so that its slow
    /// path still finds these.
    var bank = 1
    /// Instructions after it have set FPCC, or FI.
    var keepsFPCC = false
    var keepsFI = false

    static var stored: Int8 { -2 }
}

// FPSCR in generated code (ISA 3.1 Book I, section 4.2.2); the other half is ``DeferredFPSCR``.
extension Translator {
    private func status(_ byte: Int) -> MemoryOperand { state(DeferredFPSCR.statusDisplacement, byte) }

    private func slot(bank: Int, _ index: Int) -> MemoryOperand {
        state(Int(CJ_SCRATCH), (Int(CJ_FP_OPERANDS) &+ 3 &* bank &+ index) &* 8)
    }

    // MARK: Scalar operations

    /// The operation that is about to be written; keeps apart from the pending one by using the other bank.
    func newPending(_ word: UInt64, a: Int?, b: Int?, c: Int?) -> PendingFloat {
        // Redoing it must not record once more.
        let word = UInt32(truncatingIfNeeded: word) & (Self.isRecording(word) ? ~1 : .max)
        var new = PendingFloat(word: word, bank: 3 &- pendingFloat.bank)
        if let a { new.a = Int8(truncatingIfNeeded: a) }
        if let b { new.b = Int8(truncatingIfNeeded: b) }
        if let c { new.c = Int8(truncatingIfNeeded: c) }
        return new
    }

    /// Stores the operands that `target` is about to replace, from their homes. To be written before the operation can
    /// take its slow path.
    mutating func preserve(_ pending: inout PendingFloat, _ target: Int) {
        let number = Int8(truncatingIfNeeded: target)
        if pending.a == number {
            copyOperand(slot(bank: pending.bank, 0), vsr(target, 8))
            pending.a = PendingFloat.stored
        }
        if pending.b == number {
            copyOperand(slot(bank: pending.bank, 1), vsr(target, 8))
            pending.b = PendingFloat.stored
        }
        if pending.c == number {
            copyOperand(slot(bank: pending.bank, 2), vsr(target, 8))
            pending.c = PendingFloat.stored
        }
    }

    private mutating func copyOperand(_ to: MemoryOperand, _ from: MemoryOperand) {
        loadDouble(.x5, from)
        storeDouble(to, .x5)
    }

    /// A VSR changes: whoever needs its value of before must take it now.
    mutating func vectorWillChange(_ number: Int) {
        singles &= ~(1 &<< UInt64(truncatingIfNeeded: number))
        if pendingFloat.word != 0 {
            var pending = pendingFloat
            preserve(&pending, number)
            pendingFloat = pending
        }
    }

    // MARK: Other changes

    /// MXCSR may collect exceptions, or the status bytes will hold something: makes sure that they are looked at.
    mutating func markStatus() {
        if pendingFloat.word != 0 || statusIsMarked { return }
        asm.alu(.cmp, .w32, state(Int(CJ_FP_PENDING)), immediate: 0)
        let marked = asm.shortJump(.notEqual)
        asm.store(.w32, status(0), immediate: 0)
        asm.store(.w32, state(Int(CJ_FP_PENDING)), immediate: Int32(DeferredFPSCR.stickyOnly))
        asm.land(marked)
        statusIsMarked = true
    }

    /// FPCC = the low four bits of al.
    mutating func setFPCC() {
        asm.alu(.or, .w32, .rax, immediate: 0x80)
        asm.store(.w8, status(0), .rax)
        pendingFloat.keepsFPCC = true
    }

    /// FI = bit 0 of al, or clear.
    mutating func setFI() {
        asm.alu(.or, .w32, .rax, immediate: 0x80)
        asm.store(.w8, status(1), .rax)
        pendingFloat.keepsFI = true
    }
    mutating func clearFI() {
        asm.storeByte(status(1), immediate: 0x80)
        pendingFloat.keepsFI = true
    }

    // MARK: Record forms

    /// Whether a floating-point word has Rc set; VSX has the high bit of a register number there.
    static func isRecording(_ word: UInt64) -> Bool { word & 1 != 0 && word &>> 26 & 63 != 60 }

    /// CR field 1 = FX, FEX, VX and OX, if the word says so. What is pending decides none of them; MXCSR's part does:
    /// OX itself, and FX if it has an exception that FPSCR has not. FEX stays clear, nothing being enabled. Uses rax, rcx
    /// and rdx.
    mutating func recordStatus(_ word: UInt64) {
        guard Self.isRecording(word) else { return }
        let collected = state(Int(CJ_SCRATCH), Int(CJ_MXCSR) &* 8)
        asm.storeMXCSR(collected)
        asm.load(.w32, .rcx, collected)
        asm.shift(.shr, .w32, .rcx, 3)
        asm.alu(.and, .w32, .rcx, immediate: 7)
        asm.ripRelative(0, wide: true, 0, 0x8d, reg: HostRegister.rdx.code, constants.stickyStatus)
        asm.load(.w32, .rdx, MemoryOperand(.rdx, index: .rcx, scale: 2))
        asm.load(.w32, .rax, state(Int(CJ_FPSCR)))
        asm.alu(.or, .w32, .rax, .rdx)
        // ecx = minus one if there was an exception: FX is set even if FPSCR has its bit.
        asm.move(.w32, .rcx, .rdx)
        asm.negate(.w32, .rcx)
        asm.alu(.sbb, .w32, .rcx, .rcx)
        asm.shift(.shl, .w32, .rcx, 31)
        asm.alu(.or, .w32, .rax, .rcx)
        asm.shift(.shr, .w32, .rax, 28)
        asm.store(.w8, state(Int(CJ_CR), 1), .rax)
    }

    // MARK: Writing down

    /// Writes the pending operation to the state block. Leaves the flags and all registers but xmm5 alone.
    /// - Parameter goesOn: Code after this may store further operands in the operation's bank: fill it, too.
    mutating func write(_ pending: PendingFloat, goesOn: Bool = false) {
        guard pending.word != 0 else { return }
        var slots: Int32 = 0
        for index in 0..<3 {
            let home = index == 0 ? pending.a : index == 1 ? pending.b : pending.c
            guard home != -1 else { continue }
            slots |= 1 &<< Int32(truncatingIfNeeded: index)
            let stored = slot(bank: pending.bank, index)
            copyOperand(slot(bank: 0, index), home >= 0 ? vsr(Int(home), 8) : stored)
            if goesOn && home >= 0 { storeDouble(stored, .x5) }
        }
        if !pending.keepsFPCC && !pending.keepsFI {
            asm.store(.w32, status(0), immediate: slots &<< 24)
        } else {
            if !pending.keepsFPCC { asm.storeByte(status(0), immediate: 0) }
            if !pending.keepsFI { asm.storeByte(status(1), immediate: 0) }
            asm.storeByte(status(3), immediate: UInt8(truncatingIfNeeded: slots))
        }
        asm.store(.w32, state(Int(CJ_FP_PENDING)), immediate: Int32(bitPattern: pending.word))
    }

    /// Writes down what is pending before code is left for good, or calls an instruction's function.
    mutating func writePending() {
        // Moves leave the host's flags alone: a comparison stays good for the branch that follows.
        let keepsFlags = flagsOffset == asm.offset
        write(pendingFloat)
        if keepsFlags { flagsOffset = asm.offset }
        forgetPending()
    }

    /// Before an instruction that sets some of FPSCR's parts on its slow path alone: they must not be taken for those of
    /// the operation that is pending now.
    mutating func writePendingFirst() {
        guard pendingFloat.word != 0 else { return }
        let known = singles
        writePending()
        singles = known
        statusIsMarked = true
    }

    /// What is pending here is in memory, or there is nothing.
    mutating func forgetPending() {
        pendingFloat = PendingFloat()
        statusIsMarked = false
        singles = 0
    }
}
