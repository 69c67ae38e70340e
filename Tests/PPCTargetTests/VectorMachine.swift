import CPPCState
import Testing

@testable import PPCTarget

/// One state block with 64 KiB of memory at ``base``, for tests of single instructions.
final class VectorMachine {
    static let base: UInt64 = 0x10000

    let cpu: CPUState
    let memory: UnsafeMutableRawPointer
    private let tlb: UnsafeMutablePointer<ppc_tlb_entry>

    init(bigEndian: Bool = false) {
        let block = UnsafeMutableRawPointer.allocate(byteCount: MemoryLayout<ppc_cpu>.stride, alignment: 64)
        cpu = block.initializeMemory(as: ppc_cpu.self, to: ppc_cpu())
        memory = .allocate(byteCount: 1 << 16, alignment: 64)
        memory.initializeMemory(as: UInt8.self, repeating: 0, count: 1 << 16)
        tlb = .allocate(capacity: Int(PPC_TLB_ENTRIES))
        tlb.initialize(
            repeating: ppc_tlb_entry(read_tag: .max, write_tag: .max, exec_tag: .max, addend: 0),
            count: Int(PPC_TLB_ENTRIES))
        tlb[1] = ppc_tlb_entry(
            read_tag: Self.base, write_tag: Self.base, exec_tag: .max,
            addend: UInt64(UInt(bitPattern: memory)) &- Self.base)
        cpu.pointee.tlb = tlb
        cpu.pointee.granule_shift = 16
        cpu.pointee.granule_mask = 0xffff
        cpu.pointee.big_endian = bigEndian ? 1 : 0
        cpu.pointee.facilities = .max
    }

    deinit {
        UnsafeMutableRawPointer(cpu).deallocate()
        memory.deallocate()
        tlb.deallocate()
    }

    /// Executes one instruction whose operands, in the assembler's order, have the given values.
    @discardableResult
    func run(_ mnemonic: String, _ values: UInt64..., record: Bool = false) throws -> Int32 {
        let table = InstructionTable.shared
        let row = try #require(table.rows.first { $0.mnemonic == mnemonic })
        var word = UInt64(row.form.match) | UInt64(row.prefix?.match ?? 0) << 32
        for (operand, value) in zip(row.operands, values) {
            let mask: UInt64 = (1 << UInt64(operand.width)) - 1
            word |= (value / UInt64(operand.scale) & mask) << UInt64(operand.shift)
            if operand.highBit >= 0 { word |= (value >> 5 & 1) << UInt64(operand.highBit) }
        }
        if record { word |= 0x400 }
        let found = table.decode(word, for: InstructionSet(rawValue: .max))
        try #require(found != InstructionTable.noRow && table.rows[Int(found)].mnemonic == mnemonic)
        return row.execute(cpu, word)
    }

    subscript(vr number: Int) -> ppc_vsr {
        get { vsr(cpu)[32 + number] }
        set { vsr(cpu)[32 + number] = newValue }
    }
    var cr6: UInt8 { crFields(cpu)[6] }
}

/// A register as 32 hexadecimal digits, ISA byte 0 first.
func register(_ hi: UInt64, _ lo: UInt64) -> ppc_vsr { ppc_vsr(lo: lo, hi: hi) }

extension ppc_vsr: @retroactive Equatable {
    public static func == (a: ppc_vsr, b: ppc_vsr) -> Bool { a.lo == b.lo && a.hi == b.hi }
}
