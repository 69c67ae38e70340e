import EmuCore

extension SpaprMachine {
    /// Makes a machine that is built and reset, ready to run or to load a stream.
    ///
    /// - Parameters:
    ///   - name: "pseries" for the newest version, or "pseries-X.Y".
    ///   - platform: Interrupt controllers, hypercalls, vCPU threads; the default executes on the default engine.
    ///   - properties: Machine properties as in `-machine NAME=VALUE`.
    ///   - configure: Sets options; it gets the machine to create back ends and consoles with.
    /// - Throws: ``ObjectError`` naming the option that cannot be met.
    public static func make(
        _ name: String = "pseries", platform: SpaprServices = SpaprServices(),
        properties: KeyValuePairs<String, Value> = [:], configure: (SpaprMachine, inout SpaprOptions) throws -> Void
    ) throws -> SpaprMachine {
        guard let version = SpaprVersion.named(name) else {
            throw ObjectError("unsupported machine type", hint: "'\(name)' is none of the pseries versions.")
        }
        let types = TypeRegistry()
        types.registerCoreTypes()
        types.registerSpaprTypes(platform: platform)
        let machine = SpaprMachine(version: version, types: types, platform: platform)
        try machine.withLock {
            for (name, value) in properties { try machine.set(name, value) }
            var options = machine.options
            try configure(machine, &options)
            try machine.build(options)
            for terminal in options.terminals { try terminal.activate() }
        }
        return machine
    }
}
