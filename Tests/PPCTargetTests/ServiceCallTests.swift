import Dispatch
import EmuCore
import Testing

@testable import PPCTarget

/// A guest of ours calls every hypercall and every runtime service with good and bad arguments; it gets the answers that
/// it got in QEMU 7.2, to the letter. What QEMU answers wrongly by PAPR, or does not survive, the guest leaves out:
/// - numbers of processors beyond 32 bits, which QEMU cuts off; H_CONFER to all, whose status QEMU forgets to set;
/// - H_WATCHDOG with number 0, H_CHANGE_LOGICAL_LAN_MAC without a device, a DMA window of 2^32 pages or more: QEMU dies;
/// - set-time-of-day with a thirteenth month ("set-time-of-day": such a date is a parameter error);
/// - H_PUT_TCE_INDIRECT with a list outside of memory, which QEMU reads as zeros ("H_PUT_TCE_INDIRECT": H_Parameter);
/// - what H_INT_ESB loads, which QEMU gives in its host's byte order; offsets outside of the management page; queues and
///   sources after H_INT_RESET, which QEMU leaves as they were;
/// - results beyond those that the caller makes room for, which QEMU writes nevertheless;
/// - H_CLEAR_REF and H_CLEAR_MOD, which QEMU does not have, and the mark 0x40 that QEMU keeps in hash table entries;
/// - H_RESIZE_HPT_PREPARE, which takes no time here.
@Suite("Answers of hypercalls and runtime services") struct ServiceCallTests {
    @Test("are QEMU's", arguments: ["power8", "power9", "power10"])
    func agreeWithRecordedOutput(model: String) throws {
        let terminal = MemoryBackendCharacter(label: "serial")
        let machine = try SpaprMachine.make("pseries-7.2", platform: SpaprServices()) { machine, options in
            for (name, value) in [
                ("cap-htm", "off"), ("cap-cfpc", "broken"), ("cap-sbbc", "broken"), ("cap-ibs", "broken"),
                ("cap-ccf-assist", "off"),
            ] { try machine.set(name, .string(value)) }
            options.cpu = model
            options.smp.cpus = 1
            options.smp.maximum = 3
            options.memory.size = 1 << 30
            options.memory.slots = 2
            options.memory.maxSize = 2 << 30
            options.terminals = [terminal]
            options.firmware = Fixture.directory.appendingPathComponent("services/services.bin").path
        }
        let ended = DispatchSemaphore(value: 0)
        machine.withLock {
            machine.onShutdown = { _ in ended.signal() }
            machine.setRunState(.running)
        }
        #expect(ended.wait(timeout: .now() + 300) == .success)
        let output = machine.withLock { String(decoding: terminal.takeOutput(), as: UTF8.self) }
        let actual = output.split(separator: "\n")
        let expected = try Fixture.text("services/services.\(model).expected").split(separator: "\n")
        for (mine, theirs) in zip(actual, expected) { #expect(mine == theirs) }
        #expect(actual.count == expected.count)
    }

    @Test("to H_RANDOM come from the device that the user added")
    func random() throws {
        func fixture(_ devices: [SpaprOptions.Device]) throws -> PlatformFixture {
            try PlatformFixture(cpus: 1) { machine, options in
                try machine.createObject(
                    type: "rng-random", id: "zeros", properties: ["filename": .string("/dev/zero")])
                options.devices = devices
            }
        }
        #expect(try fixture([]).call(HypercallNumber.random).status == HypercallStatus.function)
        let zeros = SpaprOptions.Device(driver: "spapr-rng", properties: ["rng": .string("zeros")])
        #expect(throws: ObjectError.self) { try fixture([SpaprOptions.Device(driver: "spapr-rng")]) }
        #expect(throws: ObjectError.self) { try fixture([zeros, zeros]) }
        let fixture = try fixture([zeros])
        let (status, results) = fixture.call(HypercallNumber.random, [7])
        #expect(status == HypercallStatus.success)
        #expect(results[0] == 0)
    }
}
