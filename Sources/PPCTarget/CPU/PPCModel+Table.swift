// The models of the pseries machine, as data. Flag words are QEMU's, because old machine versions send them.

extension PPCModel {
    /// Every model, oldest processor first.
    public static let all: [PPCModel] = ppc970 + power7 + power8 + power9 + power10

    private static func model(
        _ base: PPCModel, _ name: String, pvr: UInt32, aliases: [String] = []
    ) -> PPCModel {
        PPCModel(
            name: name, aliases: aliases, deviceTreeName: base.deviceTreeName, pvr: pvr, family: base.family,
            instructionSets: base.instructionSets, interruptModel: base.interruptModel, msrMask: base.msrMask,
            lpcrMask: base.lpcrMask, lpcrPowerManagement: base.lpcrPowerManagement, pcrMask: base.pcrMask,
            pcrSupported: base.pcrSupported, slbSize: base.slbSize, segmentPageSizes: base.segmentPageSizes,
            hasLargeSegments: base.hasLargeSegments, hasStorageKeys: base.hasStorageKeys, hasRadix: base.hasRadix,
            radixPageEncodings: base.radixPageEncodings, largeDecrementerBits: base.largeDecrementerBits,
            dataCacheSize: base.dataCacheSize, instructionCacheSize: base.instructionCacheSize,
            cacheLineSize: base.cacheLineSize, streamInstructionFlags: base.streamInstructionFlags,
            streamInstructionFlags2: base.streamInstructionFlags2)
    }

    /// 4 KiB and 16 MiB pages, one size per segment.
    private static let basicPageSizes: [SegmentPageSizes] = [
        SegmentPageSizes(shift: 12, slbEncoding: 0, pages: [HashPageEncoding(shift: 12, encoding: 0)]),
        SegmentPageSizes(shift: 24, slbEncoding: 0x100, pages: [HashPageEncoding(shift: 24, encoding: 0)]),
    ]

    /// POWER7 and later: several page sizes per segment.
    private static let mixedPageSizes: [SegmentPageSizes] = [
        SegmentPageSizes(
            shift: 12, slbEncoding: 0,
            pages: [
                HashPageEncoding(shift: 12, encoding: 0), HashPageEncoding(shift: 16, encoding: 0x7),
                HashPageEncoding(shift: 24, encoding: 0x38),
            ]),
        SegmentPageSizes(
            shift: 16, slbEncoding: 0x110,
            pages: [HashPageEncoding(shift: 16, encoding: 0x1), HashPageEncoding(shift: 24, encoding: 0x8)]),
        SegmentPageSizes(shift: 24, slbEncoding: 0x100, pages: [HashPageEncoding(shift: 24, encoding: 0)]),
        SegmentPageSizes(shift: 34, slbEncoding: 0x120, pages: [HashPageEncoding(shift: 34, encoding: 0x3)]),
    ]

    /// 4 KiB, 64 KiB, 2 MiB and 1 GiB with AP encodings 0, 5, 1 and 2.
    private static let radixEncodings: [UInt32] = [0x0000_000c, 0xa000_0010, 0x2000_0015, 0x4000_001e]

    private static let ppc970Base = PPCModel(
        name: "", aliases: [], deviceTreeName: "PowerPC,UNKNOWN", pvr: 0, family: .ppc970,
        instructionSets: [.base, .altivec, .untilISA207, .only970], interruptModel: .ppc970,
        msrMask: 0x8000_0000_0204_ff36, lpcrMask: 0, lpcrPowerManagement: 0, pcrMask: 0, pcrSupported: 0, slbSize: 64,
        segmentPageSizes: basicPageSizes, hasLargeSegments: false, hasStorageKeys: false, hasRadix: false,
        radixPageEncodings: [], largeDecrementerBits: 32, dataCacheSize: 0x8000, instructionCacheSize: 0x10000,
        cacheLineSize: 128, streamInstructionFlags: 0x600f_e1dd_2221, streamInstructionFlags2: 0x21_0000)

    private static let ppc970: [PPCModel] = [
        model(ppc970Base, "970_v2.2", pvr: 0x0039_0202, aliases: ["970"]),
        model(ppc970Base, "970fx_v1.0", pvr: 0x0039_1100),
        model(ppc970Base, "970fx_v2.0", pvr: 0x003c_0200),
        model(ppc970Base, "970fx_v2.1", pvr: 0x003c_0201),
        model(ppc970Base, "970fx_v3.0", pvr: 0x003c_0300),
        model(ppc970Base, "970fx_v3.1", pvr: 0x003c_0301, aliases: ["970fx", "ppc64"]),
        model(ppc970Base, "970mp_v1.0", pvr: 0x0044_0100),
        model(ppc970Base, "970mp_v1.1", pvr: 0x0044_0101, aliases: ["970mp"]),
    ]

