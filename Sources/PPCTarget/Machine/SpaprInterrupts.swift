import EmuCore

/// What the machine needs of an interrupt controller (XICS or XIVE).
///
/// Numbers are global interrupt numbers: IPIs from 0, external sources from ``SpaprInterrupts/firstExternal``.
package protocol SpaprInterruptController: AnyObject {
    /// Makes the controller the one that the guest sees, and back.
    func activate(serverCount: Int) throws
    func deactivate()
    /// Makes, resets, removes the part that belongs to one thread. Called for every controller, active or not.
    func createPresenter(for thread: SpaprThread) throws
    func resetPresenter(of thread: SpaprThread)
    func removePresenter(of thread: SpaprThread)
    /// Takes an interrupt number into use.
    func claim(_ number: Int, isLevel: Bool) throws
    func free(_ number: Int)
    /// Drives a source; called for the active controller only, as are the rest.
    func setLevel(_ number: Int, _ level: Bool)
    /// The controller's device tree nodes.
    func addDeviceTree(_ tree: DeviceTree, serverCount: Int, phandle: UInt32)
    /// After all state of a stream is loaded.
    func stateLoaded(version: Int) throws
    /// Text of `info pic`.
    func describe() -> String
    /// Whether a number is unused; for legacy allocation.
    func isFree(_ number: Int) -> Bool
}

/// A machine's interrupt numbers: which controllers there are, which one is active, who has which number.
package final class SpaprInterrupts {
    package static let ipiCount = 0x1000
    package static let firstExternal = 0x1000
    package static let epow = firstExternal
    package static let hotplug = firstExternal + 1
    package static let firstVIO = firstExternal + 0x100
    package static let firstPCI = firstExternal + 0x200
    package static let firstMSI = firstExternal + 0x300

    package private(set) var mode: SpaprVersion.InterruptMode
    package internal(set) var xics: (any SpaprInterruptController)?
    package internal(set) var xive: (any SpaprInterruptController)?
    package private(set) var active: (any SpaprInterruptController)?
    let externalCount: Int
    let hasLegacyAllocation: Bool
    /// Numbers from ``firstMSI`` on that are given out dynamically; empty with legacy allocation.
    var messageMap: [Bool]
    private unowned let machine: SpaprMachine

    init(machine: SpaprMachine, mode: SpaprVersion.InterruptMode) {
        self.machine = machine
        self.mode = mode
        externalCount = machine.version.externalInterrupts
        hasLegacyAllocation = machine.version.hasLegacyInterruptAllocation
        let dynamic = Self.firstExternal + externalCount - Self.firstMSI
        messageMap = hasLegacyAllocation ? [] : [Bool](repeating: false, count: dynamic)
    }

    /// Number of message-signalled interrupts that a guest may have.
    package var messageCount: Int { hasLegacyAllocation ? externalCount : messageMap.count }

    var controllers: [any SpaprInterruptController] { [xics, xive].compactMap { $0 } }

    /// Makes the controllers. Before CPUs, because each thread needs its presenter.
    func start() throws {
        let runsISA300 = machine.runs(LogicalPVR.isa300)
        if !runsISA300 {
            if mode == .dual { mode = .xics }
            guard mode != .xive else { throw ObjectError("XIVE-only machines require a POWER9 CPU") }
        }
        if mode != .xive { xics = try machine.platform.makeXICS(machine, sourceCount: externalCount) }
        if mode == .xive || mode == .dual {
            let servers = machine.serverCount
            let controller = try machine.platform.makeXIVE(
                machine, sourceCount: externalCount + Self.ipiCount, endCount: servers * 8)
            xive = controller
            for server in 0..<servers { try controller?.claim(server, isLevel: false) }
        }
        try updateActive()
    }

    /// The active controller follows what the guest negotiated; before that it is XICS where there is one.
    package func updateActive() throws {
        let wanted: (any SpaprInterruptController)?
        if xics == nil {
            wanted = xive
        } else {
            wanted = machine.negotiatedVector5[.xiveExploitation] && xive != nil ? xive : xics
        }
        guard wanted !== active else { return }
        active?.deactivate()
        active = wanted
        try wanted?.activate(serverCount: machine.serverCount)
    }

    package func claim(_ number: Int, isLevel: Bool) throws {
        guard number >= Self.firstExternal, number < Self.firstExternal + externalCount else {
            throw ObjectError("interrupt number 0x\(String(number, radix: 16)) is out of range")
        }
        for controller in controllers { try controller.claim(number, isLevel: isLevel) }
    }

    package func free(_ number: Int, count: Int = 1) {
        for one in number..<(number + max(count, 0)) {
            guard one >= Self.firstExternal, one < Self.firstExternal + externalCount else { continue }
            for controller in controllers { controller.free(one) }
        }
    }

    /// The wire into an external source; follows changes of the active controller.
    package func line(_ number: Int) -> InterruptLine {
        InterruptLine { [weak self] level in self?.active?.setLevel(number, level) }
    }

    /// Takes `count` consecutive numbers for messages.
    package func allocateMessages(_ count: Int, aligned: Bool) throws -> Int {
        guard count > 0, count <= messageCount else { throw Self.noBlock(count) }
        let step = aligned ? count : 1
        if hasLegacyAllocation {
            guard let xics else { throw Self.noBlock(count) }
            for first in stride(from: 0, through: externalCount - count, by: step)
            where (0..<count).allSatisfy({ xics.isFree(Self.firstExternal + first + $0) }) {
                return Self.firstExternal + first
            }
            throw Self.noBlock(count)
        }
        for first in stride(from: 0, through: messageMap.count - count, by: step)
        where !messageMap[first..<(first + count)].contains(true) {
            for index in first..<(first + count) { messageMap[index] = true }
            return Self.firstMSI + first
        }
        throw Self.noBlock(count)
    }

    package func freeMessages(_ first: Int, count: Int) {
        for number in first..<(first + max(count, 0)) {
            let index = number - Self.firstMSI
            if messageMap.indices.contains(index) { messageMap[index] = false }
        }
    }

    private static func noBlock(_ count: Int) -> ObjectError { ObjectError("can't find a free \(count)-IRQ block") }
}
