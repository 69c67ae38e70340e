import EmuCore
import Testing

@Suite("Execution log")
struct ExecutionLogTests {
    @Test("Items are named as QEMU names them, and unknown ones are refused with the list")
    func items() throws {
        #expect(try LogItems(list: "in_asm,int,guest_errors") == [.inAsm, .int, .guestErrors])
        #expect(try LogItems(list: "none") == [])
        #expect(try !LogItems(list: "all").contains(.noChain))
        let error = #expect(throws: ObjectError.self) { try LogItems(list: "int,nonsense") }
        #expect(error?.description.contains("nonsense") == true)
        #expect(error?.hint == LogItems.help)
        for row in LogItems.table { #expect(LogItems.help.contains(row.name)) }
    }

    @Test(
        "A filter holds what its ranges say",
        arguments: [("0x100..0x1ff", 0x100, 0x1ff), ("0x100+0x10", 0x100, 0x10f), ("0x100-0x10", 0xf1, 0x100)])
    func filter(text: String, first: Int, last: Int) throws {
        let log = ExecutionLog()
        #expect(log.includes(0))
        try log.setFilter(text)
        #expect(log.includes(UInt64(first)) && log.includes(UInt64(last)))
        #expect(!log.includes(UInt64(first - 1)) && !log.includes(UInt64(last + 1)))
    }

    @Test(
        "Ranges that mean nothing are refused",
        arguments: ["", "0x10..", "0x20..0x10", "0x10+0", "0xffffffffffffffff+2", "0-2", "x+1"].dropFirst())
    func refusedFilter(text: String) {
        #expect(throws: ObjectError.self) { try ExecutionLog().setFilter(text) }
    }
}
