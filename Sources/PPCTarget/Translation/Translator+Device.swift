import CJIT
import CPPCState

// Accesses to device registers, whose handlers generated code calls itself: see ``DeviceEntries``.
extension Translator {
    /// Whether the current instruction is one of those that were seen to access device registers, and code can.
    func meetsDevices(_ kind: AccessShape) -> Bool {
        !entry.deviceSites.isEmpty && kind.float == 0 && kind.vector == .none && !kind.prefixed
            && entry.deviceSites.contains(address)
    }

    /// In front of a slow path: the access, if the soft TLB's entry says that there are device registers. Here rcx is the
    /// effective address, rdx the entry's offset, and rax the granule of the last byte.
    mutating func emitDeviceAccess(_ stub: Stub) {
        let instruction = buffer.instructions[Int(stub.first)]
        guard let op = (entry.infos + Int(instruction.row)).pointee.lowered, let kind = Self.access(op),
            stub.pending.word == 0
        else { return }
        let f = Word(instruction.word)
        let slow = asm.label()
        let tag: Int32 = kind.isStore ? 8 : 0
        asm.alu(.or, .w64, .rax, immediate: Int32(PPC_TLB_DEVICE))
        asm.alu(.cmp, .w64, .rax, MemoryOperand(Host.tlb, index: .rdx, tag))
        asm.jump(.notEqual, slow)
        // Handlers are only asked for aligned registers; what slow paths do with others depends on pages.
        if kind.size > 1 {
            asm.test(.w32, .rcx, immediate: kind.size &- 1)
            asm.jump(.notEqual, slow)
        }
        asm.load(.w64, .rdx, MemoryOperand(Host.tlb, index: .rdx, 24))
        asm.move(.w64, .rax, .rcx)
        asm.alu(.sub, .w64, .rax, device(\.start))
        asm.alu(.cmp, .w64, .rax, device(\.limits, Int(kind.width.rawValue) &* 8))
        asm.jump(.above, slow)
        emitHandlerCall(stub, f, kind)
        asm.bind(slow)
    }

    private func device(_ field: PartialKeyPath<ppc_device>, _ more: Int = 0) -> MemoryOperand {
        MemoryOperand(.rdx, Int32(truncatingIfNeeded: (MemoryLayout<ppc_device>.offset(of: field) ?? 0) &+ more))
    }

    /// Calls the handler with everything written back, and goes on behind the access. rdx is the device, rcx the address.
    private mutating func emitHandlerCall(_ stub: Stub, _ f: Word, _ kind: AccessShape) {
        let width = kind.width
        let isSwapped = context.bigEndian == kind.reversed && width != .w8
        // Free here: no group is active.
        asm.move(.w64, Host.base, .rcx)
        asm.store(.w64, scratch(Int(CJ_TEMPORARY)), .rdx)
        storeCondition(stub)
        store(stub.dirty)
        setNIP(stub.address)
        // What host registers held is in the state block now.
        if kind.isStore {
            asm.loadZeroExtended(width, .r8, Slot.memory(f.rt))
            if isSwapped { asm.swapBytes(width, .r8) }
        }
        if kind.update { asm.store(.w64, Slot.memory(f.ra), Host.base) }
        asm.load(.w64, .rdx, scratch(Int(CJ_TEMPORARY)))
        asm.load(.w64, .rax, device(kind.isStore ? \.write : \.read))
        asm.load(.w64, .rdi, device(\.context))
        asm.alu(.add, .w64, .rsi, device(\.to_real))
        asm.constant(.rdx, UInt64(kind.size))
        if kind.isStore { asm.move(.w64, .rcx, .r8) }
        asm.storeMXCSR(scratch(Int(CJ_MXCSR)))
        if context.rounding != 0 { asm.loadMXCSR(state(Int(CJ_SCRATCH), Int(CJ_MXCSR) &* 8 &+ 4)) }
        asm.call(.rax)
        restoreMXCSR()
        if !kind.isStore {
            if isSwapped { asm.swapBytes(width, .rax) }
            if kind.signed {
                asm.signExtend(width, .rax, .rax)
            } else {
                asm.zeroExtend(width, .rax, .rax)
            }
            asm.store(.w64, Slot.memory(f.rt), .rax)
        }
        // The handler may have changed much: what translations exist, and how addresses are looked up.
        let changed = asm.label()
        asm.load(.w64, Host.tlb, state(Int(CJ_TLB)))
        asm.alu(.cmp, .w8, state(Int(CJ_GRANULE_SHIFT)), immediate: Int32(context.granuleShift))
        asm.jump(.notEqual, changed)
        asm.alu(.cmp, .w32, scratch(Int(CJ_RESYNC)), immediate: 0)
        asm.jump(.notEqual, changed)
        load(stub.valid)
        loadVectors(stub.validVectors)
        asm.jump(stub.resume)
        asm.bind(changed)
        // MXCSR still tells what FPSCR is to get: the engine sees to that.
        asm.constant(.rax, (stub.address &+ UInt64(buffer.instructions[Int(stub.first)].length)) & addressMask)
        asm.jump(to: entry.thunks.lookup)
    }
    /// After a handler: MXCSR as it was stored. It hardly ever differs, and a load of what was stored just now takes longer
    /// than most handlers. Keeps rax.
    private mutating func restoreMXCSR() {
        let mxcsr = scratch(Int(CJ_MXCSR))
        guard context.rounding == 0 else { return asm.loadMXCSR(mxcsr) }
        asm.storeMXCSR(scratch(Int(CJ_TEMPORARY)))
        asm.load(.w32, .rcx, scratch(Int(CJ_TEMPORARY)))
        asm.alu(.cmp, .w32, .rcx, mxcsr)
        let same = asm.shortJump(.equal)
        asm.loadMXCSR(mxcsr)
        asm.land(same)
    }
}
