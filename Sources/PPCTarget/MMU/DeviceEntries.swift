import CPPCState
import EmuCore

/// Entry points of device registers for generated code, one for each granule of effective addresses that leads to some.
///
/// A closure gets a C function and a context here instead of an entry of its own by libffi (``NativeEntry``), which would
/// take half as long as all else at every access: generated code can pass a context.
final class DeviceEntries {
    private struct Key: Hashable {
        var start: UInt64
        var real: UInt64
        var count: UInt64
        var layout: UInt64
    }

    private final class Entry {
        let registers: DeviceRegisters
        let device: UnsafeMutablePointer<ppc_device>

        init(_ key: Key, _ registers: DeviceRegisters) {
            self.registers = registers
            device = .allocate(capacity: 1)
            device.initialize(
                to: ppc_device(
                    start: key.start, limits: (key.count - 1, key.count - 2, key.count - 4, key.count - 8),
                    to_real: key.real &- key.start, context: nil,
                    read: { context, real, size in
                        Entry.with(context) { $0.read(real, Int(truncatingIfNeeded: size)) ?? 0 }
                    },
                    write: { context, real, size, value in
                        Entry.with(context) { _ = $0.write(real, Int(truncatingIfNeeded: size), value) }
                    }))
            device.pointee.context = Unmanaged.passUnretained(self).toOpaque()
        }

        deinit { device.deallocate() }

        /// Generated code passes the context of an entry that is in use, so it is there.
        @inline(__always)
        private static func with<R>(_ context: UnsafeMutableRawPointer?, _ body: (DeviceRegisters) -> R) -> R {
            Unmanaged<Entry>.fromOpaque(context!)._withUnsafeGuaranteedRef { body($0.registers) }
        }
    }

    private var entries: [Key: Entry] = [:]
    /// A handler that changes the layout has yet to return.
    private var retired: [Entry] = []
    private static var capacity: Int { 1024 }
    private static var longestAccess: UInt64 { 8 }

    /// - Parameters:
    ///   - ea: An address in `granule` bytes, a power of two, that map linearly.
    ///   - real: The physical address of `ea`.
    /// - Returns: `nil` if the handlers are not to be called straight, or there is too little of them in the granule.
    func device(
        at ea: UInt64, _ real: UInt64, granule: UInt64, in memory: any PhysicalMemory
    ) -> UnsafePointer<ppc_device>? {
        guard let registers = memory.deviceRegisters(at: real), registers.first <= real, real <= registers.last else {
            return nil
        }
        let before = min(ea & (granule - 1), real &- registers.first)
        let behind = min(granule - 1 - ea & (granule - 1), registers.last &- real)
        let key = Key(start: ea &- before, real: real &- before, count: before + behind + 1, layout: registers.layout)
        guard key.count >= Self.longestAccess else { return nil }
        if let known = entries[key] { return UnsafePointer(known.device) }
        let entry = Entry(key, registers)
        entries[key] = entry
        return UnsafePointer(entry.device)
    }

    /// Whether it is time to begin anew.
    var isFull: Bool { entries.count >= Self.capacity }

    /// Forgets all; no entry of a soft TLB leads here any more.
    func removeAll() {
        retired += entries.values
        entries = [:]
    }

    /// No handler is being called.
    @inline(__always)
    func freeRetired() {
        if !retired.isEmpty { retired = [] }
    }
}

extension MMU {
    /// Before an access to device registers that was just translated: lets generated code call their handlers itself next
    /// time, if the engine has code for it at this instruction and nothing needs to see the access.
    @inline(never)
    func grantDevice(_ ea: UInt64, _ size: Int, _ kind: AccessKind, _ translation: Translation) {
        guard size.nonzeroBitCount == 1, recorder == nil, let codeTracker, codeTracker.accessesDevice(state) else {
            return
        }
        if devices.isFull { physicalMapChanged() }
        TLBBank.with(state.pointee.tlb) { bank in
            let granule: UInt64 = 1 << bank.granuleShift
            guard translation.pageShift >= bank.granuleShift,
                translation.real & (granule - 1) == ea & (granule - 1), !isWatched(ea & ~(granule - 1), granule),
                let device = devices.device(at: ea, translation.real, granule: granule, in: memory)
            else { return }
            bank.fill(ea, device: device, kind == .store ? .write : .read)
        }
    }

    /// Whether a watchpoint lies in an aligned range.
    func isWatched(_ start: UInt64, _ count: UInt64) -> Bool {
        !watchpoints.isEmpty && watchpoints.contains { $0.address &- start < count || start &- $0.address < $0.count }
    }
}
