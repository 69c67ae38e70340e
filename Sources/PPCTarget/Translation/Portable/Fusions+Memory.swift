import CPPCState

// Fusions of loads and stores with one another and with what stands around them most often.

extension Access {
    /// Two loads or stores off the same base.
    @inline(__always)
    private static func sharing(
        _ cpu: CPUState, _ raw: UnsafeMutableRawPointer, _ first: (CPUState, SharedBase<Mode>) -> Int32,
        _ second: (CPUState, SharedBase<Mode>) -> Int32
    ) -> UnsafeMutableRawPointer? {
        let one = SharedBase<Mode>(first: Step.at(raw), cpu)
        guard first(cpu, one) == Outcome.next else { return StepFlow.callRow(cpu, raw) }
        let next = raw + Step.size
        guard second(cpu, SharedBase(second: Step.at(next), after: one)) == Outcome.next else {
            return StepFlow.again(cpu, next)
        }
        return StepFlow.advance(cpu, next)
    }

    // Steps have displacements of all forms in one place.

    @inline(__always)
    static func loads<A: FixedWidthInteger & UnsignedInteger, B: FixedWidthInteger & UnsignedInteger>(
        _ cpu: CPUState, _ raw: UnsafeMutableRawPointer, _: A.Type, _: B.Type
    ) -> UnsafeMutableRawPointer? {
        sharing(
            cpu, raw, { LoadStore.load($0, $1, .d, A.self, hitsOnly: true) },
            { LoadStore.load($0, $1, .d, B.self, hitsOnly: true) })
    }

    @inline(__always)
    static func stores<A: FixedWidthInteger & UnsignedInteger, B: FixedWidthInteger & UnsignedInteger>(
        _ cpu: CPUState, _ raw: UnsafeMutableRawPointer, _: A.Type, _: B.Type, update: Bool = false
    ) -> UnsafeMutableRawPointer? {
        sharing(
            cpu, raw, { LoadStore.store($0, $1, .d, A.self, hitsOnly: true) },
            { LoadStore.store($0, $1, .d, B.self, update: update, hitsOnly: true) })
    }

    /// A load, and an instruction that works on registers.
    @inline(__always)
    static func load<T: FixedWidthInteger & UnsignedInteger>(
        _ cpu: CPUState, _ raw: UnsafeMutableRawPointer, _: T.Type, then second: (CPUState, PlainStep) -> Int32
    ) -> UnsafeMutableRawPointer? {
        let loaded = LoadStore.load(cpu, AccessStep<Mode>(step: Step.at(raw)), .d, T.self, hitsOnly: true)
        guard loaded == Outcome.next else { return StepFlow.callRow(cpu, raw) }
        let next = raw + Step.size
        _ = second(cpu, PlainStep(step: Step.at(next)))
        return StepFlow.advance(cpu, next)
    }

    /// An instruction that works on registers, and a store.
    @inline(__always)
    static func store<T: FixedWidthInteger & UnsignedInteger>(
        _ cpu: CPUState, _ raw: UnsafeMutableRawPointer, _: T.Type, after first: (CPUState, PlainStep) -> Int32
    ) -> UnsafeMutableRawPointer? {
        _ = first(cpu, PlainStep(step: Step.at(raw)))
        let next = raw + Step.size
        let stored = LoadStore.store(cpu, AccessStep<Mode>(step: Step.at(next)), .d, T.self, hitsOnly: true)
        guard stored == Outcome.next else { return StepFlow.callRow(cpu, next) }
        return StepFlow.advance(cpu, next)
    }
}

private typealias L4 = Access<Little4K>
private typealias L64 = Access<Little64K>
private typealias B4 = Access<Big4K>
private typealias B64 = Access<Big64K>

extension Fusion {
    static let accesses: [Fusion] = loadPairs + storePairs + mixed

