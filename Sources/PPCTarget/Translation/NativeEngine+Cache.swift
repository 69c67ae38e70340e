import CJIT
import CPPCState

// What is kept of translations: how they are joined, and how they go.
extension NativeEngine {
    // MARK: Linking

    func link(_ exit: Int32, to number: Int32) {
        let record = exits + Int(exit)
        guard record.pointee.linked < 0 else { return }
        let target = table.records + Int(number)
        patch(record.pointee.patch, to: target.pointee.code)
        let first = target.pointee.incoming
        record.pointee.linked = number
        record.pointee.nextIncoming = first
        record.pointee.previousIncoming = -1
        if first >= 0 { exits[Int(first)].previousIncoming = exit }
        target.pointee.incoming = exit
    }

    private func patch(_ place: UInt32, to target: UInt32) {
        let raw = UnsafeMutableRawPointer(memory.write + Int(place))
        raw.storeBytes(of: Int32(truncatingIfNeeded: Int(target) - Int(place) - 4), as: Int32.self)
    }

    /// Leads every jump to a block elsewhere: to its successor, or back to the dispatcher.
    func redirect(_ number: Int32, to successor: Int32?) {
        var exit = table.records[Int(number)].incoming
        table.records[Int(number)].incoming = -1
        while exit >= 0 {
            let next = exits[Int(exit)].nextIncoming
            exits[Int(exit)].linked = -1
            if let successor {
                link(exit, to: successor)
            } else {
                patch(exits[Int(exit)].patch, to: exits[Int(exit)].stub)
            }
            exit = next
        }
    }

    /// Takes an exit whose code goes away out of the list of its target.
    private func detach(_ exit: Int32) {
        let record = exits[Int(exit)]
        guard record.linked >= 0 else { return }
        if record.previousIncoming >= 0 {
            exits[Int(record.previousIncoming)].nextIncoming = record.nextIncoming
        } else {
            table.records[Int(record.linked)].incoming = record.nextIncoming
        }
        if record.nextIncoming >= 0 { exits[Int(record.nextIncoming)].previousIncoming = record.previousIncoming }
        exits[Int(exit)].linked = -1
    }

    func forgetInCaches(_ record: BlockRecord) { caches.remove(record.address, context: record.context) }

    // MARK: Forgetting

    /// Drops every translation.
    public func forgetTranslations() {
        table.removeAll()
        zones.removeAll()
        pages.removeAll()
        pieces.removeAll()
        memory.moveWindow(code: zones.code(0), data: zones.data(0))
        caches.clear()
        counters.flushes += 1
        counters.codeBytes = 0
        scratch[Int(CJ_RESYNC)] = 1
    }

    /// Goes on translating in the next zone, whose translations are forgotten. No generated code is executing.
    func advanceZone() {
        let zone = zones.next
        evict(zone)
        zones.enter(zone)
        memory.moveWindow(code: zones.code(zone), data: zones.data(zone))
    }

    private func evict(_ zone: Int) {
        let blocks = zones.blocks(zone)
        guard !blocks.isEmpty else { return }
        counters.evictions += 1
        counters.evicted += blocks.count
        for exit in zones.exits(zone) { detach(exit) }
        for number in blocks {
            redirect(number, to: nil)
            if !table.records[Int(number)].isDead { table.remove(number) }
        }
        let start = UInt64(UInt(bitPattern: memory.execute + zones.code(zone).lowerBound))
        caches.remove(code: start..<start &+ UInt64(zones.codeSize))
        pages.remove(blocks)
        if isPiecewise { pieces = pieces.filter { !blocks.contains($0.key) } }
    }
}
