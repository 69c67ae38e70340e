import CPPCState

/// Runs a machine's thread with a ``CodeEngine``, made on the thread's first run.
public final class TranslatingEngine: ExecutionEngine {
    private let kind: EngineKind
    private let codeSize: Int
    private var isPrepared = false

    /// - Parameters:
    ///   - kind: Which engine; `.interpreter` runs the reference interpreter.
    ///   - codeSize: Bytes of generated code to keep at most.
    public init(_ kind: EngineKind, codeSize: Int = 64 << 20) {
        self.kind = kind
        self.codeSize = codeSize
    }

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
        case .native: (try? NativeEngine(cpu: cpu, codeSize: codeSize)) ?? BlockEngine(cpu: cpu)
        }
    }
}
