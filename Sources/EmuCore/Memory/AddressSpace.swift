import Synchronization

/// Why an access failed, with how far it came.
public struct MemoryFault: Error, Equatable {
    /// Where the access failed.
    public let address: UInt64
    /// Bytes transferred before the fault.
    public let completed: Int
    /// Why it failed.
    public let result: MemoryAccessResult
}

/// Told about changes of an address space's layout, after they are visible.
public protocol MemoryListener: AnyObject {
    func memoryLayoutChanged(_ space: AddressSpace, from old: FlatView, to new: FlatView)
}

/// RAM found at an address.
public struct RAMReference {
    /// Host address of the first byte.
    public let pointer: UnsafeMutableRawPointer
    /// Bytes that follow in the same block and range.
    public let available: UInt64
    /// The block that holds it.
    public let block: RAMBlock
    /// Offset of `pointer` in the block.
    public let offset: UInt64
}

/// A view of memory: what an address means to the CPU or to a device on a bus.
///
/// Reading the layout takes no lock beyond a short critical section to fetch the current immutable view. Accesses to
/// device registers must be made with the machine's lock held.
public final class AddressSpace: @unchecked Sendable {
    // @unchecked: the view is immutable and published through a mutex; topology changes happen under the machine's lock.
    /// Name for `info mtree` and logs.
    public let name: String
    /// The region that the space shows.
    public let root: MemoryRegion
    private let view: Mutex<FlatView>
    private var listeners: [WeakListener] = []
    /// Told after a device, a hypercall or firmware has stored to RAM: address and bytes. Set before the machine runs.
    public var onWrite: ((UInt64, UInt64) -> Void)?
    private struct WeakListener { weak var listener: (any MemoryListener)? }

    /// - Parameters:
    ///   - name: For `info mtree` and logs.
    ///   - root: The region whose address 0 is the space's.
    public init(_ name: String, root: MemoryRegion) {
        self.name = name
        self.root = root
        view = Mutex(FlatView.render(root))
        root.topology.add(self)
    }

    /// The layout now.
    public var flatView: FlatView { view.withLock { $0 } }

    /// Tells `listener`, which is not kept alive, of every new view.
    public func add(listener: any MemoryListener) { listeners.append(WeakListener(listener: listener)) }

    func rebuild() {
        let new = FlatView.render(root)
        let old = view.withLock { current in
            let old = current
            current = new
            return old
        }
        for entry in listeners { entry.listener?.memoryLayoutChanged(self, from: old, to: new) }
    }

    /// RAM at an address.
    ///
    /// - Returns: `nil` where the address is not plain RAM (registers, IOMMU, nothing). ROM is returned for reading.
    public func ram(at address: UInt64, forWriting: Bool) -> RAMReference? {
        guard let range = flatView.range(at: address) else { return nil }
        let offset = range.offsetInRegion &+ (address &- range.start)
        let block: RAMBlock
        switch range.region.kind {
        case .ram(let ram): block = ram
        case .rom(let rom) where !forWriting: block = rom
        default: return nil
        }
        guard offset < block.usedLength else { return nil }
        return RAMReference(
            pointer: block.base + Int(offset),
            available: min(range.available(from: address), block.usedLength - offset),
            block: block, offset: offset)
    }

    // MARK: Bytes

