import CPPCState

/// What a soft TLB bank is good for: one combination of relocation, privilege, address space and keys.
struct BankKey: Equatable {
    /// Bit 0: IR, 1: DR, 2: PR, 3: radix, 7: the interpreter of verify mode, which is granted no stores.
    var mode: UInt8 = 0
    var pid: UInt64 = 0
    /// Storage keys that decide access, where they do.
    var amr: UInt64 = 0
    var iamr: UInt64 = 0
}

/// One bank: `PPC_TLB_ENTRIES` entries of one granule.
///
/// One more entry behind them holds no translation: its `read_tag` is ``generation``, where engines compare it, its
/// `addend` the granule, and its `exec_tag` this object.
final class TLBBank {
    let entries: UnsafeMutablePointer<ppc_tlb_entry>
    var key: BankKey
    /// 16, or 12 once a 4 KiB page was met.
    private(set) var granuleShift: UInt64 {
        get { Self.granuleShift(of: entries) }
        set { entries[Int(PPC_TLB_ENTRIES)].addend = newValue }
    }

    @inline(__always)
    static func granuleShift(of entries: UnsafeMutablePointer<ppc_tlb_entry>) -> UInt64 {
        entries[Int(PPC_TLB_ENTRIES)].addend
    }

    /// The bank that has these entries.
    @inline(__always)
    static func of(_ entries: UnsafeMutablePointer<ppc_tlb_entry>) -> TLBBank {
        let raw = UnsafeRawPointer(bitPattern: UInt(truncatingIfNeeded: entries[Int(PPC_TLB_ENTRIES)].exec_tag))
        return Unmanaged<TLBBank>.fromOpaque(raw!).takeUnretainedValue()
    }

    /// Calls a function with the bank that has these entries, without counting references.
    @inline(__always)
    static func with<Result>(
        _ entries: UnsafeMutablePointer<ppc_tlb_entry>, _ body: (TLBBank) -> Result
    ) -> Result {
        let raw = UnsafeRawPointer(bitPattern: UInt(truncatingIfNeeded: entries[Int(PPC_TLB_ENTRIES)].exec_tag))
        return Unmanaged<TLBBank>.fromOpaque(raw!)._withUnsafeGuaranteedRef(body)
    }

    /// The bank with entries at an address.
    static func at(_ entries: UInt) -> TLBBank? {
        UnsafeMutablePointer<ppc_tlb_entry>(bitPattern: entries).map { of($0) }
    }

    /// Whether a radix address is the kernel's, which every process sees the same: quadrant 3.
    @inline(__always)
    static func isKernel(_ address: UInt64) -> Bool { address &>> 62 == 3 }

    /// Whether kernel addresses mean the same here and there: radix, privileged, with the same keys.
    func sharesKernel(with other: TLBBank) -> Bool {
        key.mode & 15 == 11 && other.key.mode == key.mode && other.key.amr == key.amr && other.key.iamr == key.iamr
    }

    var lastUse: UInt64 = 0
    /// A translation of a process's address, and code at one, was met since the last ``invalidateAll()``.
    private var hasProcess = false
    private var executesProcess = false
    /// Entries that were filled for a process's addresses, one bit each: few of them, and processes go often.
    private let processEntries: UnsafeMutablePointer<UInt64>
    private static var processWords: Int { Int(PPC_TLB_ENTRIES) / 64 }
    /// Nothing was filled and no code remembered since the last ``invalidateAll()``.
    private var isEmpty = false
    /// Granules from which an engine remembers code: a filter of one bit each, hashed.
    private let executed: UnsafeMutablePointer<UInt64>
    private static var executedWords: Int { 64 }
    /// The first and the last of these addresses.
    private var executedFirst = UInt64.max
    private var executedLast: UInt64 = 0
    /// Changes whenever an address that an engine remembers may map elsewhere than before.
    var generation: UInt64 { entries[Int(PPC_TLB_ENTRIES)].read_tag }

