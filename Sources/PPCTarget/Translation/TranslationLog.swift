import CPPCState
import EmuCore

// What `-d in_asm,op,out_asm` and `-perfmap` say of a translation that was just made; the buffer still holds it.
enum TranslationLog {
    /// - Parameters:
    ///   - code: The host code, if there is some.
    static func note(_ cpu: PPCCPU, _ buffer: RegionBuffer, code: UnsafeRawBufferPointer?, isRegion: Bool) {
        let address = buffer.blocks[0].address
        if let code, let map = cpu.perfMap {
            map.add(code, name: "\(isRegion ? "region" : "block") 0x\(String(address, radix: 16))")
        }
        guard let log = cpu.executionLog, log.shows([.inAsm, .op, .outAsm]), log.includes(address) else { return }
        var text = ""
        if log.shows(.inAsm) { text += guestCode(cpu, buffer) }
        if log.shows(.op) { text += blocks(buffer, isRegion: isRegion) }
        if log.shows(.outAsm), let code { text += hostCode(code) }
        log.write(text)
    }

    private static func guestCode(_ cpu: PPCCPU, _ buffer: RegionBuffer) -> String {
        let code = GuestCode(cpu)
        var text = "----------------\nIN:\n"
        for index in 0..<buffer.blockCount {
            let block = buffer.blocks[index]
            var address = block.address
            for position in Int(block.first)..<Int(block.first &+ block.count) {
                text += code.line(buffer.instructions[position].word, at: address) + "\n"
                address &+= UInt64(buffer.instructions[position].length)
            }
        }
        return text + "\n"
    }

    private static func blocks(_ buffer: RegionBuffer, isRegion: Bool) -> String {
        var text = "OP: \(isRegion ? "region" : "block")\n"
        for index in 0..<buffer.blockCount {
            let block = buffer.blocks[index]
            text += " block \(index) 0x\(hex(block.address)) \(block.count) instructions, \(block.ending)"
            if block.isLoopHead { text += ", loop head" }
            for (name, target, number) in [
                ("taken", block.taken, block.takenBlock), ("next", block.next, block.nextBlock),
            ] where target != .max {
                text += ", \(name) " + (number >= 0 ? "block \(number)" : "0x\(hex(target))")
            }
            text += "\n"
        }
        return text + "\n"
    }

    private static func hostCode(_ code: UnsafeRawBufferPointer) -> String {
        var text = "OUT: [size=\(code.count)]\n"
        for start in stride(from: 0, to: code.count, by: 16) {
            let address = UInt64(UInt(bitPattern: code.baseAddress)) &+ UInt64(start)
            let bytes = code[start..<min(start + 16, code.count)].map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }
            text += "0x\(hex(address)):  \(bytes.joined(separator: " "))\n"
        }
        return text + "\n"
    }

    /// `-d exec,cpu`: the block or instruction at `nip` is about to execute.
    @inline(never)
    static func entering(_ cpu: PPCCPU, _ log: ExecutionLog) {
        let address = cpu.state.pointee.nip
        guard log.includes(address) else { return }
        var text = ""
        if log.shows(.exec) { text += "Trace \(cpu.index): [\(hex(address))/\(hex(cpu.state.pointee.msr))]\n" }
        if log.shows(.cpu) { text += StateSnapshot.text(cpu.state) + "\n" }
        log.write(text)
    }

    /// `-d int`: an interrupt is about to be delivered.
    @inline(never)
    static func interrupt(_ cpu: PPCCPU, _ log: ExecutionLog, vector: UInt32, from: UInt64) {
        log.write("Raise exception at \(hex(from)) => 0x\(String(vector, radix: 16)) (cpu \(cpu.index))\n")
    }

    /// `-d mmu`: an effective address was translated, or was not.
    @inline(never)
    static func translated(
        _ cpu: PPCCPU, _ log: ExecutionLog, _ ea: UInt64, _ kind: AccessKind, _ result: Translation?
    ) {
        let end = result.map { "real \(hex($0.real)), page 2^\($0.pageShift)" } ?? "refused"
        log.write("MMU \(kind) \(hex(ea)): \(end)\n")
    }
}
