import CJIT
import CPPCState

/// A run of accesses off one base register that share one look-up: `Host.base` holds the host address that belongs to
/// the run's lowest guest address.
struct MemoryGroup {
    var active = false
    var base = 0
    /// What has been added to the base register since the check.
    var moved: Int32 = 0
    var lowest: Int32 = 0
    /// Instruction after the last member.
    var end = 0
    /// Scalar floating-point operations written before the check.
    var operations = 0
    var resume = Assembler.Label.none
    var stub = 0

    /// `rt = base + value` was executed.
    @inline(__always)
    mutating func add(_ ra: Int, _ rt: Int, _ value: Int32) {
        if active && rt == base && ra == base { moved &+= value }
    }
}

/// How an access moves its bytes.
struct AccessShape {
    var width: HostWidth
    var isStore = false
    var signed = false
    /// Update form: the base register becomes the effective address.
    var update = false
    /// Register + register.
    var indexed = false
    /// Byte-reversing instruction.
    var reversed = false
    /// 0: GPR; 1: double in an FPR; 2: single converted to double.
    var float: UInt8 = 0
    /// VSRs and VRs.
    var vector: VectorTransfer = .none
    /// Size if it is not that of `width`.
    var bytes: Int32 = 0
    /// The address is rounded down to a multiple of the size.
    var aligned = false
    /// Clears doubleword 1 of the register.
    var clears = false
    /// The displacement has 34 bits.
    var prefixed = false

    /// Stores of singles have a slow path of their own.
    var mayShareCheck: Bool { !indexed && !prefixed && !(isStore && (float == 2 || vector == .single)) }

    /// A GPR at a displacement, and the base stays.
    var isPlain: Bool { !indexed && !prefixed && !update && float == 0 && vector == .none }

    var size: Int32 { bytes != 0 ? bytes : 1 &<< Int32(width.rawValue) }
}

// Loads and stores (ISA 3.1 Book I, sections 3.3.2 to 3.3.5 and 4.6.2).
extension Translator {
    // MARK: Which access

    static func access(_ op: Lowered) -> AccessShape? {
        switch op {
        case .lbz: AccessShape(width: .w8)
        case .lbzu: AccessShape(width: .w8, update: true)
        case .lbzx: AccessShape(width: .w8, indexed: true)
        case .lbzux: AccessShape(width: .w8, update: true, indexed: true)
        case .lhz: AccessShape(width: .w16)
        case .lhzu: AccessShape(width: .w16, update: true)
        case .lhzx: AccessShape(width: .w16, indexed: true)
        case .lhzux: AccessShape(width: .w16, update: true, indexed: true)
        case .lha: AccessShape(width: .w16, signed: true)
        case .lhau: AccessShape(width: .w16, signed: true, update: true)
        case .lhax: AccessShape(width: .w16, signed: true, indexed: true)
        case .lhaux: AccessShape(width: .w16, signed: true, update: true, indexed: true)
        case .lwz: AccessShape(width: .w32)
        case .lwzu: AccessShape(width: .w32, update: true)
        case .lwzx: AccessShape(width: .w32, indexed: true)
        case .lwzux: AccessShape(width: .w32, update: true, indexed: true)
        case .lwa: AccessShape(width: .w32, signed: true)
        case .lwax: AccessShape(width: .w32, signed: true, indexed: true)
        case .lwaux: AccessShape(width: .w32, signed: true, update: true, indexed: true)
        case .ld: AccessShape(width: .w64)
        case .ldu: AccessShape(width: .w64, update: true)
        case .ldx: AccessShape(width: .w64, indexed: true)
        case .ldux: AccessShape(width: .w64, update: true, indexed: true)
        case .lhbrx: AccessShape(width: .w16, indexed: true, reversed: true)
        case .lwbrx: AccessShape(width: .w32, indexed: true, reversed: true)
        case .ldbrx: AccessShape(width: .w64, indexed: true, reversed: true)
        case .stb: AccessShape(width: .w8, isStore: true)
        case .stbu: AccessShape(width: .w8, isStore: true, update: true)
        case .stbx: AccessShape(width: .w8, isStore: true, indexed: true)
        case .stbux: AccessShape(width: .w8, isStore: true, update: true, indexed: true)
        case .sth: AccessShape(width: .w16, isStore: true)
        case .sthu: AccessShape(width: .w16, isStore: true, update: true)
        case .sthx: AccessShape(width: .w16, isStore: true, indexed: true)
        case .sthux: AccessShape(width: .w16, isStore: true, update: true, indexed: true)
        case .stw: AccessShape(width: .w32, isStore: true)
        case .stwu: AccessShape(width: .w32, isStore: true, update: true)
        case .stwx: AccessShape(width: .w32, isStore: true, indexed: true)
        case .stwux: AccessShape(width: .w32, isStore: true, update: true, indexed: true)
        case .std: AccessShape(width: .w64, isStore: true)
        case .stdu: AccessShape(width: .w64, isStore: true, update: true)
        case .stdx: AccessShape(width: .w64, isStore: true, indexed: true)
        case .stdux: AccessShape(width: .w64, isStore: true, update: true, indexed: true)
        case .sthbrx: AccessShape(width: .w16, isStore: true, indexed: true, reversed: true)
        case .stwbrx: AccessShape(width: .w32, isStore: true, indexed: true, reversed: true)
        case .stdbrx: AccessShape(width: .w64, isStore: true, indexed: true, reversed: true)
        default: floatAccess(op)
        }
    }

