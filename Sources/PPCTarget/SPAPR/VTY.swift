import EmuCore

/// A virtual terminal: hypercalls put and get up to 16 characters at a time.
package final class SpaprVTY: VIODevice {
    package private(set) var backend: CharacterBackend?
    /// Input that the guest has not fetched; positions count without wrapping.
    private var input: UInt32 = 0
    private var output: UInt32 = 0
    private var buffer = [UInt8](repeating: 0, count: SpaprVTY.bufferSize)
    private static let bufferSize = 16

    package override var treeName: String { "vty" }
    package override var treeType: String? { "serial" }
    package override var treeCompatible: String? { "hvterm1" }

    /// - Parameter backend: What stands behind the terminal; without one, the property `chardev` must name it.
    package init(machine: SpaprMachine, backend: CharacterBackend? = nil) {
        self.backend = backend
        super.init(type: SpaprTypes.vty, machine: machine)
    }

    static var properties: [Property] {
        VIODevice.busProperties + [
            Property(
                "chardev", type: "str", description: "ID of a chardev to use as a backend",
                get: { .string(($0 as? SpaprVTY)?.backend?.label ?? "") },
                set: { object, value in
                    guard let terminal = object as? SpaprVTY else { return }
                    let id = try PropertyParsing.string(value, name: "chardev")
                    guard let found = terminal.machine.characterBackends[id] else {
                        throw ObjectError("Property 'spapr-vty.chardev' can't find value '\(id)'")
                    }
                    guard found.receiverCount == 0 else {
                        throw ObjectError(
                            "Property 'spapr-vty.chardev' can't take value '\(id)': Device '\(id)' is in use")
                    }
                    terminal.backend = found
                })
        ]
    }

    package override func realize() throws {
        guard let backend else {
            throw ObjectError("chardev property not set", hint: "Use -device spapr-vty,chardev=ID.")
        }
        try super.realize()
        backend.receiveCapacity = { [weak self] in self?.room ?? 0 }
        backend.onReceive = { [weak self] bytes in self?.receive(bytes) }
    }

    private var held: Int { Int(min(input &- output, UInt32(Self.bufferSize))) }
    private var room: Int { Self.bufferSize - held }

    private func receive(_ bytes: [UInt8]) {
        guard !bytes.isEmpty else { return }
        let wasEmpty = held == 0
        for byte in bytes.prefix(room) {
            buffer[Int(input % UInt32(Self.bufferSize))] = byte
            input &+= 1
        }
        if wasEmpty { interruptLine?.pulse() }
    }

    /// Characters for the guest, at most 16.
    ///
    /// Guests drop a NUL after a carriage return, a habit from an old bug of another hypervisor: a NUL there waits for
    /// the next call.
    package func takeInput() -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < Self.bufferSize, held > 0 {
            let byte = buffer[Int(output % UInt32(Self.bufferSize))]
            if byte == 0, bytes.last == 0x0d { break }
            bytes.append(byte)
            output &+= 1
        }
        backend?.acceptInput()
        return bytes
    }

    package func put(_ bytes: [UInt8]) { backend?.write(bytes) }

    package override var stateDescription: StateDescription? { Self.description }

    private static let description = StateDescription(
        "spapr_vty", of: SpaprVTY.self,
        fields: [
            .structure("sdev", VIODevice.commonState) { terminal, _ in terminal },
            .value("in", \.input), .value("out", \.output),
            .bytes(
                "buf", count: { _ in bufferSize }, get: { $0.buffer },
                set: { terminal, bytes in
                    guard bytes.count == bufferSize else { throw StateError("terminal buffer of wrong size") }
                    terminal.buffer = bytes
                }),
        ],
        postLoad: { terminal, _ in
            guard terminal.input &- terminal.output <= UInt32(bufferSize) else {
                throw StateError("terminal buffer holds more than it can")
            }
        })
}
