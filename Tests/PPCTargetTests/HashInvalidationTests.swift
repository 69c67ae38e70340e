import CPPCState
import Testing

@testable import PPCTarget

/// Removing one entry of the hash page table drops the translations of its page and of no other.
@Suite("Invalidation of hash translations") struct HashInvalidationTests {
    private struct Page: CustomStringConvertible {
        var isLarge: Bool
        var base: SegmentPageSizes
        var actual: HashPageEncoding
        var isSecondary: Bool
        var offset: UInt64
        var description: String {
            "\(isLarge ? "1T" : "256M") 2^\(base.shift) 2^\(actual.shift)\(isSecondary ? " secondary" : "") "
                + String(offset, radix: 16)
        }
    }
    private static let tableShift = 20
    /// Segments at 1 TiB for large ones, 256 MiB for small ones.
    private static func segment(_ page: Page) -> UInt64 { page.isLarge ? 1 << 40 : 1 << 28 }
    private static func vsid(_ page: Page) -> UInt64 { page.isLarge ? 0x5_1234 : 0x1_2345_6789 }

    private static func place(_ page: Page, _ number: UInt64, real: UInt64, in table: UnsafeMutableRawPointer)
        -> HashTableEntry
    {
        let vsid = vsid(page)
        let hash = (page.isLarge ? vsid ^ vsid << 25 : vsid) ^ page.offset >> UInt64(page.base.shift)
        let groups = UInt64(1) << UInt64(tableShift - 7)
        let group = (page.isSecondary ? ~hash : hash) & (groups - 1)
        var high: UInt64 = page.isLarge ? 1 << 62 | vsid << 24 : vsid << 12
        high |= page.offset >> 16 & ~0x7f | (page.isSecondary ? 2 : 0) | (page.actual.shift == 12 ? 0 : 4) | 1
        let low = real | page.actual.encoding << 12 | 0x10 | 2
        let index = group << 3 | number & 7
        table.storeBytes(of: high.bigEndian, toByteOffset: Int(index) * 16, as: UInt64.self)
        table.storeBytes(of: low.bigEndian, toByteOffset: Int(index) * 16 + 8, as: UInt64.self)
        return HashTableEntry(index: index, high: high, low: low)
    }

