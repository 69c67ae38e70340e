import CPPCState

// Loads and stores of one register (ISA 3.1 Book I, sections 3.3.2, 3.3.3 and 3.3.5).
//
// A generic function with a type of its own for every mode would be called through a thunk: every row names its functions
// for the modes.

/// The steps of loads and stores in one mode.
enum Access<Mode: AccessMode> {
    /// Accesses memory that the soft TLB has; leaves everything else to the row's function.
    @inline(__always)
    static func access(
        _ cpu: CPUState, _ raw: UnsafeMutableRawPointer, _ body: (CPUState, AccessStep<Mode>) -> Int32
    ) -> UnsafeMutableRawPointer? {
        guard body(cpu, AccessStep(step: Step.at(raw))) == Outcome.next else { return StepFlow.callRow(cpu, raw) }
        return StepFlow.advance(cpu, raw)
    }

    // MARK: Loads

    @inline(__always)
    static func lbz(_ cpu: CPUState, _ raw: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
        access(cpu, raw) { LoadStore.load($0, $1, .d, UInt8.self, hitsOnly: true) }
    }

    @inline(__always)
    static func lbzu(_ cpu: CPUState, _ raw: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
        access(cpu, raw) { LoadStore.load($0, $1, .d, UInt8.self, update: true, hitsOnly: true) }
    }

    @inline(__always)
    static func lbzx(_ cpu: CPUState, _ raw: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
        access(cpu, raw) { LoadStore.load($0, $1, .x, UInt8.self, hitsOnly: true) }
    }

    @inline(__always)
    static func lhz(_ cpu: CPUState, _ raw: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
        access(cpu, raw) { LoadStore.load($0, $1, .d, UInt16.self, hitsOnly: true) }
    }

    @inline(__always)
    static func lhzu(_ cpu: CPUState, _ raw: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
        access(cpu, raw) { LoadStore.load($0, $1, .d, UInt16.self, update: true, hitsOnly: true) }
    }

    @inline(__always)
    static func lhzx(_ cpu: CPUState, _ raw: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
        access(cpu, raw) { LoadStore.load($0, $1, .x, UInt16.self, hitsOnly: true) }
    }

    @inline(__always)
    static func lwz(_ cpu: CPUState, _ raw: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
        access(cpu, raw) { LoadStore.load($0, $1, .d, UInt32.self, hitsOnly: true) }
    }

    @inline(__always)
    static func lwzu(_ cpu: CPUState, _ raw: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
        access(cpu, raw) { LoadStore.load($0, $1, .d, UInt32.self, update: true, hitsOnly: true) }
    }

    @inline(__always)
    static func lwzx(_ cpu: CPUState, _ raw: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
        access(cpu, raw) { LoadStore.load($0, $1, .x, UInt32.self, hitsOnly: true) }
    }

    @inline(__always)
    static func ld(_ cpu: CPUState, _ raw: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
        access(cpu, raw) { LoadStore.load($0, $1, .ds, UInt64.self, hitsOnly: true) }
    }

    @inline(__always)
    static func ldu(_ cpu: CPUState, _ raw: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
        access(cpu, raw) { LoadStore.load($0, $1, .ds, UInt64.self, update: true, hitsOnly: true) }
    }

    @inline(__always)
    static func ldx(_ cpu: CPUState, _ raw: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
        access(cpu, raw) { LoadStore.load($0, $1, .x, UInt64.self, hitsOnly: true) }
    }

    @inline(__always)
    static func lhbrx(_ cpu: CPUState, _ raw: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
        access(cpu, raw) { LoadStore.load($0, $1, .x, UInt16.self, reversed: true, hitsOnly: true) }
    }

    @inline(__always)
    static func lwbrx(_ cpu: CPUState, _ raw: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
        access(cpu, raw) { LoadStore.load($0, $1, .x, UInt32.self, reversed: true, hitsOnly: true) }
    }

    @inline(__always)
    static func ldbrx(_ cpu: CPUState, _ raw: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
        access(cpu, raw) { LoadStore.load($0, $1, .x, UInt64.self, reversed: true, hitsOnly: true) }
    }

    @inline(__always)
    static func lha(_ cpu: CPUState, _ raw: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
        access(cpu, raw) { LoadStore.loadAlgebraic($0, $1, .d, UInt16.self, as: Int16.self, hitsOnly: true) }
    }

    @inline(__always)
    static func lhax(_ cpu: CPUState, _ raw: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
        access(cpu, raw) { LoadStore.loadAlgebraic($0, $1, .x, UInt16.self, as: Int16.self, hitsOnly: true) }
    }

    @inline(__always)
    static func lwa(_ cpu: CPUState, _ raw: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
        access(cpu, raw) { LoadStore.loadAlgebraic($0, $1, .ds, UInt32.self, as: Int32.self, hitsOnly: true) }
    }

    @inline(__always)
    static func lwax(_ cpu: CPUState, _ raw: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
        access(cpu, raw) { LoadStore.loadAlgebraic($0, $1, .x, UInt32.self, as: Int32.self, hitsOnly: true) }
    }

