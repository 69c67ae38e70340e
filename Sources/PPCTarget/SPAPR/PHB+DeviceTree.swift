import EmuCore

extension SpaprPHB {
    private static let slotCount = 32

    /// Adds the bridge's node.
    @discardableResult
    package func describe(_ tree: DeviceTree, machine: SpaprMachine) -> DeviceTree.Node {
        let node = tree.addNode(DeviceTree.root, treeName)
        tree.set(node, "device_type", string: "pci")
        tree.set(node, "compatible", string: "IBM,Logical_PHB")
        tree.set(node, "#interrupt-cells", cell: 1)
        tree.set(node, "used-by-rtas")
        tree.set(node, "bus-range", cells: [0, 0xff])
        tree.set(node, "ranges", cells: rangeCells)
        tree.set(node, "reg", doublewords: [buid, 0])
        tree.set(node, "ibm,pci-config-space-type", cell: 1)
        tree.set(node, "ibm,pe-total-#msi", cell: UInt32(machine.interrupts.messageCount))
        if settings.hasDynamicWindows {
            // Tokens of the runtime services that query, create, remove and reset windows.
            tree.set(node, "ibm,ddw-applicable", cells: [0x2026, 0x2027, 0x2028])
            tree.set(node, "ibm,ddw-extensions", cells: [2, 0x2029, 1])
        }
        if self.node != .max {
            let place = Int(self.node)
            tree.set(
                node, "ibm,associativity",
                cells: machine.numa.associativity(place, isForm2: machine.negotiatedVector5[.form2Affinity]))
        }
        tree.set(node, "interrupt-map-mask", cells: [0xf800, 0, 0, .max])
        tree.set(node, "interrupt-map", cells: interruptMap)
        if let window = windows.first {
            let size = UInt64(window.entryCount) << UInt64(window.pageShift)
            tree.set(node, "ibm,#dma-address-cells", cell: 2)
            tree.set(node, "ibm,#dma-size-cells", cell: 2)
            tree.set(
                node, "ibm,dma-window",
                cells: [
                    window.liobn, UInt32(window.busOffset >> 32), UInt32(truncatingIfNeeded: window.busOffset),
                    UInt32(size >> 32), UInt32(truncatingIfNeeded: size),
                ])
        }
        if let connector = machine.connectors.connector(.phb, index) {
            tree.set(node, "ibm,my-drc-index", cell: connector.drcIndex)
        }
        tree.set(node, "qemu,phb-enumerated", cell: 1)
        tree.set(node, "#address-cells", cell: 3)
        tree.set(node, "#size-cells", cell: 2)
        machine.connectors.describe(tree, node, owner: self, kinds: [.pci])
        return node
    }

    /// I/O, 32-bit memory and 64-bit memory: PCI address with its space, guest's address, size.
    private var rangeCells: [UInt32] {
        func cells(_ space: UInt32, _ bus: UInt64, _ guest: UInt64, _ size: UInt64) -> [UInt32] {
            [space << 24] + [bus, guest, size].flatMap { [UInt32($0 >> 32), UInt32(truncatingIfNeeded: $0)] }
        }
        var list = cells(1, 0, ioWindow, ioWindowSize)
        list += cells(2, Self.memoryBusAddress, memoryWindow, settings.memoryWindowSize)
        if settings.memory64WindowSize != 0 {
            list += cells(3, memory64BusAddress, memory64Window, settings.memory64WindowSize)
        }
        return list
    }

    /// Each slot's pins, rotated over the bridge's wires.
    private var interruptMap: [UInt32] {
        var cells: [UInt32] = []
        for slot in 0..<Self.slotCount {
            for pin in 0..<PCIBus.pinCount {
                let wire = (slot + pin) % PCIBus.pinCount
                let number = levelInterrupts.indices.contains(wire) ? levelInterrupts[wire] : 0
                let device: [UInt32] = [UInt32(slot) << 11, 0, 0, UInt32(pin) + 1]
                cells += device + [SpaprMachine.interruptControllerHandle]
                cells += SpaprInterrupts.cells(number, isLevel: true)
            }
        }
        return cells
    }
}
