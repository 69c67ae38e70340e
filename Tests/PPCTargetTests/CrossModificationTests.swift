import Dispatch
import EmuCore
import Foundation
import Testing

@testable import PPCTarget

/// A guest of ours in which one thread writes code that another executes: by the architecture's sequence, by patching a
/// branch under its feet, through a hypercall; inside pages and over their borders. QEMU's output is recorded.
@Suite("Code written by one vCPU and executed by another") struct CrossModificationTests {
    /// Threads that take turns spend them waiting for one another, so one engine does that.
    @Test(
        "is what was written last, as in QEMU",
        arguments: EngineKind.allCases.map { ($0, false) } + [(.native, true)])
    func agrees(engine: EngineKind, isSingleThreaded: Bool) throws {
        guard engine.isAvailable else { return }
        let platform = SpaprServices(isSingleThreaded: isSingleThreaded) { _ in
            TranslatingEngine(engine, codeSize: 2 << 20)
        }
        var console: Console?
        let machine = try SpaprMachine.make("pseries-7.2", platform: platform, properties: ["cap-htm": "off"]) {
            machine, options in
            let terminal = Console(machine: machine)
            console = terminal
            options.memory.size = 256 << 20
            options.smp.cpus = 2
            options.cpu = "power9"
            options.firmware = Fixture.directory.appendingPathComponent("smp/cross.bin").path
            options.terminals = [terminal.backend]
        }
        let ended = DispatchSemaphore(value: 0)
        machine.withLock {
            machine.onShutdown = { _ in ended.signal() }
            machine.setRunState(.running)
        }
        // Minutes are for machines that hang.
        #expect(ended.wait(timeout: .now() + 180) == .success)
        machine.withLock { machine.setRunState(.paused) }
        let output = try #require(console).output.replacing("\r", with: "")
        #expect(output == (try Fixture.text("smp/cross.expected")))
    }
}
