import CPPCState

/// Guest code as a log shows it: addresses, words and assembly text.
struct GuestCode {
    private let cpu: PPCCPU
    private let disassembler: Disassembler

    init(_ cpu: PPCCPU) {
        self.cpu = cpu
        disassembler = Disassembler(sets: InstructionSet(rawValue: cpu.state.pointee.isa_level))
    }

    /// The instruction at an effective address of the present context, without its line end.
    func line(at address: UInt64) -> String {
        let first = UInt64(cpu.mmu.instructionForHandler(at: address))
        var word = first
        if InstructionTable.isPrefix(UInt32(truncatingIfNeeded: first)) {
            word = first << 32 | UInt64(cpu.mmu.instructionForHandler(at: address &+ 4))
        }
        return line(word, at: address)
    }

    /// An instruction whose word is known; a prefixed one has the prefix in the upper half.
    func line(_ word: UInt64, at address: UInt64) -> String {
        let digits = String(word, radix: 16)
        let width = word >> 32 == 0 ? 8 : 16
        let padded = String(repeating: "0", count: max(width - digits.count, 0)) + digits
        return "0x\(hex(address)):  \(padded)  \(disassembler.text(of: word, at: address))"
    }
}
