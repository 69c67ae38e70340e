import OrderedCollections

extension Machine {
    /// Applies the presets that name the object's type or one it descends from: those of the machine's version, then the
    /// user's `-global`, in the order given. To be called once, when the object is new.
    ///
    /// - Throws: ``ObjectError`` naming the preset, for a value that the property refuses, and for a property that the
    ///   type lacks if the user gave it.
    public func applyPresets(to object: EmuObject) throws {
        for preset in compatProperties + globals where object.objectType.isA(preset.driver) {
            func refuse(_ error: ObjectError) -> ObjectError {
                ObjectError(
                    "can't apply global \(preset.driver).\(preset.property)=\(preset.value): \(error.description)",
                    hint: error.hint)
            }
            if object.property(preset.property) == nil, preset.isOptional { continue }
            do { try object.set(preset.property, .string(preset.value)) } catch let error as ObjectError {
                throw refuse(error)
            }
        }
    }

    /// Checks presets that the user gave, before anything is made: a name that is no device's type, and a property that
    /// its type lacks, are worth a warning; a device that the latter reaches refuses it.
    ///
    /// - Returns: The warnings.
    public func checkGlobals() -> [String] {
        var warnings: [String] = []
        for preset in globals {
            guard let type = types.type(preset.driver), type.isA("device") else {
                warnings.append("global \(preset.driver).\(preset.property) has invalid class name")
                continue
            }
            // Types that descend from an abstract one may add the property, and the machine's own devices refuse it.
            guard type.isAbstract || !type.isA("user-device") || type.property(preset.property) != nil else {
                warnings.append("Property '\(preset.driver).\(preset.property)' not found")
                continue
            }
        }
        return warnings
    }

    /// Adds a device as `-device DRIVER,id=ID,PROPERTY=VALUE…` does: presets first, then the given properties.
    ///
    /// - Throws: ``ObjectError`` naming driver, property or value; nothing stays of the device then.
    @discardableResult
    public func addDevice(
        driver: String, id: String? = nil, properties: OrderedDictionary<String, Value> = [:], isJSON: Bool = false
    ) throws -> Device {
        if let obstacle = hotplugObstacle() { throw ObjectError("device_add not allowed \(obstacle)") }
        let hint =
            "Devices that can be added: "
            + types.types(implementing: "user-device").filter { !$0.isAbstract && !$0.isA("cpu-core") }.map(\.name)
            .joined(separator: ", ") + "; processor cores where -smp maxcpus= leaves room."
        guard let type = types.type(driver), type.isA("device") else {
            throw ObjectError("'\(driver)' is not a valid device model name", hint: hint)
        }
        guard !type.isAbstract else {
            throw ObjectError("Parameter 'driver' expects a non-abstract device type", hint: hint)
        }
        guard type.isA("user-device"), let device = try makeDevice(type) else {
            throw ObjectError("Parameter 'driver' expects a pluggable device type", hint: hint)
        }
        guard !isReady || type.isA("hot-pluggable") else {
            throw ObjectError(
                device.busTypeName.map { "Bus '\($0.replacing("-bus", with: ""))' does not support hotplugging" }
                    ?? "Device '\(driver)' does not support hotplugging",
                hint: "Give it by -device when the machine is started.")
        }
        if let id {
            guard Self.isWellFormed(id: id) else {
                throw ObjectError(
                    "Parameter 'id' expects an identifier",
                    hint: "Identifiers consist of letters, digits, '-', '.', '_', starting with a letter.")
            }
            guard children["peripheral"]?.children[id] == nil else {
                throw ObjectError("Duplicate device ID '\(id)'")
            }
        }
        device.id = id
        device.isUserCreated = true
        device.isHotplugged = isReady
        try applyPresets(to: device)
        for (name, value) in properties {
            if name == "bus" {
                try check(bus: PropertyParsing.string(value, name: name), for: device)
                continue
            }
            if isJSON { try device.property(name)?.checkJSON(value) }
            try device.set(name, value)
        }
        if isReady { try standing { try plug(device) } } else { try plug(device) }
        return device
    }

    /// Asks for a device back, as `device_del` does: it goes when the guest lets go of it, which `DEVICE_DELETED` tells.
    ///
    /// - Parameter id: The user's name for it, or its path in the object tree.
    /// - Throws: ``ObjectError`` for what does not exist, cannot go, or is on its way already.
    public func removeDevice(id: String) throws {
        let found = id.hasPrefix("/") ? try? resolve(path: id) : children["peripheral"]?.children[id]
        guard let device = found as? Device else {
            throw ObjectError("Device '\(id)' not found", errorClass: "DeviceNotFound")
        }
        guard device.objectType.isA("hot-pluggable") else {
            throw ObjectError("Device '\(device.objectType.name)' does not support hotplugging")
        }
        if let obstacle = hotplugObstacle() { throw ObjectError("device_del not allowed \(obstacle)") }
        try requestUnplug(device)
    }

    /// Takes a device that is gone out of the object tree and tells the monitors.
    public func deviceRemoved(_ device: Device) {
        let path = device.canonicalPath
        device.parent?.remove(child: device.name)
        var data: OrderedDictionary<String, Value> = ["path": .string(path)]
        if let id = device.id { data["device"] = .string(id) }
        monitor.emit("DEVICE_DELETED", .object(data))
    }

    /// `bus=`: devices here have one bus that they can be on; naming another is refused.
    private func check(bus name: String, for device: Device) throws {
        guard let bus = bus(named: name) else { throw ObjectError("Bus '\(name)' not found") }
        guard bus.typeName == device.busTypeName else {
            throw ObjectError("Device '\(device.objectType.name)' can't go on \(bus.typeName) bus")
        }
    }
}
