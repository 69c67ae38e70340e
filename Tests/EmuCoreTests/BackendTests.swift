import Foundation
import Testing

@testable import EmuCore

/// A machine of no particular kind, with the types of EmuCore.
func makeBareMachine(compat: [GlobalProperty] = []) -> Machine {
    let types = TypeRegistry()
    types.registerCoreTypes()
    let machine = Machine(type: ObjectType("bare-machine", parent: nil), types: types)
    machine.compatProperties = compat
    return machine
}

/// What machines up to pseries-3.1 preset.
private let oldMachine = [
    GlobalProperty("memory-backend-file", "x-use-canonical-path-for-ramblock-id", "true"),
    GlobalProperty("memory-backend-memfd", "x-use-canonical-path-for-ramblock-id", "true"),
]

@Suite("Names of RAM blocks") struct BlockNamingTests {
    /// `compatibility.md`'s table: configuration, name on old machines, name on new ones.
    static let rows: [(type: String, extra: [String: Value], old: String, new: String)] = [
        ("memory-backend-ram", [:], "m0", "m0"),
        ("memory-backend-file", ["mem-path": "/tmp"], "/objects/m0", "m0"),
        ("memory-backend-memfd", [:], "/objects/m0", "m0"),
        ("memory-backend-file", ["mem-path": "/tmp", "x-use-canonical-path-for-ramblock-id": "off"], "m0", "m0"),
        ("memory-backend-ram", ["x-use-canonical-path-for-ramblock-id": true], "/objects/m0", "/objects/m0"),
    ]

    @Test("explicit back ends follow the machine's version and their own property", arguments: rows.indices)
    func explicit(index: Int) throws {
        let row = Self.rows[index]
        for (compat, expected) in [(oldMachine, row.old), ([], row.new)] {
            let machine = makeBareMachine(compat: compat)
            var properties: [(String, Value)] = [("size", "1M")]
            properties += row.extra.map { ($0.key, $0.value) }
            let object = try machine.createObject(
                type: row.type, id: "m0", properties: .init(properties, uniquingKeysWith: { $1 }))
            #expect((object as? MemoryBackend)?.block?.id == expected)
        }
    }

    @Test(
        "implicit RAM has the default id without a prefix, on every machine and with a memory path",
        arguments: [nil, "/tmp"])
    func implicit(path: String?) throws {
        for compat in [oldMachine, []] {
            let machine = makeBareMachine(compat: compat)
            var options = MainMemoryOptions(size: 1 << 20)
            options.path = path
            let memory = try machine.makeMainMemory(options, size: 1 << 20, defaultRAMID: "ppc_spapr.ram")
            #expect(memory.blocks.map(\.id) == ["ppc_spapr.ram"])
            #expect(machine.ramBlocks.map(\.id) == ["ppc_spapr.ram"])
        }
    }

    @Test("per-node back ends are blocks of their own, without a machine-level block")
    func nodes() throws {
        let machine = makeBareMachine(compat: oldMachine)
        try machine.createObject(type: "memory-backend-ram", id: "m0", properties: ["size": "1M"])
        try machine.createObject(type: "memory-backend-file", id: "m1", properties: ["size": "1M", "mem-path": "/tmp"])
        var options = MainMemoryOptions()
        options.nodes = [NUMANode(id: 0, memdev: "m0"), NUMANode(id: 1, memdev: "m1")]
        let memory = try machine.makeMainMemory(options, size: 2 << 20, defaultRAMID: "ppc_spapr.ram")
        #expect(memory.blocks.map(\.id) == ["m0", "/objects/m1"])
        #expect(memory.region.subregions.map(\.offset).sorted() == [0, 1 << 20])
    }
}

@Suite("Memory back ends") struct MemoryBackendTests {
    private func refusal(_ type: String, _ properties: [(String, Value)]) -> String? {
        let machine = makeBareMachine()
        do {
            try machine.createObject(type: type, id: "m0", properties: .init(properties, uniquingKeysWith: { $1 }))
            return nil
        } catch {
            #expect(machine.objects.children["m0"] == nil, "a refused object must not stay")
            return (error as? ObjectError)?.description ?? "\(error)"
        }
    }

