// General-register instructions.
extension Assembler {
    // MARK: Moves

    mutating func move(_ width: HostWidth = .w64, _ to: HostRegister, _ from: HostRegister) {
        rr(0, wide: width == .w64, 0, 0x89, reg: from.code, rm: to.code)
    }
    /// Moves unless both are the same register (a 32-bit move is never left out: it clears the upper half).
    mutating func copy(_ to: HostRegister, _ from: HostRegister) {
        if to != from { move(.w64, to, from) }
    }
    mutating func load(_ width: HostWidth = .w64, _ to: HostRegister, _ from: MemoryOperand) {
        rm(0, wide: width == .w64, 0, 0x8b, reg: to.code, from)
    }
    mutating func store(_ width: HostWidth = .w64, _ to: MemoryOperand, _ from: HostRegister) {
        switch width {
        case .w8: rm(0, wide: false, 0, 0x88, reg: from.code, to, force: from.code >= 4)
        case .w16: rm(0x66, wide: false, 0, 0x89, reg: from.code, to)
        case .w32: rm(0, wide: false, 0, 0x89, reg: from.code, to)
        case .w64: rm(0, wide: true, 0, 0x89, reg: from.code, to)
        }
    }
    /// Loads with zero extension to 64 bits.
    mutating func loadZeroExtended(_ width: HostWidth, _ to: HostRegister, _ from: MemoryOperand) {
        switch width {
        case .w8: rm(0, wide: false, 1, 0xb6, reg: to.code, from)
        case .w16: rm(0, wide: false, 1, 0xb7, reg: to.code, from)
        case .w32: rm(0, wide: false, 0, 0x8b, reg: to.code, from)
        case .w64: rm(0, wide: true, 0, 0x8b, reg: to.code, from)
        }
    }
    /// Loads with sign extension to 64 bits.
    mutating func loadSignExtended(_ width: HostWidth, _ to: HostRegister, _ from: MemoryOperand) {
        switch width {
        case .w8: rm(0, wide: true, 1, 0xbe, reg: to.code, from)
        case .w16: rm(0, wide: true, 1, 0xbf, reg: to.code, from)
        case .w32: rm(0, wide: true, 0, 0x63, reg: to.code, from)
        case .w64: rm(0, wide: true, 0, 0x8b, reg: to.code, from)
        }
    }
    mutating func zeroExtend(_ width: HostWidth, _ to: HostRegister, _ from: HostRegister) {
        switch width {
        case .w8: rr(0, wide: false, 1, 0xb6, reg: to.code, rm: from.code, force: from.code >= 4)
        case .w16: rr(0, wide: false, 1, 0xb7, reg: to.code, rm: from.code)
        case .w32: rr(0, wide: false, 0, 0x8b, reg: to.code, rm: from.code)
        case .w64: move(.w64, to, from)
        }
    }
    mutating func signExtend(_ width: HostWidth, _ to: HostRegister, _ from: HostRegister) {
        switch width {
        case .w8: rr(0, wide: true, 1, 0xbe, reg: to.code, rm: from.code, force: from.code >= 4)
        case .w16: rr(0, wide: true, 1, 0xbf, reg: to.code, rm: from.code)
        case .w32: rr(0, wide: true, 0, 0x63, reg: to.code, rm: from.code)
        case .w64: move(.w64, to, from)
        }
    }
    /// Any constant by the shortest form; leaves the flags alone.
    mutating func constant(_ to: HostRegister, _ value: UInt64) {
        if value <= 0xffff_ffff {
            if to.code >= 8 { byte(0x41) }
            byte(0xb8 | to.code & 7)
            word32(UInt32(truncatingIfNeeded: value))
        } else if Int64(bitPattern: value) >= -0x8000_0000 && Int64(bitPattern: value) < 0 {
            rr(0, wide: true, 0, 0xc7, reg: 0, rm: to.code)
            word32(UInt32(truncatingIfNeeded: value))
        } else {
            byte(0x48 | to.code >> 3)
            byte(0xb8 | to.code & 7)
            word64(value)
        }
    }
    mutating func storeByte(_ to: MemoryOperand, immediate: UInt8) {
        rm(0, wide: false, 0, 0xc6, reg: 0, to)
        byte(immediate)
    }
    /// Stores a sign-extended 32-bit constant as 64 bits, or its 32 bits.
    mutating func store(_ width: HostWidth, _ to: MemoryOperand, immediate: Int32) {
        rm(0, wide: width == .w64, 0, 0xc7, reg: 0, to)
        word32(UInt32(bitPattern: immediate))
    }
    mutating func lea(_ width: HostWidth = .w64, _ to: HostRegister, _ address: MemoryOperand) {
        rm(0, wide: width == .w64, 0, 0x8d, reg: to.code, address)
    }
    mutating func swapBytes(_ width: HostWidth, _ register: HostRegister) {
        if width == .w16 {
            rr(0x66, wide: false, 0, 0xc1, reg: HostShift.rol.rawValue, rm: register.code)
            byte(8)
        } else {
            let rex: UInt8 = (width == .w64 ? 8 : 0) | register.code >> 3
            if rex != 0 { byte(0x40 | rex) }
            byte(0x0f)
            byte(0xc8 | register.code & 7)
        }
    }
    /// `movbe`, 16, 32 or 64 bits. A 16-bit load leaves the upper bits of the register alone.
    mutating func loadSwapped(_ width: HostWidth, _ to: HostRegister, _ from: MemoryOperand) {
        rm(width == .w16 ? 0x66 : 0, wide: width == .w64, 2, 0xf0, reg: to.code, from)
    }
    mutating func storeSwapped(_ width: HostWidth, _ to: MemoryOperand, _ from: HostRegister) {
        rm(width == .w16 ? 0x66 : 0, wide: width == .w64, 2, 0xf1, reg: from.code, to)
    }