    private static func floatAccess(_ op: Lowered) -> AccessShape? {
        switch op {
        case .lfs: AccessShape(width: .w32, float: 2)
        case .lfsu: AccessShape(width: .w32, update: true, float: 2)
        case .lfsx: AccessShape(width: .w32, indexed: true, float: 2)
        case .lfsux: AccessShape(width: .w32, update: true, indexed: true, float: 2)
        case .lfd: AccessShape(width: .w64, float: 1)
        case .lfdu: AccessShape(width: .w64, update: true, float: 1)
        case .lfdx: AccessShape(width: .w64, indexed: true, float: 1)
        case .lfdux: AccessShape(width: .w64, update: true, indexed: true, float: 1)
        case .stfs: AccessShape(width: .w32, isStore: true, float: 2)
        case .stfsu: AccessShape(width: .w32, isStore: true, update: true, float: 2)
        case .stfsx: AccessShape(width: .w32, isStore: true, indexed: true, float: 2)
        case .stfsux: AccessShape(width: .w32, isStore: true, update: true, indexed: true, float: 2)
        case .stfd: AccessShape(width: .w64, isStore: true, float: 1)
        case .stfdu: AccessShape(width: .w64, isStore: true, update: true, float: 1)
        case .stfdx: AccessShape(width: .w64, isStore: true, indexed: true, float: 1)
        case .stfdux: AccessShape(width: .w64, isStore: true, update: true, indexed: true, float: 1)
        default: vectorAccess(op)
        }
    }

    /// DS-form displacements drop the two low bits, DQ-form ones (lxv, stxv, and pairs) four.
    static func displacement(_ word: UInt64) -> Int32 {
        let raw = Int32(Int16(truncatingIfNeeded: word))
        switch word &>> 26 & 63 {
        case 57, 58, 62: return raw & ~3
        case 6: return raw & ~15
        case 61: return word & 3 == 1 ? raw & ~15 : raw & ~3
        default: return raw
        }
    }

    // MARK: Slow paths

    /// Registers the slow path of the current instruction, with the registers as they are known now.
    mutating func slowPath(from label: Assembler.Label) {
        let resume = asm.label()
        slowStub = stubCount
        addStub(
            Stub(
                kind: .slow, label: label, resume: resume, address: address, dirty: dirty,
                first: Int32(truncatingIfNeeded: current), count: 1, pending: pendingFloat, condition: deferred,
                conditionValid: valid))
    }

    /// The slow path comes back here, with everything loaded that is valid here.
    mutating func resumeSlowPath() {
        guard slowStub < stubCount else { return }
        stubs[slowStub].valid = valid
        stubs[slowStub].validVectors = validVectors
        asm.bind(stubs[slowStub].resume)
        flagsOffset = -1
    }

    // MARK: Shared checks

