import EmuCore
import OrderedCollections

extension SpaprMonitor {
    /// What there is to choose from: machine types and processors, in QEMU's form.
    static var catalogCommands: [MonitorCommand] {
        [
            MonitorCommand("query-machines") { session, _ in
                let standard = SpaprVersion.named("pseries")?.machineName
                return .array(
                    SpaprVersion.all.map { version in
                        var entry: OrderedDictionary<String, Value> = [
                            "name": .string(version.machineName), "cpu-max": .integer(Int64(SpaprInterrupts.ipiCount)),
                            "hotpluggable-cpus": .bool(version.hasHotpluggableCPUs),
                            "numa-mem-supported": .bool(version.supportsNodeMemory), "deprecated": false,
                            "default-ram-id": .string(SpaprMachine.defaultRAMID),
                        ]
                        if let model = PPCModel.named(version.defaultCPU) {
                            entry["default-cpu-type"] = .string("\(model.name)-powerpc64-cpu")
                        }
                        if version.machineName == standard {
                            entry["alias"] = "pseries"
                            entry["is-default"] = true
                        }
                        return .object(entry)
                    })
            },
            MonitorCommand("query-cpu-definitions") { _, _ in
                .array(
                    PPCModel.all.flatMap { model in
                        ([model.name] + model.aliases).map { name -> Value in
                            [
                                "name": .string(name), "typename": .string("\(model.name)-powerpc64-cpu"),
                                "static": false, "deprecated": false,
                            ]
                        }
                    })
            },
            MonitorCommand("query-target") { _, _ in ["arch": "ppc64"] },
            MonitorCommand("query-current-machine") { _, _ in ["wakeup-suspend-support": false] },
        ]
    }
}
