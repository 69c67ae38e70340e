import EmuCore

/// Interrupt state of one thread as the XIVE controller keeps it: four rings of sixteen bytes, for user, operating
/// system, hypervisor pool and physical thread. Used with the machine's lock held.
package final class XIVEThreadContext: Device {
    package internal(set) var registers = [UInt8](repeating: 0, count: 64)
    package let cpuIndex: Int
    /// Number of the thread in its processor, for the physical ring.
    let processorID: UInt32
    let output: InterruptLine
    let hypervisorOutput: InterruptLine

    enum Ring {
        static let user = 0x00
        static let os = 0x10
        static let pool = 0x20
        static let physical = 0x30
    }
    /// Bytes of a ring.
    enum Byte {
        static let status = 0  // NSR
        static let priority = 1  // CPPR
        static let pending = 2  // IPB
        static let logicalServer = 3  // LSMFB
        static let acknowledgements = 4
        static let increment = 5
        static let age = 6
        static let mostFavoured = 7  // PIPR
        static let word2 = 8
    }
    static let osException: UInt8 = 0x80
    static let hypervisorMask: UInt8 = 0xc0

    package init(
        type: ObjectType, machine: Machine, cpuIndex: Int, processorID: UInt32, output: InterruptLine,
        hypervisorOutput: InterruptLine
    ) {
        self.cpuIndex = cpuIndex
        self.processorID = processorID
        self.output = output
        self.hypervisorOutput = hypervisorOutput
        super.init(type: type, machine: machine)
    }

    /// Priority of the most favoured bit of a pending buffer, 0xff if it is empty.
    private static func priority(ofPending buffer: UInt8) -> UInt8 {
        buffer == 0 ? 0xff : UInt8(truncatingIfNeeded: buffer.leadingZeroBitCount)
    }
    static func pendingBit(_ priority: UInt8) -> UInt8 { priority > 7 ? 0 : 1 << (7 - priority) }

    private func line(_ ring: Int) -> InterruptLine? {
        switch ring {
        case Ring.os: output
        case Ring.pool, Ring.physical: hypervisorOutput
        default: nil
        }
    }

    private static func exceptionMask(_ ring: Int) -> UInt8 {
        ring == Ring.physical ? hypervisorMask : osException
    }

    func word2(_ ring: Int) -> UInt32 {
        (0..<4).reduce(0) { $0 << 8 | UInt32(registers[ring + Byte.word2 + $1]) }
    }
    func setWord2(_ ring: Int, _ value: UInt32) {
        for index in 0..<4 {
            registers[ring + Byte.word2 + index] = UInt8(truncatingIfNeeded: value >> UInt32(24 - 8 * index))
        }
    }

    /// Takes the pending interrupt of a ring: its priority becomes the thread's.
    func accept(_ ring: Int) -> UInt64 {
        let status = registers[ring + Byte.status]
        let mask = Self.exceptionMask(ring)
        line(ring)?.lower()
        if status & mask != 0 {
            let priority = registers[ring + Byte.mostFavoured]
            registers[ring + Byte.priority] = priority
            registers[ring + Byte.pending] &= ~Self.pendingBit(priority)
            registers[ring + Byte.mostFavoured] = Self.priority(ofPending: registers[ring + Byte.pending])
            registers[ring + Byte.status] &= ~mask
        }
        return UInt64(status) << 8 | UInt64(registers[ring + Byte.priority])
    }

    private func notify(_ ring: Int) {
        guard registers[ring + Byte.mostFavoured] < registers[ring + Byte.priority] else { return }
        switch ring {
        case Ring.os: registers[ring + Byte.status] |= Self.osException
        case Ring.physical: registers[ring + Byte.status] |= 2 << 6
        default: return
        }
        line(ring)?.raise()
    }

    func setPriority(_ ring: Int, _ priority: UInt8) {
        registers[ring + Byte.priority] = priority > 7 ? 0xff : priority
        notify(ring)
    }

    /// Adds pending priorities and signals the thread if one is more favoured than its own.
    func addPending(_ ring: Int, _ bits: UInt8) {
        registers[ring + Byte.pending] |= bits
        registers[ring + Byte.mostFavoured] = Self.priority(ofPending: registers[ring + Byte.pending])
        notify(ring)
    }

    /// The ring that a notification is for.
    ///
    /// - Parameters:
    ///   - format: 0 addresses a virtual processor, 1 a user-level event.
    ///   - line: Number of the virtual processor with its block.
    func match(format: UInt32, line: UInt32, ignore: Bool, logicalServer: UInt32) -> Int? {
        let valid: UInt32 = 1 << 31
        let lineMask: UInt32 = 0x00ff_ffff
        let os = word2(Ring.os)
        if format == 0 {
            if ignore { return nil }  // groups of virtual processors: not on these machines
            if word2(Ring.physical) & valid != 0, line == 1 << 7 | processorID & 0x7f { return Ring.physical }
            let pool = word2(Ring.pool)
            if pool & valid != 0, line == pool & lineMask { return Ring.pool }
            if os & valid != 0, line == os & lineMask { return Ring.os }
            return nil
        }
        let user = word2(Ring.user)
        if os & valid != 0, line == os & lineMask, user & valid != 0, logicalServer == user & 0x7fff_ffff {
            return Ring.user
        }
        return nil
    }

    /// Defaults, and the virtual processor's number in the ring of the operating system.
    func reset(line: UInt32) {
        for index in registers.indices { registers[index] = 0 }
        registers[Ring.os + Byte.logicalServer] = 0xff
        registers[Ring.os + Byte.acknowledgements] = 0xff
        registers[Ring.os + Byte.age] = 0xff
        registers[Ring.os + Byte.mostFavoured] = 0xff
        registers[Ring.physical + Byte.mostFavoured] = 0xff
        setWord2(Ring.os, 1 << 31 | line)
        output.lower()
        hypervisorOutput.lower()
    }

    /// Drives the output again after state was loaded.
    func stateLoaded() {
        output.set(registers[Ring.os + Byte.status] & Self.osException != 0)
    }

    package override var stateDescription: StateDescription? { Self.description }

    static let description = StateDescription(
        "xive-tctx", of: XIVEThreadContext.self, version: 1,
        fields: [
            .bytes(
                "regs", count: { _ in 64 }, get: { $0.registers },
                set: { context, bytes in
                    guard bytes.count == 64 else { throw StateError("regs has the wrong length") }
                    context.registers = bytes
                })
        ])
}
