/// Writes x86-64 machine code.
///
/// The caller makes sure of room (``remaining``) before each group of instructions; no instruction exceeds 15 bytes.
/// Integer operations come in the order destination, source. Jumps to labels are resolved by ``resolve()``.
struct Assembler {
    struct Label: Equatable {
        let number: Int32
        static var none: Label { Label(number: -1) }
    }
    fileprivate struct Fixup {
        var position: Int32
        var label: Int32
    }

    /// Next byte to write.
    private(set) var cursor: UnsafeMutablePointer<UInt8>
    /// First byte of this piece of code.
    let start: UnsafeMutablePointer<UInt8>
    private let end: UnsafeMutablePointer<UInt8>
    /// What to add to a written address for the executable one.
    let executableOffset: Int
    private let labels: UnsafeMutablePointer<Int32>
    private let fixups: UnsafeMutablePointer<Fixup>
    private var labelCount: Int32 = 0
    private var fixupCount = 0
    /// Set when labels or fixups ran out, or a displacement did not fit; the code is useless then.
    private(set) var failed = false

    static var labelCapacity: Int { 4096 }

    /// Tables that several assemblers use one after the other, so that starting one allocates nothing.
    final class Tables {
        fileprivate let labels = UnsafeMutablePointer<Int32>.allocate(capacity: Assembler.labelCapacity)
        fileprivate let fixups = UnsafeMutablePointer<Fixup>.allocate(capacity: Assembler.labelCapacity)
        deinit {
            labels.deallocate()
            fixups.deallocate()
        }
    }

    init(at start: UnsafeMutablePointer<UInt8>, capacity: Int, executableOffset: Int, tables: borrowing Tables) {
        self.start = start
        cursor = start
        end = start + capacity
        self.executableOffset = executableOffset
        labels = tables.labels
        fixups = tables.fixups
    }

    var remaining: Int { end - cursor }
    var offset: Int { cursor - start }
    /// The executable address of the next byte.
    var here: UnsafeMutablePointer<UInt8> { cursor + executableOffset }

    // MARK: Bytes

    @inline(__always)
    mutating func byte(_ value: UInt8) {
        cursor.pointee = value
        cursor += 1
    }
    @inline(__always)
    mutating func word32(_ value: UInt32) {
        UnsafeMutableRawPointer(cursor).storeBytes(of: value, as: UInt32.self)
        cursor += 4
    }
    @inline(__always)
    mutating func word64(_ value: UInt64) {
        UnsafeMutableRawPointer(cursor).storeBytes(of: value, as: UInt64.self)
        cursor += 8
    }

    // MARK: Labels

    mutating func label() -> Label {
        guard Int(labelCount) < Self.labelCapacity else {
            failed = true
            return Label(number: 0)
        }
        labels[Int(labelCount)] = -1
        labelCount += 1
        return Label(number: labelCount - 1)
    }

    mutating func bind(_ label: Label) { labels[Int(label.number)] = Int32(truncatingIfNeeded: offset) }

    /// Offset of a bound label from ``start``; -1 if it is not bound.
    func position(_ label: Label) -> Int { Int(labels[Int(label.number)]) }

    private mutating func reference(_ label: Label) {
        guard fixupCount < Self.labelCapacity else {
            failed = true
            return
        }
        fixups[fixupCount] = Fixup(position: Int32(truncatingIfNeeded: offset), label: label.number)
        fixupCount += 1
        word32(0)
    }

    /// Fills in all jumps to labels. False if a label was never bound or something did not fit.
    mutating func resolve() -> Bool {
        for index in 0..<fixupCount {
            let fixup = fixups[index]
            let target = labels[Int(fixup.label)]
            guard target >= 0 else { return false }
            let place = UnsafeMutableRawPointer(start + Int(fixup.position))
            place.storeBytes(of: target &- fixup.position &- 4, as: Int32.self)
        }
        fixupCount = 0
        return !failed
    }

