/// Deterministic random numbers (SplitMix64); the recorded vectors depend on the sequence.
package struct RandomStream: Sendable {
    private var state: UInt64
    package init(seed: UInt64) { state = seed }

    package mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
    package mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }
    package mutating func chance(_ of: Int) -> Bool { below(of) == 0 }
    package mutating func pick<T>(_ values: [T]) -> T { values[below(values.count)] }
}

/// Values at which instructions go wrong.
package enum AwkwardValues {
    package static let int64: [UInt64] = [
        0, 1, 2, 3, 4, 7, 8, 15, 16, 31, 32, 33, 63, 64, 65, 127, 128, 255, 256,
        0x7fff, 0x8000, 0xffff, 0x1_0000, 0x7fff_ffff, 0x8000_0000, 0x8000_0001, 0xffff_ffff, 0x1_0000_0000,
        0x7fff_ffff_ffff_ffff, 0x8000_0000_0000_0000, 0x8000_0000_0000_0001, 0xffff_ffff_ffff_ffff,
        0xffff_ffff_ffff_fffe, 0xffff_ffff_8000_0000, 0xffff_ffff_7fff_ffff, 0xffff_ffff_0000_0000,
        0x0000_0001_ffff_ffff, 0x5555_5555_5555_5555, 0xaaaa_aaaa_aaaa_aaaa, 0x0123_4567_89ab_cdef,
        0x8080_8080_8080_8080, 0x7f7f_7f7f_7f7f_7f7f, 0x00ff_00ff_00ff_00ff, 0xffff_ffff_ffff_8000,
        0xffff_ffff_ffff_ff80, 0x0000_0000_0001_8000, 0x1111_1111_1111_1111, 0x9999_9999_9999_9999,
        0x0000_0000_8000_0080, 0x4000_0000_0000_0000, 0xc000_0000_0000_0000,
    ]

    package static let double: [UInt64] = [
        0x0000_0000_0000_0000, 0x8000_0000_0000_0000, 0x3ff0_0000_0000_0000, 0xbff0_0000_0000_0000,
        0x4000_0000_0000_0000, 0x3fe0_0000_0000_0000, 0x3ff8_0000_0000_0000, 0x7ff0_0000_0000_0000,
        0xfff0_0000_0000_0000, 0x7ff8_0000_0000_0000, 0xfff8_0000_0000_0000, 0x7ff0_0000_0000_0001,
        0xfff0_0000_0000_0001, 0x7ff4_0000_dead_beef, 0x7fff_ffff_ffff_ffff, 0xffff_ffff_ffff_ffff,
        0x7fef_ffff_ffff_ffff, 0xffef_ffff_ffff_ffff, 0x0010_0000_0000_0000, 0x8010_0000_0000_0000,
        0x000f_ffff_ffff_ffff, 0x0000_0000_0000_0001, 0x8000_0000_0000_0001, 0x0008_0000_0000_0000,
        0x3ff0_0000_0000_0001, 0x3fef_ffff_ffff_ffff, 0x4340_0000_0000_0000, 0x43e0_0000_0000_0000,
        0xc3e0_0000_0000_0000, 0x43df_ffff_ffff_ffff, 0x41e0_0000_0000_0000, 0xc1e0_0000_0000_0000,
        0x41df_ffff_ffc0_0000, 0x41ef_ffff_ffe0_0000, 0x41f0_0000_0000_0000, 0x43f0_0000_0000_0000,
        0x47ef_ffff_e000_0000, 0x47ef_ffff_f000_0000, 0x47f0_0000_0000_0000, 0x3810_0000_0000_0000,
        0x380f_ffff_ffff_ffff, 0x36a0_0000_0000_0000, 0x3690_0000_0000_0000, 0x36a0_0000_0000_0001,
        0x3fb9_9999_9999_999a, 0x4009_21fb_5444_2d18, 0x3ff0_0000_1000_0000, 0x3ff0_0000_1000_0001,
        0x3ff0_0000_3000_0000, 0x4004_0000_0000_0000, 0xbfe0_0000_0000_0000, 0xc004_0000_0000_0000,
        0x1ff0_0000_0000_0000, 0x5fe0_0000_0000_0000,
    ]

    package static let single: [UInt32] = [
        0x0000_0000, 0x8000_0000, 0x3f80_0000, 0xbf80_0000, 0x4000_0000, 0x3f00_0000, 0x3fc0_0000, 0x7f80_0000,
        0xff80_0000, 0x7fc0_0000, 0xffc0_0000, 0x7f80_0001, 0xff80_0001, 0x7fa0_beef, 0x7fff_ffff, 0x7f7f_ffff,
        0xff7f_ffff, 0x0080_0000, 0x8080_0000, 0x007f_ffff, 0x0000_0001, 0x8000_0001, 0x3f80_0001, 0x3f7f_ffff,
        0x4b80_0000, 0x4f00_0000, 0xcf00_0000, 0x4eff_ffff, 0x4f80_0000, 0x5f00_0000, 0xdf00_0000, 0x5f80_0000,
        0x3dcc_cccd, 0x4049_0fdb, 0x4020_0000, 0xbf00_0000, 0x1f80_0000, 0x5f00_0001, 0x477f_f000, 0x3880_0000,
    ]

    /// Upper doublewords of binary128 numbers.
    package static let quadHigh: [UInt64] = [
        0x0000_0000_0000_0000, 0x8000_0000_0000_0000, 0x3fff_0000_0000_0000, 0xbfff_0000_0000_0000,
        0x7fff_0000_0000_0000, 0xffff_0000_0000_0000, 0x7fff_8000_0000_0000, 0x7fff_4000_0000_0000,
        0x7ffe_ffff_ffff_ffff, 0x0001_0000_0000_0000, 0x0000_ffff_ffff_ffff, 0x403e_0000_0000_0000,
        0x403d_ffff_ffff_ffff, 0xc03e_0000_0000_0000, 0x401e_0000_0000_0000, 0x43fe_ffff_ffff_ffff,
        0x3c01_0000_0000_0000, 0x3bcd_0000_0000_0000, 0x3fff_8000_0000_0000, 0x4000_0000_0000_0000,
        0x407e_0000_0000_0000, 0x407f_0000_0000_0000, 0x3ffe_0000_0000_0000, 0x4004_4000_0000_0000,
    ]
}
