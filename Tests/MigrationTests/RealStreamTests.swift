import EmuCore
import Foundation
import Testing

@testable import Migration

@Suite("Streams of real QEMUs can be described and compared without a machine")
struct RealStreamTests {
    static func report(_ name: String) throws -> StreamReport {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("Fixtures/inspection")
        let path = folder.appendingPathComponent("\(name).stream.gz").path
        let channel = try CommandChannel.start(["gzip", "-dc", path], writing: false, duplex: false)
        defer { try? channel.close(failed: false) }
        return try StreamInspector.describe(channel)
    }

    @Test("the oldest framing: no configuration, footers or description")
    func oldest() throws {
        let report = try Self.report("qemu-7.2-pseries-2.1")
        #expect(report.machineName == nil && !report.hasFooters && !report.hasDescription)
        #expect(report.blocks == [.init(name: "ppc_spapr.ram", length: 256 << 20)])
        let names = report.sections.map(\.name)
        #expect(names.first == "ram" && names.contains("timer") && names.contains("nvram@71000000/spapr_nvram"))
        #expect(names.last == "globalstate")
    }

    @Test("2.12: sections, versions and values")
    func memPath() throws {
        let report = try Self.report("qemu-7.2-pseries-2.12-mem-path")
        #expect(report.machineName == "pseries-2.12" && report.hasFooters && report.hasDescription)
        #expect(report.contentPages == 5 && report.zeroPages == 65531)
        #expect(
            report.sections.map { "\($0.name) v\($0.version)" } == [
                "ram v4", "spapr/htab v1", "timer v2", "ics v1", "cpu_common v1", "cpu v5", "icp/server v1",
                "spapr/rtc v1", "nvram@71000000/spapr_nvram v1", "spapr_iommu v3", "spapr_iommu v3", "spapr_pci v2",
                "PCIBUS v1", "spapr v3", "globalstate v1",
            ])
        let pvr = report.section("cpu")?.fields.first { $0.path == "env.spr[287]" }
        #expect(pvr?.text == "0x4d0200")
        let state = report.section("globalstate")?.fields.first { $0.path == "runstate" }
        #expect(String(decoding: state?.bytes.prefix(9) ?? [], as: UTF8.self) == "prelaunch")
    }

    @Test("capabilities and UUID in the configuration")
    func configuration() throws {
        let report = try Self.report("qemu-7.2-pseries-7.2-ignore-shared")
        #expect(report.capabilities == ["x-ignore-shared"])
        #expect(report.uuid == "01234567-89ab-cdef-0123-456789abcdef")
        #expect(report.blocks == [.init(name: "m0", length: 256 << 20)])
        #expect(report.contentPages == 0 && report.zeroPages == 0)
    }

    @Test("a difference names section, field and both values")
    func differences() throws {
        let old = try Self.report("qemu-5.2-pseries-2.12-ignore-shared")
        let new = try Self.report("qemu-7.2-pseries-2.12-mem-path")
        let places = StreamInspector.diff(old, new)
        #expect(StreamInspector.diff(new, new).isEmpty)
        #expect(
            places.contains { $0.place == "spapr_iommu[2147483648].version" && $0.first == "2" && $0.second == "3" })
        #expect(places.contains { $0.place == "ram.ppc_spapr.ram" && $0.first == nil })
        let two = try Self.report("qemu-7.2-pseries-4.1-smp2-ignore-shared")
        #expect(two.section("cpu", instance: 1) != nil)
        #expect(StreamInspector.diff(two, new).contains { $0.place == "cpu[1]" && $0.second == nil })
    }

    @Test("a machine is checked against a stream without being touched")
    func check() throws {
        let report = try Self.report("qemu-7.2-pseries-2.12-mem-path")
        let machine = try SyntheticMachine(
            ram: [("ppc_spapr.ram", 1 << 20)], settings: StreamSettings(machineName: "pseries-3.0"))
        let (refusals, warnings) = StreamInspector.check(report, against: machine)
        let lines = refusals.flatMap(\.lines)
        #expect(lines.contains("Machine type received is 'pseries-2.12' and local is 'pseries-3.0'"))
        #expect(lines.contains("Size mismatch: ppc_spapr.ram: 0x10000000 != 0x100000: Invalid argument"))
        #expect(lines.contains { $0.hasPrefix("Unknown savevm section or instance 'timer' 0.") })
        #expect(warnings.contains { $0.contains("bus@1/gadget") })
    }
}
