import EmuCore
import Testing

@testable import PPCTarget

/// A stream in memory.
private final class Buffer: StateOutput, StateInput {
    var bytes: [UInt8] = []
    var readPosition = 0
    var position: UInt64 { UInt64(bytes.count) }
    var isRateLimited: Bool { false }
    func write(bytes new: UnsafeRawBufferPointer) throws { bytes.append(contentsOf: new) }
    func read(into buffer: UnsafeMutableRawBufferPointer) throws {
        guard readPosition + buffer.count <= bytes.count else { throw StateError("end of stream") }
        buffer.copyBytes(from: bytes[readPosition..<(readPosition + buffer.count)])
        readPosition += buffer.count
    }
}

@Suite struct HashPageTableTests {
    @Test(arguments: [
        (UInt64(1) << 28, 21), (3 << 28, 23), (1 << 20, 18), (1 << 60, 46), (0, 18),
    ]) func sizesByMemory(_ memory: UInt64, _ shift: Int) {
        #expect(HashPageTable.shift(forMemory: memory) == shift)
    }

    @Test func travelsInRounds() throws {
        let source = HashPageTable()
        try source.reallocate(shift: 18)
        for index in [0, 1, 70_000 % source.entryCount, source.entryCount - 1] {
            source.store(index, high: UInt64(index) << 12 | 1, low: ~UInt64(index))
        }
        let stream = Buffer()
        try source.saveSetup(stream)
        while try !source.saveIteration(stream) {}
        // The guest goes on: one entry goes, one comes.
        source.store(1, high: 0, low: 0)
        source.store(500, high: 0xabc001, low: 7)
        try source.saveCompletion(stream)

        let target = HashPageTable()
        while stream.readPosition < stream.bytes.count { try target.load(stream, version: 1) }
        #expect(target.shift == 18)
        for index in 0..<source.entryCount { #expect(target.load(index) == source.load(index)) }
        #expect(target.load(500).high == 0xabc001)
        #expect(target.load(1) == (0, 0))
    }

    @Test func saysThatThereIsNone() throws {
        let stream = Buffer()
        try HashPageTable().saveSetup(stream)
        #expect(stream.bytes == [0xff, 0xff, 0xff, 0xff])
        let target = HashPageTable()
        try target.reallocate(shift: 20)
        try target.load(stream, version: 1)
        #expect(target.shift == 0 && target.table == nil)
    }

    @Test(arguments: [
        [0, 0, 0, 99] as [UInt8], [0, 0, 0, 3], [0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 0],
        [0, 0, 0, 18, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0],
    ]) func refusesDamage(_ bytes: [UInt8]) {
        let stream = Buffer()
        stream.bytes = bytes
        let target = HashPageTable()
        #expect(throws: (any Error).self) {
            while stream.readPosition < stream.bytes.count { try target.load(stream, version: 1) }
        }
    }
}

@Suite struct OptionVectorTests {
    @Test func travelsWithMirroredBytes() throws {
        let vector = OptionVector([.dynamicMemory, .form1Affinity, .radix])
        #expect(vector.bytes[1] == 0x20 && vector.bytes[4] == 0x80 && vector.bytes[23] == 0x40)
        #expect(vector.deviceTreeForm.count == 25 && vector.deviceTreeForm[0] == 23)
        #expect(OptionVector().deviceTreeForm == [0, 0])
        let stream = Buffer()
        guard case .custom(_, let codec) = OptionVector.stateDescription.fields[0].shape else {
            Issue.record("no codec")
            return
        }
        try codec.save(vector, stream)
        #expect(stream.bytes.count == 256)
        // PAPR's bit 10 (byte 2, bit 2) is bit 10 of the first doubleword.
        #expect(stream.bytes[..<8] == [0, 0, 0, 1, 0, 0, 4, 0])
        let loaded = OptionVector()
        try codec.load(loaded, stream)
        #expect(loaded.bytes == vector.bytes)
    }

    @Test func parsesAndSurvivesNonsense() throws {
        let machine = try MachineSupport.make(["-M", "pseries-7.2", "-m", "256"])
        try machine.memory.writeBytes([1, 0, 0xaa, 1, 0x11, 0x22], at: 0x1000)
        let second = OptionVector.parse(table: 0x1000, number: 2, memory: machine.memory)
        #expect(second?.bytes.prefix(3) == [0x11, 0x22, 0])
        #expect(OptionVector.parse(table: 0x1000, number: 3, memory: machine.memory) == nil)
        #expect(OptionVector.parse(table: .max - 2, number: 2, memory: machine.memory) == nil)
    }
}
