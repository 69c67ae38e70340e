import OrderedCollections

/// `device_add` and `device_del`.
enum DeviceCommands {
    static var all: [MonitorCommand] {
        [
            MonitorCommand("device_add", required: ["driver"], optional: nil) { session, arguments in
                guard let driver = arguments["driver"]?.stringValue else {
                    throw ObjectError("Invalid parameter type for 'driver', expected: string")
                }
                var properties = arguments.objectValue ?? [:]
                properties["driver"] = nil
                let id = try properties.removeValue(forKey: "id").map { try PropertyParsing.string($0, name: "id") }
                try session.machine.addDevice(driver: driver, id: id, properties: properties)
                return [:]
            },
            MonitorCommand("device_del", required: ["id"]) { session, arguments in
                guard let id = arguments["id"]?.stringValue else {
                    throw ObjectError("Invalid parameter type for 'id', expected: string")
                }
                try session.machine.removeDevice(id: id)
                return [:]
            },
        ]
    }

    static var human: [HumanCommand] {
        [
            HumanCommand("device_add", usage: "driver[,prop=value][,...]", help: "add a device") { session, words in
                let list = try KeyValueList(words.joined(separator: " "), impliedKey: "driver")
                guard let driver = list.string("driver") else { throw ObjectError("Parameter 'driver' is missing") }
                var properties = list.entries
                properties["driver"] = nil
                properties["id"] = nil
                try session.machine.addDevice(driver: driver, id: list.string("id"), properties: properties)
                return ""
            },
            HumanCommand("device_del", usage: "device", help: "remove a device") { session, words in
                guard let id = words.first else { throw ObjectError("Parameter 'id' is missing") }
                try session.machine.removeDevice(id: String(id))
                return ""
            },
        ]
    }
}
