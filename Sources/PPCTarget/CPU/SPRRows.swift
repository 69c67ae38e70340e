import CPPCState

// Special purpose registers of the server models by number (ISA 3.1 Book III, section 5.4.4, and the models' user
// manuals for implementation-specific ones). Access rights are those that a pseries guest meets in QEMU.

extension SPRDefinition {
    /// Every register of every model; a number may occur more than once for different models.
    static var rows: [SPRDefinition] { low + partition + monitor + high }

    /// User and interrupt registers.
    private static let low: [SPRDefinition] = [
        SPRDefinition(1, "XER", .all(.xer, .xer), .all),
        SPRDefinition(8, "LR", .all(.lr, .lr), .all),
        SPRDefinition(9, "CTR", .all(.ctr, .ctr), .all),
        SPRDefinition(13, "UAMR", .all(.generic, .amr), .fromPOWER7),
        SPRDefinition(17, "DSCR", .supervisor, .fromPOWER7),
        SPRDefinition(18, "DSISR", .supervisor, .all),
        SPRDefinition(19, "DAR", .supervisor, .all),
        SPRDefinition(22, "DECR", .supervisor(.decrementer, .decrementer), .all),
        SPRDefinition(25, "SDR1", .supervisor(.generic, .sdr1), [.ppc970, .power7]),
        SPRDefinition(25, "SDR1", .hypervisor(.generic, .sdr1), .power8),
        SPRDefinition(26, "SRR0", .supervisor, .all),
        SPRDefinition(27, "SRR1", .supervisor, .all),
        SPRDefinition(28, "CFAR", .supervisor(.cfar, .cfar), .fromPOWER7),
        SPRDefinition(
            29, "AMR", SPRAccess(read: (.denied, .generic, .generic), write: (.denied, .amr, .generic)), .fromPOWER7),
        SPRDefinition(31, "ACOP", .supervisor, .fromPOWER7),
        SPRDefinition(48, "PID", .supervisor, .power7),
        SPRDefinition(48, "PID", .supervisor(.generic, .pid), .fromPOWER8),
        SPRDefinition(
            61, "IAMR", SPRAccess(read: (.denied, .generic, .generic), write: (.denied, .iamr, .generic)), .fromPOWER8),
        SPRDefinition(128, "TFHAR", .all(.tm, .tm), .fromPOWER8),
        SPRDefinition(129, "TFIAR", .all(.tm, .tm), .fromPOWER8),
        SPRDefinition(130, "TEXASR", .all(.tm, .tm), .fromPOWER8),
        SPRDefinition(131, "TEXASRU", .all(.tmUpperHalfBelow, .tmUpperHalfBelow), .fromPOWER8),
        SPRDefinition(136, "UCTRL", .userAliasReadOnly, .all),
        SPRDefinition(144, "TIDR", .split(user: (.undefined, .undefined), supervisor: (.generic, .generic)), .power9),
        SPRDefinition(152, "CTRL", .supervisor(.denied, .generic), .all),
        SPRDefinition(153, "FSCR", .supervisor, .fromPOWER8),
        SPRDefinition(
            157, "UAMOR", SPRAccess(read: (.denied, .generic, .generic), write: (.denied, .uamor, .generic)),
            .fromPOWER7),
        SPRDefinition(159, "PSPB", .supervisor(.generic, .lowHalf), .fromPOWER8),
    ]

