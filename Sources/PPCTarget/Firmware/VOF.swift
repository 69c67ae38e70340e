import CPPCState
import EmuCore

/// The built-in firmware (`x-vof=on`): an Open Firmware client interface (IEEE 1275, PowerPC binding) that answers a
/// kernel's calls from the machine's device tree. The guest's side is a few instructions that make a hypercall; the
/// rest is here. It starts the kernel that the machine loaded, and nothing else.
///
/// Not implemented: `interpret`, reading from the console, devices to boot from.
final class BuiltInFirmware {
    /// The tree as the client sees and changes it; `nil` while the firmware is not in use.
    private(set) var tree: DeviceTree?
    var isActive: Bool { tree != nil }
    private var memory = ClaimedMemory(top: 0)
    /// Open instances: handle to path and package.
    private var instances: [UInt32: (path: String, package: UInt32)] = [:]
    private var lastInstance: UInt32 = 0
    private var bootArguments: [UInt8]?

    private static let stackSize: UInt64 = 0x8000
    private static let codeSize: UInt64 = 0x1000
    /// Where the client interface is entered, and what starts when there is no kernel.
    private static let clientEntry: UInt64 = 0x100
    private static let noKernelEntry: UInt64 = 0x120
    private static let exitBlock: UInt64 = 0x140

    /// `mr r4,r3; lis r3,0; ori r3,r3,NUMBER; sc 1; blr`: a hypercall with R3 as its argument.
    private static func callGate(_ number: UInt64) -> [UInt32] {
        [0x7c64_1b78, 0x3c60_0000, 0x6063_0000 | UInt32(truncatingIfNeeded: number), 0x4400_0022, 0x4e80_0020]
    }

    func register(_ table: HypercallDispatch) {
        table[HypercallNumber.firmwareClient] = { [unowned self] call in
            guard isActive else { return HypercallStatus.function }
            return serve(call) ? HypercallStatus.success : HypercallStatus.parameter
        }
    }

    // MARK: Reset

    /// Takes the tree, puts the gate into memory and points the boot thread to the kernel.
    func reset(_ machine: SpaprMachine, tree: DeviceTree) throws {
        self.tree = tree
        instances = [:]
        lastInstance = 0
        bootArguments = nil
        memory = ClaimedMemory(top: machine.realModeSize)
        guard memory.claim(0, Self.codeSize, alignment: 0) != nil,
            let stack = memory.claim(0, Self.stackSize, alignment: Self.stackSize)
        else { throw ObjectError("Memory allocation for stack failed") }
        if let kernel = machine.kernel, memory.claim(kernel.address, kernel.size, alignment: 0) == nil {
            throw ObjectError("Memory for kernel is in use")
        }
        if let initrd = machine.initrd, memory.claim(initrd.address, initrd.size, alignment: 0) == nil {
            throw ObjectError("Memory for initramdisk is in use")
        }
        try writeCode(machine)
        try finish(tree, machine)
        guard let first = machine.threads.first else { return }
        // Room for a minimal stack frame.
        let stackPointer = stack + Self.stackSize - 0x20
        first.cpu.setEntry(
            nip: machine.kernel?.address ?? Self.noKernelEntry, r1: stackPointer,
            r3: machine.initrd?.address ?? 0, r4: machine.initrd?.size ?? 0)
    }

    /// The boot thread's R5 tells the kernel where the client interface is. The machine's reset clears it last.
    func enterKernel(_ machine: SpaprMachine) {
        guard isActive, let first = machine.threads.first else { return }
        gpr(first.cpu.state)[5] = Self.clientEntry
    }

