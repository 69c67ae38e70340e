/// Families of CPU models that differ in their special purpose registers.
public struct ModelFamily: OptionSet, Sendable, Hashable {
    public let rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    public static let ppc970 = ModelFamily(rawValue: 1)
    public static let power7 = ModelFamily(rawValue: 2)
    public static let power8 = ModelFamily(rawValue: 4)
    public static let power9 = ModelFamily(rawValue: 8)
    /// POWER10 and POWER11.
    public static let power10 = ModelFamily(rawValue: 16)

    public static let fromPOWER9: ModelFamily = [.power9, .power10]
    public static let fromPOWER8: ModelFamily = [.power8, .power9, .power10]
    public static let fromPOWER7: ModelFamily = [.power7, .power8, .power9, .power10]
    public static let all: ModelFamily = [.ppc970, .power7, .power8, .power9, .power10]
}

/// What `mfspr` does for one register in one privilege state.
public enum SPRRead: UInt8, Sendable {
    /// The model has no such register in this state: `SPRegister.undefinedAccess` decides.
    case undefined
    /// Privileged instruction interrupt.
    case denied
    case generic
    case xer, lr, ctr
    case timeBase, timeBaseUpper, decrementer, hypervisorDecrementer, purr, virtualTimeBase
    case cfar, hior, dpdes
    /// The register 16 numbers above (user names of performance monitor registers, UCTRL, USPRG3).
    case alias
    /// The upper half of the register one number below.
    case upperHalfBelow
    /// As the next simpler kind, if the facility is enabled.
    case tar, tm, tmUpperHalfBelow, ebb
    /// BESCR or its upper half, if the facility is enabled.
    case branchEvents, branchEventsUpper
    /// Problem state view of the performance monitor, governed by MMCR0[PMCC].
    case userCounter, userCounter56, userMMCR0, userMMCR2
}

/// What `mtspr` does for one register in one privilege state.
public enum SPRWrite: UInt8, Sendable {
    case undefined
    case denied
    case generic
    case xer, lr, ctr
    case timeBaseLower, timeBaseUpper, timeBaseUpper40, decrementer, hypervisorDecrementer, purr, virtualTimeBase
    case cfar, hior, dpdes
    case alias
    case upperHalfBelow
    case tar, tm, tmUpperHalfBelow, ebb
    /// BESCR, or bits of it that are set or cleared, in the whole register or its upper half.
    case branchEvents, branchEventsSet, branchEventsSetUpper, branchEventsReset, branchEventsResetUpper
    case userCounter, userCounter56, userMMCR0, userMMCR2
    /// Only the low 32 bits are kept.
    case lowHalf
    /// Bits of the negated operand are ANDed into the register (970 HID0 as QEMU has it).
    case clearBits
    /// The operand is ANDed into the register (HMER).
    case clearWithMask
    /// Masked by UAMOR or AMOR.
    case amr, uamor, iamr
    case sdr1, pid, lpidr, lpcr, pcr, ptcr
}

/// Access to a special purpose register: problem state, supervisor state of a guest, hypervisor state.
///
/// Models without a hypervisor state give supervisor software the rights of the last column.
public struct SPRAccess: Sendable {
    public let read: (problem: SPRRead, supervisor: SPRRead, hypervisor: SPRRead)
    public let write: (problem: SPRWrite, supervisor: SPRWrite, hypervisor: SPRWrite)

    public init(read: (SPRRead, SPRRead, SPRRead), write: (SPRWrite, SPRWrite, SPRWrite)) {
        self.read = read
        self.write = write
    }

