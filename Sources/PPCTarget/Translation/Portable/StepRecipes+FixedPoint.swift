import CPPCState

/// Fixed-point rows (ISA 3.1 Book I, sections 3.3.9 to 3.3.14).
extension StepRecipe {
    static let arithmetic: [StepRecipe] = [
        .init(
            "addi", .signed, takesBase: true, plain: { StepFlow.plain($0, $1) { FixedPointArithmetic.addi($0, $1) } }),
        .init(
            "addis", .signed, takesBase: true, plain: { StepFlow.plain($0, $1) { FixedPointArithmetic.addis($0, $1) } }),
        .init(
            "addic", .signed, plain: { StepFlow.plain($0, $1) { FixedPointArithmetic.addic($0, $1, record: false) } }),
        .init(
            "addic.", .signed, plain: { StepFlow.plain($0, $1) { FixedPointArithmetic.addic($0, $1, record: true) } }),
        .init("subfic", .signed, plain: { StepFlow.plain($0, $1) { FixedPointArithmetic.subfic($0, $1) } }),
        .init("mulli", .signed, plain: { StepFlow.plain($0, $1) { FixedPointArithmetic.mulli($0, $1) } }),
        .init(
            "add",
            plain: { StepFlow.plain($0, $1) { FixedPointArithmetic.add($0, $1) } },
            recording: { StepFlow.recording($0, $1) { FixedPointArithmetic.add($0, $1) } }),
        .init(
            "addc",
            plain: { StepFlow.plain($0, $1) { FixedPointArithmetic.addc($0, $1) } },
            recording: { StepFlow.recording($0, $1) { FixedPointArithmetic.addc($0, $1) } }),
        .init(
            "adde",
            plain: { StepFlow.plain($0, $1) { FixedPointArithmetic.adde($0, $1) } },
            recording: { StepFlow.recording($0, $1) { FixedPointArithmetic.adde($0, $1) } }),
        .init(
            "addme",
            plain: { StepFlow.plain($0, $1) { FixedPointArithmetic.addme($0, $1) } },
            recording: { StepFlow.recording($0, $1) { FixedPointArithmetic.addme($0, $1) } }),
        .init(
            "addze",
            plain: { StepFlow.plain($0, $1) { FixedPointArithmetic.addze($0, $1) } },
            recording: { StepFlow.recording($0, $1) { FixedPointArithmetic.addze($0, $1) } }),
        .init(
            "subf",
            plain: { StepFlow.plain($0, $1) { FixedPointArithmetic.subf($0, $1) } },
            recording: { StepFlow.recording($0, $1) { FixedPointArithmetic.subf($0, $1) } }),
        .init(
            "subfc",
            plain: { StepFlow.plain($0, $1) { FixedPointArithmetic.subfc($0, $1) } },
            recording: { StepFlow.recording($0, $1) { FixedPointArithmetic.subfc($0, $1) } }),
        .init(
            "subfe",
            plain: { StepFlow.plain($0, $1) { FixedPointArithmetic.subfe($0, $1) } },
            recording: { StepFlow.recording($0, $1) { FixedPointArithmetic.subfe($0, $1) } }),
        .init(
            "subfze",
            plain: { StepFlow.plain($0, $1) { FixedPointArithmetic.subfze($0, $1) } },
            recording: { StepFlow.recording($0, $1) { FixedPointArithmetic.subfze($0, $1) } }),
        .init(
            "neg",
            plain: { StepFlow.plain($0, $1) { FixedPointArithmetic.neg($0, $1) } },
            recording: { StepFlow.recording($0, $1) { FixedPointArithmetic.neg($0, $1) } }),
        .init(
            "mullw",
            plain: { StepFlow.plain($0, $1) { FixedPointArithmetic.mullw($0, $1) } },
            recording: { StepFlow.recording($0, $1) { FixedPointArithmetic.mullw($0, $1) } }),
        .init(
            "mulld",
            plain: { StepFlow.plain($0, $1) { FixedPointArithmetic.mulld($0, $1) } },
            recording: { StepFlow.recording($0, $1) { FixedPointArithmetic.mulld($0, $1) } }),
        .init("mulhw", plain: { StepFlow.plain($0, $1) { FixedPointArithmetic.mulhw($0, $1) } }),
        .init("mulhwu", plain: { StepFlow.plain($0, $1) { FixedPointArithmetic.mulhwu($0, $1) } }),
        .init("mulhd", plain: { StepFlow.plain($0, $1) { FixedPointArithmetic.mulhd($0, $1) } }),
        .init("mulhdu", plain: { StepFlow.plain($0, $1) { FixedPointArithmetic.mulhdu($0, $1) } }),
        .init("maddld", plain: { StepFlow.plain($0, $1) { FixedPointArithmetic.maddld($0, $1) } }),
        .init("divw", plain: { StepFlow.plain($0, $1) { FixedPointDivision.divw($0, $1) } }),
        .init("divwu", plain: { StepFlow.plain($0, $1) { FixedPointDivision.divwu($0, $1) } }),
        .init("divd", plain: { StepFlow.plain($0, $1) { FixedPointDivision.divd($0, $1) } }),
        .init("divdu", plain: { StepFlow.plain($0, $1) { FixedPointDivision.divdu($0, $1) } }),
        .init("modsw", plain: { StepFlow.plain($0, $1) { FixedPointDivision.modsw($0, $1) } }),
        .init("moduw", plain: { StepFlow.plain($0, $1) { FixedPointDivision.moduw($0, $1) } }),
        .init("modsd", plain: { StepFlow.plain($0, $1) { FixedPointDivision.modsd($0, $1) } }),
        .init("modud", plain: { StepFlow.plain($0, $1) { FixedPointDivision.modud($0, $1) } }),
    ]

