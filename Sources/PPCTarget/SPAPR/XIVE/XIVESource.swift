import EmuCore

/// The interrupt sources of a XIVE controller with their event state buffers, each a pair of 64 KiB pages: one that
/// triggers and one that manages. Used with the machine's lock held.
package final class XIVESource: Device {
    /// P and Q bits and, for level-sensitive sources, the level.
    package private(set) var status: [UInt8]
    private var levelSensitive: [Bool]
    /// The pages of all sources.
    package private(set) var region: MemoryRegion?
    /// Takes an event of a source.
    var notify: (UInt32) -> Void = { _ in }

    /// log2 of the bytes that a source has: two pages of 64 KiB.
    package static let shift: UInt64 = 17
    static let asserted: UInt8 = 4

    private enum Offset {
        static let storeEnd: UInt64 = 0x400
        static let get: UInt64 = 0x800
        static let set: UInt64 = 0xc00
    }

    package init(type: ObjectType, machine: Machine, count: Int) {
        status = [UInt8](repeating: 0, count: count)
        levelSensitive = [Bool](repeating: false, count: count)
        super.init(type: type, machine: machine)
        let handlers = IOHandlers(
            order: .big, validSizes: 8...8, implementedSizes: 8...8,
            read: { [unowned self] offset, _ in read(offset) },
            write: { [unowned self] offset, value, _ in write(offset, value) })
        region = MemoryRegion("xive.esb", size: byteCount, .io(handlers), in: machine.topology)
    }

    package var count: Int { status.count }
    package var byteCount: UInt64 { UInt64(count) << Self.shift }

    package func isLevelSensitive(_ number: UInt32) -> Bool {
        number < UInt32(count) && levelSensitive[Int(number)]
    }
    func setLevelSensitive(_ number: UInt32) {
        guard number < UInt32(count) else { return }
        levelSensitive[Int(number)] = true
    }

    func eventState(_ number: UInt32) -> UInt8 { status[Int(number)] & EventState.mask }

    /// Drives a source: a level for level-sensitive ones, an event at each `true` for others.
    package func set(_ number: UInt32, _ level: Bool) {
        guard number < UInt32(count) else { return }
        let index = Int(number)
        var forward = false
        if levelSensitive[index] {
            if level { forward = triggerLevel(index) } else { status[index] &= ~Self.asserted }
        } else if level {
            forward = EventState.trigger(&status[index])
        }
        if forward { notify(number) }
    }

    private func triggerLevel(_ index: Int) -> Bool {
        status[index] |= Self.asserted
        guard status[index] & EventState.mask == EventState.reset else { return false }
        status[index] |= EventState.pending
        return true
    }

    private func endOfInterrupt(_ index: Int) -> Bool {
        var forward = EventState.endOfInterrupt(&status[index])
        // A level that is still asserted is a new event.
        if levelSensitive[index], status[index] & Self.asserted != 0 { forward = triggerLevel(index) }
        return forward
    }

    private func exchange(_ index: Int, _ state: UInt8) -> UInt64 {
        let old = status[index] & EventState.mask
        status[index] = status[index] & ~EventState.mask | state & EventState.mask
        return UInt64(old)
    }

    /// A load from the pages. All of them return the state before the load's effect.
    func read(_ address: UInt64) -> UInt64 {
        let number = address >> Self.shift
        guard number < UInt64(count) else { return .max }
        let index = Int(number)
        // The even page only triggers.
        guard address >> (Self.shift - 1) & 1 != 0 else { return .max }
        let offset = address & 0xfff
        switch offset {
        case ..<Offset.get:
            let forward = endOfInterrupt(index)
            if forward { notify(UInt32(number)) }
            return forward ? 1 : 0
        case Offset.get..<Offset.set: return UInt64(status[index] & EventState.mask)
        default: return exchange(index, UInt8(truncatingIfNeeded: offset >> 8) & EventState.mask)
        }
    }

    func write(_ address: UInt64, _ value: UInt64) {
        let number = address >> Self.shift
        guard number < UInt64(count) else { return }
        let index = Int(number)
        var forward = false
        if address >> (Self.shift - 1) & 1 == 0 {
            forward = EventState.trigger(&status[index])
        } else {
            let offset = address & 0xfff
            switch offset {
            case ..<Offset.storeEnd: forward = EventState.trigger(&status[index])
            case Offset.storeEnd..<Offset.get: return  // these sources do not end interrupts by stores
            case Offset.get..<Offset.set: forward = true
            default: _ = exchange(index, UInt8(truncatingIfNeeded: offset >> 8) & EventState.mask)
            }
        }
        if forward { notify(UInt32(number)) }
    }

    package override func reset(_ phase: ResetPhase) {
        guard phase == .hold else { return }
        for index in status.indices { status[index] = EventState.off }
    }

    package override var stateDescription: StateDescription? { Self.description }

    static let description = StateDescription(
        "xive-source", of: XIVESource.self, version: 1,
        fields: [
            .scalar("nr_irqs", .uint32, mustMatch: true, get: { UInt64($0.count) }, set: { _, _ in }),
            .bytes(
                "status", count: { $0.count }, get: { $0.status },
                set: { source, bytes in
                    guard bytes.count == source.count else { throw StateError("status has the wrong length") }
                    source.status = bytes.map { $0 & 7 }
                }),
        ])
}
