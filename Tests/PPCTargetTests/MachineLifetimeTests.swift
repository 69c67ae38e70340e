import EmuCore
import Foundation
import Testing

@testable import PPCTarget

/// What a machine is made of, without keeping it alive.
private final class Remains {
    weak var machine: SpaprMachine?
    weak var services: SpaprServices?
    weak var cpu: PPCCPU?
    weak var memory: RAMBlock?
    weak var runner: VCPURunner?
    weak var bridge: SpaprPHB?
    weak var terminal: MemoryBackendCharacter?

    var names: [String] {
        let all: [(String, AnyObject?)] = [
            ("machine", machine), ("services", services), ("CPU", cpu), ("RAM", memory), ("runner", runner),
            ("bridge", bridge), ("terminal", terminal),
        ]
        return all.compactMap { $0.1 == nil ? nil : $0.0 }
    }
}

@Suite("Machines that are let go of") struct MachineLifetimeTests {
    /// Runs a machine for a moment: its guest (the demonstration's) prints and waits by turns.
    private func run(engine: EngineKind, state: RunState, into remains: Remains) throws {
        let services = SpaprServices { cpu in
            switch engine {
            case .interpreter: InterpreterEngine()
            case .blocks: TranslatingEngine(.blocks)
            case .native: TranslatingEngine(.native)
            }
        }
        let terminal = MemoryBackendCharacter(label: "serial")
        let machine = try SpaprMachine.make("pseries", platform: services) { _, options in
            options.memory.size = 256 << 20
            options.smp.cpus = 2
            options.terminals = [terminal]
            options.firmware = Fixture.directory.appendingPathComponent("guests/ticker.bin").path
        }
        let printed = DispatchSemaphore(value: 0)
        machine.withLock {
            terminal.onOutput = { _ in printed.signal() }
            machine.setRunState(.running)
        }
        for _ in 0..<4 { #expect(printed.wait(timeout: .now() + 60) == .success) }
        machine.withLock {
            terminal.onOutput = nil
            machine.setRunState(state)
        }
        remains.machine = machine
        remains.services = services
        remains.cpu = machine.threads.first?.cpu
        remains.memory = machine.memory.ram(at: 0, forWriting: false)?.block
        remains.runner = machine.threads.first.flatMap { services.runner(of: $0) }
        remains.bridge = machine.phbs.first
        remains.terminal = terminal
        #expect(remains.names.count == 7)
    }

    @Test("give back their memory and threads, several at once", arguments: EngineKind.allCases)
    func nothingStays(engine: EngineKind) throws {
        guard engine.isAvailable else { return }
        let all = [Remains(), Remains(), Remains()]
        for remains in all { try run(engine: engine, state: .paused, into: remains) }
        expectGone(all)
    }

    @Test("go on while they run, and go when they are stopped") func runningStays() throws {
        let remains = Remains()
        try run(engine: .interpreter, state: .running, into: remains)
        #expect(remains.names.count == 7)
        remains.machine.map { machine in machine.withLock { machine.setRunState(.paused) } }
        expectGone([remains])
    }

    private func expectGone(_ all: [Remains]) {
        // A thread may be on its way out; nothing tells when it has let go.
        let deadline = Date(timeIntervalSinceNow: 10)
        while all.contains(where: { !$0.names.isEmpty }), Date() < deadline { usleep(1000) }
        for remains in all { #expect(remains.names == []) }
    }
}
