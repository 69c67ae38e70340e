import EmuCore
import Foundation
import Testing

@testable import PPCTarget

/// Device trees against those of QEMU 7.2 (`Scripts/device-tree-fixtures` remakes the files).
@Suite struct DeviceTreeTests {
    static let names: [String] = [
        "2.1", "2.7-hotplug", "2.12-970", "2.12-numa", "3.1", "4.0", "5.0-numa", "6.0-plain", "7.2", "7.2-xive",
        "7.2-hotplug", "7.2-compat", "7.2-power10", "7.2-terminals",
    ]

    @Test(arguments: names) func equalsQEMUs(_ name: String) throws {
        let text = try Fixture.text("device-trees/\(name).txt")
        var expected = text.split(separator: "\n", omittingEmptySubsequences: true).map(String.init)
        let options = expected.removeFirst().split(separator: " ").map(String.init)
        let machine = try MachineSupport.make(options)
        let tree = try DeviceTree(blob: machine.deviceTreeBlob)
        let found = Self.lines(tree, DeviceTree.root, path: "")
        for (ours, theirs) in zip(found, expected) where ours != theirs {
            Issue.record("ours: \(ours.prefix(200))\nQEMU: \(theirs.prefix(200))")
        }
        #expect(found.count == expected.count)
    }

    private static func lines(_ tree: DeviceTree, _ node: DeviceTree.Node, path: String) -> [String] {
        var result: [String] = []
        for name in tree.properties(of: node) where name != "rng-seed" {
            var value = tree.property(node, name) ?? []
            if name == "ibm,drc-indexes" {
                let words = stride(from: 4, to: value.count, by: 4).map { Array(value[$0..<($0 + 4)]) }
                value = value[..<4] + words.sorted { $0.lexicographicallyPrecedes($1) }.flatMap { $0 }
            } else if name == "ibm,drc-names" || name == "ibm,drc-types" {
                let words = value[4...].split(separator: 0).map { Array($0) + [0] }
                value = value[..<4] + words.sorted { $0.lexicographicallyPrecedes($1) }.flatMap { $0 }
            }
            let hex = value.map { String(format: "%02x", $0) }.joined()
            result.append("\(path.isEmpty ? "/" : path)\t\(name)\t\(hex)")
        }
        for child in tree.children(of: node) {
            result += lines(tree, child, path: "\(path)/\(tree.name(of: child))")
        }
        return result
    }

    @Test func refusesWhatIsNoTree() {
        #expect(throws: ObjectError.self) { try DeviceTree(blob: []) }
        #expect(throws: ObjectError.self) { try DeviceTree(blob: [UInt8](repeating: 0xd0, count: 100)) }
    }

    @Test func tellsThatItIsFull() {
        let tree = DeviceTree(capacity: 256)
        for number in 0..<20 { tree.set(DeviceTree.root, "property\(number)", string: "a value of some length") }
        #expect(throws: ObjectError.self) { try tree.check() }
    }
}