    static let logical: [StepRecipe] = [
        .init("andi.", .unsigned, plain: { StepFlow.plain($0, $1) { FixedPointLogical.andi($0, $1, shift: 0) } }),
        .init("andis.", .unsigned, plain: { StepFlow.plain($0, $1) { FixedPointLogical.andi($0, $1, shift: 16) } }),
        .init("ori", .unsigned, plain: { StepFlow.plain($0, $1) { FixedPointLogical.immediate($0, $1) { $0 | $1 } } }),
        .init(
            "oris", .unsigned,
            plain: { StepFlow.plain($0, $1) { FixedPointLogical.immediate($0, $1) { $0 | $1 &<< 16 } } }),
        .init("xori", .unsigned, plain: { StepFlow.plain($0, $1) { FixedPointLogical.immediate($0, $1) { $0 ^ $1 } } }),
        .init(
            "xoris", .unsigned,
            plain: {
                StepFlow.plain($0, $1) { FixedPointLogical.immediate($0, $1) { $0 ^ $1 &<< 16 } }
            }),
        .init(
            "and",
            plain: { StepFlow.plain($0, $1) { FixedPointLogical.binary($0, $1) { $0 & $1 } } },
            recording: { StepFlow.recording($0, $1) { FixedPointLogical.binary($0, $1) { $0 & $1 } } }),
        .init(
            "andc",
            plain: { StepFlow.plain($0, $1) { FixedPointLogical.binary($0, $1) { $0 & ~$1 } } },
            recording: { StepFlow.recording($0, $1) { FixedPointLogical.binary($0, $1) { $0 & ~$1 } } }),
        .init(
            "nor",
            plain: { StepFlow.plain($0, $1) { FixedPointLogical.binary($0, $1) { ~($0 | $1) } } },
            recording: { StepFlow.recording($0, $1) { FixedPointLogical.binary($0, $1) { ~($0 | $1) } } }),
        .init(
            "eqv",
            plain: { StepFlow.plain($0, $1) { FixedPointLogical.binary($0, $1) { ~($0 ^ $1) } } },
            recording: { StepFlow.recording($0, $1) { FixedPointLogical.binary($0, $1) { ~($0 ^ $1) } } }),
        .init(
            "xor",
            plain: { StepFlow.plain($0, $1) { FixedPointLogical.binary($0, $1) { $0 ^ $1 } } },
            recording: { StepFlow.recording($0, $1) { FixedPointLogical.binary($0, $1) { $0 ^ $1 } } }),
        .init(
            "orc",
            plain: { StepFlow.plain($0, $1) { FixedPointLogical.binary($0, $1) { $0 | ~$1 } } },
            recording: { StepFlow.recording($0, $1) { FixedPointLogical.binary($0, $1) { $0 | ~$1 } } }),
        .init(
            "nand",
            plain: { StepFlow.plain($0, $1) { FixedPointLogical.binary($0, $1) { ~($0 & $1) } } },
            recording: { StepFlow.recording($0, $1) { FixedPointLogical.binary($0, $1) { ~($0 & $1) } } }),
        .init(
            "or",
            plain: { StepFlow.plain($0, $1) { FixedPointLogical.or($0, $1) } },
            recording: { StepFlow.recording($0, $1) { FixedPointLogical.or($0, $1) } }),
        .init(
            "extsb",
            plain: {
                StepFlow.plain($0, $1) { FixedPointLogical.unary($0, $1) { FixedPointLogical.extend($0, Int8.self) } }
            },
            recording: {
                StepFlow.recording($0, $1) {
                    FixedPointLogical.unary($0, $1) { FixedPointLogical.extend($0, Int8.self) }
                }
            }),
        .init(
            "extsh",
            plain: {
                StepFlow.plain($0, $1) { FixedPointLogical.unary($0, $1) { FixedPointLogical.extend($0, Int16.self) } }
            },
            recording: {
                StepFlow.recording($0, $1) {
                    FixedPointLogical.unary($0, $1) { FixedPointLogical.extend($0, Int16.self) }
                }
            }),
        .init(
            "extsw",
            plain: {
                StepFlow.plain($0, $1) { FixedPointLogical.unary($0, $1) { FixedPointLogical.extend($0, Int32.self) } }
            },
            recording: {
                StepFlow.recording($0, $1) {
                    FixedPointLogical.unary($0, $1) { FixedPointLogical.extend($0, Int32.self) }
                }
            }),
        .init(
            "cntlzw",
            plain: {
                StepFlow.plain($0, $1) {
                    FixedPointLogical.unary($0, $1) { FixedPointLogical.countLeadingZerosWord($0) }
                }
            }),
        .init(
            "cntlzd",
            plain: {
                StepFlow.plain($0, $1) { FixedPointLogical.unary($0, $1) { FixedPointLogical.countLeadingZeros($0) } }
            }),
        .init(
            "cnttzw",
            plain: {
                StepFlow.plain($0, $1) {
                    FixedPointLogical.unary($0, $1) { FixedPointLogical.countTrailingZerosWord($0) }
                }
            }),
        .init(
            "cnttzd",
            plain: {
                StepFlow.plain($0, $1) { FixedPointLogical.unary($0, $1) { FixedPointLogical.countTrailingZeros($0) } }
            }),
    ]

