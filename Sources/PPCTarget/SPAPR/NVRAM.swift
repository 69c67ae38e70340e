import EmuCore
import Glibc

/// The partition's non-volatile memory, in a file if the user gives one.
package final class SpaprNVRAM: VIODevice {
    package private(set) var bytes: [UInt8] = []
    /// The file that keeps the content.
    package let path: String?
    private var descriptor: Int32 = -1
    private var isLoading = false
    private var loadedSize = 0

    static let defaultSize = 64 << 10
    static let sizes = (8 << 10)...(1 << 20)

    package override var treeName: String { "nvram" }
    package override var treeType: String? { "nvram" }
    package override var treeCompatible: String? { "qemu,spapr-nvram" }

    init(machine: SpaprMachine, path: String?) {
        self.path = path
        super.init(type: SpaprTypes.nvram, machine: machine)
    }

    static var properties: [Property] {
        VIODevice.busProperties + [
            Property(
                "drive", type: "str", description: "Node name or ID of a block device to use as a backend",
                get: { _ in .string("") },
                set: { _, value in
                    let id = try PropertyParsing.string(value, name: "drive")
                    throw ObjectError(
                        "Property 'spapr-nvram.drive' can't find value '\(id)'",
                        hint:
                            "There are no block devices; -drive if=pflash,format=raw,file=FILE keeps the NVRAM in a file."
                    )
                })
        ]
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    package override func realize() throws {
        try super.realize()
        guard let path else {
            bytes = [UInt8](repeating: 0, count: Self.defaultSize)
            return
        }
        descriptor = open(path, O_RDWR | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw ObjectError("Could not open '\(path)': \(String(cString: strerror(errno)))")
        }
        let size = lseek(descriptor, 0, SEEK_END)
        guard size >= 0 else { throw ObjectError("could not get length of backing image") }
        guard Self.sizes.contains(size) else {
            throw ObjectError(
                "spapr-nvram must be between \(Self.sizes.lowerBound) and \(Self.sizes.upperBound) bytes in size")
        }
        bytes = [UInt8](repeating: 0, count: size)
        let count = bytes.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress, $0.count, 0) }
        guard count == size else { throw ObjectError("can't read spapr-nvram contents") }
    }

    /// - Returns: `nil` if the range is not all inside.
    package func read(offset: Int, count: Int) -> ArraySlice<UInt8>? {
        guard offset >= 0, count >= 0, offset <= bytes.count, count <= bytes.count - offset else { return nil }
        return bytes[offset..<(offset + count)]
    }

    /// - Returns: `false` if the range is not all inside, or the file could not be written.
    package func write(offset: Int, _ new: [UInt8]) -> Bool {
        guard offset >= 0, offset <= bytes.count, new.count <= bytes.count - offset else { return false }
        bytes.replaceSubrange(offset..<(offset + new.count), with: new)
        guard descriptor >= 0 else { return true }
        return new.withUnsafeBytes { pwrite(descriptor, $0.baseAddress, $0.count, offset) } == new.count
    }

    package override func fill(_ tree: DeviceTree, _ node: DeviceTree.Node) {
        tree.set(node, "#bytes", cell: UInt32(truncatingIfNeeded: bytes.count))
    }

    package override var stateDescription: StateDescription? { Self.description }

    private static let description = StateDescription(
        "spapr_nvram", of: SpaprNVRAM.self,
        fields: [
            .scalar(
                "size", .uint32, get: { UInt64($0.bytes.count) },
                set: { nvram, size in
                    guard size <= UInt64(sizes.upperBound) else {
                        throw StateError("an NVRAM of \(size) bytes is not plausible")
                    }
                    nvram.loadedSize = Int(size)
                }),
            .bytes(
                "buf", count: { $0.isLoading ? $0.loadedSize : $0.bytes.count }, get: { $0.bytes },
                set: { $0.bytes = $1 }),
        ],
        preLoad: { $0.isLoading = true },
        postLoad: { nvram, _ in
            nvram.isLoading = false
            guard nvram.descriptor >= 0 else { return }
            let all = nvram.bytes
            guard nvram.write(offset: 0, all) else { throw StateError("can't write the NVRAM's file") }
        })
}
