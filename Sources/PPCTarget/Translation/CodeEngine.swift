import CPPCState

/// Something that executes guest code faster than the interpreter, for one vCPU.
public protocol CodeEngine: AnyObject {
    /// Executes until `exit_request` is set, attention is needed (trace), a breakpoint or a hook that it does not call
    /// comes, or an instruction wants to leave. Interrupts that instructions raise are delivered inside.
    ///
    /// - Returns: An ``Outcome``: `.stop` to leave the run loop, anything else to go on after looking at requests.
    func execute(_ cpu: PPCCPU) -> Int32
    /// As ``execute(_:)``, for exactly counted instructions: at most `limit` of them, and
    /// `instructions_executed` is right whenever an instruction can see a clock.
    ///
    /// - Returns: How many were executed; `nil` for engines that do not count, or if the limit is too small to begin.
    func execute(_ cpu: PPCCPU, atMost limit: UInt64, _ outcome: inout Int32) -> UInt64?
    /// Drops every translation.
    func forgetTranslations()
    /// Breakpoints or hooks were added or taken out at these effective addresses. Translations with them are dropped;
    /// all others stay as fast as they are.
    func stopsChanged(at addresses: Set<UInt64>)
    /// Calls hooks from its code; otherwise it leaves in front of their instructions.
    var callsHooks: Bool { get }
    var statistics: EngineStatistics { get }
}

extension CodeEngine {
    /// Hooked instructions are left to the run loop.
    public var callsHooks: Bool { false }
    /// `nil`: the engine does not count.
    public func execute(_ cpu: PPCCPU, atMost limit: UInt64, _ outcome: inout Int32) -> UInt64? { nil }
}

/// What `info jit` shows.
public struct EngineStatistics: Sendable {
    /// Blocks translated since the start.
    public var blocks = 0
    /// Regions translated since the start.
    public var regions = 0
    /// How many times everything was dropped.
    public var flushes = 0
    /// How many times a part of the code cache was used anew.
    public var evictions = 0
    /// How many translations went with that.
    public var evicted = 0
    /// Translations dropped because their code was written.
    public var invalidations = 0
    /// Guest instructions in all translations.
    public var guestInstructions = 0
    /// Bytes of generated code, or of decoded steps.
    public var codeBytes = 0
    /// Bytes there is room for.
    public var codeCapacity = 0
    /// Host time spent translating, in nanoseconds.
    public var translationNanoseconds: UInt64 = 0
    /// Returns to look up where execution goes on.
    public var lookups = 0
    /// Returns that joined two translations.
    public var chains = 0
    /// Returns with an outcome other than "next".
    public var outcomes = 0
    /// Returns because of an exit request.
    public var polls = 0
    /// Instructions that the interpreter did.
    public var interpreted = 0
    /// Accesses that the soft TLB did not answer.
    public var slowAccesses = 0
    /// Interrupts of instructions and changes of context that did not leave generated code.
    public var transitions = 0
}

/// The engines a machine can choose from (`-accel tcg,engine=…`).
public enum EngineKind: String, Sendable, CaseIterable {
    case interpreter, blocks, native

    /// Whether this host can run it.
    public var isAvailable: Bool { self != .native || NativeEngine.isSupported }

    /// The fastest engine of this host.
    public static var preferred: EngineKind { EngineKind.native.isAvailable ? .native : .blocks }
}