    @Test("refuses what cannot be, in the words tools know")
    func refusals() {
        #expect(refusal("memory-backend-ram", []) == "Parameter 'size' is missing")
        #expect(refusal("memory-backend-file", [("size", "1M")]) == "Parameter 'mem-path' is missing")
        #expect(refusal("memory-backend-ram", [("size", "lots")]) == "Parameter 'size' expects a size value")
        #expect(refusal("memory-backend-ram", [("sice", "1M")]) == "Parameter 'size' is missing")
        #expect(refusal("memory-backend-ram", [("size", "1M"), ("sice", "1M")]) == "Invalid parameter 'sice'")
        #expect(
            refusal("memory-backend-ram", [("size", "1M"), ("prealloc", "on"), ("reserve", "off")])
                == "'prealloc=on' and 'reserve=off' are incompatible")
        #expect(
            refusal("memory-backend-ram", [("size", "1M"), ("policy", "bind")])
                == "host-nodes must be set for policy bind")
        #expect(
            refusal("memory-backend-ram", [("size", "1M"), ("host-nodes", "500")])
                == "Invalid host-nodes value: 500")
        #expect(
            refusal("memory-backend-file", [("size", "1M"), ("mem-path", "/nonexistent/x")])?.hasPrefix(
                "can't open backing store /nonexistent/x for guest RAM:") == true)
        #expect(
            refusal("memory-backend-file", [("size", "1M"), ("mem-path", "/tmp"), ("pmem", "on")])?.contains(
                "persistent memory is not supported") == true)
        #expect(refusal("memory-backend-ram", [("size", "16E")]) == "Parameter 'size' expects a size value")
        #expect(refusal("rng-nothing", []) == "Parameter 'qom-type' does not accept value 'rng-nothing'")
    }

    @Test("a shared file holds what the guest wrote; a private one does not")
    func sharing() throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("backend-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        for (share, expected) in [("on", UInt8(42)), ("off", UInt8(42))] {
            let machine = makeBareMachine()
            let backend = try #require(
                try machine.createObject(
                    type: "memory-backend-file", id: "m0",
                    properties: ["size": "64K", "mem-path": .string(path), "share": .string(share)]) as? MemoryBackend)
            let block = try #require(backend.block)
            block.bytes[100] = share == "on" ? 42 : 99
            let file = try #require(FileManager.default.contents(atPath: path))
            #expect(file.count == 65536)
            #expect(file[100] == expected)
        }
    }

    @Test("memory is preallocated and shared memory has a descriptor")
    func memfd() throws {
        let machine = makeBareMachine()
        let backend = try #require(
            try machine.createObject(
                type: "memory-backend-memfd", id: "m0",
                properties: ["size": "2M", "prealloc": true, "prealloc-threads": 2]) as? MemoryBackend)
        let block = try #require(backend.block)
        #expect(block.isShared && block.fileDescriptor != nil)
        let resident = [UInt8](unsafeUninitializedCapacity: 512) { buffer, count in
            count = mincore(block.base, 2 << 20, buffer.baseAddress!) == 0 ? 512 : 0
        }
        #expect(resident.count == 512 && resident.allSatisfy { $0 & 1 == 1 })
    }

    @Test("a back end serves one user")
    func busy() throws {
        let machine = makeBareMachine()
        try machine.createObject(type: "memory-backend-ram", id: "m0", properties: ["size": "1M"])
        var options = MainMemoryOptions()
        options.backendID = "m0"
        _ = try machine.makeMainMemory(options, size: 1 << 20, defaultRAMID: "ram")
        let error = #expect(throws: ObjectError.self) {
            try machine.makeMainMemory(options, size: 1 << 20, defaultRAMID: "ram")
        }
        #expect(error?.description == "can't use already busy memdev: m0")
    }

    @Test("main RAM is refused where options contradict each other")
    func contradictions() throws {
        let machine = makeBareMachine()
        try machine.createObject(type: "memory-backend-ram", id: "m0", properties: ["size": "1M"])
        func text(_ change: (inout MainMemoryOptions) -> Void) -> String? {
            var options = MainMemoryOptions()
            change(&options)
            do {
                let size = try machine.mainMemorySize(options, defaultSize: 1 << 20)
                _ = try machine.makeMainMemory(options, size: size, defaultRAMID: "m0")
                return nil
            } catch { return (error as? ObjectError)?.description }
        }
        #expect(text { $0.backendID = "nope" } == "Memory backend 'nope' not found")
        #expect(
            text {
                $0.backendID = "m0"
                $0.size = 2 << 20
            } == "Machine memory size does not match the size of the memory backend")
        #expect(
            text {
                $0.backendID = "m0"
                $0.path = "/tmp"
            } == "'-mem-path' can't be used together with'-machine memory-backend'")
        #expect(
            text {
                $0.backendID = "m0"
                $0.nodes = [NUMANode(id: 0, memdev: "m0")]
            } == "'-machine memory-backend' and '-numa memdev' properties are mutually exclusive")
        #expect(
            text { $0.nodes = [NUMANode(id: 0, memdev: "m0"), NUMANode(id: 1, memory: 1 << 20)] }
                == "numa configuration should use either mem= or memdev=,mixing both is not allowed")
        #expect(
            text {
                $0.size = 2 << 20
                $0.nodes = [NUMANode(id: 0, memdev: "m0"), NUMANode(id: 1, memdev: "m0")]
            } == "memory backend m0 can't be used multiple times.")
        #expect(text { _ in }?.hasPrefix("object name 'm0' is reserved for the default RAM backend") == true)
        #expect(
            text {
                $0.backendID = "m0"
                $0.nodes = [NUMANode(id: 0, memory: 1 << 19)]
            } == "total memory for NUMA nodes (0x80000) should equal RAM size (0x100000)")
    }
}
