import CPPCState
import PPCTarget

/// Runs test cases with the instruction functions of this package.
///
/// The processor has no memory but the data area, which sits in its soft TLB: with hash translation and an empty SLB
/// every other address is a segment fault.
package final class Subject {
    private var processors: [TestModel: PPCCPU] = [:]
    private let memory = FlatMemory(size: 1 << 16)
    private let table: InstructionTable

    package init(table: InstructionTable = .shared) { self.table = table }

    private func processor(_ model: TestModel) -> PPCCPU {
        if let known = processors[model] { return known }
        guard let description = PPCModel.named(model.name) else { preconditionFailure("no model \(model.name)") }
        let new = PPCCPU(model: description, memory: memory, clock: { 0 })
        processors[model] = new
        return new
    }

    /// Runs a case to its end.
    package func run(_ test: TestCase) -> TestOutcome {
        let cpu = processor(test.model).state
        prepare(cpu, test)
        var signal: UInt64 = 0
        let end = test.start &+ UInt64(test.words.count) * 4
        let slotEnd = test.start &- TestLayout.headSize &+ TestLayout.slotSize
        var steps = 0
        while signal == 0, cpu.pointee.nip != end, steps < 256 {
            steps += 1
            let nip = cpu.pointee.nip
            guard nip >= test.start, nip < end, nip & 3 == 0 else {
                // The rest of a slot is filled with traps; nothing else is executable.
                signal = nip > end && nip < slotEnd ? 5 : 11
                break
            }
            var index = Int((nip &- test.start) / 4)
            var word = UInt64(test.words[index])
            var length: UInt64 = 4
            if InstructionTable.isPrefix(test.words[index]), index + 1 < test.words.count {
                index += 1
                word = word << 32 | UInt64(test.words[index])
                length = 8
            }
            let row = table.decode(word, for: test.model.instructionSets)
            guard row != InstructionTable.noRow, table.attributes[Int(row)].privilege == .problem else {
                signal = 4
                break
            }
            switch table.functions[Int(row)](cpu, word) {
            case Outcome.next, Outcome.sync: cpu.pointee.nip = nip &+ length
            case Outcome.branch, Outcome.context: break
            case Outcome.exception:
                signal = Self.signal(vector: cpu.pointee.excp_vector, cause: cpu.pointee.excp_srr1)
            default: signal = 255
            }
        }
        return TestOutcome(
            signal: signal, nip: signal == 0 ? 0 : cpu.pointee.nip &- test.start, image: Self.registers(cpu, test),
            data: [UInt8](UnsafeRawBufferPointer(start: memory.pointer, count: TestLayout.dataSize)))
    }

    /// Puts a case's registers into the state block.
    package static func load(_ image: RegisterImage, _ test: TestCase, into cpu: CPUState) {
        for n in 0..<32 { gpr(cpu)[n] = image.gpr[n] }
        for n in 0..<64 { vsr(cpu)[n] = ppc_vsr(lo: image.vsr[n].lo, hi: image.vsr[n].hi) }
        for n in 0..<8 { crFields(cpu)[n] = UInt8(truncatingIfNeeded: image.cr >> UInt64(28 - 4 * n) & 15) }
        cpu.pointee.lr = image.lr
        cpu.pointee.ctr = image.ctr
        cpu.pointee.so = UInt8(image.xer >> 31 & 1)
        cpu.pointee.ov = UInt8(image.xer >> 30 & 1)
        cpu.pointee.ca = UInt8(image.xer >> 29 & 1)
        cpu.pointee.ov32 = UInt8(image.xer >> 19 & 1)
        cpu.pointee.ca32 = UInt8(image.xer >> 18 & 1)
        cpu.pointee.xer_rest = image.xer & ~0xe00c_0000
        cpu.pointee.fpscr = image.fpscr
        cpu.pointee.vscr = UInt32(truncatingIfNeeded: image.vscr)
        cpu.pointee.nip = test.start
        cpu.pointee.reserve_size = 0
        cpu.pointee.fp_pending = 0
        cpu.pointee.exit_request = 0
        spr(cpu)[153] = .max  // FSCR
    }

    private func prepare(_ cpu: CPUState, _ test: TestCase) {
        Self.load(test.image, test, into: cpu)
        // SF, PR, FP, VEC, VSX, FE0, FE1, EE, ME, IR, DR and the byte order: a Linux process.
        cpu.pointee.msr = 0x8000_0000_0280_f930 | (test.bigEndian ? 0 : 1)
        Context.update(cpu)
        cpu.pointee.facilities = .max
        let shift = cpu.pointee.granule_shift
        let address = TestLayout.dataAddress
        let index = Int(address >> shift) & Int(PPC_TLB_ENTRIES - 1)
        cpu.pointee.tlb[index] = ppc_tlb_entry(
            read_tag: address, write_tag: address, exec_tag: .max,
            addend: UInt64(UInt(bitPattern: memory.pointer)) &- address)
        test.data.withUnsafeBytes { bytes in
            if let base = bytes.baseAddress { memory.pointer.copyMemory(from: base, byteCount: TestLayout.dataSize) }
        }
    }

    /// The registers as a case compares them.
    package static func registers(_ cpu: CPUState, _ test: TestCase) -> RegisterImage {
        var image = RegisterImage()
        for n in 0..<32 { image.gpr[n] = gpr(cpu)[n] }
        for n in 0..<64 { image.vsr[n] = (vsr(cpu)[n].hi, vsr(cpu)[n].lo) }
        for n in 0..<8 { image.cr |= UInt64(crFields(cpu)[n]) << UInt64(28 - 4 * n) }
        image.lr = cpu.pointee.lr
        image.ctr = cpu.pointee.ctr
        image.xer =
            cpu.pointee.xer_rest | UInt64(cpu.pointee.so) << 31 | UInt64(cpu.pointee.ov) << 30
            | UInt64(cpu.pointee.ca) << 29
        if test.model.instructionSets.contains(.isa300) {
            image.xer |= UInt64(cpu.pointee.ov32) << 19 | UInt64(cpu.pointee.ca32) << 18
        }
        image.fpscr = cpu.pointee.fpscr
        image.vscr = UInt64(cpu.pointee.vscr)
        return image
    }

    /// The signal that Linux makes of an interrupt.
    static func signal(vector: UInt32, cause: UInt64) -> UInt64 {
        switch InterruptVector(rawValue: vector) {
        case .program where cause & ProgramCause.trap != 0: 5
        case .program where cause & ProgramCause.floatingPointEnabled != 0: 8
        case .program, .facilityUnavailable, .hypervisorFacilityUnavailable, .floatingPointUnavailable,
            .vectorUnavailable, .vsxUnavailable, .hypervisorEmulationAssistance:
            4
        case .alignment: 7
        case .dataStorage, .dataSegment: 11
        default: 254
        }
    }
}
