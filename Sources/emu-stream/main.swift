import ArgumentParser
import Foundation
import Migration
import PPCTarget

/// Looks into streams without a machine.
struct StreamCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "emu-stream",
        abstract: "Shows and compares migration streams saved by QEMU or EmuCore.",
        subcommands: [Describe.self, Diff.self])
}

extension StreamCommand {
    struct Describe: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Prints machine, RAM blocks and sections of a stream; with --fields every field.")

        @Argument(help: "File with a stream.")
        var path: String

        @Option(help: "Position of the stream in the file, in bytes.")
        var offset: UInt64 = 0

        @Flag(help: "Print every field of every section.")
        var fields = false

        func run() throws {
            let report = try StreamInspector.describe(path: path, offset: offset, skippers: HashPageTable.skippers)
            print("machine: \(report.machineName ?? "not named (no configuration section)")")
            if let uuid = report.uuid { print("uuid: \(uuid)") }
            for block in report.blocks { print("RAM block: \(block.name), \(block.length) bytes") }
            print("pages: \(report.contentPages) with content, \(report.zeroPages) zero")
            for section in report.sections {
                print("\(section.name) instance \(section.instance) version \(section.version): \(section.size) bytes")
                guard fields else { continue }
                for field in section.fields { print("    \(field.path) = \(field.text)") }
            }
            print("\(report.totalBytes) bytes in all")
        }
    }

    struct Diff: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Compares the device sections of two streams field by field; status 1 if they differ.")

        @Argument(help: "Files with streams.")
        var paths: [String]

        @Option(help: "Leave out fields whose path contains this text (may be repeated).")
        var ignore: [String] = []

        func validate() throws {
            guard paths.count == 2 else { throw ValidationError("diff takes two files") }
        }

        func run() throws {
            let reports = try paths.map { try StreamInspector.describe(path: $0, skippers: HashPageTable.skippers) }
            let differences = StreamInspector.diff(reports[0], reports[1]).filter { difference in
                !ignore.contains { difference.place.contains($0) }
            }
            for difference in differences { print(difference) }
            guard differences.isEmpty else { throw ExitCode(1) }
        }
    }
}

StreamCommand.main()
