/// What an EVEX prefix says beyond a VEX prefix.
struct EVEXOptions {
    /// Mask register, 0 for none.
    var mask: UInt8 = 0
    /// Elements that the mask leaves out become zero instead of staying.
    var zeroes = false
    /// Register forms of 512 bits that round to nearest whatever MXCSR says, and leave MXCSR alone.
    var isQuiet = false
}

// AVX-512 instructions, on 128 bits unless told otherwise. `simd`: 0 none, 1 `66`, 2 `F3`, 3 `F2`.
extension Assembler {
    mutating func evex(
        simd: UInt8, wide: Bool, _ map: UInt8, _ code: UInt8, reg: UInt8, vvvv: UInt8, rm: UInt8,
        _ options: EVEXOptions = EVEXOptions()
    ) {
        evexPrefix(simd, wide, map, reg, vvvv, 0, rm, options)
        byte(code)
        byte(0xc0 | (reg & 7) << 3 | rm & 7)
    }

    /// - Parameter unit: What displacements of eight bits count in: the size of the operand.
    mutating func evex(
        simd: UInt8, wide: Bool, _ map: UInt8, _ code: UInt8, reg: UInt8, vvvv: UInt8, _ memory: MemoryOperand,
        unit: Int32 = 16, _ options: EVEXOptions = EVEXOptions()
    ) {
        evexPrefix(simd, wide, map, reg, vvvv, memory.index?.code ?? 0, memory.base.code, options)
        byte(code)
        let base = memory.base.code & 7
        let scaled = memory.displacement / unit
        let isShort = scaled &* unit == memory.displacement && scaled >= -128 && scaled <= 127
        let mode: UInt8 = memory.displacement == 0 && base != 5 ? 0 : isShort ? 0x40 : 0x80
        if let index = memory.index {
            byte(mode | (reg & 7) << 3 | 4)
            byte(memory.scale << 6 | (index.code & 7) << 3 | base)
        } else {
            byte(mode | (reg & 7) << 3 | base)
            if base == 4 { byte(0x24) }
        }
        if mode == 0x40 {
            byte(UInt8(truncatingIfNeeded: scaled))
        } else if mode == 0x80 {
            word32(UInt32(bitPattern: memory.displacement))
        }
    }

    /// The same with a RIP-relative operand, followed by `trailing` bytes of immediate.
    mutating func evex(
        simd: UInt8, wide: Bool, _ map: UInt8, _ code: UInt8, reg: UInt8, vvvv: UInt8,
        ripRelative address: UnsafeRawPointer, trailing: Int, _ options: EVEXOptions = EVEXOptions()
    ) {
        evexPrefix(simd, wide, map, reg, vvvv, 0, 0, options)
        byte(code)
        byte((reg & 7) << 3 | 5)
        relative(address, trailing: trailing)
    }

    private mutating func evexPrefix(
        _ simd: UInt8, _ wide: Bool, _ map: UInt8, _ reg: UInt8, _ vvvv: UInt8, _ index: UInt8, _ base: UInt8,
        _ options: EVEXOptions
    ) {
        byte(0x62)
        byte((~reg >> 3 & 1) << 7 | (~index >> 3 & 1) << 6 | (~base >> 3 & 1) << 5 | 0x10 | map)
        byte((wide ? 0x80 : 0) | (~vvvv & 15) << 3 | 4 | simd)
        byte((options.zeroes ? 0x80 : 0) | (options.isQuiet ? 0x10 : 0) | 8 | options.mask)
    }

    // MARK: Mask registers

    /// `kmovd`
    mutating func moveToMask(_ to: UInt8, _ from: HostRegister) {
        vex(simd: 3, wide: false, 1, 0x92, reg: to, vvvv: 0, rm: from.code)
    }
    /// `korb`
    mutating func orMasks(_ to: UInt8, _ a: UInt8, _ b: UInt8) {
        vex(simd: 1, wide: false, long: true, 1, 0x45, reg: to, vvvv: a, rm: b)
    }
    /// `kortestb`: sets the zero flag if both are clear.
    mutating func testMasks(_ a: UInt8, _ b: UInt8) {
        vex(simd: 1, wide: false, 1, 0x98, reg: a, vvvv: 0, rm: b)
    }
    /// `vzeroupper`: what compiled code wants after instructions on more than 128 bits.
    mutating func zeroUpper() {
        byte(0xc5)
        byte(0xf8)
        byte(0x77)
    }
}
