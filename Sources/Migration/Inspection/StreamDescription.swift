import EmuCore
import Foundation
import Glibc

/// The JSON at the end of a stream, as a value: which devices it carries and what their bytes mean.
public struct StreamDescription: Decodable, Sendable, Equatable {
    /// One field: a primitive, a buffer, or a struct.
    public struct Field: Decodable, Sendable, Equatable {
        /// Name of the field.
        public var name: String
        /// Type as the stream names it.
        public var type: String
        /// Bytes on the wire.
        public var size: Int
        /// Elements that follow one another and look alike.
        public var arrayLength: Int?
        /// Position in an array whose elements are described one by one.
        public var index: Int?
        /// What a "struct" consists of.
        public var structure: Structure?

        enum CodingKeys: String, CodingKey {
            case name, type, size, index
            case arrayLength = "array_len"
            case structure = "struct"
        }
    }

    /// Fields and subsections of a device, a nested struct or a subsection.
    public final class Structure: Decodable, Sendable, Equatable {
        /// Name of the description.
        public let vmsdName: String?
        /// Version that was written.
        public let version: Int?
        /// In wire order.
        public let fields: [Field]
        /// Optional parts that were written.
        public let subsections: [Structure]

        enum CodingKeys: String, CodingKey {
            case vmsdName = "vmsd_name"
            case version, fields, subsections
        }

        /// From the JSON at a stream's end.
        public init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            vmsdName = try container.decodeIfPresent(String.self, forKey: .vmsdName)
            version = try container.decodeIfPresent(Int.self, forKey: .version)
            fields = try container.decodeIfPresent([Field].self, forKey: .fields) ?? []
            subsections = try container.decodeIfPresent([Structure].self, forKey: .subsections) ?? []
        }

        /// By everything that a description says.
        public static func == (a: Structure, b: Structure) -> Bool {
            a.vmsdName == b.vmsdName && a.version == b.version && a.fields == b.fields
                && a.subsections == b.subsections
        }
    }

    /// A section with described state.
    public struct Device: Decodable, Sendable, Equatable {
        /// Name of the section.
        public var name: String
        /// Instance of the section.
        public var instance: UInt32
        /// What it consists of.
        public var structure: Structure

        enum CodingKeys: String, CodingKey {
            case name
            case instance = "instance_id"
        }

        /// From the JSON at a stream's end.
        public init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            name = try container.decode(String.self, forKey: .name)
            instance = UInt32(truncatingIfNeeded: try container.decode(Int64.self, forKey: .instance))
            structure = try Structure(from: decoder)
        }
    }

    /// Bytes of a page of RAM.
    public var pageSize: Int
    /// Sections in the order of the stream.
    public var devices: [Device]
    /// The configuration section, if there is one.
    public var configuration: Structure?

    enum CodingKeys: String, CodingKey {
        case pageSize = "page_size"
        case devices, configuration
    }

    /// - Throws: ``MigrationError`` if the bytes are not such a description.
    public init(json: [UInt8]) throws {
        do { self = try JSONDecoder().decode(StreamDescription.self, from: Data(json)) } catch {
            throw MigrationError("The stream's description cannot be understood", hints: ["\(error)"])
        }
    }
}

/// Finds the description at the end of a stream whose end can be seen.
enum StreamTail {
    /// How far from the end the description is looked for.
    static let searchLength: UInt64 = 16 << 20

    /// The description of a stream that is being read, without consuming anything; `nil` if the channel cannot look
    /// ahead or the stream has none.
    static func description(ahead input: StreamReader) throws -> StreamDescription? {
        guard let left = input.bytesLeft, left > 5 else { return nil }
        let length = min(left, searchLength)
        var bytes = [UInt8](repeating: 0, count: Int(length))
        var filled = 0
        while filled < bytes.count {
            let offset = left - length + UInt64(filled)
            let got = try bytes.withUnsafeMutableBytes {
                try input.peekAhead(at: offset, into: UnsafeMutableRawBufferPointer(rebasing: $0[filled...]))
            }
            guard got > 0 else { return nil }
            filled += got
        }
        guard let range = find(in: bytes) else { return nil }
        // A description that cannot be understood is no reason to refuse what the stream itself says.
        return try? StreamDescription(json: Array(bytes[range]))
    }

    /// Where the JSON lies in a stream's last bytes: after the last zero byte, behind its type and its length.
    static func find(in bytes: [UInt8]) -> Range<Int>? {
        guard let zero = bytes.lastIndex(of: 0),
            let brace = bytes[zero...].firstIndex(of: UInt8(ascii: "{")), brace >= 5,
            bytes[brace - 5] == StreamFormat.description
        else { return nil }
        let length = bytes[(brace - 4)..<brace].reduce(0) { $0 << 8 | Int($1) }
        guard length > 0, length <= bytes.count - brace else { return nil }
        return brace..<brace + length
    }
}