    private static let loadPairs: [Fusion] = [
        Fusion(
            .lbz, .lbz, .sameBase,
            by: .init(
                { L4.loads($0, $1, UInt8.self, UInt8.self) },
                { L64.loads($0, $1, UInt8.self, UInt8.self) })),
        Fusion(
            .lbz, .lhz, .sameBase,
            by: .init(
                { L4.loads($0, $1, UInt8.self, UInt16.self) },
                { L64.loads($0, $1, UInt8.self, UInt16.self) },
                { B4.loads($0, $1, UInt8.self, UInt16.self) },
                { B64.loads($0, $1, UInt8.self, UInt16.self) })),
        Fusion(
            .lbz, .lwz, .sameBase,
            by: .init(
                { L4.loads($0, $1, UInt8.self, UInt32.self) },
                { L64.loads($0, $1, UInt8.self, UInt32.self) },
                { B4.loads($0, $1, UInt8.self, UInt32.self) },
                { B64.loads($0, $1, UInt8.self, UInt32.self) })),
        Fusion(
            .lbz, .ld, .sameBase,
            by: .init(
                { L4.loads($0, $1, UInt8.self, UInt64.self) },
                { L64.loads($0, $1, UInt8.self, UInt64.self) },
                { B4.loads($0, $1, UInt8.self, UInt64.self) },
                { B64.loads($0, $1, UInt8.self, UInt64.self) })),
        Fusion(
            .lhz, .lbz, .sameBase,
            by: .init(
                { L4.loads($0, $1, UInt16.self, UInt8.self) },
                { L64.loads($0, $1, UInt16.self, UInt8.self) },
                { B4.loads($0, $1, UInt16.self, UInt8.self) },
                { B64.loads($0, $1, UInt16.self, UInt8.self) })),
        Fusion(
            .lhz, .lhz, .sameBase,
            by: .init(
                { L4.loads($0, $1, UInt16.self, UInt16.self) },
                { L64.loads($0, $1, UInt16.self, UInt16.self) },
                { B4.loads($0, $1, UInt16.self, UInt16.self) },
                { B64.loads($0, $1, UInt16.self, UInt16.self) })),
        Fusion(
            .lhz, .lwz, .sameBase,
            by: .init(
                { L4.loads($0, $1, UInt16.self, UInt32.self) },
                { L64.loads($0, $1, UInt16.self, UInt32.self) },
                { B4.loads($0, $1, UInt16.self, UInt32.self) },
                { B64.loads($0, $1, UInt16.self, UInt32.self) })),
        Fusion(
            .lhz, .ld, .sameBase,
            by: .init(
                { L4.loads($0, $1, UInt16.self, UInt64.self) },
                { L64.loads($0, $1, UInt16.self, UInt64.self) },
                { B4.loads($0, $1, UInt16.self, UInt64.self) },
                { B64.loads($0, $1, UInt16.self, UInt64.self) })),
        Fusion(
            .lwz, .lbz, .sameBase,
            by: .init(
                { L4.loads($0, $1, UInt32.self, UInt8.self) },
                { L64.loads($0, $1, UInt32.self, UInt8.self) },
                { B4.loads($0, $1, UInt32.self, UInt8.self) },
                { B64.loads($0, $1, UInt32.self, UInt8.self) })),
        Fusion(
            .lwz, .lhz, .sameBase,
            by: .init(
                { L4.loads($0, $1, UInt32.self, UInt16.self) },
                { L64.loads($0, $1, UInt32.self, UInt16.self) },
                { B4.loads($0, $1, UInt32.self, UInt16.self) },
                { B64.loads($0, $1, UInt32.self, UInt16.self) })),
        Fusion(
            .lwz, .lwz, .sameBase,
            by: .init(
                { L4.loads($0, $1, UInt32.self, UInt32.self) },
                { L64.loads($0, $1, UInt32.self, UInt32.self) },
                { B4.loads($0, $1, UInt32.self, UInt32.self) },
                { B64.loads($0, $1, UInt32.self, UInt32.self) })),
        Fusion(
            .lwz, .ld, .sameBase,
            by: .init(
                { L4.loads($0, $1, UInt32.self, UInt64.self) },
                { L64.loads($0, $1, UInt32.self, UInt64.self) },
                { B4.loads($0, $1, UInt32.self, UInt64.self) },
                { B64.loads($0, $1, UInt32.self, UInt64.self) })),
        Fusion(
            .ld, .lbz, .sameBase,
            by: .init(
                { L4.loads($0, $1, UInt64.self, UInt8.self) },
                { L64.loads($0, $1, UInt64.self, UInt8.self) },
                { B4.loads($0, $1, UInt64.self, UInt8.self) },
                { B64.loads($0, $1, UInt64.self, UInt8.self) })),
        Fusion(
            .ld, .lhz, .sameBase,
            by: .init(
                { L4.loads($0, $1, UInt64.self, UInt16.self) },
                { L64.loads($0, $1, UInt64.self, UInt16.self) },
                { B4.loads($0, $1, UInt64.self, UInt16.self) },
                { B64.loads($0, $1, UInt64.self, UInt16.self) })),
        Fusion(
            .ld, .lwz, .sameBase,
            by: .init(
                { L4.loads($0, $1, UInt64.self, UInt32.self) },
                { L64.loads($0, $1, UInt64.self, UInt32.self) },
                { B4.loads($0, $1, UInt64.self, UInt32.self) },
                { B64.loads($0, $1, UInt64.self, UInt32.self) })),
        Fusion(
            .ld, .ld, .sameBase,
            by: .init(
                { L4.loads($0, $1, UInt64.self, UInt64.self) },
                { L64.loads($0, $1, UInt64.self, UInt64.self) },
                { B4.loads($0, $1, UInt64.self, UInt64.self) },
                { B64.loads($0, $1, UInt64.self, UInt64.self) })),
    ]

