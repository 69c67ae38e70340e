/// Instructions that the native code generator knows by name; the raw value is the row's mnemonic.
///
/// Everything else is called: generated code stores what it holds in host registers and calls the row's function.
enum Lowered: String, CaseIterable {
    // Fixed-point arithmetic.
    case addi, addis, addic, subfic, mulli, add, addc, adde, addme, addze, subf, subfc, subfe, subfme, subfze, neg
    case addicRecord = "addic."
    case mullw, mulld, mulhw, mulhwu, mulhd, mulhdu, divw, divwu, divd, divdu, modsw, moduw, modsd, modud
    case maddld, maddhd, maddhdu, brh, brw, brd, pdepd, pextd
    case addpcis, paddi
    // Logical.
    case andiRecord = "andi."
    case andisRecord = "andis."
    case cmpb, ori, oris, xori, xoris, and, or, xor, nand, nor, eqv, andc, orc, extsb, extsh, extsw
    case cntlzw, cntlzd, cnttzw, cnttzd, popcntw, popcntd
    // Rotates and shifts.
    case rlwinm, rlwnm, rlwimi, rldicl, rldicr, rldic, rldimi, rldcl, rldcr
    case slw, srw, sraw, srawi, sld, srd, srad, sradi, extswsli
    // Compares and condition register.
    case cmpi, cmpli, cmp, cmpl, isel, setb, setbc, setbcr, setnbc, setnbcr, mfcr, mfocrf, mtcrf, mtocrf, mcrf
    case crand, cror, crxor, crnand, crnor, creqv, crandc, crorc
    // Branches.
    case b, ba, bl, bla, bc, bca, bcl, bcla, bclr, bclrl, bcctr, bcctrl
    // System registers.
    case mfspr, mtspr, mfmsr, mtmsr, mtmsrd
    // The hypercall.
    case sc
    // Reservations, blocks.
    case lwarx, ldarx, dcbz, dcbst, dcbf, icbi
    case stwcx = "stwcx."
    case stdcx = "stdcx."
    // Loads and stores.
    case lbz, lbzu, lbzx, lbzux, lhz, lhzu, lhzx, lhzux, lha, lhau, lhax, lhaux, lwz, lwzu, lwzx, lwzux
    case lwa, lwax, lwaux, ld, ldu, ldx, ldux, lhbrx, lwbrx, ldbrx
    case stb, stbu, stbx, stbux, sth, sthu, sthx, sthux, stw, stwu, stwx, stwux, std, stdu, stdx, stdux
    case sthbrx, stwbrx, stdbrx
    case plbz, plhz, plha, plwz, plwa, pld, pstb, psth, pstw, pstd
    case plfs, plfd, pstfs, pstfd, plxv, pstxv, plxsd, plxssp, pstxsd, pstxssp
    // Synchronization that needs no code on an x86 host, or a fence.
    case sync, eieio, isync
    // Hints that need none.
    case dcbt, dcbtst
    // Traps.
    case tw, td, twi, tdi
    // Floating point.
    case lfs, lfsu, lfsx, lfsux, lfd, lfdu, lfdx, lfdux, stfs, stfsu, stfsx, stfsux, stfd, stfdu, stfdx, stfdux
    case fmr, fneg, fabs, fnabs, fadd, fsub, fmul, fdiv, fmadd, fmsub, fnmadd, fnmsub
    case fadds, fsubs, fmuls, fdivs, fmadds, fmsubs, fnmadds, fnmsubs
    case fsqrt, fsqrts, fsel, fcpsgn, fmrgew, fmrgow, frsp, friz, frip, frim, frin
    case fre, fres, frsqrte, frsqrtes, fcfidu, fcfidus, fctiwu, fctiwuz, fctidu, fctiduz
    case fcfid, fcfids, fctiwz, fctidz, fctiw, fctid, fcmpu, fcmpo
    // VSX scalar.
    case xsadddp, xssubdp, xsmuldp, xsdivdp, xsaddsp, xssubsp, xsmulsp, xsdivsp, xssqrtdp, xssqrtsp, xsrsp
    case xsmaddadp, xsmaddmdp, xsmsubadp, xsmsubmdp, xsnmaddadp, xsnmaddmdp, xsnmsubadp, xsnmsubmdp
    case xsmaddasp, xsmaddmsp, xsmsubasp, xsmsubmsp, xsnmaddasp, xsnmaddmsp, xsnmsubasp, xsnmsubmsp
    case xscmpudp, xscmpodp, xsmaxdp, xsmindp, xsmaxcdp, xsmincdp, xsrdpi, xsrdpic, xsrdpiz, xsrdpip, xsrdpim
    case xsabsdp, xsnabsdp, xsnegdp, xscpsgndp, xscvspdpn, xscvdpspn, xscvspdp, xscvsxddp, xscvsxdsp
    case xscvdpsxds, xscvdpsxws, xscvuxddp, xscvuxdsp, xscvdpuxds, xscvdpuxws
    case xscvdpsp, ftdiv, ftsqrt, xstdivdp, xstsqrtdp, xvtdivdp, xvtdivsp, xvtsqrtdp, xvtsqrtsp
    case xsredp, xsresp, xsrsqrtedp, xsrsqrtesp, xscmpeqdp, xscmpgtdp, xscmpgedp
    case xststdcdp, xsxexpdp, xsxsigdp, xsiexpdp
    // VSX vector floating point.
    case xvadddp, xvsubdp, xvmuldp, xvdivdp, xvsqrtdp, xvaddsp, xvsubsp, xvmulsp, xvdivsp, xvsqrtsp
    case xvmaddadp, xvmaddmdp, xvmsubadp, xvmsubmdp, xvnmaddadp, xvnmaddmdp, xvnmsubadp, xvnmsubmdp
    case xvmaddasp, xvmaddmsp, xvmsubasp, xvmsubmsp, xvnmaddasp, xvnmaddmsp, xvnmsubasp, xvnmsubmsp
    case xvmaxdp, xvmindp, xvmaxsp, xvminsp, xvrdpiz, xvrdpip, xvrdpim, xvrspiz, xvrspip, xvrspim
    case xvrdpi, xvrdpic, xvrspi, xvrspic
    case xvcmpeqdp, xvcmpgtdp, xvcmpgedp, xvcmpeqsp, xvcmpgtsp, xvcmpgesp
    case xvabsdp, xvnabsdp, xvnegdp, xvcpsgndp, xvabssp, xvnabssp, xvnegsp, xvcpsgnsp
    case xvredp, xvresp, xvrsqrtedp, xvrsqrtesp, xvcmpnedp, xvcmpnesp
    case xvcvuxwdp, xvcvuxwsp, xvcvuxddp, xvcvsxdsp, xvcvuxdsp, xvcvbf16spn
    case xvcvspuxws, xvcvdpuxws, xvcvdpuxds, xvcvspsxds, xvcvspuxds
    case xvxexpdp, xvxexpsp, xvxsigdp, xvxsigsp, xviexpdp, xviexpsp, xvtstdcdp, xvtstdcsp
    case xvcvspdp, xvcvdpsp, xvcvdpsxws, xvcvspsxws, xvcvdpsxds, xvcvsxwdp, xvcvsxwsp, xvcvsxddp
    // Outer products.
    case xvi8ger4, xvi8ger4pp, xvi16ger2, xvi16ger2pp, xxmfacc, xxmtacc, xxsetaccz, xvf32ger, xvf32gerpp, xvf32gerpn,
        xvf32gernp, xvf32gernn
    case xvf64ger, xvf64gerpp, xvf64gerpn, xvf64gernp, xvf64gernn
    // VMX and VSX loads and stores.
    case lvx, lvxl, lvebx, lvehx, lvewx, stvx, stvxl, stvebx, stvehx, stvewx
    case lxv, lxvx, lxvd2x, lxvw4x, lxvh8x, lxvb16x, lxvdsx, lxvwsx, lxsd, lxssp, lxsdx, lxsspx
    case lxsiwax, lxsiwzx, lxsibzx, lxsihzx, lxvrbx, lxvrhx, lxvrwx, lxvrdx
    case stxv, stxvx, stxvd2x, stxvw4x, stxvh8x, stxvb16x, stxsd, stxssp, stxsdx, stxsspx
    case stxsiwx, stxsibx, stxsihx, stxvrbx, stxvrhx, stxvrwx, stxvrdx
    case lfiwax, lfiwzx, stfiwx
    case lxvl, lxvll, stxvl, stxvll, lxvp, lxvpx, plxvp, stxvp, stxvpx, pstxvp
    // VMX integers and logic.
    case vaddubm, vadduhm, vadduwm, vaddudm, vadduqm, vsububm, vsubuhm, vsubuwm, vsubudm, vsubuqm
    case vaddubs, vaddsbs, vadduhs, vaddshs, vadduws, vaddsws, vsububs, vsubsbs, vsubuhs, vsubshs, vsubuws, vsubsws
    case vaddcuw, vsubcuw, vavgub, vavgsb, vavguh, vavgsh, vavguw, vavgsw, vabsdub, vabsduh, vabsduw
    case vmaxub, vmaxsb, vminub, vminsb, vmaxuh, vmaxsh, vminuh, vminsh, vmaxuw, vmaxsw, vminuw, vminsw
    case vmaxud, vmaxsd, vminud, vminsd, vnegw, vnegd, vextsb2w, vextsh2w, vextsb2d, vextsh2d, vextsw2d
    case vcmpequb, vcmpequh, vcmpequw, vcmpequd, vcmpgtub, vcmpgtuh, vcmpgtuw, vcmpgtud
    case vcmpgtsb, vcmpgtsh, vcmpgtsw, vcmpgtsd, vcmpneb, vcmpneh, vcmpnew, vcmpnezb, vcmpnezh, vcmpnezw
    case vand, vandc, vor, vxor, vnor, vorc, vnand, veqv, vsel
    case xxland, xxlandc, xxlor, xxlxor, xxlnor, xxlorc, xxlnand, xxleqv, xxsel
    case vslb, vsrb, vsrab, vrlb, vslw, vsrw, vsraw, vsld, vsrd, vsrad, vrlw, vrld, vsl, vsr, vslv, vsrv
    case vrlwnm, vrlwmi, vrldnm, vrldmi
    case vmuleub, vmulesb, vmuloub, vmulosb, vmuleuh, vmulesh, vmulouh, vmulosh, vmuleuw, vmulesw, vmulouw, vmulosw
    case vmhaddshs, vmhraddshs, vmsumshs, vmsumuhs, vmsumudm, vmulhsw, vmulhuw, vmulhsd, vmulhud
    case vmulesd, vmuleud, vmulosd, vmuloud, vmuluwm, vmladduhm, vmsumshm, vmsumuhm, vmsumubm, vmsummbm
    case vslh, vsrh, vsrah, vrlh, vmulld, vclzw, vpopcnth, vpopcntw, vgbbd, xxeval
    case vsum4ubs, vsum4sbs, vsum4shs, vsum2sws, vsumsws, vpkpx, vupkhpx, vupklpx
    // VMX single precision.
    case vaddfp, vsubfp, vmaddfp, vnmsubfp, vmaxfp, vminfp, vcmpeqfp, vcmpgtfp, vcmpgefp, vcmpbfp
    case vrefp, vrsqrtefp, vrfin, vrfiz, vrfip, vrfim, vcfsx, vcfux, vctsxs, vctuxs
    // Permutes, packs, elements.
    case vmrghb, vmrghh, vmrghw, vmrglb, vmrglh, vmrglw, vmrgew, vmrgow, xxmrghw, xxmrglw
    case vperm, vpermr, xxperm, xxpermr, vsldoi, xxsldwi, xxpermdi, xxbrh, xxbrw, xxbrd, xxbrq
    case vspltb, vsplth, vspltw, xxspltw, vspltisb, vspltish, vspltisw, xxspltib
    case vpkudus, vpksdus, vpksdss, vpkuhum, vpkuwum, vpkudum, vpkuhus, vpkshus, vpkuwus, vpkswus, vpkshss, vpkswss
    case vupkhsb, vupklsb, vupkhsh, vupklsh, vupkhsw, vupklsw
    case vextractub, vextractuh, vextractuw, vextractd, vinsertb, vinserth, vinsertw, vinsertd
    case xxextractuw, xxinsertw, vextublx, vextubrx, vextuhlx, vextuhrx, vextuwlx, vextuwrx
    case vinsw, vinsd, vinsblx, vinsbrx, vinshlx, vinshrx, vinswlx, vinswrx, vinsdlx, vinsdrx
    case vinsbvlx, vinsbvrx, vinshvlx, vinshvrx, vinswvlx, vinswvrx
    case vexpandbm, vexpandhm, vexpandwm, vexpanddm, vexpandqm, vextracthm, vextractwm, vextractdm, vextractqm
    case vcntmbb, vcntmbh, vcntmbw, vcntmbd, mtvsrbm, mtvsrhm, mtvsrwm, mtvsrdm, mtvsrbmi
    case xxblendvb, xxblendvh, xxblendvw, xxblendvd, xxpermx, xxspltiw, xxspltidp, xxsplti32dx, lxvkq
    case vpermxor, vsldbi, vsrdbi
    case mfvsrd, mfvsrld, mfvsrwz, mtvsrd, mtvsrwa, mtvsrwz, mtvsrdd, mtvsrws
    case vclzlsbb, vctzlsbb, vextractbm, lvsl, lvsr, vpopcntb, vpopcntd, vclzd, vctzd, vbpermq, vslo, vsro
    case vshasigmaw, vshasigmad, vcipher, vcipherlast, vncipher, vncipherlast, vpmsumd