    private static let power7Base = PPCModel(
        name: "", aliases: [], deviceTreeName: "PowerPC,POWER7", pvr: 0, family: .power7,
        instructionSets: [.base, .isa205, .isa206, .altivec, .vsx, .dfp, .untilISA207, .powerSaving],
        interruptModel: .power7,
        msrMask: 0x8000_0000_0280_ff37, lpcrMask: 0xe07f_8000_3e00_7a0d, lpcrPowerManagement: 0x7000,
        pcrMask: 0xc000_0000_0000_0002, pcrSupported: 0x6, slbSize: 32, segmentPageSizes: mixedPageSizes,
        hasLargeSegments: true, hasStorageKeys: true, hasRadix: false, radixPageEncodings: [],
        largeDecrementerBits: 32, dataCacheSize: 0x8000, instructionCacheSize: 0x8000, cacheLineSize: 128,
        streamInstructionFlags: 0x8000_600f_e1ff_7ae1, streamInstructionFlags2: 0x65_0fb6)

    private static let power7: [PPCModel] = [
        model(power7Base, "power7_v2.3", pvr: 0x003f_0203, aliases: ["power7"]),
        model(power7Base, "power7+_v2.1", pvr: 0x004a_0201, aliases: ["power7+"]),
    ]

    private static let power8Base = PPCModel(
        name: "", aliases: [], deviceTreeName: "PowerPC,POWER8", pvr: 0, family: .power8,
        instructionSets: [.base, .isa205, .isa206, .isa207, .altivec, .vsx, .dfp, .untilISA207, .powerSaving, .tm],
        interruptModel: .power8, msrMask: 0x9000_0007_0280_ff37, lpcrMask: 0xf07f_8000_3f85_fa09,
        lpcrPowerManagement: 0x1_f000, pcrMask: 0x2000_0000_0000_0006, pcrSupported: 0xe, slbSize: 32,
        segmentPageSizes: mixedPageSizes, hasLargeSegments: true, hasStorageKeys: true, hasRadix: false,
        radixPageEncodings: [], largeDecrementerBits: 32, dataCacheSize: 0x8000, instructionCacheSize: 0x8000,
        cacheLineSize: 128, streamInstructionFlags: 0x8000_600f_e1ff_7ae1, streamInstructionFlags2: 0x67_fff6)

    private static let power8: [PPCModel] = [
        model(power8Base, "power8e_v2.1", pvr: 0x004b_0201, aliases: ["power8e"]),
        model(power8Base, "power8nvl_v1.0", pvr: 0x004c_0100, aliases: ["power8nvl"]),
        model(power8Base, "power8_v2.0", pvr: 0x004d_0200, aliases: ["power8"]),
    ]

    private static let power9Base = PPCModel(
        name: "", aliases: [], deviceTreeName: "PowerPC,POWER9", pvr: 0, family: .power9,
        instructionSets: [.base, .isa205, .isa206, .isa207, .isa300, .altivec, .vsx, .dfp, .tm],
        interruptModel: .power9, msrMask: 0x9000_0001_0280_ff37, lpcrMask: 0x7070_4000_03f7_fe1b,
        lpcrPowerManagement: 0x1_f000, pcrMask: 0xe, pcrSupported: 0x1e, slbSize: 32,
        segmentPageSizes: mixedPageSizes, hasLargeSegments: true, hasStorageKeys: true, hasRadix: true,
        radixPageEncodings: radixEncodings, largeDecrementerBits: 56, dataCacheSize: 0x8000,
        instructionCacheSize: 0x8000, cacheLineSize: 128, streamInstructionFlags: 0x8000_600f_e1ff_7ae1,
        streamInstructionFlags2: 0x6b_fffe)

    private static let power9: [PPCModel] = [
        model(power9Base, "power9_v1.0", pvr: 0x004e_0100),
        model(power9Base, "power9_v2.0", pvr: 0x004e_1200, aliases: ["power9"]),
        model(power9Base, "power9_v2.2", pvr: 0x004e_1202),
    ]

    private static func power10Base(_ name: String) -> PPCModel {
        PPCModel(
            name: "", aliases: [], deviceTreeName: name, pvr: 0, family: .power10,
            instructionSets: [.base, .isa205, .isa206, .isa207, .isa300, .isa310, .altivec, .vsx, .dfp, .tm],
            interruptModel: .power9, msrMask: 0x9000_0001_0280_ff37, lpcrMask: 0x7070_4000_07f7_fe1b,
            lpcrPowerManagement: 0x1_f000, pcrMask: 0x1e, pcrSupported: 0x3e, slbSize: 32,
            segmentPageSizes: mixedPageSizes, hasLargeSegments: true, hasStorageKeys: true, hasRadix: true,
            radixPageEncodings: radixEncodings, largeDecrementerBits: 56, dataCacheSize: 0x8000,
            instructionCacheSize: 0x8000, cacheLineSize: 128, streamInstructionFlags: 0x8000_600f_e1ff_7ae1,
            streamInstructionFlags2: 0x7b_fffe)
    }

    private static let power10: [PPCModel] = [
        model(power10Base("PowerPC,POWER10"), "power10_v1.0", pvr: 0x0080_0100),
        model(power10Base("PowerPC,POWER10"), "power10_v2.0", pvr: 0x0080_0200, aliases: ["power10"]),
        model(power10Base("PowerPC,POWER11"), "power11_v2.0", pvr: 0x0082_0200, aliases: ["power11"]),
    ]
}
