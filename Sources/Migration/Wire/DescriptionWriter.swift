/// Writes the JSON description that follows the state, in the compact form of QEMU's own writer.
struct DescriptionWriter {
    private(set) var bytes: [UInt8] = []
    private var needsComma = false

    mutating func beginObject(_ name: String? = nil) { begin(UInt8(ascii: "{"), name) }
    mutating func endObject() { end(UInt8(ascii: "}")) }
    mutating func beginArray(_ name: String? = nil) { begin(UInt8(ascii: "["), name) }
    mutating func endArray() { end(UInt8(ascii: "]")) }

    mutating func string(_ name: String, _ value: String) {
        prefix(name)
        quote(value)
        needsComma = true
    }

    mutating func integer(_ name: String, _ value: some BinaryInteger) {
        prefix(name)
        bytes.append(contentsOf: String(value).utf8)
        needsComma = true
    }

    private mutating func begin(_ opening: UInt8, _ name: String?) {
        prefix(name)
        bytes.append(opening)
        needsComma = false
    }

    private mutating func end(_ closing: UInt8) {
        bytes.append(closing)
        needsComma = true
    }

    private mutating func prefix(_ name: String?) {
        if needsComma { bytes.append(contentsOf: ", ".utf8) }
        if let name {
            quote(name)
            bytes.append(contentsOf: ": ".utf8)
        }
    }

    private mutating func quote(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                bytes.append(UInt8(ascii: "\\"))
                bytes.append(byte)
            case 0..<0x20:
                let digits = String(byte, radix: 16)
                bytes.append(contentsOf: "\\u".utf8)
                bytes.append(contentsOf: String(repeating: "0", count: 4 - digits.count).utf8)
                bytes.append(contentsOf: digits.utf8)
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }
}