    // What differs is in the mask. Functions that do the same become calls of one of them.
    private static let rotate: StepFunction = { StepFlow.plain($0, $1) { FixedPointRotate.rldicl($0, $1) } }
    private static let recordingRotate: StepFunction = {
        StepFlow.recording($0, $1) { FixedPointRotate.rldicl($0, $1) }
    }

    static let rotates: [StepRecipe] = [
        .init(
            "rlwimi", .mask(.word),
            plain: { StepFlow.plain($0, $1) { FixedPointRotate.rlwimi($0, $1) } },
            recording: { StepFlow.recording($0, $1) { FixedPointRotate.rlwimi($0, $1) } }),
        .init(
            "rlwinm", .mask(.word),
            plain: { StepFlow.plain($0, $1) { FixedPointRotate.rlwinm($0, $1) } },
            recording: { StepFlow.recording($0, $1) { FixedPointRotate.rlwinm($0, $1) } }),
        .init(
            "rlwnm", .mask(.word),
            plain: { StepFlow.plain($0, $1) { FixedPointRotate.rlwnm($0, $1) } },
            recording: { StepFlow.recording($0, $1) { FixedPointRotate.rlwnm($0, $1) } }),
        .init("rldicl", .mask(.left), longShift: true, plain: rotate, recording: recordingRotate),
        .init("rldicr", .mask(.right), longShift: true, plain: rotate, recording: recordingRotate),
        .init("rldic", .mask(.both), longShift: true, plain: rotate, recording: recordingRotate),
        .init(
            "rldimi", .mask(.both), longShift: true,
            plain: { StepFlow.plain($0, $1) { FixedPointRotate.rldimi($0, $1) } },
            recording: { StepFlow.recording($0, $1) { FixedPointRotate.rldimi($0, $1) } }),
        .init(
            "rldcl", .mask(.left),
            plain: { StepFlow.plain($0, $1) { FixedPointRotate.rldcl($0, $1) } },
            recording: { StepFlow.recording($0, $1) { FixedPointRotate.rldcl($0, $1) } }),
        .init(
            "rldcr", .mask(.right),
            plain: { StepFlow.plain($0, $1) { FixedPointRotate.rldcr($0, $1) } },
            recording: { StepFlow.recording($0, $1) { FixedPointRotate.rldcr($0, $1) } }),
        .init("slw", plain: { StepFlow.plain($0, $1) { FixedPointRotate.slw($0, $1) } }),
        .init("srw", plain: { StepFlow.plain($0, $1) { FixedPointRotate.srw($0, $1) } }),
        .init("sld", plain: { StepFlow.plain($0, $1) { FixedPointRotate.sld($0, $1) } }),
        .init("srd", plain: { StepFlow.plain($0, $1) { FixedPointRotate.srd($0, $1) } }),
        .init("sraw", plain: { StepFlow.plain($0, $1) { FixedPointRotate.sraw($0, $1) } }),
        .init("srad", plain: { StepFlow.plain($0, $1) { FixedPointRotate.srad($0, $1) } }),
        .init(
            "srawi",
            plain: { StepFlow.plain($0, $1) { FixedPointRotate.srawi($0, $1) } },
            recording: { StepFlow.recording($0, $1) { FixedPointRotate.srawi($0, $1) } }),
        .init(
            "sradi", longShift: true,
            plain: { StepFlow.plain($0, $1) { FixedPointRotate.sradi($0, $1) } },
            recording: { StepFlow.recording($0, $1) { FixedPointRotate.sradi($0, $1) } }),
        .init("extswsli", longShift: true, plain: { StepFlow.plain($0, $1) { FixedPointRotate.extswsli($0, $1) } }),
    ]

