import EmuCore
import Foundation
import PPCTarget

/// `-accel tcg,engine=…,thread=…` and `-icount`.
struct Accelerator {
    private(set) var isSingleThreaded = false
    private(set) var instructionShift: UInt64?
    /// `-icount sleep=`.
    private(set) var sleepsWhenIdle = true
    private(set) var engine: EngineKind = .preferred
    /// Bytes of generated code to keep.
    private(set) var codeSize = 64 << 20
    /// Every so many pieces of native code one is checked against the interpreter; nil for none.
    private(set) var sample: Int?
    /// Native code as for an x86-64-v2 host.
    private(set) var isBaseline = false

    init(_ texts: [String], icount: String?) throws {
        var chosen: EngineKind?
        for text in texts {
            let list = try KeyValueList(text, impliedKey: "accel")
            try list.check(
                known: ["accel", "engine", "thread", "tb-size", "verify", "verify-sample", "baseline"], option: "-accel"
            )
            let name = list.string("accel") ?? "tcg"
            guard name == "tcg" else {
                throw ObjectError(
                    "invalid accelerator \(name)", hint: "Only tcg (this emulator's own engines) is available.")
            }
            if let thread = list.string("thread") {
                guard ["single", "multi"].contains(thread) else {
                    throw ObjectError("Invalid 'thread' setting \(thread)", hint: "Use thread=single or thread=multi.")
                }
                isSingleThreaded = thread == "single"
            }
            if let text = list.string("engine") {
                guard let engine = EngineKind(rawValue: text), engine.isAvailable else {
                    let usable = EngineKind.allCases.filter(\.isAvailable).map(\.rawValue).joined(separator: ", ")
                    throw ObjectError("Invalid 'engine' setting \(text)", hint: "Use one of \(usable).")
                }
                chosen = engine
            }
            if let megabytes = try list.integer("tb-size") {
                guard (1...2047).contains(megabytes) else {
                    throw ObjectError("Invalid 'tb-size' \(megabytes)", hint: "Give MiB of generated code, 1 to 2047.")
                }
                codeSize = megabytes << 20
            }
            isBaseline = try list.bool("baseline") ?? isBaseline
            if try list.bool("verify") == true { sample = sample ?? 1 }
            if let every = try list.integer("verify-sample") {
                guard every > 0, try list.bool("verify") == true else {
                    throw ObjectError(
                        "Invalid 'verify-sample' \(every)",
                        hint: "Use verify=on,verify-sample=N to check every Nth piece of code.")
                }
                sample = every
            }
        }
        try Self.checkVerification(sample, chosen, icount: icount != nil)
        if let icount {
            try parseCounting(icount)
            isSingleThreaded = true
            guard chosen != .native else {
                throw ObjectError(
                    "-icount counts instructions, which engine=native does not",
                    hint: "Use -accel tcg,engine=blocks or engine=interpreter with -icount, or leave engine= out.")
            }
            chosen = chosen ?? .blocks
        }
        engine = chosen ?? .preferred
    }

    private mutating func parseCounting(_ text: String) throws {
        let list = try KeyValueList(text, impliedKey: "shift")
        try list.check(known: ["shift", "align", "sleep"], option: "-icount")
        guard list.string("shift") != "auto" else {
            throw ObjectError(
                "-icount shift=auto is not supported: guest time would follow the host's speed",
                hint: "Use -icount shift=N with N from 0 to 10: an instruction takes 2^N nanoseconds.")
        }
        guard let shift = try list.integer("shift"), (0...10).contains(shift) else {
            throw ObjectError("icount: Invalid shift value", hint: "Use -icount shift=N with N from 0 to 10.")
        }
        guard try list.bool("align") != true else {
            throw ObjectError(
                "-icount align=on is not supported: the host's clock does not hold the guest back",
                hint: "Leave align= out, or use align=off.")
        }
        instructionShift = UInt64(shift)
        sleepsWhenIdle = try list.bool("sleep") ?? true
    }

    private static func checkVerification(_ sample: Int?, _ chosen: EngineKind?, icount: Bool) throws {
        guard sample != nil else { return }
        guard chosen == nil || chosen == .native, EngineKind.native.isAvailable, !icount else {
            throw ObjectError(
                "verify=on compares the native engine with the interpreter",
                hint: "Leave engine= and -icount out, on an x86-64 host.")
        }
    }

    /// What can only be said of the machine once it is built.
    func check(_ machine: SpaprMachine) throws {
        guard sample == nil || machine.threads.count == 1 || isSingleThreaded else {
            throw ObjectError(
                "verify=on repeats what one vCPU does, which others would see",
                hint: "Use -smp 1 or thread=single with verify=on.")
        }
    }

    func makePlatform() -> SpaprServices {
        let (engine, codeSize, sample, isBaseline) = (engine, codeSize, sample, isBaseline)
        return SpaprServices(
            isSingleThreaded: isSingleThreaded, instructionShift: instructionShift, sleepsWhenIdle: sleepsWhenIdle
        ) { _ in
            let verification = sample.map { sample in
                Verification(sample: sample) { difference in
                    Report.line("verify: \(difference)")
                    exit(1)
                }
            }
            return TranslatingEngine(
                engine, codeSize: codeSize, verification: verification, isBaseline: isBaseline)
        }
    }
}