    private func writeCode(_ machine: SpaprMachine) throws {
        func put(_ words: [UInt32], at address: UInt64) throws {
            for (index, word) in words.enumerated() {
                try machine.memory.store(word, at: address + UInt64(index) * 4, order: .big)
            }
        }
        try put(Self.callGate(HypercallNumber.firmwareClient), at: Self.clientEntry)
        // Without a kernel: call the service "exit", for ever. `li r3,BLOCK; bl CLIENT; b .-8`
        try put(
            [
                0x3860_0000 | UInt32(truncatingIfNeeded: Self.exitBlock),
                0x4800_0001 | UInt32(truncatingIfNeeded: Self.clientEntry &- Self.noKernelEntry &- 4) & 0x03ff_fffc,
                0x4bff_fff8,
            ], at: Self.noKernelEntry)
        try put([UInt32(truncatingIfNeeded: Self.exitBlock + 12), 0, 0], at: Self.exitBlock)
        try machine.memory.writeBytes(Array("exit".utf8) + [0], at: Self.exitBlock + 12)
    }

    /// What the client needs in a fresh tree: handles for all nodes, free memory, an open console.
    private func finish(_ tree: DeviceTree, _ machine: SpaprMachine) throws {
        var next = highestHandle(tree, DeviceTree.root)
        assignHandles(tree, DeviceTree.root, &next)
        updateAvailable(tree, machine)
        if let bootArguments, let chosen = tree.node(path: "/chosen") {
            tree.set(chosen, "bootargs", bytes: bootArguments)
        }
        if let terminal = machine.vio.defaultTerminal {
            let instance = open("/vdevice/\(terminal.nodeName)", in: tree)
            if let chosen = tree.node(path: "/chosen"), let instance { tree.set(chosen, "stdout", cell: instance) }
        }
        try tree.check()
    }

    private func highestHandle(_ tree: DeviceTree, _ node: DeviceTree.Node) -> UInt32 {
        tree.children(of: node).reduce(tree.phandle(of: node)) { max($0, highestHandle(tree, $1)) }
    }

    private func assignHandles(_ tree: DeviceTree, _ node: DeviceTree.Node, _ next: inout UInt32) {
        if tree.property(node, "phandle") == nil {
            next += 1
            tree.set(node, "phandle", cell: next)
        }
        // Offsets of later children move with every property that is added.
        var index = 0
        while index < tree.children(of: node).count {
            assignHandles(tree, tree.children(of: node)[index], &next)
            index += 1
        }
    }

    private func updateAvailable(_ tree: DeviceTree, _ machine: SpaprMachine) {
        guard let node = tree.node(path: "/memory@0"), let cells = tree.cells(node, "reg"), cells.count >= 4 else {
            return
        }
        let end = UInt64(cells[2]) << 32 | UInt64(cells[3])
        tree.set(node, "available", doublewords: memory.available(below: end))
    }

    // MARK: Calls

    /// Serves one call of the client: its block holds service name, counts, arguments and results.
    ///
    /// - Returns: `false` if the block makes no sense.
    private func serve(_ call: HypercallFrame) -> Bool {
        let block = RTASFrame.real(call[0])
        guard
            let cells = try? (0..<13).map({
                try call.memory.load(UInt32.self, at: block &+ UInt64($0) * 4, order: .big)
            })
        else { return false }
        let (argumentCount, resultCount) = (Int(cells[1]), Int(cells[2]))
        guard argumentCount < 10, resultCount <= 10 - argumentCount,
            let service = string(call.memory, cells[0], limit: 64)
        else { return false }
        let arguments = Array(cells[3..<(3 + argumentCount)])
        let request = VOFRequest(call: call, arguments: arguments, resultCount: resultCount)
        let (result, second) = answer(service, request)
        guard resultCount > 0 else { return true }
        let results = [result, second] + [UInt32](repeating: 0, count: 8)
        for index in 0..<resultCount {
            let address = block &+ 12 &+ UInt64(argumentCount + index) * 4
            guard (try? call.memory.store(results[index], at: address, order: .big)) != nil else { return false }
        }
        return true
    }

