import EmuCore
import Synchronization

/// A CPU's view of an address space. One object per CPU: it remembers where the last accesses went.
///
/// After dirty bits were taken, and after the layout changed, CPUs must be asked to flush
/// (``PPCCPU/requestTLBFlush()``), because granted soft TLB entries bypass this object.
package final class AddressSpaceMemory: PhysicalMemory, MemoryListener {
    package let space: AddressSpace
    /// Called after the layout changed; the owner of the CPUs makes them flush.
    package var onLayoutChange: (() -> Void)?

    /// Counts layout changes; a remembered range of an older count is stale.
    private let generation = Atomic<UInt64>(1)
    private struct Range {
        var generation: UInt64 = 0
        var start: UInt64 = 0
        var count: UInt64 = 0
        var block: RAMBlock?
        /// Offset of `start` in the block.
        var offset: UInt64 = 0
        var pointer: UnsafeMutableRawPointer?
        var isWritable = false
    }
    private var recent = Range()
    /// The registers that were accessed last, as of a count of layout changes.
    private var registers: RegisterRange?
    private var registersGeneration: UInt64 = 0

    package init(_ space: AddressSpace) {
        self.space = space
        space.add(listener: self)
    }

    package func memoryLayoutChanged(_ space: AddressSpace, from old: FlatView, to new: FlatView) {
        generation.add(1, ordering: .releasing)
        onLayoutChange?()
    }

    package func hostMemory(at address: UInt64) -> HostMemory? {
        let now = generation.load(ordering: .acquiring)
        let offset = address &- recent.start
        if recent.generation == now, offset < recent.count, let pointer = recent.pointer {
            return HostMemory(
                pointer: pointer + Int(truncatingIfNeeded: offset), count: recent.count - offset,
                isWritable: recent.isWritable)
        }
        if knowsRegisters(at: address, now) { return nil }
        var isWritable = true
        var found = space.ram(at: address, forWriting: true)
        if found == nil {
            isWritable = false
            found = space.ram(at: address, forWriting: false)
        }
        guard let found else { return nil }
        recent = Range(
            generation: now, start: address, count: found.available, block: found.block, offset: found.offset,
            pointer: found.pointer, isWritable: isWritable)
        // Remember the run from its beginning, where it is known to be one piece of the block.
        let before = min(found.offset, address)
        if let first = space.ram(at: address &- before, forWriting: isWritable), first.block === found.block,
            first.available == found.available &+ before
        {
            recent.start = address &- before
            recent.count = first.available
            recent.offset = first.offset
            recent.pointer = first.pointer
        }
        return HostMemory(pointer: found.pointer, count: found.available, isWritable: isWritable)
    }

    package func ioRead(at address: UInt64, size: Int) -> UInt64? {
        findRegisters(address)?.readBigEndian(at: address, size: size)
    }

    package func ioWrite(at address: UInt64, size: Int, value: UInt64) -> Bool {
        findRegisters(address)?.write(at: address, value, size: size, order: .big) == .done
    }

    package func deviceRegisters(at address: UInt64) -> DeviceRegisters? {
        findRegisters(address).map { range in
            let layout = registersGeneration
            // Kept alive by the CPU, which forgets these when it gets another memory.
            return DeviceRegisters(
                first: range.start, last: range.last, layout: layout,
                read: { [unowned self] in read(range, layout, at: $0, size: $1) },
                write: { [unowned self] in write(range, layout, at: $0, size: $1, value: $2) })
        }
    }

    /// A read of registers as of a layout: of whatever is there now, if that has changed.
    @inline(__always)
    func read(_ range: RegisterRange, _ layout: UInt64, at address: UInt64, size: Int) -> UInt64? {
        generation.load(ordering: .acquiring) == layout
            ? range.readBigEndian(at: address, size: size) : ioRead(at: address, size: size)
    }

    /// See ``read(_:_:at:size:)``.
    @inline(__always)
    func write(_ range: RegisterRange, _ layout: UInt64, at address: UInt64, size: Int, value: UInt64) -> Bool {
        generation.load(ordering: .acquiring) == layout
            ? range.write(at: address, value, size: size, order: .big) == .done
            : ioWrite(at: address, size: size, value: value)
    }

    /// The registers at an address, and the layout that they belong to.
    func registersAndLayout(at address: UInt64) -> (RegisterRange, UInt64)? {
        findRegisters(address).map { ($0, registersGeneration) }
    }

    private func findRegisters(_ address: UInt64) -> RegisterRange? {
        let now = generation.load(ordering: .acquiring)
        if !knowsRegisters(at: address, now) {
            registers = space.registers(at: address)
            registersGeneration = now
        }
        return registers
    }

    /// Whether an address is one of the registers that were accessed last, and the layout is still that of then.
    private func knowsRegisters(at address: UInt64, _ now: UInt64) -> Bool {
        guard registersGeneration == now, let registers else { return false }
        return registers.start <= address && address <= registers.last
    }

    package func willWrite(at address: UInt64, count: UInt64) {
        let offset = address &- recent.start
        if recent.generation == generation.load(ordering: .acquiring), offset < recent.count,
            count <= recent.count - offset, recent.isWritable, let block = recent.block
        {
            block.markDirty(offset: recent.offset &+ offset, length: count)
            return
        }
        var address = address
        var left = count
        while left > 0, let ram = space.ram(at: address, forWriting: true), ram.available > 0 {
            let piece = min(left, ram.available)
            ram.block.markDirty(offset: ram.offset, length: piece)
            address &+= piece
            left -= piece
        }
    }
}

extension RegisterRange {
    /// What a CPU's big-endian load gets; `nil` if nothing answers.
    @inline(__always)
    func readBigEndian(at address: UInt64, size: Int) -> UInt64? {
        let answer = read(at: address, size: size, order: .big)
        return answer.result == .done ? answer.value : nil
    }
}
