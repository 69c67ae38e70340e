import EmuCore

// Runtime services of the system as a whole: console, clock, power, parameters, NVRAM, ending (PAPR, "Run-Time
// Abstraction Services").

enum SystemServices {
    static func register(_ table: RTASTable) {
        table.register(0x00, "display-character", displayCharacter)
        table.register(0x01, "get-time-of-day", getTime)
        table.register(0x02, "set-time-of-day", setTime)
        table.register(0x03, "power-off", powerOff)
        table.register(0x04, "system-reboot", reboot)
        table.register(0x08, "ibm,get-system-parameter", getParameter)
        table.register(0x09, "ibm,set-system-parameter", setParameter)
        table.register(0x10, "ibm,set-tce-bypass", setBypass)
        table.register(0x11, "quiesce", quiesce)
        table.register(0x12, "nvram-fetch", fetchNVRAM)
        table.register(0x13, "nvram-store", storeNVRAM)
        table.register(0x1b, "set-power-level") { powerLevel($0, arguments: 2) }
        table.register(0x1c, "get-power-level") { powerLevel($0, arguments: 1) }
        table.register(0x1f, "ibm,os-term", terminate)
        table.register(0x2b, "ibm,nmi-register", registerNMI)
        table.register(0x2c, "ibm,nmi-interlock", interlockNMI)
    }

    private static func displayCharacter(_ call: RTASFrame) {
        guard let terminal = call.machine.vio.terminal(unit: 0) else {
            call.setStatus(RTASStatus.hardwareError)
            return
        }
        terminal.put([UInt8(truncatingIfNeeded: call.argument(0))])
        call.setStatus(RTASStatus.success)
    }

    // MARK: Clock

    private static func getTime(_ call: RTASFrame) {
        guard call.has(arguments: 0, results: 8) else { return call.setStatus(RTASStatus.parameterError) }
        let now = call.machine.rtc.now
        let time = CalendarTime(seconds: now.quotientFloor(1_000_000_000))
        let cells = [time.year, time.month, time.day, time.hour, time.minute, time.second]
        call.setStatus(RTASStatus.success)
        for (index, cell) in cells.enumerated() { call.setResult(index + 1, UInt32(truncatingIfNeeded: cell)) }
        call.setResult(7, UInt32(truncatingIfNeeded: now - now.quotientFloor(1_000_000_000) * 1_000_000_000))
    }

    private static func setTime(_ call: RTASFrame) {
        guard call.has(arguments: 7, results: 1) else { return call.setStatus(RTASStatus.parameterError) }
        let cells = (0..<6).map { Int64(Int32(bitPattern: call.argument($0))) }
        let time = CalendarTime(
            year: cells[0], month: cells[1], day: cells[2], hour: cells[3], minute: cells[4], second: cells[5])
        guard let seconds = time.seconds, abs(seconds) < 1 << 33 else {
            return call.setStatus(RTASStatus.parameterError)
        }
        call.machine.rtc.now = seconds * 1_000_000_000
        call.setStatus(RTASStatus.success)
    }

    // MARK: Power

    private static func powerOff(_ call: RTASFrame) {
        guard call.has(arguments: 2, results: 1) else { return call.setStatus(RTASStatus.parameterError) }
        call.setStatus(RTASStatus.success)
        call.machine.requestShutdown(.guestShutdown)
        call.services.runner(of: call.thread)?.requestPause()
    }

    private static func reboot(_ call: RTASFrame) {
        guard call.has(arguments: 0, results: 1) else { return call.setStatus(RTASStatus.parameterError) }
        call.setStatus(RTASStatus.success)
        call.machine.requestReset(guestInitiated: true)
    }

    /// There is one power domain, "live insertion", and it is always on.
    private static func powerLevel(_ call: RTASFrame, arguments: UInt32) {
        guard call.has(arguments: arguments, results: 2) else { return call.setStatus(RTASStatus.parameterError) }
        guard call.argument(0) == .max else { return call.setStatus(RTASStatus.notSupported) }
        call.setStatus(RTASStatus.success)
        call.setResult(1, 100)
    }

    private static func terminate(_ call: RTASFrame) {
        let address = UInt64(call.argument(0))
        var text: [UInt8] = []
        while text.count < 511,
            let byte = try? call.memory.load(UInt8.self, at: address &+ UInt64(text.count), order: .big),
            byte != 0
        {
            text.append(byte)
        }
        call.machine.logger.error("OS terminated: \(String(decoding: text, as: UTF8.self))")
        call.setStatus(RTASStatus.success)
        call.machine.reportGuestPanic()
        if call.machine.panicAction != .none { call.services.runner(of: call.thread)?.requestPause() }
    }

    // MARK: Parameters

    private enum Parameter {
        static let characteristics: UInt32 = 20
        static let diagnosticsMode: UInt32 = 42
        static let uuid: UInt32 = 48
    }