    static func all(_ read: SPRRead, _ write: SPRWrite) -> SPRAccess {
        SPRAccess(read: (read, read, read), write: (write, write, write))
    }
    static func supervisor(_ read: SPRRead, _ write: SPRWrite) -> SPRAccess {
        SPRAccess(read: (.denied, read, read), write: (.denied, write, write))
    }
    static func hypervisor(_ read: SPRRead, _ write: SPRWrite) -> SPRAccess {
        SPRAccess(read: (.denied, .denied, read), write: (.denied, .denied, write))
    }
    static func split(user: (SPRRead, SPRWrite), supervisor: (SPRRead, SPRWrite)) -> SPRAccess {
        SPRAccess(
            read: (user.0, supervisor.0, supervisor.0), write: (user.1, supervisor.1, supervisor.1))
    }
    static var problem: SPRAccess { all(.generic, .generic) }
    static var supervisor: SPRAccess { supervisor(.generic, .generic) }
    static var hypervisor: SPRAccess { hypervisor(.generic, .generic) }
    static var supervisorReadOnly: SPRAccess { supervisor(.generic, .denied) }
    static var supervisorReadOnlyHypervisor: SPRAccess {
        SPRAccess(read: (.denied, .generic, .generic), write: (.denied, .denied, .generic))
    }
    static var userAliasReadOnly: SPRAccess { all(.alias, .denied) }
    static var userAlias: SPRAccess { split(user: (.alias, .denied), supervisor: (.alias, .alias)) }
    static var none: SPRAccess { all(.undefined, .undefined) }
}

/// One special purpose register of one or more model families.
public struct SPRDefinition: Sendable {
    /// As in `mfspr`, halves in natural order.
    public let number: Int
    /// ISA name, upper case.
    public let name: String
    public let access: SPRAccess
    public let families: ModelFamily
    /// Value after reset.
    public let reset: UInt64

    init(_ number: Int, _ name: String, _ access: SPRAccess, _ families: ModelFamily, reset: UInt64 = 0) {
        self.number = number
        self.name = name
        self.access = access
        self.families = families
        self.reset = reset
    }
}

/// The registers of one CPU model, arranged by number.
public final class SPRTable: Sendable {
    /// 1024 elements; absent registers have access `.none`.
    public let access: [SPRAccess]
    public let definitions: [SPRDefinition]
    private let numbers: [String: Int]

    public init(family: ModelFamily) {
        var access = [SPRAccess](repeating: .none, count: 1024)
        var numbers: [String: Int] = [:]
        definitions = SPRDefinition.rows.filter { $0.families.contains(family) }
        for definition in definitions {
            access[definition.number] = definition.access
            // TBL and TBU have two numbers: the lower, readable in problem state, keeps the name.
            if numbers[definition.name] == nil { numbers[definition.name] = definition.number }
        }
        self.access = access
        self.numbers = numbers
    }

    /// Number of a register by its ISA name, in any case; `nil` if the model has none of that name.
    public func number(of name: String) -> Int? { numbers[name.uppercased()] }
}

/// Numbers of registers that the CPU itself uses.
public enum SPRegister {
    public static var dsisr: Int { 18 }
    public static var dar: Int { 19 }
    public static var decr: Int { 22 }
    public static var sdr1: Int { 25 }
    public static var srr0: Int { 26 }
    public static var srr1: Int { 27 }
    public static var cfar: Int { 28 }
    public static var amr: Int { 29 }
    public static var pid: Int { 48 }
    public static var iamr: Int { 61 }
    public static var ctrl: Int { 152 }
    public static var fscr: Int { 153 }
    public static var uamor: Int { 157 }
    public static var hfscr: Int { 190 }
    public static var vrsave: Int { 256 }
    public static var pvr: Int { 287 }
    public static var hdsisr: Int { 306 }
    public static var hdar: Int { 307 }
    public static var hior: Int { 311 }
    public static var hrmor: Int { 313 }
    public static var hsrr0: Int { 314 }
    public static var hsrr1: Int { 315 }
    public static var lpcr: Int { 318 }
    public static var lpidr: Int { 319 }
    public static var pcr: Int { 338 }
    public static var amor: Int { 349 }
    public static var ptcr: Int { 464 }
    public static var sier: Int { 784 }
    public static var mmcr2: Int { 785 }
    public static var pmc1: Int { 787 }
    public static var mmcr0: Int { 795 }
    public static var siar: Int { 796 }
    public static var mmcr1: Int { 798 }
    public static var ebbhr: Int { 804 }
    public static var ebbrr: Int { 805 }
    public static var bescr: Int { 806 }
    public static var tar: Int { 815 }
    public static var psscr: Int { 855 }
    public static var pir: Int { 1023 }
}