    private static let storePairs: [Fusion] = [
        Fusion(
            .stb, .stb, .sameBase,
            by: .init(
                { L4.stores($0, $1, UInt8.self, UInt8.self) },
                { L64.stores($0, $1, UInt8.self, UInt8.self) })),
        Fusion(
            .stb, .sth, .sameBase,
            by: .init(
                { L4.stores($0, $1, UInt8.self, UInt16.self) },
                { L64.stores($0, $1, UInt8.self, UInt16.self) },
                { B4.stores($0, $1, UInt8.self, UInt16.self) },
                { B64.stores($0, $1, UInt8.self, UInt16.self) })),
        Fusion(
            .stb, .stw, .sameBase,
            by: .init(
                { L4.stores($0, $1, UInt8.self, UInt32.self) },
                { L64.stores($0, $1, UInt8.self, UInt32.self) },
                { B4.stores($0, $1, UInt8.self, UInt32.self) },
                { B64.stores($0, $1, UInt8.self, UInt32.self) })),
        Fusion(
            .stb, .std, .sameBase,
            by: .init(
                { L4.stores($0, $1, UInt8.self, UInt64.self) },
                { L64.stores($0, $1, UInt8.self, UInt64.self) },
                { B4.stores($0, $1, UInt8.self, UInt64.self) },
                { B64.stores($0, $1, UInt8.self, UInt64.self) })),
        Fusion(
            .sth, .stb, .sameBase,
            by: .init(
                { L4.stores($0, $1, UInt16.self, UInt8.self) },
                { L64.stores($0, $1, UInt16.self, UInt8.self) },
                { B4.stores($0, $1, UInt16.self, UInt8.self) },
                { B64.stores($0, $1, UInt16.self, UInt8.self) })),
        Fusion(
            .sth, .sth, .sameBase,
            by: .init(
                { L4.stores($0, $1, UInt16.self, UInt16.self) },
                { L64.stores($0, $1, UInt16.self, UInt16.self) },
                { B4.stores($0, $1, UInt16.self, UInt16.self) },
                { B64.stores($0, $1, UInt16.self, UInt16.self) })),
        Fusion(
            .sth, .stw, .sameBase,
            by: .init(
                { L4.stores($0, $1, UInt16.self, UInt32.self) },
                { L64.stores($0, $1, UInt16.self, UInt32.self) },
                { B4.stores($0, $1, UInt16.self, UInt32.self) },
                { B64.stores($0, $1, UInt16.self, UInt32.self) })),
        Fusion(
            .sth, .std, .sameBase,
            by: .init(
                { L4.stores($0, $1, UInt16.self, UInt64.self) },
                { L64.stores($0, $1, UInt16.self, UInt64.self) },
                { B4.stores($0, $1, UInt16.self, UInt64.self) },
                { B64.stores($0, $1, UInt16.self, UInt64.self) })),
        Fusion(
            .stw, .stb, .sameBase,
            by: .init(
                { L4.stores($0, $1, UInt32.self, UInt8.self) },
                { L64.stores($0, $1, UInt32.self, UInt8.self) },
                { B4.stores($0, $1, UInt32.self, UInt8.self) },
                { B64.stores($0, $1, UInt32.self, UInt8.self) })),
        Fusion(
            .stw, .sth, .sameBase,
            by: .init(
                { L4.stores($0, $1, UInt32.self, UInt16.self) },
                { L64.stores($0, $1, UInt32.self, UInt16.self) },
                { B4.stores($0, $1, UInt32.self, UInt16.self) },
                { B64.stores($0, $1, UInt32.self, UInt16.self) })),
        Fusion(
            .stw, .stw, .sameBase,
            by: .init(
                { L4.stores($0, $1, UInt32.self, UInt32.self) },
                { L64.stores($0, $1, UInt32.self, UInt32.self) },
                { B4.stores($0, $1, UInt32.self, UInt32.self) },
                { B64.stores($0, $1, UInt32.self, UInt32.self) })),
        Fusion(
            .stw, .std, .sameBase,
            by: .init(
                { L4.stores($0, $1, UInt32.self, UInt64.self) },
                { L64.stores($0, $1, UInt32.self, UInt64.self) },
                { B4.stores($0, $1, UInt32.self, UInt64.self) },
                { B64.stores($0, $1, UInt32.self, UInt64.self) })),
        Fusion(
            .std, .stb, .sameBase,
            by: .init(
                { L4.stores($0, $1, UInt64.self, UInt8.self) },
                { L64.stores($0, $1, UInt64.self, UInt8.self) },
                { B4.stores($0, $1, UInt64.self, UInt8.self) },
                { B64.stores($0, $1, UInt64.self, UInt8.self) })),
        Fusion(
            .std, .sth, .sameBase,
            by: .init(
                { L4.stores($0, $1, UInt64.self, UInt16.self) },
                { L64.stores($0, $1, UInt64.self, UInt16.self) },
                { B4.stores($0, $1, UInt64.self, UInt16.self) },
                { B64.stores($0, $1, UInt64.self, UInt16.self) })),
        Fusion(
            .std, .stw, .sameBase,
            by: .init(
                { L4.stores($0, $1, UInt64.self, UInt32.self) },
                { L64.stores($0, $1, UInt64.self, UInt32.self) },
                { B4.stores($0, $1, UInt64.self, UInt32.self) },
                { B64.stores($0, $1, UInt64.self, UInt32.self) })),
        Fusion(
            .std, .std, .sameBase,
            by: .init(
                { L4.stores($0, $1, UInt64.self, UInt64.self) },
                { L64.stores($0, $1, UInt64.self, UInt64.self) },
                { B4.stores($0, $1, UInt64.self, UInt64.self) },
                { B64.stores($0, $1, UInt64.self, UInt64.self) })),
        Fusion(
            .std, .stdu, .sameBase,
            by: .init(
                { L4.stores($0, $1, UInt64.self, UInt64.self, update: true) },
                { L64.stores($0, $1, UInt64.self, UInt64.self, update: true) },
                { B4.stores($0, $1, UInt64.self, UInt64.self, update: true) },
                { B64.stores($0, $1, UInt64.self, UInt64.self, update: true) })),
    ]