    // MARK: Stores

    @inline(__always)
    static func stb(_ cpu: CPUState, _ raw: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
        access(cpu, raw) { LoadStore.store($0, $1, .d, UInt8.self, hitsOnly: true) }
    }

    @inline(__always)
    static func stbu(_ cpu: CPUState, _ raw: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
        access(cpu, raw) { LoadStore.store($0, $1, .d, UInt8.self, update: true, hitsOnly: true) }
    }

    @inline(__always)
    static func stbx(_ cpu: CPUState, _ raw: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
        access(cpu, raw) { LoadStore.store($0, $1, .x, UInt8.self, hitsOnly: true) }
    }

    @inline(__always)
    static func sth(_ cpu: CPUState, _ raw: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
        access(cpu, raw) { LoadStore.store($0, $1, .d, UInt16.self, hitsOnly: true) }
    }

    @inline(__always)
    static func sthu(_ cpu: CPUState, _ raw: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
        access(cpu, raw) { LoadStore.store($0, $1, .d, UInt16.self, update: true, hitsOnly: true) }
    }

    @inline(__always)
    static func sthx(_ cpu: CPUState, _ raw: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
        access(cpu, raw) { LoadStore.store($0, $1, .x, UInt16.self, hitsOnly: true) }
    }

    @inline(__always)
    static func stw(_ cpu: CPUState, _ raw: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
        access(cpu, raw) { LoadStore.store($0, $1, .d, UInt32.self, hitsOnly: true) }
    }

    @inline(__always)
    static func stwu(_ cpu: CPUState, _ raw: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
        access(cpu, raw) { LoadStore.store($0, $1, .d, UInt32.self, update: true, hitsOnly: true) }
    }

    @inline(__always)
    static func stwx(_ cpu: CPUState, _ raw: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
        access(cpu, raw) { LoadStore.store($0, $1, .x, UInt32.self, hitsOnly: true) }
    }

    @inline(__always)
    static func std(_ cpu: CPUState, _ raw: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
        access(cpu, raw) { LoadStore.store($0, $1, .ds, UInt64.self, hitsOnly: true) }
    }

    @inline(__always)
    static func stdu(_ cpu: CPUState, _ raw: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
        access(cpu, raw) { LoadStore.store($0, $1, .ds, UInt64.self, update: true, hitsOnly: true) }
    }

    @inline(__always)
    static func stdx(_ cpu: CPUState, _ raw: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
        access(cpu, raw) { LoadStore.store($0, $1, .x, UInt64.self, hitsOnly: true) }
    }

    @inline(__always)
    static func sthbrx(_ cpu: CPUState, _ raw: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
        access(cpu, raw) { LoadStore.store($0, $1, .x, UInt16.self, reversed: true, hitsOnly: true) }
    }

    @inline(__always)
    static func stwbrx(_ cpu: CPUState, _ raw: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
        access(cpu, raw) { LoadStore.store($0, $1, .x, UInt32.self, reversed: true, hitsOnly: true) }
    }

    @inline(__always)
    static func stdbrx(_ cpu: CPUState, _ raw: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
        access(cpu, raw) { LoadStore.store($0, $1, .x, UInt64.self, reversed: true, hitsOnly: true) }
    }
}

private typealias L4 = Access<Little4K>
private typealias L64 = Access<Little64K>
private typealias B4 = Access<Big4K>
private typealias B64 = Access<Big64K>

