/// A two-operand SSE instruction that AVX has in a three-operand form: mandatory prefix, opcode map and opcode.
struct VectorOperation {
    /// 0 none, 1 `66`, 2 `F3`, 3 `F2`.
    let simd: UInt8
    let map: UInt8
    let code: UInt8

    /// Opcodes of map `0F` with prefix `66`, unless told otherwise.
    @inline(__always)
    init(_ code: UInt8, map: UInt8 = 1, simd: UInt8 = 1) {
        self.code = code
        self.map = map
        self.simd = simd
    }
}

/// The second source of a vector instruction.
enum VectorOperand {
    case register(VectorRegister)
    case memory(MemoryOperand)
    /// 16 aligned bytes within reach of RIP-relative addressing.
    case constant(UnsafeRawPointer)
}

extension VectorOperation {
    static var addBytes: Self { Self(0xfc) }
    static var addHalves: Self { Self(0xfd) }
    static var addWords: Self { Self(0xfe) }
    static var addDoubles: Self { Self(0xd4) }
    static var subtractBytes: Self { Self(0xf8) }
    static var subtractHalves: Self { Self(0xf9) }
    static var subtractWords: Self { Self(0xfa) }
    static var subtractDoubles: Self { Self(0xfb) }
    static var addBytesUnsignedSaturating: Self { Self(0xdc) }
    static var addHalvesUnsignedSaturating: Self { Self(0xdd) }
    static var addBytesSignedSaturating: Self { Self(0xec) }
    static var addHalvesSignedSaturating: Self { Self(0xed) }
    static var subtractBytesUnsignedSaturating: Self { Self(0xd8) }
    static var subtractHalvesUnsignedSaturating: Self { Self(0xd9) }
    static var subtractBytesSignedSaturating: Self { Self(0xe8) }
    static var subtractHalvesSignedSaturating: Self { Self(0xe9) }
    static var averageBytes: Self { Self(0xe0) }
    static var averageHalves: Self { Self(0xe3) }
    static var maximumUnsignedBytes: Self { Self(0xde) }
    static var maximumSignedBytes: Self { Self(0x3c, map: 2) }
    static var minimumUnsignedBytes: Self { Self(0xda) }
    static var minimumSignedBytes: Self { Self(0x38, map: 2) }
    static var maximumUnsignedHalves: Self { Self(0x3e, map: 2) }
    static var maximumSignedHalves: Self { Self(0xee) }
    static var minimumUnsignedHalves: Self { Self(0x3a, map: 2) }
    static var minimumSignedHalves: Self { Self(0xea) }
    static var maximumUnsignedWords: Self { Self(0x3f, map: 2) }
    static var maximumSignedWords: Self { Self(0x3d, map: 2) }
    static var minimumUnsignedWords: Self { Self(0x3b, map: 2) }
    static var minimumSignedWords: Self { Self(0x39, map: 2) }
    static var equalBytes: Self { Self(0x74) }
    static var equalHalves: Self { Self(0x75) }
    static var equalWords: Self { Self(0x76) }
    static var equalDoubles: Self { Self(0x29, map: 2) }
    static var greaterBytes: Self { Self(0x64) }
    static var greaterHalves: Self { Self(0x65) }
    static var greaterWords: Self { Self(0x66) }
    static var greaterDoubles: Self { Self(0x37, map: 2) }
    static var and: Self { Self(0xdb) }
    /// Complements the first source.
    static var andNot: Self { Self(0xdf) }
    static var or: Self { Self(0xeb) }
    static var xor: Self { Self(0xef) }
    static var unpackLowBytes: Self { Self(0x60) }
    static var unpackLowHalves: Self { Self(0x61) }
    static var unpackLowWords: Self { Self(0x62) }
    static var unpackLowDoubles: Self { Self(0x6c) }
    static var unpackHighBytes: Self { Self(0x68) }
    static var unpackHighHalves: Self { Self(0x69) }
    static var unpackHighWords: Self { Self(0x6a) }
    static var unpackHighDoubles: Self { Self(0x6d) }
    static var packHalvesSigned: Self { Self(0x63) }
    static var packHalvesUnsigned: Self { Self(0x67) }
    static var packWordsSigned: Self { Self(0x6b) }
    static var packWordsUnsigned: Self { Self(0x2b, map: 2) }
    static var multiplyLowHalves: Self { Self(0xd5) }
    static var multiplyHighUnsignedHalves: Self { Self(0xe4) }
    static var multiplyHighSignedHalves: Self { Self(0xe5) }
    static var multiplyUnsignedWords: Self { Self(0xf4) }
    static var multiplySignedWords: Self { Self(0x28, map: 2) }
    static var multiplyLowWords: Self { Self(0x40, map: 2) }
    static var multiplyAddHalves: Self { Self(0xf5) }
    static var sumOfBytes: Self { Self(0xf6) }
    static var shuffleBytes: Self { Self(0x00, map: 2) }
    static var alignBytes: Self { Self(0x0f, map: 3) }
    static var blendHalves: Self { Self(0x0e, map: 3) }
    static var shuffleSingles: Self { Self(0xc6, simd: 0) }
    static var shufflePairOfDoubles: Self { Self(0xc6) }
    static var encrypt: Self { Self(0xdc, map: 2) }
    static var encryptLast: Self { Self(0xdd, map: 2) }
    static var decryptLast: Self { Self(0xdf, map: 2) }
    static var multiplyCarryless: Self { Self(0x44, map: 3) }
}

/// Shifts by an immediate: opcode of map `0F` and the extension in the ModRM byte.
struct VectorShift {
    let code: UInt8
    let extensionCode: UInt8

    static var leftHalves: Self { Self(code: 0x71, extensionCode: 6) }
    static var rightHalves: Self { Self(code: 0x71, extensionCode: 2) }
    static var arithmeticHalves: Self { Self(code: 0x71, extensionCode: 4) }
    static var leftWords: Self { Self(code: 0x72, extensionCode: 6) }
    static var rightWords: Self { Self(code: 0x72, extensionCode: 2) }
    static var arithmeticWords: Self { Self(code: 0x72, extensionCode: 4) }
    static var leftDoubles: Self { Self(code: 0x73, extensionCode: 6) }
    static var rightDoubles: Self { Self(code: 0x73, extensionCode: 2) }
    /// The whole register, in bytes.
    static var leftQuad: Self { Self(code: 0x73, extensionCode: 7) }
    static var rightQuad: Self { Self(code: 0x73, extensionCode: 3) }
}