    private static func getParameter(_ call: RTASFrame) {
        let value: [UInt8]
        switch call.argument(0) {
        case Parameter.characteristics:
            let smp = call.machine.smp
            var text = "MaxEntCap=\(smp.maximum),DesMem=\(call.machine.memorySize >> 20),DesProcs=\(smp.cpus),"
            text += "MaxPlatProcs=\(smp.maximum)"
            if hostThreads(call.thread.cpu.model) > 0 { text += ",HostThrs=\(hostThreads(call.thread.cpu.model))" }
            value = Array(text.utf8) + [0]
        case Parameter.diagnosticsMode: value = [0]
        case Parameter.uuid: value = call.machine.uuid.map { withUnsafeBytes(of: $0.uuid) { Array($0) } } ?? []
        default: return call.setStatus(RTASStatus.notSupported)
        }
        let length = Int(call.argument(2))
        guard length >= 2 else { return call.setStatus(RTASStatus.systemParameterError) }
        let address = RTASFrame.real(UInt64(call.argument(1)))
        try? call.memory.store(UInt16(truncatingIfNeeded: value.count), at: address, order: .big)
        try? call.memory.writeBytes(Array(value.prefix(length - 2)), at: address &+ 2)
        call.setStatus(RTASStatus.success)
    }

    /// Threads of a core on the processors themselves.
    private static func hostThreads(_ model: PPCModel) -> Int {
        switch model.interruptModel {
        case .power8: 8
        case .power9: model.instructionSets.contains(.isa310) ? 0 : 4
        default: 0
        }
    }

    private static func setParameter(_ call: RTASFrame) {
        switch call.argument(0) {
        case Parameter.characteristics, Parameter.diagnosticsMode, Parameter.uuid:
            call.setStatus(RTASStatus.notAuthorized)
        default: call.setStatus(RTASStatus.notSupported)
        }
    }

    // MARK: Devices

    private static func setBypass(_ call: RTASFrame) {
        guard call.has(arguments: 2, results: 1) else { return call.setStatus(RTASStatus.parameterError) }
        // Devices of the virtual I/O bus that do DMA would have a table to bypass; none of these has.
        call.setStatus(RTASStatus.parameterError)
    }

    private static func quiesce(_ call: RTASFrame) {
        guard call.argumentCount == 0 else { return call.setStatus(RTASStatus.parameterError) }
        for device in call.machine.vio.vioDevices { device.freeQueue() }
        if call.resultCount > 0 { call.setStatus(RTASStatus.success) }
    }

    private static func fetchNVRAM(_ call: RTASFrame) {
        guard call.has(arguments: 3, results: 2) else { return call.setStatus(RTASStatus.parameterError) }
        guard let nvram = call.machine.nvram else {
            call.setStatus(RTASStatus.hardwareError)
            return call.setResult(1, 0)
        }
        let count = Int(call.argument(2))
        guard let bytes = nvram.read(offset: Int(call.argument(0)), count: count),
            (try? call.memory.writeBytes(Array(bytes), at: UInt64(call.argument(1)))) != nil
        else {
            call.setStatus(RTASStatus.parameterError)
            return call.setResult(1, 0)
        }
        call.setStatus(RTASStatus.success)
        call.setResult(1, UInt32(truncatingIfNeeded: count))
    }

    private static func storeNVRAM(_ call: RTASFrame) {
        guard call.has(arguments: 3, results: 2) else { return call.setStatus(RTASStatus.parameterError) }
        guard let nvram = call.machine.nvram else { return call.setStatus(RTASStatus.hardwareError) }
        let (offset, count) = (Int(call.argument(0)), Int(call.argument(2)))
        guard offset <= nvram.bytes.count, count <= nvram.bytes.count - offset,
            let bytes = try? call.memory.readBytes(at: UInt64(call.argument(1)), count: count)
        else { return call.setStatus(RTASStatus.parameterError) }
        let isStored = nvram.write(offset: offset, bytes)
        call.setStatus(isStored ? RTASStatus.success : RTASStatus.hardwareError)
        call.setResult(1, isStored ? UInt32(truncatingIfNeeded: count) : 0)
    }

    // MARK: Machine checks and system resets

    private static func registerNMI(_ call: RTASFrame) {
        let machine = call.machine
        guard machine.capabilities[.fwnmi] != 0, call.services.rtasBase != nil else {
            return call.setStatus(RTASStatus.notSupported)
        }
        let (reset, check) = (UInt64(call.argument(0)), UInt64(call.argument(1)))
        let limit = min(32 << 20, machine.realModeSize)
        guard reset < limit, check < limit else { return call.setStatus(RTASStatus.parameterError) }
        machine.systemResetAddress = reset
        machine.machineCheckAddress = check
        call.setStatus(RTASStatus.success)
    }

    private static func interlockNMI(_ call: RTASFrame) {
        let machine = call.machine
        guard machine.capabilities[.fwnmi] != 0 else { return call.setStatus(RTASStatus.notSupported) }
        guard machine.machineCheckAddress != .max else { return call.setStatus(RTASStatus.parameterError) }
        // Linux calls this after system resets too, which nobody waits for.
        if machine.machineCheckOwner == Int32(truncatingIfNeeded: call.thread.server) { machine.machineCheckOwner = -1 }
        call.setStatus(RTASStatus.success)
    }
}
