import CPPCState

/// The state that changes what a guest instruction means, packed so that it can be part of a key.
///
/// A translation is valid for one effective address, one host address of the instructions and one context.
struct TranslationContext: Equatable, Hashable {
    let rawValue: UInt64

    init(rawValue: UInt64) { self.rawValue = rawValue }

    /// The context a vCPU is in now.
    @inline(__always)
    init(_ cpu: CPUState) {
        let state = cpu.pointee
        var bits: UInt64 = state.big_endian != 0 ? 1 : 0
        bits |= state.narrow != 0 ? 2 : 0
        bits |= state.problem_state != 0 ? 4 : 0
        bits |= state.data_real != 0 ? 8 : 0
        bits |= state.msr & 0x20 != 0 ? 16 : 0  // IR
        bits |= state.msr &>> 60 & 1 != 0 ? 32 : 0  // HV
        bits |= PlainFPSCR.isPlain(state.fpscr) ? 64 | (state.fpscr & FPSCR.rn) &<< 32 : 0
        bits |= (state.granule_shift & 63) &<< 8
        bits |= (state.facilities & 0xffff) &<< 16
        rawValue = bits
    }

    var bigEndian: Bool { rawValue & 1 != 0 }
    /// MSR[SF] = 0: addresses wrap at 32 bits.
    var narrow: Bool { rawValue & 2 != 0 }
    var problemState: Bool { rawValue & 4 != 0 }
    var hypervisor: Bool { rawValue & 32 != 0 }
    /// Floating-point exceptions are disabled, NI is off: arithmetic may use the host's FPU.
    var plainFloatingPoint: Bool { rawValue & 64 != 0 }
    /// FPSCR[RN] if floating point is plain, otherwise zero. Generated code runs with MXCSR rounding that way.
    var rounding: UInt8 { UInt8(truncatingIfNeeded: rawValue &>> 32 & 3) }
    var granuleShift: UInt8 { UInt8(truncatingIfNeeded: rawValue &>> 8 & 63) }
    var facilities: UInt64 { rawValue &>> 16 & 0xffff }

    /// Whether an instruction may execute here, so that no check is left for run time.
    @inline(__always)
    func allows(_ attributes: InstructionTable.Attributes) -> Bool {
        if attributes.privilege != .problem {
            if problemState { return false }
            if attributes.privilege == .hypervisor && !hypervisor { return false }
        }
        return attributes.needs & ~facilities & 0xffff == 0
    }
}

/// FPSCR as the code generators see it.
enum PlainFPSCR {
    /// VE, OE, UE, ZE, XE and NI, all of which must be zero for the host's FPU to do.
    static var special: UInt64 { 0xfc }
    @inline(__always)
    static func isPlain(_ fpscr: UInt64) -> Bool { fpscr & special == 0 }

    /// What translations depend on: RN, or 4 if floating point is not plain.
    @inline(__always)
    static func mode(_ fpscr: UInt64) -> UInt64 { isPlain(fpscr) ? fpscr & FPSCR.rn : 4 }
}
