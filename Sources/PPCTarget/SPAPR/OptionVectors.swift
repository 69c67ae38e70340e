import EmuCore

/// A PAPR option vector: what client and platform can do, negotiated by `ibm,client-architecture-support`.
///
/// Bits are numbered as in PAPR, most significant bit of the first byte first.
package final class OptionVector {
    package static let byteCount = 256
    /// 8 bits a byte, PAPR's bit 0 is 0x80 of byte 0.
    package private(set) var bytes = [UInt8](repeating: 0, count: OptionVector.byteCount)

    /// A bit of an option vector; bytes count from 1, as PAPR does.
    package struct Bit: Sendable, Hashable {
        let byte: Int
        let mask: UInt8
        package init(byte: Int, bit: Int) {
            self.byte = min(max(byte - 1, 0), OptionVector.byteCount - 1)
            mask = 0x80 >> UInt8(truncatingIfNeeded: bit & 7)
        }

        /// Vector 1: the guest supports ISA 3.0.
        package static let ov1PowerISA300 = Bit(byte: 3, bit: 0)
        // Vector 5.
        package static let dynamicMemory = Bit(byte: 2, bit: 2)
        package static let form1Affinity = Bit(byte: 5, bit: 0)
        package static let form2Affinity = Bit(byte: 5, bit: 2)
        package static let hotplugEvents = Bit(byte: 6, bit: 5)
        package static let resizeHPT = Bit(byte: 6, bit: 7)
        package static let dynamicMemoryV2 = Bit(byte: 22, bit: 0)
        package static let xiveBoth = Bit(byte: 23, bit: 0)
        package static let xiveExploitation = Bit(byte: 23, bit: 1)
        package static let mmuBoth = Bit(byte: 24, bit: 0)
        package static let radix = Bit(byte: 24, bit: 1)
        package static let radixGTSE = Bit(byte: 26, bit: 1)
    }

    package init() {}

    package convenience init(_ bits: [Bit]) {
        self.init()
        for bit in bits { self[bit] = true }
    }

    package convenience init(bytes: [UInt8]) {
        self.init()
        for (index, byte) in bytes.prefix(Self.byteCount).enumerated() { self.bytes[index] = byte }
    }

    package subscript(bit: Bit) -> Bool {
        get { bytes[bit.byte] & bit.mask != 0 }
        set { if newValue { bytes[bit.byte] |= bit.mask } else { bytes[bit.byte] &= ~bit.mask } }
    }

    package func copy() -> OptionVector { OptionVector(bytes: bytes) }

    package func intersection(_ other: OptionVector) -> OptionVector {
        OptionVector(bytes: zip(bytes, other.bytes).map { $0 & $1 })
    }

    /// Whether every bit set here is set in `other`.
    package func isSubset(of other: OptionVector) -> Bool {
        zip(bytes, other.bytes).allSatisfy { $0 & ~$1 == 0 }
    }

    package var isEmpty: Bool { bytes.allSatisfy { $0 == 0 } }

    /// The vector's bytes up to the last one in use, at least one, after a byte that holds their number less one.
    package var deviceTreeForm: [UInt8] {
        let used = max((bytes.lastIndex { $0 != 0 } ?? 0) + 1, 1)
        return [UInt8(truncatingIfNeeded: used - 1)] + bytes[..<used]
    }

    /// Reads vector `number` (from 1) of a table in guest memory: a count less one, then for each vector its length
    /// less one and its bytes.
    ///
    /// - Returns: `nil` if the table has no such vector or cannot be read.
    package static func parse(table: UInt64, number: Int, memory: AddressSpace) -> OptionVector? {
        do {
            var address = table
            let count = Int(try memory.load(UInt8.self, at: address, order: .big)) + 1
            guard number >= 1, number <= count else { return nil }
            address &+= 1
            for _ in 1..<number {
                address &+= UInt64(try memory.load(UInt8.self, at: address, order: .big)) + 2
            }
            let length = Int(try memory.load(UInt8.self, at: address, order: .big)) + 1
            return OptionVector(bytes: try memory.readBytes(at: address &+ 1, count: length))
        } catch { return nil }
    }

    // MARK: State

    private static let wordCount = OptionVector.byteCount / 8

    /// QEMU keeps PAPR's bit n as bit n mod 64 of its word n / 64: the bits of each byte travel mirrored.
    private func word(_ index: Int) -> UInt64 {
        var word: UInt64 = 0
        for byte in 0..<8 {
            word |= UInt64(Self.mirror(bytes[index * 8 + byte])) << UInt64(byte * 8)
        }
        return word
    }

    private func setWord(_ index: Int, _ word: UInt64) {
        for byte in 0..<8 {
            bytes[index * 8 + byte] = Self.mirror(UInt8(truncatingIfNeeded: word >> UInt64(byte * 8)))
        }
    }

    private static func mirror(_ byte: UInt8) -> UInt8 {
        var result: UInt8 = 0
        for bit in 0..<8 where byte & (1 << UInt8(bit)) != 0 { result |= 0x80 >> UInt8(bit) }
        return result
    }

    static let stateDescription = StateDescription(
        "spapr_option_vector", of: OptionVector.self,
        fields: [
            .custom(
                "bitmap", typeName: "bitmap",
                save: { vector, output in
                    for index in 0..<wordCount { try output.write(vector.word(index)) }
                },
                load: { vector, input in
                    for index in 0..<wordCount { vector.setWord(index, try input.read(UInt64.self)) }
                })
        ])
}