    /// Hypervisor and time registers.
    private static let partition: [SPRDefinition] = [
        SPRDefinition(
            176, "DPDES", SPRAccess(read: (.denied, .dpdes, .dpdes), write: (.denied, .denied, .dpdes)), .fromPOWER8),
        SPRDefinition(180, "DAWR0", .hypervisor, .fromPOWER8),
        SPRDefinition(186, "RPR", .hypervisor, .fromPOWER8, reset: 0x103070f1f3f),
        SPRDefinition(187, "CIABR", .hypervisor, .fromPOWER8),
        SPRDefinition(188, "DAWRX0", .hypervisor, .fromPOWER8),
        SPRDefinition(190, "HFSCR", .hypervisor, .fromPOWER7),
        SPRDefinition(256, "VRSAVE", .problem, .all),
        SPRDefinition(259, "USPRG3", .userAliasReadOnly, .all),
        SPRDefinition(268, "TBL", .all(.timeBase, .denied), .all),
        SPRDefinition(269, "TBU", .all(.timeBaseUpper, .denied), .all),
        SPRDefinition(272, "SPRG0", .supervisor, .all),
        SPRDefinition(273, "SPRG1", .supervisor, .all),
        SPRDefinition(274, "SPRG2", .supervisor, .all),
        SPRDefinition(275, "SPRG3", .supervisor, .all),
        SPRDefinition(282, "EAR", .supervisor, .fromPOWER7),
        SPRDefinition(284, "TBL", .split(user: (.timeBase, .denied), supervisor: (.timeBase, .timeBaseLower)), .all),
        SPRDefinition(
            285, "TBU", .split(user: (.timeBaseUpper, .denied), supervisor: (.timeBaseUpper, .timeBaseUpper)), .all),
        SPRDefinition(286, "TBU40", .hypervisor(.denied, .timeBaseUpper40), .fromPOWER7),
        SPRDefinition(287, "PVR", .supervisorReadOnly, .all),
        SPRDefinition(304, "HSPRG0", .hypervisor, .fromPOWER7),
        SPRDefinition(305, "HSPRG1", .hypervisor, .fromPOWER7),
        SPRDefinition(306, "HDSISR", .hypervisor, .fromPOWER7),
        SPRDefinition(307, "HDAR", .hypervisor, .fromPOWER7),
        SPRDefinition(
            308, "SPURR", SPRAccess(read: (.purr, .purr, .purr), write: (.denied, .denied, .purr)), .fromPOWER7),
        SPRDefinition(
            309, "PURR", SPRAccess(read: (.purr, .purr, .purr), write: (.denied, .denied, .purr)), .fromPOWER7),
        SPRDefinition(310, "HDEC", .hypervisor(.hypervisorDecrementer, .hypervisorDecrementer), .fromPOWER7),
        SPRDefinition(311, "HIOR", .supervisor(.hior, .hior), .ppc970),
        SPRDefinition(312, "RMOR", .hypervisor, [.power7, .power8]),
        SPRDefinition(313, "HRMOR", .hypervisor, .fromPOWER7),
        SPRDefinition(314, "HSRR0", .hypervisor, .fromPOWER7),
        SPRDefinition(315, "HSRR1", .hypervisor, .fromPOWER7),
        SPRDefinition(316, "MMCRH", .hypervisor, .fromPOWER7),
        SPRDefinition(317, "TFMR", .hypervisor, .fromPOWER7),
        SPRDefinition(318, "LPCR", .hypervisor(.generic, .lpcr), .fromPOWER7, reset: 0xc),
        SPRDefinition(319, "LPIDR", .hypervisor(.generic, .lpidr), .fromPOWER7),
        SPRDefinition(336, "HMER", .hypervisor(.generic, .clearWithMask), .fromPOWER7),
        SPRDefinition(337, "HMEER", .hypervisor, .fromPOWER7),
        SPRDefinition(338, "PCR", .hypervisor(.generic, .pcr), .fromPOWER7),
        SPRDefinition(349, "AMOR", .hypervisor, .fromPOWER7),
        SPRDefinition(446, "TIR", .supervisorReadOnly, .fromPOWER8),
        SPRDefinition(464, "PTCR", .hypervisor(.generic, .ptcr), .fromPOWER9),
        SPRDefinition(468, "HASHKEYR", .supervisor, .power10),
        SPRDefinition(469, "HASHPKEYR", .hypervisor, .power10),
    ]

