import Testing

@testable import EmuCore

@Suite("Memory regions and address spaces") struct MemoryRegionTests {
    let topology = MemoryTopology()

    private func ram(_ name: String, _ size: UInt64) throws -> (MemoryRegion, RAMBlock) {
        let block = try RAMBlock(anonymous: name, byteCount: size)
        return (MemoryRegion(name, size: size, .ram(block), in: topology), block)
    }

    private func layout(_ space: AddressSpace) -> [String] {
        space.flatView.ranges.map {
            "\(String($0.start, radix: 16))-\(String($0.last, radix: 16)):\($0.region.name)@\($0.offsetInRegion)"
        }
    }

    @Test("the higher priority hides the lower, and what sticks out still shows")
    func priorities() throws {
        let root = MemoryRegion("root", size: .max, in: topology)
        let space = AddressSpace("test", root: root)
        root.add(try ram("low", 0x4000).0, at: 0)
        root.add(try ram("high", 0x1000).0, at: 0x1000, priority: 1)
        #expect(layout(space) == ["0-fff:low@0", "1000-1fff:high@0", "2000-3fff:low@8192"])
    }

    @Test("among equals the later one wins")
    func laterWins() throws {
        let root = MemoryRegion("root", size: .max, in: topology)
        let space = AddressSpace("test", root: root)
        root.add(try ram("first", 0x1000).0, at: 0)
        root.add(try ram("second", 0x1000).0, at: 0)
        #expect(layout(space) == ["0-fff:second@0"])
    }

    @Test("an alias shows a window of another region, clipped to both")
    func alias() throws {
        let root = MemoryRegion("root", size: .max, in: topology)
        let space = AddressSpace("test", root: root)
        let (target, _) = try ram("target", 0x4000)
        root.add(MemoryRegion("window", size: 0x10000, .alias(target, offset: 0x1000), in: topology), at: 0x8000)
        #expect(layout(space) == ["8000-afff:target@4096"])
    }

    @Test("a container clips its children, and disabling takes them out of view")
    func containers() throws {
        let root = MemoryRegion("root", size: .max, in: topology)
        let space = AddressSpace("test", root: root)
        let container = MemoryRegion("container", size: 0x1800, in: topology)
        container.add(try ram("a", 0x1000).0, at: 0x1000)
        root.add(container, at: 0x10000)
        #expect(layout(space) == ["11000-117ff:a@0"])
        container.setEnabled(false)
        #expect(layout(space).isEmpty)
    }

    @Test("one transaction makes one new view for the listeners")
    func transactions() throws {
        final class Counter: MemoryListener {
            var count = 0
            func memoryLayoutChanged(_ space: AddressSpace, from old: FlatView, to new: FlatView) { count += 1 }
        }
        let root = MemoryRegion("root", size: .max, in: topology)
        let space = AddressSpace("test", root: root)
        let counter = Counter()
        space.add(listener: counter)
        let (a, _) = try ram("a", 0x1000)
        let (b, _) = try ram("b", 0x1000)
        topology.transaction {
            root.add(a, at: 0)
            root.add(b, at: 0x1000)
            #expect(layout(space).isEmpty)
        }
        #expect(counter.count == 1)
        #expect(layout(space).count == 2)
    }

    @Test("a region may end at the top of the address space")
    func topOfSpace() throws {
        let root = MemoryRegion("root", size: .max, in: topology)
        let space = AddressSpace("test", root: root)
        root.add(try ram("top", 0x1000).0, at: UInt64.max - 0xfff)
        #expect(layout(space) == ["fffffffffffff000-ffffffffffffffff:top@0"])
        try space.store(UInt32(1), at: UInt64.max - 3, order: .big)
        #expect(throws: MemoryFault.self) { try space.store(UInt32(1), at: UInt64.max - 2, order: .big) }
    }

