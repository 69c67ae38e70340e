/// Constants of vector code, one copy per engine beside the code, so that instructions reach them RIP-relative.
struct VectorConstants {
    let start: UnsafeRawPointer

    /// What each 16-byte constant holds; the raw value is its place.
    enum Name: Int, CaseIterable {
        /// 31 in each byte, 7 in each byte, 15 in each byte.
        case bytes31, bytes7, bytes15
        /// 255 in each halfword, 65535 in each word, 2^31 - 1 in each word, 31 and 63 as shift masks.
        case halves255, words65535, wordsMaximum, words31, words32, doubles63, doubles64
        /// The sign of each byte, halfword, word and doubleword.
        case byteSigns, wordSigns, doubleSigns
        /// Byte orders for `pshufb`: all sixteen, and within halfwords, words and doublewords.
        case reverseQuad, reverseHalves, reverseWords, reverseDoubles
        /// Reverses the order of halfwords.
        case reverseHalfOrder
        /// 15, 14, … 0 in lanes 0 to 15: ISA byte numbers.
        case byteNumbers
        /// 0x80 >> (lane & 7).
        case bitMasks
        /// Population count, and leading zeros of four bits, of the lane number.
        case populationCounts
        /// Sign of the double in lane 0 alone; all but it.
        case scalarSign, scalarMagnitude
        case doubleMagnitudes, wordMagnitudes
        /// The smallest normal numbers: doubles, singles, and a single as a double.
        case smallestDouble, smallestSingles, smallestSingle
        /// See ``VectorConstants/stickyStatus``.
        case stickyStatus, stickyStatusRest
        /// Magnitude 007F_FFFF less one; MXCSR's default value.
        case largestDenormals, defaultMXCSR
        /// Sixteen bytes of ones, then sixteen of zeros, a window of which masks by length.
        case lengthMask, lengthMaskEnd
        /// 15 in each halfword; bit j alone in byte j of each doubleword.
        case halves15, unitBytes
        /// One in each byte, or halfword.
        case oneBytes, oneHalves
        /// Parts of pixels in words, of 1:5:5:5 and 8:8:8:8.
        case packedFirst, packedSecond, packedThird, pixelEnds, pixelSecond, pixelThird
        case doubleHalves, singleHalves, doubleOnes, singleOnes
        /// 2^n in byte n as far as that goes; and backwards from 2^7.
        case bytePowers, bytePowersDown
        /// Makes two copies of n in a halfword the places of the bytes of 2^n, or 2^(15 - n), in the former.
        case halfPowerPlaces, halfPowerPlacesDown
        /// The top three bits of each byte; bytes 0 and 1 eight times each, for `pshufb`.
        case byteSections, twoBytes
        /// 2^14 in each word.
        case wordHalves15
        /// Numbers below whose exponents an integer stands as it is: 2^52, 2^84 for the upper half of one, their sum; 2^16.
        case doubleMagic, doubleMagicHigh, doubleMagicBoth, single65536
        case doubleExponents, singleExponents
    }

    /// FPSCR's OX, UX and XX for MXCSR's overflow, underflow and precision: eight words by those three bits.
    var stickyStatus: UnsafeRawPointer { start + Name.stickyStatus.rawValue * 16 }

    var lengthMask: UnsafeRawPointer { start + Name.lengthMask.rawValue * 16 }
    var defaultMXCSR: UnsafeRawPointer { start + Name.defaultMXCSR.rawValue * 16 }

    /// Behind the named ones: 16 bytes of 0x80, 0 to 15, 16 bytes of 0x80, a window of which shifts by bytes.
    static var slidingOffset: Int { Name.allCases.count * 16 }
    static var size: Int { slidingOffset + 48 }

    /// Writes the constants to `size` bytes of memory.
    init(at memory: UnsafeMutableRawPointer) {
        start = UnsafeRawPointer(memory)
        for name in Name.allCases {
            let bytes = Self.bytes(name)
            for lane in 0..<16 {
                memory.storeBytes(of: bytes(lane), toByteOffset: name.rawValue * 16 + lane, as: UInt8.self)
            }
        }
        for lane in 0..<48 {
            let value: UInt8 = lane < 16 || lane >= 32 ? 0x80 : UInt8(lane - 16)
            memory.storeBytes(of: value, toByteOffset: Self.slidingOffset + lane, as: UInt8.self)
        }
    }

    subscript(name: Name) -> VectorOperand { .constant(start + name.rawValue * 16) }
    var sliding: UnsafeRawPointer { start + Self.slidingOffset }

