import EmuCore

// Hypercalls about the partition: runtime services, process table, translations, associativity, device tree, watchdog
// (PAPR, "H_REGISTER_PROC_TBL", "H_RPT_INVALIDATE", "H_HOME_NODE_ASSOCIATIVITY", "H_WATCHDOG").

enum PartitionCalls {
    static func register(_ table: HypercallDispatch) {
        table[HypercallNumber.rtas] = { call in
            call.services.rtas.call(call.services, call.thread, block: call[0])
        }
        table[HypercallNumber.registerProcessTable] = registerProcessTable
        table[HypercallNumber.homeNodeAssociativity] = homeNode
        table[HypercallNumber.rptInvalidate] = invalidate
        table[HypercallNumber.updateDeviceTree] = updateDeviceTree
        table[HypercallNumber.watchdog] = { call in call.services.watchdogs.serve(call) }
    }

    /// Bit 0 of the second doubleword of a partition table entry: the guest uses radix translation.
    static let guestRadix: UInt64 = 1 << 63

    private static func registerProcessTable(_ call: HypercallFrame) -> Int64 {
        let (flags, address, pageSize, size) = (call[0], call[1], call[2], call[3])
        let modify: UInt64 = 0x10
        let register: UInt64 = 0x08
        let radix: UInt64 = 0x04
        let segmentTables: UInt64 = 0x02
        let shootdown: UInt64 = 0x01
        guard flags & ~0x1f == 0 else { return HypercallStatus.parameter }
        let old = call.machine.processTableEntry
        let new: UInt64
        if flags & modify == 0 {
            guard (flags & radix != 0) == (old & guestRadix != 0) else { return HypercallStatus.parameter }
            new = old
        } else if flags & register == 0 {
            new = old & guestRadix
        } else if flags & radix != 0 {
            guard address & 0xfff == 0, address >> 60 == 0 else { return HypercallStatus.parameter2 }
            guard pageSize == 0 else { return HypercallStatus.parameter3 }
            guard size <= 24 else { return HypercallStatus.parameter4 }
            new = guestRadix | address | size
        } else {
            guard flags & segmentTables == 0 else { return HypercallStatus.parameter }
            guard address >> 38 == 0 else { return HypercallStatus.parameter2 }
            guard pageSize & ~7 == 0 else { return HypercallStatus.parameter3 }
            guard size <= 24 else { return HypercallStatus.parameter4 }
            new = address << 25 | pageSize << 5 | size
        }
        var status = HypercallStatus.success
        call.services.exclusively(from: call.thread) {
            do { try changeTranslation(call, from: old, to: new) } catch {
                status = HypercallStatus.noMemory
                return
            }
            var lpcr: UInt64 = 0
            if flags & radix != 0 {
                lpcr |= LPCR.uprt | LPCR.hr
            } else if flags & segmentTables != 0 {
                lpcr |= LPCR.uprt
            }
            if flags & shootdown != 0 { lpcr |= LPCR.gtse }
            call.machine.updateLPCR(set: lpcr, mask: LPCR.uprt | LPCR.hr | LPCR.gtse)
        }
        return status
    }

    /// A radix guest has no hash table; one that comes back gets an empty one.
    private static func changeTranslation(_ call: HypercallFrame, from old: UInt64, to new: UInt64) throws {
        let machine = call.machine
        if old & guestRadix != new & guestRadix {
            if new & guestRadix != 0 {
                machine.hpt.free()
            } else {
                try machine.setUpHashTable()
            }
        }
        machine.setProcessTable(new)
    }

    private static func homeNode(_ call: HypercallFrame) -> Int64 {
        guard call[0] == 1 else { return HypercallStatus.function }
        guard let thread = call.services.thread(server: call[1]) else { return HypercallStatus.parameter2 }
        let isForm2 = call.machine.negotiatedVector5[.form2Affinity]
        // The list begins with its length.
        let domains = call.machine.numa.associativity(
            server: thread.server, node: thread.core.node ?? 0, isForm2: isForm2
        ).dropFirst()
        for pair in 0..<6 {
            let high = domains.dropFirst(pair * 2).first ?? .max
            let low = domains.dropFirst(pair * 2 + 1).first ?? .max
            call[pair] = UInt64(high) << 32 | UInt64(low)
        }
        return HypercallStatus.success
    }

    /// Drops translations of a process for a guest that may not use `tlbie`.
    private static func invalidate(_ call: HypercallFrame) -> Int64 {
        guard call.machine.capabilities[.rptInvalidate] != 0 else { return HypercallStatus.function }
        guard call.cpu.mmu.usesRadix else { return HypercallStatus.function }
        let (pid, target, type) = (call[0], call[1], call[2])
        // R4 process, R5 which threads, R6 what, R7 page sizes, R8 to R9 the range.
        guard target & ~7 == 0, target != 0 else { return HypercallStatus.parameter2 }
        guard type & ~0x1e == 0 else { return HypercallStatus.parameter3 }
        guard call[4] <= call[5] || call[5] == .max else { return HypercallStatus.parameter5 }
        call.services.flush([pid == 0 ? .everything : .process(pid)], from: call.thread)
        return HypercallStatus.success
    }

    /// The guest's firmware has changed the device tree: keep it, it travels.
    private static func updateDeviceTree(_ call: HypercallFrame) -> Int64 {
        let machine = call.machine
        guard machine.version.updatesDeviceTree else { return HypercallStatus.success }
        let address = RTASFrame.real(call[0])
        guard let size = try? call.memory.load(UInt32.self, at: address &+ 4, order: .big),
            size >= 40, UInt64(size) <= UInt64(machine.deviceTreeInitialSize) * 2,
            let bytes = try? call.memory.readBytes(at: address, count: Int(size)),
            (try? DeviceTree(blob: bytes)) != nil
        else { return HypercallStatus.parameter }
        machine.deviceTreeBlob = bytes
        return HypercallStatus.success
    }
}

extension SpaprMachine {
    /// An empty hash table of the size that the machine's memory calls for; nobody uses radix translation any more.
    func setUpHashTable() throws {
        try hpt.reallocate(
            shift: HashPageTable.shift(forMemory: resizeHPT == .disabled ? maximumMemorySize : presentMemorySize))
        setProcessTable(0)
        updateLPCR(set: 0, mask: LPCR.hr | LPCR.uprt)
    }
}
