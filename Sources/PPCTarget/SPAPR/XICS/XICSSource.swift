import EmuCore

/// One interrupt of the source controller, as the stream carries it.
package final class XICSInterrupt {
    /// Presentation server (CPU) that gets the interrupt.
    package var server: UInt32 = 0
    /// 0xff masks the interrupt.
    package var priority: UInt8 = 0
    /// Priority to return to when the guest unmasks (`ibm,int-on`).
    package var savedPriority: UInt8 = 0
    package var status: UInt8 = 0
    package var flags: UInt8 = 0

    enum Status {
        static var asserted: UInt8 { 0x1 }
        static var sent: UInt8 { 0x2 }
        static var rejected: UInt8 { 0x4 }
        static var maskedPending: UInt8 { 0x8 }
    }
    enum Flag {
        static var levelSensitive: UInt8 { 0x1 }
        static var message: UInt8 { 0x2 }
        static var allocated: UInt8 { 0x3 }
    }

    package var isAllocated: Bool { flags & Flag.allocated != 0 }
    package var isLevelSensitive: Bool { flags & Flag.levelSensitive != 0 }

    static let description = StateDescription(
        "ics/irq", of: XICSInterrupt.self, version: 2, minimumVersion: 1,
        fields: [
            .value("server", \.server), .value("priority", \.priority),
            .value("saved_priority", \.savedPriority), .value("status", \.status), .value("flags", \.flags),
        ])
}