    /// Number of arguments and results of each service; `nil` for services that take what they get.
    private static let forms: [String: (arguments: Int, results: Int)] = [
        "finddevice": (1, 1), "getprop": (4, 1), "getproplen": (2, 1), "setprop": (4, 1), "nextprop": (3, 1),
        "peer": (1, 1), "child": (1, 1), "parent": (1, 1), "open": (1, 1), "close": (1, 0), "canon": (3, 1),
        "instance-to-package": (1, 1), "package-to-path": (3, 1), "instance-to-path": (3, 1), "write": (3, 1),
        "read": (3, 1), "seek": (3, 1), "claim": (3, 1), "release": (2, 0),
    ]

    private static let failure: UInt32 = .max

    private func answer(_ service: String, _ request: VOFRequest) -> (UInt32, UInt32) {
        if let form = Self.forms[service] {
            guard request.arguments.count == form.arguments, form.results == 0 || request.resultCount == form.results
            else { return (Self.failure, 0) }
        }
        guard let tree else { return (Self.failure, 0) }
        switch service {
        case "finddevice", "peer", "child", "parent": return (navigate(service, request, tree), 0)
        case "getprop", "getproplen", "nextprop", "setprop": return (property(service, request, tree), 0)
        case "open", "close", "instance-to-package", "package-to-path", "instance-to-path", "canon", "write", "read",
            "seek":
            return (instance(service, request, tree), 0)
        case "claim", "release": return (manageMemory(service, request, tree), 0)
        case "call-method": return callMethod(request, tree)
        case "milliseconds":
            return (UInt32(truncatingIfNeeded: request.call.machine.clock.now / 1_000_000), 0)
        case "quiesce":
            tree.pack()
            request.call.machine.deviceTreeBlob = tree.bytes
            request.call.machine.deviceTreeInitialSize = UInt32(truncatingIfNeeded: tree.byteCount)
            return (0, 0)
        case "exit", "boot":
            let machine = request.call.machine
            machine.logger.error(
                machine.kernel == nil
                    ? "built-in firmware: there is no kernel to start; give one with -kernel"
                    : "Stopped as the VM requested \"\(service)\"")
            machine.postEvent { $0.setRunState(.paused) }
            request.call.services.runner(of: request.call.thread)?.requestPause()
            return (0, 0)
        default: return (Self.failure, 0)
        }
    }

    // MARK: Tree

    /// Unit addresses are written in lower case in the tree.
    private func find(_ path: String, in tree: DeviceTree) -> DeviceTree.Node? {
        var result = ""
        var isUnit = false
        for character in path {
            if character == "@" { isUnit = true } else if character == "/" { isUnit = false }
            result += isUnit ? character.lowercased() : String(character)
        }
        return tree.node(path: result)
    }

    private func navigate(_ service: String, _ request: VOFRequest, _ tree: DeviceTree) -> UInt32 {
        if service == "finddevice" {
            guard let path = request.string(0, limit: 256), let node = find(path, in: tree) else {
                return Self.failure
            }
            return tree.phandle(of: node)
        }
        let handle = request.arguments[0]
        if service == "peer", handle == 0 { return tree.phandle(of: DeviceTree.root) }
        guard let node = tree.node(phandle: handle) else { return 0 }
        switch service {
        case "child": return tree.children(of: node).first.map { tree.phandle(of: $0) } ?? 0
        case "parent": return tree.parent(of: node).map { tree.phandle(of: $0) } ?? 0
        default:
            guard let parent = tree.parent(of: node) else { return 0 }
            let siblings = tree.children(of: parent)
            guard let index = siblings.firstIndex(of: node), index + 1 < siblings.count else { return 0 }
            return tree.phandle(of: siblings[index + 1])
        }
    }

    /// A property; "name" comes from the node's name where the tree has none.
    private func value(_ tree: DeviceTree, _ node: DeviceTree.Node, _ name: String) -> [UInt8]? {
        if let bytes = tree.property(node, name) { return bytes }
        guard name == "name" else { return nil }
        return Array(tree.name(of: node).prefix { $0 != "@" }.utf8) + [0]
    }

    private static let longestName = 63

