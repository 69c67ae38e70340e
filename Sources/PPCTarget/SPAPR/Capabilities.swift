import EmuCore

/// A property of the virtual platform that depends on the processor or the host and that a guest relies on: source
/// and destination of a migration must agree on it (`cap-*` machine properties).
package enum SpaprCapability: Int, Sendable, CaseIterable {
    case transactionalMemory
    case vsx
    case decimalFloatingPoint
    case cacheFlush
    case boundsCheck
    case indirectBranch
    case maximumPageSize
    case nestedHV
    case largeDecrementer
    case countCacheFlushAssist
    case fwnmi
    case rptInvalidate
    case ailMode3
    case nestedPAPR
    case dawr1

    /// What a capability's value may be.
    package enum Kind: Sendable {
        case flag
        /// One of these words, weakest first.
        case choice([String], help: String)
        /// A page size in bytes, kept as its log2.
        case pageSize
    }

    /// Name after `cap-`.
    package var optionName: String {
        switch self {
        case .transactionalMemory: "htm"
        case .vsx: "vsx"
        case .decimalFloatingPoint: "dfp"
        case .cacheFlush: "cfpc"
        case .boundsCheck: "sbbc"
        case .indirectBranch: "ibs"
        case .maximumPageSize: "hpt-max-page-size"
        case .nestedHV: "nested-hv"
        case .largeDecrementer: "large-decr"
        case .countCacheFlushAssist: "ccf-assist"
        case .fwnmi: "fwnmi"
        case .rptInvalidate: "rpt-invalidate"
        case .ailMode3: "ail-mode-3"
        case .nestedPAPR: "nested-papr"
        case .dawr1: "dawr1"
        }
    }

    /// The release that brought it; older ones refuse its subsection. The three oldest came with 2.12 and went into
    /// 2.11's stable releases, with the answers to speculation attacks.
    public var firstRelease: Release {
        switch self {
        case .transactionalMemory, .vsx, .decimalFloatingPoint, .cacheFlush, .boundsCheck, .indirectBranch:
            Release(2, 11)
        case .maximumPageSize: Release(3, 0)
        case .nestedHV: Release(3, 1)
        case .largeDecrementer, .countCacheFlushAssist: Release(4, 0)
        case .fwnmi: Release(5, 0)
        case .rptInvalidate: Release(6, 2)
        case .ailMode3: Release(8, 0)
        case .nestedPAPR: Release(9, 0)
        case .dawr1: Release(10, 0)
        }
    }

    /// Name of the subsection that carries it.
    package var sectionName: String {
        switch self {
        case .maximumPageSize: "spapr/cap/hpt_maxpagesize"
        case .nestedHV: "spapr/cap/nested_kvm_hv"
        case .largeDecrementer: "spapr/cap/large_decr"
        case .countCacheFlushAssist: "spapr/cap/ccf_assist"
        case .rptInvalidate: "spapr/cap/rpt_invalidate"
        case .ailMode3: "spapr/cap/ail_mode_3"
        case .nestedPAPR: "spapr/cap/nested_papr"
        default: "spapr/cap/\(optionName)"
        }
    }

    /// Name of the field in that subsection.
    var fieldName: String {
        let number = String(rawValue, radix: 16, uppercase: true)
        return "mig.caps[0x\(rawValue < 16 ? "0" : "")\(number)]"
    }

    package var description: String {
        switch self {
        case .transactionalMemory: "Allow Hardware Transactional Memory (HTM)"
        case .vsx: "Allow Vector Scalar Extensions (VSX)"
        case .decimalFloatingPoint: "Allow Decimal Floating Point (DFP)"
        case .cacheFlush: "Cache Flush on Privilege Change (broken, workaround, fixed)"
        case .boundsCheck: "Speculation Barrier Bounds Checking (broken, workaround, fixed)"
        case .indirectBranch:
            "Indirect Branch Speculation (broken, workaround, fixed-ibs,fixed-ccd, fixed-na)"
        case .maximumPageSize: "Maximum page size for Hash Page Table guests"
        case .nestedHV: "Allow Nested KVM-HV"
        case .largeDecrementer: "Allow Large Decrementer"
        case .countCacheFlushAssist: "Count Cache Flush Assist via HW Instruction"
        case .fwnmi: "Implements PAPR FWNMI option"
        case .rptInvalidate: "Allow H_RPT_INVALIDATE"
        case .ailMode3: "Alternate Interrupt Location (AIL) mode 3 support"
        case .nestedPAPR: "Allow Nested HV (PAPR API)"
        case .dawr1: "Allow 2nd Data Address Watchpoint Register (DAWR1)"
        }
    }

    package var kind: Kind {
        switch self {
        case .cacheFlush, .boundsCheck:
            .choice(
                ["broken", "workaround", "fixed"],
                help: "broken - no protection, workaround - workaround available, fixed - fixed in hardware")
        case .indirectBranch:
            .choice(
                ["broken", "workaround", "fixed-ibs", "fixed-ccd", "fixed-na"],
                help: "broken - no protection, workaround - count cache flush, fixed-ibs - indirect branch "
                    + "serialisation, fixed-ccd - cache count disabled, fixed-na - fixed in hardware (no longer "
                    + "applicable)")
        case .maximumPageSize: .pageSize
        default: .flag
        }
    }
}

