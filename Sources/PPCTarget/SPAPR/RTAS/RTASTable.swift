import EmuCore

/// Results of runtime services (PAPR, "RTAS Call Return Codes"), as signed numbers.
enum RTASStatus {
    static var success: Int32 { 0 }
    static var noErrorsFound: Int32 { 1 }
    static var hardwareError: Int32 { -1 }
    static var busy: Int32 { -2 }
    static var parameterError: Int32 { -3 }
    static var notSupported: Int32 { -3 }
    static var noSuchIndicator: Int32 { -3 }
    static var notAuthorized: Int32 { -9002 }
    static var systemParameterError: Int32 { -9999 }
}

/// One call of a runtime service: arguments and results are cells in guest memory.
struct RTASFrame {
    let services: SpaprServices
    let thread: SpaprThread
    let argumentCount: UInt32
    let resultCount: UInt32
    private let arguments: UInt64
    private let results: UInt64

    init(
        services: SpaprServices, thread: SpaprThread, argumentCount: UInt32, arguments: UInt64, resultCount: UInt32,
        results: UInt64
    ) {
        self.services = services
        self.thread = thread
        self.argumentCount = argumentCount
        self.resultCount = resultCount
        self.arguments = arguments
        self.results = results
    }

    var machine: SpaprMachine { services.machine }
    var memory: AddressSpace { services.machine.memory }

    /// The upper four bits of an address mean nothing in real mode.
    static func real(_ address: UInt64) -> UInt64 { address & 0x0fff_ffff_ffff_ffff }

    /// Argument `index`; zero where memory cannot be read.
    func argument(_ index: Int) -> UInt32 {
        (try? memory.load(UInt32.self, at: Self.real(arguments &+ UInt64(index) * 4), order: .big)) ?? 0
    }

    func argument64(_ index: Int) -> UInt64 { UInt64(argument(index)) << 32 | UInt64(argument(index + 1)) }

    func setResult(_ index: Int, _ value: UInt32) {
        try? memory.store(value, at: Self.real(results &+ UInt64(index) * 4), order: .big)
    }

    func setStatus(_ status: Int32) { setResult(0, UInt32(bitPattern: status)) }

    /// Whether the call has as many arguments and results as the service.
    func has(arguments: UInt32, results: UInt32) -> Bool { argumentCount == arguments && resultCount == results }
}

/// A runtime service; sets its results itself. Runs with the machine's lock held.
typealias RTASHandler = (RTASFrame) -> Void

/// The runtime services of a machine by token.
final class RTASTable {
    static let firstToken: UInt32 = 0x2000
    private static let count = 0x2d

    private var handlers = [(name: String, handler: RTASHandler)?](repeating: nil, count: RTASTable.count)

    /// Names and tokens, in order of tokens.
    var tokens: [(name: String, token: UInt32)] {
        handlers.enumerated().compactMap { index, entry in
            entry.map { ($0.name, Self.firstToken + UInt32(index)) }
        }
    }

    /// - Parameter place: Token less ``firstToken``.
    func register(_ place: Int, _ name: String, _ handler: @escaping RTASHandler) {
        guard handlers.indices.contains(place) else { return }
        handlers[place] = (name, handler)
    }

    /// Serves a call whose block is at `address`: token, counts, arguments, results.
    func call(_ services: SpaprServices, _ thread: SpaprThread, block address: UInt64) -> Int64 {
        let memory = services.machine.memory
        func cell(_ index: UInt64) -> UInt32 {
            (try? memory.load(UInt32.self, at: RTASFrame.real(address &+ index * 4), order: .big)) ?? 0
        }
        let (token, argumentCount, resultCount) = (cell(0), cell(1), cell(2))
        let arguments = address &+ 12
        let frame = RTASFrame(
            services: services, thread: thread, argumentCount: argumentCount, arguments: arguments,
            resultCount: resultCount, results: arguments &+ UInt64(argumentCount) * 4)
        // Early kernel code takes display-character to be 10, without looking.
        let place = token == 0xa ? 0 : Int(token) - Int(Self.firstToken)
        guard handlers.indices.contains(place), let entry = handlers[place] else {
            let text = "unknown RTAS token 0x\(String(token, radix: 16))"
            services.onGuestError?(text)
            let log = services.machine.executionLog
            if log.shows(.guestErrors) { log.write(text + "\n") }
            frame.setStatus(RTASStatus.parameterError)
            return HypercallStatus.parameter
        }
        entry.handler(frame)
        return HypercallStatus.success
    }
}
