import OrderedCollections

extension Machine {
    /// `/objects`: what users create.
    public var objects: EmuObject { root.children["objects"] ?? root }

    /// Creates a user-creatable object as `-object` and `object-add` do.
    ///
    /// Compat properties of the machine's version apply first, then the given properties; `-global` does not apply to
    /// these objects, as in QEMU.
    ///
    /// - Parameter isJSON: Whether the values come from JSON, whose types must then be those of the properties; option
    ///   texts are converted.
    /// - Throws: ``ObjectError`` naming the type, property or value; nothing stays of the object then.
    @discardableResult
    public func createObject(
        type typeName: String, id: String, properties: OrderedDictionary<String, Value> = [:], isJSON: Bool = false
    ) throws -> EmuObject {
        guard let type = types.type(typeName), type.isA("user-creatable") else {
            throw ObjectError(
                "Parameter 'qom-type' does not accept value '\(typeName)'",
                hint: "Types that can be created: "
                    + types.types(implementing: "user-creatable").filter { !$0.isAbstract }.map(\.name)
                    .joined(separator: ", "))
        }
        guard Self.isWellFormed(id: id) else {
            throw ObjectError(
                "Parameter 'id' expects an identifier",
                hint: "Identifiers consist of letters, digits, '-', '.', '_', starting with a letter.")
        }
        for property in type.lineage.flatMap(\.properties) where property.isRequired && properties[property.name] == nil
        {
            throw ObjectError("Parameter '\(property.name)' is missing")
        }
        let object = try type.create()
        for (name, value) in properties {
            guard let property = object.property(name), property.set != nil else {
                throw ObjectError(isJSON ? "Parameter '\(name)' is unexpected" : "Invalid parameter '\(name)'")
            }
            if isJSON { try property.checkJSON(value) }
        }
        try objects.add(child: object, name: id)
        do {
            for preset in compatProperties where type.isA(preset.driver) && object.property(preset.property) != nil {
                try object.set(preset.property, .string(preset.value))
            }
            for (name, value) in properties { try object.set(name, value) }
            try object.complete()
        } catch {
            objects.remove(child: id)
            throw error
        }
        return object
    }

    /// Removes a user-created object that nothing uses.
    public func deleteObject(id: String) throws {
        guard let object = objects.children[id] else { throw ObjectError("object '\(id)' not found") }
        if let backend = object as? MemoryBackend, backend.isMapped {
            throw ObjectError("object '\(id)' is in use, can not be deleted")
        }
        objects.remove(child: id)
    }

    static func isWellFormed(id: String) -> Bool {
        guard let first = id.unicodeScalars.first, first.isASCII, first.properties.isAlphabetic else { return false }
        return id.unicodeScalars.allSatisfy {
            $0.isASCII
                && ($0.properties.isAlphabetic || $0.properties.numericType != nil || "-._".unicodeScalars.contains($0))
        }
    }
}

extension TypeRegistry {
    /// Registers what EmuCore itself brings.
    public func registerCoreTypes() {
        register(RAMBackend.objectType)
        register(FileBackend.objectType)
        register(MemfdBackend.objectType)
        register(MemoryModule.moduleType)
        register(RandomBackend.builtinType)
        register(RandomBackend.fileType)
    }
}
