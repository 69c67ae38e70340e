import CPPCState
import CSupport

/// One entry of the segment look-aside buffer, in the layout of `slbmte`'s operands.
package struct SLBEntry: Sendable, Equatable {
    /// ESID, valid bit (0x0800_0000).
    package var esid: UInt64 = 0
    /// B, VSID, Ks, Kp, N, L, C, LP.
    package var vsid: UInt64 = 0

    static var valid: UInt64 { 0x0800_0000 }
    static var sizeMask: UInt64 { 3 << 62 }
    static var segment1T: UInt64 { 1 << 62 }
    static var keySupervisor: UInt64 { 0x800 }
    static var keyProblem: UInt64 { 0x400 }
    static var noExecute: UInt64 { 0x200 }
    static var classBit: UInt64 { 0x80 }
    static var pageSizeMask: UInt64 { 0x130 }
    static var mask256M: UInt64 { ~0x0fff_ffff }
    static var mask1T: UInt64 { ~0xff_ffff_ffff }

    var isLarge: Bool { vsid & Self.sizeMask == Self.segment1T }
    /// Bytes of the segment, as log2.
    var shift: UInt64 { isLarge ? 40 : 28 }
}

/// A partition's hash page table in host memory: groups of eight 16-byte big-endian entries.
package struct HashTable {
    package let base: UnsafeMutableRawPointer
    /// log2 of the size in bytes, 18 to 46.
    package let shift: Int

    /// - Returns: `nil` if the size is outside of the architecture's bounds.
    package init?(base: UnsafeMutableRawPointer, shift: Int) {
        guard (18...46).contains(shift) else { return nil }
        self.base = base
        self.shift = shift
    }

    var groupMask: UInt64 { 1 << (UInt64(shift) - 7) &- 1 }
}

/// A valid entry of the hash page table, as it was when a mapping was taken out or changed.
package struct HashTableEntry: Sendable, Equatable {
    package var index: UInt64
    package var high: UInt64
    package var low: UInt64

    package init(index: UInt64, high: UInt64, low: UInt64) {
        self.index = index
        self.high = high
        self.low = low
    }
}

extension MMU {
    private enum Entry {
        static var compare: UInt64 { 0xffff_ffff_ffff_ff83 }
        static var avpn: UInt64 { 0x3fff_ffff_ffff_ff80 }
        static var valid: UInt64 { 1 }
        static var secondary: UInt64 { 2 }
        static var large: UInt64 { 4 }
        static var realPage: UInt64 { 0x0fff_ffff_ffff_f000 }
        static var referenced: UInt64 { 0x100 }
        static var changed: UInt64 { 0x80 }
        static var guarded: UInt64 { 8 }
        static var noExecute: UInt64 { 4 }
    }

    private struct Found {
        var high: UInt64
        var low: UInt64
        var shift: UInt64
        var address: UnsafeMutableRawPointer
    }

    func translateHash(_ ea: UInt64, _ kind: AccessKind, _ result: inout Translation) -> Bool {
        guard let segment = segment(for: ea), let sizes = pageSizes(of: segment) else {
            segmentFault(ea, kind)
            return false
        }
        if kind == .fetch, segment.vsid & SLBEntry.noExecute != 0 {
            storageFault(ea, kind, StorageCause.noExecute)
            return false
        }
        guard let found = lookUp(ea, segment, sizes) else {
            storageFault(ea, kind, StorageCause.noTranslation)
            return false
        }
        let execution: Protection =
            found.low & (Entry.noExecute | Entry.guarded) != 0 ? [.read, .write] : Protection.all
        let page = pageProtection(segment, found.low)
        let keys = keyProtection(found.low)
        let needed = Protection.needed(for: kind)
        guard execution.intersection(page).intersection(keys).isSuperset(of: needed) else {
            var cause: UInt64 = 0
            if kind == .fetch {
                if !execution.contains(.execute) {
                    cause |= StorageCause.noExecute
                } else if !page.contains(.execute) {
                    cause |= StorageCause.protection
                }
            } else if !page.isSuperset(of: needed) {
                cause |= StorageCause.protection
            }
            if !keys.isSuperset(of: needed) { cause |= StorageCause.key }
            storageFault(ea, kind, cause)
            return false
        }
        if !suppressesUpdates {
            // Byte updates, as the processor does: R is in the byte at 14, C in the byte at 15.
            if found.low & Entry.referenced == 0 {
                found.address.storeBytes(
                    of: UInt8(truncatingIfNeeded: found.low >> 8) | 1, toByteOffset: 14, as: UInt8.self)
            }
            if kind == .store, found.low & Entry.changed == 0 {
                found.address.storeBytes(
                    of: UInt8(truncatingIfNeeded: found.low) | 0x80, toByteOffset: 15, as: UInt8.self)
            }
        }
        let mask: UInt64 = 1 << found.shift &- 1
        result = Translation(real: found.low & Entry.realPage & ~mask | ea & mask, pageShift: found.shift)
        return true
    }

