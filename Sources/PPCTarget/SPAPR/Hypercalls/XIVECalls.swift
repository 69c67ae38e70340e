import EmuCore

// Interrupt hypercalls of the XIVE architecture (PAPR, "External Interrupt Virtualization hcalls"). They answer
// H_FUNCTION until the guest has chosen XIVE.

enum XIVECalls {
    static func register(_ table: HypercallDispatch) {
        table[HypercallNumber.intGetSourceInfo] = { call in withRouter(call, sourceInfo) }
        table[HypercallNumber.intSetSourceConfig] = { call in withRouter(call, setSourceConfig) }
        table[HypercallNumber.intGetSourceConfig] = { call in withRouter(call, getSourceConfig) }
        table[HypercallNumber.intGetQueueInfo] = { call in withRouter(call, queueInfo) }
        table[HypercallNumber.intSetQueueConfig] = { call in withRouter(call, setQueueConfig) }
        table[HypercallNumber.intGetQueueConfig] = { call in withRouter(call, getQueueConfig) }
        // Reporting lines are optional, and the device tree does not offer them.
        table[HypercallNumber.intSetOSReportingLine] = { _ in HypercallStatus.function }
        table[HypercallNumber.intGetOSReportingLine] = { _ in HypercallStatus.function }
        table[HypercallNumber.intESB] = { call in withRouter(call, eventStateBuffer) }
        table[HypercallNumber.intSync] = { call in
            withRouter(call) { call, router in
                guard call[0] == 0 else { return HypercallStatus.parameter }
                // Events are in their queues when the access that triggered them is done.
                return assignment(router, call[1]) == nil ? HypercallStatus.parameter2 : HypercallStatus.success
            }
        }
        table[HypercallNumber.intReset] = { call in
            withRouter(call) { call, router in
                guard call[0] == 0 else { return HypercallStatus.parameter }
                router.resetTables()
                return HypercallStatus.success
            }
        }
    }

    private static func withRouter(_ call: HypercallFrame, _ body: (HypercallFrame, XIVERouter) -> Int64) -> Int64 {
        guard call.machine.negotiatedVector5[.xiveExploitation], let router = call.services.xive else {
            return HypercallStatus.function
        }
        return body(call, router)
    }

    private static func assignment(_ router: XIVERouter, _ number: UInt64) -> XIVEAssignment? {
        guard number < UInt64(router.count) else { return nil }
        let assignment = router.assignments[Int(number)]
        return assignment.isValid ? assignment : nil
    }

    /// Number of the descriptor for a server and a priority, eight for each server.
    private static func descriptorIndex(
        _ call: HypercallFrame, _ router: XIVERouter, server: UInt64, priority: UInt64
    ) -> Int? {
        guard let thread = call.services.thread(server: server) else { return nil }
        let index = thread.server * 8 + Int(truncatingIfNeeded: priority)
        return router.descriptors.indices.contains(index) ? index : nil
    }

    private static func sourceInfo(_ call: HypercallFrame, _ router: XIVERouter) -> Int64 {
        guard call[0] == 0 else { return HypercallStatus.parameter }
        let number = call[1]
        guard assignment(router, number) != nil else { return HypercallStatus.parameter2 }
        // A level must be looked at again at its end: by hypercall.
        let isLevel = router.source.isLevelSensitive(UInt32(truncatingIfNeeded: number))
        let pages = XIVERouter.sourceBase + number << XIVESource.shift
        call[0] = isLevel ? 8 | 4 : 0
        call[1] = isLevel ? .max : pages + 1 << (XIVESource.shift - 1)
        call[2] = isLevel ? .max : pages
        call[3] = XIVESource.shift - 1
        return HypercallStatus.success
    }

    private static func setSourceConfig(_ call: HypercallFrame, _ router: XIVERouter) -> Int64 {
        let (flags, server, priority, number) = (call[0], call[2], call[3], call[4])
        let mask: UInt64 = 1
        let setNumber: UInt64 = 2
        guard flags & ~(mask | setNumber) == 0 else { return HypercallStatus.parameter }
        guard let assignment = assignment(router, call[1]) else { return HypercallStatus.parameter2 }
        if priority == 0xff {
            assignment.word = XIVEAssignment.valid | XIVEAssignment.masked
            return HypercallStatus.success
        }
        guard priority & 0xff < router.reservedPriority else { return HypercallStatus.parameter4 }
        guard let index = descriptorIndex(call, router, server: server, priority: priority & 0xff) else {
            return HypercallStatus.parameter3
        }
        var word = assignment.word & ~(XIVEAssignment.blockMask | XIVEAssignment.indexMask)
        word = flags & mask != 0 ? word | XIVEAssignment.masked : word & ~XIVEAssignment.masked
        word |= UInt64(index) << 32
        if flags & setNumber != 0 {
            word = word & ~XIVEAssignment.dataMask | number & XIVEAssignment.dataMask
        }
        assignment.word = word
        return HypercallStatus.success
    }

