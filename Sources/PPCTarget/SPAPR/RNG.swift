import EmuCore

/// `spapr-rng`: random numbers from a back end by H_RANDOM (PAPR, "H_RANDOM"). It has no state.
package final class SpaprRNG: Device {
    fileprivate(set) var backend: RandomBackend?

    init(machine: SpaprMachine) { super.init(type: SpaprTypes.rng, machine: machine) }

    package override func realize() throws {
        guard backend != nil else {
            throw ObjectError(
                "spapr-rng needs an RNG backend!",
                hint: "Write -object rng-builtin,id=rng0 -device spapr-rng,rng=rng0.")
        }
    }

    /// Sixty-four random bits; `nil` if the back end fails.
    func next() -> UInt64? { backend?.next(own: machine.random) }

    static func describe(_ tree: DeviceTree) {
        let node = tree.addNode(DeviceTree.root, "ibm,platform-facilities")
        tree.set(node, "device_type", string: "ibm,platform-facilities")
        tree.set(node, "#address-cells", cell: 1)
        tree.set(node, "#size-cells", cell: 0)
        tree.set(tree.addNode(node, "ibm,random-v1"), "compatible", string: "ibm,random")
    }

    static var properties: [Property] {
        [
            Property(
                "rng", type: "link<rng-backend>", description: "Back end that gives the numbers",
                get: { .string(($0 as? SpaprRNG)?.backend?.canonicalPath ?? "") },
                set: { object, value in
                    guard let device = object as? SpaprRNG else { return }
                    let id = try PropertyParsing.string(value, name: "rng")
                    guard let backend = device.machine.objects.children[id] as? RandomBackend else {
                        throw ObjectError("Device '\(id)' not found", errorClass: "DeviceNotFound")
                    }
                    device.backend = backend
                }),
            Property(
                "use-kvm", type: "bool", description: "Numbers from the host's processor, which KVM alone gives",
                defaultValue: false, get: { _ in false }, set: { _, _ in }),
        ]
    }
}
