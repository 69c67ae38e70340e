import EmuCore
import Migration
import PPCTarget

// Two machines in one process: the state of the first, saved into memory, becomes that of the second.

func makeMachine() throws -> SpaprMachine {
    try SpaprMachine.make("pseries-2.12") { _, options in options.memory.size = 256 << 20 }
}

let greeting = Array("Hello from the first machine".utf8)
let source = try makeMachine()
try source.withLock { try source.memory.writeBytes(greeting, at: 0x100_0000) }
let stream = try MigrationController(machine: source).save()
print("saved \(stream.count) bytes, RAM block '\(source.ramBlocks[0].id)'")

let target = try makeMachine()
try MigrationController(machine: target).load(stream)
let arrived = try target.withLock { try target.memory.readBytes(at: 0x100_0000, count: greeting.count) }
print("loaded: \(String(decoding: arrived, as: UTF8.self))")
guard arrived == greeting else { fatalError("RAM differs") }

let again = try MigrationController(machine: target).save()
let differences = StreamInspector.diff(
    try StreamInspector.describe(stream, skippers: HashPageTable.skippers),
    try StreamInspector.describe(again, skippers: HashPageTable.skippers))
print(
    differences.isEmpty ? "device state: equal field by field" : differences.map(\.description).joined(separator: "\n"))
guard differences.isEmpty else { fatalError("device state differs") }