    // MARK: Encoding

    /// Opcode maps: 0 one-byte opcodes, 1 `0F`, 2 `0F 38`, 3 `0F 3A`.
    @inline(__always)
    mutating func opcode(_ prefix: UInt8, _ rex: UInt8, _ map: UInt8, _ code: UInt8) {
        if prefix != 0 { byte(prefix) }
        if rex != 0 { byte(rex) }
        if map != 0 {
            byte(0x0f)
            if map == 2 { byte(0x38) } else if map == 3 { byte(0x3a) }
        }
        byte(code)
    }

    @inline(__always)
    private func rex(_ wide: Bool, _ reg: UInt8, _ index: UInt8, _ base: UInt8, _ force: Bool) -> UInt8 {
        let bits = (wide ? 8 : 0) | (reg >> 3) << 2 | (index >> 3) << 1 | base >> 3
        return bits != 0 || force ? 0x40 | bits : 0
    }

    /// Register-register instruction. `force` writes a REX prefix for the low bytes of rsp…rdi.
    @inline(__always)
    mutating func rr(
        _ prefix: UInt8, wide: Bool, _ map: UInt8, _ code: UInt8, reg: UInt8, rm: UInt8, force: Bool = false
    ) {
        opcode(prefix, rex(wide, reg, 0, rm, force), map, code)
        byte(0xc0 | (reg & 7) << 3 | rm & 7)
    }

    @inline(__always)
    mutating func rm(
        _ prefix: UInt8, wide: Bool, _ map: UInt8, _ code: UInt8, reg: UInt8, _ memory: MemoryOperand,
        force: Bool = false
    ) {
        opcode(prefix, rex(wide, reg, memory.index?.code ?? 0, memory.base.code, force), map, code)
        modRM(reg, memory)
    }

    mutating func modRM(_ reg: UInt8, _ memory: MemoryOperand) {
        let base = memory.base.code & 7
        let short = memory.displacement >= -128 && memory.displacement <= 127
        let mode: UInt8 = memory.displacement == 0 && base != 5 ? 0 : short ? 0x40 : 0x80
        if let index = memory.index {
            byte(mode | (reg & 7) << 3 | 4)
            byte(memory.scale << 6 | (index.code & 7) << 3 | base)
        } else if base == 4 {
            byte(mode | (reg & 7) << 3 | 4)
            byte(0x24)
        } else {
            byte(mode | (reg & 7) << 3 | base)
        }
        if mode == 0x40 {
            byte(UInt8(truncatingIfNeeded: memory.displacement))
        } else if mode == 0x80 {
            word32(UInt32(bitPattern: memory.displacement))
        }
    }

    /// Instruction with a RIP-relative operand at an executable-side absolute address, followed by `trailing` bytes
    /// of immediate.
    mutating func ripRelative(
        _ prefix: UInt8, wide: Bool, _ map: UInt8, _ code: UInt8, reg: UInt8, _ address: UnsafeRawPointer,
        trailing: Int = 0
    ) {
        opcode(prefix, rex(wide, reg, 0, 0, false), map, code)
        byte((reg & 7) << 3 | 5)
        relative(address, trailing: trailing)
    }

    /// VEX-encoded instruction with register operands. `simd`: 0 none, 1 `66`, 2 `F3`, 3 `F2`.
    mutating func vex(
        simd: UInt8, wide: Bool, long: Bool = false, _ map: UInt8, _ code: UInt8, reg: UInt8, vvvv: UInt8, rm: UInt8
    ) {
        vexPrefix(simd, wide, long, map, reg, vvvv, 0, rm)
        byte(code)
        byte(0xc0 | (reg & 7) << 3 | rm & 7)
    }