    /// Block address translation and performance monitor.
    private static let monitor: [SPRDefinition] = [
        SPRDefinition(528, "IBAT0U", .supervisor, .ppc970),
        SPRDefinition(529, "IBAT0L", .supervisor, .ppc970),
        SPRDefinition(530, "IBAT1U", .supervisor, .ppc970),
        SPRDefinition(531, "IBAT1L", .supervisor, .ppc970),
        SPRDefinition(532, "IBAT2U", .supervisor, .ppc970),
        SPRDefinition(533, "IBAT2L", .supervisor, .ppc970),
        SPRDefinition(534, "IBAT3U", .supervisor, .ppc970),
        SPRDefinition(535, "IBAT3L", .supervisor, .ppc970),
        SPRDefinition(536, "DBAT0U", .supervisor, .ppc970),
        SPRDefinition(537, "DBAT0L", .supervisor, .ppc970),
        SPRDefinition(538, "DBAT1U", .supervisor, .ppc970),
        SPRDefinition(539, "DBAT1L", .supervisor, .ppc970),
        SPRDefinition(540, "DBAT2U", .supervisor, .ppc970),
        SPRDefinition(541, "DBAT2L", .supervisor, .ppc970),
        SPRDefinition(542, "DBAT3U", .supervisor, .ppc970),
        SPRDefinition(543, "DBAT3L", .supervisor, .ppc970),
        SPRDefinition(768, "USIER", .split(user: (.generic, .denied), supervisor: (.generic, .generic)), .fromPOWER8),
        SPRDefinition(769, "UMMCR2", .split(user: (.userMMCR2, .userMMCR2), supervisor: (.alias, .alias)), .fromPOWER8),
        SPRDefinition(770, "UMMCRA", .userAlias, .all),
        SPRDefinition(771, "UPMC1", .split(user: (.userCounter, .userCounter), supervisor: (.alias, .alias)), .all),
        SPRDefinition(772, "UPMC2", .split(user: (.userCounter, .userCounter), supervisor: (.alias, .alias)), .all),
        SPRDefinition(773, "UPMC3", .split(user: (.userCounter, .userCounter), supervisor: (.alias, .alias)), .all),
        SPRDefinition(774, "UPMC4", .split(user: (.userCounter, .userCounter), supervisor: (.alias, .alias)), .all),
        SPRDefinition(775, "UPMC5", .split(user: (.userCounter56, .userCounter56), supervisor: (.alias, .alias)), .all),
        SPRDefinition(776, "UPMC6", .split(user: (.userCounter56, .userCounter56), supervisor: (.alias, .alias)), .all),
        SPRDefinition(777, "UPMC7", .userAlias, .ppc970),
        SPRDefinition(778, "UPMC8", .userAlias, .ppc970),
        SPRDefinition(
            779, "UMMCR0", .split(user: (.userMMCR0, .userMMCR0), supervisor: (.alias, .alias)), .all, reset: 0x80000000
        ),
        SPRDefinition(780, "USIAR", .userAlias, .all),
        SPRDefinition(781, "USDAR", .userAlias, .all),
        SPRDefinition(782, "UMMCR1", .userAlias, .all),
        SPRDefinition(784, "SIER", .supervisor, .fromPOWER8),
        SPRDefinition(785, "MMCR2", .supervisor, .fromPOWER8),
        SPRDefinition(786, "MMCRA", .supervisor, .all),
        SPRDefinition(787, "PMC1", .supervisor, .all),
        SPRDefinition(788, "PMC2", .supervisor, .all),
        SPRDefinition(789, "PMC3", .supervisor, .all),
        SPRDefinition(790, "PMC4", .supervisor, .all),
        SPRDefinition(791, "PMC5", .supervisor, .all),
        SPRDefinition(792, "PMC6", .supervisor, .all),
        SPRDefinition(793, "PMC7", .supervisor, .ppc970),
        SPRDefinition(794, "PMC8", .supervisor, .ppc970),
        SPRDefinition(795, "MMCR0", .supervisor, .all, reset: 0x80000000),
        SPRDefinition(796, "SIAR", .supervisor, .all),
        SPRDefinition(797, "SDAR", .supervisor, .all),
        SPRDefinition(798, "MMCR1", .supervisor, .all),
    ]

