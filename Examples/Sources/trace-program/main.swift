// Traces every instruction of a bare-metal program, which prints through a hypercall and stores to a device.
import PPCTarget

let program: [UInt32] = [
    0x3860_0003,  //       li    r3, 3
    0x7c69_03a6,  //       mtctr r3
    0x3c80_1000,  //       lis   r4, 0x1000
    0x38a5_0001,  // loop: addi  r5, r5, 1
    0x90a4_0000,  //       stw   r5, 0(r4)
    0x4200_fff8,  //       bdnz  loop
    0x4400_0022,  //       sc    1
]

guard let model = PPCModel.named("power10") else { preconditionFailure("POWER10 is one of the models") }
let memory = FlatMemory(size: 1 << 20)
let cpu = PPCCPU(model: model, memory: memory)
let image = program.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> (24 - 8 * $0)) } }
precondition(memory.load(image, at: 0x1000), "the program fits")

func hex(_ value: UInt64, _ digits: Int) -> String {
    let text = String(value, radix: 16)
    return String(repeating: "0", count: max(0, digits - text.count)) + text
}

memory.onWrite = { address, size, value in
    print("    device \(hex(address, 8)): \(size) bytes, value \(value)")
    return true
}
cpu.onInstruction = { cpu, address in
    let word = cpu.readMemory(at: address, count: 4)?.reduce(0) { $0 << 8 | UInt64($1) } ?? 0
    print("\(hex(address, 8))  \(hex(word, 8))  r3=\(cpu.register("r3") ?? 0) r5=\(cpu.register("r5") ?? 0)")
    return true
}
cpu.hypercall = { cpu in
    print("    hypercall with r5 = \(cpu.register("r5") ?? 0)")
    return Outcome.stop
}
cpu.setRegister("pc", 0x1000)
let reason = cpu.run()
precondition(reason == .requested && cpu.register("r5") == 3, "the program ends by its hypercall")
