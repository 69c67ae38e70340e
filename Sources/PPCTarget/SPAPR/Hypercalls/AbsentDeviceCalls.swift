// Hypercalls of devices that this machine cannot have yet, logical LANs and persistent memory (PAPR, "Interpartition
// Logical LAN", "Storage Class Memory"). They answer what they answer for a unit that does not exist.

enum AbsentDeviceCalls {
    static func register(_ table: HypercallDispatch) {
        let calls = [
            HypercallNumber.registerLogicalLAN, HypercallNumber.freeLogicalLAN, HypercallNumber.addLogicalLANBuffer,
            HypercallNumber.sendLogicalLAN, HypercallNumber.multicastControl, HypercallNumber.changeLogicalLANAddress,
            HypercallNumber.scmReadMetadata, HypercallNumber.scmWriteMetadata, HypercallNumber.scmBindMemory,
            HypercallNumber.scmUnbindMemory, HypercallNumber.scmHealth, HypercallNumber.scmFlush,
        ]
        for number in calls { table[number] = { _ in HypercallStatus.parameter } }
        table[HypercallNumber.scmUnbindAll] = unbindAll
    }

    /// Scope 1 is everything, which is nothing here; scope 2 one connector.
    private static func unbindAll(_ call: HypercallFrame) -> Int64 {
        guard call[2] == 0 else { return HypercallStatus.parameter4 }
        switch call[0] {
        case 1:
            call[1] = 0
            return HypercallStatus.success
        case 2: return HypercallStatus.parameter2
        default: return HypercallStatus.parameter
        }
    }
}
