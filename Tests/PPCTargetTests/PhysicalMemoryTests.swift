import EmuCore
import Testing

@testable import PPCTarget

/// What a vCPU remembers of physical memory must not outlive the layout.
@Suite struct PhysicalMemoryTests {
    private let topology = MemoryTopology()

    /// Registers that read as a constant, and add what is written to a list.
    private func registers(_ name: String, _ value: UInt64, _ written: @escaping (UInt64) -> Void) -> MemoryRegion {
        MemoryRegion(
            name, size: 0x1000,
            .io(
                IOHandlers(
                    order: .big, validSizes: 1...4, read: { offset, _ in value &+ offset },
                    write: { _, value, _ in written(value) })), in: topology)
    }

    @Test("Registers that are replaced, removed and covered by RAM are not reached any more")
    func registersGo() throws {
        let root = MemoryRegion("root", size: .max, in: topology)
        let space = AddressSpace("test", root: root)
        let memory = AddressSpaceMemory(space)
        var first: [UInt64] = []
        var second: [UInt64] = []
        let old = registers("old", 0x11) { first.append($0) }
        let new = registers("new", 0x22) { second.append($0) }
        root.add(old, at: 0x8000)
        for _ in 0..<2 { #expect(memory.ioRead(at: 0x8004, size: 4) == 0x15) }
        #expect(memory.ioWrite(at: 0x8000, size: 1, value: 7) && first == [7])
        #expect(memory.hostMemory(at: 0x8004) == nil)
        #expect(memory.ioRead(at: 0x8000, size: 8) == nil, "a size that they do not know")
        #expect(memory.ioRead(at: 0x9000, size: 4) == nil && !memory.ioWrite(at: 0x7fff, size: 1, value: 0))

        root.add(new, at: 0x8000, priority: 1)
        #expect(memory.ioRead(at: 0x8004, size: 4) == 0x26)
        #expect(memory.ioWrite(at: 0x8000, size: 1, value: 8) && first == [7] && second == [8])
        root.remove(new)
        #expect(memory.ioRead(at: 0x8004, size: 4) == 0x15)
        root.remove(old)
        #expect(memory.ioRead(at: 0x8004, size: 4) == nil && !memory.ioWrite(at: 0x8000, size: 1, value: 9))

        root.add(old, at: 0x8000)
        #expect(memory.ioRead(at: 0x8004, size: 4) == 0x15 && memory.hostMemory(at: 0x8004) == nil)
        let block = try RAMBlock(anonymous: "ram", byteCount: 0x10000)
        root.add(MemoryRegion("ram", size: 0x10000, .ram(block), in: topology), at: 0, priority: 1)
        let found = try #require(memory.hostMemory(at: 0x8004))
        #expect(found.pointer == block.base + 0x8004 && found.count == 0x10000 - 0x8004)
    }

    @Test("An MMU asks again for RAM that was moved")
    func ramMoves() throws {
        final class Moving: PhysicalMemory {
            let halves = UnsafeMutableRawPointer.allocate(byteCount: 0x40000, alignment: 0x10000)
            var isMoved = false
            deinit { halves.deallocate() }
            func hostMemory(at address: UInt64) -> HostMemory? {
                guard address < 0x20000 else { return nil }
                return HostMemory(
                    pointer: halves + Int(address) + (isMoved ? 0x20000 : 0), count: 0x20000 - address)
            }
        }
        let memory = Moving()
        let cpu = PPCCPU(model: try #require(PPCModel.named("power9")), memory: memory)
        let mmu = cpu.mmu
        for address in [0x1_2345, 0, 0x1_ffff] as [UInt64] {
            let found = try #require(mmu.hostMemory(at: address))
            #expect(found.pointer == memory.halves + Int(address) && found.count == 0x20000 - address)
        }
        #expect(mmu.hostMemory(at: 0x20000) == nil && mmu.hostMemory(at: .max) == nil)
        memory.isMoved = true
        mmu.physicalMapChanged()
        #expect(mmu.hostMemory(at: 0x1_2345)?.pointer == memory.halves + 0x3_2345)
    }
}
