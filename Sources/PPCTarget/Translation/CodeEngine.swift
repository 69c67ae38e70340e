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
    public var callsHooks: Bool { false }
    public func execute(_ cpu: PPCCPU, atMost limit: UInt64, _ outcome: inout Int32) -> UInt64? { nil }
}

/// What `info jit` shows.
public struct EngineStatistics: Sendable {
    /// Blocks and regions translated since the start, and how many times everything was dropped.
    public var blocks = 0
    public var regions = 0
    public var flushes = 0
    /// How many times a part of the code cache was used anew, and how many translations went with that.
    public var evictions = 0
    public var evicted = 0
    public var invalidations = 0
    public var guestInstructions = 0
    public var codeBytes = 0
    public var codeCapacity = 0
    public var translationNanoseconds: UInt64 = 0
    /// Returns from generated code by reason.
    public var lookups = 0
    public var chains = 0
    public var outcomes = 0
    public var polls = 0
    public var interpreted = 0
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
