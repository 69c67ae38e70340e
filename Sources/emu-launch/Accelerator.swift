import EmuCore
import PPCTarget

/// `-accel tcg,engine=…,thread=…` and `-icount`.
struct Accelerator {
    private(set) var isSingleThreaded = false
    private(set) var instructionShift: UInt64?
    private(set) var engine: EngineKind
    /// Bytes of generated code to keep.
    private(set) var codeSize = 64 << 20

    init(_ texts: [String], icount: String?) throws {
        var chosen: EngineKind?
        for text in texts {
            let list = try KeyValueList(text, impliedKey: "accel")
            try list.check(known: ["accel", "engine", "thread", "tb-size"], option: "-accel")
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
        }
        if let icount {
            let list = try KeyValueList(icount, impliedKey: "shift")
            try list.check(known: ["shift", "align", "sleep"], option: "-icount")
            guard let shift = try list.integer("shift"), (0...10).contains(shift) else {
                throw ObjectError("icount: Invalid shift value", hint: "Use -icount shift=N with N from 0 to 10.")
            }
            instructionShift = UInt64(shift)
            isSingleThreaded = true
            guard chosen == nil || chosen == .interpreter else {
                throw ObjectError(
                    "-icount counts instructions, which engine=\(chosen?.rawValue ?? "") does not",
                    hint: "Use -accel tcg,engine=interpreter with -icount.")
            }
            chosen = .interpreter
        }
        engine = chosen ?? .preferred
    }

    func makePlatform() -> SpaprServices {
        let (engine, codeSize) = (engine, codeSize)
        return SpaprServices(isSingleThreaded: isSingleThreaded, instructionShift: instructionShift) { _ in
            TranslatingEngine(engine, codeSize: codeSize)
        }
    }
}