    /// The valid SLB entry that covers an address.
    func segment(for ea: UInt64) -> SLBEntry? {
        let small = ea & SLBEntry.mask256M | SLBEntry.valid
        let large = ea & SLBEntry.mask1T | SLBEntry.valid
        return slb.first {
            $0.esid == small && $0.vsid & SLBEntry.sizeMask == 0
                || $0.esid == large && $0.vsid & SLBEntry.sizeMask == SLBEntry.segment1T
        }
    }

    func pageSizes(of segment: SLBEntry) -> SegmentPageSizes? {
        if spr(state)[SPRegister.lpcr] & LPCR.isl != 0 { return segmentPageSizes.first }
        let encoding = segment.vsid & SLBEntry.pageSizeMask
        return segmentPageSizes.first { $0.slbEncoding == encoding }
    }

    private func lookUp(_ ea: UInt64, _ segment: SLBEntry, _ sizes: SegmentPageSizes) -> Found? {
        guard let table = hashTable else { return nil }
        let shift = UInt64(sizes.shift)
        let pageMask: UInt64 = ~(1 << shift &- 1)
        let isLarge = segment.vsid & SLBEntry.sizeMask != 0
        let field = segment.vsid & 0x3fff_ffff_ffff_f000
        let offset = ea & ~(isLarge ? SLBEntry.mask1T : SLBEntry.mask256M) & pageMask
        var hash: UInt64
        if isLarge {
            let vsid = field >> 24
            hash = vsid ^ vsid << 25 ^ offset >> shift
        } else {
            hash = field >> 12 ^ offset >> shift
        }
        var wanted = segment.vsid & (SLBEntry.sizeMask | 0x3fff_ffff_ffff_f000) | offset >> 16 & Entry.avpn
        wanted |= Entry.valid
        if let found = search(table, hash, wanted, sizes) { return found }
        hash = ~hash
        wanted |= Entry.secondary
        return search(table, hash, wanted, sizes)
    }

    private func search(_ table: HashTable, _ hash: UInt64, _ wanted: UInt64, _ sizes: SegmentPageSizes) -> Found? {
        var address = table.base + Int(truncatingIfNeeded: (hash & table.groupMask) &* 128)
        for _ in 0..<8 {
            let high = UInt64(bigEndian: cs_atomic_load64(address))
            if (high ^ wanted) & Entry.compare == 0 {
                let low = UInt64(bigEndian: cs_atomic_load64(address + 8))
                // No size fits: an entry left behind for another base size; the search goes on.
                if let shift = pageShift(sizes, high, low) {
                    return Found(high: high, low: low, shift: shift, address: address)
                }
            }
            address += 16
        }
        return nil
    }