    init(key: BankKey) {
        self.key = key
        entries = .allocate(capacity: Int(PPC_TLB_ENTRIES) + 1)
        executed = .allocate(capacity: Self.executedWords)
        executed.initialize(repeating: 0, count: Self.executedWords)
        processEntries = .allocate(capacity: Self.processWords)
        processEntries.initialize(repeating: 0, count: Self.processWords)
        let me = UInt64(UInt(bitPattern: Unmanaged.passUnretained(self).toOpaque()))
        entries[Int(PPC_TLB_ENTRIES)] = ppc_tlb_entry(read_tag: 0, write_tag: .max, exec_tag: me, addend: 16)
        invalidateAll()
    }

    deinit {
        entries.deallocate()
        executed.deallocate()
        processEntries.deallocate()
    }

    /// An engine is about to remember where an address leads.
    func noteExecuted(_ address: UInt64) {
        let (word, bit) = Self.filterPlace(address >> granuleShift)
        executed[word] |= bit
        executedFirst = min(executedFirst, address)
        executedLast = max(executedLast, address)
        isEmpty = false
        if !Self.isKernel(address) { executesProcess = true }
    }

    private static func filterPlace(_ granule: UInt64) -> (word: Int, bit: UInt64) {
        let hash = (granule &* 0x9e37_79b9_7f4a_7c15) &>> 52
        return (Int(truncatingIfNeeded: hash >> 6), 1 << (hash & 63))
    }

    private func forgetExecuted() {
        entries[Int(PPC_TLB_ENTRIES)].read_tag &+= 1
        executed.update(repeating: 0, count: Self.executedWords)
        executesProcess = false
        (executedFirst, executedLast) = (.max, 0)
    }

    /// Whether an engine may remember code from `count` bytes at `address`, see ``invalidate(_:count:)``.
    private func mayHaveExecuted(_ address: UInt64, _ count: UInt64) -> Bool {
        let granules = max(count >> granuleShift, 1)
        // A segment: a process's goes at every switch to another, and means nothing to the kernel's code.
        if granules >= UInt64(PPC_TLB_ENTRIES) {
            return executedFirst <= executedLast && executedLast >= address
                && executedFirst <= address &+ (count &- 1)
        }
        return (0..<granules).contains { step in
            let (word, bit) = Self.filterPlace(address >> granuleShift &+ step)
            return executed[word] & bit != 0
        }
    }

    private static var invalid: ppc_tlb_entry {
        ppc_tlb_entry(read_tag: .max, write_tag: .max, exec_tag: .max, addend: 0)
    }

    func reuse(key: BankKey) {
        self.key = key
        forgetExecuted()
        granuleShift = 16
        invalidateAll()
    }

    /// Gives up large granules because a 4 KiB page turned up.
    func useSmallGranule() {
        forgetExecuted()
        granuleShift = 12
        invalidateAll()
    }

    func invalidateAll() {
        guard !isEmpty else { return }
        forgetExecuted()
        entries.update(repeating: Self.invalid, count: Int(PPC_TLB_ENTRIES))
        isEmpty = true
        forgetProcess()
    }

    private func forgetProcess() {
        guard hasProcess else { return }
        processEntries.update(repeating: 0, count: Self.processWords)
        hasProcess = false
    }

    /// Drops what is not the kernel's.
    func invalidateProcess() {
        guard !isEmpty, hasProcess else { return }
        if executesProcess { forgetExecuted() }
        for word in 0..<Self.processWords {
            var left = processEntries[word]
            while left != 0 {
                let index = word &* 64 &+ left.trailingZeroBitCount
                left &= left &- 1
                let entry = entries[index]
                if !Self.isKernel(entry.read_tag) || !Self.isKernel(entry.write_tag) || !Self.isKernel(entry.exec_tag) {
                    entries[index] = Self.invalid
                }
            }
        }
        forgetProcess()
    }