/// A level for each capability; 0 is the weakest.
package struct SpaprCapabilities: Sendable, Equatable {
    private var values = [UInt8](repeating: 0, count: SpaprCapability.allCases.count)

    package init() {}

    package subscript(capability: SpaprCapability) -> UInt8 {
        get { values[capability.rawValue] }
        set { values[capability.rawValue] = newValue }
    }

    /// Defaults of the newest machine version.
    static let newest: SpaprCapabilities = {
        var result = SpaprCapabilities()
        result[.vsx] = 1
        result[.decimalFloatingPoint] = 1
        result[.cacheFlush] = 1
        result[.boundsCheck] = 1
        result[.indirectBranch] = 1
        result[.maximumPageSize] = 16
        result[.largeDecrementer] = 1
        result[.countCacheFlushAssist] = 1
        result[.fwnmi] = 1
        result[.ailMode3] = 1
        result[.dawr1] = 1
        return result
    }()

    /// The defaults with what a processor at a compatibility level cannot have taken out.
    func limited(to model: PPCModel, maximumCompatibility: UInt32) -> SpaprCapabilities {
        func runs(_ level: UInt32) -> Bool {
            CompatibilityMode.isUsable(level, on: model, maximum: maximumCompatibility)
        }
        var result = self
        if !runs(LogicalPVR.isa310) { result[.dawr1] = 0 }
        if !runs(LogicalPVR.isa300) { result[.largeDecrementer] = 0 }
        if !runs(LogicalPVR.isa207) {
            result[.transactionalMemory] = 0
            result[.cacheFlush] = 0
            result[.ailMode3] = 0
        }
        if !runs(LogicalPVR.isa206Plus) { result[.boundsCheck] = 0 }
        if !runs(LogicalPVR.isa206) {
            result[.vsx] = 0
            result[.decimalFloatingPoint] = 0
            result[.indirectBranch] = 0
        }
        if self[.maximumPageSize] == 0 { result[.maximumPageSize] = 34 }
        return result
    }
}

/// Logical processor versions (PAPR), what `ibm,client-architecture-support` negotiates.
package enum LogicalPVR {
    package static var isa206: UInt32 { 0x0f00_0003 }
    package static var isa206Plus: UInt32 { 0x0f10_0003 }
    package static var isa207: UInt32 { 0x0f00_0004 }
    package static var isa300: UInt32 { 0x0f00_0005 }
    package static var isa310: UInt32 { 0x0f00_0006 }
}

// MARK: Machine properties

extension SpaprCapability {
    /// The machine property `cap-NAME`.
    var property: Property {
        let type: String
        switch kind {
        case .flag: type = "bool"
        case .choice: type = "string"
        case .pageSize: type = "int"
        }
        return Property(
            "cap-\(optionName)", type: type, description: description,
            get: { object in
                guard let machine = object as? SpaprMachine else { throw ObjectError("not a pseries machine") }
                let level = machine.capabilities[self]
                switch kind {
                case .flag: return .bool(level == 1)
                case .pageSize: return .integer(1 << Int64(level & 63))
                case .choice(let words, _):
                    guard Int(level) < words.count else {
                        throw ObjectError("Invalid value (\(level)) for cap-\(optionName)")
                    }
                    return .string(words[Int(level)])
                }
            },
            set: { object, value in
                guard let machine = object as? SpaprMachine else { throw ObjectError("not a pseries machine") }
                machine.setCapability(self, level: try level(of: value))
            })
    }

    private func level(of value: Value) throws -> UInt8 {
        let name = "cap-\(optionName)"
        switch kind {
        case .flag:
            return try PropertyParsing.bool(value, name: name) ? 1 : 0
        case .pageSize:
            let size = try PropertyParsing.size(value, name: name)
            guard size.nonzeroBitCount == 1 else { throw ObjectError("\(name) must be a power of 2") }
            return UInt8(size.trailingZeroBitCount)
        case .choice(let words, let help):
            let word = try PropertyParsing.string(value, name: name)
            guard word != "?" else { throw ObjectError(help) }
            guard let level = words.firstIndex(of: word.lowercased()) else {
                throw ObjectError("Invalid capability mode \"\(word)\" for \(name)")
            }
            return UInt8(level)
        }
    }
}
