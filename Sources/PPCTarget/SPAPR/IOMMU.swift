import EmuCore

/// A table of translation control entries: what a device's DMA addresses mean (PAPR, "Translation Control Entry").
package final class TCETable: Device {
    /// Logical I/O bus number, by which hypercalls name the table.
    package let liobn: UInt32
    package private(set) var busOffset: UInt64 = 0
    /// log2 of the page that an entry maps; 0 while the window is closed.
    package private(set) var pageShift: UInt32 = 0
    /// Real page address, and in the two low bits: 1 readable, 2 writable.
    package private(set) var entries: [UInt64] = []
    /// All addresses are the guest's physical ones, without translation (virtual I/O devices only).
    package var bypass = false {
        didSet { bypassChanged?(bypass) }
    }
    /// The window that a reset opens.
    package var isDefaultWindow = false
    var bypassChanged: ((Bool) -> Void)?

    /// Everything a device below the table can address.
    package let root: MemoryRegion
    private var window: MemoryRegion?

    // Loaded before the table is known to be open.
    private var loadedEntries: [UInt64] = []
    private static let largestTable = 1 << 28

    init(machine: SpaprMachine, liobn: UInt32) {
        self.liobn = liobn
        root = MemoryRegion("tce-root-\(String(liobn, radix: 16))", size: .max, in: machine.topology)
        super.init(type: SpaprTypes.tceTable, machine: machine)
    }

    package var entryCount: Int { entries.count }
    package var isOpen: Bool { !entries.isEmpty }

    /// Opens the window.
    ///
    /// - Parameters:
    ///   - busOffset: First DMA address.
    ///   - count: Entries.
    package func open(pageShift: UInt32, busOffset: UInt64, count: Int) {
        guard !isOpen, count > 0, count <= Self.largestTable, pageShift < 40 else { return }
        self.busOffset = busOffset
        self.pageShift = pageShift
        entries = [UInt64](repeating: 0, count: count)
        let region = MemoryRegion(
            "tce-iommu-\(String(liobn, radix: 16))", size: UInt64(count) << UInt64(pageShift),
            .iommu(translate: { [unowned self] address, _ in translate(address) }), in: machine.topology)
        root.add(region, at: busOffset)
        window = region
    }

    package func close() {
        guard isOpen else { return }
        if let window { root.remove(window) }
        window = nil
        busOffset = 0
        pageShift = 0
        entries = []
    }

    /// Where a DMA address of the window leads.
    private func translate(_ address: UInt64) -> IOMMUTranslation? {
        let index = address >> UInt64(pageShift)
        guard index < UInt64(entries.count) else { return nil }
        let mask: UInt64 = (1 << UInt64(pageShift)) - 1
        let entry = entries[Int(index)]
        return IOMMUTranslation(
            target: machine.memory, address: entry & ~mask, mask: mask, readable: entry & 1 != 0,
            writable: entry & 2 != 0)
    }

    /// The entry for a DMA address; `nil` outside of the window.
    package func entry(at address: UInt64) -> UInt64? {
        index(of: address).map { entries[$0] }
    }

    /// - Returns: `false` outside of the window.
    package func setEntry(at address: UInt64, _ value: UInt64) -> Bool {
        guard let index = index(of: address) else { return false }
        entries[index] = value
        return true
    }

    private func index(of address: UInt64) -> Int? {
        guard address >= busOffset else { return nil }
        let index = (address - busOffset) >> UInt64(pageShift)
        return index < UInt64(entries.count) ? Int(index) : nil
    }

    package override func reset(_ phase: ResetPhase) {
        guard phase == .hold else { return }
        for index in entries.indices { entries[index] = 0 }
    }

    package override var stateDescription: StateDescription? { Self.description }
    package override var stateInstance: UInt32? { liobn }
    package override var statePath: String { "" }

    /// Version 3 added which window a reset opens; it came with 7.1 (QEMU `hw/ppc/spapr_iommu.c`, merged on 6 July 2022
    /// for that release). Without that a reader assumes the state after reset, so the older
    /// form says the same unless the guest has moved its default window.
    private static let description = StateDescription(
        "spapr_iommu", of: TCETable.self, version: 3, minimumVersion: 2, versionsSince: [3: Release(7, 1)],
        oldestSufficientVersion: { $0.isDefaultWindow == $0.opensAtReset ? 2 : 3 },
        fields: [
            .scalar(
                "liobn", .uint32, mustMatch: true, get: { UInt64($0.liobn) }, set: { _, _ in }),
            .scalar(
                "mig_nb_table", .uint32, get: { UInt64($0.entries.count) },
                set: { table, value in
                    guard value <= UInt64(largestTable) else {
                        throw StateError("a table of \(value) translation control entries is not plausible")
                    }
                    table.loadedCount = Int(value)
                    table.loadedEntries = []
                }),
            .value("bypass", \.bypass),
            .array(
                "mig_table", .uint64, count: { $0.isLoading ? $0.loadedCount : $0.entries.count },
                get: { $0.entries[$1] },
                // One by one, so that a damaged count ends with the stream and not in the allocator.
                set: { table, _, value in table.loadedEntries.append(value) }),
            .value("def_win", \.isDefaultWindow, since: 3),
        ],
        subsections: [extension_],
        preLoad: { table in
            table.isLoading = true
            table.loadedOffset = 0
            table.loadedShift = 12
        },
        postLoad: { table, _ in try table.finishLoading() })

    private static let extension_ = StateDescription(
        "spapr_iommu_ex", of: TCETable.self, isNeeded: { $0.busOffset != 0 || $0.pageShift != 12 },
        fields: [
            .scalar("bus_offset", .uint64, get: { $0.busOffset }, set: { $0.loadedOffset = $1 }),
            .scalar(
                "page_shift", .uint32, get: { UInt64($0.pageShift) },
                set: { $0.loadedShift = UInt32(truncatingIfNeeded: $1) }),
        ])

    private var isLoading = false
    private var loadedCount = 0
    private var loadedOffset: UInt64 = 0
    private var loadedShift: UInt32 = 12
    /// Whether a reset opens this window.
    var opensAtReset = false

    private func finishLoading() throws {
        isLoading = false
        let loaded = loadedEntries
        loadedEntries = []
        close()
        guard !loaded.isEmpty else { return }
        guard loadedShift >= 12, loadedShift < 40 else {
            throw StateError("a DMA page size of 2^\(loadedShift) bytes is not plausible")
        }
        let size = UInt64(loaded.count) << UInt64(loadedShift)
        guard !loadedOffset.addingReportingOverflow(size).overflow else {
            throw StateError("a DMA window at 0x\(String(loadedOffset, radix: 16)) does not fit into the address space")
        }
        open(pageShift: loadedShift, busOffset: loadedOffset, count: loaded.count)
        entries = loaded
    }
}