    @Test("finds the page of an entry by what the entry and its place say", arguments: [false, true])
    func exactness(isLarge: Bool) throws {
        let memory = FlatMemory(size: 64 << 20)
        let model = try #require(PPCModel.named("power8"))
        let cpu = PPCCPU(model: model, memory: memory)
        let raw = UnsafeMutableRawPointer.allocate(byteCount: 1 << Self.tableShift, alignment: 1 << 18)
        raw.initializeMemory(as: UInt8.self, repeating: 0, count: 1 << Self.tableShift)
        defer { raw.deallocate() }
        cpu.mmu.hashTable = HashTable(base: raw, shift: Self.tableShift)
        Context.storeMSR(cpu.state, MSR.sf | MSR.dr)
        var checked = 0
        for base in model.segmentPageSizes where base.shift <= 24 {
            for actual in base.pages where actual.shift <= 24 {
                for number in UInt64(0)..<12 {
                    // All over the segment, but not in two granules with one place in the soft TLB.
                    var offset = number &* 0x91_5a37_b000 &+ number << 16
                    offset &= (isLarge ? 1 << 40 : 1 << 28) - 1
                    let mask: UInt64 = 1 << UInt64(actual.shift) - 1
                    let page = Page(
                        isLarge: isLarge, base: base, actual: actual, isSecondary: number % 2 == 1,
                        offset: offset & ~mask)
                    let other = Page(
                        isLarge: isLarge, base: base, actual: actual, isSecondary: false,
                        offset: page.offset ^ UInt64(isLarge ? 1 << 39 : 1 << 27) ^ (mask + 1))
                    raw.initializeMemory(as: UInt8.self, repeating: 0, count: 1 << Self.tableShift)
                    cpu.mmu.segments = []
                    let esid = Self.segment(page) | SLBEntry.valid
                    let vsid =
                        (isLarge ? 1 << 62 | Self.vsid(page) << 24 : Self.vsid(page) << 12) | base.slbEncoding
                    #expect(cpu.mmu.storeSegment(slot: number, esid: esid, vsid: vsid))
                    let entry = Self.place(page, number, real: 0x100_0000, in: raw)
                    _ = Self.place(other, number &+ 1, real: 0x200_0000, in: raw)
                    func isKnown(_ page: Page) -> Bool {
                        let ea = Self.segment(page) | page.offset
                        let place = ea >> cpu.state.pointee.granule_shift & UInt64(PPC_TLB_ENTRIES - 1)
                        return cpu.state.pointee.tlb[Int(place)].read_tag == ea & ~cpu.state.pointee.granule_mask
                    }
                    for page in [page, other] {
                        var value: UInt64 = 0
                        #expect(
                            DataAccess.load(
                                cpu.state, Self.segment(page) | page.offset, size: 8, bigEndian: true, &value),
                            "\(page)")
                    }
                    let wereKnown = (isKnown(page), isKnown(other))
                    cpu.mmu.apply(.hashPage(entry))
                    #expect(wereKnown.0 || wereKnown.1)
                    #expect(!isKnown(page), "\(page)")
                    #expect(isKnown(other) == wereKnown.1, "\(page)")
                    if wereKnown.0, wereKnown.1 { checked += 1 }
                }
            }
        }
        #expect(checked > 20)
    }

    @Test("slbmte and tlbie drop what came through their segment and no other", arguments: [false, true])
    func segments(isLarge: Bool) throws {
        let model = try #require(PPCModel.named("power8"))
        let cpu = PPCCPU(model: model, memory: FlatMemory(size: 64 << 20))
        let raw = UnsafeMutableRawPointer.allocate(byteCount: 1 << Self.tableShift, alignment: 1 << 18)
        raw.initializeMemory(as: UInt8.self, repeating: 0, count: 1 << Self.tableShift)
        defer { raw.deallocate() }
        cpu.mmu.hashTable = HashTable(base: raw, shift: Self.tableShift)
        Context.storeMSR(cpu.state, MSR.sf | MSR.dr)
        let base = try #require(model.segmentPageSizes.first { $0.shift == 16 })
        let actual = try #require(base.pages.first { $0.shift == 16 })
        // One page in a segment of each size; the same segment is replaced, or its page is named.
        let pages = [isLarge, !isLarge].map {
            Page(isLarge: $0, base: base, actual: actual, isSecondary: false, offset: $0 ? 0x123_0000 : 0x345_0000)
        }
        func operands(_ page: Page) -> (esid: UInt64, vsid: UInt64) {
            let vsid = page.isLarge ? 1 << 62 | Self.vsid(page) << 24 : Self.vsid(page) << 12
            return (Self.segment(page) | SLBEntry.valid, vsid | base.slbEncoding)
        }
        func isKnown(_ page: Page) -> Bool {
            let ea = Self.segment(page) | page.offset
            let place = ea >> cpu.state.pointee.granule_shift & UInt64(PPC_TLB_ENTRIES - 1)
            return cpu.state.pointee.tlb[Int(place)].read_tag == ea & ~cpu.state.pointee.granule_mask
        }
        func touch() {
            for page in pages {
                var value: UInt64 = 0
                #expect(DataAccess.load(cpu.state, Self.segment(page) | page.offset, size: 8, bigEndian: true, &value))
            }
            #expect(pages.allSatisfy(isKnown))
        }
        for (number, page) in pages.enumerated() {
            let (esid, vsid) = operands(page)
            #expect(cpu.mmu.storeSegment(slot: UInt64(number), esid: esid, vsid: vsid))
            _ = Self.place(page, UInt64(number), real: 0x100_0000, in: raw)
        }
        touch()
        let (esid, vsid) = operands(pages[0])
        #expect(cpu.mmu.storeSegment(slot: 0, esid: esid, vsid: vsid))
        #expect(pages.allSatisfy(isKnown), "the same segment again changes nothing")
        #expect(cpu.mmu.storeSegment(slot: 0, esid: esid, vsid: vsid | SLBEntry.keySupervisor))
        #expect(!isKnown(pages[0]) && isKnown(pages[1]))
        touch()
        let virtual = Self.vsid(pages[0]) << (isLarge ? 40 : 28) | pages[0].offset
        cpu.mmu.apply(.hashVirtual(virtual ^ 1 << 47))
        #expect(pages.allSatisfy(isKnown), "another segment's address")
        cpu.mmu.apply(.hashVirtual(virtual))
        #expect(!isKnown(pages[0]) && isKnown(pages[1]))
    }
}
