import EmuCore

// Interrupt hypercalls of the XICS architecture (PAPR, "Interrupt hcalls").

enum InterruptCalls {
    static func register(_ table: HypercallDispatch) {
        table[HypercallNumber.cppr] = { call in
            withPresenter(call) { $0.setPriority(UInt8(truncatingIfNeeded: call[0])) }
        }
        table[HypercallNumber.xirr] = { call in withPresenter(call) { call[0] = UInt64($0.accept()) } }
        table[HypercallNumber.xirrX] = { call in
            withPresenter(call) {
                call[0] = UInt64($0.accept())
                call[1] = call.cpu.time.ticks
            }
        }
        table[HypercallNumber.eoi] = { call in
            withPresenter(call) { $0.endOfInterrupt(UInt32(truncatingIfNeeded: call[0])) }
        }
        table[HypercallNumber.ipi] = { call in
            guard isActive(call) else { return HypercallStatus.hardware }
            guard let presenter = presenter(call, server: call[0]) else { return HypercallStatus.parameter }
            presenter.setRequest(UInt8(truncatingIfNeeded: call[1]))
            return HypercallStatus.success
        }
        table[HypercallNumber.ipoll] = { call in
            guard isActive(call) else { return HypercallStatus.hardware }
            guard let presenter = presenter(call, server: call[0]) else { return HypercallStatus.parameter }
            call[0] = UInt64(presenter.xirr)
            call[1] = UInt64(presenter.mfrr)
            return HypercallStatus.success
        }
    }

    /// Guests that chose XIVE must not use these.
    private static func isActive(_ call: HypercallFrame) -> Bool {
        call.services.xics != nil && !call.machine.negotiatedVector5[.xiveExploitation]
    }

    private static func presenter(_ call: HypercallFrame, server: UInt64) -> XICSPresenter? {
        guard let thread = call.services.thread(server: server) else { return nil }
        return call.services.xics?.presenter(of: thread)
    }

    private static func withPresenter(_ call: HypercallFrame, _ body: (XICSPresenter) -> Void) -> Int64 {
        guard isActive(call), let presenter = call.services.xics?.presenter(of: call.thread) else {
            return HypercallStatus.hardware
        }
        body(presenter)
        return HypercallStatus.success
    }
}
