import Foundation
import OrderedCollections

extension Value: Decodable {
    /// From any decoder; objects come sorted by key.
    public init(from decoder: any Decoder) throws {
        if let container = try? decoder.container(keyedBy: AnyKey.self) {
            var object: OrderedDictionary<String, Value> = [:]
            // The decoder does not keep the order of keys: sorted, the same text always gives the same value.
            for key in container.allKeys.sorted(by: { $0.stringValue < $1.stringValue }) {
                object[key.stringValue] = try container.decode(Value.self, forKey: key)
            }
            self = .object(object)
            return
        }
        if var container = try? decoder.unkeyedContainer() {
            var array: [Value] = []
            while !container.isAtEnd { array.append(try container.decode(Value.self)) }
            self = .array(array)
            return
        }
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let flag = try? container.decode(Bool.self) {
            self = .bool(flag)
        } else if let number = try? container.decode(Int64.self) {
            self = .integer(number)
        } else if let number = try? container.decode(UInt64.self) {
            self = .unsigned(number)
        } else if let number = try? container.decode(Double.self) {
            self = .number(number)
        } else {
            self = .string(try container.decode(String.self))
        }
    }

    private struct AnyKey: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init?(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    /// - Throws: ``ObjectError`` for what is not one JSON value.
    public init(json: Data) throws {
        do {
            self = try JSONDecoder().decode(Value.self, from: json)
        } catch {
            throw ObjectError("Invalid JSON syntax", errorClass: "GenericError")
        }
    }

    /// - Throws: ``ObjectError`` if it is no JSON.
    public init(json text: String) throws { try self.init(json: Data(text.utf8)) }

    /// Compact JSON; objects keep their order.
    public var json: String {
        var text = ""
        appendJSON(to: &text)
        return text
    }

    private func appendJSON(to text: inout String) {
        switch self {
        case .null: text += "null"
        case .bool(let flag): text += flag ? "true" : "false"
        case .integer(let number): text += String(number)
        case .unsigned(let number): text += String(number)
        case .number(let number): text += number.isFinite ? "\(number)" : "null"
        case .string(let string): Self.append(string, to: &text)
        case .array(let array):
            text += "["
            for (index, element) in array.enumerated() {
                if index > 0 { text += ", " }
                element.appendJSON(to: &text)
            }
            text += "]"
        case .object(let object):
            text += "{"
            for (index, element) in object.enumerated() {
                if index > 0 { text += ", " }
                Self.append(element.key, to: &text)
                text += ": "
                element.value.appendJSON(to: &text)
            }
            text += "}"
        }
    }

    private static func append(_ string: String, to text: inout String) {
        text += "\""
        for scalar in string.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\r": text += "\\r"
            case "\t": text += "\\t"
            case _ where scalar.value < 0x20 || scalar.value == 0x7f:
                let digits = String(scalar.value, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: text.unicodeScalars.append(scalar)
            }
        }
        text += "\""
    }
}

/// Cuts a stream of bytes into top-level JSON values, which need no separator between them (QMP).
public struct JSONFramer {
    private var buffer: [UInt8] = []
    private var depth = 0
    private var inString = false
    private var escaped = false
    /// Bytes a single value may have before it is refused.
    private let limit: Int

    /// - Parameter limit: Bytes of one value at most.
    public init(limit: Int = 16 << 20) { self.limit = limit }

    /// Adds bytes; returns the values they complete. A value over the limit or a stray closing bracket is returned as it
    /// stands, so that parsing it reports the error.
    public mutating func feed(_ bytes: some Sequence<UInt8>) -> [Data] {
        var complete: [Data] = []
        for byte in bytes {
            if buffer.isEmpty, byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 { continue }
            // 0xff restarts the parser, as clients use it to resynchronise.
            if byte == 0xff {
                reset()
                continue
            }
            buffer.append(byte)
            if inString {
                if escaped {
                    escaped = false
                } else if byte == 0x5c {
                    escaped = true
                } else if byte == 0x22 {
                    inString = false
                }
            } else {
                switch byte {
                case 0x22: inString = true
                case 0x7b, 0x5b: depth += 1
                case 0x7d, 0x5d: depth -= 1
                default: break
                }
            }
            let endsScalar = depth == 0 && !inString && (byte == 0x0a || byte == 0x7d || byte == 0x5d)
            if endsScalar || depth < 0 || buffer.count > limit || depth > 1024 {
                complete.append(Data(buffer))
                reset()
            }
        }
        return complete
    }

    private mutating func reset() {
        buffer.removeAll(keepingCapacity: buffer.count < 1 << 16)
        depth = 0
        inString = false
        escaped = false
    }
}
