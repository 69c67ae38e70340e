import EmuCore

/// Compares the devices that a stream carries with those of a machine.
enum DeviceListCheck {
    struct Result {
        var refusals: [MigrationError] = []
        var warnings: [String] = []
    }

    /// - Parameter list: The stream's description.
    static func compare(_ list: StreamDescription, with registry: StateRegistry) -> Result {
        var result = Result()
        var matched: Set<ObjectIdentifier> = []
        for device in list.devices {
            guard let entry = registry.entry(id: device.name, instance: device.instance) else {
                result.refusals.append(unknownSection(device.name, device.instance, registry: registry, offset: nil))
                continue
            }
            matched.insert(ObjectIdentifier(entry))
            guard case .described(let description, _) = entry.content, let version = device.structure.version else {
                continue
            }
            if version > description.version {
                result.refusals.append(
                    MigrationError(
                        "savevm: unsupported version \(version) for '\(device.name)' v\(description.version)",
                        hints: ["The stream was written by a newer release."]))
            } else if version < description.minimumVersion {
                result.refusals.append(
                    MigrationError(
                        "\(description.name): incoming version_id \(version) is too old for local minimum version_id  "
                            + "\(description.minimumVersion)"))
            }
        }
        for entry in registry.entries where !matched.contains(ObjectIdentifier(entry)) {
            guard case .described(let description, let subject) = entry.content,
                StateWalker.isNeeded(description, subject)
            else { continue }
            result.warnings.append(missingText(entry))
        }
        return result
    }

    static func missingText(_ entry: StateRegistry.Entry) -> String {
        "The stream has no state for '\(entry.id)' instance \(entry.instance) of this machine, which keeps its reset "
            + "state: the source has fewer devices or CPUs than this machine."
    }

    static func unknownSection(_ name: String, _ instance: UInt32, registry: StateRegistry, offset: UInt64?)
        -> MigrationError
    {
        var hints: [String] = []
        let instances = registry.entries.filter { $0.id == name }.map(\.instance)
        if !instances.isEmpty {
            let text = instances.map(String.init).joined(separator: ", ")
            hints.append(
                "This machine has '\(name)' with the instance\(instances.count == 1 ? "" : "s") \(text) only: the source "
                    + "has more of them (CPUs: compare -smp; devices: compare -device).")
        } else if let slash = name.lastIndex(of: "/") {
            let kind = name[slash...]
            let similar = registry.entries.map(\.id).filter { $0.hasSuffix(kind) }
            if similar.isEmpty {
                hints.append("The source has a device '\(name)' that this machine lacks; add it with -device.")
            } else {
                hints.append(
                    "The source has this device at another address; this machine has \(similar.joined(separator: ", "))."
                )
            }
        } else {
            hints.append("The source has a part '\(name)' that this machine lacks.")
        }
        return MigrationError(
            "Unknown savevm section or instance '\(name)' \(instance). Make sure that your current VM setup matches your "
                + "saved VM setup, including any hotplugged devices", hints: hints, offset: offset)
    }
}
