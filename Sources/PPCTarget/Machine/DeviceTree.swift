import CFdt
import EmuCore

/// A flattened device tree under construction, over libfdt.
///
/// libfdt puts a new node before its siblings and a new property before the others of its node; whoever builds a tree
/// that must equal another byte for byte adds in the same order. Failures (no room left, a node that is not there) are
/// remembered: ``check()`` throws the first.
package final class DeviceTree {
    /// Offset of a node in the tree; valid until something is added before it.
    package typealias Node = Int32

    package static let root: Node = 0
    private let buffer: UnsafeMutableRawBufferPointer
    private var failure: (code: Int32, what: String)?

    /// An empty tree in `capacity` bytes.
    package init(capacity: Int) {
        buffer = .allocate(byteCount: max(capacity, 64), alignment: 8)
        buffer.initializeMemory(as: UInt8.self, repeating: 0)
        note(fdt_create_empty_tree(buffer.baseAddress, Int32(truncatingIfNeeded: buffer.count)), "an empty tree")
    }

    /// A tree from a blob, with room to grow.
    ///
    /// - Throws: If the blob is no well-formed tree.
    package init(blob: [UInt8], room: Int = 0) throws {
        let capacity = blob.count + max(room, 0)
        buffer = .allocate(byteCount: max(capacity, 64), alignment: 8)
        buffer.initializeMemory(as: UInt8.self, repeating: 0)
        buffer.copyBytes(from: blob)
        guard blob.count >= 40, fdt_check_full(buffer.baseAddress, blob.count) == 0 else {
            throw ObjectError("not a flattened device tree")
        }
        note(
            fdt_open_into(buffer.baseAddress, buffer.baseAddress, Int32(truncatingIfNeeded: buffer.count)),
            "opening the tree")
    }

    deinit { buffer.deallocate() }

    private func note(_ code: Int32, _ what: @autoclosure () -> String) {
        if code < 0, failure == nil { failure = (code, what()) }
    }

    /// - Throws: The first failure since the tree was made.
    package func check() throws {
        guard let failure else { return }
        throw ObjectError("device tree: \(failure.what): \(String(cString: fdt_strerror(failure.code)))")
    }

    // MARK: Nodes

    package func addNode(_ parent: Node, _ name: String) -> Node {
        let node = fdt_add_subnode(buffer.baseAddress, parent, name)
        note(node, "node \(name)")
        return node
    }

    package func node(path: String) -> Node? {
        let node = fdt_path_offset(buffer.baseAddress, path)
        return node < 0 ? nil : node
    }

    package func child(_ parent: Node, _ name: String) -> Node? {
        let node = fdt_subnode_offset(buffer.baseAddress, parent, name)
        return node < 0 ? nil : node
    }

    package func children(of parent: Node) -> [Node] {
        var nodes: [Node] = []
        var node = fdt_first_subnode(buffer.baseAddress, parent)
        while node >= 0 {
            nodes.append(node)
            node = fdt_next_subnode(buffer.baseAddress, node)
        }
        return nodes
    }

    package func name(of node: Node) -> String {
        guard let name = fdt_get_name(buffer.baseAddress, node, nil) else { return "" }
        return String(cString: name)
    }

    package func parent(of node: Node) -> Node? {
        let parent = fdt_parent_offset(buffer.baseAddress, node)
        return parent < 0 ? nil : parent
    }

    package func path(of node: Node) -> String? {
        var path = [CChar](repeating: 0, count: 1024)
        guard fdt_get_path(buffer.baseAddress, node, &path, Int32(path.count)) == 0 else { return nil }
        return String(decoding: path.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    package func node(phandle: UInt32) -> Node? {
        let node = fdt_node_offset_by_phandle(buffer.baseAddress, phandle)
        return node < 0 ? nil : node
    }

    package func phandle(of node: Node) -> UInt32 { fdt_get_phandle(buffer.baseAddress, node) }

    // MARK: Properties

    package func set(_ node: Node, _ name: String, bytes: [UInt8]) {
        note(
            bytes.withUnsafeBytes {
                fdt_setprop(
                    buffer.baseAddress, node, name, $0.baseAddress, Int32(truncatingIfNeeded: bytes.count))
            }, "property \(name)")
    }

    /// A property without a value.
    package func set(_ node: Node, _ name: String) { set(node, name, bytes: []) }

    package func set(_ node: Node, _ name: String, cells: [UInt32]) {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(cells.count * 4)
        for cell in cells { withUnsafeBytes(of: cell.bigEndian) { bytes.append(contentsOf: $0) } }
        set(node, name, bytes: bytes)
    }

    package func set(_ node: Node, _ name: String, cell: UInt32) { set(node, name, cells: [cell]) }

    package func set(_ node: Node, _ name: String, doublewords: [UInt64]) {
        set(node, name, cells: doublewords.flatMap { [UInt32($0 >> 32), UInt32(truncatingIfNeeded: $0)] })
    }

    package func set(_ node: Node, _ name: String, string: String) { set(node, name, bytes: Array(string.utf8) + [0]) }

    /// Strings one after the other, each with its NUL.
    package func set(_ node: Node, _ name: String, strings: [String]) {
        set(node, name, bytes: strings.flatMap { Array($0.utf8) + [0] })
    }

    /// The property's bytes; `nil` if there is none of that name.
    package func property(_ node: Node, _ name: String) -> [UInt8]? {
        var length: Int32 = 0
        guard let value = fdt_getprop(buffer.baseAddress, node, name, &length), length >= 0 else { return nil }
        return [UInt8](UnsafeRawBufferPointer(start: value, count: Int(length)))
    }

    package func cells(_ node: Node, _ name: String) -> [UInt32]? {
        guard let bytes = property(node, name), bytes.count % 4 == 0 else { return nil }
        return stride(from: 0, to: bytes.count, by: 4).map { at in
            bytes[at..<(at + 4)].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        }
    }

    /// Names of a node's properties, in tree order.
    package func properties(of node: Node) -> [String] {
        var names: [String] = []
        var offset = fdt_first_property_offset(buffer.baseAddress, node)
        while offset >= 0 {
            var name: UnsafePointer<CChar>?
            if fdt_getprop_by_offset(buffer.baseAddress, offset, &name, nil) != nil, let name {
                names.append(String(cString: name))
            }
            offset = fdt_next_property_offset(buffer.baseAddress, offset)
        }
        return names
    }

    // MARK: Whole tree

    /// Adds to the list of memory that the guest must leave alone.
    package func reserve(address: UInt64, size: UInt64) {
        note(fdt_add_mem_rsv(buffer.baseAddress, address, size), "memory reservation")
    }

    /// Drops the room for growth.
    package func pack() { note(fdt_pack(buffer.baseAddress), "packing") }

    package var byteCount: Int { Int(fdt32_to_cpu(buffer.load(fromByteOffset: 4, as: UInt32.self))) }

    package var bytes: [UInt8] { [UInt8](buffer[..<min(byteCount, buffer.count)]) }

    private func fdt32_to_cpu(_ value: UInt32) -> UInt32 { UInt32(bigEndian: value) }
}