    /// Looks for further accesses off the base of the current one and, if there are, checks all at once.
    private mutating func openGroup(_ base: Int) {
        group.active = false
        guard base != 0, !context.narrow else { return }
        var moved: Int32 = 0
        var lowest = Int32.max
        var highest = Int32.min
        var members = 0
        var last = current
        var reads = false
        var writes = false
        var index = current
        var place = address
        while index < blockEnd {
            // A hook sees the state between instructions.
            if !entry.hooks.isEmpty, index != current, entry.hooks[place] != nil { break }
            // Device registers are called for one by one.
            if !entry.deviceSites.isEmpty, entry.deviceSites.contains(place) { break }
            place = (place &+ UInt64(buffer.instructions[index].length)) & addressMask
            let word = buffer.instructions[index].word
            let row = info(index)
            guard let op = row.pointee.lowered, lowers(op, word), !row.pointee.ends(word) else { break }
            let f = Word(word)
            var basesChange = row.pointee.gprs(word).writes & Slot.bit(base) != 0
            if let kind = Self.access(op), kind.mayShareCheck, f.ra == base {
                let from = moved &+ Self.displacement(word)
                let newLowest = min(lowest, from)
                let newHighest = max(highest, from &+ kind.size)
                if newHighest &- newLowest > 4096 || abs(moved) > 1 << 20 { break }
                (lowest, highest) = (newLowest, newHighest)
                members += 1
                last = index
                if kind.isStore { writes = true } else { reads = true }
                if kind.update {
                    moved = from
                    basesChange = kind.float == 0 && !kind.isStore && f.rt == base
                }
            } else if op == .addi, f.rt == base, f.ra == base {
                moved &+= f.si
                basesChange = false
            }
            index += 1
            if basesChange { break }
        }
        guard members >= 2 else { return }
        let a = use(base, .rcx)
        let low = MemoryOperand(a, lowest)
        asm.lea(.w64, .rax, MemoryOperand(a, highest &- 1))
        asm.lea(.w64, .rcx, low)
        let label = asm.label()
        emitLookup(label, reads: reads, writes: writes)
        asm.load(.w64, Host.base, MemoryOperand(Host.tlb, index: .rdx, 24))
        asm.alu(.add, .w64, Host.base, .rcx)
        slowPath(from: label)
        group = MemoryGroup(
            active: true, base: base, moved: 0, lowest: lowest, end: last + 1, operations: operationCount,
            resume: .none,
            stub: slowStub)
        if slowStub < stubCount { stubs[slowStub].count = Int32(truncatingIfNeeded: last + 1 - current) }
    }

    /// Compares the granule of rax (last byte) with the tags that `first` (first byte) selects; rdx becomes the entry's
    /// offset.
    mutating func emitLookup(_ miss: Assembler.Label, reads: Bool, writes: Bool, first: R = .rcx) {
        let shift = context.granuleShift
        if hasBMI2 {
            asm.rotateRightX(.w64, .rdx, first, shift &- 5)
        } else {
            asm.move(.w64, .rdx, first)
            asm.shift(.shr, .w64, .rdx, shift &- 5)
        }
        asm.alu(.and, .w32, .rdx, immediate: Int32(PPC_TLB_ENTRIES - 1) &<< 5)
        asm.alu(.and, .w64, .rax, immediate: Int32(truncatingIfNeeded: -(Int64(1) &<< Int64(shift))))
        if reads {
            asm.alu(.cmp, .w64, .rax, MemoryOperand(Host.tlb, index: .rdx, 0))
            asm.jump(.notEqual, miss)
        }
        if writes {
            asm.alu(.cmp, .w64, .rax, MemoryOperand(Host.tlb, index: .rdx, 8))
            asm.jump(.notEqual, miss)
        }
    }

    // MARK: One access

    mutating func access(_ f: Word, _ kind: AccessShape) {
        let meetsDevices = meetsDevices(kind)
        if meetsDevices {
            group.active = false
        } else if kind.mayShareCheck, f.ra != 0 {
            if group.active && (group.base != f.ra || current >= group.end) {
                if current >= group.end { group.active = false }
            }
            if !group.active { openGroup(f.ra) }
            if group.active && group.base == f.ra {
                groupAccess(f, kind)
                return
            }
        }
        if kind.isPlain, f.ra != 0, !context.narrow, !meetsDevices { return plainAccess(f, kind) }
        // The effective address goes to rcx; its last byte's to rax.
        if kind.prefixed {
            prefixedAddress(f)
        } else if kind.indexed {
            let b = use(f.rb, .rax)
            if f.ra == 0 {
                asm.copy(.rcx, b)
            } else {
                let a = use(f.ra, .rcx)
                asm.lea(wide, .rcx, MemoryOperand(a, index: b))
            }
            if f.ra == 0 && context.narrow { asm.move(.w32, .rcx, .rcx) }
        } else if f.ra == 0 {
            asm.constant(.rcx, UInt64(bitPattern: Int64(Self.displacement(f.word))) & addressMask)
        } else {
            let a = use(f.ra, .rcx)
            asm.lea(wide, .rcx, MemoryOperand(a, Self.displacement(f.word)))
        }
        if kind.aligned && kind.size > 1 { asm.alu(.and, .w64, .rcx, immediate: -kind.size) }
        if kind.size == 1 {
            asm.move(.w64, .rax, .rcx)
        } else {
            asm.lea(.w64, .rax, MemoryOperand(.rcx, kind.size &- 1))
        }
        let label = asm.label()
        emitLookup(label, reads: !kind.isStore, writes: kind.isStore)
        let updates = kind.update
        if updates || kind.float != 0 && !kind.isStore {
            // The host address in rdx keeps the effective address in rcx.
            asm.load(.w64, .rdx, MemoryOperand(Host.tlb, index: .rdx, 24))
            asm.alu(.add, .w64, .rdx, .rcx)
            slowPath(from: label)
            transfer(f, kind, MemoryOperand(.rdx))
            if updates {
                let a = define(f.ra)
                asm.copy(a, .rcx)
                finish(f.ra, a)
            }
        } else {
            asm.alu(.add, .w64, .rcx, MemoryOperand(Host.tlb, index: .rdx, 24))
            slowPath(from: label)
            transfer(f, kind, MemoryOperand(.rcx))
        }
        if meetsDevices, slowStub < stubCount { stubs[slowStub].meetsDevices = true }
        resumeSlowPath()
    }

