import EmuCore

// Hypercalls that touch memory for the guest: pages, single accesses, copies, DMA tables (PAPR, "H_PAGE_INIT",
// "Debugger Support hcalls", "TCE hcalls").

enum MemoryCalls {
    static func register(_ table: HypercallDispatch) {
        table[HypercallNumber.pageInit] = pageInit
        table[HypercallNumber.logicalCILoad] = load
        table[HypercallNumber.logicalCacheLoad] = load
        table[HypercallNumber.logicalCIStore] = store
        table[HypercallNumber.logicalCacheStore] = store
        // Caches are coherent here.
        table[HypercallNumber.logicalICBI] = { _ in HypercallStatus.success }
        table[HypercallNumber.logicalDCBF] = { _ in HypercallStatus.success }
        table[HypercallNumber.logicalMemOp] = memoryOperation
        table[HypercallNumber.putTCE] = putTCE
        table[HypercallNumber.putTCEIndirect] = putTCEIndirect
        table[HypercallNumber.stuffTCE] = stuffTCE
        table[HypercallNumber.getTCE] = getTCE
    }

    private static let pageSize: UInt64 = 4096

    private static func pageInit(_ call: HypercallFrame) -> Int64 {
        let (flags, target, source) = (call[0], call[1], call[2])
        let zero: UInt64 = 1 << 15
        let copy: UInt64 = 1 << 14
        let caches: UInt64 = 1 << 23 | 1 << 22
        guard flags & ~(zero | copy | caches) == 0, target % pageSize == 0, call.services.isRAM(target) else {
            return HypercallStatus.parameter
        }
        do {
            if flags & copy != 0 {
                guard source % pageSize == 0, call.services.isRAM(source) else { return HypercallStatus.parameter }
                try call.memory.writeBytes(
                    try call.memory.readBytes(at: source, count: Int(pageSize)), at: target)
            } else if flags & zero != 0 {
                try call.memory.writeBytes([UInt8](repeating: 0, count: Int(pageSize)), at: target)
            }
        } catch { return HypercallStatus.parameter }
        return HypercallStatus.success
    }

    /// A register or memory as the CPU would see it; nothing there reads as zeros.
    private static func read(_ call: HypercallFrame, _ address: UInt64, size: Int) -> UInt64 {
        let memory = call.memory
        if memory.ram(at: address, forWriting: false) == nil {
            return memory.ioRead(at: address, size: size, order: .big).value
        }
        switch size {
        case 1: return UInt64((try? memory.load(UInt8.self, at: address, order: .big)) ?? 0)
        case 2: return UInt64((try? memory.load(UInt16.self, at: address, order: .big)) ?? 0)
        case 4: return UInt64((try? memory.load(UInt32.self, at: address, order: .big)) ?? 0)
        default: return (try? memory.load(UInt64.self, at: address, order: .big)) ?? 0
        }
    }

    private static func write(_ call: HypercallFrame, _ address: UInt64, _ value: UInt64, size: Int) {
        let memory = call.memory
        if memory.ram(at: address, forWriting: true) == nil {
            _ = memory.ioWrite(at: address, value, size: size, order: .big)
            return
        }
        switch size {
        case 1: try? memory.store(UInt8(truncatingIfNeeded: value), at: address, order: .big)
        case 2: try? memory.store(UInt16(truncatingIfNeeded: value), at: address, order: .big)
        case 4: try? memory.store(UInt32(truncatingIfNeeded: value), at: address, order: .big)
        default: try? memory.store(value, at: address, order: .big)
        }
    }

    private static func isSize(_ value: UInt64) -> Bool { value == 1 || value == 2 || value == 4 || value == 8 }

    private static func load(_ call: HypercallFrame) -> Int64 {
        guard isSize(call[0]) else { return HypercallStatus.parameter }
        call[0] = read(call, call[1], size: Int(call[0]))
        return HypercallStatus.success
    }

    private static func store(_ call: HypercallFrame) -> Int64 {
        guard isSize(call[0]) else { return HypercallStatus.parameter }
        write(call, call[1], call[2], size: Int(call[0]))
        return HypercallStatus.success
    }