    private static func getSourceConfig(_ call: HypercallFrame, _ router: XIVERouter) -> Int64 {
        guard call[0] == 0 else { return HypercallStatus.parameter }
        guard let assignment = assignment(router, call[1]) else { return HypercallStatus.parameter2 }
        guard Int(assignment.descriptor) < router.descriptors.count else { return HypercallStatus.hardware }
        let descriptor = router.descriptors[Int(assignment.descriptor)]
        call[0] = UInt64(descriptor.targetIndex &- XIVERouter.firstProcessor)
        call[1] = assignment.isMasked ? 0xff : UInt64(descriptor.priority)
        call[2] = UInt64(assignment.data)
        return HypercallStatus.success
    }

    /// The descriptor of a queue hypercall, or the status that refuses it.
    private static func queue(
        _ call: HypercallFrame, _ router: XIVERouter, flags: UInt64
    ) -> (index: Int, status: Int64) {
        guard call[0] & ~flags == 0 else { return (0, HypercallStatus.parameter) }
        let priority = call[2] & 0xff
        guard priority < router.reservedPriority else { return (0, HypercallStatus.parameter3) }
        guard let index = descriptorIndex(call, router, server: call[1], priority: priority) else {
            return (0, HypercallStatus.parameter2)
        }
        return (index, HypercallStatus.success)
    }

    private static func queueInfo(_ call: HypercallFrame, _ router: XIVERouter) -> Int64 {
        let (index, status) = queue(call, router, flags: 0)
        guard status == HypercallStatus.success else { return status }
        let descriptor = router.descriptors[index]
        call[0] = router.descriptorBase + UInt64(index) << (XIVERouter.descriptorShift + 1)
        call[1] = descriptor.isEnqueuing ? UInt64(descriptor.queueSize) + 12 : 0
        return HypercallStatus.success
    }

    private static func setQueueConfig(_ call: HypercallFrame, _ router: XIVERouter) -> Int64 {
        let always: UInt64 = 1
        let (index, status) = queue(call, router, flags: always)
        guard status == HypercallStatus.success else { return status }
        let (address, sizeShift) = (call[3], call[4])
        let descriptor = router.descriptors[index]
        switch sizeShift {
        case 0:
            descriptor.reset()
            return HypercallStatus.success
        case 12, 16, 21, 24:
            let size: UInt64 = 1 << sizeShift
            guard address & (size - 1) == 0,
                let ram = call.memory.ram(at: address, forWriting: true), ram.available >= size
            else { return HypercallStatus.parameter4 }
        default: return HypercallStatus.parameter5
        }
        guard let thread = call.services.thread(server: call[1]) else { return HypercallStatus.parameter2 }
        var word0 = descriptor.words[0] | XIVEDescriptor.valid | XIVEDescriptor.enqueue
        word0 = word0 & ~XIVEDescriptor.queueSizeMask | UInt32(sizeShift - 12) << 16
        if call[0] & always != 0 {
            word0 |= XIVEDescriptor.unconditionalNotify
        } else {
            word0 &= ~XIVEDescriptor.unconditionalNotify
        }
        descriptor.words[0] = word0
        descriptor.words[1] = XIVEDescriptor.generation
        descriptor.words[2] = UInt32(truncatingIfNeeded: address >> 32) & 0x0fff_ffff
        descriptor.words[3] = UInt32(truncatingIfNeeded: address)
        descriptor.words[6] =
            XIVERouter.processor(of: UInt32(truncatingIfNeeded: thread.server)) & XIVEDescriptor.targetIndexMask
        descriptor.words[7] = UInt32(truncatingIfNeeded: call[2] & 0xff) << 16
        return HypercallStatus.success
    }

    private static func getQueueConfig(_ call: HypercallFrame, _ router: XIVERouter) -> Int64 {
        let debug: UInt64 = 1
        let (index, status) = queue(call, router, flags: debug)
        guard status == HypercallStatus.success else { return status }
        let wantsDebug = call[0] & debug != 0
        let descriptor = router.descriptors[index]
        call[0] = descriptor.notifiesAlways ? 1 : 0
        call[1] = descriptor.isEnqueuing ? descriptor.queueAddress : 0
        call[2] = descriptor.isEnqueuing ? UInt64(descriptor.queueSize) + 12 : 0
        if wantsDebug { call[0] |= UInt64(descriptor.queueGeneration) << 62 }
        call[3] = wantsDebug ? UInt64(descriptor.queueOffset) : 0
        return HypercallStatus.success
    }

    private static func eventStateBuffer(_ call: HypercallFrame, _ router: XIVERouter) -> Int64 {
        let store: UInt64 = 1
        guard call[0] & ~store == 0 else { return HypercallStatus.parameter }
        guard assignment(router, call[1]) != nil else { return HypercallStatus.parameter2 }
        guard call[2] < 1 << (XIVESource.shift - 1) else { return HypercallStatus.parameter3 }
        let address = call[1] << XIVESource.shift + 1 << (XIVESource.shift - 1) + call[2]
        if call[0] & store != 0 {
            router.source.write(address, call[3])
            call[0] = .max
        } else {
            call[0] = router.source.read(address)
        }
        return HypercallStatus.success
    }
}