    // MARK: Arithmetic and logic

    mutating func alu(_ op: HostALU, _ width: HostWidth = .w64, _ to: HostRegister, _ from: HostRegister) {
        if width == .w8 {
            rr(0, wide: false, 0, op.rawValue << 3, reg: from.code, rm: to.code, force: true)
        } else {
            rr(0, wide: width == .w64, 0, op.rawValue << 3 | 1, reg: from.code, rm: to.code)
        }
    }
    mutating func alu(_ op: HostALU, _ width: HostWidth = .w64, _ to: HostRegister, _ from: MemoryOperand) {
        if width == .w8 {
            rm(0, wide: false, 0, op.rawValue << 3 | 2, reg: to.code, from, force: true)
        } else {
            rm(0, wide: width == .w64, 0, op.rawValue << 3 | 3, reg: to.code, from)
        }
    }
    mutating func alu(_ op: HostALU, _ width: HostWidth = .w64, _ to: MemoryOperand, _ from: HostRegister) {
        if width == .w8 {
            rm(0, wide: false, 0, op.rawValue << 3, reg: from.code, to, force: true)
        } else {
            rm(0, wide: width == .w64, 0, op.rawValue << 3 | 1, reg: from.code, to)
        }
    }
    mutating func alu(_ op: HostALU, _ width: HostWidth = .w64, _ to: HostRegister, immediate: Int32) {
        if width == .w8 {
            rr(0, wide: false, 0, 0x80, reg: op.rawValue, rm: to.code, force: true)
            byte(UInt8(truncatingIfNeeded: immediate))
            return
        }
        let short = immediate >= -128 && immediate <= 127
        rr(0, wide: width == .w64, 0, short ? 0x83 : 0x81, reg: op.rawValue, rm: to.code)
        if short { byte(UInt8(truncatingIfNeeded: immediate)) } else { word32(UInt32(bitPattern: immediate)) }
    }
    mutating func alu(_ op: HostALU, _ width: HostWidth, _ to: MemoryOperand, immediate: Int32) {
        if width == .w8 {
            rm(0, wide: false, 0, 0x80, reg: op.rawValue, to)
            byte(UInt8(truncatingIfNeeded: immediate))
            return
        }
        let short = immediate >= -128 && immediate <= 127
        rm(0, wide: width == .w64, 0, short ? 0x83 : 0x81, reg: op.rawValue, to)
        if short { byte(UInt8(truncatingIfNeeded: immediate)) } else { word32(UInt32(bitPattern: immediate)) }
    }
    mutating func test(_ width: HostWidth = .w64, _ a: HostRegister, _ b: HostRegister) {
        if width == .w8 {
            rr(0, wide: false, 0, 0x84, reg: b.code, rm: a.code, force: true)
        } else {
            rr(0, wide: width == .w64, 0, 0x85, reg: b.code, rm: a.code)
        }
    }
    mutating func test(_ width: HostWidth, _ a: HostRegister, immediate: Int32) {
        if width == .w8 {
            rr(0, wide: false, 0, 0xf6, reg: 0, rm: a.code, force: true)
            byte(UInt8(truncatingIfNeeded: immediate))
        } else {
            rr(0, wide: width == .w64, 0, 0xf7, reg: 0, rm: a.code)
            word32(UInt32(bitPattern: immediate))
        }
    }
    mutating func testByte(_ memory: MemoryOperand, immediate: UInt8) {
        rm(0, wide: false, 0, 0xf6, reg: 0, memory)
        byte(immediate)
    }
    mutating func negate(_ width: HostWidth = .w64, _ register: HostRegister) {
        rr(0, wide: width == .w64, 0, 0xf7, reg: 3, rm: register.code)
    }
    mutating func not(_ width: HostWidth = .w64, _ register: HostRegister) {
        rr(0, wide: width == .w64, 0, 0xf7, reg: 2, rm: register.code)
    }
    mutating func multiply(_ width: HostWidth = .w64, _ to: HostRegister, _ from: HostRegister) {
        rr(0, wide: width == .w64, 1, 0xaf, reg: to.code, rm: from.code)
    }
    mutating func multiply(_ width: HostWidth = .w64, _ to: HostRegister, _ from: HostRegister, immediate: Int32) {
        rr(0, wide: width == .w64, 0, 0x69, reg: to.code, rm: from.code)
        word32(UInt32(bitPattern: immediate))
    }
    /// rdx:rax = rax × operand.
    mutating func multiplyWide(signed: Bool, _ width: HostWidth, _ operand: HostRegister) {
        rr(0, wide: width == .w64, 0, 0xf7, reg: signed ? 5 : 4, rm: operand.code)
    }
    /// rax, rdx = quotient and remainder of rdx:rax by operand.
    mutating func divide(signed: Bool, _ width: HostWidth, _ operand: HostRegister) {
        rr(0, wide: width == .w64, 0, 0xf7, reg: signed ? 7 : 6, rm: operand.code)
    }
    /// `cqo` or `cdq`: spreads the sign of rax over rdx.
    mutating func spreadSign(_ width: HostWidth) {
        if width == .w64 { byte(0x48) }
        byte(0x99)
    }

