import CSupport
import Foundation
import Synchronization

/// What a log of execution shows (`-d`), in QEMU's names.
public struct LogItems: OptionSet, Sendable {
    /// One bit for each item.
    public let rawValue: UInt32
    /// The items of these bits.
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    /// Host code that was generated.
    public static let outAsm = LogItems(rawValue: 1 << 0)
    /// Guest code that is translated.
    public static let inAsm = LogItems(rawValue: 1 << 1)
    /// What translation makes of guest code, before host code.
    public static let op = LogItems(rawValue: 1 << 2)
    /// Interrupts as they are taken.
    public static let int = LogItems(rawValue: 1 << 3)
    /// Each piece of code as it is entered.
    public static let exec = LogItems(rawValue: 1 << 4)
    /// Registers before each piece of code.
    public static let cpu = LogItems(rawValue: 1 << 5)
    /// Translations of addresses.
    public static let mmu = LogItems(rawValue: 1 << 6)
    /// What guests do wrong.
    public static let guestErrors = LogItems(rawValue: 1 << 7)
    /// What guests ask for that is not there.
    public static let unimp = LogItems(rawValue: 1 << 8)
    /// Pieces of code are not chained, so that each one is logged.
    public static let noChain = LogItems(rawValue: 1 << 9)

    /// Every item with its name and what it shows.
    public static let table: [(item: LogItems, name: String, help: String)] = [
        (.outAsm, "out_asm", "host code of each translation, as bytes"),
        (.inAsm, "in_asm", "guest code of each translation"),
        (.op, "op", "blocks of each translation and the ways between them"),
        (.int, "int", "interrupts as they are delivered"),
        (.exec, "exec", "address of each block before it executes"),
        (.cpu, "cpu", "registers before each block executes"),
        (.mmu, "mmu", "address translations and their failures"),
        (.guestErrors, "guest_errors", "requests of the guest that make no sense"),
        (.unimp, "unimp", "requests of the guest that nothing here answers"),
        (.noChain, "nochain", "no jumps from block to block, so that exec and cpu show all of them"),
    ]

    /// The list that `-d help` prints.
    public static var help: String {
        let rows = table.map { $0.name + String(repeating: " ", count: 16 - $0.name.count) + $0.help }
        return (["Log items (comma separated):"] + rows).joined(separator: "\n") + "\n"
    }

    /// - Parameter list: Names, separated by commas; `all` names all but `nochain`, `none` nothing.
    /// - Throws: ``ObjectError`` that names an unknown item and shows the list.
    public init(list: String) throws {
        self = []
        for name in list.split(separator: ",") {
            if name == "none" { continue }
            if name == "all" {
                formUnion(LogItems(Self.table.map(\.item)).subtracting(.noChain))
            } else if let row = Self.table.first(where: { $0.name == name }) {
                insert(row.item)
            } else {
                throw ObjectError("unknown log item '\(name)'", hint: Self.help)
            }
        }
    }
}

/// The log of what a machine executes: what is shown, of which addresses, and where to.
///
/// Reading ``items`` is one load, so that whoever would log asks first. Everything here may be called from any
/// thread.
public final class ExecutionLog: Sendable {
    private struct Sink {
        /// Standard error if nil.
        var file: UnsafeMutablePointer<FILE>?
        var ranges: [ClosedRange<UInt64>] = []
        var observers: [@Sendable (LogItems) -> Void] = []
    }
    /// The bits of ``items``, for whoever asks too often to hold the log; an atomic word that lives as long as the log.
    package nonisolated(unsafe) let itemBits: UnsafeMutablePointer<UInt32>
    // The sink holds a C stream, which is only used under the lock.
    private let sink: Mutex<UnsafeSink>
    private struct UnsafeSink: @unchecked Sendable { var value = Sink() }

    /// A log that shows nothing yet.
    public init() {
        itemBits = .allocate(capacity: 1)
        itemBits.initialize(to: 0)
        sink = Mutex(UnsafeSink())
    }

    deinit {
        itemBits.deallocate()
        sink.withLock { sink in
            if let file = sink.value.file { fclose(file) }
        }
    }

