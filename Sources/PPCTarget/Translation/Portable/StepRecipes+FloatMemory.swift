import CPPCState

// Loads and stores of floating-point and vector registers (ISA 3.1 Book I, sections 4.6.2, 4.6.3, 6.7 and 7.6).

extension Access {
    /// Loads what fits into a doubleword into an FPR.
    @inline(__always)
    private static func loadFloat<T: FixedWidthInteger & UnsignedInteger>(
        _ cpu: CPUState, _ raw: UnsafeMutableRawPointer, _ form: LoadStore.Address, _ convert: (T) -> UInt64
    ) -> UnsafeMutableRawPointer? {
        access(cpu, raw) { cpu, f in
            var value: T = 0
            guard f.loadHit(cpu, LoadStore.address(cpu, f, form), &value) else { return Outcome.exception }
            setFPR(cpu, f.rt, convert(value))
            return Outcome.next
        }
    }

    @inline(__always)
    private static func storeFloat<T: FixedWidthInteger & UnsignedInteger>(
        _ cpu: CPUState, _ raw: UnsafeMutableRawPointer, _ form: LoadStore.Address, _ convert: (UInt64) -> T
    ) -> UnsafeMutableRawPointer? {
        access(cpu, raw) { cpu, f in
            let value = convert(fpr(cpu, f.rs))
            guard f.storeHit(cpu, LoadStore.address(cpu, f, form), value) else { return Outcome.exception }
            return Outcome.next
        }
    }

    /// Loads a quadword into the VSR that the step names as RT.
    @inline(__always)
    private static func loadQuad(
        _ cpu: CPUState, _ raw: UnsafeMutableRawPointer, _ form: LoadStore.Address, mask: UInt64 = .max
    ) -> UnsafeMutableRawPointer? {
        access(cpu, raw) { cpu, f in
            var value: UInt128 = 0
            guard f.loadHit(cpu, LoadStore.address(cpu, f, form) & mask, &value) else { return Outcome.exception }
            vsr(cpu)[f.rt] = ppc_vsr(value)
            return Outcome.next
        }
    }

    @inline(__always)
    private static func storeQuad(
        _ cpu: CPUState, _ raw: UnsafeMutableRawPointer, _ form: LoadStore.Address, mask: UInt64 = .max
    ) -> UnsafeMutableRawPointer? {
        access(cpu, raw) { cpu, f in
            let value: UInt128 = vsr(cpu)[f.rs].view()
            guard f.storeHit(cpu, LoadStore.address(cpu, f, form) & mask, value) else { return Outcome.exception }
            return Outcome.next
        }
    }

    @inline(__always)
    static func lfs(_ cpu: CPUState, _ raw: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
        loadFloat(cpu, raw, .d) { doubleFormat($0) }
    }

    @inline(__always)
    static func lfsx(_ cpu: CPUState, _ raw: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
        loadFloat(cpu, raw, .x) { doubleFormat($0) }
    }

    @inline(__always)
    static func lfd(_ cpu: CPUState, _ raw: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
        loadFloat(cpu, raw, .d) { (value: UInt64) in value }
    }

    @inline(__always)
    static func lfdx(_ cpu: CPUState, _ raw: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
        loadFloat(cpu, raw, .x) { (value: UInt64) in value }
    }

    @inline(__always)
    static func stfs(_ cpu: CPUState, _ raw: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
        storeFloat(cpu, raw, .d) { singleFormat($0) }
    }

    @inline(__always)
    static func stfsx(_ cpu: CPUState, _ raw: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
        storeFloat(cpu, raw, .x) { singleFormat($0) }
    }

    @inline(__always)
    static func stfd(_ cpu: CPUState, _ raw: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
        storeFloat(cpu, raw, .d) { $0 }
    }

    @inline(__always)
    static func stfdx(_ cpu: CPUState, _ raw: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
        storeFloat(cpu, raw, .x) { $0 }
    }

    @inline(__always)
    static func lxv(_ cpu: CPUState, _ raw: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
        loadQuad(cpu, raw, .d)
    }

