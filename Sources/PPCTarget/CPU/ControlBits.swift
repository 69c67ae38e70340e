/// Bits of the machine state register (ISA 3.1 Book III, section 4.2.1).
package enum MSR {
    package static var sf: UInt64 { 1 << 63 }
    package static var hv: UInt64 { 1 << 60 }
    package static var ts: UInt64 { 3 << 33 }
    package static var tm: UInt64 { 1 << 32 }
    package static var vec: UInt64 { 1 << 25 }
    package static var vsx: UInt64 { 1 << 23 }
    package static var s: UInt64 { 1 << 22 }
    package static var pow: UInt64 { 1 << 18 }
    package static var ee: UInt64 { 1 << 15 }
    package static var pr: UInt64 { 1 << 14 }
    package static var fp: UInt64 { 1 << 13 }
    package static var me: UInt64 { 1 << 12 }
    package static var fe0: UInt64 { 1 << 11 }
    package static var se: UInt64 { 1 << 10 }
    package static var be: UInt64 { 1 << 9 }
    package static var fe1: UInt64 { 1 << 8 }
    package static var ir: UInt64 { 1 << 5 }
    package static var dr: UInt64 { 1 << 4 }
    package static var pmm: UInt64 { 1 << 2 }
    package static var ri: UInt64 { 1 << 1 }
    package static var le: UInt64 { 1 << 0 }
}

/// Bits of the logical partitioning control register (ISA 3.1 Book III, section 2.2).
package enum LPCR {
    package static var vpm0: UInt64 { 1 << 63 }
    package static var vpm1: UInt64 { 1 << 62 }
    package static var isl: UInt64 { 1 << 61 }
    package static var kbv: UInt64 { 1 << 60 }
    package static var hvee: UInt64 { 1 << 46 }
    package static var rmls: UInt64 { 15 << 26 }
    package static var hail: UInt64 { 1 << 26 }
    package static var ile: UInt64 { 1 << 25 }
    package static var ail: UInt64 { 3 << 23 }
    package static var ailShift: UInt64 { 23 }
    package static var uprt: UInt64 { 1 << 22 }
    package static var hr: UInt64 { 1 << 20 }
    package static var ld: UInt64 { 1 << 17 }
    /// Power-saving exit causes; positions differ between models.
    package static var p7pece0: UInt64 { 1 << 14 }
    package static var p7pece1: UInt64 { 1 << 13 }
    package static var p7pece2: UInt64 { 1 << 12 }
    package static var p8pece0: UInt64 { 1 << 16 }
    package static var p8pece1: UInt64 { 1 << 15 }
    package static var p8pece2: UInt64 { 1 << 14 }
    package static var p8pece3: UInt64 { 1 << 13 }
    package static var p8pece4: UInt64 { 1 << 12 }
    package static var mer: UInt64 { 1 << 11 }
    package static var gtse: UInt64 { 1 << 10 }
    package static var heic: UInt64 { 1 << 4 }
    package static var lpes0: UInt64 { 1 << 3 }
    package static var lpes1: UInt64 { 1 << 2 }
    package static var hvice: UInt64 { 1 << 1 }
    package static var hdice: UInt64 { 1 << 0 }
}

/// Bits of the facility status and control register (ISA 3.1 Book III, section 7.2.10) and causes of its interrupt.
package enum FSCR {
    package static var ebb: UInt64 { 1 << 7 }
    package static var tar: UInt64 { 1 << 8 }
    package static var scv: UInt64 { 1 << 12 }
    package static var prefix: UInt64 { 1 << 13 }
    package static var causeShift: UInt64 { 56 }
    package static var causeMask: UInt64 { 0xff << 56 }
    package static var causePMU: UInt64 { 3 }
    package static var causeTM: UInt64 { 5 }
    package static var causeEBB: UInt64 { 7 }
    package static var causeTAR: UInt64 { 8 }
    package static var causeSCV: UInt64 { 12 }
}

/// Bits of the branch event status and control register (ISA 3.1 Book II, section 6.2).
package enum BESCR {
    package static var globalEnable: UInt64 { 1 << 63 }
    package static var monitorEnable: UInt64 { 1 << 32 }
    package static var externalOccurred: UInt64 { 1 << 1 }
    package static var monitorOccurred: UInt64 { 1 << 0 }
}

/// PSSCR[EC]: exit criterion of a power-saving state (ISA 3.1 Book III, section 4.3.3).
package enum PSSCR {
    package static var ec: UInt64 { 1 << 20 }
}

/// Causes of storage interrupts in DSISR and, for instruction fetches, SRR1 (ISA 3.1 Book III, section 7.5.3).
package enum StorageCause {
    package static var noTranslation: UInt64 { 0x4000_0000 }
    /// SRR1 only: no-execute or guarded storage.
    package static var noExecute: UInt64 { 0x1000_0000 }
    package static var protection: UInt64 { 0x0800_0000 }
    package static var store: UInt64 { 0x0200_0000 }
    package static var key: UInt64 { 0x0020_0000 }
    package static var badConfiguration: UInt64 { 0x0008_0000 }
    package static var atomicUpdate: UInt64 { 0x0004_0000 }
    package static var processTable: UInt64 { 0x0002_0000 }
}

/// Bits of `ppc_cpu.pending_interrupts`. The values are those that older machine versions send in a stream.
package enum PendingInterrupt {
    package static var reset: UInt64 { 1 << 0 }
    package static var machineCheck: UInt64 { 1 << 2 }
    package static var external: UInt64 { 1 << 3 }
    package static var decrementer: UInt64 { 1 << 8 }
    package static var hypervisorDecrementer: UInt64 { 1 << 9 }
    package static var doorbell: UInt64 { 1 << 14 }
    package static var performanceMonitor: UInt64 { 1 << 15 }
    package static var hypervisorMaintenance: UInt64 { 1 << 16 }
    package static var hypervisorDoorbell: UInt64 { 1 << 17 }
    package static var hypervisorVirtualization: UInt64 { 1 << 18 }
    package static var eventBasedBranch: UInt64 { 1 << 19 }
}
