import CPPCState
import CSupport

/// System linkage, power saving, doorbells and transactions.
enum System {
    /// H_PRIVILEGE (PAPR, section 14.5): the caller may not make this hypercall.
    private static var privilege: UInt64 { UInt64(bitPattern: -3) }

    /// `sc`: a system call, or with LEV = 1 a hypercall if somebody answers them.
    static func sc(_ cpu: CPUState, _ word: UInt64) -> Int32 {
        guard word >> 5 & 0x7f == 1 else { return raise(cpu, .systemCall, flags: UInt32(PPC_EXCP_NEXT)) }
        let owner = PPCCPU.of(cpu)
        guard let hypercall = owner.hypercall else { return raise(cpu, .systemCall, flags: UInt32(PPC_EXCP_NEXT)) }
        cpu.pointee.nip = effectiveAddress(cpu, cpu.pointee.nip &+ 4)
        if cpu.pointee.problem_state != 0 {
            gpr(cpu)[3] = privilege
            return Outcome.context
        }
        return hypercall(owner) == Outcome.stop ? Outcome.stop : Outcome.context
    }

    /// `scv`: the level travels to the delivery in `excp_dsisr`.
    static func scv(_ cpu: CPUState, _ word: UInt64) -> Int32 {
        cpu.pointee.excp_dsisr = word >> 5 & 0x7f
        return raise(cpu, .systemCallVectored, flags: UInt32(PPC_EXCP_NEXT))
    }

    static func rfid(_ cpu: CPUState, _ word: UInt64) -> Int32 {
        spr(cpu)[SPRegister.cfar] = cpu.pointee.nip
        return returnTo(cpu, spr(cpu)[SPRegister.srr0], spr(cpu)[SPRegister.srr1])
    }

    static func hrfid(_ cpu: CPUState, _ word: UInt64) -> Int32 {
        returnTo(cpu, spr(cpu)[SPRegister.hsrr0], spr(cpu)[SPRegister.hsrr1])
    }

    static func rfscv(_ cpu: CPUState, _ word: UInt64) -> Int32 {
        spr(cpu)[SPRegister.cfar] = cpu.pointee.nip
        return returnTo(cpu, cpu.pointee.lr, cpu.pointee.ctr)
    }

    private static func returnTo(_ cpu: CPUState, _ address: UInt64, _ msr: UInt64) -> Int32 {
        cpu.pointee.nip = (msr & MSR.sf != 0 ? address : address & 0xffff_ffff) & ~3
        cpu.pointee.reserve_size = 0
        Context.storeMSR(cpu, msr & ~MSR.pow)
        return Outcome.context
    }

    static func rfebb(_ cpu: CPUState, _ word: UInt64) -> Int32 {
        let registers = spr(cpu)
        // BESCR 32:33 (transaction state) is never set by us.
        if registers[SPRegister.bescr] >> 30 & 3 != 0 { return raiseIllegal(cpu) }
        cpu.pointee.nip = effectiveAddress(cpu, registers[SPRegister.ebbrr]) & ~3
        if word & 0x800 != 0 {
            registers[SPRegister.bescr] |= BESCR.globalEnable
        } else {
            registers[SPRegister.bescr] &= ~BESCR.globalEnable
        }
        PPCCPU.of(cpu).signalEventBasedBranch()
        return Outcome.context
    }

    // MARK: Power saving

    static func stop(_ cpu: CPUState, _ word: UInt64) -> Int32 {
        sleep(cpu, wakesAtReset: spr(cpu)[SPRegister.psscr] & PSSCR.ec != 0)
    }

    static func nap(_ cpu: CPUState, _ word: UInt64) -> Int32 {
        guard cpu.pointee.isa_level & InstructionSet.isa206.rawValue != 0 else { return raiseIllegal(cpu) }
        return sleep(cpu, wakesAtReset: true)
    }

    private static func sleep(_ cpu: CPUState, wakesAtReset: Bool) -> Int32 {
        let owner = PPCCPU.of(cpu)
        cpu.pointee.halted = 1
        owner.resumesAsReset = wakesAtReset
        cpu.pointee.nip = effectiveAddress(cpu, cpu.pointee.nip &+ 4)
        Interrupts.reconsider(cpu)
        return Outcome.stop
    }

    /// Waiting for an interrupt; other kinds of waiting end at once, as the ISA allows.
    static func wait(_ cpu: CPUState, _ word: UInt64) -> Int32 {
        let kind = word >> 21 & 3
        if cpu.pointee.isa_level & InstructionSet.isa310.rawValue != 0 {
            if kind == 3 || (word >> 16 & 3 != 0 && kind != 2) { return raiseIllegal(cpu) }
        } else if kind != 0 {
            return raiseIllegal(cpu)
        }
        guard kind == 0 else { return Outcome.next }
        cpu.pointee.halted = 1
        cpu.pointee.nip = effectiveAddress(cpu, cpu.pointee.nip &+ 4)
        Interrupts.reconsider(cpu)
        return Outcome.stop
    }

    // MARK: Doorbells

    /// Message type 5 is the doorbell; other types are ignored (ISA 3.1 Book III, section 11.4).
    private static func isDoorbell(_ operand: UInt64) -> Bool { operand >> 27 & 31 == 5 }

    /// Sends to a thread of the same core. QEMU's threads receive their own messages only.
    static func msgsndp(_ cpu: CPUState, _ word: UInt64) -> Int32 {
        let operand = gpr(cpu)[Fields(word).rb]
        guard isDoorbell(operand) else { return Outcome.next }
        let owner = PPCCPU.of(cpu)
        if let send = owner.sendDoorbell {
            send(owner, Int(truncatingIfNeeded: operand & 0x7f))
        } else {
            owner.raise(interrupt: PendingInterrupt.doorbell)
        }
        return Outcome.sync
    }

    static func msgclrp(_ cpu: CPUState, _ word: UInt64) -> Int32 {
        if isDoorbell(gpr(cpu)[Fields(word).rb]) {
            PPCCPU.of(cpu).lower(interrupt: PendingInterrupt.doorbell)
        }
        return Outcome.next
    }

    // MARK: Transactions

    /// Fails at once: nesting overflow, persistent, so that software does not try again.
    static func tbegin(_ cpu: CPUState, _ word: UInt64) -> Int32 {
        let problem = UInt64(cpu.pointee.problem_state)
        let registers = spr(cpu)
        // TEXASR: failure persistent (7), nesting overflow (9), PR (35), failure summary (36), TFIAR exact (37).
        registers[130] = 1 << 56 | 1 << 54 | problem << 28 | 1 << 27 | 1 << 26
        registers[129] = cpu.pointee.nip | problem
        registers[128] = cpu.pointee.nip &+ 4
        crFields(cpu)[0] = 0xb
        return Outcome.next
    }

    static func outsideTransaction(_ cpu: CPUState, _ word: UInt64) -> Int32 {
        crFields(cpu)[0] = 0
        return Outcome.next
    }

    static func tcheck(_ cpu: CPUState, _ word: UInt64) -> Int32 {
        crFields(cpu)[Fields(word).bf] = 8
        return Outcome.next
    }
}
