import CPPCState

/// Loads and stores of one register (ISA 3.1 Book I, sections 3.3.2, 3.3.3 and 3.3.5).
extension StepRecipe {
    static let loads: [StepRecipe] = [
        .init(
            "lbz", .signed,
            plain: { StepFlow.access($0, $1) { LoadStore.load($0, $1, .d, UInt8.self, hitsOnly: true) } }),
        .init(
            "lbzu", .signed,
            plain: { StepFlow.access($0, $1) { LoadStore.load($0, $1, .d, UInt8.self, update: true, hitsOnly: true) } }),
        .init("lbzx", plain: { StepFlow.access($0, $1) { LoadStore.load($0, $1, .x, UInt8.self, hitsOnly: true) } }),
        .init(
            "lhz", .signed,
            plain: { StepFlow.access($0, $1) { LoadStore.load($0, $1, .d, UInt16.self, hitsOnly: true) } }),
        .init(
            "lhzu", .signed,
            plain: { StepFlow.access($0, $1) { LoadStore.load($0, $1, .d, UInt16.self, update: true, hitsOnly: true) } }
        ),
        .init("lhzx", plain: { StepFlow.access($0, $1) { LoadStore.load($0, $1, .x, UInt16.self, hitsOnly: true) } }),
        .init(
            "lwz", .signed,
            plain: { StepFlow.access($0, $1) { LoadStore.load($0, $1, .d, UInt32.self, hitsOnly: true) } }),
        .init(
            "lwzu", .signed,
            plain: { StepFlow.access($0, $1) { LoadStore.load($0, $1, .d, UInt32.self, update: true, hitsOnly: true) } }
        ),
        .init("lwzx", plain: { StepFlow.access($0, $1) { LoadStore.load($0, $1, .x, UInt32.self, hitsOnly: true) } }),
        .init(
            "ld", .scaled4,
            plain: { StepFlow.access($0, $1) { LoadStore.load($0, $1, .ds, UInt64.self, hitsOnly: true) } }),
        .init(
            "ldu", .scaled4,
            plain: {
                StepFlow.access($0, $1) { LoadStore.load($0, $1, .ds, UInt64.self, update: true, hitsOnly: true) }
            }
        ),
        .init("ldx", plain: { StepFlow.access($0, $1) { LoadStore.load($0, $1, .x, UInt64.self, hitsOnly: true) } }),
        .init(
            "lhbrx",
            plain: {
                StepFlow.access($0, $1) { LoadStore.load($0, $1, .x, UInt16.self, reversed: true, hitsOnly: true) }
            }),
        .init(
            "lwbrx",
            plain: {
                StepFlow.access($0, $1) { LoadStore.load($0, $1, .x, UInt32.self, reversed: true, hitsOnly: true) }
            }),
        .init(
            "ldbrx",
            plain: {
                StepFlow.access($0, $1) { LoadStore.load($0, $1, .x, UInt64.self, reversed: true, hitsOnly: true) }
            }),
        .init(
            "lha", .signed,
            plain: {
                StepFlow.access($0, $1) { LoadStore.loadAlgebraic($0, $1, .d, UInt16.self, as: Int16.self) }
            }),
        .init(
            "lhax",
            plain: {
                StepFlow.access($0, $1) {
                    LoadStore.loadAlgebraic($0, $1, .x, UInt16.self, as: Int16.self, hitsOnly: true)
                }
            }),
        .init(
            "lwa", .scaled4,
            plain: {
                StepFlow.access($0, $1) { LoadStore.loadAlgebraic($0, $1, .ds, UInt32.self, as: Int32.self) }
            }),
        .init(
            "lwax",
            plain: {
                StepFlow.access($0, $1) {
                    LoadStore.loadAlgebraic($0, $1, .x, UInt32.self, as: Int32.self, hitsOnly: true)
                }
            }),
    ]

    static let stores: [StepRecipe] = [
        .init(
            "stb", .signed,
            plain: { StepFlow.access($0, $1) { LoadStore.store($0, $1, .d, UInt8.self, hitsOnly: true) } }),
        .init(
            "stbu", .signed,
            plain: { StepFlow.access($0, $1) { LoadStore.store($0, $1, .d, UInt8.self, update: true, hitsOnly: true) } }
        ),
        .init("stbx", plain: { StepFlow.access($0, $1) { LoadStore.store($0, $1, .x, UInt8.self, hitsOnly: true) } }),
        .init(
            "sth", .signed,
            plain: { StepFlow.access($0, $1) { LoadStore.store($0, $1, .d, UInt16.self, hitsOnly: true) } }),
        .init(
            "sthu", .signed,
            plain: {
                StepFlow.access($0, $1) { LoadStore.store($0, $1, .d, UInt16.self, update: true, hitsOnly: true) }
            }),
        .init("sthx", plain: { StepFlow.access($0, $1) { LoadStore.store($0, $1, .x, UInt16.self, hitsOnly: true) } }),
        .init(
            "stw", .signed,
            plain: { StepFlow.access($0, $1) { LoadStore.store($0, $1, .d, UInt32.self, hitsOnly: true) } }),
        .init(
            "stwu", .signed,
            plain: {
                StepFlow.access($0, $1) { LoadStore.store($0, $1, .d, UInt32.self, update: true, hitsOnly: true) }
            }),
        .init("stwx", plain: { StepFlow.access($0, $1) { LoadStore.store($0, $1, .x, UInt32.self, hitsOnly: true) } }),
        .init(
            "std", .scaled4,
            plain: { StepFlow.access($0, $1) { LoadStore.store($0, $1, .ds, UInt64.self, hitsOnly: true) } }),
        .init(
            "stdu", .scaled4,
            plain: {
                StepFlow.access($0, $1) { LoadStore.store($0, $1, .ds, UInt64.self, update: true, hitsOnly: true) }
            }),
        .init("stdx", plain: { StepFlow.access($0, $1) { LoadStore.store($0, $1, .x, UInt64.self, hitsOnly: true) } }),
        .init(
            "sthbrx",
            plain: {
                StepFlow.access($0, $1) { LoadStore.store($0, $1, .x, UInt16.self, reversed: true, hitsOnly: true) }
            }),
        .init(
            "stwbrx",
            plain: {
                StepFlow.access($0, $1) { LoadStore.store($0, $1, .x, UInt32.self, reversed: true, hitsOnly: true) }
            }),
        .init(
            "stdbrx",
            plain: {
                StepFlow.access($0, $1) { LoadStore.store($0, $1, .x, UInt64.self, reversed: true, hitsOnly: true) }
            }),
    ]
}
