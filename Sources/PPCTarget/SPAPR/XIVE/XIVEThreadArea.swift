import EmuCore

// The thread interrupt management area: four pages of 64 KiB with falling privilege (hardware, hypervisor, operating
// system, user). Below 2 KiB of a page are the registers of the rings, above are operations.

extension XIVEThreadContext {
    enum Page {
        static let hardware = 0
        static let hypervisor = 1
        static let os = 2
        static let user = 3
    }

    private enum Operation {
        static let acknowledgeOS: UInt64 = 0x810
        static let setPendingOS: UInt64 = 0x812
        static let pullOS: UInt64 = 0x818
        static let pullPool: UInt64 = 0x828
        static let acknowledgeHypervisor: UInt64 = 0x830
    }

    /// Per page and byte of the registers: bit 0 may be written, bit 1 may be read.
    private static let views: [[UInt8]] = [
        [
            3, 0, 0, 0, 0, 0, 0, 0, 3, 3, 3, 3, 0, 0, 0, 0,
            3, 3, 3, 3, 3, 3, 0, 2, 3, 3, 3, 3, 0, 0, 0, 0,
            0, 0, 3, 3, 0, 0, 0, 0, 3, 3, 3, 3, 0, 0, 0, 0,
            3, 3, 3, 3, 0, 3, 0, 2, 3, 0, 0, 3, 3, 3, 3, 0,
        ],
        [
            3, 0, 0, 0, 0, 0, 0, 0, 3, 3, 3, 3, 0, 0, 0, 0,
            3, 3, 3, 3, 3, 3, 0, 2, 3, 3, 3, 3, 0, 0, 0, 0,
            0, 0, 3, 3, 0, 0, 0, 0, 0, 3, 3, 3, 0, 0, 0, 0,
            3, 3, 3, 3, 0, 3, 0, 2, 3, 0, 0, 3, 0, 0, 0, 0,
        ],
        [
            3, 0, 0, 0, 0, 0, 0, 0, 3, 3, 3, 3, 0, 0, 0, 0,
            2, 3, 2, 2, 2, 2, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0,
            0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
            0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        ],
        [
            3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
            0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
            0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
            0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        ],
    ]

    /// A store of the thread to its area. Operations of a less privileged page work in the more privileged ones too.
    func store(_ offset: UInt64, _ value: UInt64, size: Int) {
        let page = Int(truncatingIfNeeded: offset >> 16 & 3)
        let byte = UInt8(truncatingIfNeeded: value)
        switch (offset & 0xfff, size) {
        case (UInt64(Ring.os + Byte.priority), 1) where page <= Page.os: setPriority(Ring.os, byte)
        case (UInt64(Ring.os + Byte.word2), 4) where page <= Page.hypervisor:
            setWord2(Ring.os, UInt32(truncatingIfNeeded: value))
            if value >> 31 & 1 != 0 { addPending(Ring.os, 0) }
        case (UInt64(Ring.physical + Byte.priority), 1) where page <= Page.hypervisor:
            setPriority(Ring.physical, byte)
        case (UInt64(Ring.physical + Byte.word2), 1) where page <= Page.hypervisor:
            registers[Ring.physical + Byte.word2] = byte
        case (Operation.setPendingOS, 1) where page <= Page.os:
            addPending(Ring.os, XIVEThreadContext.pendingBit(byte))
        default:
            if offset & 0x800 == 0 { storeRaw(offset, value, size: size, page: page) }
        }
    }

    /// A load of the thread from its area; all ones where nothing answers.
    func load(_ offset: UInt64, size: Int) -> UInt64 {
        let page = Int(truncatingIfNeeded: offset >> 16 & 3)
        switch (offset & 0xfff, size) {
        case (UInt64(Ring.physical + Byte.word2), 1) where page <= Page.hypervisor:
            return UInt64(registers[Ring.physical + Byte.word2])
        case (Operation.acknowledgeOS, 2) where page <= Page.os: return accept(Ring.os)
        case (Operation.acknowledgeHypervisor, 2) where page <= Page.hypervisor: return accept(Ring.physical)
        case (Operation.pullOS, 4), (Operation.pullOS, 8):
            guard page <= Page.hypervisor else { return .max }
            let word = word2(Ring.os)
            setWord2(Ring.os, word & ~(1 << 31))
            output.lower()
            return UInt64(word)
        case (Operation.pullPool, 4), (Operation.pullPool, 8):
            guard page <= Page.hypervisor else { return .max }
            let word = word2(Ring.pool) & ~(1 << 31)
            setWord2(Ring.pool, word)
            return UInt64(word)
        default:
            return offset & 0x800 == 0 ? loadRaw(offset, size: size, page: page) : .max
        }
    }

    /// Whole words only, and not those of the user ring.
    private func rawRange(_ offset: UInt64, size: Int) -> Range<Int>? {
        let first = Int(truncatingIfNeeded: offset & 0x3f)
        guard size >= 4, first >= Ring.os, first + size <= registers.count else { return nil }
        return first..<(first + size)
    }

    private func storeRaw(_ offset: UInt64, _ value: UInt64, size: Int, page: Int) {
        guard let range = rawRange(offset, size: size) else { return }
        for (step, index) in range.enumerated() where Self.views[page][index] & 1 != 0 {
            registers[index] = UInt8(truncatingIfNeeded: value >> UInt64(8 * (size - step - 1)))
        }
    }

    private func loadRaw(_ offset: UInt64, size: Int, page: Int) -> UInt64 {
        guard let range = rawRange(offset, size: size),
            range.contains(where: { Self.views[page][$0] & 2 != 0 })
        else { return .max }
        return range.reduce(0) { $0 << 8 | (Self.views[page][$1] & 2 != 0 ? UInt64(registers[$1]) : 0) }
    }
}