    /// Event-based branches and implementation registers.
    private static let high: [SPRDefinition] = [
        SPRDefinition(800, "BESCRS", .split(user: (.ebb, .ebb), supervisor: (.generic, .generic)), .fromPOWER8),
        SPRDefinition(
            801, "BESCRSU",
            .split(user: (.ebbUpperHalfBelow, .ebbUpperHalfBelow), supervisor: (.upperHalfBelow, .upperHalfBelow)),
            .fromPOWER8),
        SPRDefinition(802, "BESCRR", .split(user: (.ebb, .ebb), supervisor: (.generic, .generic)), .fromPOWER8),
        SPRDefinition(
            803, "BESCRRU",
            .split(user: (.ebbUpperHalfBelow, .ebbUpperHalfBelow), supervisor: (.upperHalfBelow, .upperHalfBelow)),
            .fromPOWER8),
        SPRDefinition(804, "EBBHR", .split(user: (.ebb, .ebb), supervisor: (.generic, .generic)), .fromPOWER8),
        SPRDefinition(805, "EBBRR", .split(user: (.ebb, .ebb), supervisor: (.generic, .generic)), .fromPOWER8),
        SPRDefinition(806, "BESCR", .split(user: (.ebb, .ebb), supervisor: (.generic, .generic)), .fromPOWER8),
        SPRDefinition(815, "TAR", .split(user: (.tar, .tar), supervisor: (.generic, .generic)), .fromPOWER8),
        SPRDefinition(816, "ASDR", .hypervisor, .fromPOWER9),
        SPRDefinition(848, "IC", .supervisorReadOnlyHypervisor, .fromPOWER8),
        SPRDefinition(
            849, "VTB",
            SPRAccess(read: (.denied, .virtualTimeBase, .virtualTimeBase), write: (.denied, .denied, .virtualTimeBase)),
            .fromPOWER8),
        SPRDefinition(851, "MMCRC", .hypervisor, .fromPOWER7),
        SPRDefinition(
            855, "PSSCR",
            SPRAccess(read: (.undefined, .undefined, .generic), write: (.undefined, .undefined, .generic)), .fromPOWER9),
        SPRDefinition(888, "TACR", .supervisor, .fromPOWER8),
        SPRDefinition(889, "TCSCR", .supervisor, .fromPOWER8),
        SPRDefinition(890, "CSIGR", .supervisor, .fromPOWER8),
        SPRDefinition(892, "SPMC1", .supervisor, .fromPOWER8),
        SPRDefinition(893, "SPMC2", .supervisor, .fromPOWER8),
        SPRDefinition(894, "MMCRS", .supervisor, .fromPOWER8),
        SPRDefinition(895, "WORT", .supervisor, .fromPOWER8),
        SPRDefinition(896, "PPR", .problem, .fromPOWER7),
        SPRDefinition(921, "TSCR", .hypervisor, .fromPOWER7),
        SPRDefinition(1008, "HID0", .supervisor(.generic, .clearBits), .ppc970, reset: 0x60000000),
        SPRDefinition(1008, "HID0", .hypervisor, .fromPOWER7),
        SPRDefinition(1009, "HID1", .supervisor, .ppc970),
        SPRDefinition(1010, "IABR", .supervisor, .ppc970),
        SPRDefinition(1012, "HID4", .supervisor, .ppc970),
        SPRDefinition(1013, "DABR", .supervisor, [.ppc970, .power7]),
        SPRDefinition(1014, "HID5", .supervisor, .ppc970, reset: 0x80),
        SPRDefinition(1015, "DABRX", .supervisor, [.ppc970, .power7]),
        SPRDefinition(
            1023, "PIR", SPRAccess(read: (.denied, .generic, .generic), write: (.denied, .denied, .undefined)),
            .fromPOWER7),
    ]
}