    @inline(__always)
    static func lxvx(_ cpu: CPUState, _ raw: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
        loadQuad(cpu, raw, .x)
    }

    /// The address is rounded down to a multiple of 16.
    @inline(__always)
    static func lvx(_ cpu: CPUState, _ raw: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
        loadQuad(cpu, raw, .x, mask: ~15)
    }

    @inline(__always)
    static func stxv(_ cpu: CPUState, _ raw: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
        storeQuad(cpu, raw, .d)
    }

    @inline(__always)
    static func stxvx(_ cpu: CPUState, _ raw: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
        storeQuad(cpu, raw, .x)
    }

    @inline(__always)
    static func stvx(_ cpu: CPUState, _ raw: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
        storeQuad(cpu, raw, .x, mask: ~15)
    }
}

private typealias L4 = Access<Little4K>
private typealias L64 = Access<Little64K>
private typealias B4 = Access<Big4K>
private typealias B64 = Access<Big64K>

extension StepRecipe {
    static let floats: [StepRecipe] = [
        .init(
            "lfs", .signed,
            by: .init({ L4.lfs($0, $1) }, { L64.lfs($0, $1) }, { B4.lfs($0, $1) }, { B64.lfs($0, $1) })),
        .init(
            "lfsx",
            by: .init({ L4.lfsx($0, $1) }, { L64.lfsx($0, $1) }, { B4.lfsx($0, $1) }, { B64.lfsx($0, $1) })),
        .init(
            "lfd", .signed,
            by: .init({ L4.lfd($0, $1) }, { L64.lfd($0, $1) }, { B4.lfd($0, $1) }, { B64.lfd($0, $1) })),
        .init(
            "lfdx",
            by: .init({ L4.lfdx($0, $1) }, { L64.lfdx($0, $1) }, { B4.lfdx($0, $1) }, { B64.lfdx($0, $1) })),
        .init(
            "stfs", .signed,
            by: .init({ L4.stfs($0, $1) }, { L64.stfs($0, $1) }, { B4.stfs($0, $1) }, { B64.stfs($0, $1) })),
        .init(
            "stfsx",
            by: .init({ L4.stfsx($0, $1) }, { L64.stfsx($0, $1) }, { B4.stfsx($0, $1) }, { B64.stfsx($0, $1) })),
        .init(
            "stfd", .signed,
            by: .init({ L4.stfd($0, $1) }, { L64.stfd($0, $1) }, { B4.stfd($0, $1) }, { B64.stfd($0, $1) })),
        .init(
            "stfdx",
            by: .init({ L4.stfdx($0, $1) }, { L64.stfdx($0, $1) }, { B4.stfdx($0, $1) }, { B64.stfdx($0, $1) })),
    ]

    static let vectors: [StepRecipe] = [
        .init(
            "lxv", .scaled16, register: .xtDQ,
            by: .init({ L4.lxv($0, $1) }, { L64.lxv($0, $1) }, { B4.lxv($0, $1) }, { B64.lxv($0, $1) })),
        .init(
            "lxvx", register: .xt,
            by: .init({ L4.lxvx($0, $1) }, { L64.lxvx($0, $1) }, { B4.lxvx($0, $1) }, { B64.lxvx($0, $1) })),
        .init(
            "lvx", register: .vrt,
            by: .init({ L4.lvx($0, $1) }, { L64.lvx($0, $1) }, { B4.lvx($0, $1) }, { B64.lvx($0, $1) })),
        .init(
            "stxv", .scaled16, register: .xtDQ,
            by: .init({ L4.stxv($0, $1) }, { L64.stxv($0, $1) }, { B4.stxv($0, $1) }, { B64.stxv($0, $1) })),
        .init(
            "stxvx", register: .xt,
            by: .init({ L4.stxvx($0, $1) }, { L64.stxvx($0, $1) }, { B4.stxvx($0, $1) }, { B64.stxvx($0, $1) })),
        .init(
            "stvx", register: .vrt,
            by: .init({ L4.stvx($0, $1) }, { L64.stvx($0, $1) }, { B4.stvx($0, $1) }, { B64.stvx($0, $1) })),
    ]
}