extension StepRecipe {
    static let loads: [StepRecipe] = [
        .init(
            "lbz", .signed, by: .init({ L4.lbz($0, $1) }, { L64.lbz($0, $1) })),
        .init(
            "lbzu", .signed,
            by: .init({ L4.lbzu($0, $1) }, { L64.lbzu($0, $1) })),
        .init(
            "lbzx", by: .init({ L4.lbzx($0, $1) }, { L64.lbzx($0, $1) })),
        .init(
            "lhz", .signed, by: .init({ L4.lhz($0, $1) }, { L64.lhz($0, $1) }, { B4.lhz($0, $1) }, { B64.lhz($0, $1) })),
        .init(
            "lhzu", .signed,
            by: .init({ L4.lhzu($0, $1) }, { L64.lhzu($0, $1) }, { B4.lhzu($0, $1) }, { B64.lhzu($0, $1) })),
        .init(
            "lhzx", by: .init({ L4.lhzx($0, $1) }, { L64.lhzx($0, $1) }, { B4.lhzx($0, $1) }, { B64.lhzx($0, $1) })),
        .init(
            "lwz", .signed, by: .init({ L4.lwz($0, $1) }, { L64.lwz($0, $1) }, { B4.lwz($0, $1) }, { B64.lwz($0, $1) })),
        .init(
            "lwzu", .signed,
            by: .init({ L4.lwzu($0, $1) }, { L64.lwzu($0, $1) }, { B4.lwzu($0, $1) }, { B64.lwzu($0, $1) })),
        .init(
            "lwzx", by: .init({ L4.lwzx($0, $1) }, { L64.lwzx($0, $1) }, { B4.lwzx($0, $1) }, { B64.lwzx($0, $1) })),
        .init(
            "ld", .scaled4, by: .init({ L4.ld($0, $1) }, { L64.ld($0, $1) }, { B4.ld($0, $1) }, { B64.ld($0, $1) })),
        .init(
            "ldu", .scaled4, by: .init({ L4.ldu($0, $1) }, { L64.ldu($0, $1) }, { B4.ldu($0, $1) }, { B64.ldu($0, $1) })
        ),
        .init(
            "ldx", by: .init({ L4.ldx($0, $1) }, { L64.ldx($0, $1) }, { B4.ldx($0, $1) }, { B64.ldx($0, $1) })),
        .init(
            "lhbrx", by: .init({ L4.lhbrx($0, $1) }, { L64.lhbrx($0, $1) }, { B4.lhbrx($0, $1) }, { B64.lhbrx($0, $1) })
        ),
        .init(
            "lwbrx", by: .init({ L4.lwbrx($0, $1) }, { L64.lwbrx($0, $1) }, { B4.lwbrx($0, $1) }, { B64.lwbrx($0, $1) })
        ),
        .init(
            "ldbrx", by: .init({ L4.ldbrx($0, $1) }, { L64.ldbrx($0, $1) }, { B4.ldbrx($0, $1) }, { B64.ldbrx($0, $1) })
        ),
        .init(
            "lha", .signed, by: .init({ L4.lha($0, $1) }, { L64.lha($0, $1) }, { B4.lha($0, $1) }, { B64.lha($0, $1) })),
        .init(
            "lhax", by: .init({ L4.lhax($0, $1) }, { L64.lhax($0, $1) }, { B4.lhax($0, $1) }, { B64.lhax($0, $1) })),
        .init(
            "lwa", .scaled4, by: .init({ L4.lwa($0, $1) }, { L64.lwa($0, $1) }, { B4.lwa($0, $1) }, { B64.lwa($0, $1) })
        ),
        .init(
            "lwax", by: .init({ L4.lwax($0, $1) }, { L64.lwax($0, $1) }, { B4.lwax($0, $1) }, { B64.lwax($0, $1) })),
    ]

    static let stores: [StepRecipe] = [
        .init(
            "stb", .signed, by: .init({ L4.stb($0, $1) }, { L64.stb($0, $1) })),
        .init(
            "stbu", .signed,
            by: .init({ L4.stbu($0, $1) }, { L64.stbu($0, $1) })),
        .init(
            "stbx", by: .init({ L4.stbx($0, $1) }, { L64.stbx($0, $1) })),
        .init(
            "sth", .signed, by: .init({ L4.sth($0, $1) }, { L64.sth($0, $1) }, { B4.sth($0, $1) }, { B64.sth($0, $1) })),
        .init(
            "sthu", .signed,
            by: .init({ L4.sthu($0, $1) }, { L64.sthu($0, $1) }, { B4.sthu($0, $1) }, { B64.sthu($0, $1) })),
        .init(
            "sthx", by: .init({ L4.sthx($0, $1) }, { L64.sthx($0, $1) }, { B4.sthx($0, $1) }, { B64.sthx($0, $1) })),
        .init(
            "stw", .signed, by: .init({ L4.stw($0, $1) }, { L64.stw($0, $1) }, { B4.stw($0, $1) }, { B64.stw($0, $1) })),
        .init(
            "stwu", .signed,
            by: .init({ L4.stwu($0, $1) }, { L64.stwu($0, $1) }, { B4.stwu($0, $1) }, { B64.stwu($0, $1) })),
        .init(
            "stwx", by: .init({ L4.stwx($0, $1) }, { L64.stwx($0, $1) }, { B4.stwx($0, $1) }, { B64.stwx($0, $1) })),
        .init(
            "std", .scaled4, by: .init({ L4.std($0, $1) }, { L64.std($0, $1) }, { B4.std($0, $1) }, { B64.std($0, $1) })
        ),
        .init(
            "stdu", .scaled4,
            by: .init({ L4.stdu($0, $1) }, { L64.stdu($0, $1) }, { B4.stdu($0, $1) }, { B64.stdu($0, $1) })),
        .init(
            "stdx", by: .init({ L4.stdx($0, $1) }, { L64.stdx($0, $1) }, { B4.stdx($0, $1) }, { B64.stdx($0, $1) })),
        .init(
            "sthbrx",
            by: .init({ L4.sthbrx($0, $1) }, { L64.sthbrx($0, $1) }, { B4.sthbrx($0, $1) }, { B64.sthbrx($0, $1) })),
        .init(
            "stwbrx",
            by: .init({ L4.stwbrx($0, $1) }, { L64.stwbrx($0, $1) }, { B4.stwbrx($0, $1) }, { B64.stwbrx($0, $1) })),
        .init(
            "stdbrx",
            by: .init({ L4.stdbrx($0, $1) }, { L64.stdbrx($0, $1) }, { B4.stdbrx($0, $1) }, { B64.stdbrx($0, $1) })),
    ]
}