    static let comparisons: [StepRecipe] = [
        .init(
            "cmp",
            plain: { StepFlow.comparing($0, $1, WordStep.self) { FixedPointCompare.cmp($0, $1, signed: true) } },
            doublewords: {
                StepFlow.comparing($0, $1, DoublewordStep.self) { FixedPointCompare.cmp($0, $1, signed: true) }
            }),
        .init(
            "cmpl",
            plain: { StepFlow.comparing($0, $1, WordStep.self) { FixedPointCompare.cmp($0, $1, signed: false) } },
            doublewords: {
                StepFlow.comparing($0, $1, DoublewordStep.self) { FixedPointCompare.cmp($0, $1, signed: false) }
            }),
        .init(
            "cmpi", .signed,
            plain: { StepFlow.comparing($0, $1, WordStep.self) { FixedPointCompare.cmpi($0, $1) } },
            doublewords: { StepFlow.comparing($0, $1, DoublewordStep.self) { FixedPointCompare.cmpi($0, $1) } }),
        .init(
            "cmpli", .unsigned,
            plain: { StepFlow.comparing($0, $1, WordStep.self) { FixedPointCompare.cmpli($0, $1) } },
            doublewords: { StepFlow.comparing($0, $1, DoublewordStep.self) { FixedPointCompare.cmpli($0, $1) } }),
        .init("isel", takesBase: true, plain: { StepFlow.plain($0, $1) { FixedPointCompare.isel($0, $1) } }),
        .init("crand", plain: { StepFlow.plain($0, $1) { ConditionRegister.logic($0, $1) { $0 & $1 } } }),
        .init("cror", plain: { StepFlow.plain($0, $1) { ConditionRegister.logic($0, $1) { $0 | $1 } } }),
        .init("crxor", plain: { StepFlow.plain($0, $1) { ConditionRegister.logic($0, $1) { $0 ^ $1 } } }),
        .init("crnor", plain: { StepFlow.plain($0, $1) { ConditionRegister.logic($0, $1) { ~($0 | $1) } } }),
        .init("creqv", plain: { StepFlow.plain($0, $1) { ConditionRegister.logic($0, $1) { ~($0 ^ $1) } } }),
    ]
}