    /// Drops what hash translation has left of one page.
    ///
    /// Whatever comes from the table came through a segment that is still in the SLB, since replacing one drops
    /// what came through it. The offset in the segment stands in the entry, but for the bits that the hash has: those
    /// follow from the group that the entry is in.
    func invalidateHash(_ entry: HashTableEntry) {
        guard let table = hashTable else { return }
        for segment in slb where segment.esid & SLBEntry.valid != 0 {
            let isLarge = segment.vsid & SLBEntry.sizeMask != 0
            let field: UInt64 = isLarge ? 0x3fff_ffff_ff00_0000 : 0x3fff_ffff_ffff_f000
            guard (entry.high ^ segment.vsid) & (field | SLBEntry.sizeMask) == 0, let sizes = pageSizes(of: segment),
                let page = pageShift(sizes, entry.high, entry.low)
            else { continue }
            let vsid = (segment.vsid & field) >> (isLarge ? 24 : 12)
            var hash = entry.index >> 3 ^ (isLarge ? vsid ^ vsid << 25 : vsid)
            if entry.high & Entry.secondary != 0 { hash = ~hash }
            let mask = isLarge ? SLBEntry.mask1T : SLBEntry.mask256M
            let hashed: UInt64 = 0x7f_ffff
            let offset =
                entry.high << 16 & ~mask & ~hashed | (hash & table.groupMask) << UInt64(sizes.shift) & hashed
            let count: UInt64 = 1 << page
            invalidateHash((segment.esid & mask | offset) & ~(count - 1), count: count)
        }
    }

    /// Drops what `tlbie` names by a virtual address: bits 0 to 51 of `rb` are bits 14 to 65 of the address, of which old
    /// kernels leave out the first 16. Its low bits say more of large pages than of the address, so 16 MiB are dropped,
    /// and the segment where pages are larger.
    func invalidateHash(virtual rb: UInt64) {
        for segment in slb where segment.esid & SLBEntry.valid != 0 {
            let mask: UInt64 = (1 << segment.shift) - 1
            // Without B, and without what follows it in an entry.
            let vsid = (segment.vsid & ~SLBEntry.sizeMask) >> (segment.isLarge ? 24 : 12)
            guard ((vsid << segment.shift) ^ rb) & 0xffff_ffff_ffff & ~mask == 0 else { continue }
            let ea = segment.esid & ~mask
            let largest = pageSizes(of: segment)?.pages.map { Int($0.shift) }.max() ?? 64
            if largest > 24 {
                invalidateHash(ea, count: mask + 1)
            } else {
                invalidateHash(ea | rb & mask & ~0xff_ffff, count: 1 << 24)
            }
        }
    }

    private func pageShift(_ sizes: SegmentPageSizes, _ high: UInt64, _ low: UInt64) -> UInt64? {
        if high & Entry.large == 0 { return sizes.shift == 12 ? 12 : nil }
        for page in sizes.pages where page.shift != 12 {
            let mask = (1 << UInt64(page.shift) &- 1) & Entry.realPage
            if low & mask == page.encoding << 12 { return UInt64(page.shift) }
        }
        return nil
    }

    /// Page protection by PP bits and the segment's key.
    private func pageProtection(_ segment: SLBEntry, _ low: UInt64) -> Protection {
        let problem = state.pointee.msr & MSR.pr != 0
        let key = segment.vsid & (problem ? SLBEntry.keyProblem : SLBEntry.keySupervisor) != 0
        switch (key, low & 3 | (low >> 63) << 2) {
        case (false, 0), (false, 1), (false, 2), (true, 2): return .all
        case (false, 3), (false, 6), (true, 1), (true, 3): return [.read, .execute]
        default: return []
        }
    }

    /// Virtual page class keys: AMR takes away loads and stores, IAMR instruction fetches.
    private func keyProtection(_ low: UInt64) -> Protection {
        guard model.hasStorageKeys else { return .all }
        let key = low >> 57 & 0x18 | low >> 9 & 7
        let position = 2 &* (31 &- key)
        var allowed = Protection.all
        let amr = spr(state)[SPRegister.amr] >> position
        if amr & 2 != 0 { allowed.remove(.write) }
        if amr & 1 != 0 { allowed.remove(.read) }
        if model.family != .power7, spr(state)[SPRegister.iamr] >> position & 1 != 0 { allowed.remove(.execute) }
        return allowed
    }
}
