import CPPCState
import Testing

@testable import PPCTarget

/// A vCPU's state with nothing around it, for instructions that touch registers alone.
final class FloatSubject {
    let cpu: CPUState
    private let block: UnsafeMutableRawPointer

    init(fpscr: UInt64 = 0, interrupts: Bool = true) {
        let size = MemoryLayout<ppc_cpu>.size
        block = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 64)
        block.initializeMemory(as: UInt8.self, repeating: 0, count: size)
        cpu = block.assumingMemoryBound(to: ppc_cpu.self)
        cpu.pointee.fpscr = fpscr
        cpu.pointee.msr = interrupts ? 0x900 : 0
        cpu.pointee.facilities = .max
        cpu.pointee.isa_level = .max
    }

    deinit { block.deallocate() }

    /// Performs the instruction that the word encodes.
    func run(_ word: UInt64) throws -> Int32 {
        let row = InstructionTable.shared.decode(word, for: InstructionSet(rawValue: .max))
        try #require(row != InstructionTable.noRow)
        return InstructionTable.shared.rows[Int(row)].execute(cpu, word)
    }

    /// X or A form: primary 63 with FRT 1, FRA 2, FRB 3, FRC 4.
    static func word(_ primary: UInt64, _ extended: UInt64) -> UInt64 {
        primary << 26 | 1 << 21 | 2 << 16 | 3 << 11 | extended << 1
    }
}

private let one: UInt64 = 0x3ff0_0000_0000_0000
private let infinity: UInt64 = 0x7ff0_0000_0000_0000
private let negative: UInt64 = 1 << 63

@Suite("Floating-point exceptions and their enables")
struct FloatingPointExceptionTests {
    @Test("an enabled invalid operation leaves the target alone", arguments: [true, false])
    func invalidOperation(interrupts: Bool) throws {
        let subject = FloatSubject(fpscr: FPSCR.ve, interrupts: interrupts)
        setFPR(subject.cpu, 1, one)
        setFPR(subject.cpu, 2, infinity)
        setFPR(subject.cpu, 3, infinity | negative)
        #expect(try subject.run(FloatSubject.word(63, 21)) == (interrupts ? Outcome.exception : Outcome.next))
        #expect(fpr(subject.cpu, 1) == one)
        #expect(subject.cpu.pointee.fpscr == FPSCR.ve | FPSCR.vxisi | FPSCR.vx | FPSCR.fx | FPSCR.fex)
        if interrupts {
            #expect(subject.cpu.pointee.excp_vector == InterruptVector.program.rawValue)
            #expect(subject.cpu.pointee.excp_srr1 == ProgramCause.floatingPointEnabled)
        }
    }

    @Test("an enabled zero divide leaves the target alone, a disabled one delivers infinity")
    func zeroDivide() throws {
        for enable in [FPSCR.ze, 0] {
            let subject = FloatSubject(fpscr: enable)
            setFPR(subject.cpu, 1, one)
            setFPR(subject.cpu, 2, one | negative)
            let outcome = try subject.run(FloatSubject.word(63, 18))
            #expect(outcome == (enable == 0 ? Outcome.next : Outcome.exception))
            #expect(fpr(subject.cpu, 1) == (enable == 0 ? infinity | negative : one))
            #expect(subject.cpu.pointee.fpscr & FPSCR.zx != 0)
        }
    }

    @Test("an enabled overflow delivers the result with its exponent reduced, then interrupts")
    func overflow() throws {
        let subject = FloatSubject(fpscr: FPSCR.oe)
        let large = UInt64(1023 + 1000) << 52
        setFPR(subject.cpu, 2, large)
        setFPR(subject.cpu, 4, large)
        // fmul f1,f2,f4
        #expect(try subject.run(63 << 26 | 1 << 21 | 2 << 16 | 4 << 6 | 25 << 1) == Outcome.exception)
        #expect(fpr(subject.cpu, 1) == UInt64(1023 + 2000 - 1536) << 52)
        #expect(subject.cpu.pointee.fpscr & (FPSCR.ox | FPSCR.fex | FPSCR.fi) == FPSCR.ox | FPSCR.fex)
    }

    @Test("mtfsf computes the summary bits and interrupts for a bit that is enabled")
    func moveToStatus() throws {
        let subject = FloatSubject()
        setFPR(subject.cpu, 3, FPSCR.vxsnan | FPSCR.ve | FPSCR.fex)
        // mtfsf 255,f3
        #expect(try subject.run(63 << 26 | 0xff << 17 | 3 << 11 | 711 << 1) == Outcome.exception)
        #expect(subject.cpu.pointee.fpscr == FPSCR.vxsnan | FPSCR.vx | FPSCR.ve | FPSCR.fex)
    }
}

@Suite("Floating point where the ISA is followed against QEMU 7.2")
struct FloatingPointDifferenceTests {
    @Test("the reciprocal estimate of zero is infinity")
    func reciprocalOfZero() throws {
        let subject = FloatSubject()
        setFPR(subject.cpu, 3, negative)
        #expect(try subject.run(63 << 26 | 1 << 21 | 3 << 11 | 24 << 1) == Outcome.next)
        #expect(fpr(subject.cpu, 1) == infinity | negative)
    }

    @Test("a NaN in one element does not spoil the conversion of another")
    func independentElements() throws {
        let subject = FloatSubject()
        vsr(subject.cpu)[3] = ppc_vsr(lo: one, hi: 0x7ff8_0000_0000_0000)
        // xvcvdpsxds vs1,vs3
        #expect(try subject.run(60 << 26 | 1 << 21 | 3 << 11 | 472 << 2) == Outcome.next)
        #expect(vsr(subject.cpu)[1].hi == 1 << 63 && vsr(subject.cpu)[1].lo == 1)
    }

    @Test("xsrqpi with R = 0, RMC = 3 uses FPSCR[RN]", arguments: [(0, 2), (1, 1), (2, 2), (3, 1)])
    func currentRounding(rn: UInt64, expected: UInt64) throws {
        let subject = FloatSubject(fpscr: rn)
        // 1.75
        vr(subject.cpu)[3] = ppc_vsr(lo: 0, hi: 0x3fff_c000_0000_0000)
        #expect(try subject.run(63 << 26 | 1 << 21 | 3 << 11 | 3 << 9 | 5 << 1) == Outcome.next)
        #expect(vr(subject.cpu)[1].hi == (expected == 1 ? 0x3fff : 0x4000) << 48)
    }

    @Test("a 64-bit integer is rounded to single precision once")
    func singleRounding() throws {
        let subject = FloatSubject()
        // Just above half-way between two singles; rounding to double first would land on half-way and go to even.
        vsr(subject.cpu)[3] = ppc_vsr(lo: 0, hi: 0x4000_0040_0000_0001)
        // xscvsxdsp vs1,vs3
        #expect(try subject.run(60 << 26 | 1 << 21 | 3 << 11 | 312 << 2) == Outcome.next)
        #expect(vsr(subject.cpu)[1].hi == Double(Float(sign: .plus, exponent: 62, significand: 1).nextUp).bitPattern)
    }
}
