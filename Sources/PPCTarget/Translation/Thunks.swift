import CJIT
import CPPCState

/// Code that all translations share: the way in, the ways out, and slow paths.
struct Thunks {
    /// `(state, code) -> reason`, a C function.
    var enter: UnsafeRawPointer
    /// rax holds a guest address to look up.
    var lookup: UnsafeRawPointer
    /// rcx holds the number of an exit record.
    var chain: UnsafeRawPointer
    /// eax holds an outcome; everything is written back.
    var outcome: UnsafeRawPointer
    var poll: UnsafeRawPointer
    /// rcx holds a block number.
    var promote: UnsafeRawPointer
    var interpret: UnsafeRawPointer
    /// Called with a ``SlowRow`` in rax.
    var slow: UnsafeRawPointer
    /// Called before an instruction's function when `fp_pending` is set.
    var settle: UnsafeRawPointer
    /// Constants of vector code, beside the code.
    var constants: VectorConstants
    /// How often generated code has called the function of each row.
    var calls: UnsafeMutablePointer<UInt64>

    typealias Enter = @convention(c) (UnsafeMutableRawPointer, UnsafeRawPointer) -> UInt64
    typealias SlowFunction = @convention(c) (CPUState, UnsafeRawPointer) -> Int32
    typealias TransitionFunction = @convention(c) (CPUState, Int32) -> UInt64

    private static let preserved: [HostRegister] = [.rbx, .rbp, .r12, .r13, .r14, .r15]

    /// Writes the thunks at the beginning of code memory.
    static func emit(into memory: CodeMemory, slow: SlowFunction, transition: TransitionFunction) -> Thunks? {
        let rows = InstructionTable.shared.rows.count
        guard let constants = memory.allocateData(VectorConstants.size, alignment: 64),
            let calls = memory.allocateData(rows * MemoryLayout<UInt64>.stride, alignment: 8)
        else { return nil }
        let tables = Assembler.Tables()
        var asm = Assembler(
            at: memory.next, capacity: memory.codeFree, executableOffset: memory.executableOffset, tables: tables)
        let payload = MemoryOperand(Host.state, Int32(CJ_SCRATCH) + Int32(CJ_EXIT_PAYLOAD) * 8)
        let mxcsr = Int32(CJ_SCRATCH) + Int32(CJ_MXCSR) * 8
        let guestMXCSR = MemoryOperand(Host.state, mxcsr)
        let hostMXCSR = MemoryOperand(Host.state, mxcsr + 4)
        let initialMXCSR = MemoryOperand(Host.state, Int32(CJ_SCRATCH) + Int32(CJ_MXCSR_INITIAL) * 8)
        let nip = MemoryOperand(Host.state, Int32(CJ_NIP))

        let enter = UnsafeRawPointer(asm.here)
        for register in preserved { asm.push(register) }
        // Six pushes and the return address: 56 bytes; make calls from generated code find an aligned stack.
        asm.alu(.sub, .w64, .rsp, immediate: 8)
        asm.lea(.w64, Host.state, MemoryOperand(.rdi, Int32(CJ_BIAS)))
        asm.load(.w64, Host.tlb, MemoryOperand(Host.state, Int32(CJ_TLB)))
        // Floating point starts from a clean MXCSR; the host's comes back on the way out.
        asm.storeMXCSR(hostMXCSR)
        asm.loadMXCSR(initialMXCSR)
        asm.jump(.rsi)

        let leave = UnsafeRawPointer(asm.here)
        asm.storeMXCSR(guestMXCSR)
        asm.loadMXCSR(hostMXCSR)
        asm.alu(.add, .w64, .rsp, immediate: 8)
        for register in preserved.reversed() { asm.pop(register) }
        asm.ret()

        func out(_ asm: inout Assembler, _ reason: UInt64, _ value: HostRegister?) -> UnsafeRawPointer {
            let start = UnsafeRawPointer(asm.here)
            if let value { asm.store(.w64, payload, value) }
            asm.constant(.rax, reason)
            asm.jump(to: leave)
            return start
        }
        let lookup = UnsafeRawPointer(asm.here)
        asm.store(.w64, nip, .rax)
        _ = out(&asm, ExitReason.lookup, nil)
        let chain = out(&asm, ExitReason.chain, .rcx)
        let outcome = emitTransition(&asm, transition, payload, initialMXCSR, lookup: lookup, leave: leave)
        let poll = out(&asm, ExitReason.poll, nil)
        let promote = out(&asm, ExitReason.promote, .rcx)
        let interpret = out(&asm, ExitReason.interpret, nil)

        let function = UInt64(UInt(bitPattern: unsafeBitCast(slow, to: Int.self)))
        let plainSlow = emitSlow(&asm, function, guestMXCSR, initialMXCSR, outcome: outcome)
        // Reached by a call: the stack is 8 bytes off.
        let settle = UnsafeRawPointer(asm.here)
        asm.storeMXCSR(guestMXCSR)
        asm.lea(.w64, .rdi, MemoryOperand(Host.state, -Int32(CJ_BIAS)))
        asm.alu(.sub, .w64, .rsp, immediate: 8)
        asm.constant(.rax, UInt64(UInt(bitPattern: unsafeBitCast(DeferredFPSCR.function, to: Int.self))))
        asm.call(.rax)
        asm.alu(.add, .w64, .rsp, immediate: 8)
        asm.ret()
        guard asm.resolve() else { return nil }
        memory.claimCode(asm.offset)
        return Thunks(
            enter: enter, lookup: lookup, chain: chain, outcome: outcome, poll: poll, promote: promote,
            interpret: interpret, slow: plainSlow, settle: settle,
            constants: VectorConstants(at: constants), calls: calls.bindMemory(to: UInt64.self, capacity: rows))
    }

