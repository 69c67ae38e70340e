import CPPCState
import PPCTarget

/// Runs test cases as a guest program on one of the engines, so that the same vectors prove all of them.
///
/// The program runs in problem state without translation: storage faults are the one thing a case cannot show here.
package final class EngineSubject {
    private let kind: EngineKind
    private var processors: [TestModel: PPCCPU] = [:]
    private let memory = CaseMemory()
    private var ending: (vector: UInt32, cause: UInt64, nip: UInt64) = (0, 0, 0)

    package init(_ kind: EngineKind) { self.kind = kind }

    /// Whether a case can be run: it met no storage fault in the oracle.
    package static func canRun(_ vector: RecordedVector) -> Bool { vector.outcome.signal != 11 }

    private func processor(_ model: TestModel) -> PPCCPU {
        if let known = processors[model] { return known }
        guard let description = PPCModel.named(model.name) else { preconditionFailure("no model \(model.name)") }
        let new = PPCCPU(model: description, memory: memory, clock: { 0 })
        switch kind {
        case .interpreter: break
        case .blocks: new.engine = BlockEngine(cpu: new)
        case .native: new.engine = try? NativeEngine(cpu: new, codeSize: 4 << 20)
        }
        // Whatever ends the case is an interrupt; its handler is never reached.
        new.onInterrupt = { [unowned self] cpu, vector, from in
            ending = (vector, cpu.state.pointee.excp_srr1, from)
            cpu.stop()
        }
        processors[model] = new
        return new
    }

    /// Runs a case to its end.
    package func run(_ test: TestCase) -> TestOutcome {
        let processor = processor(test.model)
        let cpu = processor.state
        // SF, TM, PR, FP, VEC, VSX, FE0, FE1, EE, ME and the byte order.
        cpu.pointee.msr = 0x8000_0001_0280_f900 | (test.bigEndian ? 0 : 1)
        Subject.load(test.image, test, into: cpu)
        Context.update(cpu)
        memory.load(test)
        processor.mmu.codeTracker?.stored(cpu, at: test.start, count: Int(TestLayout.slotSize - TestLayout.headSize))
        _ = processor.run()
        let end = test.start &+ UInt64(test.words.count) * 4
        let isDone = ending.vector == InterruptVector.systemCall.rawValue && ending.nip == end
        return TestOutcome(
            signal: isDone ? 0 : Subject.signal(vector: ending.vector, cause: ending.cause),
            nip: isDone ? 0 : ending.nip &- test.start, image: Subject.registers(cpu, test), data: memory.data)
    }
}

/// The data area and the code slots, and nothing else.
private final class CaseMemory: PhysicalMemory {
    private let pageSize = 0x10000
    private let dataPage: UnsafeMutableRawPointer
    private let codePage: UnsafeMutableRawPointer

    init() {
        dataPage = .allocate(byteCount: pageSize, alignment: pageSize)
        codePage = .allocate(byteCount: pageSize, alignment: pageSize)
        for page in [dataPage, codePage] { page.initializeMemory(as: UInt8.self, repeating: 0, count: pageSize) }
    }

    deinit {
        dataPage.deallocate()
        codePage.deallocate()
    }

    func hostMemory(at address: UInt64) -> HostMemory? {
        for (start, page) in [(TestLayout.dataAddress, dataPage), (TestLayout.codeAddress, codePage)] {
            let offset = address &- start
            guard offset < UInt64(pageSize) else { continue }
            return HostMemory(pointer: page + Int(offset), count: UInt64(pageSize) - offset)
        }
        return nil
    }

    /// Puts a case's words into its slot, a system call behind them and traps up to the slot's end.
    func load(_ test: TestCase) {
        let slot = codePage + Int(test.start &- TestLayout.codeAddress)
        for index in 0..<Int((TestLayout.slotSize - TestLayout.headSize) / 4) {
            let count = test.words.count
            let word = index < count ? test.words[index] : index == count ? 0x4400_0002 : 0x7fe0_0008
            slot.storeBytes(
                of: test.bigEndian ? word.bigEndian : word.littleEndian, toByteOffset: index * 4, as: UInt32.self)
        }
        test.data.withUnsafeBytes { bytes in
            if let base = bytes.baseAddress { dataPage.copyMemory(from: base, byteCount: TestLayout.dataSize) }
        }
    }

    var data: [UInt8] { [UInt8](UnsafeRawBufferPointer(start: dataPage, count: TestLayout.dataSize)) }
}