    private static let mixed: [Fusion] = [
        Fusion(
            .lbz, .add,
            by: .init(
                { L4.load($0, $1, UInt8.self) { FixedPointArithmetic.add($0, $1) } },
                { L64.load($0, $1, UInt8.self) { FixedPointArithmetic.add($0, $1) } })),
        Fusion(
            .lbz, .addi,
            by: .init(
                { L4.load($0, $1, UInt8.self) { FixedPointArithmetic.addi($0, $1) } },
                { L64.load($0, $1, UInt8.self) { FixedPointArithmetic.addi($0, $1) } })),
        Fusion(
            .lbz, .or,
            by: .init(
                { L4.load($0, $1, UInt8.self) { FixedPointLogical.binary($0, $1) { $0 | $1 } } },
                { L64.load($0, $1, UInt8.self) { FixedPointLogical.binary($0, $1) { $0 | $1 } } })),
        Fusion(
            .lhz, .add,
            by: .init(
                { L4.load($0, $1, UInt16.self) { FixedPointArithmetic.add($0, $1) } },
                { L64.load($0, $1, UInt16.self) { FixedPointArithmetic.add($0, $1) } },
                { B4.load($0, $1, UInt16.self) { FixedPointArithmetic.add($0, $1) } },
                { B64.load($0, $1, UInt16.self) { FixedPointArithmetic.add($0, $1) } })),
        Fusion(
            .lhz, .addi,
            by: .init(
                { L4.load($0, $1, UInt16.self) { FixedPointArithmetic.addi($0, $1) } },
                { L64.load($0, $1, UInt16.self) { FixedPointArithmetic.addi($0, $1) } },
                { B4.load($0, $1, UInt16.self) { FixedPointArithmetic.addi($0, $1) } },
                { B64.load($0, $1, UInt16.self) { FixedPointArithmetic.addi($0, $1) } })),
        Fusion(
            .lhz, .or,
            by: .init(
                { L4.load($0, $1, UInt16.self) { FixedPointLogical.binary($0, $1) { $0 | $1 } } },
                { L64.load($0, $1, UInt16.self) { FixedPointLogical.binary($0, $1) { $0 | $1 } } },
                { B4.load($0, $1, UInt16.self) { FixedPointLogical.binary($0, $1) { $0 | $1 } } },
                { B64.load($0, $1, UInt16.self) { FixedPointLogical.binary($0, $1) { $0 | $1 } } })),
        Fusion(
            .lwz, .add,
            by: .init(
                { L4.load($0, $1, UInt32.self) { FixedPointArithmetic.add($0, $1) } },
                { L64.load($0, $1, UInt32.self) { FixedPointArithmetic.add($0, $1) } },
                { B4.load($0, $1, UInt32.self) { FixedPointArithmetic.add($0, $1) } },
                { B64.load($0, $1, UInt32.self) { FixedPointArithmetic.add($0, $1) } })),
        Fusion(
            .lwz, .addi,
            by: .init(
                { L4.load($0, $1, UInt32.self) { FixedPointArithmetic.addi($0, $1) } },
                { L64.load($0, $1, UInt32.self) { FixedPointArithmetic.addi($0, $1) } },
                { B4.load($0, $1, UInt32.self) { FixedPointArithmetic.addi($0, $1) } },
                { B64.load($0, $1, UInt32.self) { FixedPointArithmetic.addi($0, $1) } })),
        Fusion(
            .lwz, .or,
            by: .init(
                { L4.load($0, $1, UInt32.self) { FixedPointLogical.binary($0, $1) { $0 | $1 } } },
                { L64.load($0, $1, UInt32.self) { FixedPointLogical.binary($0, $1) { $0 | $1 } } },
                { B4.load($0, $1, UInt32.self) { FixedPointLogical.binary($0, $1) { $0 | $1 } } },
                { B64.load($0, $1, UInt32.self) { FixedPointLogical.binary($0, $1) { $0 | $1 } } })),
        Fusion(
            .ld, .add,
            by: .init(
                { L4.load($0, $1, UInt64.self) { FixedPointArithmetic.add($0, $1) } },
                { L64.load($0, $1, UInt64.self) { FixedPointArithmetic.add($0, $1) } },
                { B4.load($0, $1, UInt64.self) { FixedPointArithmetic.add($0, $1) } },
                { B64.load($0, $1, UInt64.self) { FixedPointArithmetic.add($0, $1) } })),
        Fusion(
            .ld, .addi,
            by: .init(
                { L4.load($0, $1, UInt64.self) { FixedPointArithmetic.addi($0, $1) } },
                { L64.load($0, $1, UInt64.self) { FixedPointArithmetic.addi($0, $1) } },
                { B4.load($0, $1, UInt64.self) { FixedPointArithmetic.addi($0, $1) } },
                { B64.load($0, $1, UInt64.self) { FixedPointArithmetic.addi($0, $1) } })),
        Fusion(
            .ld, .or,
            by: .init(
                { L4.load($0, $1, UInt64.self) { FixedPointLogical.binary($0, $1) { $0 | $1 } } },
                { L64.load($0, $1, UInt64.self) { FixedPointLogical.binary($0, $1) { $0 | $1 } } },
                { B4.load($0, $1, UInt64.self) { FixedPointLogical.binary($0, $1) { $0 | $1 } } },
                { B64.load($0, $1, UInt64.self) { FixedPointLogical.binary($0, $1) { $0 | $1 } } })),
        Fusion(
            .ld, .mtlr,
            by: .init(
                { L4.load($0, $1, UInt64.self) { SPRMoves.mtlr($0, $1) } },
                { L64.load($0, $1, UInt64.self) { SPRMoves.mtlr($0, $1) } },
                { B4.load($0, $1, UInt64.self) { SPRMoves.mtlr($0, $1) } },
                { B64.load($0, $1, UInt64.self) { SPRMoves.mtlr($0, $1) } })),
        Fusion(
            .add, .stb,
            by: .init(
                { L4.store($0, $1, UInt8.self) { FixedPointArithmetic.add($0, $1) } },
                { L64.store($0, $1, UInt8.self) { FixedPointArithmetic.add($0, $1) } })),
        Fusion(
            .addi, .stb,
            by: .init(
                { L4.store($0, $1, UInt8.self) { FixedPointArithmetic.addi($0, $1) } },
                { L64.store($0, $1, UInt8.self) { FixedPointArithmetic.addi($0, $1) } })),
        Fusion(
            .or, .stb,
            by: .init(
                { L4.store($0, $1, UInt8.self) { FixedPointLogical.binary($0, $1) { $0 | $1 } } },
                { L64.store($0, $1, UInt8.self) { FixedPointLogical.binary($0, $1) { $0 | $1 } } })),
        Fusion(
            .add, .sth,
            by: .init(
                { L4.store($0, $1, UInt16.self) { FixedPointArithmetic.add($0, $1) } },
                { L64.store($0, $1, UInt16.self) { FixedPointArithmetic.add($0, $1) } },
                { B4.store($0, $1, UInt16.self) { FixedPointArithmetic.add($0, $1) } },
                { B64.store($0, $1, UInt16.self) { FixedPointArithmetic.add($0, $1) } })),
        Fusion(
            .addi, .sth,
            by: .init(
                { L4.store($0, $1, UInt16.self) { FixedPointArithmetic.addi($0, $1) } },
                { L64.store($0, $1, UInt16.self) { FixedPointArithmetic.addi($0, $1) } },
                { B4.store($0, $1, UInt16.self) { FixedPointArithmetic.addi($0, $1) } },
                { B64.store($0, $1, UInt16.self) { FixedPointArithmetic.addi($0, $1) } })),
        Fusion(
            .or, .sth,
            by: .init(
                { L4.store($0, $1, UInt16.self) { FixedPointLogical.binary($0, $1) { $0 | $1 } } },
                { L64.store($0, $1, UInt16.self) { FixedPointLogical.binary($0, $1) { $0 | $1 } } },
                { B4.store($0, $1, UInt16.self) { FixedPointLogical.binary($0, $1) { $0 | $1 } } },
                { B64.store($0, $1, UInt16.self) { FixedPointLogical.binary($0, $1) { $0 | $1 } } })),
        Fusion(
            .add, .stw,
            by: .init(
                { L4.store($0, $1, UInt32.self) { FixedPointArithmetic.add($0, $1) } },
                { L64.store($0, $1, UInt32.self) { FixedPointArithmetic.add($0, $1) } },
                { B4.store($0, $1, UInt32.self) { FixedPointArithmetic.add($0, $1) } },
                { B64.store($0, $1, UInt32.self) { FixedPointArithmetic.add($0, $1) } })),
        Fusion(
            .addi, .stw,
            by: .init(
                { L4.store($0, $1, UInt32.self) { FixedPointArithmetic.addi($0, $1) } },
                { L64.store($0, $1, UInt32.self) { FixedPointArithmetic.addi($0, $1) } },
                { B4.store($0, $1, UInt32.self) { FixedPointArithmetic.addi($0, $1) } },
                { B64.store($0, $1, UInt32.self) { FixedPointArithmetic.addi($0, $1) } })),
        Fusion(
            .or, .stw,
            by: .init(
                { L4.store($0, $1, UInt32.self) { FixedPointLogical.binary($0, $1) { $0 | $1 } } },
                { L64.store($0, $1, UInt32.self) { FixedPointLogical.binary($0, $1) { $0 | $1 } } },
                { B4.store($0, $1, UInt32.self) { FixedPointLogical.binary($0, $1) { $0 | $1 } } },
                { B64.store($0, $1, UInt32.self) { FixedPointLogical.binary($0, $1) { $0 | $1 } } })),
        Fusion(
            .add, .std,
            by: .init(
                { L4.store($0, $1, UInt64.self) { FixedPointArithmetic.add($0, $1) } },
                { L64.store($0, $1, UInt64.self) { FixedPointArithmetic.add($0, $1) } },
                { B4.store($0, $1, UInt64.self) { FixedPointArithmetic.add($0, $1) } },
                { B64.store($0, $1, UInt64.self) { FixedPointArithmetic.add($0, $1) } })),
        Fusion(
            .addi, .std,
            by: .init(
                { L4.store($0, $1, UInt64.self) { FixedPointArithmetic.addi($0, $1) } },
                { L64.store($0, $1, UInt64.self) { FixedPointArithmetic.addi($0, $1) } },
                { B4.store($0, $1, UInt64.self) { FixedPointArithmetic.addi($0, $1) } },
                { B64.store($0, $1, UInt64.self) { FixedPointArithmetic.addi($0, $1) } })),
        Fusion(
            .or, .std,
            by: .init(
                { L4.store($0, $1, UInt64.self) { FixedPointLogical.binary($0, $1) { $0 | $1 } } },
                { L64.store($0, $1, UInt64.self) { FixedPointLogical.binary($0, $1) { $0 | $1 } } },
                { B4.store($0, $1, UInt64.self) { FixedPointLogical.binary($0, $1) { $0 | $1 } } },
                { B64.store($0, $1, UInt64.self) { FixedPointLogical.binary($0, $1) { $0 | $1 } } })),
        Fusion(
            .mflr, .std,
            by: .init(
                { L4.store($0, $1, UInt64.self) { SPRMoves.mflr($0, $1) } },
                { L64.store($0, $1, UInt64.self) { SPRMoves.mflr($0, $1) } },
                { B4.store($0, $1, UInt64.self) { SPRMoves.mflr($0, $1) } },
                { B64.store($0, $1, UInt64.self) { SPRMoves.mflr($0, $1) } })),
    ]
}