    /// Delivers the interrupt or goes on in the new context that an instruction ended with, if that can be done without
    /// the dispatcher.
    private static func emitTransition(
        _ asm: inout Assembler, _ transition: TransitionFunction, _ payload: MemoryOperand,
        _ initialMXCSR: MemoryOperand, lookup: UnsafeRawPointer, leave: UnsafeRawPointer
    ) -> UnsafeRawPointer {
        let start = UnsafeRawPointer(asm.here)
        asm.store(.w64, payload, .rax)
        asm.lea(.w64, .rdi, MemoryOperand(Host.state, -Int32(CJ_BIAS)))
        asm.move(.w32, .rsi, .rax)
        asm.constant(.rax, UInt64(UInt(bitPattern: unsafeBitCast(transition, to: Int.self))))
        asm.call(.rax)
        asm.loadMXCSR(initialMXCSR)
        asm.load(.w64, Host.tlb, MemoryOperand(Host.state, Int32(CJ_TLB)))
        asm.alu(.cmp, .w64, .rax, immediate: -1)
        let stays = asm.shortJump(.notEqual)
        asm.constant(.rax, ExitReason.outcome)
        asm.jump(to: leave)
        asm.land(stays)
        emitJump(&asm, lookup: lookup)
        return start
    }

    /// Jump to the guest address in rax through the jump cache of the context. Uses rcx and rdx.
    static func emitJump(_ asm: inout Assembler, lookup: UnsafeRawPointer) {
        asm.load(.w64, .rcx, MemoryOperand(Host.state, Int32(CJ_SCRATCH) + Int32(CJ_JUMP_CACHE) * 8))
        asm.move(.w32, .rdx, .rax)
        asm.alu(.and, .w32, .rdx, immediate: JumpCache.indexMask)
        asm.alu(.cmp, .w64, .rax, MemoryOperand(.rcx, index: .rdx, scale: 2, 0))
        asm.jump(.notEqual, to: lookup)
        asm.jump(MemoryOperand(.rcx, index: .rdx, scale: 2, 8))
    }

    /// The same for an address that is known here, and in rax too.
    static func emitJump(_ asm: inout Assembler, to address: UInt64, lookup: UnsafeRawPointer) {
        let entry = Int32(truncatingIfNeeded: JumpCache.index(address) &* MemoryLayout<JumpCache.Entry>.stride)
        asm.load(.w64, .rcx, MemoryOperand(Host.state, Int32(CJ_SCRATCH) + Int32(CJ_JUMP_CACHE) * 8))
        asm.alu(.cmp, .w64, .rax, MemoryOperand(.rcx, entry))
        asm.jump(.notEqual, to: lookup)
        asm.jump(MemoryOperand(.rcx, entry &+ 8))
    }

    private static func emitSlow(
        _ asm: inout Assembler, _ function: UInt64, _ guestMXCSR: MemoryOperand, _ initialMXCSR: MemoryOperand,
        outcome: UnsafeRawPointer
    ) -> UnsafeRawPointer {
        func spill(_ register: HostRegister) -> MemoryOperand {
            MemoryOperand(Host.state, Int32(CJ_SCRATCH) + (Int32(CJ_SPILL_GENERAL) + Int32(register.code)) * 8)
        }
        let start = UnsafeRawPointer(asm.here)
        let registers = (0..<Host.allocatableCount).map { Host.allocatable($0) } + [Host.base]
        for register in registers { asm.store(.w64, spill(register), register) }
        asm.storeMXCSR(guestMXCSR)
        asm.lea(.w64, .rdi, MemoryOperand(Host.state, -Int32(CJ_BIAS)))
        asm.move(.w64, .rsi, .rax)
        // The return address of this call is on the stack.
        asm.alu(.sub, .w64, .rsp, immediate: 8)
        asm.constant(.rax, function)
        asm.call(.rax)
        asm.alu(.add, .w64, .rsp, immediate: 8)
        asm.test(.w32, .rax, .rax)
        let failed = asm.label()
        asm.jump(.notEqual, failed)
        for register in registers { asm.load(.w64, register, spill(register)) }
        asm.loadMXCSR(initialMXCSR)
        asm.load(.w64, Host.tlb, MemoryOperand(Host.state, Int32(CJ_TLB)))
        asm.ret()
        asm.bind(failed)
        asm.alu(.add, .w64, .rsp, immediate: 8)
        asm.jump(to: outcome)
        return start
    }
}
