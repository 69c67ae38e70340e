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
            + StreamOverride.allCases.map(override) + withoutEffect
    }

    /// What the machine's version decides unless the user does.
    private static func override(_ kind: StreamOverride) -> Property {
        Property(
            kind.rawValue, type: "bool", description: "Frame of streams: \(kind.rawValue)", defaultValue: true,
            get: { object in
                guard let machine = (object as? MigrationObject)?.controller.machine else { return true }
                let settings = machine.effectiveStreamSettings
                return switch kind {
                case .runState: .bool(settings.storesRunState)
                case .configuration: .bool(settings.sendsConfiguration)
                case .footers: .bool(settings.sendsFooters)
                }
            },
            set: { object, value in
                let on = try PropertyParsing.bool(value, name: kind.rawValue)
                guard let controller = (object as? MigrationObject)?.controller else { return }
                controller.machine.streamOverrides[kind] = on
                if kind == .runState { controller.runStateSection.alwaysTravels = on }
            })
    }

    /// Settings of QEMU that tune what does not exist here: any value is harmless.
    private static var withoutEffect: [Property] {
        let switches = [
            "decompress-error-check", "multifd-flush-after-each-section", "multifd-clean-tls-termination",
            "x-preempt-pre-7-2",
        ]
        return switches.map { name in
            Property(
                name, type: "bool", description: "Without effect here", get: { _ in false },
                set: { _, value in _ = try PropertyParsing.bool(value, name: name) })
        } + [
            Property(
                "x-clear-bitmap-shift", type: "uint8", description: "Without effect here", get: { _ in 18 },
                set: { _, value in
                    guard try PropertyParsing.unsigned(value, name: "x-clear-bitmap-shift") < 256 else {
                        throw ObjectError("Parameter 'x-clear-bitmap-shift' expects uint8_t")
                    }
                })
        ]
    }

    private static func capability(_ row: CapabilityTable.Row) -> Property {
        // mapped-ram is the one capability whose preset has no prefix.
        let name = row.name.hasPrefix("x-") || row.name == "mapped-ram" ? row.name : "x-" + row.name
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
            case .string, .choice, .release, .strings: "str"
            }
        return Property(
            name, type: type, description: "Migration parameter \(row.name)", defaultValue: row.initial,
            get: { ($0 as? MigrationObject)?.controller.parameters[row.name] ?? row.initial },
            set: { object, value in
                let parsed: Value =
                    switch row.kind {
                    case .bool: .bool(try PropertyParsing.bool(value, name: name))
                    case .integer, .powerOfTwo: Value(unsigned: try PropertyParsing.size(value, name: name))
                    case .strings: .array([.string(try PropertyParsing.string(value, name: name))])
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
