import CPPCState

// AES rounds and SHA-2 sigma functions (ISA 3.1 Book I, section 6.14).

/// The AES substitution box and its inverse, derived from the field arithmetic that FIPS 197 defines them by.
struct CipherTables: Sendable {
    static let shared = CipherTables()

    let box: [UInt8]
    let inverseBox: [UInt8]

    private init() {
        var box = [UInt8](repeating: 0, count: 256)
        var inverse = [UInt8](repeating: 0, count: 256)
        for value in 0..<256 {
            let reciprocal = Self.power254(UInt8(value))
            var s: UInt8 = 0x63
            for turn in 0..<5 { s ^= reciprocal << UInt8(turn) | (turn == 0 ? 0 : reciprocal >> UInt8(8 - turn)) }
            box[value] = s
            inverse[Int(s)] = UInt8(value)
        }
        self.box = box
        inverseBox = inverse
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

/// Byte substitution of the whole state (`vsbox`).
func substituted(_ a: ppc_vsr) -> ppc_vsr {
    let box = CipherTables.shared.box
    return ppc_vsr(image: eachLane(a.view(U8.self)) { box[Int($0)] })
}

/// ShiftRows after SubBytes. The state's column c, row r is ISA byte 4c + r.
private func rowsShifted(_ a: ppc_vsr, through box: [UInt8], by step: Int) -> ppc_vsr {
    var result = ppc_vsr.zero
    for i in 0..<16 { result[byte: i] = box[Int(a[byte: i + step * (i & 3)])] }
    return result
}

/// Multiplies each column by the circulant matrix whose first row is given.
private func columnsMixed(_ a: ppc_vsr, _ row: (UInt8, UInt8, UInt8, UInt8)) -> ppc_vsr {
    var result = ppc_vsr.zero
    for i in 0..<16 {
        let column = i & ~3
        result[byte: i] =
            CipherTables.product(a[byte: i], row.0) ^ CipherTables.product(a[byte: column + ((i + 1) & 3)], row.1)
            ^ CipherTables.product(a[byte: column + ((i + 2) & 3)], row.2)
            ^ CipherTables.product(a[byte: column + ((i + 3) & 3)], row.3)
    }
    return result
}

private func exclusiveOr(_ a: ppc_vsr, _ b: ppc_vsr) -> ppc_vsr { ppc_vsr(lo: a.lo ^ b.lo, hi: a.hi ^ b.hi) }

/// One round of encryption (`vcipher`; `vcipherlast` when `last`).
func encrypted(_ state: ppc_vsr, key: ppc_vsr, last: Bool) -> ppc_vsr {
    let shifted = rowsShifted(state, through: CipherTables.shared.box, by: 4)
    return exclusiveOr(last ? shifted : columnsMixed(shifted, (2, 3, 1, 1)), key)
}

/// One round of decryption (`vncipher`; `vncipherlast` when `last`). The key is added before the columns are mixed.
func decrypted(_ state: ppc_vsr, key: ppc_vsr, last: Bool) -> ppc_vsr {
    let keyed = exclusiveOr(rowsShifted(state, through: CipherTables.shared.inverseBox, by: -4), key)
    return last ? keyed : columnsMixed(keyed, (14, 11, 13, 9))
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