    private func property(_ service: String, _ request: VOFRequest, _ tree: DeviceTree) -> UInt32 {
        guard let node = tree.node(phandle: request.arguments[0]),
            let name = request.string(1, limit: Self.longestName + 1)
        else { return Self.failure }
        switch service {
        case "getproplen":
            return value(tree, node, name).map { UInt32(truncatingIfNeeded: $0.count) } ?? Self.failure
        case "getprop":
            guard let bytes = value(tree, node, name),
                request.write(Array(bytes.prefix(Int(request.arguments[3]))), at: request.arguments[2])
            else { return Self.failure }
            return UInt32(truncatingIfNeeded: bytes.count)
        case "nextprop":
            let names = tree.properties(of: node)
            let index = name.isEmpty ? 0 : names.firstIndex(of: name).map { $0 + 1 } ?? names.count
            guard index < names.count else { return 0 }
            return request.write(Array(names[index].utf8) + [0], at: request.arguments[2]) ? 1 : Self.failure
        default: return setProperty(request, tree, node, name)
        }
    }

    private func setProperty(
        _ request: VOFRequest, _ tree: DeviceTree, _ node: DeviceTree.Node, _ name: String
    ) -> UInt32 {
        let count = Int(request.arguments[3])
        guard count <= 2048, let bytes = request.bytes(at: request.arguments[2], count: count) else {
            return Self.failure
        }
        let machine = request.call.machine
        let path = tree.path(of: node)
        if path == "/chosen" {
            let number = bytes.reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            switch name {
            case "bootargs": bootArguments = bytes
            case "linux,initrd-start":
                guard bytes.count == 4 || bytes.count == 8 else { return Self.failure }
                machine.initrd = (number, machine.initrd?.size ?? 0)
            case "linux,initrd-end":
                guard bytes.count == 4 || bytes.count == 8 else { return Self.failure }
                let start = machine.initrd?.address ?? 0
                machine.initrd = (start, number &- start)
            default: break
            }
        }
        tree.set(node, name, bytes: bytes)
        guard (try? tree.check()) != nil else { return Self.failure }
        // Where the runtime services are must be known before the tree is finished.
        if path == "/rtas" { machine.deviceTreeBlob = tree.bytes }
        return UInt32(truncatingIfNeeded: count)
    }

    // MARK: Instances

    private func open(_ path: String, in tree: DeviceTree) -> UInt32? {
        guard lastInstance < UInt32.max - 1, instances.count < 4096, let node = find(path, in: tree) else {
            return nil
        }
        lastInstance += 1
        instances[lastInstance] = (path, tree.phandle(of: node))
        return lastInstance
    }

    private func instance(_ service: String, _ request: VOFRequest, _ tree: DeviceTree) -> UInt32 {
        switch service {
        case "open":
            return request.string(0, limit: 256).flatMap { open($0, in: tree) } ?? Self.failure
        case "close":
            instances[request.arguments[0]] = nil
            return 0
        case "instance-to-package": return instances[request.arguments[0]]?.package ?? Self.failure
        case "instance-to-path":
            return writePath(request, tree, instances[request.arguments[0]].flatMap { tree.node(phandle: $0.package) })
        case "package-to-path": return writePath(request, tree, tree.node(phandle: request.arguments[0]))
        case "canon": return writePath(request, tree, request.string(0, limit: 256).flatMap { find($0, in: tree) })
        case "write":
            guard let open = instances[request.arguments[0]], let node = tree.node(phandle: open.package) else {
                return Self.failure
            }
            let count = Int(min(request.arguments[2], 0x1_0000))
            guard let bytes = request.bytes(at: request.arguments[1], count: count) else { return Self.failure }
            terminal(request, tree, node)?.put(bytes)
            return UInt32(truncatingIfNeeded: count)
        case "read":
            guard let open = instances[request.arguments[0]], let node = tree.node(phandle: open.package),
                let terminal = terminal(request, tree, node), request.arguments[2] >= 16
            else { return Self.failure }
            let bytes = terminal.takeInput()
            return request.write(bytes, at: request.arguments[1])
                ? UInt32(truncatingIfNeeded: bytes.count) : Self.failure
        default: return Self.failure  // nothing here has positions
        }
    }

