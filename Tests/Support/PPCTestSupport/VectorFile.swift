import Foundation

/// A case with its expected outcome, in the form it is recorded in.
package struct RecordedVector: Sendable {
    package let test: TestCase
    package let outcome: TestOutcome

    package init(test: TestCase, outcome: TestOutcome) {
        self.test = test
        self.outcome = outcome
    }
}

/// Recorded vectors in few bytes: contents that follow from the seed are left out, outcomes are stored as changes.
///
/// Format, all numbers LEB128 without sign: magic "EMUV", version, count; per vector: flags (model, byte order), slot,
/// seed, words, changes of the image against ``RandomState``, signal, nip, changes of the outcome against the image,
/// changed bytes of memory. A change is the distance to the previous changed register and the exclusive or of the
/// values. Registers that had to be set for a case carry their new value the same way.
package struct VectorFile {
    package enum Failure: Error, CustomStringConvertible {
        case malformed(offset: Int)
        package var description: String {
            switch self {
            case .malformed(let offset): "malformed vector file at byte \(offset); record it again"
            }
        }
    }

    private static let magic: [UInt8] = Array("EMUV".utf8)
    private static let version: UInt64 = 1
    package let vectors: [RecordedVector]

    package init(_ vectors: [RecordedVector]) { self.vectors = vectors }

    package func write(to path: String) throws {
        var writer = Writer()
        writer.bytes = Self.magic
        writer.put(Self.version)
        writer.put(UInt64(vectors.count))
        for vector in vectors { writer.put(vector) }
        try Data(writer.bytes).write(to: URL(fileURLWithPath: path))
    }

    package init(contentsOf path: String) throws {
        var reader = Reader(bytes: [UInt8](try Data(contentsOf: URL(fileURLWithPath: path))))
        guard reader.bytes.starts(with: Self.magic) else { throw Failure.malformed(offset: 0) }
        reader.position = 4
        guard try reader.number() == Self.version else { throw Failure.malformed(offset: 4) }
        let count = try reader.number()
        var vectors: [RecordedVector] = []
        for _ in 0..<count { vectors.append(try reader.vector()) }
        self.vectors = vectors
    }

    private struct Writer {
        var bytes: [UInt8] = []

        mutating func put(_ value: UInt64) {
            var value = value
            while value > 0x7f {
                bytes.append(UInt8(value & 0x7f) | 0x80)
                value >>= 7
            }
            bytes.append(UInt8(value))
        }

        mutating func put(changes from: RegisterImage, to: RegisterImage) {
            var changes: [(Int, UInt64)] = []
            for n in 0..<RegisterImage.valueCount where from[n] != to[n] { changes.append((n, from[n] ^ to[n])) }
            put(UInt64(changes.count))
            var last = 0
            for (n, value) in changes {
                put(UInt64(n - last))
                // Leading zeros are as common as trailing ones; the byte-wise form keeps random values at 8 bytes.
                let size = (64 - value.leadingZeroBitCount + 7) / 8
                bytes.append(UInt8(size))
                for shift in 0..<size { bytes.append(UInt8(truncatingIfNeeded: value >> UInt64(8 * shift))) }
                last = n
            }
        }

        mutating func put(_ vector: RecordedVector) {
            let test = vector.test
            bytes.append(test.model.rawValue | (test.bigEndian ? 0x80 : 0))
            put(UInt64(test.slot))
            put(UInt64(test.seed))
            put(UInt64(test.words.count))
            for word in test.words { withUnsafeBytes(of: word.littleEndian) { bytes.append(contentsOf: $0) } }
            put(changes: RandomState.image(seed: test.seed, model: test.model), to: test.image)
            put(vector.outcome.signal)
            put(vector.outcome.nip)
            put(changes: test.image, to: vector.outcome.image)
            let changed = test.data.indices.filter { test.data[$0] != vector.outcome.data[$0] }
            put(UInt64(changed.count))
            var last = 0
            for offset in changed {
                put(UInt64(offset - last))
                bytes.append(vector.outcome.data[offset])
                last = offset
            }
        }
    }

    private struct Reader {
        let bytes: [UInt8]
        var position = 0

        mutating func byte() throws -> UInt8 {
            guard position < bytes.count else { throw Failure.malformed(offset: position) }
            position += 1
            return bytes[position - 1]
        }

        mutating func number() throws -> UInt64 {
            var value: UInt64 = 0
            var shift: UInt64 = 0
            while true {
                let next = try byte()
                guard shift < 64 else { throw Failure.malformed(offset: position) }
                value |= UInt64(next & 0x7f) << shift
                if next & 0x80 == 0 { return value }
                shift += 7
            }
        }

        mutating func apply(to image: inout RegisterImage) throws {
            var n = 0
            for _ in 0..<(try number()) {
                n += Int(truncatingIfNeeded: try number() & 0xff)
                let size = try byte()
                guard n < RegisterImage.valueCount, size <= 8 else { throw Failure.malformed(offset: position) }
                var value: UInt64 = 0
                for shift in 0..<size { value |= UInt64(try byte()) << UInt64(8 * shift) }
                image[n] ^= value
            }
        }

        mutating func vector() throws -> RecordedVector {
            let flags = try byte()
            guard let model = TestModel(rawValue: flags & 0x7f) else { throw Failure.malformed(offset: position) }
            let slot = try number()
            let seed = UInt32(truncatingIfNeeded: try number())
            var words: [UInt32] = []
            let count = try number()
            guard slot < UInt64(TestLayout.slots), count <= UInt64(TestLayout.maxWords) else {
                throw Failure.malformed(offset: position)
            }
            for _ in 0..<count {
                var word: UInt32 = 0
                for shift in 0..<4 { word |= UInt32(try byte()) << UInt32(8 * shift) }
                words.append(word)
            }
            var image = RandomState.image(seed: seed, model: model)
            try apply(to: &image)
            let test = TestCase(
                model: model, bigEndian: flags & 0x80 != 0, slot: Int(slot), seed: seed, words: words, image: image,
                data: RandomState.data(seed: seed))
            let signal = try number()
            let nip = try number()
            var after = image
            try apply(to: &after)
            var data = test.data
            var offset = 0
            for _ in 0..<(try number()) {
                offset += Int(truncatingIfNeeded: try number() & 0xffff)
                guard offset < data.count else { throw Failure.malformed(offset: position) }
                data[offset] = try byte()
            }
            return RecordedVector(
                test: test, outcome: TestOutcome(signal: signal, nip: nip, image: after, data: data))
        }
    }
}
