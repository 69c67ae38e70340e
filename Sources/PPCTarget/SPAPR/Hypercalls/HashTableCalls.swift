import EmuCore

// Hash page table hypercalls (PAPR, "Page Table Access hcalls"). Entries are 16 bytes, big-endian, in groups of eight.

/// Bits of a hash page table entry (ISA 3.0B Book III, section 5.7.9.2) and of the hypercalls' flags.
enum HashEntry {
    static var valid: UInt64 { 1 }
    static var secondary: UInt64 { 2 }
    static var bolted: UInt64 { 0x10 }
    static var sizeMask: UInt64 { 3 << 62 }
    static var size1T: UInt64 { 1 << 62 }
    static var realPage: UInt64 { 0x0fff_ffff_ffff_f000 }
    static var protection0: UInt64 { 1 << 63 }
    static var protection: UInt64 { 3 }
    static var noExecute: UInt64 { 4 }
    static var keyHigh: UInt64 { 3 << 60 }
    static var keyLow: UInt64 { 0xe00 }
    static var storageMask: UInt64 { 0x78 }
    static var writeThrough: UInt64 { 0x40 }
    static var inhibited: UInt64 { 0x20 }
    static var coherent: UInt64 { 0x10 }
    static var referenced: UInt64 { 0x100 }
    static var changed: UInt64 { 0x80 }

    static var flagExact: UInt64 { 1 << 39 }
    static var flagReadFour: UInt64 { 1 << 37 }
    static var flagAVPN: UInt64 { 1 << 31 }
    static var flagAndCondition: UInt64 { 1 << 30 }
}

enum HashTableCalls {
    static func register(_ table: HypercallDispatch) {
        table[HypercallNumber.enter] = enter
        table[HypercallNumber.remove] = remove
        table[HypercallNumber.bulkRemove] = bulkRemove
        table[HypercallNumber.protect] = protect
        table[HypercallNumber.read] = read
        table[HypercallNumber.clearRef] = { clear($0, HashEntry.referenced) }
        table[HypercallNumber.clearMod] = { clear($0, HashEntry.changed) }
    }

    /// The partition's table, if it has one.
    private static func table(_ call: HypercallFrame) -> HashPageTable? {
        call.machine.hpt.shift == 0 ? nil : call.machine.hpt
    }

    /// log2 of the page that an entry maps, 0 for an encoding that the processor does not have.
    static func pageShift(_ model: PPCModel, _ high: UInt64, _ low: UInt64) -> UInt32 {
        guard high & 4 != 0 else { return 12 }
        for sizes in model.segmentPageSizes {
            for page in sizes.pages where page.shift != 12 {
                let mask = (UInt64(1) << UInt64(page.shift)) - 1
                if low & mask & HashEntry.realPage == page.encoding << 12 { return page.shift }
            }
        }
        return 0
    }

    /// Enters a mapping into the group of `ptex`, or into exactly that slot.
    private static func enter(_ call: HypercallFrame) -> Int64 {
        guard let table = table(call) else { return HypercallStatus.parameter }
        let (flags, index) = (call[0], call[1])
        let (high, low) = (call[2], call[3])
        let shift = pageShift(call.cpu.model, high, low)
        guard shift != 0 else { return HypercallStatus.parameter }
        let real = low & HashEntry.realPage & ~((1 << UInt64(shift)) - 1)
        if call.services.isRAM(real) {
            guard low & HashEntry.storageMask == HashEntry.coherent else { return HypercallStatus.parameter }
        } else {
            let storage = low & (HashEntry.writeThrough | HashEntry.inhibited | HashEntry.coherent)
            guard storage & ~HashEntry.coherent == HashEntry.inhibited else { return HypercallStatus.parameter }
        }
        guard index < UInt64(table.entryCount) else { return HypercallStatus.parameter }
        var slot = index
        if flags & HashEntry.flagExact == 0 {
            let group = index & ~7
            guard let free = (0..<8).first(where: { table.load(Int(group + $0)).high & HashEntry.valid == 0 }) else {
                return HypercallStatus.groupFull
            }
            slot = group + free
        } else if table.load(Int(index)).high & HashEntry.valid != 0 {
            return HypercallStatus.groupFull
        }
        table.store(Int(slot), high: high & ~0x60, low: low)
        call[0] = slot
        return HypercallStatus.success
    }

    private enum Removal: UInt64 { case done, notFound, parameter }

    private static func removeEntry(
        _ call: HypercallFrame, _ index: UInt64, avpn: UInt64, flags: UInt64, _ high: inout UInt64, _ low: inout UInt64
    ) -> Removal {
        guard let table = table(call), index < UInt64(table.entryCount) else { return .parameter }
        let (old, oldLow) = (table.load(Int(index)).high, table.load(Int(index)).low)
        if old & HashEntry.valid == 0 || (flags & HashEntry.flagAVPN != 0 && old & ~0x7f != avpn)
            || (flags & HashEntry.flagAndCondition != 0 && old & avpn != 0)
        {
            return .notFound
        }
        table.store(Int(index), high: 0, low: 0)
        (high, low) = (old, oldLow)
        return .done
    }