    private func terminal(_ request: VOFRequest, _ tree: DeviceTree, _ node: DeviceTree.Node) -> SpaprVTY? {
        guard let unit = tree.cells(node, "reg")?.first else { return nil }
        return request.call.machine.vio.terminal(unit: UInt64(unit))
    }

    private func writePath(_ request: VOFRequest, _ tree: DeviceTree, _ node: DeviceTree.Node?) -> UInt32 {
        guard let node, let path = tree.path(of: node) else { return Self.failure }
        let bytes = Array(path.utf8) + [0]
        guard request.write(Array(bytes.prefix(Int(request.arguments[2]))), at: request.arguments[1]) else {
            return Self.failure
        }
        return UInt32(truncatingIfNeeded: bytes.count)
    }

    // MARK: Memory and methods

    private func manageMemory(_ service: String, _ request: VOFRequest, _ tree: DeviceTree) -> UInt32 {
        let (address, size) = (UInt64(request.arguments[0]), UInt64(request.arguments[1]))
        var result: UInt32 = Self.failure
        if service == "release" {
            if memory.release(address, size) { result = 0 }
        } else if let start = memory.claim(address, size, alignment: UInt64(request.arguments[2])) {
            result = UInt32(truncatingIfNeeded: start)
        }
        if result != Self.failure { updateAvailable(tree, request.call.machine) }
        return result
    }

    private func callMethod(_ request: VOFRequest, _ tree: DeviceTree) -> (UInt32, UInt32) {
        guard request.arguments.count >= 3, let method = request.string(0, limit: 256),
            let open = instances[request.arguments[1]]
        else { return (Self.failure, 0) }
        let parameter = request.arguments[2]
        switch (open.path, method) {
        case ("/", "ibm,client-architecture-support"):
            let (status, changed) = ArchitectureSupport.negotiate(
                request.call.services, request.call.thread, vectors: UInt64(parameter),
                room: SpaprMachine.deviceTreeRoom)
            guard let changed else { return (UInt32(truncatingIfNeeded: status), 0) }
            self.tree = changed
            guard (try? finish(changed, request.call.machine)) != nil else { return (Self.failure, 0) }
            request.call.machine.deviceTreeBlob = changed.bytes
            return (0, 0)
        case ("/rtas", "instantiate-rtas"):
            let code = Self.callGate(HypercallNumber.rtas)
            for (index, word) in code.enumerated()
            where (try? request.call.memory.store(word, at: UInt64(parameter) + UInt64(index) * 4, order: .big)) == nil
            {
                return (Self.failure, 0)
            }
            return (0, parameter)
        default: return (Self.failure, 0)
        }
    }

    private func string(_ memory: AddressSpace, _ address: UInt32, limit: Int) -> String? {
        VOFRequest.string(memory, UInt64(address), limit: limit)
    }
}

/// One call of the client interface.
struct VOFRequest {
    let call: HypercallFrame
    let arguments: [UInt32]
    let resultCount: Int

    /// The string that argument `index` points to; `nil` if it has no end within `limit` bytes.
    func string(_ index: Int, limit: Int) -> String? {
        Self.string(call.memory, UInt64(arguments[index]), limit: limit)
    }

    static func string(_ memory: AddressSpace, _ address: UInt64, limit: Int) -> String? {
        var bytes: [UInt8] = []
        while bytes.count < limit {
            guard let byte = try? memory.load(UInt8.self, at: address &+ UInt64(bytes.count), order: .big) else {
                return nil
            }
            if byte == 0 { return String(decoding: bytes, as: UTF8.self) }
            bytes.append(byte)
        }
        return nil
    }

    func bytes(at address: UInt32, count: Int) -> [UInt8]? {
        try? call.memory.readBytes(at: UInt64(address), count: count)
    }

    func write(_ bytes: [UInt8], at address: UInt32) -> Bool {
        (try? call.memory.writeBytes(bytes, at: UInt64(address))) != nil
    }
}
