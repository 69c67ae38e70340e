// Calls a function of guest code with arguments and checks what it returns: a CPU, some memory, nothing else.
import PPCTarget

// unsigned long gcd(unsigned long a, unsigned long b): arguments in r3 and r4, result in r3.
let gcd: [UInt32] = [
    0x2824_0000,  // loop: cmpldi r4, 0
    0x4d82_0020,  //       beqlr
    0x7ca3_2392,  //       divdu r5, r3, r4
    0x7cc5_21d2,  //       mulld r6, r5, r4
    0x7ce6_1850,  //       subf  r7, r6, r3
    0x7c83_2378,  //       mr    r3, r4
    0x7ce4_3b78,  //       mr    r4, r7
    0x4bff_ffe4,  //       b     loop
]

/// Runs the function at `entry` until it returns.
func call(_ cpu: PPCCPU, _ entry: UInt64, _ arguments: [UInt64]) -> UInt64? {
    let returnAddress: UInt64 = 0xfffc
    for (index, value) in arguments.enumerated() { cpu.setRegister("r\(3 + index)", value) }
    cpu.setRegister("lr", returnAddress)
    cpu.setRegister("pc", entry)
    cpu.breakpoints = [returnAddress]
    return cpu.run(limit: 1_000_000) == .breakpoint ? cpu.register("r3") : nil
}

guard let model = PPCModel.named("power9") else { preconditionFailure("POWER9 is one of the models") }
let memory = FlatMemory(size: 1 << 20)
let cpu = PPCCPU(model: model, memory: memory)
let image = gcd.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> (24 - 8 * $0)) } }
precondition(memory.load(image, at: 0x1000), "the program fits")

for (a, b, expected) in [(48, 36, 12), (17, 5, 1), (1 << 40, 1 << 20, 1 << 20)] as [(UInt64, UInt64, UInt64)] {
    let result = call(cpu, 0x1000, [a, b])
    precondition(result == expected, "gcd(\(a), \(b)) is \(expected)")
    print("gcd(\(a), \(b)) = \(expected)")
}