    /// Cases by mnemonic: looking one up by its raw value compares it with all of them.
    static let named: [String: Lowered] = Dictionary(uniqueKeysWithValues: allCases.map { ($0.rawValue, $0) })
}

/// What the translators want to know about a row, in one small value: found once, when an engine starts.
struct RowInfo {
    /// Where a GPR number stands in the word and how the instruction uses that register.
    struct Register {
        var shift: UInt8 = 0
        var use: UInt8 = 0
        static var read: UInt8 { 1 }
        static var write: UInt8 { 2 }
        /// Number 0 names no register.
        static var zeroIsNone: UInt8 { 4 }
    }

    var lowered: Lowered?
    /// May read or change any GPR (multiple and string accesses, pairs).
    var touchesAll = false
    /// Ends a block.
    var ends = false
    var accessesMemory = false
    /// Ends a block because the context of what follows may be another.
    var changesContext = false
    /// May change XER[SO].
    var changesSO = false
    /// May change what FPSCR makes of floating-point arithmetic.
    var changesFPMode = false
    var registers: (Register, Register, Register, Register) = (Register(), Register(), Register(), Register())
    var vectors = (VectorUse(), VectorUse(), VectorUse(), VectorUse())

    init(_ row: InstructionRow) {
        lowered = Lowered.named[row.mnemonic]
        ends =
            row.effects.contains(.branches) || row.effects.contains(.synchronizes)
            || Self.endingMnemonics.contains(row.mnemonic)
        // `ptesync` lets other vCPUs go on, which may drop translations meanwhile.
        accessesMemory =
            row.effects.contains(.loads) || row.effects.contains(.stores) || row.mnemonic == "sync"
        changesFPMode = Self.modeMnemonics.contains(row.mnemonic)
        changesSO = row.effects.contains(.ovIfOE) || row.effects.contains(.writesXER)
        changesContext =
            row.effects.contains(.synchronizes) || Self.endingMnemonics.contains(row.mnemonic)
        touchesAll = Self.wideMnemonics.contains(row.mnemonic)
        var found: [Register] = []
        for operand in row.operands {
            var register = Register(shift: operand.shift, use: 0)
            switch operand.use {
            case .read: register.use = Register.read
            case .write: register.use = Register.write
            case .readWrite: register.use = Register.read | Register.write
            case .immediate: continue
            }
            switch operand.kind {
            case .gpr: break
            case .gprOrZero: register.use |= Register.zeroIsNone
            case .gprPair:
                touchesAll = true
                continue
            default: continue
            }
            if operand.width != 5 || operand.extract != nil {
                touchesAll = true
                continue
            }
            found.append(register)
        }
        let uses = row.operands.compactMap { VectorUse($0, row) }
        if uses.count > 0 { vectors.0 = uses[0] }
        if uses.count > 1 { vectors.1 = uses[1] }
        if uses.count > 2 { vectors.2 = uses[2] }
        if uses.count > 3 { vectors.3 = uses[3] }
        if found.count > 4 { touchesAll = true }
        if found.count > 0 { registers.0 = found[0] }
        if found.count > 1 { registers.1 = found[1] }
        if found.count > 2 { registers.2 = found[2] }
        if found.count > 3 { registers.3 = found[3] }
    }