/// The interrupt source controller of the XICS architecture (PAPR, "Interrupt Source Controller"): where interrupts
/// of devices come in, with the server and the priority that the guest chose for each.
///
/// Used with the machine's lock held.
package final class XICSSourceController: Device {
    /// Number of the first interrupt; lower numbers have a meaning of their own (2 is the inter-processor interrupt).
    package static let firstNumber: UInt32 = 0x1000

    package let interrupts: [XICSInterrupt]
    /// One bit per interrupt that may wait for a presenter with a lower priority in service.
    private var waiting: [UInt64]
    /// Presenter of a server, `nil` if there is no such server.
    var presenter: (UInt32) -> XICSPresenter? = { _ in nil }
    /// Makes the wire from a thread's presenter to its CPU.
    var lineMaker: ((SpaprThread) -> InterruptLine)?

    package init(type: ObjectType, machine: Machine, count: Int) {
        interrupts = (0..<count).map { _ in XICSInterrupt() }
        waiting = [UInt64](repeating: 0, count: (count + 63) / 64)
        super.init(type: type, machine: machine)
    }

    package var count: Int { interrupts.count }

    /// The interrupt of a number as guests know it.
    package func interrupt(_ number: UInt32) -> XICSInterrupt? {
        guard number >= Self.firstNumber, number - Self.firstNumber < UInt32(count) else { return nil }
        return interrupts[Int(number - Self.firstNumber)]
    }

    private func index(_ number: UInt32) -> Int? {
        guard number >= Self.firstNumber, number - Self.firstNumber < UInt32(count) else { return nil }
        return Int(number - Self.firstNumber)
    }

    // MARK: Allocation

    package func claim(_ number: UInt32, levelSensitive: Bool) throws {
        guard let interrupt = interrupt(number) else { throw ObjectError("IRQ \(number) is out of range") }
        guard !interrupt.isAllocated else { throw ObjectError("IRQ \(number) is not free") }
        interrupt.flags |= levelSensitive ? XICSInterrupt.Flag.levelSensitive : XICSInterrupt.Flag.message
    }

    package func free(_ number: UInt32) {
        guard let interrupt = interrupt(number) else { return }
        interrupt.server = 0
        interrupt.priority = 0
        interrupt.savedPriority = 0
        interrupt.status = 0
        interrupt.flags = 0
    }

    // MARK: Signals

    /// Drives an interrupt: a level for level-sensitive ones, an event at each `true` for messages.
    package func set(_ number: UInt32, _ level: Bool) {
        guard let index = index(number) else { return }
        let interrupt = interrupts[index]
        if interrupt.isLevelSensitive {
            if level {
                interrupt.status |= XICSInterrupt.Status.asserted
            } else {
                interrupt.status &= ~XICSInterrupt.Status.asserted
            }
            resendLevel(index)
        } else if level {
            if interrupt.priority == 0xff {
                interrupt.status |= XICSInterrupt.Status.maskedPending
            } else {
                present(index)
            }
        }
    }

    private func present(_ index: Int) {
        let interrupt = interrupts[index]
        let number = Self.firstNumber + UInt32(index)
        guard let presenter = presenter(interrupt.server) else {
            reject(number)
            return
        }
        presenter.offer(number, priority: interrupt.priority)
    }

    /// The presenter cannot take the interrupt now; it is offered again by ``resend()``.
    func reject(_ number: UInt32) {
        guard let index = index(number) else { return }
        let interrupt = interrupts[index]
        if interrupt.flags & XICSInterrupt.Flag.message != 0 {
            interrupt.status |= XICSInterrupt.Status.rejected
        } else if interrupt.isLevelSensitive {
            interrupt.status &= ~XICSInterrupt.Status.sent
        }
        waiting[index >> 6] |= 1 << UInt64(index & 63)
    }

    /// Offers everything that waits.
    func resend() {
        for word in waiting.indices where waiting[word] != 0 {
            var bits = waiting[word]
            waiting[word] = 0
            while bits != 0 {
                let index = word * 64 + bits.trailingZeroBitCount
                bits &= bits - 1
                if interrupts[index].isLevelSensitive { resendLevel(index) } else { resendMessage(index) }
            }
        }
    }

    private func resendMessage(_ index: Int) {
        let interrupt = interrupts[index]
        guard interrupt.status & XICSInterrupt.Status.rejected != 0 else { return }
        interrupt.status &= ~XICSInterrupt.Status.rejected
        if interrupt.priority != 0xff { present(index) }
    }

    private func resendLevel(_ index: Int) {
        let interrupt = interrupts[index]
        guard interrupt.priority != 0xff, interrupt.status & XICSInterrupt.Status.asserted != 0,
            interrupt.status & XICSInterrupt.Status.sent == 0
        else { return }
        interrupt.status |= XICSInterrupt.Status.sent
        present(index)
    }

    /// The guest is done with an interrupt. A level that is still asserted is offered again by ``resend()``.
    func endOfInterrupt(_ number: UInt32) {
        guard let index = index(number), interrupts[index].isLevelSensitive else { return }
        interrupts[index].status &= ~XICSInterrupt.Status.sent
        waiting[index >> 6] |= 1 << UInt64(index & 63)
    }

    /// Stores server and priorities, and delivers what waited for the interrupt to be unmasked.
    func configure(_ number: UInt32, server: UInt32, priority: UInt8, savedPriority: UInt8) {
        guard let index = index(number) else { return }
        let interrupt = interrupts[index]
        interrupt.server = server
        interrupt.priority = priority
        interrupt.savedPriority = savedPriority
        if interrupt.isLevelSensitive {
            resendLevel(index)
        } else if interrupt.status & XICSInterrupt.Status.maskedPending != 0, priority != 0xff {
            interrupt.status &= ~XICSInterrupt.Status.maskedPending
            present(index)
        }
    }

    // MARK: Reset and state

    package override func reset(_ phase: ResetPhase) {
        guard phase == .hold else { return }
        for interrupt in interrupts {
            interrupt.server = 0
            interrupt.priority = 0xff
            interrupt.savedPriority = 0xff
            interrupt.status = 0
        }
        for word in waiting.indices { waiting[word] = 0 }
    }

    package override var stateDescription: StateDescription? { Self.description }

    static let description = StateDescription(
        "ics", of: XICSSourceController.self, version: 1,
        fields: [
            .scalar("nr_irqs", .uint32, mustMatch: true, get: { UInt64($0.count) }, set: { _, _ in }),
            .structure("irqs", XICSInterrupt.description, count: { $0.count }, element: { $0.interrupts[$1] }),
        ],
        postLoad: { source, _ in
            for word in source.waiting.indices { source.waiting[word] = ~0 }
            if let last = source.waiting.indices.last, source.count & 63 != 0 {
                source.waiting[last] = (1 << UInt64(source.count & 63)) - 1
            }
        })
}
