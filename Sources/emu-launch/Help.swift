import EmuCore
import Foundation
import PPCTarget

/// `help` and `?` as values of options: lists what there is and exits with 0.
enum Help {
    static func answer(_ options: LaunchCommand) {
        func asks(_ text: String?) -> Bool { text == "help" || text == "?" }
        if options.machine.contains(where: { asks($0) }) {
            print("Supported machines are:")
            print(
                row(
                    "pseries",
                    "pSeries Logical Partition (PAPR compliant) (alias of \(SpaprVersion.newest.machineName))"))
            for version in SpaprVersion.all {
                print(row(version.machineName, "pSeries Logical Partition (PAPR compliant)"))
            }
            exit(0)
        }
        if asks(options.cpu) {
            for model in PPCModel.all { print("  \(model.name)  PVR 0x\(String(model.pvr, radix: 16))") }
            exit(0)
        }
        if options.device.contains(where: { asks($0) }) {
            print("Devices that can be added:\n  spapr-vty  bus spapr-vio-bus; chardev=ID")
            exit(0)
        }
        if options.log.contains(where: { asks($0) }) {
            print(LogItems.help, terminator: "")
            exit(0)
        }
        if options.object.contains(where: { asks($0) }) {
            let types = TypeRegistry()
            types.registerCoreTypes()
            print("List of user creatable objects:")
            for type in types.types(implementing: "user-creatable") { print("  \(type.name)") }
            exit(0)
        }
    }

    private static func row(_ name: String, _ text: String) -> String {
        name + String(repeating: " ", count: max(20 - name.count, 1)) + text
    }
}