    /// Takes over the kernel's translations from the bank of another process. This one is empty.
    func adoptKernel(from other: TLBBank) {
        guard other.granuleShift == granuleShift else { return }
        for index in 0..<Int(PPC_TLB_ENTRIES) {
            let entry = other.entries[index]
            if entry.addend != 0, Self.isKernel(entry.read_tag), Self.isKernel(entry.write_tag),
                Self.isKernel(entry.exec_tag)
            {
                entries[index] = entry
            }
        }
        isEmpty = false
    }

    /// Drops what overlaps `count` bytes from `address`; `address` must be a multiple of `count`, a power of two.
    func invalidate(_ address: UInt64, count: UInt64) {
        guard !isEmpty else { return }
        let granule: UInt64 = 1 << granuleShift
        let entryMask = UInt64(PPC_TLB_ENTRIES) - 1
        if mayHaveExecuted(address, count) { forgetExecuted() }
        if count <= granule {
            drop(Int(address >> granuleShift & entryMask), from: address & ~(granule - 1), count: granule)
        } else if count >> granuleShift >= UInt64(PPC_TLB_ENTRIES) {
            for index in 0..<Int(PPC_TLB_ENTRIES) { drop(index, from: address, count: count) }
        } else {
            for step in 0..<(count >> granuleShift) {
                drop(Int((address >> granuleShift &+ step) & entryMask), from: address, count: count)
            }
        }
    }

    private func drop(_ index: Int, from address: UInt64, count: UInt64) {
        let entry = entries + index
        if entry.pointee.read_tag &- address < count || entry.pointee.write_tag &- address < count
            || entry.pointee.exec_tag &- address < count
        {
            entry.pointee = Self.invalid
        }
    }

    /// Withdraws write tags whose host memory overlaps a range; a `nil` range withdraws all.
    func withdrawWriteTags(host: (start: UInt, count: UInt)?) {
        guard !isEmpty else { return }
        let granule = UInt(1) << UInt(granuleShift)
        for index in 0..<Int(PPC_TLB_ENTRIES) {
            let entry = entries + index
            // Device registers have no host memory, nor have invalid entries.
            guard entry.pointee.write_tag & UInt64(PPC_TLB_DEVICE) == 0 else { continue }
            if let host {
                let start = UInt(truncatingIfNeeded: entry.pointee.write_tag &+ entry.pointee.addend)
                guard start < host.start &+ host.count, host.start < start &+ granule else { continue }
            }
            entry.pointee.write_tag = .max
        }
    }

    enum Tag { case read, write, exec }

    /// Grants one kind of access to the granule around `address`.
    func fill(_ address: UInt64, host: UnsafeMutableRawPointer, _ tag: Tag) {
        let base = address & ~((1 << granuleShift) - 1)
        fill(address, base, addend: UInt64(UInt(bitPattern: host)) &- base, tag)
    }

    /// The same for device registers.
    func fill(_ address: UInt64, device: UnsafePointer<ppc_device>, _ tag: Tag) {
        let base = address & ~((1 << granuleShift) - 1)
        fill(address, base | UInt64(PPC_TLB_DEVICE), addend: UInt64(UInt(bitPattern: device)), tag)
    }

    private func fill(_ address: UInt64, _ base: UInt64, addend: UInt64, _ tag: Tag) {
        let index = Int(truncatingIfNeeded: address &>> granuleShift & (UInt64(PPC_TLB_ENTRIES) &- 1))
        let entry = entries + index
        let old = entry.pointee
        let same =
            old.addend == addend && (old.read_tag == base || old.read_tag == .max)
            && (old.write_tag == base || old.write_tag == .max) && (old.exec_tag == base || old.exec_tag == .max)
        // Other address, or data and instructions map differently: start the entry anew.
        if !same { entry.pointee = Self.invalid }
        entry.pointee.addend = addend
        isEmpty = false
        if !Self.isKernel(base) {
            hasProcess = true
            processEntries[index &>> 6] |= 1 &<< UInt64(truncatingIfNeeded: index & 63)
        }
        switch tag {
        case .read: entry.pointee.read_tag = base
        case .write: entry.pointee.write_tag = base
        case .exec: entry.pointee.exec_tag = base
        }
    }
}
