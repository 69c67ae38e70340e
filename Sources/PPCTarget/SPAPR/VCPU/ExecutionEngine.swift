/// What executes instructions of a thread: the interpreter, or an engine that translates.
public protocol ExecutionEngine: AnyObject {
    /// Executes on the calling thread until ``PPCCPU/stop()``, until the CPU halts, or until about `limit`
    /// instructions are done. Serves exit requests (``PPCCPU/serveExitRequest()``) at its polling points.
    func run(_ cpu: PPCCPU, limit: UInt64) -> StopReason
}

/// The reference interpreter as an engine.
public final class InterpreterEngine: ExecutionEngine {
    /// The engine has no state of its own.
    public init() {}
    /// Runs the processor with its interpreter.
    public func run(_ cpu: PPCCPU, limit: UInt64) -> StopReason { cpu.run(limit: limit) }
}
