import EmuCore

/// The XIVE interrupt controller of a pseries machine: sources, routing tables and presenter in one device. The guest
/// configures it by hypercalls and handles interrupts by loads and stores to its pages.
///
/// Used with the machine's lock held. Not implemented: groups of virtual processors, store to end an interrupt,
/// reporting lines; QEMU has none of them either.
package final class XIVERouter: Device {
    package let source: XIVESource
    package let assignments: [XIVEAssignment]
    package let descriptors: [XIVEDescriptor]
    /// Thread contexts by CPU index.
    package private(set) var contexts: [XIVEThreadContext] = []
    /// The context of the CPU whose access is being handled.
    var currentContext: () -> Unmanaged<XIVEThreadContext>? = { nil }
    /// Makes the wires from a thread's context to its CPU: for the operating system and for a hypervisor.
    var lineMaker: ((SpaprThread) -> (InterruptLine, InterruptLine))?

    /// Where the guest sees the source pages, the descriptors' pages and the thread area.
    package static let sourceBase: UInt64 = 0x0006_0100_0000_0000
    package static let threadBase: UInt64 = 0x0006_0302_0318_0000
    package let descriptorBase: UInt64
    /// First of the priorities that are reserved for the hypervisor.
    package let reservedPriority: UInt64 = 7
    /// Number of the first virtual processor.
    static let firstProcessor: UInt32 = 0x400
    /// log2 of a page of the descriptors' state buffers.
    static let descriptorShift: UInt64 = 16

    private var threadRegion: MemoryRegion?
    private var descriptorRegion: MemoryRegion?

    /// - Parameters:
    ///   - count: Interrupts, with the inter-processor ones first.
    ///   - descriptorCount: Eight for each possible server.
    package init(type: ObjectType, sourceType: ObjectType, machine: Machine, count: Int, descriptorCount: Int) {
        source = XIVESource(type: sourceType, machine: machine, count: count)
        assignments = (0..<count).map { _ in XIVEAssignment() }
        descriptors = (0..<descriptorCount).map { _ in XIVEDescriptor() }
        descriptorBase = Self.sourceBase + source.byteCount
        super.init(type: type, machine: machine)
        source.notify = { [unowned self] in route($0) }
    }

    package var count: Int { assignments.count }

    package override func realize() throws {
        try add(child: source, name: "source")
        try source.realizeDevice()
        // The region is gone before its router; guests access it more often than any other, so nothing is counted.
        let router = Unmanaged.passUnretained(self)
        let thread = MemoryRegion(
            "xive.tima", size: 4 << 16,
            .io(
                IOHandlers(
                    order: .big,
                    read: { offset, size in
                        router._withUnsafeGuaranteedRef { $0.currentContext() }?._withUnsafeGuaranteedRef {
                            $0.load(offset, size: size)
                        } ?? .max
                    },
                    write: { offset, value, size in
                        router._withUnsafeGuaranteedRef { $0.currentContext() }?._withUnsafeGuaranteedRef {
                            $0.store(offset, value, size: size)
                        }
                    })), in: machine.topology)
        let descriptor = MemoryRegion(
            "xive.end", size: UInt64(count) << (Self.descriptorShift + 1),
            .io(
                IOHandlers(
                    order: .big, validSizes: 8...8, implementedSizes: 8...8,
                    read: { [unowned self] offset, _ in readDescriptorState(offset) }, write: { _, _, _ in })),
            in: machine.topology)
        threadRegion = thread
        descriptorRegion = descriptor
        setEnabled(false)
        machine.topology.transaction {
            if let region = source.region { machine.systemMemory.add(region, at: Self.sourceBase) }
            machine.systemMemory.add(descriptor, at: descriptorBase)
            machine.systemMemory.add(thread, at: Self.threadBase)
        }
    }

    /// Shows or hides the pages. Those of the descriptors stay hidden: no guest uses them.
    package func setEnabled(_ enabled: Bool) {
        machine.topology.transaction {
            source.region?.setEnabled(enabled)
            threadRegion?.setEnabled(enabled)
            descriptorRegion?.setEnabled(false)
        }
    }

    func add(context: XIVEThreadContext) { contexts.append(context) }
    func remove(context: XIVEThreadContext) { contexts.removeAll { $0 === context } }

    // MARK: Allocation

    package func claim(_ number: UInt32, levelSensitive: Bool) throws {
        guard number < UInt32(count) else { throw ObjectError("IRQ \(number) is out of range") }
        let assignment = assignments[Int(number)]
        guard !assignment.isValid else { throw ObjectError("IRQ \(number) is not free") }
        assignment.word |= XIVEAssignment.valid | XIVEAssignment.masked
        if levelSensitive { source.setLevelSensitive(number) }
    }

    package func free(_ number: UInt32) {
        guard number < UInt32(count) else { return }
        assignments[Int(number)].word &= ~XIVEAssignment.valid
    }

    // MARK: Routing

    /// An event of a source goes to the descriptor that its assignment names.
    private func route(_ number: UInt32) {
        guard number < UInt32(count) else { return }
        let assignment = assignments[Int(number)]
        guard assignment.isValid, !assignment.isMasked else { return }
        notifyDescriptor(assignment.descriptor, assignment.data)
    }

    /// An event reaches a descriptor: queue it, notify the thread, escalate where configured. A chain of escalations
    /// ends after as many steps as there are descriptors, for tables that refer to each other in circles.
    private func notifyDescriptor(_ first: UInt32, _ firstData: UInt32) {
        var index = first
        var data = firstData
        for _ in 0...descriptors.count {
            guard index < UInt32(descriptors.count) else { return }
            let descriptor = descriptors[Int(index)]
            guard descriptor.isValid else { return }
            if descriptor.isEnqueuing { descriptor.enqueue(data, memory: machine.memory) }
            if !descriptor.escalatesSilently {
                if descriptor.format == 0, descriptor.priority == 0xff { return }
                if !descriptor.notifiesAlways,
                    !trigger(descriptor, XIVEDescriptor.notifyStateShift)
                {
                    return
                }
                if present(descriptor) { return }
            }
            guard descriptor.escalates else { return }
            if !descriptor.escalatesAlways, !trigger(descriptor, XIVEDescriptor.escalateStateShift) { return }
            index = descriptor.words[4] & 0x00ff_ffff
            data = descriptor.words[5] & 0x7fff_ffff
        }
    }

    private func trigger(_ descriptor: XIVEDescriptor, _ shift: UInt32) -> Bool {
        var state = descriptor.eventState(shift)
        let forward = EventState.trigger(&state)
        descriptor.setEventState(shift, state)
        return forward
    }

    /// Signals the thread of a descriptor. Returns whether one was found.
    private func present(_ descriptor: XIVEDescriptor) -> Bool {
        let line = descriptor.targetBlock << 19 | descriptor.targetIndex
        var found: (XIVEThreadContext, Int)?
        for context in contexts {
            let ring = context.match(
                format: descriptor.format, line: line, ignore: descriptor.words[7] & XIVEDescriptor.ignore != 0,
                logicalServer: descriptor.words[7] & XIVEDescriptor.logicalServerMask)
            guard let ring else { continue }
            if found != nil { return false }  // two threads claim to be the same virtual processor
            found = (context, ring)
        }
        guard let (context, ring) = found else { return false }
        context.addPending(ring, XIVEThreadContext.pendingBit(descriptor.priority))
        return true
    }

    /// A load from the pages of the descriptors' own state buffers.
    private func readDescriptorState(_ offset: UInt64) -> UInt64 {
        let index = offset >> (Self.descriptorShift + 1)
        guard index < UInt64(descriptors.count), descriptors[Int(index)].isValid else { return .max }
        let descriptor = descriptors[Int(index)]
        let shift =
            offset >> Self.descriptorShift & 1 == 0
            ? XIVEDescriptor.notifyStateShift : XIVEDescriptor.escalateStateShift
        var state = descriptor.eventState(shift)
        let old = state
        let result: UInt64
        switch offset & 0xfff {
        case ..<0x800: result = EventState.endOfInterrupt(&state) ? 1 : 0
        case ..<0xc00: result = UInt64(old)
        default:
            result = UInt64(old)
            state = UInt8(truncatingIfNeeded: offset >> 8) & EventState.mask
        }
        descriptor.setEventState(shift, state)
        return result
    }

    // MARK: Reset and state

    /// Number of a server's virtual processor.
    static func processor(of server: UInt32) -> UInt32 { firstProcessor &+ server }

    package override func reset(_ phase: ResetPhase) {
        guard phase == .hold else { return }
        source.reset(phase)
        resetTables()
    }

    /// Masks every interrupt and forgets every queue (also H_INT_RESET).
    func resetTables() {
        for assignment in assignments {
            assignment.word = assignment.isValid ? XIVEAssignment.valid | XIVEAssignment.masked : 0
        }
        for descriptor in descriptors { descriptor.reset() }
    }

    package override var stateDescription: StateDescription? { Self.description }

    static let description = StateDescription(
        "spapr-xive", of: XIVERouter.self, version: 1,
        fields: [
            .scalar("nr_irqs", .uint32, mustMatch: true, get: { UInt64($0.count) }, set: { _, _ in }),
            .structure("eat", XIVEAssignment.description, count: { $0.count }, element: { $0.assignments[$1] }),
            .structure(
                "endt", XIVEDescriptor.description, count: { $0.descriptors.count },
                element: { $0.descriptors[$1] }),
        ])
}
