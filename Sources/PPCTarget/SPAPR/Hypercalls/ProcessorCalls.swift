import CPPCState
import EmuCore

// Hypercalls about processors: virtual processor areas, giving up and handing over the processor, registers that
// belong to the hypervisor (PAPR, "Virtual Processor Area", "Processor Register Hypervisor Resource Access").

enum ProcessorCalls {
    static func register(_ table: HypercallDispatch) {
        table[HypercallNumber.registerVPA] = registerArea
        table[HypercallNumber.cede] = cede
        table[HypercallNumber.confer] = confer
        table[HypercallNumber.prod] = prod
        table[HypercallNumber.join] = join
        table[HypercallNumber.signalSystemReset] = signalSystemReset
        table[HypercallNumber.setSPRG0] = { call in
            spr(call.cpu.state)[272] = call[0]
            return HypercallStatus.success
        }
        table[HypercallNumber.setDABR] = setDABR
        table[HypercallNumber.setXDABR] = setXDABR
        table[HypercallNumber.setMode] = setMode
        table[HypercallNumber.getCPUCharacteristics] = characteristics
        table[HypercallNumber.random] = { call in
            guard let generator = call.machine.randomNumbers else { return HypercallStatus.function }
            guard let value = generator.next() else { return HypercallStatus.hardware }
            call[0] = value
            return HypercallStatus.success
        }
    }

    // MARK: Areas shared with the guest

    private static let areaMinimum: UInt64 = 640
    private static let sharedProcessorOffset: UInt64 = 9
    static let dispatchCounterOffset: UInt64 = 0x100

    private static func registerArea(_ call: HypercallFrame) -> Int64 {
        guard let thread = call.services.thread(server: call[1]) else { return HypercallStatus.parameter }
        let address = call[2]
        switch call[0] {
        case 0x0000_2000_0000_0000: return registerVPA(call, thread, address)
        case 0x0000_a000_0000_0000:
            guard thread.slbShadowAddress == 0, thread.dispatchLogAddress == 0 else { return HypercallStatus.resource }
            thread.vpaAddress = 0
            return HypercallStatus.success
        case 0x0000_6000_0000_0000:
            guard address != 0 else { return HypercallStatus.hardware }
            guard let size = size32(call, address), size >= 8, !crossesPage(address, UInt64(size)) else {
                return HypercallStatus.parameter
            }
            guard thread.vpaAddress != 0 else { return HypercallStatus.resource }
            thread.slbShadowAddress = address
            thread.slbShadowSize = UInt64(size)
            return HypercallStatus.success
        case 0x0000_e000_0000_0000:
            thread.slbShadowAddress = 0
            thread.slbShadowSize = 0
            return HypercallStatus.success
        case 0x0000_4000_0000_0000:
            guard address != 0 else { return HypercallStatus.hardware }
            guard let size = size32(call, address), size >= 48 else { return HypercallStatus.parameter }
            guard thread.vpaAddress != 0 else { return HypercallStatus.resource }
            thread.dispatchLogAddress = address
            thread.dispatchLogSize = UInt64(size)
            return HypercallStatus.success
        case 0x0000_c000_0000_0000:
            thread.dispatchLogAddress = 0
            thread.dispatchLogSize = 0
            return HypercallStatus.success
        default: return HypercallStatus.parameter
        }
    }

    private static func size32(_ call: HypercallFrame, _ address: UInt64) -> UInt32? {
        try? call.memory.load(UInt32.self, at: address &+ 4, order: .big)
    }

    private static func crossesPage(_ address: UInt64, _ size: UInt64) -> Bool {
        address >> 12 != (address &+ size &- 1) >> 12
    }

    private static func registerVPA(_ call: HypercallFrame, _ thread: SpaprThread, _ address: UInt64) -> Int64 {
        guard address != 0 else { return HypercallStatus.hardware }
        guard address % UInt64(max(call.cpu.model.cacheLineSize, 1)) == 0,
            let size = try? call.memory.load(UInt16.self, at: address &+ 4, order: .big),
            UInt64(size) >= areaMinimum, !crossesPage(address, UInt64(size)),
            let flags = try? call.memory.load(UInt8.self, at: address &+ sharedProcessorOffset, order: .big)
        else { return HypercallStatus.parameter }
        thread.vpaAddress = address
        // The guest runs on processors that it shares.
        try? call.memory.store(flags | 2, at: address &+ sharedProcessorOffset, order: .big)
        return HypercallStatus.success
    }

    // MARK: Giving up the processor

    private static func cede(_ call: HypercallFrame) -> Int64 {
        let state = call.cpu.state
        state.pointee.msr |= MSR.ee
        Context.update(state)
        if call.thread.isProdded {
            call.thread.isProdded = false
        } else if !call.cpu.hasWork {
            call.cpu.isHalted = true
        }
        Interrupts.reconsider(state)
        return HypercallStatus.success
    }

    /// Waits for H_PROD, whatever interrupts there are.
    private static func conferToSelf(_ call: HypercallFrame) -> Int64 {
        if call.thread.isProdded {
            call.thread.isProdded = false
        } else {
            call.cpu.isHalted = true
        }
        return HypercallStatus.success
    }