    @Test("typed access keeps the byte order it is told, and marks pages dirty")
    func typedAccess() throws {
        let root = MemoryRegion("root", size: .max, in: topology)
        let space = AddressSpace("test", root: root)
        let (region, block) = try ram("ram", 0x3000)
        root.add(region, at: 0x10000)
        try space.store(UInt32(0x0102_0304), at: 0x11ffe, order: .big)
        #expect(try space.readBytes(at: 0x11ffe, count: 4) == [1, 2, 3, 4])
        #expect(try space.load(UInt32.self, at: 0x11ffe, order: .little) == 0x0403_0201)
        #expect((0..<3).map { block.dirtyBitmap(.migration).isDirty(page: $0) } == [false, true, true])
    }

    @Test("a copy that runs out of memory says how far it came")
    func faults() throws {
        let root = MemoryRegion("root", size: .max, in: topology)
        let space = AddressSpace("test", root: root)
        root.add(try ram("ram", 0x1000).0, at: 0)
        let fault = #expect(throws: MemoryFault.self) { _ = try space.readBytes(at: 0xff0, count: 32) }
        #expect(fault == MemoryFault(address: 0x1000, completed: 16, result: .decodeError))
    }

    @Test("registers see accesses in the sizes and order they ask for")
    func registers() throws {
        final class Log { var entries: [String] = [] }
        let log = Log()
        let handlers = IOHandlers(
            order: .big, validSizes: 1...8, implementedSizes: 4...4,
            read: { offset, size in
                log.entries.append("r\(offset)/\(size)")
                return 0x1122_3344 &+ offset
            },
            write: { offset, value, size in log.entries.append("w\(offset)/\(size)=\(String(value, radix: 16))") })
        let root = MemoryRegion("root", size: .max, in: topology)
        let space = AddressSpace("test", root: root)
        root.add(MemoryRegion("io", size: 0x100, .io(handlers), in: topology), at: 0x1000)
        #expect(space.ioRead(at: 0x1008, size: 8, order: .big).value == 0x1122_334c_1122_3350)
        #expect(space.ioRead(at: 0x1000, size: 4, order: .little).value == 0x4433_2211)
        #expect(space.ioWrite(at: 0x1000, 0xaabb_ccdd_0011_2233, size: 8, order: .big) == .done)
        #expect(log.entries == ["r8/4", "r12/4", "r0/4", "w0/4=aabbccdd", "w4/4=112233"])
        #expect(space.ioRead(at: 0x2000, size: 4, order: .big).result == .decodeError)
    }

    @Test("an IOMMU sends each page where its answer says, and refuses without permission")
    func iommu() throws {
        let system = MemoryRegion("system", size: .max, in: topology)
        let memory = AddressSpace("memory", root: system)
        system.add(try ram("ram", 0x10000).0, at: 0)
        let window = MemoryRegion(
            "window", size: 0x4000,
            .iommu { address, isWrite in
                IOMMUTranslation(
                    target: memory, address: 0x8000 ^ (address & ~0xfff), mask: 0xfff, readable: true,
                    writable: address < 0x1000)
            }, in: topology)
        let bus = MemoryRegion("bus", size: .max, in: topology)
        let space = AddressSpace("dma", root: bus)
        bus.add(window, at: 0)
        try memory.store(UInt64(7), at: 0x9ff8, order: .little)
        try memory.store(UInt64(9), at: 0xa000, order: .little)
        #expect(try space.readBytes(at: 0x1ff8, count: 16) == [7, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0])
        let fault = #expect(throws: MemoryFault.self) {
            try space.writeBytes([UInt8](repeating: 1, count: 32), at: 0xff0)
        }
        #expect(fault?.completed == 16)
    }
}

@Suite("Dirty bitmaps") struct DirtyBitmapTests {
    @Test("marks whole ranges, harvests once, ignores what lies outside")
    func harvest() {
        let bitmap = DirtyBitmap(byteCount: 130 << 12)
        bitmap.mark(offset: 63 << 12, length: 2 << 12)
        bitmap.mark(offset: 129 << 12, length: 1 << 40)
        bitmap.mark(offset: 1 << 50, length: 8)
        #expect(bitmap.count == 3)
        #expect([bitmap.take(word: 0), bitmap.take(word: 1), bitmap.take(word: 2)] == [1 << 63, 1, 2])
        #expect(bitmap.count == 0)
        bitmap.markAll()
        #expect(bitmap.count == 130)
    }
}
