import CPPCState
import Dispatch
import EmuCore
import Foundation
import Testing

@testable import PPCTarget

@Suite("What ends, resets and interrupts a machine") struct PlatformEventTests {
    /// A machine with two vCPUs that executes these words from its entry point on.
    private func machine(running words: [UInt32], at entry: Int = 0x100, data: [UInt32] = []) throws -> SpaprMachine {
        var image = [UInt8](repeating: 0, count: 0x200)
        for (start, list) in [(entry, words), (0x180, data)] {
            for (index, word) in list.enumerated() {
                withUnsafeBytes(of: word.bigEndian) {
                    image.replaceSubrange((start + index * 4)..<(start + index * 4 + 4), with: $0)
                }
            }
        }
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("guest.\(UUID().uuidString)")
        try Data(image).write(to: path)
        defer { try? FileManager.default.removeItem(at: path) }
        return try SpaprMachine.make("pseries", platform: SpaprServices()) { _, options in
            options.memory.size = 256 << 20
            options.smp.cpus = 2
            options.firmware = path.path
        }
    }

    @Test("goes on when its guest resets again and again")
    func resetLoop() throws {
        // H_RTAS with the block at 0x180: system-reboot, no arguments, one result.
        let machine = try machine(
            running: [0x3860_7fff, 0x3863_7001, 0x3880_0180, 0x4400_0022, 0x4800_0000], data: [0x2004, 0, 1, 0])
        let enough = DispatchSemaphore(value: 0)
        let subscriber = NSObject()
        var resets = 0
        machine.withLock {
            machine.monitor.subscribe(subscriber) { event, _ in
                guard event == "RESET" else { return }
                resets += 1
                if resets == 200 { enough.signal() }
            }
            machine.setRunState(.running)
        }
        #expect(enough.wait(timeout: .now() + 300) == .success)
        machine.withLock {
            machine.setRunState(.paused)
            machine.monitor.unsubscribe(subscriber)
            #expect(machine.threads.count == 2)
            #expect(machine.threads[1].cpu.isHalted)
        }
    }

    @Test("reports a guest that panics and stays to be looked at", arguments: [true, false])
    func panic(stays: Bool) throws {
        let fixture = try PlatformFixture(cpus: 1)
        let machine = fixture.machine
        let subscriber = NSObject()
        var events: [String] = []
        var ends: [ShutdownCause] = []
        machine.withLock {
            machine.staysAfterShutdown = stays
            machine.onShutdown = { ends.append($0) }
            machine.monitor.subscribe(subscriber) { event, data in
                events.append(event + (data["action"]?.stringValue.map { ":\($0)" } ?? ""))
            }
        }
        try machine.memory.writeBytes(Array("out of luck\0".utf8), at: 0x20_0000)
        #expect(try fixture.rtas(0x201f, [0x20_0000], results: 1) == [0])
        machine.queue.sync {}
        #expect(machine.withLock { machine.runState } == .guestPanicked)
        #expect(events.first == (stays ? "GUEST_PANICKED:pause" : "GUEST_PANICKED:poweroff"))
        #expect(ends == (stays ? [] : [.guestPanic]))
    }

