import CPPCState
import EmuCore

/// One hypercall being served: who made it and its arguments. Results go where the arguments were.
struct HypercallFrame {
    let services: SpaprServices
    let thread: SpaprThread
    /// R4 and the registers after it, nine in all.
    private let registers: UnsafeMutablePointer<UInt64>

    init(services: SpaprServices, thread: SpaprThread) {
        self.services = services
        self.thread = thread
        registers = gpr(thread.cpu.state) + 4
    }

    /// Argument or result `index`, from 0 (R4) to 8 (R12).
    subscript(index: Int) -> UInt64 {
        get { registers[min(max(index, 0), 8)] }
        nonmutating set { registers[min(max(index, 0), 8)] = newValue }
    }

    var machine: SpaprMachine { services.machine }
    var cpu: PPCCPU { thread.cpu }
    var memory: AddressSpace { services.machine.memory }
}

/// What answers one hypercall: a status of ``HypercallStatus``. Runs on the caller's thread with the machine's lock
/// held.
typealias HypercallHandler = (HypercallFrame) -> Int64

/// The hypercalls of one machine by number. Numbers without an entry answer H_FUNCTION.
final class HypercallDispatch {
    /// Numbers of PAPR are multiples of four below this.
    private static let standardLimit: UInt64 = 0x460
    private static let platformBase: UInt64 = 0xf000
    private static let platformLimit: UInt64 = 0xf810

    private var standard: [HypercallHandler?]
    private var platform: [HypercallHandler?]

    init() {
        standard = .init(repeating: nil, count: Int(Self.standardLimit / 4))
        platform = .init(repeating: nil, count: Int(Self.platformLimit - Self.platformBase))
    }

    subscript(number: UInt64) -> HypercallHandler? {
        get {
            if number < Self.standardLimit { return number & 3 == 0 ? standard[Int(number / 4)] : nil }
            guard number >= Self.platformBase, number < Self.platformLimit else { return nil }
            return platform[Int(number - Self.platformBase)]
        }
        set {
            if number < Self.standardLimit, number & 3 == 0 {
                standard[Int(number / 4)] = newValue
            } else if number >= Self.platformBase, number < Self.platformLimit {
                platform[Int(number - Self.platformBase)] = newValue
            }
        }
    }
}
