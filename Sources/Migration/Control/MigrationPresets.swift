import EmuCore

/// What `-global migration.PROPERTY=VALUE` sets: capabilities and parameters under the names that QEMU gives them there.
final class MigrationObject: EmuObject {
    unowned let controller: MigrationController

    init(type: ObjectType, controller: MigrationController) {
        self.controller = controller
        super.init(type: type)
    }

    /// Names differ from those of the monitor in a prefix where QEMU marks a setting as not for ordinary users.
    static var properties: [Property] {
        CapabilityTable.rows.filter(\.isPresettable).map(capability) + ParameterTable.rows.map(parameter)
    }

    private static func capability(_ row: CapabilityTable.Row) -> Property {
        let name = row.name.hasPrefix("x-") ? row.name : "x-" + row.name
        return Property(
            name, type: "bool", description: "Migration capability \(row.name)", defaultValue: false,
            get: { .bool(($0 as? MigrationObject)?.controller.capabilities.contains(row.name) ?? false) },
            set: { object, value in
                let on = try PropertyParsing.bool(value, name: name)
                try reporting { try (object as? MigrationObject)?.controller.set(capabilities: [(row.name, on)]) }
            })
    }

    private static func parameter(_ row: ParameterTable.Row) -> Property {
        let name = row.isForOrdinaryUsers || row.name.hasPrefix("x-") ? row.name : "x-" + row.name
        let type =
            switch row.kind {
            case .bool: "bool"
            case .integer, .powerOfTwo: "uint64"
            case .string, .choice, .release: "str"
            }
        return Property(
            name, type: type, description: "Migration parameter \(row.name)", defaultValue: row.initial,
            get: { ($0 as? MigrationObject)?.controller.parameters[row.name] ?? row.initial },
            set: { object, value in
                let parsed: Value =
                    switch row.kind {
                    case .bool: .bool(try PropertyParsing.bool(value, name: name))
                    case .integer, .powerOfTwo: Value(unsigned: try PropertyParsing.size(value, name: name))
                    case .string, .choice, .release: .string(try PropertyParsing.string(value, name: name))
                    }
                try reporting { try (object as? MigrationObject)?.controller.set(parameters: [row.name: parsed]) }
            })
    }

    private static func reporting(_ body: () throws -> Void) throws {
        do { try body() } catch let error as MigrationError {
            throw ObjectError(error.lines.joined(separator: ": "), hint: error.hints.first)
        }
    }
}

extension TypeRegistry {
    /// Registers the type that presets of migration settings name.
    public func registerMigrationTypes() {
        register(
            ObjectType(
                "migration", parent: nil, interfaces: ["device"], properties: MigrationObject.properties,
                description: "Settings of migrations"))
    }
}

extension MigrationController {
    /// Applies `-global migration.…`.
    public func applyPresets() throws {
        guard let type = machine.types.type("migration") else { return }
        try machine.withLock { try machine.applyPresets(to: MigrationObject(type: type, controller: self)) }
    }
}
