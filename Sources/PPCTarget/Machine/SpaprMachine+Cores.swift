import EmuCore

/// Putting processor cores into the machine: its own, and those that `-device` adds before it starts.
extension SpaprMachine {
    /// A place for a core: whether one can be or is there.
    struct CoreSlot {
        let coreID: Int
        let threadCount: Int
        let node: Int
        let core: SpaprCPUCore?
    }

    /// Every core that `-smp maxcpus=` leaves room for.
    var coreSlots: [CoreSlot] {
        stride(from: 0, to: smp.maximum, by: max(smp.threads, 1)).map { first in
            CoreSlot(
                coreID: first, threadCount: smp.threads, node: node(ofCore: first),
                core: cores.first { $0.firstThread == first })
        }
    }

    private func node(ofCore first: Int) -> Int {
        numa.node(ofCPU: first, coresPerSocket: smp.cores, core: first / max(smp.threads, 1))
    }

    /// Checks a core against the machine's topology and makes its threads.
    func insert(_ core: SpaprCPUCore) throws {
        let wanted = "\(model.name)-spapr-cpu-core"
        guard core.objectType.name == wanted else { throw ObjectError("CPU core type should be \(wanted)") }
        let first = core.firstThread
        guard first % max(smp.threads, 1) == 0 else { throw ObjectError("invalid core id \(first)") }
        let isOwn = !core.isUserCreated
        guard isOwn || version.hasHotpluggableCPUs else {
            throw ObjectError("CPU hotplug not supported for this machine")
        }
        guard isOwn || core.threadCount == smp.threads else {
            throw ObjectError("invalid nr-threads \(core.threadCount), must be \(smp.threads)")
        }
        guard first < smp.maximum else { throw ObjectError("core id \(first) out of range") }
        guard !cores.contains(where: { $0.firstThread == first }) else {
            throw ObjectError("core \(first) already populated")
        }
        let node = node(ofCore: first)
        guard core.node == nil || core.node == node else { throw ObjectError("invalid node-id, must be \(node)") }
        core.node = node
        cores.insert(core, at: cores.firstIndex { $0.firstThread > first } ?? cores.endIndex)
        do { try core.realizeDevice() } catch {
            cores.removeAll { $0 === core }
            throw error
        }
        guard let connector = connectors.connector(.cpu, UInt32(server(ofThread: first))) else { return }
        connector.attach(core) { [unowned self] in connectorReleased($0) }
        connector.makeFragment = { [unowned self, unowned core] in fragment(for: core) }
    }

    /// The device tree of one core, as a guest gets it that asks for it anew.
    private func fragment(for core: SpaprCPUCore) -> (DeviceTree, DeviceTree.Node) {
        let tree = DeviceTree(capacity: 0x1_0000)
        let server = server(ofThread: core.firstThread)
        let node = tree.addNode(DeviceTree.root, "\(model.deviceTreeName)@\(String(server, radix: 16))")
        if let first = core.threads.first { describe(first, tree, node) }
        return (tree, node)
    }
}