    /// The byte of a constant in each host lane.
    private static func bytes(_ name: Name) -> (Int) -> UInt8 {
        switch name {
        case .bytes31: { _ in 31 }
        case .bytes7: { _ in 7 }
        case .bytes15: { _ in 15 }
        case .halves255: { $0 & 1 == 0 ? 0xff : 0 }
        case .words65535: { $0 & 2 == 0 ? 0xff : 0 }
        case .wordsMaximum, .wordMagnitudes: { $0 & 3 == 3 ? 0x7f : 0xff }
        case .words31: { $0 & 3 == 0 ? 31 : 0 }
        case .words32: { $0 & 3 == 0 ? 32 : 0 }
        case .doubles63: { $0 & 7 == 0 ? 63 : 0 }
        case .doubles64: { $0 & 7 == 0 ? 64 : 0 }
        case .byteSigns: { _ in 0x80 }
        case .wordSigns: { $0 & 3 == 3 ? 0x80 : 0 }
        case .doubleSigns: { $0 & 7 == 7 ? 0x80 : 0 }
        case .reverseQuad, .byteNumbers: { UInt8(15 - $0) }
        case .reverseHalves: { UInt8($0 ^ 1) }
        case .reverseWords: { UInt8($0 ^ 3) }
        case .reverseDoubles: { UInt8($0 ^ 7) }
        case .reverseHalfOrder: { UInt8($0 ^ 14) }
        case .bitMasks: { 0x80 >> UInt8($0 & 7) }
        case .populationCounts: { UInt8($0.nonzeroBitCount) }
        case .scalarSign: { $0 == 7 ? 0x80 : 0 }
        case .scalarMagnitude: { $0 == 7 ? 0x7f : 0xff }
        case .smallestDouble: { $0 & 7 == 6 ? 0x10 : 0 }
        case .smallestSingles: { $0 & 3 == 2 ? 0x80 : 0 }
        case .smallestSingle: { $0 & 7 == 7 ? 0x38 : $0 & 7 == 6 ? 0x10 : 0 }
        case .doubleMagnitudes: { $0 & 7 == 7 ? 0x7f : 0xff }
        // An overflow is inexact.
        case .stickyStatus: { [0, 0x12, 0x08, 0x1a][$0 >> 2] & ($0 & 3 == 3 ? 0xff : 0) }
        case .stickyStatusRest: { [0x02, 0x12, 0x0a, 0x1a][$0 >> 2] & ($0 & 3 == 3 ? 0xff : 0) }
        case .largestDenormals: { $0 & 3 == 3 ? 0 : $0 & 3 == 2 ? 0x7f : $0 & 3 == 0 ? 0xfe : 0xff }
        case .defaultMXCSR: { $0 == 0 ? 0x80 : $0 == 1 ? 0x1f : 0 }
        case .lengthMask: { _ in 0xff }
        case .lengthMaskEnd: { _ in 0 }
        case .halves15: { $0 & 1 == 0 ? 15 : 0 }
        case .unitBytes: { 1 << UInt8($0 & 7) }
        case .oneBytes: { _ in 1 }
        case .oneHalves: { $0 & 1 == 0 ? 1 : 0 }
        case .packedFirst: { $0 & 3 == 1 ? 0xfc : 0 }
        case .packedSecond: { $0 & 3 == 1 ? 3 : $0 & 3 == 0 ? 0xe0 : 0 }
        case .packedThird: { $0 & 3 == 0 ? 0x1f : 0 }
        case .pixelEnds: { $0 & 3 == 3 ? 0xff : $0 & 3 == 0 ? 0x1f : 0 }
        case .pixelSecond: { $0 & 3 == 2 ? 0x1f : 0 }
        case .pixelThird: { $0 & 3 == 1 ? 0x1f : 0 }
        case .doubleHalves: { $0 & 7 == 7 ? 0x3f : $0 & 7 == 6 ? 0xe0 : 0 }
        case .singleHalves: { $0 & 3 == 3 ? 0x3f : 0 }
        case .doubleOnes: { $0 & 7 == 7 ? 0x3f : $0 & 7 == 6 ? 0xf0 : 0 }
        case .bytePowers: { $0 < 8 ? 1 << UInt8($0) : 0 }
        case .bytePowersDown: { $0 < 8 ? 0x80 >> UInt8($0) : 0 }
        case .halfPowerPlaces: { $0 & 1 == 0 ? 0 : 8 }
        case .halfPowerPlacesDown: { $0 & 1 == 0 ? 15 : 7 }
        case .byteSections: { _ in 0xe0 }
        case .doubleMagic: { $0 & 7 == 7 ? 0x43 : $0 & 7 == 6 ? 0x30 : 0 }
        case .doubleMagicHigh: { $0 & 7 == 7 ? 0x45 : $0 & 7 == 6 ? 0x30 : 0 }
        case .doubleMagicBoth: { $0 & 7 == 7 ? 0x45 : $0 & 7 == 6 ? 0x30 : $0 & 7 == 2 ? 0x10 : 0 }
        case .single65536: { $0 & 3 == 3 ? 0x47 : $0 & 3 == 2 ? 0x80 : 0 }
        case .doubleExponents: { $0 & 7 == 7 ? 0x7f : $0 & 7 == 6 ? 0xf0 : 0 }
        case .singleExponents: { $0 & 3 == 3 ? 0x7f : $0 & 3 == 2 ? 0x80 : 0 }
        case .wordHalves15: { $0 & 3 == 1 ? 0x40 : 0 }
        case .twoBytes: { UInt8($0 >> 3) }
        case .singleOnes: { $0 & 3 == 3 ? 0x3f : $0 & 3 == 2 ? 0x80 : 0 }
        }
    }
}
