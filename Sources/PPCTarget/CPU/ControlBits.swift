/// Bits of the machine state register (ISA 3.1 Book III, section 4.2.1).
public enum MSR {
    public static var sf: UInt64 { 1 << 63 }
    public static var hv: UInt64 { 1 << 60 }
    public static var ts: UInt64 { 3 << 33 }
    public static var tm: UInt64 { 1 << 32 }
    public static var vec: UInt64 { 1 << 25 }
    public static var vsx: UInt64 { 1 << 23 }
    public static var s: UInt64 { 1 << 22 }
    public static var pow: UInt64 { 1 << 18 }
    public static var ee: UInt64 { 1 << 15 }
    public static var pr: UInt64 { 1 << 14 }
    public static var fp: UInt64 { 1 << 13 }
    public static var me: UInt64 { 1 << 12 }
    public static var fe0: UInt64 { 1 << 11 }
    public static var se: UInt64 { 1 << 10 }
    public static var be: UInt64 { 1 << 9 }
    public static var fe1: UInt64 { 1 << 8 }
    public static var ir: UInt64 { 1 << 5 }
    public static var dr: UInt64 { 1 << 4 }
    public static var pmm: UInt64 { 1 << 2 }
    public static var ri: UInt64 { 1 << 1 }
    public static var le: UInt64 { 1 << 0 }
}

/// Bits of the logical partitioning control register (ISA 3.1 Book III, section 2.2).
public enum LPCR {
    public static var vpm0: UInt64 { 1 << 63 }
    public static var vpm1: UInt64 { 1 << 62 }
    public static var isl: UInt64 { 1 << 61 }
    public static var kbv: UInt64 { 1 << 60 }
    public static var hvee: UInt64 { 1 << 46 }
    public static var rmls: UInt64 { 15 << 26 }
    public static var hail: UInt64 { 1 << 26 }
    public static var ile: UInt64 { 1 << 25 }
    public static var ail: UInt64 { 3 << 23 }
    public static var ailShift: UInt64 { 23 }
    public static var uprt: UInt64 { 1 << 22 }
    public static var hr: UInt64 { 1 << 20 }
    public static var ld: UInt64 { 1 << 17 }
    /// Power-saving exit causes; positions differ between models.
    public static var p7pece0: UInt64 { 1 << 14 }
    public static var p7pece1: UInt64 { 1 << 13 }
    public static var p7pece2: UInt64 { 1 << 12 }
    public static var p8pece0: UInt64 { 1 << 16 }
    public static var p8pece1: UInt64 { 1 << 15 }
    public static var p8pece2: UInt64 { 1 << 14 }
    public static var p8pece3: UInt64 { 1 << 13 }
    public static var p8pece4: UInt64 { 1 << 12 }
    public static var mer: UInt64 { 1 << 11 }
    public static var gtse: UInt64 { 1 << 10 }
    public static var heic: UInt64 { 1 << 4 }
    public static var lpes0: UInt64 { 1 << 3 }
    public static var lpes1: UInt64 { 1 << 2 }
    public static var hvice: UInt64 { 1 << 1 }
    public static var hdice: UInt64 { 1 << 0 }
}

/// Bits of the facility status and control register (ISA 3.1 Book III, section 7.2.10) and causes of its interrupt.
public enum FSCR {
    public static var ebb: UInt64 { 1 << 7 }
    public static var tar: UInt64 { 1 << 8 }
    public static var scv: UInt64 { 1 << 12 }
    public static var prefix: UInt64 { 1 << 13 }
    public static var causeShift: UInt64 { 56 }
    public static var causeMask: UInt64 { 0xff << 56 }
    public static var causePMU: UInt64 { 3 }
    public static var causeTM: UInt64 { 5 }
    public static var causeEBB: UInt64 { 7 }
    public static var causeTAR: UInt64 { 8 }
    public static var causeSCV: UInt64 { 12 }
}

/// Bits of the branch event status and control register (ISA 3.1 Book II, section 6.2).
public enum BESCR {
    public static var globalEnable: UInt64 { 1 << 63 }
    public static var monitorEnable: UInt64 { 1 << 32 }
    public static var externalOccurred: UInt64 { 1 << 1 }
    public static var monitorOccurred: UInt64 { 1 << 0 }
}

/// PSSCR[EC]: exit criterion of a power-saving state (ISA 3.1 Book III, section 4.3.3).
public enum PSSCR {
    public static var ec: UInt64 { 1 << 20 }
}

/// Causes of storage interrupts in DSISR and, for instruction fetches, SRR1 (ISA 3.1 Book III, section 7.5.3).
public enum StorageCause {
    public static var noTranslation: UInt64 { 0x4000_0000 }
    /// SRR1 only: no-execute or guarded storage.
    public static var noExecute: UInt64 { 0x1000_0000 }
    public static var protection: UInt64 { 0x0800_0000 }
    public static var store: UInt64 { 0x0200_0000 }
    public static var key: UInt64 { 0x0020_0000 }
    public static var badConfiguration: UInt64 { 0x0008_0000 }
    public static var atomicUpdate: UInt64 { 0x0004_0000 }
    public static var processTable: UInt64 { 0x0002_0000 }
}

/// Bits of `ppc_cpu.pending_interrupts`. The values are those that older machine versions send in a stream.
public enum PendingInterrupt {
    public static var reset: UInt64 { 1 << 0 }
    public static var machineCheck: UInt64 { 1 << 2 }
    public static var external: UInt64 { 1 << 3 }
    public static var decrementer: UInt64 { 1 << 8 }
    public static var hypervisorDecrementer: UInt64 { 1 << 9 }
    public static var doorbell: UInt64 { 1 << 14 }
    public static var performanceMonitor: UInt64 { 1 << 15 }
    public static var hypervisorMaintenance: UInt64 { 1 << 16 }
    public static var hypervisorDoorbell: UInt64 { 1 << 17 }
    public static var hypervisorVirtualization: UInt64 { 1 << 18 }
    public static var eventBasedBranch: UInt64 { 1 << 19 }
}
