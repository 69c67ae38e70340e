import EmuCore

// Runtime services of PCI: configuration space, message interrupts, DMA windows, error handling (PAPR, "PCI Host
// Bridges", "Enhanced I/O Error Handling", "Dynamic DMA Windows").

/// A function on a PCI bus as the runtime services reach it.
package protocol PCIFunction: AnyObject {
    /// Bytes of its configuration space, 256 or 4096.
    var configurationSize: Int { get }
    func readConfiguration(_ offset: Int, size: Int) -> UInt32
    func writeConfiguration(_ offset: Int, size: Int, _ value: UInt32)
    /// Vectors that the function can signal by MSI or MSI-X, 0 for none.
    func messageCount(isMSIX: Bool) -> Int
    /// Sets where messages go: vector n is signalled by writing `first` + n to `address`; 0 turns them off.
    func setMessages(isMSIX: Bool, address: UInt64, first: Int, count: Int)
}

enum PCIServices {
    static func register(_ table: RTASTable) {
        table.register(0x14, "read-pci-config") { call in
            guard call.has(arguments: 2, results: 2) else { return call.setStatus(RTASStatus.hardwareError) }
            read(call, buid: 0, size: call.argument(1))
        }
        table.register(0x15, "write-pci-config") { call in
            guard call.has(arguments: 3, results: 1) else { return call.setStatus(RTASStatus.hardwareError) }
            write(call, buid: 0, size: call.argument(1), call.argument(2))
        }
        table.register(0x16, "ibm,read-pci-config") { call in
            guard call.has(arguments: 4, results: 2) else { return call.setStatus(RTASStatus.hardwareError) }
            read(call, buid: call.argument64(1), size: call.argument(3))
        }
        table.register(0x17, "ibm,write-pci-config") { call in
            guard call.has(arguments: 5, results: 1) else { return call.setStatus(RTASStatus.hardwareError) }
            write(call, buid: call.argument64(1), size: call.argument(3), call.argument(4))
        }
        table.register(0x18, "ibm,query-interrupt-source-number", querySource)
        table.register(0x19, "ibm,change-msi", changeMessages)
        table.register(0x26, "ibm,query-pe-dma-window", queryWindow)
        table.register(0x27, "ibm,create-pe-dma-window", createWindow)
        table.register(0x28, "ibm,remove-pe-dma-window", removeWindow)
        table.register(0x29, "ibm,reset-pe-dma-window", resetWindow)
        // Error handling needs hardware that reports errors; host bridges without it refuse, as QEMU's do.
        let errorHandling: [(Int, String)] = [
            (0x20, "ibm,set-eeh-option"), (0x21, "ibm,get-config-addr-info2"), (0x22, "ibm,read-slot-reset-state2"),
            (0x23, "ibm,set-slot-reset"), (0x24, "ibm,configure-pe"), (0x25, "ibm,slot-error-detail"),
        ]
        for (place, name) in errorHandling {
            table.register(place, name) { $0.setStatus(RTASStatus.parameterError) }
        }
    }

    private static func bridge(_ call: RTASFrame, buid: UInt64) -> SpaprPHB? {
        call.machine.phbs.first { $0.buid == buid }
    }

    /// The function that bus, slot and function number of a configuration address name.
    private static func function(_ call: RTASFrame, buid: UInt64) -> (any PCIFunction)? {
        guard let bridge = bridge(call, buid: buid) else { return nil }
        let address = call.argument(0)
        return call.services.pciFunction(
            bridge, bus: Int(address >> 16 & 0xff), slot: Int(address >> 11 & 31), number: Int(address >> 8 & 7))
    }

    /// Offset in configuration space: four more bits are at the top of the address.
    private static func offset(_ address: UInt32) -> Int { Int(address >> 20 & 0xf00 | address & 0xff) }

    private static func isSize(_ size: UInt32) -> Bool { size == 1 || size == 2 || size == 4 }

    private static func read(_ call: RTASFrame, buid: UInt64, size: UInt32) {
        let offset = offset(call.argument(0))
        guard isSize(size), let function = function(call, buid: buid), offset % Int(size) == 0,
            offset < function.configurationSize
        else { return call.setStatus(RTASStatus.hardwareError) }
        call.setStatus(RTASStatus.success)
        call.setResult(1, function.readConfiguration(offset, size: Int(size)))
    }

