import CPPCState
import CSupport

// Radix translation as a pseries guest uses it (ISA 3.1 Book III, section 6.7.7 onward): process-scoped only, because
// guest real memory is the machine's memory.

extension MMU {
    private enum Entry {
        static var valid: UInt64 { 1 << 63 }
        static var leaf: UInt64 { 1 << 62 }
        static var realPage: UInt64 { 0x01ff_ffff_ffff_f000 }
        static var referenced: UInt64 { 0x100 }
        static var changed: UInt64 { 0x80 }
        static var attributes: UInt64 { 0x30 }
        static var nonIdempotent: UInt64 { 0x20 }
        static var privileged: UInt64 { 8 }
        static var read: UInt64 { 4 }
        static var readWrite: UInt64 { 2 }
        static var execute: UInt64 { 1 }
        static var nextBase: UInt64 { 0x0fff_ffff_ffff_ff00 }
        static var nextSize: UInt64 { 0x1f }
    }

    func translateRadix(_ ea: UInt64, _ kind: AccessKind, _ result: inout Translation) -> Bool {
        // Bits 2:11 must be zero; quadrants 1 and 2 belong to the hypervisor.
        let quadrant = ea >> 62
        guard ea & 0x3ff0_0000_0000_0000 == 0, quadrant == 0 || quadrant == 3 else {
            segmentFault(ea, kind)
            return false
        }
        let pid = quadrant == 0 ? spr(state)[SPRegister.pid] : 0
        let base = processTable & 0x0fff_ffff_ffff_f000
        let size: UInt64 = 1 << (processTable & 0x1f &+ 12)
        guard base & (size &- 1) == 0 else {
            storageFault(ea, kind, StorageCause.badConfiguration)
            return false
        }
        guard pid < size / 16 else {
            storageFault(ea, kind, StorageCause.noTranslation)
            return false
        }
        let process = readPhysical(base &+ pid &* 16)
        // An entry that changes under us is walked again.
        for _ in 0..<64 {
            switch walk(ea, kind, process, &result) {
            case .done: return true
            case .fault(let cause):
                storageFault(ea, kind, cause)
                return false
            case .retry: continue
            }
        }
        storageFault(ea, kind, StorageCause.atomicUpdate)
        return false
    }

    private enum Walk {
        case done
        case fault(UInt64)
        case retry
    }

    private func walk(_ ea: UInt64, _ kind: AccessKind, _ process: UInt64, _ result: inout Translation) -> Walk {
        let address = ea & 0x3fff_ffff_ffff_ffff
        var shift = (process >> 58 & 0x18 | process >> 5 & 7) &+ 31
        var table = process & Entry.nextBase
        var indexBits = process & Entry.nextSize
        var level = 0
        while true {
            let valid =
                level == 0
                ? shift == 52 && indexBits == 13
                : level < 3 ? indexBits == 9 : level == 3 && (indexBits == 9 || indexBits == 5)
            guard valid else { return .fault(StorageCause.badConfiguration) }
            shift &-= indexBits
            let index = address >> shift & (1 << indexBits &- 1)
            table &= ~(1 << (indexBits &+ 3) &- 1)
            let entryAddress = table &+ index &* 8
            guard let host = hostMemory(at: entryAddress), host.count >= 8 else {
                return .fault(StorageCause.noTranslation)
            }
            let entry = UInt64(bigEndian: cs_atomic_load64(host.pointer))
            guard entry & Entry.valid != 0 else { return .fault(StorageCause.noTranslation) }
            guard entry & Entry.leaf != 0 else {
                table = entry & Entry.nextBase
                indexBits = entry & Entry.nextSize
                level += 1
                continue
            }
            if let cause = refusal(entry, kind) { return .fault(cause) }
            let updated = entry | Entry.referenced | (kind == .store ? Entry.changed : 0)
            if updated != entry, !suppressesUpdates {
                guard cs_atomic_cas64(host.pointer, entry.bigEndian, updated.bigEndian) else { return .retry }
                memory.willWrite(at: entryAddress, count: 8)
            }
            let mask: UInt64 = 1 << shift &- 1
            result = Translation(real: entry & Entry.realPage & ~mask | address & mask, pageShift: shift)
            return .done
        }
    }

    /// The cause bits if an entry does not allow an access.
    private func refusal(_ entry: UInt64, _ kind: AccessKind) -> UInt64? {
        if entry & Entry.attributes == Entry.nonIdempotent, kind == .fetch { return StorageCause.noExecute }
        let problem = state.pointee.msr & MSR.pr != 0
        var allowed: Protection = []
        if !(problem && entry & Entry.privileged != 0) {
            if entry & Entry.read != 0 { allowed.insert(.read) }
            if entry & Entry.readWrite != 0 { allowed.formUnion([.read, .write]) }
            if entry & Entry.execute != 0 { allowed.insert(.execute) }
            if !problem, entry & Entry.privileged == 0 {
                // Key 0 guards the supervisor against problem state pages.
                let amr = spr(state)[SPRegister.amr] >> 62
                if amr & 2 != 0 { allowed.remove(.write) }
                if amr & 1 != 0 { allowed.remove(.read) }
                if spr(state)[SPRegister.iamr] >> 62 & 1 != 0 { allowed.remove(.execute) }
            }
        }
        if allowed.isSuperset(of: Protection.needed(for: kind)) { return nil }
        return kind == .fetch ? StorageCause.noExecute : StorageCause.protection
    }
}
