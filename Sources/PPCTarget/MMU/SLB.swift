import CPPCState

// Segment look-aside buffer operations of the SLB instructions (ISA 3.1 Book III, section 6.9.3).

extension MMU {
    func resetSegments() {
        for index in slb.indices { slb[index] = SLBEntry() }
    }

    /// The buffer's entries, for state transfer; the number is the model's.
    package var segments: [SLBEntry] {
        get { slb }
        set {
            for index in slb.indices { slb[index] = index < newValue.count ? newValue[index] : SLBEntry() }
            invalidateHash()
        }
    }

    /// Stores an entry as `slbmte` does.
    ///
    /// - Returns: `false` for a slot, segment size or page size that the model lacks.
    func storeSegment(slot: UInt64, esid: UInt64, vsid: UInt64) -> Bool {
        guard slot < UInt64(slb.count), esid & ~(SLBEntry.mask256M | SLBEntry.valid) == 0, vsid >> 63 == 0 else {
            return false
        }
        if vsid & SLBEntry.sizeMask != 0, !model.hasLargeSegments { return false }
        guard segmentPageSizes.contains(where: { $0.slbEncoding == vsid & SLBEntry.pageSizeMask }) else {
            return false
        }
        let index = Int(slot)
        let old = slb[index]
        slb[index] = SLBEntry(esid: esid, vsid: vsid)
        // Kernels store a process's segments again at every switch to it.
        if old.esid & SLBEntry.valid != 0, old != slb[index] { invalidateHash(under: old) }
        return true
    }

    /// Drops what came through a segment.
    private func invalidateHash(under segment: SLBEntry) {
        let count: UInt64 = 1 << segment.shift
        invalidateHash(segment.esid & ~(count - 1), count: count)
    }

    func invalidateSegment(for ea: UInt64) {
        let small = ea & SLBEntry.mask256M | SLBEntry.valid
        let large = ea & SLBEntry.mask1T | SLBEntry.valid
        for index in slb.indices {
            guard slb[index].esid == (slb[index].isLarge ? large : small) else { continue }
            slb[index].esid &= ~SLBEntry.valid
            invalidateHash(under: slb[index])
            return
        }
    }

    /// `slbia`: `hint` is the IH field; values 3, 4 and 7 have a meaning of their own since ISA 3.0.
    func invalidateSegments(hint: UInt64) {
        invalidateHash()
        var first = 1
        if model.hasRadix {
            if hint == 7 { return }
            if hint == 3 || hint == 4 { first = 0 }
        }
        for index in slb.indices where index >= first {
            if model.hasRadix, hint == 3, slb[index].vsid & SLBEntry.classBit == 0 { continue }
            slb[index].esid &= ~SLBEntry.valid
        }
    }

    func invalidateAllSegments() {
        invalidateHash()
        for index in slb.indices { slb[index].esid &= ~SLBEntry.valid }
    }
}