    /// A load or store of a GPR at a displacement, with no more of the address in registers than the check needs.
    private mutating func plainAccess(_ f: Word, _ kind: AccessShape) {
        let displacement = Self.displacement(f.word)
        let a = use(f.ra, .rcx)
        let label = asm.label()
        let first: R
        var place: (base: R, offset: Int32) = (a, displacement)
        if kind.size == 1 {
            asm.lea(.w64, .rax, MemoryOperand(a, displacement))
            first = .rax
        } else if displacement == 0 {
            asm.lea(.w64, .rax, MemoryOperand(a, kind.size &- 1))
            first = a
        } else {
            asm.lea(.w64, .rcx, MemoryOperand(a, displacement))
            asm.lea(.w64, .rax, MemoryOperand(.rcx, kind.size &- 1))
            first = .rcx
            place = (.rcx, 0)
        }
        emitLookup(label, reads: !kind.isStore, writes: kind.isStore, first: first)
        asm.load(.w64, .rdx, MemoryOperand(Host.tlb, index: .rdx, 24))
        slowPath(from: label)
        transfer(f, kind, MemoryOperand(.rdx, index: place.base, place.offset))
        resumeSlowPath()
    }

    /// A member of the active group: its place is known.
    private mutating func groupAccess(_ f: Word, _ kind: AccessShape) {
        let displacement = Self.displacement(f.word)
        let offset = group.moved &+ displacement &- group.lowest
        let base = group.base
        transfer(f, kind, MemoryOperand(Host.base, offset))
        if kind.update {
            let a = use(base, .rcx)
            let t = define(base, .rcx)
            if t == a { asm.alu(.add, .w64, t, immediate: displacement) }
            finish(base, t)
            group.moved &+= displacement
        }
        if current + 1 >= group.end {
            slowStub = group.stub
            if group.operations != operationCount {
                // The slow path performs the operations inside the run and stores none of their operands.
                writePendingFirst()
            }
            resumeSlowPath()
            group.active = false
        }
    }

    /// Moves the bytes. May use rax, and for loads nothing else that is live.
    private mutating func transfer(_ f: Word, _ kind: AccessShape, _ memory: MemoryOperand) {
        let swap = context.bigEndian != kind.reversed && kind.width != .w8
        if kind.float != 0 {
            transferFloat(f, kind, memory, swap: swap)
            return
        }
        if kind.vector != .none {
            guard let op = info(current).pointee.lowered else { return }
            transferVector(op, f, kind, memory, swap: swap)
            return
        }
        if kind.isStore {
            let s = use(f.rt, .rax)
            if !swap {
                asm.store(kind.width, memory, s)
            } else if hasMOVBE {
                asm.storeSwapped(kind.width, memory, s)
            } else {
                asm.copy(.rax, s)
                asm.swapBytes(kind.width, .rax)
                asm.store(kind.width, memory, .rax)
            }
            return
        }
        let t = define(f.rt)
        if !swap {
            if kind.signed {
                asm.loadSignExtended(kind.width, t, memory)
            } else {
                asm.loadZeroExtended(kind.width, t, memory)
            }
        } else {
            if hasMOVBE && kind.width != .w16 {
                asm.loadSwapped(kind.width, t, memory)
            } else {
                asm.loadZeroExtended(kind.width, t, memory)
                asm.swapBytes(kind.width, t)
            }
            if kind.signed { asm.signExtend(kind.width, t, t) }
        }
        finish(f.rt, t)
    }
}
