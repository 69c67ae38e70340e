import EmuCore

// H_RESIZE_HPT_PREPARE and H_RESIZE_HPT_COMMIT: a bigger or smaller hash page table that takes over the bolted entries
// (PAPR ACR "HPT resizing").

/// An empty table of another size, waiting to be committed.
final class PreparedHashTable {
    let table: HashPageTable
    init(shift: Int) throws {
        table = HashPageTable()
        try table.reallocate(shift: shift)
    }
}

enum HashTableResize {
    static func register(_ table: HypercallDispatch) {
        table[HypercallNumber.resizeHPTPrepare] = prepare
        table[HypercallNumber.resizeHPTCommit] = commit
    }

    private static func refusal(_ call: HypercallFrame) -> Int64? {
        if call.machine.resizeHPT == .disabled { return HypercallStatus.authority }
        return call.machine.hpt.shift == 0 ? HypercallStatus.notAvailable : nil
    }

    private static func prepare(_ call: HypercallFrame) -> Int64 {
        if let refusal = refusal(call) { return refusal }
        guard call[0] == 0, let shift = Int(exactly: call[1]), shift == 0 || (18...46).contains(shift) else {
            return HypercallStatus.parameter
        }
        // A small guest shall not claim a huge table.
        guard shift <= HashPageTable.shift(forMemory: call.machine.presentMemorySize) + 1 else {
            return HypercallStatus.resource
        }
        if call.services.preparedTable?.table.shift == shift { return HypercallStatus.success }
        call.services.preparedTable = nil
        guard shift != 0 else { return HypercallStatus.success }
        guard let prepared = try? PreparedHashTable(shift: shift) else { return HypercallStatus.noMemory }
        call.services.preparedTable = prepared
        return HypercallStatus.success
    }

    private static func commit(_ call: HypercallFrame) -> Int64 {
        if let refusal = refusal(call) { return refusal }
        guard call[0] == 0 else { return HypercallStatus.parameter }
        guard let prepared = call.services.preparedTable, UInt64(prepared.table.shift) == call[1] else {
            return HypercallStatus.closed
        }
        var status = HypercallStatus.success
        call.services.exclusively(from: call.thread) {
            status = rehash(call, from: call.machine.hpt, to: prepared.table)
            guard status == HypercallStatus.success else { return }
            let moved = (0..<prepared.table.entryCount).lazy.map { ($0, prepared.table.load($0)) }
                .filter { $0.1.high & HashEntry.valid != 0 }
            let entries = Array(moved)
            do {
                try call.machine.hpt.reallocate(shift: prepared.table.shift)
                for (index, entry) in entries { call.machine.hpt.store(index, high: entry.high, low: entry.low) }
            } catch { status = HypercallStatus.noMemory }
        }
        call.services.preparedTable = nil
        return status
    }

    /// Copies bolted entries to their groups in the new table.
    private static func rehash(_ call: HypercallFrame, from old: HashPageTable, to new: HashPageTable) -> Int64 {
        let oldMask = UInt64(old.entryCount / 8 - 1)
        let newMask = UInt64(new.entryCount / 8 - 1)
        for index in 0..<old.entryCount {
            let entry = old.load(index)
            guard entry.high & HashEntry.valid != 0, entry.high & HashEntry.bolted != 0 else { continue }
            let shift = UInt64(HashTableCalls.pageShift(call.cpu.model, entry.high, entry.low))
            guard shift != 0 else { return HypercallStatus.hardware }
            let isSecondary = entry.high & HashEntry.secondary != 0
            var group = UInt64(index / 8)
            if isSecondary { group = ~group }
            let avpn = (entry.high & 0x3fff_ffff_ffff_ff80) >> 7 & ~(((1 << shift) - 1) >> 23)
            let hash: UInt64
            switch entry.high & HashEntry.sizeMask {
            case 0:
                let vsid = avpn >> 5
                var offset = (avpn & 0x1f) << 23
                if shift < 23 { offset |= ((vsid ^ group) & oldMask) << shift }
                hash = vsid ^ offset >> shift
            case HashEntry.size1T:
                let vsid = avpn >> 17
                var offset = (avpn & 0x1ffff) << 23
                if shift < 23 { offset |= ((vsid ^ vsid << 25 ^ group) & oldMask) << shift }
                hash = vsid ^ vsid << 25 ^ offset >> shift
            default: return HypercallStatus.hardware
            }
            let target = Int((isSecondary ? ~hash : hash) & newMask) * 8 + index % 8
            if new.load(target).high & HashEntry.valid != 0 { return HypercallStatus.groupFull }
            new.store(target, high: entry.high, low: entry.low)
        }
        return HypercallStatus.success
    }
}