    private static func remove(_ call: HypercallFrame) -> Int64 {
        var (high, low): (UInt64, UInt64) = (0, 0)
        switch removeEntry(call, call[1], avpn: call[2], flags: call[0], &high, &low) {
        case .parameter: return HypercallStatus.parameter
        case .notFound: return HypercallStatus.notFound
        case .done:
            let entry = HashTableEntry(index: call[1], high: high, low: low)
            call[0] = high
            call[1] = low
            call.services.flushHashTranslations(of: [entry], from: call.thread)
            return HypercallStatus.success
        }
    }

    /// Up to four removals; each request becomes its own response.
    private static func bulkRemove(_ call: HypercallFrame) -> Int64 {
        let typeMask: UInt64 = 3 << 62
        let indexMask: UInt64 = 0x00ff_ffff_ffff_ffff
        let andCondition: UInt64 = 1 << 56
        let matchAVPN: UInt64 = 2 << 56
        var removed: [HashTableEntry] = []
        var status = HypercallStatus.success
        requests: for entry in 0..<4 {
            var request = call[entry * 2]
            if request & typeMask == typeMask { break }
            guard request & typeMask == 1 << 62 else {
                status = HypercallStatus.parameter
                break
            }
            request = request & (indexMask | andCondition | matchAVPN) | 2 << 62
            if request & andCondition != 0, request & matchAVPN != 0 {
                call[entry * 2] = request | 2 << 60
                status = HypercallStatus.parameter
                break
            }
            var flags: UInt64 = 0
            if request & andCondition != 0 { flags |= HashEntry.flagAndCondition }
            if request & matchAVPN != 0 { flags |= HashEntry.flagAVPN }
            var (high, low): (UInt64, UInt64) = (0, 0)
            let result = removeEntry(
                call, request & indexMask, avpn: call[entry * 2 + 1], flags: flags, &high, &low)
            request |= result.rawValue << 60
            switch result {
            case .done:
                removed.append(HashTableEntry(index: request & indexMask, high: high, low: low))
                request |= (low & (HashEntry.changed | HashEntry.referenced)) << 43
            case .notFound: break
            case .parameter: status = HypercallStatus.parameter
            }
            call[entry * 2] = request
            if result == .parameter { break requests }
        }
        if !removed.isEmpty { call.services.flushHashTranslations(of: removed, from: call.thread) }
        return status
    }

    private static func protect(_ call: HypercallFrame) -> Int64 {
        let (flags, index, avpn) = (call[0], call[1], call[2])
        guard let table = table(call), index < UInt64(table.entryCount) else {
            return HypercallStatus.parameter
        }
        let high = table.load(Int(index)).high
        var low = table.load(Int(index)).low
        let entry = HashTableEntry(index: index, high: high, low: low)
        if high & HashEntry.valid == 0 || (flags & HashEntry.flagAVPN != 0 && high & ~0x7f != avpn) {
            return HypercallStatus.notFound
        }
        low &=
            ~(HashEntry.protection0 | HashEntry.protection | HashEntry.noExecute | HashEntry.keyHigh | HashEntry.keyLow)
        low |= flags << 55 & HashEntry.protection0
        low |= flags << 48 & HashEntry.keyHigh
        low |= flags & (HashEntry.protection | HashEntry.noExecute | HashEntry.keyLow)
        table.store(Int(index), high: high & ~HashEntry.valid, low: 0)
        call.services.flushHashTranslations(of: [entry], from: call.thread)
        table.store(Int(index), high: high, low: low)
        return HypercallStatus.success
    }

    private static func read(_ call: HypercallFrame) -> Int64 {
        var index = call[1]
        guard let table = table(call), index < UInt64(table.entryCount) else {
            return HypercallStatus.parameter
        }
        var count = 1
        if call[0] & HashEntry.flagReadFour != 0 {
            index &= ~3
            count = 4
        }
        for entry in 0..<count {
            call[entry * 2] = table.load(Int(index + UInt64(entry))).high
            call[entry * 2 + 1] = table.load(Int(index + UInt64(entry))).low
        }
        return HypercallStatus.success
    }

    /// H_CLEAR_REF and H_CLEAR_MOD: returns the low doubleword as it was and clears one bit of it.
    private static func clear(_ call: HypercallFrame, _ bit: UInt64) -> Int64 {
        let index = call[1]
        guard let table = table(call), index < UInt64(table.entryCount) else {
            return HypercallStatus.parameter
        }
        let high = table.load(Int(index)).high
        guard high & HashEntry.valid != 0 else { return HypercallStatus.notFound }
        let low = table.load(Int(index)).low
        call[0] = low
        if low & bit != 0 {
            table.store(Int(index), high: high & ~HashEntry.valid, low: low)
            let entry = HashTableEntry(index: index, high: high, low: low)
            call.services.flushHashTranslations(of: [entry], from: call.thread)
            table.store(Int(index), high: high, low: low & ~bit)
        }
        return HypercallStatus.success
    }
}