    /// Whether an instruction ends its block. Moves to most registers and barriers share a row with what does.
    @inline(__always)
    func ends(_ word: UInt64) -> Bool {
        guard ends else { return false }
        switch lowered {
        case .mtspr:
            return SPRMoves.mayChangeContext(SPRMoves.sprNumber(word))
        case .mtmsr, .mtmsrd: return word & 0x10000 == 0
        case .sync: return word &>> 21 & 3 > 2
        case .eieio, .isync: return false
        default: return true
        }
    }

    /// Change what translation depends on, whether or not their rows say so.
    private static let endingMnemonics: Set<String> =
        [
            "sc", "scv", "rfid", "hrfid", "rfscv", "rfebb", "mtmsr", "mtmsrd", "wait", "stop", "slbmte",
            "slbie", "slbia", "tlbie", "tlbiel", "tlbsync",
        ]

    /// Set rounding, or enable exceptions.
    private static let modeMnemonics: Set<String> =
        ["mtfsf", "mtfsfi", "mtfsb0", "mtfsb1", "mffsce", "mffscdrn", "mffscdrni", "mffscrn", "mffscrni"]

    private static let wideMnemonics: Set<String> =
        [
            "lmw", "stmw", "lswi", "lswx", "stswi", "stswx", "lq", "stq", "lqarx", "stqcx.", "lwat", "ldat", "stwat",
            "stdat", "plq", "pstq",
        ]

