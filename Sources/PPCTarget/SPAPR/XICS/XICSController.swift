import EmuCore

/// The source controller as the machine's interrupt controller, with a presenter for each thread.
extension XICSSourceController: SpaprInterruptController {
    /// Makes the controller of a machine.
    static func make(_ machine: SpaprMachine, services: SpaprServices, sourceCount: Int) throws -> XICSSourceController
    {
        let type = machine.types.type("ics-spapr") ?? ObjectType("ics-spapr", parent: nil)
        let source = XICSSourceController(type: type, machine: machine, count: sourceCount)
        source.lineMaker = { [unowned services] in services.externalLine(of: $0) }
        try machine.add(child: source, name: "ics")
        try source.realizeDevice()
        source.presenter = { [weak machine] server in
            machine?.thread(server: Int(server)).flatMap { $0.xicsPresenter as? XICSPresenter }
        }
        return source
    }

    private var threads: [SpaprThread] { (machine as? SpaprMachine)?.threads ?? [] }

    func presenter(of thread: SpaprThread) -> XICSPresenter? { thread.xicsPresenter as? XICSPresenter }

    package func activate(serverCount: Int) throws {}
    package func deactivate() {}

    package func createPresenter(for thread: SpaprThread) throws {
        guard let output = lineMaker?(thread) else { throw ObjectError("interrupt controller without CPUs") }
        let presenter = XICSPresenter(
            type: machine.types.type("icp") ?? ObjectType("icp", parent: nil), machine: machine,
            cpuIndex: thread.index, source: self, output: output)
        try thread.add(child: presenter, name: "icp")
        try presenter.realizeDevice()
        thread.xicsPresenter = presenter
    }

    package func resetPresenter(of thread: SpaprThread) { presenter(of: thread)?.reset(.hold) }

    package func removePresenter(of thread: SpaprThread) {
        presenter(of: thread)?.unrealizeDevice()
        thread.remove(child: "icp")
        thread.xicsPresenter = nil
    }

    package func claim(_ number: Int, isLevel: Bool) throws {
        try claim(UInt32(truncatingIfNeeded: number), levelSensitive: isLevel)
    }
    package func free(_ number: Int) { free(UInt32(truncatingIfNeeded: number)) }
    package func isFree(_ number: Int) -> Bool {
        interrupt(UInt32(truncatingIfNeeded: number)).map { !$0.isAllocated } ?? false
    }
    package func setLevel(_ number: Int, _ level: Bool) { set(UInt32(truncatingIfNeeded: number), level) }

    package func addDeviceTree(_ tree: DeviceTree, serverCount: Int, phandle: UInt32) {
        let node = tree.addNode(DeviceTree.root, "interrupt-controller")
        tree.set(node, "device_type", string: "PowerPC-External-Interrupt-Presentation")
        tree.set(node, "compatible", string: "IBM,ppc-xicp")
        tree.set(node, "interrupt-controller")
        tree.set(
            node, "ibm,interrupt-server-ranges", cells: [0, UInt32(truncatingIfNeeded: serverCount)])
        tree.set(node, "#interrupt-cells", cell: 2)
        tree.set(node, "linux,phandle", cell: phandle)
        tree.set(node, "phandle", cell: phandle)
    }

    package func stateLoaded(version: Int) throws {
        for thread in threads { presenter(of: thread)?.stateLoaded() }
    }

    package func describe() -> String {
        var lines: [String] = []
        for thread in threads {
            guard let presenter = presenter(of: thread) else { continue }
            lines.append(
                "CPU \(thread.index) XIRR=\(hex(UInt64(presenter.xirr), 8)) "
                    + "PP=\(hex(UInt64(presenter.pendingPriority), 2)) MFRR=\(hex(UInt64(presenter.mfrr), 2))")
        }
        let first = XICSSourceController.firstNumber
        let last = first + UInt32(count) - 1
        lines.append("ICS \(String(first, radix: 16))..\(String(last, radix: 16))")
        for (index, interrupt) in interrupts.enumerated() where interrupt.isAllocated {
            lines.append(
                "  \(String(first + UInt32(index), radix: 16)) \(interrupt.isLevelSensitive ? "LSI" : "MSI") "
                    + "\(hex(UInt64(interrupt.priority), 2)) \(hex(UInt64(interrupt.status), 2))")
        }
        return lines.joined(separator: "\n") + "\n"
    }
}

/// Hexadecimal with at least `digits` digits.
func hex(_ value: UInt64, _ digits: Int) -> String {
    let text = String(value, radix: 16)
    return String(repeating: "0", count: max(digits - text.count, 0)) + text
}
