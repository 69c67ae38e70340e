/// Phases of a reset, run over the whole tree one after the other (QEMU: `ResettablePhases`).
public enum ResetPhase: Sendable, CaseIterable { case enter, hold, exit }

/// A device of a machine: realized once all its properties are set, resettable, with state that travels.
open class Device: EmuObject {
    /// Whether ``realize()`` is done: the device is part of the machine.
    public private(set) var isRealized = false
    /// The user's `id=`, if any.
    public var id: String?
    /// Whether the user added it (`-device`), so that it hangs below `/machine/peripheral` or `peripheral-anon`.
    public internal(set) var isUserCreated = false
    /// Whether it came after the machine was built.
    public internal(set) var isHotplugged = false
    /// The bus that the device sits on.
    public weak var bus: Bus?
    /// Buses that the device provides.
    public private(set) var buses: [Bus] = []
    /// The machine; set before realize.
    public unowned let machine: Machine

    /// - Parameters:
    ///   - type: The registered type that it is made of.
    ///   - machine: The machine it will belong to.
    public init(type: ObjectType, machine: Machine) {
        self.machine = machine
        super.init(type: type)
    }

    /// Checks properties, claims resources, registers state. Throws to refuse; nothing of the device stays then.
    open func realize() throws {}
    /// Undoes ``realize()``.
    open func unrealize() {}

    /// Type of the bus that the device sits on; `nil` if on none.
    open var busTypeName: String? { nil }

    /// One phase of a reset of this device alone; children and buses are walked by the machine.
    open func reset(_ phase: ResetPhase) {}

    /// What the stream carries of the device; `nil` for stateless devices and for those that register by themselves.
    open var stateDescription: StateDescription? { nil }

    /// Prefix of the device's section names in the stream (QEMU: `vmstate_if_get_id`): its path on its bus.
    open var statePath: String { bus?.statePath(of: self) ?? "" }

    /// Instance number of the section where the wire fixes it.
    open var stateInstance: UInt32? { nil }

    /// Realizes and registers the device's state.
    public final func realizeDevice() throws {
        guard !isRealized else { return }
        try realize()
        if let stateDescription {
            machine.state.register(stateDescription, of: self, path: statePath, instance: stateInstance)
        }
        isRealized = true
    }

    /// Takes the device's state out of streams and unrealizes it.
    public final func unrealizeDevice() {
        guard isRealized else { return }
        machine.state.unregister(subject: self)
        unrealize()
        isRealized = false
    }

    /// Makes a bus one of the device's.
    public func add(bus: Bus) { buses.append(bus) }

    /// What `qom-get` says of every device.
    public override var commonProperties: [Property] {
        [
            Property("realized", type: "bool", get: { .bool(($0 as? Device)?.isRealized ?? false) }, set: nil),
            Property(
                "hotplugged", type: "bool", get: { .bool(($0 as? Device)?.isHotplugged ?? false) }, set: nil),
            Property(
                "hotpluggable", type: "bool", get: { .bool($0.objectType.isA("hot-pluggable")) }, set: nil),
            Property(
                "parent_bus", type: "link<bus>", get: { .string(($0 as? Device)?.bus?.path ?? "") }, set: nil),
        ]
    }
}

/// A bus: the devices on it and how it addresses them.
open class Bus {
    /// Name by which `bus=` finds it.
    public let name: String
    /// Name of the kind of bus.
    public let typeName: String
    /// The device that provides the bus; `nil` for the machine's own.
    public weak var parentDevice: Device?
    /// Devices on the bus in the order in which they came.
    public private(set) var devices: [Device] = []

    /// - Parameters:
    ///   - name: What `bus=` finds it by.
    ///   - typeName: The kind of bus.
    ///   - parent: The device that provides it; `nil` for the machine.
    public init(name: String, typeName: String, parent: Device?) {
        self.name = name
        self.typeName = typeName
        parentDevice = parent
        parent?.add(bus: self)
    }

    /// Where `qom-get` finds it: below its device.
    public var path: String { parentDevice.map { "\($0.canonicalPath)/\(name)" } ?? name }

    /// Puts a device on the bus; an overriding bus may refuse it.
    open func attach(_ device: Device) throws {
        devices.append(device)
        device.bus = self
    }

    /// Takes a device off the bus.
    open func detach(_ device: Device) {
        devices.removeAll { $0 === device }
        device.bus = nil
    }

    /// Prefix of section names for a device on this bus, such as `nvram@71000000` on the sPAPR virtual I/O bus.
    open func statePath(of device: Device) -> String { "" }

    /// One phase of a reset of the bus itself.
    open func reset(_ phase: ResetPhase) {}
}
