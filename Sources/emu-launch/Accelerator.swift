import EmuCore
import PPCTarget

/// `-accel tcg,engine=…,thread=…` and `-icount`.
struct Accelerator {
    private(set) var isSingleThreaded = false
    private(set) var instructionShift: UInt64?
    private(set) var engine = EngineKind.preferred

    init(_ texts: [String], icount: String?) throws {
        for text in texts {
            let list = try KeyValueList(text, impliedKey: "accel")
            try list.check(known: ["accel", "engine", "thread", "tb-size", "verify"], option: "-accel")
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
                self.engine = engine
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
        }
    }

    func makePlatform() -> SpaprServices {
        let engine = engine
        return SpaprServices(isSingleThreaded: isSingleThreaded, instructionShift: instructionShift) { _ in
            TranslatingEngine(engine)
        }
    }
}
