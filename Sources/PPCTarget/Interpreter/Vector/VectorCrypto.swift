import CPPCState

// AES rounds and SHA-2 sigma functions (ISA 3.1 Book I, section 6.14).

/// The AES substitution box and its inverse, derived from the field arithmetic that FIPS 197 defines them by.
struct CipherTables: Sendable {
    static let shared = CipherTables()

    /// 256 bytes each, allocated once for the life of the process.
    nonisolated(unsafe) let box: UnsafePointer<UInt8>
    nonisolated(unsafe) let inverseBox: UnsafePointer<UInt8>

    private init() {
        let box = UnsafeMutablePointer<UInt8>.allocate(capacity: 256)
        let inverse = UnsafeMutablePointer<UInt8>.allocate(capacity: 256)
        for value in 0..<256 {
            let reciprocal = Self.power254(UInt8(value))
            var s: UInt8 = 0x63
            for turn in 0..<5 { s ^= reciprocal << UInt8(turn) | (turn == 0 ? 0 : reciprocal >> UInt8(8 - turn)) }
            box[value] = s
            inverse[Int(s)] = UInt8(value)
        }
        self.box = UnsafePointer(box)
        inverseBox = UnsafePointer(inverse)
    }

    /// Product in GF(2^8) modulo x^8 + x^4 + x^3 + x + 1.
    static func product(_ a: UInt8, _ b: UInt8) -> UInt8 {
        var result: UInt8 = 0
        var term = a
        var rest = b
        while rest != 0 {
            if rest & 1 != 0 { result ^= term }
            term = term << 1 ^ (term & 0x80 != 0 ? 0x1b : 0)
            rest >>= 1
        }
        return result
    }

    /// The multiplicative inverse, zero for zero.
    private static func power254(_ a: UInt8) -> UInt8 {
        var result: UInt8 = 1
        for _ in 0..<254 { result = product(result, a) }
        return result
    }
}

/// Substitutes all bytes of the state after moving row r (bytes r, 4 + r, …) by `step * r` bytes.
@inline(__always)
private func substituted(_ a: ppc_vsr, through box: UnsafePointer<UInt8>, step: Int) -> ppc_vsr {
    var result = ppc_vsr.zero
    withUnsafeBytes(of: a) { source in
        withUnsafeMutableBytes(of: &result) { target in
            for i in 0..<16 { target[15 - i] = box[Int(source[15 - ((i + step * (i & 3)) & 15)])] }
        }
    }
    return result
}

/// Byte substitution of the whole state (`vsbox`).
func substituted(_ a: ppc_vsr) -> ppc_vsr { substituted(a, through: CipherTables.shared.box, step: 0) }

/// Twice each byte, in the cipher's field.
@inline(__always)
private func doubled(_ a: U32) -> U32 {
    let bytes = unsafeBitCast(a, to: U8.self)
    let reduced = U8.zero.replacing(with: 0x1b, where: bytes .>= 0x80)
    return unsafeBitCast((bytes &<< 1) ^ reduced, to: U32.self)
}

@inline(__always)
private func rotatedColumns(_ a: U32, _ bits: UInt32) -> U32 { a &<< bits | a &>> (32 - bits) }

/// Multiplies each column, which is a word, by the circulant matrix 2 3 1 1.
private func columnsMixed(_ a: ppc_vsr) -> ppc_vsr {
    let one = a.view(U32.self)
    let two = doubled(one)
    let rest = rotatedColumns(two ^ one, 8) ^ rotatedColumns(one, 16)
    return ppc_vsr(image: two ^ rest ^ rotatedColumns(one, 24))
}

/// Multiplies each column by the inverse matrix 14 11 13 9.
private func columnsUnmixed(_ a: ppc_vsr) -> ppc_vsr {
    let one = a.view(U32.self)
    let two = doubled(one)
    let four = doubled(two)
    let eight = doubled(four)
    let nine = eight ^ one
    let first = (eight ^ four ^ two) ^ rotatedColumns(nine ^ two, 8)
    return ppc_vsr(image: first ^ rotatedColumns(nine ^ four, 16) ^ rotatedColumns(nine, 24))
}

private func exclusiveOr(_ a: ppc_vsr, _ b: ppc_vsr) -> ppc_vsr { ppc_vsr(lo: a.lo ^ b.lo, hi: a.hi ^ b.hi) }

/// One round of encryption (`vcipher`; `vcipherlast` when `last`). The state's column c, row r is ISA byte 4c + r.
func encrypted(_ state: ppc_vsr, key: ppc_vsr, last: Bool) -> ppc_vsr {
    let shifted = substituted(state, through: CipherTables.shared.box, step: 4)
    return exclusiveOr(last ? shifted : columnsMixed(shifted), key)
}

/// One round of decryption (`vncipher`; `vncipherlast` when `last`). The key is added before the columns are mixed.
func decrypted(_ state: ppc_vsr, key: ppc_vsr, last: Bool) -> ppc_vsr {
    let keyed = exclusiveOr(substituted(state, through: CipherTables.shared.inverseBox, step: -4), key)
    return last ? keyed : columnsUnmixed(keyed)
}

@inline(__always)
private func rotatedRight<T: FixedWidthInteger & UnsignedInteger>(_ a: T, _ count: T) -> T {
    a &>> count | a &<< (0 &- count)
}

/// `vshasigmaw`: lower-case sigma functions of SHA-256 if `big` is false, upper-case ones otherwise; bit i of the
/// mask (from the left) chooses between 0 and 1 for word i.
func sigmaWords(_ a: ppc_vsr, big: Bool, mask: Int) -> ppc_vsr {
    var result = ppc_vsr.zero
    for i in 0..<4 {
        let x = a[word: i]
        result[word: i] =
            switch (big, mask & 8 >> i != 0) {
            case (false, false): rotatedRight(x, 7) ^ rotatedRight(x, 18) ^ x >> 3
            case (false, true): rotatedRight(x, 17) ^ rotatedRight(x, 19) ^ x >> 10
            case (true, false): rotatedRight(x, 2) ^ rotatedRight(x, 13) ^ rotatedRight(x, 22)
            case (true, true): rotatedRight(x, 6) ^ rotatedRight(x, 11) ^ rotatedRight(x, 25)
            }
    }
    return result
}

/// `vshasigmad`: the same for SHA-512; bits 0 and 2 of the mask count.
func sigmaDoublewords(_ a: ppc_vsr, big: Bool, mask: Int) -> ppc_vsr {
    var result = ppc_vsr.zero
    for i in 0..<2 {
        let x = a[double: i]
        result[double: i] =
            switch (big, mask & 8 >> (2 * i) != 0) {
            case (false, false): rotatedRight(x, 1) ^ rotatedRight(x, 8) ^ x >> 7
            case (false, true): rotatedRight(x, 19) ^ rotatedRight(x, 61) ^ x >> 6
            case (true, false): rotatedRight(x, 28) ^ rotatedRight(x, 34) ^ rotatedRight(x, 39)
            case (true, true): rotatedRight(x, 14) ^ rotatedRight(x, 18) ^ rotatedRight(x, 41)
            }
    }
    return result
}
