import CPPCState

/// Runs a machine's thread with a ``CodeEngine``, made on the thread's first run.
public final class TranslatingEngine: ExecutionEngine {
    private let kind: EngineKind
    private let codeSize: Int
    private let verification: Verification?
    private let isBaseline: Bool
    private var isPrepared = false

    /// - Parameters:
    ///   - kind: Which engine; `.interpreter` runs the reference interpreter.
    ///   - codeSize: Bytes of generated code to keep at most.
    public convenience init(_ kind: EngineKind, codeSize: Int = 64 << 20) {
        self.init(kind, codeSize: codeSize, verification: nil)
    }

    /// - Parameters:
    ///   - kind: Which engine; `.interpreter` runs the reference interpreter.
    ///   - codeSize: Bytes of generated code to keep at most.
    ///   - verification: Checks the native engine against the interpreter; for machines whose vCPUs take turns.
    ///   - isBaseline: Native code uses nothing that an x86-64-v2 host lacks.
    package init(
        _ kind: EngineKind, codeSize: Int, verification: Verification?, isBaseline: Bool = false
    ) {
        self.isBaseline = isBaseline
        self.kind = kind
        self.codeSize = codeSize
        self.verification = verification
    }

    /// Makes the engine at the first call, then runs the processor with it.
    public func run(_ cpu: PPCCPU, limit: UInt64) -> StopReason {
        if !isPrepared {
            isPrepared = true
            cpu.engine = makeEngine(cpu)
        }
        return cpu.run(limit: limit)
    }

    /// The native engine falls back to blocks where the host refuses executable memory.
    private func makeEngine(_ cpu: PPCCPU) -> (any CodeEngine)? {
        switch kind {
        case .interpreter: nil
        case .blocks: BlockEngine(cpu: cpu)
        case .native:
            if let engine = try? NativeEngine(cpu: cpu, codeSize: codeSize, level: isBaseline ? .baseline : .all) {
                if let verification {
                    VerifyingEngine(engine, sample: verification.sample, onDivergence: verification.onDivergence)
                } else {
                    engine
                }
            } else {
                BlockEngine(cpu: cpu)
            }
        }
    }
}
