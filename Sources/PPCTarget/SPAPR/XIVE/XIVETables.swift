import EmuCore

// The routing tables of the XIVE interrupt controller (OpenPOWER "XIVE" workbook; PAPR, "External Interrupt
// Virtualization"): an event assignment per source, an event notification descriptor per target and priority.

/// Event assignment structure: where a source's events go, and under which number the guest knows them.
package final class XIVEAssignment {
    /// Bits as the architecture numbers them in a doubleword.
    package var word: UInt64 = 0

    static var valid: UInt64 { 1 << 63 }
    static var masked: UInt64 { 1 << 31 }
    static var blockMask: UInt64 { 0x0f00_0000_0000_0000 }
    static var indexMask: UInt64 { 0x00ff_ffff_0000_0000 }
    static var dataMask: UInt64 { 0x7fff_ffff }

    package var isValid: Bool { word & Self.valid != 0 }
    package var isMasked: Bool { word & Self.masked != 0 }
    /// Number of the descriptor.
    package var descriptor: UInt32 { UInt32(truncatingIfNeeded: (word & Self.indexMask) >> 32) }
    /// What is written to the event queue.
    package var data: UInt32 { UInt32(truncatingIfNeeded: word & Self.dataMask) }

    /// The stream carries the table in the byte order of memory, read by a little-endian host: swapped.
    static let description = StateDescription(
        "spapr-xive/eas", of: XIVEAssignment.self, version: 1,
        fields: [
            .scalar("w", .uint64, get: { $0.word.byteSwapped }, set: { $0.word = $1.byteSwapped })
        ])
}

/// Event notification descriptor: the queue in guest memory and the thread to notify.
package final class XIVEDescriptor {
    /// Eight words, as the architecture numbers them.
    package var words: [UInt32] = [UInt32](repeating: 0, count: 8)

    // Word 0.
    static var valid: UInt32 { 1 << 31 }
    static var enqueue: UInt32 { 1 << 30 }
    static var unconditionalNotify: UInt32 { 1 << 29 }
    static var backlog: UInt32 { 1 << 28 }
    static var escalate: UInt32 { 1 << 26 }
    static var unconditionalEscalate: UInt32 { 1 << 25 }
    static var silentEscalate: UInt32 { 1 << 24 }
    static var queueSizeMask: UInt32 { 0x000f_0000 }
    // Word 1: two pairs of state bits, the queue's generation and offset.
    static var notifyStateShift: UInt32 { 30 }
    static var escalateStateShift: UInt32 { 28 }
    static var generation: UInt32 { 1 << 22 }
    static var offsetMask: UInt32 { 0x003f_ffff }
    // Words 6 and 7.
    static var formatBit: UInt32 { 1 << 23 }
    static var targetBlockMask: UInt32 { 0x0078_0000 }
    static var targetIndexMask: UInt32 { 0x0007_ffff }
    static var ignore: UInt32 { 1 << 31 }
    static var priorityMask: UInt32 { 0x00ff_0000 }
    static var logicalServerMask: UInt32 { 0x7fff_ffff }

    init() { reset() }

    /// Invalid, with both state machines off.
    func reset() {
        for index in words.indices { words[index] = 0 }
        words[1] = 1 << Self.notifyStateShift | 1 << Self.escalateStateShift
    }

    var isValid: Bool { words[0] & Self.valid != 0 }
    var isEnqueuing: Bool { words[0] & Self.enqueue != 0 }
    var notifiesAlways: Bool { words[0] & Self.unconditionalNotify != 0 }
    var hasBacklog: Bool { words[0] & Self.backlog != 0 }
    var escalates: Bool { words[0] & Self.escalate != 0 }
    var escalatesAlways: Bool { words[0] & Self.unconditionalEscalate != 0 }
    var escalatesSilently: Bool { words[0] & Self.silentEscalate != 0 }
    /// log2 of the queue's bytes, less 12.
    var queueSize: UInt32 { (words[0] & Self.queueSizeMask) >> 16 }
    var queueAddress: UInt64 { UInt64(words[2] & 0x0fff_ffff) << 32 | UInt64(words[3]) }
    var queueOffset: UInt32 { words[1] & Self.offsetMask }
    var queueGeneration: UInt32 { words[1] & Self.generation != 0 ? 1 : 0 }
    var format: UInt32 { words[6] & Self.formatBit != 0 ? 1 : 0 }
    var targetBlock: UInt32 { (words[6] & Self.targetBlockMask) >> 19 }
    var targetIndex: UInt32 { words[6] & Self.targetIndexMask }
    var priority: UInt8 { UInt8(truncatingIfNeeded: (words[7] & Self.priorityMask) >> 16) }

    /// One of the two pairs of P and Q bits.
    func eventState(_ shift: UInt32) -> UInt8 { UInt8(truncatingIfNeeded: words[1] >> shift & 3) }
    func setEventState(_ shift: UInt32, _ state: UInt8) {
        words[1] = words[1] & ~(3 << shift) | UInt32(state & 3) << shift
    }

    /// Adds an event to the queue in guest memory; dropped if the queue is not RAM.
    func enqueue(_ data: UInt32, memory: AddressSpace) {
        let entries: UInt32 = 1 << (queueSize + 10)
        let offset = queueOffset & (entries - 1)
        let entry = queueGeneration << 31 | data & 0x7fff_ffff
        guard (try? memory.store(entry, at: queueAddress &+ UInt64(offset) << 2, order: .big)) != nil else { return }
        let next = (offset + 1) & (entries - 1)
        if next == 0 { words[1] ^= Self.generation }
        words[1] = words[1] & ~Self.offsetMask | next
    }

    static let description = StateDescription(
        "spapr-xive/end", of: XIVEDescriptor.self, version: 1,
        fields: (0..<8).map { index in
            Field<XIVEDescriptor>.scalar(
                "w\(index)", .uint32, get: { UInt64($0.words[index].byteSwapped) },
                set: { $0.words[index] = UInt32(truncatingIfNeeded: $1).byteSwapped })
        })
}

/// The two bits of an event state buffer: P (an event is being handled), Q (another one came meanwhile).
enum EventState {
    static var reset: UInt8 { 0 }
    static var off: UInt8 { 1 }
    static var pending: UInt8 { 2 }
    static var queued: UInt8 { 3 }
    static var mask: UInt8 { 3 }

    /// An event arrives. Returns whether it is to be forwarded.
    static func trigger(_ state: inout UInt8) -> Bool {
        switch state & mask {
        case reset:
            state = state & ~mask | pending
            return true
        case off: return false
        default:
            state = state & ~mask | queued
            return false
        }
    }

    /// The guest is done with an event. Returns whether another one is to be forwarded.
    static func endOfInterrupt(_ state: inout UInt8) -> Bool {
        switch state & mask {
        case queued:
            state = state & ~mask | pending
            return true
        case off: return false
        default:
            state &= ~mask
            return false
        }
    }
}