    mutating func vex(
        simd: UInt8, wide: Bool, long: Bool = false, _ map: UInt8, _ code: UInt8, reg: UInt8, vvvv: UInt8,
        _ memory: MemoryOperand
    ) {
        vexPrefix(simd, wide, long, map, reg, vvvv, memory.index?.code ?? 0, memory.base.code)
        byte(code)
        modRM(reg, memory)
    }

    /// The same with a RIP-relative operand, followed by `trailing` bytes of immediate.
    mutating func vex(
        simd: UInt8, wide: Bool, _ map: UInt8, _ code: UInt8, reg: UInt8, vvvv: UInt8,
        ripRelative address: UnsafeRawPointer, trailing: Int
    ) {
        vexPrefix(simd, wide, false, map, reg, vvvv, 0, 0)
        byte(code)
        byte((reg & 7) << 3 | 5)
        relative(address, trailing: trailing)
    }

    private mutating func vexPrefix(
        _ simd: UInt8, _ wide: Bool, _ long: Bool, _ map: UInt8, _ reg: UInt8, _ vvvv: UInt8, _ index: UInt8,
        _ base: UInt8
    ) {
        byte(0xc4)
        byte((~reg >> 3 & 1) << 7 | (~index >> 3 & 1) << 6 | (~base >> 3 & 1) << 5 | map)
        byte((wide ? 0x80 : 0) | (~vvvv & 15) << 3 | (long ? 4 : 0) | simd)
    }

    // MARK: Jumps

    mutating func jump(_ label: Label) {
        byte(0xe9)
        reference(label)
    }
    mutating func jump(_ condition: HostCondition, _ label: Label) {
        byte(0x0f)
        byte(0x80 | condition.rawValue)
        reference(label)
    }
    /// Conditional jump over a few instructions: returns what ``land(_:)`` needs.
    mutating func shortJump(_ condition: HostCondition) -> UnsafeMutablePointer<UInt8> {
        byte(0x70 | condition.rawValue)
        byte(0)
        return cursor - 1
    }
    mutating func shortJump() -> UnsafeMutablePointer<UInt8> {
        byte(0xeb)
        byte(0)
        return cursor - 1
    }
    mutating func land(_ place: UnsafeMutablePointer<UInt8>) {
        let distance = cursor - place - 1
        if distance > 127 { failed = true }
        place.pointee = UInt8(truncatingIfNeeded: distance)
    }
    /// Jump to an executable address within 2 GiB.
    mutating func jump(to target: UnsafeRawPointer) {
        byte(0xe9)
        relative(target)
    }
    mutating func jump(_ condition: HostCondition, to target: UnsafeRawPointer) {
        byte(0x0f)
        byte(0x80 | condition.rawValue)
        relative(target)
    }
    mutating func call(to target: UnsafeRawPointer) {
        byte(0xe8)
        relative(target)
    }
    mutating func relative(_ target: UnsafeRawPointer, trailing: Int = 0) {
        let delta = Int(bitPattern: target) &- Int(bitPattern: here) &- 4 &- trailing
        if Int(Int32(truncatingIfNeeded: delta)) != delta { failed = true }
        word32(UInt32(truncatingIfNeeded: delta))
    }
    mutating func jump(_ register: HostRegister) { rr(0, wide: false, 0, 0xff, reg: 4, rm: register.code) }
    mutating func jump(_ memory: MemoryOperand) { rm(0, wide: false, 0, 0xff, reg: 4, memory) }
    mutating func call(_ register: HostRegister) { rr(0, wide: false, 0, 0xff, reg: 2, rm: register.code) }
    mutating func ret() { byte(0xc3) }
    mutating func push(_ register: HostRegister) {
        if register.code >= 8 { byte(0x41) }
        byte(0x50 | register.code & 7)
    }
    mutating func pop(_ register: HostRegister) {
        if register.code >= 8 { byte(0x41) }
        byte(0x58 | register.code & 7)
    }
    mutating func trap() {
        byte(0x0f)
        byte(0x0b)
    }
}