    // MARK: Shifts and bits

    mutating func shift(_ op: HostShift, _ width: HostWidth = .w64, _ register: HostRegister, _ count: UInt8) {
        if width == .w16 { byte(0x66) }
        rr(0, wide: width == .w64, 0, 0xc1, reg: op.rawValue, rm: register.code)
        byte(count)
    }
    /// Shift by cl.
    mutating func shiftCL(_ op: HostShift, _ width: HostWidth = .w64, _ register: HostRegister) {
        rr(0, wide: width == .w64, 0, 0xd3, reg: op.rawValue, rm: register.code)
    }
    /// `shlx`, `shrx`, `sarx` (BMI2): shifts that leave the flags alone.
    mutating func shiftX(
        _ op: HostShift, _ width: HostWidth, _ to: HostRegister, _ from: HostRegister, by count: HostRegister
    ) {
        let simd: UInt8 = op == .shl ? 1 : op == .shr ? 3 : 2
        vex(simd: simd, wide: width == .w64, 2, 0xf7, reg: to.code, vvvv: count.code, rm: from.code)
    }
    /// `rorx` (BMI2).
    mutating func rotateRightX(_ width: HostWidth, _ to: HostRegister, _ from: HostRegister, _ count: UInt8) {
        vex(simd: 3, wide: width == .w64, 3, 0xf0, reg: to.code, vvvv: 0, rm: from.code)
        byte(count)
    }
    /// `andn` (BMI1): to = ~inverted & other.
    mutating func andNot(_ to: HostRegister, inverted: HostRegister, _ other: HostRegister) {
        vex(simd: 0, wide: true, 2, 0xf2, reg: to.code, vvvv: inverted.code, rm: other.code)
    }
    mutating func leadingZeros(_ width: HostWidth, _ to: HostRegister, _ from: HostRegister) {
        rr(0xf3, wide: width == .w64, 1, 0xbd, reg: to.code, rm: from.code)
    }
    mutating func trailingZeros(_ width: HostWidth, _ to: HostRegister, _ from: HostRegister) {
        rr(0xf3, wide: width == .w64, 1, 0xbc, reg: to.code, rm: from.code)
    }
    mutating func bitScanReverse(_ width: HostWidth, _ to: HostRegister, _ from: HostRegister) {
        rr(0, wide: width == .w64, 1, 0xbd, reg: to.code, rm: from.code)
    }
    mutating func populationCount(_ width: HostWidth, _ to: HostRegister, _ from: HostRegister) {
        rr(0xf3, wide: width == .w64, 1, 0xb8, reg: to.code, rm: from.code)
    }
    mutating func bitTest(_ width: HostWidth, _ register: HostRegister, _ bit: UInt8) {
        rr(0, wide: width == .w64, 1, 0xba, reg: 4, rm: register.code)
        byte(bit)
    }

