import EmuCore

// Terminal and virtual I/O hypercalls (PAPR, "Virtual Terminal (Vterm)", "Virtual I/O").

enum TerminalCalls {
    static func register(_ table: HypercallDispatch) {
        table[HypercallNumber.getTermChar] = { call in
            guard let terminal = call.machine.vio.terminal(unit: call[0]) else { return HypercallStatus.parameter }
            let bytes = terminal.takeInput()
            call[0] = UInt64(bytes.count)
            call[1] = doubleword(bytes, from: 0)
            call[2] = doubleword(bytes, from: 8)
            return HypercallStatus.success
        }
        table[HypercallNumber.putTermChar] = { call in
            guard let terminal = call.machine.vio.terminal(unit: call[0]), call[1] <= 16 else {
                return HypercallStatus.parameter
            }
            var bytes: [UInt8] = []
            for index in 0..<Int(call[1]) {
                let word = index < 8 ? call[2] : call[3]
                bytes.append(UInt8(truncatingIfNeeded: word >> UInt64(56 - 8 * (index % 8))))
            }
            terminal.put(bytes)
            return HypercallStatus.success
        }
        table[HypercallNumber.vioSignal] = { call in
            guard let device = device(call), call[1] & ~device.signalMask == 0 else {
                return HypercallStatus.parameter
            }
            device.signalState = call[1]
            return HypercallStatus.success
        }
        // Queues for commands and responses: for devices that have them, which none of these does.
        table[HypercallNumber.regCRQ] = { call in
            guard device(call) != nil, (0x1000...0x1000_0000).contains(call[2]), call[1] & 0xfff == 0 else {
                return HypercallStatus.parameter
            }
            return HypercallStatus.notFound
        }
        table[HypercallNumber.freeCRQ] = { call in
            guard let device = device(call) else { return HypercallStatus.parameter }
            device.freeQueue()
            return HypercallStatus.success
        }
        table[HypercallNumber.sendCRQ] = { call in
            device(call) == nil ? HypercallStatus.parameter : HypercallStatus.hardware
        }
        table[HypercallNumber.enableCRQ] = { call in
            device(call) == nil ? HypercallStatus.parameter : HypercallStatus.success
        }
    }

    private static func device(_ call: HypercallFrame) -> VIODevice? {
        UInt32(exactly: call[0]).flatMap { call.machine.vio.device(unit: $0) }
    }

    /// Eight bytes from `start`, the first one most significant, zeros where there are none.
    private static func doubleword(_ bytes: [UInt8], from start: Int) -> UInt64 {
        (0..<8).reduce(UInt64(0)) { $0 << 8 | UInt64(start + $1 < bytes.count ? bytes[start + $1] : 0) }
    }
}
