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

    /// Checks presets that the user gave, before anything is made: a name that is no device's type is only worth a
    /// warning, as in QEMU; a property that its type lacks is refused, even if no such device is made.
    ///
    /// - Returns: The warnings.
    public func checkGlobals() throws -> [String] {
        var warnings: [String] = []
        for preset in globals {
            guard let type = types.type(preset.driver), type.isA("device") else {
                warnings.append("global \(preset.driver).\(preset.property) has invalid class name")
                continue
            }
            // Types that descend from an abstract one may add the property.
            guard type.isAbstract || type.property(preset.property) != nil else {
                throw ObjectError(
                    "can't apply global \(preset.driver).\(preset.property)=\(preset.value): "
                        + "Property '\(preset.driver).\(preset.property)' not found")
            }
        }
        return warnings
    }

    /// Adds a device as `-device DRIVER,id=ID,PROPERTY=VALUE…` does: presets first, then the given properties.
    ///
    /// - Throws: ``ObjectError`` naming driver, property or value; nothing stays of the device then.
    @discardableResult
    public func addDevice(
        driver: String, id: String? = nil, properties: OrderedDictionary<String, Value> = [:]
    ) throws -> Device {
        guard let type = types.type(driver), type.isA("device"), !type.isAbstract,
            let device = try makeDevice(type)
        else {
            let known = types.types(implementing: "user-device").map(\.name)
            throw ObjectError(
                "'\(driver)' is not a valid device model name",
                hint: "Devices that can be added: \(known.joined(separator: ", ")).")
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
        try applyPresets(to: device)
        for (name, value) in properties { try device.set(name, value) }
        try plug(device)
        return device
    }
}