    @Test("follows -action when its guest panics", arguments: PanicAction.allCases)
    func actions(action: PanicAction) throws {
        let fixture = try PlatformFixture(cpus: 1)
        let machine = fixture.machine
        var ends: [ShutdownCause] = []
        try machine.withLock {
            machine.onShutdown = { ends.append($0) }
            try GuestActions(panic: action.rawValue).apply(to: machine)
            #expect(throws: ObjectError.self) {
                try GuestActions(reboot: "shutdown", panic: "often").apply(to: machine)
            }
            #expect(!machine.exitsOnReset)
        }
        #expect(try fixture.rtas(0x201f, [0x20_0000], results: 1) == [0])
        machine.queue.sync {}
        let ended = action == .shutdown || action == .exitFailure
        #expect(ends == (ended ? [.guestPanic] : []))
        #expect((machine.withLock { machine.runState } == .guestPanicked) == (action != .none))
    }

    @Test("takes a non-maskable interrupt at the system reset vector, waking a processor that sleeps")
    func nonMaskable() throws {
        let fixture = try PlatformFixture(cpus: 2)
        try fixture.machine.withLock {
            for thread in fixture.machine.threads {
                thread.cpu.setEntry(nip: 0x4000 + UInt64(thread.index))
                thread.cpu.isHalted = true
            }
            try fixture.machine.injectNMI()
        }
        for thread in fixture.machine.threads {
            #expect(thread.cpu.state.pointee.nip == 0x100)
            #expect(spr(thread.cpu.state)[SPRegister.srr0] == 0x4000 + UInt64(thread.index))
            #expect(!thread.cpu.isHalted)
        }
    }

    @Test("hands the decrementer's interrupt over when a machine is saved, and wakes a processor that sleeps")
    func decrementer() throws {
        // Enables interrupts and waits: li r3,-32768; mtmsrd r3,1 would clear SF; H_CEDE does both.
        let machine = try machine(running: [0x3860_00e0, 0x4400_0022, 0x4bff_fff8])
        let cpu = machine.threads[0].cpu
        machine.withLock {
            while !cpu.isHalted { _ = cpu.run(limit: 1) }
            #expect(cpu.state.pointee.nip == 0x108)
            machine.clock.set(1_000_000)
            machine.setRunState(.finishMigrate)
        }
        #expect(cpu.state.pointee.nip == 0x900)
        #expect(!cpu.isHalted)
        #expect(spr(cpu.state)[SPRegister.srr0] == 0x108)
        #expect(spr(cpu.state)[SPRegister.srr1] & MSR.ee != 0)
    }

    @Test("shows registers, CPUs and interrupt controllers in QEMU's form")
    func monitor() throws {
        let fixture = try PlatformFixture(cpus: 2, interrupts: "xics")
        let session = MonitorSession(machine: fixture.machine)
        func ask(_ line: String) throws -> [String] {
            try fixture.machine.withLock { try fixture.machine.monitor.runHuman(line, session: session) }
                .split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        }
        fixture.machine.withLock {
            let cpu = fixture.machine.threads[1].cpu
            cpu.setEntry(nip: 0xabc0)
            gpr(cpu.state)[31] = 0x1234
            cpu.setConditionField(7, 0b0101)
        }
        let lines = try ask("info registers 1")
        #expect(lines[1] == "CPU#1")
        #expect(lines[2].hasPrefix("NIP 000000000000abc0   LR 0000000000000000 CTR 0000000000000000 XER "))
        #expect(lines[2].hasSuffix(" CPU#1"))
        #expect(lines.contains { $0.hasPrefix("GPR28 ") && $0.hasSuffix(" 0000000000001234") })
        #expect(lines.contains("CR 00000005  [ -  -  -  -  -  -  -  GO ]             RES ffffffffffffffff"))
        #expect(try ask("info cpus") == ["* CPU #0: thread_id=0", "  CPU #1: thread_id=0"])
        _ = try ask("cpu 1")
        #expect(try ask("info cpus")[1].hasPrefix("* CPU #1"))
        #expect(try ask("info tlb")[0] == "SLB\tESID\t\t\tVSID")
        let controllers = try ask("info pic")
        #expect(controllers[0].hasPrefix("CPU 0 XIRR=00000000 PP=ff MFRR=ff"))
        #expect(controllers.contains("irqchip: emulated"))
        #expect(throws: ObjectError.self) { try ask("cpu 2") }
    }

    @Test("refuses to copy what would hold the machine up for minutes")
    func longCopy() throws {
        let fixture = try PlatformFixture(cpus: 1)
        let call = HypercallNumber.logicalMemOp
        #expect(fixture.call(call, [1 << 40, 0, 3, 1 << 30, 1]).status == HypercallStatus.parameter)
        #expect(fixture.call(call, [0x20_0000, 1 << 41, 3, 1 << 30, 0]).status == HypercallStatus.parameter)
        // All of a range in RAM is copied, however long.
        try fixture.machine.memory.writeBytes([1, 2, 3, 4, 5, 6, 7, 8], at: 0x7f_fff8)
        #expect(fixture.call(call, [0x80_0000, 0, 3, 0x10_0000, 1]).status == HypercallStatus.success)
        #expect(try fixture.machine.memory.readBytes(at: 0xff_fff8, count: 3) == [0xfe, 0xfd, 0xfc])
    }
}
