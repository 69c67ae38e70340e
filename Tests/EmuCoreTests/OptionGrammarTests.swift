import Foundation
import Testing

@testable import EmuCore

@Suite("Option grammar") struct OptionGrammarTests {
    @Test("keys, values, implied key, doubled commas, short flags")
    func keyValues() throws {
        let list = try KeyValueList("socket,path=/tmp/a,,b,server,nowait", impliedKey: "backend")
        #expect(list.string("backend") == "socket")
        #expect(list.string("path") == "/tmp/a,b")
        #expect(try list.bool("server") == true)
        #expect(try list.bool("wait") == false)
    }

    @Test("JSON objects mean the same")
    func json() throws {
        let list = try KeyValueList(#" {"qom-type": "memory-backend-ram", "size": 1048576, "share": true}"#)
        #expect(try list.size("size") == 1 << 20)
        #expect(try list.bool("share") == true)
        #expect(throws: ObjectError.self) { try KeyValueList("{\"a\": ") }
    }

    @Test(
        "sizes",
        arguments: [
            ("4096", 4096), ("4k", 4096), ("1.5G", 3 << 29), ("0x1000", 4096), ("2T", 2 << 40), ("7B", 7),
        ] as [(String, UInt64)])
    func sizes(text: String, expected: UInt64) { #expect(PropertyParsing.size(text) == expected) }

    @Test("what is not a size", arguments: ["", "k", "-1", "12x", "16E", "1e3", "0x", "99999999999999999999"])
    func notSizes(text: String) { #expect(PropertyParsing.size(text) == nil) }
}

@Suite("JSON") struct JSONTests {
    @Test(
        "values survive a round trip",
        arguments: [
            #"{"a": [1, -2, 18446744073709551615, true, null], "b": {"c": "x\"\\\ny"}}"#, "[]", "{}", #""é""#,
        ])
    func roundTrip(text: String) throws {
        let value = try Value(json: text)
        #expect(try Value(json: value.json) == value)
    }

    @Test("a stream is cut into values wherever it is split")
    func framing() throws {
        let text = #"{"a":"}{\""} {"b":[{}]}"# + "\n\"junk\"\n{\"c\":1}"
        for size in 1...7 {
            var framer = JSONFramer()
            var values: [Value] = []
            let bytes = Array(text.utf8)
            for start in stride(from: 0, to: bytes.count, by: size) {
                for data in framer.feed(bytes[start..<min(start + size, bytes.count)]) {
                    values.append(try Value(json: data))
                }
            }
            #expect(values == [["a": "}{\""], ["b": [[:]]], "junk", ["c": 1]])
        }
    }

    @Test("garbage and endless nesting end in a refusal, not in memory")
    func limits() {
        var framer = JSONFramer(limit: 1000)
        #expect(framer.feed([UInt8](repeating: UInt8(ascii: "["), count: 5000)).count >= 4)
        framer = JSONFramer()
        #expect(framer.feed([UInt8](repeating: UInt8(ascii: "}"), count: 3)).count == 3)
        #expect(throws: ObjectError.self) { try Value(json: "}") }
    }
}