    // MARK: Conditions

    mutating func set(_ condition: HostCondition, _ register: HostRegister) {
        rr(0, wide: false, 1, 0x90 | condition.rawValue, reg: 0, rm: register.code, force: register.code >= 4)
    }
    mutating func set(_ condition: HostCondition, _ memory: MemoryOperand) {
        rm(0, wide: false, 1, 0x90 | condition.rawValue, reg: 0, memory)
    }
    mutating func moveIf(
        _ condition: HostCondition, _ width: HostWidth = .w64, _ to: HostRegister, _ from: HostRegister
    ) {
        rr(0, wide: width == .w64, 1, 0x40 | condition.rawValue, reg: to.code, rm: from.code)
    }
    mutating func moveIf(
        _ condition: HostCondition, _ width: HostWidth = .w64, _ to: HostRegister, _ from: MemoryOperand
    ) {
        rm(0, wide: width == .w64, 1, 0x40 | condition.rawValue, reg: to.code, from)
    }
    mutating func complementCarry() { byte(0xf5) }
    /// rax with memory, `lock cmpxchg`.
    mutating func compareExchange(_ width: HostWidth, _ memory: MemoryOperand, _ new: HostRegister) {
        byte(0xf0)
        switch width {
        case .w8: rm(0, wide: false, 1, 0xb0, reg: new.code, memory, force: true)
        case .w16: rm(0x66, wide: false, 1, 0xb1, reg: new.code, memory)
        case .w32: rm(0, wide: false, 1, 0xb1, reg: new.code, memory)
        case .w64: rm(0, wide: true, 1, 0xb1, reg: new.code, memory)
        }
    }
    mutating func memoryFence() {
        byte(0x0f)
        byte(0xae)
        byte(0xf0)
    }
}