    /// GPRs read and written by one instruction, as bit masks.
    @inline(__always)
    func gprs(_ word: UInt64) -> (reads: UInt64, writes: UInt64) {
        if touchesAll { return (0xffff_ffff, 0xffff_ffff) }
        var reads: UInt64 = 0
        var writes: UInt64 = 0
        Self.add(registers.0, word, &reads, &writes)
        Self.add(registers.1, word, &reads, &writes)
        Self.add(registers.2, word, &reads, &writes)
        Self.add(registers.3, word, &reads, &writes)
        return (reads, writes)
    }

    /// The same with LR and CTR, as far as instructions with native code use them.
    @inline(__always)
    func slots(_ word: UInt64) -> (reads: UInt64, writes: UInt64) {
        var (reads, writes) = gprs(word)
        switch lowered {
        case .bl, .bla: writes |= Slot.bit(Slot.lr)
        case .bc, .bca, .bcl, .bcla, .bclr, .bclrl, .bcctr, .bcctrl:
            if word & 1 != 0 { writes |= Slot.bit(Slot.lr) }
            if word &>> 21 & 4 == 0 {
                reads |= Slot.bit(Slot.ctr)
                writes |= Slot.bit(Slot.ctr)
            }
            if word &>> 26 == 19 { reads |= word &>> 1 & 0x3ff == 528 ? Slot.bit(Slot.ctr) : Slot.bit(Slot.lr) }
        case .mfspr, .mtspr:
            let number = word &>> 16 & 31 | (word &>> 11 & 31) &<< 5
            guard number == 8 || number == 9 else { break }
            let slot = Slot.bit(number == 8 ? Slot.lr : Slot.ctr)
            if lowered == .mfspr { reads |= slot } else { writes |= slot }
        case .ori where word & 0x3ff_ffff == 0: return (0, 0)
        default: break
        }
        return (reads, writes)
    }

    @inline(__always)
    private static func add(_ register: Register, _ word: UInt64, _ reads: inout UInt64, _ writes: inout UInt64) {
        if register.use == 0 { return }
        let number = word &>> UInt64(register.shift) & 31
        if number == 0 && register.use & Register.zeroIsNone != 0 { return }
        if register.use & Register.read != 0 { reads |= 1 &<< number }
        if register.use & Register.write != 0 { writes |= 1 &<< number }
    }
}
