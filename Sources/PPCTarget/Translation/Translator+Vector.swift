import CJIT
import CPPCState

// Which vector instructions have native code here, and the way to it.
extension Translator {
    var constants: VectorConstants { entry.thunks.constants }

    private func isEnabled(_ facility: Facility) -> Bool {
        context.facilities &>> UInt64(facility.rawValue) & 1 != 0
    }

    /// Whether a VMX or VSX instruction word has native code in this context on this host.
    func lowersVector(_ op: Lowered, _ f: Word) -> Bool {
        switch op {
        // These need VSX for VSRs 0 to 31 and VMX for the others.
        case .lxv, .stxv, .lxvx, .stxvx, .lxvl, .lxvll, .stxvl, .stxvll, .lxvwsx, .xxspltib, .mtvsrdd, .mtvsrws,
            .mfvsrld:
            return isEnabled(Self.vectorRegister(op, f) < 32 ? .vsx : .vector)
        case .mfvsrd, .mfvsrwz, .mtvsrd, .mtvsrwa, .mtvsrwz:
            return isEnabled(Self.vectorRegister(op, f) < 32 ? .floatingPoint : .vector)
        case .vrlwnm, .vrlwmi, .vrldnm, .vrldmi: return hasAVX2
        case .vcipher, .vcipherlast, .vncipher, .vncipherlast: return has(CJ_AES)
        case .vpmsumd: return has(CJ_PCLMUL)
        case .vclzd: return has(CJ_LZCNT)
        case .vctzd: return has(CJ_BMI1)
        case .vinserth: return Self.insertsLane(2, f.ra & 15)
        case .vinsertw, .vinsw, .xxinsertw: return Self.insertsLane(4, f.ra & 15)
        case .vinsertd, .vinsd: return Self.insertsLane(8, f.ra & 15)
        // The same function for all elements, as programs want it.
        case .vshasigmaw: return f.rb & 15 == 0 || f.rb & 15 == 15
        case .vshasigmad: return f.rb & 10 == 0 || f.rb & 10 == 10
        case .lxvkq: return quadConstant(f.rb) != nil
        case .xxextractuw: return f.ra & 15 <= 12
        default: return true
        }
    }

    mutating func lowerVector(_ op: Lowered, _ word: UInt64) {
        let v = VectorFields(word)
        if lowerVectorAVX512(op, v, word) || lowerVMXFloat(op, v, word) { return }
        if lowerVectorSum(op, v) { return }
        _ = lowerVectorInteger(op, v, word) || lowerVectorPermute(op, v, word) || lowerVectorFloat(op, v, word)
    }
}