    private static func confer(_ call: HypercallFrame) -> Int64 {
        if call[0] != .max {
            guard let target = call.services.thread(server: call[0]) else { return HypercallStatus.parameter }
            if target === call.thread { return conferToSelf(call) }
            let dispatch = UInt32(truncatingIfNeeded: call[1])
            guard target.vpaAddress != 0, dispatch & 1 != 0,
                (try? call.memory.load(
                    UInt32.self, at: target.vpaAddress &+ dispatchCounterOffset, order: .big)) == dispatch
            else { return HypercallStatus.success }
        }
        call.services.yield(call.thread)
        return HypercallStatus.success
    }

    private static func prod(_ call: HypercallFrame) -> Int64 {
        guard let target = call.services.thread(server: call[0]) else { return HypercallStatus.parameter }
        target.isProdded = true
        call.services.wake(target)
        return HypercallStatus.success
    }

    private static func join(_ call: HypercallFrame) -> Int64 {
        guard call.cpu.state.pointee.msr & MSR.ee == 0 else { return HypercallStatus.badMode }
        let others = call.services.threads.filter { $0 !== call.thread }
        guard others.contains(where: { !$0.cpu.isHalted || $0.cpu.state.pointee.msr & MSR.ee != 0 }) else {
            return HypercallStatus.continue
        }
        return conferToSelf(call)
    }

    private static func signalSystemReset(_ call: HypercallFrame) -> Int64 {
        switch Int64(bitPattern: call[0]) {
        case -1: for thread in call.services.threads { call.services.systemReset(thread) }
        case -2:
            for thread in call.services.threads where thread !== call.thread { call.services.systemReset(thread) }
        default:
            guard let thread = call.services.thread(server: call[0]) else { return HypercallStatus.parameter }
            call.services.systemReset(thread)
        }
        return HypercallStatus.success
    }

    // MARK: Registers

    private static let dabr = 1013
    private static let dabrx = 1015

    /// The data address breakpoint register exists up to POWER7.
    private static func hasDABR(_ call: HypercallFrame) -> Bool {
        call.cpu.registers.definitions.contains { $0.number == dabr }
    }

    private static func setDABR(_ call: HypercallFrame) -> Int64 {
        guard hasDABR(call) else { return HypercallStatus.hardware }
        spr(call.cpu.state)[dabrx] = 3
        spr(call.cpu.state)[dabr] = call[0]
        return HypercallStatus.success
    }

    private static func setXDABR(_ call: HypercallFrame) -> Int64 {
        guard hasDABR(call) else { return HypercallStatus.hardware }
        let extension_ = call[1]
        guard extension_ & ~0xf == 0, extension_ & 4 == 0, extension_ & 3 != 0 else {
            return HypercallStatus.parameter
        }
        spr(call.cpu.state)[dabrx] = extension_
        spr(call.cpu.state)[dabr] = call[0]
        return HypercallStatus.success
    }

    private static func setMode(_ call: HypercallFrame) -> Int64 {
        let (flags, value1, value2) = (call[0], call[2], call[3])
        switch call[1] {
        case 3:  // where interrupts go
            guard call.cpu.model.instructionSets.contains(.isa207) else { return HypercallStatus.parameter2 }
            guard value1 == 0 else { return HypercallStatus.parameter3 }
            guard value2 == 0 else { return HypercallStatus.parameter4 }
            if flags == 1 || flags > 3 { return HypercallStatus.unsupportedFlag }
            if flags == 2, call.cpu.model.instructionSets.contains(.isa310) { return HypercallStatus.unsupportedFlag }
            call.services.setAllLPCR(flags << LPCR.ailShift, mask: LPCR.ail, from: call.thread)
            return HypercallStatus.success
        case 4:  // byte order of interrupt handlers
            guard value1 == 0 else { return HypercallStatus.parameter3 }
            guard value2 == 0 else { return HypercallStatus.parameter4 }
            guard flags <= 1 else { return HypercallStatus.unsupportedFlag }
            call.services.setAllLPCR(flags == 1 ? LPCR.ile : 0, mask: LPCR.ile, from: call.thread)
            return HypercallStatus.success
        default: return HypercallStatus.parameter2
        }
    }

    /// What the guest should do about speculation, from the machine's capabilities.
    private static func characteristics(_ call: HypercallFrame) -> Int64 {
        func bit(_ number: UInt64) -> UInt64 { 1 << (63 - number) }
        let capabilities = call.machine.capabilities
        var characteristics = bit(5)
        var behaviour = bit(0)
        switch capabilities[.cacheFlush] {
        case 1:
            characteristics |= bit(2) | bit(3) | bit(4)
            behaviour |= bit(1)
        case 2: behaviour |= bit(7) | bit(8)
        default: behaviour |= bit(1)
        }
        switch capabilities[.boundsCheck] {
        case 1:
            characteristics |= bit(0)
            behaviour |= bit(2)
        case 2: break
        default: behaviour |= bit(2)
        }
        switch capabilities[.indirectBranch] {
        case 1:
            behaviour |= bit(5)
            if capabilities[.countCacheFlushAssist] != 0 { characteristics |= bit(9) }
        case 2: characteristics |= bit(1)
        case 3: characteristics |= bit(7)
        default: break
        }
        call[0] = characteristics
        call[1] = behaviour
        return HypercallStatus.success
    }
}
