import EmuCore
import Testing

@testable import PPCTarget

@Suite struct SpaprMachineTests {
    @Test func knowsEveryReleasedVersion() {
        let names = SpaprVersion.all.map(\.name)
        #expect(Set(names).count == names.count)
        let expected: [String] = [
            "2.1", "2.2", "2.3", "2.4", "2.5", "2.6", "2.7", "2.8", "2.9", "2.10", "2.11", "2.12", "2.12-sxxm", "3.0",
            "3.1", "4.0", "4.1", "4.2", "5.0", "5.1", "5.2", "6.0", "6.1", "6.2", "7.0", "7.1", "7.2", "8.0", "8.1",
            "8.2", "9.0", "9.1", "9.2", "10.0", "10.1", "10.2", "11.0",
        ]
        for name in expected { #expect(names.contains(name), "\(name)") }
        #expect(SpaprVersion.named("pseries")?.name == names.first)
        #expect(SpaprVersion.named("pseries-1.0") == nil)
    }

    @Test(arguments: [
        ("2.1", "power7_v2.3"), ("2.7", "power7_v2.3"), ("2.8", "power8_v2.0"), ("3.1", "power8_v2.0"),
        ("4.0", "power9_v2.0"), ("7.2", "power9_v2.0"), ("9.0", "power10_v2.0"),
    ]) func choosesTheVersionsCPU(_ name: String, _ cpu: String) throws {
        #expect(try #require(SpaprVersion.named("pseries-\(name)")).defaultCPU == cpu)
    }

    /// Options, and the text that tools know.
    static let refusals: [(String, String)] = [
        ("-M pseries-2.12 -m 300", "Memory size 0x12c00000 is not aligned to 256 MiB"),
        ("-M pseries-7.2 -m 512,maxmem=700M", "Maximum memory size 0x20000000 is not aligned to 256 MiB"),
        ("-M pseries-2.10 -m 256", "No Transactional Memory support in TCG"),
        ("-M pseries-7.2,cap-rpt-invalidate=on -m 256", "No H_RPT_INVALIDATE support in TCG"),
        ("-M pseries-7.2,cap-large-decr=on -m 256 -cpu power8", "Large decrementer only supported on POWER9"),
        ("-M pseries-7.2,cap-vsx=on -m 256 -cpu 970", "VSX support not available"),
        ("-M pseries-7.2,cap-cfpc=perfect -m 256", "Invalid capability mode \"perfect\" for cap-cfpc"),
        ("-M pseries-7.2,cap-hpt-max-page-size=5000 -m 256", "cap-hpt-max-page-size must be a power of 2"),
        ("-M pseries-7.2,ic-mode=xive -m 256 -cpu power8", "XIVE-only machines require a POWER9 CPU"),
        (
            "-M pseries-2.12,ic-mode=xics -m 256",
            "This machine only uses the legacy XICS backend, don't pass ic-mode"
        ),
        ("-M pseries-2.6 -m 256 -smp 1,maxcpus=2", "This machine version does not support CPU hotplug"),
        (
            "-M pseries-7.2 -m 256 -smp 3,threads=3",
            "TCG cannot support more than 1 thread/core on a pseries machine"
        ),
        ("-M pseries-2.6 -m 256 -smp 2,threads=2", "TCG cannot support more than 1 thread/core on a pseries machine"),
        (
            "-M pseries-7.2 -m 512 -numa node,mem=256M -numa node,mem=256M",
            "Parameter -numa node,mem is not supported by this machine type"
        ),
        (
            "-M pseries-5.0 -m 512 -numa node,mem=256M -numa node,mem=512M",
            "total memory for NUMA nodes (0x30000000) should equal RAM size (0x20000000)"
        ),
        (
            "-M pseries-7.2 -m 256 -smp 2,sockets=1,cores=1,threads=1",
            "Invalid CPU topology: product of the hierarchy must match maxcpus: sockets (1) * cores (1) * threads (1) "
                + "!= maxcpus (2)"
        ),
        ("-M pseries-7.2 -m 256 -cpu z80", "unable to find CPU model 'z80'"),
        ("-M pseries-7.2 -m 64", "pSeries SLOF firmware requires >= 80ldMiB guest RMA (Real Mode Area memory)"),
        ("-M pseries-7.2 -m 300", "Memory size 0x12c00000 is not aligned to 256 MiB"),
        ("-M pseries-2.4 -m 64", "pSeries SLOF firmware requires >= 80ldMiB guest RMA (Real Mode Area memory)"),
        ("-M pseries-7.2 -m 256,maxmem=1G,slots=33", "Specified number of memory slots 33 exceeds max supported 32"),
    ]

    @Test(arguments: refusals) func refuses(_ options: String, _ text: String) {
        do {
            _ = try MachineSupport.make(options.split(separator: " ").map(String.init))
            Issue.record("accepted")
        } catch {
            #expect("\(error)" == text)
        }
    }

    @Test func startsFirmwareAsThePartitionBinds() throws {
        let machine = try MachineSupport.make(["-M", "pseries-7.2", "-m", "512", "-smp", "2"])
        let first = try #require(machine.threads.first)
        #expect(first.cpu.state.pointee.nip == 0x100)
        #expect(first.cpu.state.pointee.halted == 0)
        #expect(gpr(first.cpu.state)[3] == 0x2000_0000 - 0x20_0000)
        #expect(first.cpu.state.pointee.msr & (1 << 63) == 0)
        #expect(machine.threads[1].cpu.state.pointee.halted == 1)
        #expect(try machine.memory.load(UInt32.self, at: 0, order: .big) == 0x6060_6060)
        #expect(try machine.memory.load(UInt32.self, at: 0x1fe0_0000, order: .big) == 0xd00d_feed)
    }

    @Test func resetUndoesWhatTheGuestDid() throws {
        let machine = try MachineSupport.make(["-M", "pseries-7.2", "-m", "256"])
        let before = machine.deviceTreeBlob.count
        try machine.memory.store(UInt64.max, at: 0, order: .big)
        machine.withLock {
            machine.setProcessTable(0x8000_0000_0000_1000)
            machine.hpt.free()
            machine.negotiatedVector5[.radix] = true
            machine.threads[0].vpaAddress = 0x1000
            machine.phbs[0].windows[1].open(pageShift: 16, busOffset: 1 << 59, count: 64)
            machine.resetMachine()
        }
        #expect(machine.runState == .prelaunch)
        #expect(try machine.memory.load(UInt32.self, at: 0, order: .big) == 0x6060_6060)
        #expect(machine.processTableEntry == 0)
        #expect(machine.hpt.shift == 21)
        #expect(machine.negotiatedVector5.isEmpty)
        #expect(machine.threads[0].vpaAddress == 0)
        #expect(!machine.phbs[0].windows[1].isOpen)
        #expect(machine.deviceTreeBlob.count == before)
    }

    /// Sections of a stream, in order: the order of registration is wire format.
    @Test func registersSectionsInQEMUsOrder() throws {
        let machine = try MachineSupport.make(["-M", "pseries-7.2", "-m", "256"])
        let names = machine.state.entries.map(\.id).filter { !$0.hasPrefix("spapr_drc") }
        let expected: [String] = [
            "timer", "ics", "xive-source", "spapr-xive", "cpu_common", "cpu", "icp/server", "xive-tctx", "spapr_cpu",
            "spapr/rtc", "nvram@71000000/spapr_nvram", "spapr_iommu", "spapr_iommu", "spapr_pci", "PCIBUS", "spapr",
            "spapr/htab",
        ]
        #expect(names.prefix(expected.count) == expected[...])
    }
}
