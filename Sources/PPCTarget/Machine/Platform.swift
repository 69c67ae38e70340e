import EmuCore

/// The parts of the virtual platform that the machine does not build itself: interrupt controllers, hypercalls,
/// runtime services, built-in firmware, the threads that run vCPUs.
///
/// The functions are called while a machine is built, in the order of this list.
package protocol SpaprPlatform: Sendable {
    /// - Parameter sourceCount: External sources, numbered from ``SpaprInterrupts/firstExternal``.
    func makeXICS(_ machine: SpaprMachine, sourceCount: Int) throws -> (any SpaprInterruptController)?
    /// - Parameters:
    ///   - sourceCount: Sources including IPIs, numbered from 0.
    ///   - endCount: Event notification descriptors.
    func makeXIVE(_ machine: SpaprMachine, sourceCount: Int, endCount: Int) throws -> (any SpaprInterruptController)?
    /// A thread exists with its presenters; what runs it may be attached (``SpaprThread/runner``).
    func threadCreated(_ thread: SpaprThread) throws
    /// A thread goes; what runs it is to end.
    func threadRemoved(_ thread: SpaprThread)
    /// Runs `body` while no thread of the guest executes but the one that may be the caller's.
    func exclusively(_ machine: SpaprMachine, _ body: () -> Void)
    /// Everything is built: register hypercalls and runtime services.
    func machineBuilt(_ machine: SpaprMachine) throws
    /// Names and tokens of RTAS services, in the order of the device tree's properties.
    func rtasTokens(_ machine: SpaprMachine) -> [(name: String, token: UInt32)]
    /// The machine is reset, with `x-vof=on`: the tree goes to the built-in firmware instead of to memory.
    func resetFirmware(_ machine: SpaprMachine, tree: DeviceTree) throws
    /// Delivers a system reset interrupt to every thread (`inject-nmi`).
    func injectNMI(_ machine: SpaprMachine)
    /// After everything else of a reset.
    func machineReset(_ machine: SpaprMachine)
}