    /// Copies out of memory. Reading registers goes in the largest sizes that alignment allows.
    public func read(at address: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws(MemoryFault) {
        var done = 0
        while done < buffer.count {
            let here = address &+ UInt64(done)
            let piece = UnsafeMutableRawBufferPointer(rebasing: buffer[done...])
            if let ram = ram(at: here, forWriting: false) {
                let count = Int(min(UInt64(piece.count), ram.available))
                piece.copyMemory(from: UnsafeRawBufferPointer(start: ram.pointer, count: count))
                done += count
            } else {
                done += try transfer(here, piece, isWrite: false, completed: done)
            }
        }
    }

    /// Copies into memory and marks the pages dirty. Writes to ROM are dropped, as on hardware.
    public func write(at address: UInt64, from buffer: UnsafeRawBufferPointer) throws(MemoryFault) {
        var done = 0
        while done < buffer.count {
            let here = address &+ UInt64(done)
            let piece = UnsafeRawBufferPointer(rebasing: buffer[done...])
            if let ram = ram(at: here, forWriting: true) {
                let count = Int(min(UInt64(piece.count), ram.available))
                UnsafeMutableRawBufferPointer(start: ram.pointer, count: count)
                    .copyMemory(from: UnsafeRawBufferPointer(rebasing: piece[..<count]))
                ram.block.markDirty(offset: ram.offset, length: UInt64(count))
                onWrite?(here, UInt64(count))
                done += count
            } else {
                done += try transfer(
                    here, UnsafeMutableRawBufferPointer(mutating: piece), isWrite: true, completed: done)
            }
        }
    }

    /// One step of a copy that is not plain RAM; returns the bytes it moved.
    private func transfer(
        _ address: UInt64, _ buffer: UnsafeMutableRawBufferPointer, isWrite: Bool, completed: Int
    ) throws(MemoryFault) -> Int {
        guard let range = flatView.range(at: address) else {
            throw MemoryFault(address: address, completed: completed, result: .decodeError)
        }
        let inRange = range.available(from: address)
        switch range.region.kind {
        case .iommu(let translate):
            let offset = range.offsetInRegion &+ (address &- range.start)
            guard let answer = translate(offset, isWrite), isWrite ? answer.writable : answer.readable else {
                throw MemoryFault(address: address, completed: completed, result: .decodeError)
            }
            let inPage = answer.mask &- (offset & answer.mask) &+ 1
            let count = Int(min(UInt64(buffer.count), inRange, inPage == 0 ? .max : inPage))
            let target = answer.address & ~answer.mask | offset & answer.mask
            let piece = UnsafeMutableRawBufferPointer(rebasing: buffer[..<count])
            if isWrite {
                try answer.target.write(at: target, from: UnsafeRawBufferPointer(piece))
            } else {
                try answer.target.read(at: target, into: piece)
            }
            return count
        case .io:
            var size = 8
            while size > 1, size > buffer.count || UInt64(size) > inRange || address & UInt64(size - 1) != 0 {
                size /= 2
            }
            var value: UInt64 = 0
            let result: MemoryAccessResult
            if isWrite {
                withUnsafeMutableBytes(of: &value) { $0.copyBytes(from: buffer[..<size]) }
                result = ioWrite(range, address, UInt64(littleEndian: value), size: size, order: .little)
            } else {
                (value, result) = ioRead(range, address, size: size, order: .little)
                withUnsafeBytes(of: value.littleEndian) { buffer.copyBytes(from: $0[..<size]) }
            }
            guard result == .done else { throw MemoryFault(address: address, completed: completed, result: result) }
            return size
        case .rom where isWrite:
            return Int(min(UInt64(buffer.count), inRange))
        case .rom, .ram, .container, .alias:
            throw MemoryFault(address: address, completed: completed, result: .decodeError)
        }
    }

    // MARK: Registers

    /// One register access as a CPU makes it; `order` is the byte order in which the CPU takes the value.
    public func ioRead(at address: UInt64, size: Int, order: ByteOrder) -> (value: UInt64, result: MemoryAccessResult) {
        guard let range = flatView.range(at: address) else { return (0, .decodeError) }
        return ioRead(range, address, size: size, order: order)
    }

    /// Writes to registers; see ``ioRead(at:size:order:)``.
    public func ioWrite(at address: UInt64, _ value: UInt64, size: Int, order: ByteOrder) -> MemoryAccessResult {
        guard let range = flatView.range(at: address) else { return .decodeError }
        return ioWrite(range, address, value, size: size, order: order)
    }

    private func ioRead(_ range: FlatRange, _ address: UInt64, size: Int, order: ByteOrder) -> (
        UInt64, MemoryAccessResult
    ) {
        guard case .io(let handlers) = range.region.kind else { return (0, .decodeError) }
        return handlers.read(at: range.offsetInRegion &+ (address &- range.start), size: size, order: order)
    }

    private func ioWrite(
        _ range: FlatRange, _ address: UInt64, _ value: UInt64, size: Int, order: ByteOrder
    ) -> MemoryAccessResult {
        guard case .io(let handlers) = range.region.kind else { return .decodeError }
        return handlers.write(
            value, at: range.offsetInRegion &+ (address &- range.start), size: size, order: order)
    }

    /// The registers at an address, for whoever goes there often; they are there until the layout changes.
    package func registers(at address: UInt64) -> RegisterRange? {
        guard let range = flatView.range(at: address), case .io(let handlers) = range.region.kind else { return nil }
        return RegisterRange(range, handlers)
    }
}

/// A run of addresses that lead to one region of registers.
package final class RegisterRange {
    package let start: UInt64
    /// Of the last byte.
    package let last: UInt64
    private let offset: UInt64
    private let handlers: IOHandlers

    fileprivate init(_ range: FlatRange, _ handlers: IOHandlers) {
        start = range.start
        last = range.last
        offset = range.offsetInRegion
        self.handlers = handlers
    }

    /// See ``AddressSpace/ioRead(at:size:order:)``; the address is one of these.
    package func read(at address: UInt64, size: Int, order: ByteOrder) -> (value: UInt64, result: MemoryAccessResult) {
        handlers.read(at: offset &+ (address &- start), size: size, order: order)
    }

    /// See ``AddressSpace/ioWrite(at:_:size:order:)``; the address is one of these.
    package func write(at address: UInt64, _ value: UInt64, size: Int, order: ByteOrder) -> MemoryAccessResult {
        handlers.write(value, at: offset &+ (address &- start), size: size, order: order)
    }
}

extension IOHandlers {
    /// Reads in pieces that the closure understands.
    fileprivate func read(at offset: UInt64, size: Int, order wanted: ByteOrder) -> (UInt64, MemoryAccessResult) {
        guard validSizes.contains(size) else { return (0, .decodeError) }
        let step = min(max(size, implementedSizes.lowerBound), implementedSizes.upperBound)
        var value: UInt64 = 0
        if step >= size {
            value = read(offset, step)
        } else {
            for part in stride(from: 0, to: size, by: step) {
                let piece = read(offset &+ UInt64(part), step) & Self.mask(step)
                let shift = UInt64(order == .little ? part * 8 : (size - step - part) * 8)
                value |= piece &<< shift
            }
        }
        value &= Self.mask(size)
        return (order == wanted ? value : Self.swap(value, size: size), .done)
    }

