import CJIT
import CPPCState

// Code after the blocks of a translation: its ways out and its slow paths.
extension Translator {
    mutating func emitStubs() {
        // Stubs may add stubs.
        var index = 0
        while index < stubCount {
            defer { index += 1 }
            if asm.remaining < Self.reserve {
                exhausted = true
                return
            }
            let stub = stubs[index]
            asm.bind(stub.label)
            switch stub.kind {
            case .poll:
                store(stub.dirty)
                setNIP(stub.address)
                asm.jump(to: entry.thunks.poll)
            case .promote:
                setNIP(stub.address)
                asm.constant(.rcx, UInt64(truncatingIfNeeded: block))
                asm.jump(to: entry.thunks.promote)
            case .outcome:
                asm.jump(to: entry.thunks.outcome)
            case .again:
                setNIP(stub.address)
                asm.load(.w64, .rax, state(Int(CJ_NIP)))
                asm.jump(to: entry.thunks.lookup)
            case .hooked:
                asm.store(.w64, scratch(Int(CJ_HOOKED)), immediate: 1)
                asm.jump(to: entry.thunks.interpret)
            case .interpret:
                setNIP(stub.address)
                asm.jump(to: entry.thunks.interpret)
            case .chain:
                entry.exits[Int(stub.first)].stub = UInt32(truncatingIfNeeded: asm.cursor - entry.memory.write)
                asm.constant(.rcx, UInt64(truncatingIfNeeded: stub.first))
                asm.jump(to: entry.thunks.chain)
            case .exit:
                store(stub.dirty)
                storeCondition(stub)
                exit(to: stub.address)
            case .slow: emitSlowStub(stub)
            case .unexpected: emitUnexpected(stub)
            }
        }
    }

    private mutating func emitSlowStub(_ stub: Stub) {
        if stub.meetsDevices { emitDeviceAccess(stub) }
        guard
            let row = SlowRow.write(
                in: entry.memory, header: header, address: stub.address,
                dirty: hosts(stub.dirty), valid: hosts(stub.valid),
                instructions: buffer.instructions + Int(stub.first), count: Int(stub.count))
        else {
            exhausted = true
            return
        }
        storeCondition(stub)
        write(stub.pending, goesOn: true)
        asm.ripRelative(0, wide: true, 0, 0x8d, reg: HostRegister.rax.code, row)
        asm.call(to: entry.thunks.slow)
        loadVectors(stub.validVectors)
        asm.jump(stub.resume)
    }

    /// The host registers, one bit each by number, that hold some guest registers.
    private func hosts(_ slots: UInt64) -> UInt16 {
        var found: UInt16 = 0
        var left = slots
        while left != 0 {
            found |= 1 &<< UInt16(hostOf[left.trailingZeroBitCount])
            left &= left &- 1
        }
        return found
    }
}
