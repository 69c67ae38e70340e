import Testing

@testable import PPCTarget

@Suite("Decimal floating point")
struct DecimalTests {
    private func number(_ coefficient: UInt128, _ exponent: Int = 0, negative: Bool = false) -> DecimalNumber {
        DecimalNumber(sign: negative, exponent: exponent, coefficient: coefficient)
    }

    @Test("every declet has a value, every value its canonical declet")
    func declets() {
        for value in UInt32(0)..<1000 { #expect(DenselyPacked.value(DenselyPacked.declet(value)) == value) }
        let redundant = (UInt32(0)..<1024).filter { DenselyPacked.declet(DenselyPacked.value($0)) != $0 }
        #expect(redundant.count == 24)
        // ISA 3.1 Book I, appendix B: the redundant ones are 888 to 999 in all-large digits.
        #expect(redundant.allSatisfy { $0 & 0x6e == 0x6e })
    }

    @Test(
        "numbers survive encoding",
        arguments: [DecimalFormat.short, .long, .extended])
    func encoding(format: DecimalFormat) {
        let full = DecimalPower.of(format.precision) - 1
        for coefficient in [0, 1, 9, 10, full / 9, full] {
            for exponent in [format.minimumExponent, -1, 0, 1, format.maximumExponent] {
                let a = number(coefficient, exponent, negative: coefficient & 1 != 0)
                #expect(format.decode(format.encode(a)) == a)
            }
        }
        #expect(format.decode(format.encode(DecimalNumber(kind: .signalingNaN))).kind == .signalingNaN)
        #expect(format.decode(format.encode(DecimalNumber(kind: .infinity, sign: true))).sign)
        #expect(DecimalFormat.long.encode(number(1)) == 0x2238_0000_0000_0001)
    }

    struct Rounding: Sendable {
        let mode: DecimalRounding
        /// Of 0.5, 1.5, 2.3, -0.7 and -2.5, rounded to integers.
        let expected: [Int]
    }

    @Test(
        "rounding modes",
        arguments: [
            Rounding(mode: .halfEven, expected: [0, 2, 2, -1, -2]),
            Rounding(mode: .down, expected: [0, 1, 2, 0, -2]),
            Rounding(mode: .ceiling, expected: [1, 2, 3, 0, -2]),
            Rounding(mode: .floor, expected: [0, 1, 2, -1, -3]),
            Rounding(mode: .halfUp, expected: [1, 2, 2, -1, -3]),
            Rounding(mode: .halfDown, expected: [0, 1, 2, -1, -2]),
            Rounding(mode: .up, expected: [1, 2, 3, -1, -3]),
            Rounding(mode: .prepareShorter, expected: [1, 1, 2, -1, -2]),
        ])
    func rounding(row: Rounding) {
        let inputs = [
            number(5, -1), number(15, -1), number(23, -1), number(7, -1, negative: true),
            number(25, -1, negative: true),
        ]
        for (input, expected) in zip(inputs, row.expected) {
            var context = DecimalContext(format: .long, rounding: row.mode)
            let result = context.roundToIntegral(input)
            #expect(result.coefficient == UInt128(expected.magnitude) && result.exponent == 0)
            #expect(context.status == .inexact)
        }
    }

    @Test("sums keep the lower exponent and round beyond the precision")
    func addition() {
        var context = DecimalContext(format: .long, rounding: .halfEven)
        #expect(context.add(number(15, -1), number(225, -2)) == number(375, -2))
        #expect(context.add(number(1), number(1, negative: true)) == number(0))
        #expect(context.status.isEmpty)
        // One and a very small number: sixteen digits, rounded.
        #expect(context.add(number(1), number(1, -100)) == number(1_000_000_000_000_000, -15))
        #expect(context.status == .inexact)
        context.rounding = .down
        #expect(context.add(number(1), number(1, -100, negative: true)) == number(9_999_999_999_999_999, -16))
    }

    @Test("quotients drop zeros down to the preferred exponent")
    func division() {
        var context = DecimalContext(format: .long, rounding: .halfEven)
        #expect(context.divide(number(6), number(2)) == number(3))
        #expect(context.divide(number(1), number(8)) == number(125, -3))
        #expect(context.divide(number(2400), number(2)) == number(1200))
        #expect(context.status.isEmpty)
        #expect(context.divide(number(2), number(3)) == number(6_666_666_666_666_667, -16))
        #expect(context.status == .inexact)
        #expect(context.divide(number(1), number(0)).kind == .infinity)
        #expect(context.divide(number(0), number(0)).kind == .quietNaN)
        #expect(context.status == [.inexact, .divideByZero, .zeroOverZero])
    }

    @Test("results outside the range overflow and underflow")
    func range() {
        var context = DecimalContext(format: .long, rounding: .halfEven)
        #expect(context.multiply(number(1, 300), number(1, 300)).kind == .infinity)
        #expect(context.status == [.overflow, .inexact])
        context.status = []
        #expect(context.multiply(number(15, -398), number(1, -1)) == number(2, -398))
        #expect(context.status == [.underflow, .inexact])
        context.status = []
        // Fits with zeros appended.
        #expect(context.multiply(number(1, 369), number(1, 5)) == number(100_000, 369))
        #expect(context.status.isEmpty)
    }
}
