import EmuCore

/// The router as the machine's interrupt controller, with a context for each thread.
extension XIVERouter: SpaprInterruptController {
    /// Makes the controller of a machine.
    static func make(
        _ machine: SpaprMachine, services: SpaprServices, sourceCount: Int, endCount: Int
    ) throws -> XIVERouter {
        let router = XIVERouter(
            type: machine.types.type("spapr-xive") ?? ObjectType("spapr-xive", parent: nil),
            sourceType: machine.types.type("xive-source") ?? ObjectType("xive-source", parent: nil),
            machine: machine, count: sourceCount, descriptorCount: endCount)
        machine.children["unattached"]?.add(child: router, arrayName: "device")
        router.lineMaker = { [unowned services] in (services.externalLine(of: $0), services.hypervisorLine(of: $0)) }
        // The services hold their router.
        // Not counted: it would take as long as all else.
        let uncounted = Unmanaged.passUnretained(services)
        router.currentContext = { uncounted._withUnsafeGuaranteedRef { $0.currentContext } }
        try router.realizeDevice()
        return router
    }

    private var threads: [SpaprThread] { (machine as? SpaprMachine)?.threads ?? [] }

    func context(of thread: SpaprThread) -> XIVEThreadContext? { thread.xiveContext }

    package func activate(serverCount: Int) throws { setEnabled(true) }
    package func deactivate() { setEnabled(false) }

    package func createPresenter(for thread: SpaprThread) throws {
        guard thread.cpu.model.interruptModel == .power9 else {
            throw ObjectError("XIVE interrupt controller does not support this CPU bus model")
        }
        guard let (output, hypervisorOutput) = lineMaker?(thread) else {
            throw ObjectError("interrupt controller without CPUs")
        }
        let context = XIVEThreadContext(
            type: machine.types.type("xive-tctx") ?? ObjectType("xive-tctx", parent: nil), machine: machine,
            cpuIndex: thread.index, processorID: UInt32(truncatingIfNeeded: thread.index), output: output,
            hypervisorOutput: hypervisorOutput)
        try thread.add(child: context, name: "xive-tctx")
        try context.realizeDevice()
        add(context: context)
        thread.xiveContext = context
    }

    package func resetPresenter(of thread: SpaprThread) {
        context(of: thread)?.reset(line: XIVERouter.processor(of: UInt32(truncatingIfNeeded: thread.server)))
    }

    package func removePresenter(of thread: SpaprThread) {
        guard let context = context(of: thread) else { return }
        remove(context: context)
        context.unrealizeDevice()
        thread.remove(child: "xive-tctx")
        thread.xiveContext = nil
    }

    package func claim(_ number: Int, isLevel: Bool) throws {
        try claim(UInt32(truncatingIfNeeded: number), levelSensitive: isLevel)
    }
    package func free(_ number: Int) { free(UInt32(truncatingIfNeeded: number)) }
    package func isFree(_ number: Int) -> Bool {
        assignments.indices.contains(number) && !assignments[number].isValid
    }
    package func setLevel(_ number: Int, _ level: Bool) { source.set(UInt32(truncatingIfNeeded: number), level) }

    package func addDeviceTree(_ tree: DeviceTree, serverCount: Int, phandle: UInt32) {
        let base = XIVERouter.threadBase
        let page: UInt64 = 1 << 16
        let user = base + UInt64(XIVEThreadContext.Page.user) * page
        let os = base + UInt64(XIVEThreadContext.Page.os) * page
        let node = tree.addNode(DeviceTree.root, "interrupt-controller@\(String(user, radix: 16))")
        tree.set(node, "device_type", string: "power-ivpe")
        tree.set(node, "reg", doublewords: [user, page, os, page])
        tree.set(node, "compatible", string: "ibm,power-ivpe")
        tree.set(node, "ibm,xive-eq-sizes", cells: [16])
        tree.set(node, "ibm,xive-lisn-ranges", cells: [0, UInt32(truncatingIfNeeded: serverCount)])
        tree.set(node, "interrupt-controller")
        tree.set(node, "#interrupt-cells", cell: 2)
        tree.set(node, "linux,phandle", cell: phandle)
        tree.set(node, "phandle", cell: phandle)
        let reserved = UInt32(truncatingIfNeeded: reservedPriority)
        tree.set(DeviceTree.root, "ibm,plat-res-int-priorities", cells: [reserved, 0xff - reserved])
    }

    package func stateLoaded(version: Int) throws {
        for thread in threads { context(of: thread)?.stateLoaded() }
    }

    package func describe() -> String {
        var lines: [String] = []
        let names = ["USER", "  OS", "POOL", "PHYS"]
        for context in contexts {
            lines.append("CPU[\(hex(UInt64(context.cpuIndex), 4))]:   QW   NSR CPPR IPB LSMFB ACK# INC AGE PIPR  W2")
            for ring in 0..<4 {
                var line = "CPU[\(hex(UInt64(context.cpuIndex), 4))]: \(names[ring])    "
                for (index, gap) in [3, 2, 4, 3, 2, 2, 3, 2].enumerated() {
                    line += hex(UInt64(context.registers[ring * 16 + index]), 2) + String(repeating: " ", count: gap)
                }
                lines.append(line + hex(UInt64(context.word2(ring * 16)), 8))
            }
        }
        lines.append("  LISN         PQ    EISN     CPU/PRIO EQ")
        for (number, assignment) in assignments.enumerated() where assignment.isValid {
            lines.append("  " + describe(number, assignment))
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private func describe(_ number: Int, _ assignment: XIVEAssignment) -> String {
        let state = source.status[number]
        let isLevel = source.isLevelSensitive(UInt32(truncatingIfNeeded: number))
        var line = "\(hex(UInt64(number), 8)) \(isLevel ? "LSI" : "MSI") "
        line += state & EventState.pending != 0 ? "P" : "-"
        line += state & EventState.off != 0 ? "Q" : "-"
        line += state & XIVESource.asserted != 0 ? "A" : " "
        line += assignment.isMasked ? " M " : "   "
        line += hex(UInt64(assignment.data), 8)
        let index = Int(assignment.descriptor)
        guard !assignment.isMasked, descriptors.indices.contains(index), descriptors[index].isValid
        else { return line }
        let descriptor = descriptors[index]
        let target = descriptor.targetIndex &- XIVERouter.firstProcessor
        let entries = 1 << (Int(descriptor.queueSize) + 10)
        func padded(_ value: some BinaryInteger, _ width: Int) -> String {
            let text = String(value)
            return String(repeating: " ", count: max(width - text.count, 0)) + text
        }
        line +=
            " \(padded(target, 3))/\(descriptor.priority) \(padded(descriptor.queueOffset, 6))/\(padded(entries, 5)) "
        line += "@\(String(descriptor.queueAddress, radix: 16)) ^\(descriptor.queueGeneration)"
        guard descriptor.isEnqueuing else { return line }
        // The last five entries and the one that is filled next.
        line += " ["
        for back in (0...5).reversed() {
            let place = (UInt64(descriptor.queueOffset) &- UInt64(back)) & UInt64(entries - 1)
            let entry = try? machine.memory.load(UInt32.self, at: descriptor.queueAddress &+ place * 4, order: .big)
            line += " " + (back == 0 ? "^" : "") + hex(UInt64(entry ?? .max), 8)
        }
        return line + " ]"
    }
}