    /// Elements outside of RAM that one call may touch: it holds up the whole machine meanwhile.
    private static let slowElementLimit: UInt64 = 1 << 20

    /// Copies, or copies inverted, in elements of 1, 2, 4 or 8 bytes; overlapping ranges come out right.
    private static func memoryOperation(_ call: HypercallFrame) -> Int64 {
        var (target, source) = (call[0], call[1])
        let (sizeShift, count, operation) = (call[2], call[3], call[4])
        guard count <= 0x8000_0000, sizeShift <= 3 else { return HypercallStatus.parameter }
        let size = 1 << Int(sizeShift)
        let mask = UInt64(size) - 1
        guard target & mask == 0, source & mask == 0, operation <= 1 else { return HypercallStatus.parameter }
        let length = count << sizeShift
        if copyRAM(call, target, source, length, inverted: operation == 1) { return HypercallStatus.success }
        guard count <= slowElementLimit else { return HypercallStatus.parameter }
        var step = UInt64(size)
        if target >= source, target < source &+ length {
            target = target &+ length &- step
            source = source &+ length &- step
            step = 0 &- step
        }
        for _ in 0..<count {
            let value = read(call, source, size: size)
            write(call, target, operation == 1 ? ~value : value, size: size)
            target = target &+ step
            source = source &+ step
        }
        return HypercallStatus.success
    }

    /// A copy in one go, where both ranges are plain RAM.
    private static func copyRAM(
        _ call: HypercallFrame, _ target: UInt64, _ source: UInt64, _ length: UInt64, inverted: Bool
    ) -> Bool {
        guard length > 0, let from = call.memory.ram(at: source, forWriting: false), from.available >= length,
            let to = call.memory.ram(at: target, forWriting: true), to.available >= length
        else { return false }
        to.pointer.copyMemory(from: from.pointer, byteCount: Int(length))
        if inverted {
            let bytes = UnsafeMutableRawBufferPointer(start: to.pointer, count: Int(length))
            for index in bytes.indices { bytes[index] = ~bytes[index] }
        }
        to.block.markDirty(offset: to.offset, length: length)
        call.memory.onWrite?(target, length)
        return true
    }

    // MARK: DMA tables

    private static func table(_ call: HypercallFrame) -> TCETable? {
        guard let number = UInt32(exactly: call[0]), let table = call.services.tceTable(number), table.isOpen else {
            return nil
        }
        return table
    }

    /// Address of entry `step` after the page of `address`.
    private static func page(_ table: TCETable, _ address: UInt64, _ step: UInt64) -> UInt64 {
        let shift = UInt64(table.pageShift)
        return address & ~((1 << shift) - 1) &+ step << shift
    }

    private static func putTCE(_ call: HypercallFrame) -> Int64 {
        guard let table = table(call), table.setEntry(at: page(table, call[1], 0), call[2]) else {
            return HypercallStatus.parameter
        }
        return HypercallStatus.success
    }

    private static func putTCEIndirect(_ call: HypercallFrame) -> Int64 {
        let (list, count) = (call[2], call[3])
        guard let table = table(call), count <= 512, list % pageSize == 0, count > 0 else {
            return HypercallStatus.parameter
        }
        for entry in 0..<count {
            guard let value = try? call.memory.load(UInt64.self, at: list &+ entry * 8, order: .big),
                table.setEntry(at: page(table, call[1], entry), value)
            else { return HypercallStatus.parameter }
        }
        return HypercallStatus.success
    }

    private static func stuffTCE(_ call: HypercallFrame) -> Int64 {
        let (value, count) = (call[2], call[3])
        guard let table = table(call), count <= UInt64(table.entryCount), count > 0 else {
            return HypercallStatus.parameter
        }
        for entry in 0..<count where !table.setEntry(at: page(table, call[1], entry), value) {
            return HypercallStatus.parameter
        }
        return HypercallStatus.success
    }

    private static func getTCE(_ call: HypercallFrame) -> Int64 {
        guard let table = table(call), let value = table.entry(at: page(table, call[1], 0)) else {
            return HypercallStatus.parameter
        }
        call[0] = value
        return HypercallStatus.success
    }
}
