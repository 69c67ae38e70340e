/// A general register of an x86-64 host, by its encoding.
struct HostRegister: Equatable, Hashable {
    let code: UInt8
    @inline(__always) init(_ code: UInt8) { self.code = code }

    @inline(__always) static var rax: Self { Self(0) }
    @inline(__always) static var rcx: Self { Self(1) }
    @inline(__always) static var rdx: Self { Self(2) }
    @inline(__always) static var rbx: Self { Self(3) }
    @inline(__always) static var rsp: Self { Self(4) }
    @inline(__always) static var rbp: Self { Self(5) }
    @inline(__always) static var rsi: Self { Self(6) }
    @inline(__always) static var rdi: Self { Self(7) }
    @inline(__always) static var r8: Self { Self(8) }
    @inline(__always) static var r9: Self { Self(9) }
    @inline(__always) static var r10: Self { Self(10) }
    @inline(__always) static var r11: Self { Self(11) }
    @inline(__always) static var r12: Self { Self(12) }
    @inline(__always) static var r13: Self { Self(13) }
    @inline(__always) static var r14: Self { Self(14) }
    @inline(__always) static var r15: Self { Self(15) }
}

/// An SSE register, by its encoding (0 to 15).
struct VectorRegister: Equatable, Hashable {
    let code: UInt8
    @inline(__always) init(_ code: UInt8) { self.code = code }

    @inline(__always) static var x0: Self { Self(0) }
    @inline(__always) static var x1: Self { Self(1) }
    @inline(__always) static var x2: Self { Self(2) }
    @inline(__always) static var x3: Self { Self(3) }
    @inline(__always) static var x4: Self { Self(4) }
    @inline(__always) static var x5: Self { Self(5) }
}

/// A memory operand: base register, optional scaled index, displacement; or RIP-relative to an absolute address.
struct MemoryOperand {
    var base: HostRegister
    var index: HostRegister?
    /// log2 of the factor.
    var scale: UInt8
    var displacement: Int32

    @inline(__always)
    init(_ base: HostRegister, _ displacement: Int32 = 0) {
        self.base = base
        index = nil
        scale = 0
        self.displacement = displacement
    }
    @inline(__always)
    init(_ base: HostRegister, index: HostRegister?, scale: UInt8 = 0, _ displacement: Int32 = 0) {
        self.base = base
        self.index = index
        self.scale = scale
        self.displacement = displacement
    }
}

/// Condition codes as the host encodes them.
enum HostCondition: UInt8 {
    case overflow = 0
    case noOverflow, below, aboveOrEqual, equal, notEqual, belowOrEqual, above, negative, notNegative, parity, noParity
    case less, greaterOrEqual, lessOrEqual, greater

    @inline(__always) var inverted: HostCondition { HostCondition(rawValue: rawValue ^ 1) ?? .overflow }
}

/// The eight two-operand operations that share one encoding scheme.
enum HostALU: UInt8 {
    case add = 0
    case or, adc, sbb, and, sub, xor, cmp
}

enum HostShift: UInt8 {
    case rol = 0
    case ror = 1
    case shl = 4
    case shr = 5
    case sar = 7
}

/// Operand width of integer operations.
enum HostWidth: UInt8 {
    case w8, w16, w32, w64
}
