import CPPCState
import Testing

@testable import PPCTarget

@Suite("Translated code of several vCPUs")
struct SharedCodeTests {
    /// Two CPUs over one memory that know of each other's translations.
    static func pair(_ kind: EngineKind) throws -> (PPCCPU, PPCCPU, FlatMemory) {
        let memory = FlatMemory(size: 1 << 20)
        let model = try #require(PPCModel.named("power9"))
        let cpus = (0..<2).map { PPCCPU(model: model, memory: memory, index: $0) { 0 } }
        let shared = SharedCode()
        for cpu in cpus {
            cpu.sharedCode = shared
            cpu.engine = kind == .native ? try NativeEngine(cpu: cpu) : BlockEngine(cpu: cpu)
            cpu.state.pointee.nip = 0x1000
            Context.storeMSR(cpu.state, MSR.sf)
        }
        return (cpus[0], cpus[1], memory)
    }

    /// `li r3, value; b .`, and a stop request that the loop takes at once.
    static func run(_ cpu: PPCCPU) -> UInt64 {
        cpu.state.pointee.nip = 0x1000
        cpu.hypercall = { _ in Outcome.stop }
        _ = cpu.run(limit: .max)
        return cpu.register("r3") ?? 0
    }
    static func program(_ value: UInt8) -> [UInt8] {
        [0x38, 0x60, 0x00, value, 0x44, 0x00, 0x00, 0x22]  // li r3, value; sc 1
    }

    @Test("A store by one CPU reaches the translations of another", arguments: [EngineKind.blocks, .native])
    func crossModification(kind: EngineKind) throws {
        guard kind.isAvailable else { return }
        let (writer, reader, memory) = try Self.pair(kind)
        _ = memory.load(Self.program(1), at: 0x1000)
        #expect(Self.run(reader) == 1)
        // The reader's page is marked, so the writer gets no write tag for it.
        #expect(store(writer.state, 0x1000, 0x3860_0002 as UInt32))
        #expect(reader.state.pointee.exit_request & UInt32(PPC_EXIT_CODE) != 0)
        #expect(Self.run(reader) == 2)
        #expect(store(reader.state, 0x1000, 0x3860_0003 as UInt32))
        #expect(Self.run(reader) == 3)
    }

    @Test("Stores made before a right to write was given up are noticed", arguments: [EngineKind.blocks, .native])
    func lateStore(kind: EngineKind) throws {
        guard kind.isAvailable else { return }
        let (writer, reader, memory) = try Self.pair(kind)
        _ = memory.load(Self.program(1), at: 0x1000)
        // The writer holds a write tag before the reader translates, and uses it after.
        #expect(store(writer.state, 0x1080, 0 as UInt32))
        #expect(Self.run(reader) == 1)
        #expect(writer.state.pointee.exit_request & UInt32(PPC_EXIT_CODE) != 0)
        #expect(store(writer.state, 0x1000, 0x3860_0002 as UInt32))
        #expect(reader.state.pointee.exit_request & UInt32(PPC_EXIT_CODE) == 0)
        // Its next poll tells the reader.
        _ = writer.serveExitRequest()
        #expect(reader.state.pointee.exit_request & UInt32(PPC_EXIT_CODE) != 0)
        #expect(Self.run(reader) == 2)
        // From now on its stores are seen at once.
        #expect(store(writer.state, 0x1000, 0x3860_0004 as UInt32))
        #expect(Self.run(reader) == 4)
    }

    @Test("A store by a device reaches translations", arguments: [EngineKind.blocks, .native])
    func deviceStore(kind: EngineKind) throws {
        guard kind.isAvailable else { return }
        let (writer, reader, memory) = try Self.pair(kind)
        _ = memory.load(Self.program(1), at: 0x1000)
        #expect(Self.run(reader) == 1 && Self.run(writer) == 1)
        _ = memory.load(Self.program(5), at: 0x1000)
        reader.sharedCode.changed(0x1000, 8)
        #expect(Self.run(reader) == 5 && Self.run(writer) == 5)
    }

    @Test("A page whose code is rewritten again and again stays marked until it holds data for long")
    func rewriting() throws {
        let (writer, reader, memory) = try Self.pair(.blocks)
        _ = memory.load(Self.program(0), at: 0x1000)
        for value in UInt64(1)...40 {
            #expect(store(reader.state, 0x1000, UInt32(truncatingIfNeeded: 0x3860_0000 | value)))
            #expect(Self.run(reader) == value)
            #expect(store(writer.state, 0x1000, UInt32(truncatingIfNeeded: 0x3860_0100 | value)))
            #expect(Self.run(reader) == 0x100 | value)
        }
        // The last store leaves no code in the page, but nobody may write to it unseen.
        #expect(store(writer.state, 0x1000, 0x3860_0007 as UInt32))
        #expect(!writer.sharedCode.mayWrite(0x1000, 4, member: 0))
        for offset in UInt64(0)..<4200 { #expect(store(writer.state, 0x1800 &+ offset % 64, UInt8(1))) }
        #expect(writer.sharedCode.mayWrite(0x1000, 4, member: 0))
        #expect(Self.run(reader) == 7)
    }

    @Test("An engine that goes leaves nothing behind")
    func leaving() throws {
        let (writer, reader, memory) = try Self.pair(.blocks)
        _ = memory.load(Self.program(1), at: 0x1000)
        #expect(Self.run(reader) == 1)
        #expect(!writer.sharedCode.mayWrite(0x1000, 4, member: 0))
        reader.engine = nil
        #expect(writer.sharedCode.mayWrite(0x1000, 4, member: 0))
        #expect(Self.run(reader) == 1)
    }
}
