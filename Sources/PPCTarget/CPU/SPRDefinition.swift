/// Families of CPU models that differ in their special purpose registers.
package struct ModelFamily: OptionSet, Sendable, Hashable {
    package let rawValue: UInt8
    package init(rawValue: UInt8) { self.rawValue = rawValue }

    package static let ppc970 = ModelFamily(rawValue: 1)
    package static let power7 = ModelFamily(rawValue: 2)
    package static let power8 = ModelFamily(rawValue: 4)
    package static let power9 = ModelFamily(rawValue: 8)
    /// POWER10 and POWER11.
    package static let power10 = ModelFamily(rawValue: 16)

    package static let fromPOWER9: ModelFamily = [.power9, .power10]
    package static let fromPOWER8: ModelFamily = [.power8, .power9, .power10]
    package static let fromPOWER7: ModelFamily = [.power7, .power8, .power9, .power10]
    package static let all: ModelFamily = [.ppc970, .power7, .power8, .power9, .power10]
}

/// What `mfspr` does for one register in one privilege state.
package enum SPRRead: UInt8, Sendable {
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
package enum SPRWrite: UInt8, Sendable {
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
package struct SPRAccess: Sendable {
    package let read: (problem: SPRRead, supervisor: SPRRead, hypervisor: SPRRead)
    package let write: (problem: SPRWrite, supervisor: SPRWrite, hypervisor: SPRWrite)

    package init(read: (SPRRead, SPRRead, SPRRead), write: (SPRWrite, SPRWrite, SPRWrite)) {
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
package struct SPRDefinition: Sendable {
    /// As in `mfspr`, halves in natural order.
    package let number: Int
    /// ISA name, upper case.
    package let name: String
    package let access: SPRAccess
    package let families: ModelFamily
    /// Value after reset.
    package let reset: UInt64

    init(_ number: Int, _ name: String, _ access: SPRAccess, _ families: ModelFamily, reset: UInt64 = 0) {
        self.number = number
        self.name = name
        self.access = access
        self.families = families
        self.reset = reset
    }
}

/// The registers of one CPU model, arranged by number.
package final class SPRTable: Sendable {
    /// 1024 elements; absent registers have access `.none`.
    package let access: [SPRAccess]
    package let definitions: [SPRDefinition]
    private let numbers: [String: Int]

    package init(family: ModelFamily) {
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
    package func number(of name: String) -> Int? { numbers[name.uppercased()] }
}

/// Numbers of registers that the CPU itself uses.
package enum SPRegister {
    package static var dsisr: Int { 18 }
    package static var dar: Int { 19 }
    package static var decr: Int { 22 }
    package static var sdr1: Int { 25 }
    package static var srr0: Int { 26 }
    package static var srr1: Int { 27 }
    package static var cfar: Int { 28 }
    package static var amr: Int { 29 }
    package static var pid: Int { 48 }
    package static var iamr: Int { 61 }
    package static var ctrl: Int { 152 }
    package static var fscr: Int { 153 }
    package static var uamor: Int { 157 }
    package static var hfscr: Int { 190 }
    package static var vrsave: Int { 256 }
    package static var pvr: Int { 287 }
    package static var hdsisr: Int { 306 }
    package static var hdar: Int { 307 }
    package static var hior: Int { 311 }
    package static var hrmor: Int { 313 }
    package static var hsrr0: Int { 314 }
    package static var hsrr1: Int { 315 }
    package static var lpcr: Int { 318 }
    package static var lpidr: Int { 319 }
    package static var pcr: Int { 338 }
    package static var amor: Int { 349 }
    package static var ptcr: Int { 464 }
    package static var sier: Int { 784 }
    package static var mmcr2: Int { 785 }
    package static var pmc1: Int { 787 }
    package static var mmcr0: Int { 795 }
    package static var siar: Int { 796 }
    package static var mmcr1: Int { 798 }
    package static var ebbhr: Int { 804 }
    package static var ebbrr: Int { 805 }
    package static var bescr: Int { 806 }
    package static var tar: Int { 815 }
    package static var psscr: Int { 855 }
    package static var pir: Int { 1023 }
}
