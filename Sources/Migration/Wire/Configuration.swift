import EmuCore
import Glibc

/// The configuration section: what must be equal at both ends before anything else is read.
final class ConfigurationSection {
    /// Capabilities whose setting must be equal at both ends.
    static let comparedCapabilities: [String] = ["x-ignore-shared", "mapped-ram"]

    let settings: StreamSettings
    /// Capabilities out of ``comparedCapabilities`` that are on here.
    let localCapabilities: [String]
    let validatesUUID: Bool

    var nameLength: UInt32 = 0
    var name: [UInt8] = []
    var pageBits: UInt32 = 0
    var capabilities: [String] = []
    var uuid = [UInt8](repeating: 0, count: 16)
    /// Things worth telling that do not refuse the stream.
    var warnings: [String] = []
    /// What refuses the stream, in the order in which it was found.
    private(set) var problems: [MigrationError] = []

    init(settings: StreamSettings, capabilities: Set<String>) {
        self.settings = settings
        localCapabilities = Self.comparedCapabilities.filter(capabilities.contains)
        validatesUUID = capabilities.contains("validate-uuid")
        name = Array(settings.machineName.utf8)
        nameLength = UInt32(name.count)
        pageBits = UInt32(settings.pageBits)
        self.capabilities = localCapabilities
        if let own = settings.uuid, own.count == 16 { uuid = own }
    }

    static let description = StateDescription(
        "configuration", of: ConfigurationSection.self, version: 1, minimumVersion: 0,
        fields: [
            .scalar(
                "len", .uint32, get: { UInt64($0.nameLength) },
                set: { section, value in
                    guard value <= UInt64(StreamFormat.maximumNameLength) else {
                        throw MigrationError(
                            lines: [], hints: ["The machine name in the stream claims to have \(value) bytes."])
                    }
                    section.nameLength = UInt32(value)
                }),
            .bytes("name", count: { Int($0.nameLength) }, get: { $0.name }, set: { $0.name = $1 }),
        ],
        subsections: [
            StateDescription(
                "configuration/target-page-bits", of: ConfigurationSection.self,
                isNeeded: { $0.settings.pageBits > $0.settings.minimumPageBits },
                fields: [.value("target_page_bits", \.pageBits)]),
            StateDescription(
                "configuration/capabilities", of: ConfigurationSection.self, isNeeded: { !$0.capabilities.isEmpty },
                fields: [
                    .scalar(
                        "caps_count", .uint32, get: { UInt64($0.capabilities.count) },
                        set: { section, count in
                            guard count <= 256 else {
                                throw MigrationError(lines: [], hints: ["The stream claims \(count) capabilities."])
                            }
                            section.capabilities = [String](repeating: "", count: Int(count))
                        }),
                    .custom(
                        "capabilities", typeName: "capability",
                        save: { section, output in
                            for name in section.capabilities { try output.writeCounted(name) }
                        },
                        load: { section, input in
                            for index in section.capabilities.indices {
                                let name = try input.readCounted()
                                guard CapabilityTable.names.contains(name) else {
                                    throw MigrationError("Received unknown capability \(name)")
                                }
                                section.capabilities[index] = name
                            }
                        }),
                ]),
            StateDescription(
                "configuration/uuid", of: ConfigurationSection.self,
                isNeeded: { $0.validatesUUID && $0.settings.uuid != nil },
                fields: [
                    .array(
                        "uuid.data", .uint8, count: { _ in 16 }, get: { UInt64($0.uuid[$1]) },
                        set: { $0.uuid[$1] = UInt8(truncatingIfNeeded: $2) })
                ], postLoad: { section, _ in section.checkUUID() }),
        ],
        preLoad: { section in
            section.pageBits = UInt32(section.settings.minimumPageBits)
            section.capabilities = []
        },
        postLoad: { section, _ in section.check() })

    /// Gathers all that differs: a user who has to start the machine anew wants to hear of it once.
    private func check() {
        let received = String(decoding: name, as: UTF8.self)
        if received != settings.machineName {
            problems.append(
                MigrationError(
                    "Machine type received is '\(received)' and local is '\(settings.machineName)'",
                    hints: ["Start this machine with -machine \(received)."]))
        }
        if Int(pageBits) != settings.pageBits {
            problems.append(
                MigrationError("Received TARGET_PAGE_BITS is \(pageBits) but local is \(settings.pageBits)"))
        }
        for name in Self.comparedCapabilities {
            let source = capabilities.contains(name)
            let target = localCapabilities.contains(name)
            guard source != target else { continue }
            problems.append(
                MigrationError(
                    "Capability \(name) is \(target ? "on" : "off"), but received capability is "
                        + (source ? "on" : "off"),
                    hints: ["Set the migration capability \(name) \(source ? "on" : "off") here."]))
        }
    }

    private func checkUUID() {
        guard let own = settings.uuid else {
            warnings.append("UUID is received \(Self.text(uuid)), but local uuid isn't set")
            return
        }
        guard own != uuid else { return }
        problems.append(
            MigrationError(
                "UUID received is \(Self.text(uuid)) and local is \(Self.text(own))",
                hints: ["Start this machine with -uuid \(Self.text(uuid)), or switch validate-uuid off at the source."])
        )
    }

    static func text(_ uuid: [UInt8]) -> String {
        var text = ""
        for (index, byte) in uuid.enumerated() {
            if [4, 6, 8, 10].contains(index) { text += "-" }
            text += (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }
        return text
    }
}

/// The section `globalstate`: what the source's machine was doing, so that the destination continues that way.
final class RunStateSection {
    static let bufferSize = 100

    var alwaysTravels: Bool
    var size: UInt32 = 0
    var text: [UInt8] = [UInt8](repeating: 0, count: bufferSize)
    /// What arrived; `nil` if the stream had no such section.
    var received: RunState?

    init(alwaysTravels: Bool) { self.alwaysTravels = alwaysTravels }

    func store(_ state: RunState) {
        text = Array(state.rawValue.utf8.prefix(Self.bufferSize - 1))
        size = UInt32(text.count + 1)
        text += [UInt8](repeating: 0, count: Self.bufferSize - text.count)
    }

    var name: String { String(decoding: text.prefix { $0 != 0 }, as: UTF8.self) }

    static let description = StateDescription(
        "globalstate", of: RunStateSection.self,
        isNeeded: { section in
            section.alwaysTravels || !(section.name == "running" || section.name == "paused")
        },
        fields: [
            .value("size", \.size),
            .bytes("runstate", count: { _ in bufferSize }, get: { $0.text }, set: { $0.text = $1 }),
        ],
        postLoad: { section, _ in
            guard let state = RunState(rawValue: section.name) else {
                throw MigrationError("invalid parameter value: \(section.name)", hints: ["This is no known run state."])
            }
            section.received = state
        })
}