    private static func write(_ call: RTASFrame, buid: UInt64, size: UInt32, _ value: UInt32) {
        let offset = offset(call.argument(0))
        guard isSize(size), let function = function(call, buid: buid), offset % Int(size) == 0,
            offset < function.configurationSize
        else { return call.setStatus(RTASStatus.hardwareError) }
        function.writeConfiguration(offset, size: Int(size), value)
        call.setStatus(RTASStatus.success)
    }

    // MARK: Messages

    /// Where messages are written: any data there is an interrupt number.
    private static let messageWindow: UInt64 = 0x400_0000_0000

    private static func querySource(_ call: RTASFrame) {
        let buid = call.argument64(1)
        guard let bridge = bridge(call, buid: buid), function(call, buid: buid) != nil else {
            return call.setStatus(RTASStatus.parameterError)
        }
        let vector = Int(call.argument(3))
        guard let block = bridge.messages[call.argument(0)], vector < block.count else {
            return call.setStatus(RTASStatus.hardwareError)
        }
        call.setStatus(RTASStatus.success)
        call.setResult(1, UInt32(truncatingIfNeeded: block.first + vector))
        call.setResult(2, 1)  // edge
    }

    private static func changeMessages(_ call: RTASFrame) {
        let buid = call.argument64(1)
        let address = call.argument(0)
        guard let bridge = bridge(call, buid: buid), let function = function(call, buid: buid) else {
            return call.setStatus(RTASStatus.parameterError)
        }
        let isMSIX: Bool
        switch call.argument(3) {
        case 1: isMSIX = function.messageCount(isMSIX: false) == 0
        case 3: isMSIX = false
        case 4: isMSIX = true
        default: return call.setStatus(RTASStatus.parameterError)
        }
        let limit = function.messageCount(isMSIX: isMSIX)
        guard limit > 0 else { return call.setStatus(RTASStatus.parameterError) }
        var count = Int(call.argument(4))
        if count == 0 {
            guard let block = bridge.messages.removeValue(forKey: address) else {
                return call.setStatus(RTASStatus.hardwareError)
            }
            function.setMessages(isMSIX: isMSIX, address: 0, first: 0, count: 0)
            release(call.machine, block)
            call.setStatus(RTASStatus.success)
            return call.setResult(1, 0)
        }
        if count > limit {
            count = limit  // the guest asks again for as many as there are
        } else {
            guard let first = allocate(call.machine, count, aligned: !isMSIX) else {
                return call.setStatus(RTASStatus.hardwareError)
            }
            if let old = bridge.messages.removeValue(forKey: address) { release(call.machine, old) }
            function.setMessages(isMSIX: isMSIX, address: messageWindow, first: first, count: count)
            bridge.messages[address] = (first: first, count: count)
        }
        call.setStatus(RTASStatus.success)
        call.setResult(1, UInt32(truncatingIfNeeded: count))
        call.setResult(2, call.argument(5) &+ 1)
        if call.resultCount > 3 { call.setResult(3, isMSIX ? 2 : 1) }
    }

    private static func allocate(_ machine: SpaprMachine, _ count: Int, aligned: Bool) -> Int? {
        guard let first = try? machine.interrupts.allocateMessages(count, aligned: aligned) else { return nil }
        for number in first..<(first + count) {
            do { try machine.interrupts.claim(number, isLevel: false) } catch {
                machine.interrupts.free(first, count: number - first)
                machine.interrupts.freeMessages(first, count: count)
                return nil
            }
        }
        return first
    }

    private static func release(_ machine: SpaprMachine, _ block: (first: Int, count: Int)) {
        machine.interrupts.free(block.first, count: block.count)
        machine.interrupts.freeMessages(block.first, count: block.count)
    }

    // MARK: DMA windows

    /// A host bridge with windows that the guest may change.
    private static func dynamicBridge(_ call: RTASFrame, arguments: UInt32) -> SpaprPHB? {
        guard call.argumentCount == arguments, let bridge = bridge(call, buid: call.argument64(1)),
            bridge.settings.hasDynamicWindows
        else {
            call.setStatus(RTASStatus.parameterError)
            return nil
        }
        return bridge
    }