    /// Writes in pieces that the closure understands.
    fileprivate func write(_ value: UInt64, at offset: UInt64, size: Int, order given: ByteOrder)
        -> MemoryAccessResult
    {
        guard validSizes.contains(size) else { return .decodeError }
        let value = order == given ? value & Self.mask(size) : Self.swap(value, size: size)
        let step = min(max(size, implementedSizes.lowerBound), implementedSizes.upperBound)
        if step >= size {
            write(offset, value, step)
        } else {
            for part in stride(from: 0, to: size, by: step) {
                let shift = UInt64(order == .little ? part * 8 : (size - step - part) * 8)
                write(offset &+ UInt64(part), value &>> shift & Self.mask(step), step)
            }
        }
        return .done
    }

    private static func mask(_ size: Int) -> UInt64 { size >= 8 ? .max : (1 << UInt64(size * 8)) - 1 }

    private static func swap(_ value: UInt64, size: Int) -> UInt64 {
        size >= 8 ? value.byteSwapped : value.byteSwapped >> UInt64(64 - size * 8)
    }
}

// MARK: Typed access

extension AddressSpace {
    /// Loads one integer.
    ///
    /// - Throws: ``MemoryFault`` where nothing answers.
    public func load<T: FixedWidthInteger>(_ type: T.Type = T.self, at address: UInt64, order: ByteOrder)
        throws(MemoryFault) -> T
    {
        var value: T = 0
        try withUnsafeMutableBytes(of: &value) { buffer throws(MemoryFault) in
            try read(at: address, into: buffer)
        }
        return order == .big ? T(bigEndian: value) : T(littleEndian: value)
    }

    /// Writes an integer; nothing is written if part of it would miss.
    public func store<T: FixedWidthInteger>(_ value: T, at address: UInt64, order: ByteOrder) throws(MemoryFault) {
        try withUnsafeBytes(of: order == .big ? value.bigEndian : value.littleEndian) { buffer throws(MemoryFault) in
            try write(at: address, from: buffer)
        }
    }

    /// `count` bytes; the caller bounds `count`.
    public func readBytes(at address: UInt64, count: Int) throws(MemoryFault) -> [UInt8] {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 8)
        defer { buffer.deallocate() }
        try read(at: address, into: buffer)
        return Array(buffer)
    }

    /// Writes bytes; those before a fault stay written.
    public func writeBytes(_ bytes: [UInt8], at address: UInt64) throws(MemoryFault) {
        var fault: MemoryFault?
        bytes.withUnsafeBytes { buffer in
            do throws(MemoryFault) { try write(at: address, from: buffer) } catch { fault = error }
        }
        if let fault { throw fault }
    }
}