    /// What is logged now.
    public var items: LogItems {
        get { LogItems(rawValue: cs_atomic_load32(itemBits)) }
        set {
            cs_atomic_store32(itemBits, newValue.rawValue)
            let observers = sink.withLock { $0.value.observers }
            for observer in observers { observer(newValue) }
        }
    }

    /// Whether one of these items is logged; cheap enough for hot paths.
    @inline(__always)
    public func shows(_ wanted: LogItems) -> Bool { items.rawValue & wanted.rawValue != 0 }

    /// Calls back whenever ``items`` changes.
    public func onChange(_ observer: @escaping @Sendable (LogItems) -> Void) {
        sink.withLock { $0.value.observers.append(observer) }
    }

    /// Sends the log to a file from now on; `%d` in its name stands for the process's number.
    public func open(_ path: String) throws {
        let parts = path.split(separator: "%", omittingEmptySubsequences: false)
        guard parts.count == 1 || parts.count == 2 && parts[1].hasPrefix("d") else {
            throw ObjectError("Bad logfile format: \(path)", hint: "The only conversion is %d, once.")
        }
        let name = parts.count == 1 ? path : "\(parts[0])\(getpid())\(parts[1].dropFirst())"
        guard let file = fopen(name, "w") else {
            throw ObjectError("Could not open '\(name)': \(String(cString: strerror(errno)))")
        }
        sink.withLock { sink in
            if let old = sink.value.file { fclose(old) }
            sink.value.file = file
        }
    }

    /// Limits what concerns code to ranges of guest addresses: `FIRST..LAST`, `START+LENGTH`, `END-LENGTH`, separated by
    /// commas (`-dfilter`).
    public func setFilter(_ text: String) throws {
        var ranges: [ClosedRange<UInt64>] = []
        for part in text.split(separator: ",") {
            guard let range = Self.range(part) else {
                throw ObjectError("Invalid range '\(part)'", hint: "Use FIRST..LAST, START+LENGTH or END-LENGTH.")
            }
            ranges.append(range)
        }
        sink.withLock { $0.value.ranges = ranges }
    }

    private static func range(_ text: Substring) -> ClosedRange<UInt64>? {
        func number(_ text: Substring) -> UInt64? {
            text.hasPrefix("0x") ? UInt64(text.dropFirst(2), radix: 16) : UInt64(text)
        }
        if let dots = text.firstRange(of: "..") {
            guard let first = number(text[..<dots.lowerBound]), let last = number(text[dots.upperBound...]),
                first <= last
            else { return nil }
            return first...last
        }
        guard let at = text.firstIndex(where: { $0 == "+" || $0 == "-" }), let base = number(text[..<at]),
            let length = number(text[text.index(after: at)...]), length > 0
        else { return nil }
        if text[at] == "+" {
            let (last, overflow) = base.addingReportingOverflow(length - 1)
            return overflow ? nil : base...last
        }
        return length - 1 > base ? nil : base - (length - 1)...base
    }

    /// Whether code at an address is of interest.
    public func includes(_ address: UInt64) -> Bool {
        sink.withLock { $0.value.ranges.isEmpty || $0.value.ranges.contains { $0.contains(address) } }
    }

    /// Appends text, lines with their ends.
    public func write(_ text: String) {
        sink.withLock { sink in
            guard let file = sink.value.file else {
                FileHandle.standardError.write(Data(text.utf8))
                return
            }
            fputs(text, file)
            fflush(file)
        }
    }
}

/// `log` in the human monitor.
enum LogCommands {
    static var human: [HumanCommand] {
        [
            HumanCommand("log", usage: "item1[,...]", help: "activate logging of the specified items") {
                session, words in
                guard let list = words.first else { return LogItems.help }
                session.machine.executionLog.items = try LogItems(list: String(list))
                return ""
            },
            HumanCommand("logfile", usage: "filename", help: "output logs to 'filename'") { session, words in
                guard let name = words.first else { throw ObjectError("logfile: filename missing") }
                try session.machine.executionLog.open(String(name))
                return ""
            },
        ]
    }
}
