// SSE and AVX instructions. Prefixes: 0 packed single, 0x66 packed double or integer, 0xf3 scalar single, 0xf2 scalar
// double.
extension Assembler {
    mutating func sse(_ prefix: UInt8, _ code: UInt8, _ to: VectorRegister, _ from: VectorRegister) {
        rr(prefix, wide: false, 1, code, reg: to.code, rm: from.code)
    }
    mutating func sse(_ prefix: UInt8, _ code: UInt8, _ to: VectorRegister, _ from: MemoryOperand) {
        rm(prefix, wide: false, 1, code, reg: to.code, from)
    }
    mutating func sse(_ prefix: UInt8, _ code: UInt8, _ to: VectorRegister, ripRelative address: UnsafeRawPointer) {
        ripRelative(prefix, wide: false, 1, code, reg: to.code, address)
    }
    /// Low double: loading clears the upper half.
    mutating func loadDouble(_ to: VectorRegister, _ from: MemoryOperand) { sse(0xf2, 0x10, to, from) }
    mutating func storeDouble(_ to: MemoryOperand, _ from: VectorRegister) { sse(0xf2, 0x11, from, to) }
    mutating func loadSingle(_ to: VectorRegister, _ from: MemoryOperand) { sse(0xf3, 0x10, to, from) }
    mutating func storeSingle(_ to: MemoryOperand, _ from: VectorRegister) { sse(0xf3, 0x11, from, to) }
    /// 16 bytes, unaligned.
    mutating func loadVector(_ to: VectorRegister, _ from: MemoryOperand) { sse(0, 0x10, to, from) }
    mutating func storeVector(_ to: MemoryOperand, _ from: VectorRegister) { sse(0, 0x11, from, to) }
    mutating func copy(_ to: VectorRegister, _ from: VectorRegister) {
        if to != from { sse(0, 0x28, to, from) }
    }
    mutating func move(_ to: VectorRegister, _ from: HostRegister) {
        rr(0x66, wide: true, 1, 0x6e, reg: to.code, rm: from.code)
    }
    mutating func move(_ to: HostRegister, _ from: VectorRegister) {
        rr(0x66, wide: true, 1, 0x7e, reg: from.code, rm: to.code)
    }
    mutating func move32(_ to: VectorRegister, _ from: HostRegister) {
        rr(0x66, wide: false, 1, 0x6e, reg: to.code, rm: from.code)
    }
    mutating func move32(_ to: HostRegister, _ from: VectorRegister) {
        rr(0x66, wide: false, 1, 0x7e, reg: from.code, rm: to.code)
    }
    /// `ucomisd`: parity flags an unordered result.
    mutating func compareDoubles(_ a: VectorRegister, _ b: VectorRegister) { sse(0x66, 0x2e, a, b) }
    /// Shuffle of 32-bit elements.
    mutating func shuffle32(_ to: VectorRegister, _ from: VectorRegister, _ order: UInt8) {
        sse(0x66, 0x70, to, from)
        byte(order)
    }
    /// 66 0F 38-map instruction (SSSE3, SSE4).
    mutating func sse38(_ code: UInt8, _ to: VectorRegister, _ from: VectorRegister) {
        rr(0x66, wide: false, 2, code, reg: to.code, rm: from.code)
    }
    mutating func sse38(_ code: UInt8, _ to: VectorRegister, _ from: MemoryOperand) {
        rm(0x66, wide: false, 2, code, reg: to.code, from)
    }
    /// `ldmxcsr` and `stmxcsr`.
    mutating func loadMXCSR(_ from: MemoryOperand) { rm(0, wide: false, 1, 0xae, reg: 2, from) }
    mutating func storeMXCSR(_ to: MemoryOperand) { rm(0, wide: false, 1, 0xae, reg: 3, to) }
    /// Scalar or packed fused multiply-add in its 231 form: to = a × b ± to. `code` is B8 to BF.
    mutating func fma(_ code: UInt8, wide: Bool, _ to: VectorRegister, _ a: VectorRegister, _ b: VectorRegister) {
        vex(simd: 1, wide: wide, 2, code, reg: to.code, vvvv: a.code, rm: b.code)
    }
}
