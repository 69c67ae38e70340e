import EmuCore

/// The interrupt presentation controller of one CPU (PAPR, "Interrupt Presentation Controller"): decides by priority
/// what the CPU sees. Used with the machine's lock held.
package final class XICSPresenter: Device {
    /// CPPR in the upper eight bits, below it the number of the interrupt that is presented, 0 for none.
    package private(set) var xirr: UInt32 = 0
    /// Priority of the presented interrupt, 0xff for none.
    package private(set) var pendingPriority: UInt8 = 0xff
    /// Priority at which an inter-processor interrupt was requested, 0xff for none.
    package private(set) var mfrr: UInt8 = 0xff
    /// Number of the CPU, which is the instance in the stream.
    package let cpuIndex: Int
    private let output: InterruptLine
    private let source: XICSSourceController

    static let interProcessor: UInt32 = 2
    private static let numberMask: UInt32 = 0x00ff_ffff

    package init(
        type: ObjectType, machine: Machine, cpuIndex: Int, source: XICSSourceController, output: InterruptLine
    ) {
        self.cpuIndex = cpuIndex
        self.source = source
        self.output = output
        super.init(type: type, machine: machine)
    }

    /// The presented interrupt's number, 0 for none.
    package var presented: UInt32 { xirr & Self.numberMask }
    /// Current processor priority: only more favoured (lower) interrupts are presented.
    package var currentPriority: UInt8 { UInt8(truncatingIfNeeded: xirr >> 24) }

    private func rejectPresented() {
        // Numbers below the source controller's range are inter-processor interrupts: MFRR keeps the request.
        source.reject(presented)
    }

    private func checkInterProcessor() {
        if presented != 0, pendingPriority <= mfrr { return }
        if presented != 0 { rejectPresented() }
        xirr = xirr & ~Self.numberMask | Self.interProcessor
        pendingPriority = mfrr
        output.raise()
    }

    func resend() {
        if mfrr < currentPriority { checkInterProcessor() }
        source.resend()
    }

    /// An interrupt of the source controller wants to be presented.
    func offer(_ number: UInt32, priority: UInt8) {
        if priority >= currentPriority || (presented != 0 && pendingPriority <= priority) {
            source.reject(number)
            return
        }
        if presented != 0 { rejectPresented() }
        xirr = xirr & ~Self.numberMask | number & Self.numberMask
        pendingPriority = priority
        output.raise()
    }

    /// H_CPPR: sets the current processor priority.
    package func setPriority(_ priority: UInt8) {
        let old = currentPriority
        xirr = xirr & Self.numberMask | UInt32(priority) << 24
        if priority < old {
            if presented != 0, priority <= pendingPriority {
                let number = presented
                xirr &= ~Self.numberMask
                pendingPriority = 0xff
                output.lower()
                source.reject(number)
            }
        } else if presented == 0 {
            resend()
        }
    }

    /// H_IPI: requests an inter-processor interrupt at a priority, or withdraws it with 0xff.
    package func setRequest(_ priority: UInt8) {
        mfrr = priority
        if priority < currentPriority { checkInterProcessor() }
    }

    /// H_XIRR: takes the presented interrupt; the current priority becomes the interrupt's.
    package func accept() -> UInt32 {
        let value = xirr
        output.lower()
        xirr = UInt32(pendingPriority) << 24
        pendingPriority = 0xff
        return value
    }

    /// H_EOI: ends an interrupt and restores the priority that `value` holds.
    package func endOfInterrupt(_ value: UInt32) {
        xirr = xirr & Self.numberMask | value & ~Self.numberMask
        source.endOfInterrupt(value & Self.numberMask)
        if presented == 0 { resend() }
    }

    package override func reset(_ phase: ResetPhase) {
        guard phase == .hold else { return }
        xirr = 0
        pendingPriority = 0xff
        mfrr = 0xff
        output.lower()
    }

    /// Drives the output again after state was loaded, and offers what waits.
    func stateLoaded() {
        output.set(presented != 0)
        resend()
    }

    package override var stateDescription: StateDescription? { Self.description }
    package override var stateInstance: UInt32? { UInt32(truncatingIfNeeded: cpuIndex) }

    static let description = StateDescription(
        "icp/server", of: XICSPresenter.self, version: 1,
        fields: [
            .value("xirr", \.xirr), .value("pending_priority", \.pendingPriority), .value("mfrr", \.mfrr),
        ])
}