    /// Page sizes by bit of PAPR's mask.
    private static let pageShifts: [(shift: UInt64, mask: UInt32)] = [
        (12, 0x01), (16, 0x02), (24, 0x04), (25, 0x08), (26, 0x10), (27, 0x20), (28, 0x40), (34, 0x80), (21, 0x100),
    ]

    private static func queryWindow(_ call: RTASFrame) {
        guard let bridge = dynamicBridge(call, arguments: 3) else { return }
        guard (5...6).contains(call.resultCount) else { return call.setStatus(RTASStatus.parameterError) }
        let pages = pageShifts.reduce(UInt32(0)) {
            bridge.settings.pageSizeMask >> $1.shift & 1 != 0 ? $0 | $1.mask : $0
        }
        let free = bridge.windows.filter { !$0.isOpen }.count
        call.setStatus(RTASStatus.success)
        call.setResult(1, UInt32(truncatingIfNeeded: free))
        if call.resultCount == 6 {
            for (index, cell) in [0x20, 0, pages, 0].enumerated() { call.setResult(index + 2, cell) }
        } else {
            for (index, cell) in [0x8000_0000, pages, 0].enumerated() { call.setResult(index + 2, cell) }
        }
    }

    private static func createWindow(_ call: RTASFrame) {
        guard let bridge = dynamicBridge(call, arguments: 5) else { return }
        let (pageShift, windowShift) = (call.argument(3), call.argument(4))
        guard call.resultCount == 4, pageShift < 64, bridge.settings.pageSizeMask >> UInt64(pageShift) & 1 != 0,
            windowShift >= pageShift, windowShift < 63
        else { return call.setStatus(RTASStatus.parameterError) }
        let isFirst = bridge.windows.allSatisfy { !$0.isOpen }
        guard let window = bridge.windows.first(where: { !$0.isOpen }) else {
            return call.setStatus(RTASStatus.hardwareError)
        }
        let address = isFirst ? bridge.dmaWindowAddress : bridge.dma64WindowAddress
        window.open(pageShift: pageShift, busOffset: address, count: 1 << Int(windowShift - pageShift))
        guard window.isOpen else { return call.setStatus(RTASStatus.hardwareError) }
        call.setStatus(RTASStatus.success)
        call.setResult(1, window.liobn)
        call.setResult(2, UInt32(truncatingIfNeeded: window.busOffset >> 32))
        call.setResult(3, UInt32(truncatingIfNeeded: window.busOffset))
    }

    private static func removeWindow(_ call: RTASFrame) {
        guard call.has(arguments: 1, results: 1),
            let bridge = call.machine.phbs.first(where: { bridge in
                bridge.windows.contains { $0.liobn == call.argument(0) }
            }), bridge.settings.hasDynamicWindows,
            let window = bridge.windows.first(where: { $0.liobn == call.argument(0) }), window.isOpen
        else { return call.setStatus(RTASStatus.parameterError) }
        let wasDefault = window.isDefaultWindow
        window.close()
        // The default window comes back when the guest has removed all others.
        if !wasDefault, bridge.windows.allSatisfy({ !$0.isOpen }) { bridge.resetDMA() }
        call.setStatus(RTASStatus.success)
    }

    private static func resetWindow(_ call: RTASFrame) {
        guard call.resultCount == 1 else { return call.setStatus(RTASStatus.parameterError) }
        guard let bridge = dynamicBridge(call, arguments: 3) else { return }
        bridge.resetDMA()
        call.setStatus(RTASStatus.success)
    }
}

extension SpaprServices {
    /// The function of a place on a bridge's bus, `nil` where nothing is plugged.
    func pciFunction(_ bridge: SpaprPHB, bus: Int, slot: Int, number: Int) -> (any PCIFunction)? {
        guard let pci = bridge.pci else { return nil }
        return pci.devices.lazy.compactMap { $0 as? any PlacedPCIFunction }
            .first { $0.busNumber == bus && $0.slot == slot && $0.functionNumber == number }
    }
}

/// A function that knows its place on the bus.
package protocol PlacedPCIFunction: PCIFunction {
    var busNumber: Int { get }
    var slot: Int { get }
    var functionNumber: Int { get }
}
