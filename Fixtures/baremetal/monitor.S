# The performance monitor: counters of instructions and cycles, freezing, alerts, event-based branches.
#
# Instructions are counted through straight code and direct branches, and counters read right after a branch: QEMU adds
# what a block has executed at its end, and loses some that end otherwise. Shown values carry a number in their upper
# half, so that a listed difference names one of them.
        .include "common.inc"
        .include "hash.inc"
        .set MMCR2, 785
        .set PMC1, 787
        .set PMC2, 788
        .set PMC3, 789
        .set PMC4, 790
        .set PMC5, 791
        .set PMC6, 792
        .set MMCR0, 795
        .set MMCR1, 798
        .set FC, 0x80000000
        .set FCS, 0x40000000
        .set FCP, 0x20000000
        .set PMAE, 0x04000000
        .set FCECE, 0x02000000
        .set EBE, 0x00100000
        .set PMCC2, 0x00080000
        .set PMC1CE, 0x8000
        .set PMCJCE, 0x4000
        .set PMAO, 0x80
        .set FC14, 0x20
        .set FC56, 0x10
        .set VIEW, 0x10000000

        .macro  SET number, value
        LOAD64  %r3, \value
        mtspr   \number, %r3
        .endm
        .macro  MARK number, reg
        lis     %r3, \number
        sldi    %r3, %r3, 16
        or      %r29, \reg, %r3
        bl      show
        .endm
        .macro  STOP
        LOAD64  %r3, FC
        b       1f
1:      mtspr   MMCR0, %r3
        .endm
# Reads into r20 at the start of a block.
        .macro  READ number
        b       1f
1:      mfspr   %r20, \number
        .endm
        .macro  CLEAR
        li      %r3, 0
        .irp    number, PMC1, PMC2, PMC3, PMC4, PMC5, PMC6
        mtspr   \number, %r3
        .endr
        .endm
        .macro  NOPS count
        .rept   \count
        nop
        .endr
        .endm
        .macro  FLAG number, reg                # 1 if not zero
        cmpdi   \reg, 0
        li      %r20, 0
        beq     1f
        li      %r20, 1
1:      MARK    \number, %r20
        .endm

        ENTRY
        COMMON
        SEGMENT 0, 1, 0x111, 0x400
        MAP     0x111, 0x0000, 12, 0x500000, 2, 0, 0
        COPY    user, user_end, 0x500000
        CLEAR
        mfspr   %r20, MMCR0
        MARK    1, %r20
# Counters 5 and 6 by themselves.
        SET     MMCR0, 0
        NOPS    10
        STOP
        mfspr   %r20, PMC5
        MARK    2, %r20
        mfspr   %r20, PMC1
        MARK    3, %r20
        SET     MMCR0, 0
        li      %r3, 2000
        mtctr   %r3
10:     bdnz    10b
        STOP
        mfspr   %r20, PMC6
        FLAG    4, %r20
        CLEAR
        SET     MMCR0, FC56
        NOPS    10
        STOP
        mfspr   %r20, PMC5
        MARK    5, %r20
        mfspr   %r20, PMC6
        MARK    6, %r20
# Counters 1 to 4: instructions on 1, 2 and 4, cycles on 3.
        CLEAR
        SET     MMCR1, 0x02021efa
        li      %r3, 1
        mtspr   152, %r3                        # CTRL[RUN]
        SET     MMCR0, FC56
        NOPS    20
        READ    PMC1
        mr      %r21, %r20
        READ    PMC2
        mr      %r22, %r20
        READ    PMC4
        mr      %r23, %r20
        READ    PMC3
        mr      %r24, %r20
        STOP
        MARK    7, %r21
        MARK    8, %r22
        MARK    9, %r23
        FLAG    10, %r24
        CLEAR
        li      %r3, 0
        mtspr   152, %r3
        SET     MMCR0, FC56
        NOPS    20
        READ    PMC4
        STOP
        MARK    11, %r20
        CLEAR
        SET     MMCR0, FC14
        NOPS    20
        READ    PMC1
        mr      %r21, %r20
        READ    PMC5
        STOP
        MARK    12, %r21
        MARK    13, %r20
        SET     MMCR1, 0xfe1e0202               # other codes, and none
        CLEAR
        SET     MMCR0, FC56
        NOPS    5
        READ    PMC1
        mr      %r21, %r20
        READ    PMC3
        STOP
        MARK    14, %r21
        MARK    15, %r20
        SET     MMCR1, 0xf0333333
        CLEAR
        SET     MMCR0, FC56
        li      %r3, 2000
        mtctr   %r3
11:     bdnz    11b
        READ    PMC2
        mr      %r21, %r20
        READ    PMC1
        STOP
        MARK    16, %r21
        FLAG    17, %r20
        SET     MMCR1, 0
# Frozen by privilege: QEMU does not know these bits.
        CLEAR
        SET     MMCR0, FCS
        NOPS    20
        STOP
        mfspr   %r20, PMC5
        MARK    18, %r20
        CLEAR
        SET     MMCR0, FCP
        NOPS    20
        STOP
        mfspr   %r20, PMC5
        MARK    19, %r20
        CLEAR
        SET     MMCR2, 1 << (63 - 36)           # FC5S
        SET     MMCR0, 0
        NOPS    20
        STOP
        mfspr   %r20, PMC5
        MARK    20, %r20
        li      %r3, 0
        mtspr   MMCR2, %r3
# Alerts: an instruction counter, with and without freezing; external interrupts are off.
        CLEAR
        SET     PMC5, 0x7ffffff0
        SET     MMCR0, PMAE | PMCJCE
        NOPS    40
        b       12f
12:     mfspr   %r20, MMCR0
        STOP
        MARK    21, %r20
        CLEAR
        SET     PMC5, 0x7ffffff0
        SET     MMCR0, PMAE | PMCJCE | FCECE
        NOPS    40
        b       13f
13:     mfspr   %r20, MMCR0
        STOP
        MARK    22, %r20
        CLEAR
        SET     PMC5, 0x7ffffff0
        SET     MMCR0, PMAE | PMC1CE            # not enabled for this counter
        NOPS    40
        b       14f
14:     mfspr   %r20, MMCR0
        STOP
        MARK    23, %r20
        CLEAR
        SET     MMCR1, 0x02000000
        SET     PMC1, 0x7ffffff0
        SET     MMCR0, PMAE | PMC1CE | FC56
        NOPS    40
        b       15f
15:     mfspr   %r20, MMCR0
        STOP
        MARK    24, %r20
        SET     MMCR1, 0
# A cycle counter.
        CLEAR
        SET     PMC6, 0x7ffff000
        SET     MMCR0, PMAE | PMCJCE
        LOAD64  %r4, 400000000
        mtctr   %r4
16:     mfspr   %r20, MMCR0
        andi.   %r3, %r20, PMAO
        bdnzt   2, 16b
        STOP
        MARK    25, %r20
# The interrupt, which QEMU has since 8.1.
        CLEAR
        mfspr   %r21, 273
        bl      17f
17:     mflr    %r3
        addi    %r3, %r3, 18f - 17b
        mtspr   275, %r3
        SET     PMC5, 0x7ffffff0
        SET     MMCR0, PMAE | PMCJCE | FCECE
        NOPS    40
        li      %r20, 0
        mfmsr   %r4
        ori     %r4, %r4, 0x8000
        mtmsrd  %r4, 1
        nop
        nop
18:     mfmsr   %r4
        rldicl  %r4, %r4, 48, 1
        rotldi  %r4, %r4, 16
        mtmsrd  %r4, 1
        STOP
        mfspr   %r20, 273
        cmpd    %r20, %r21
        li      %r20, 0
        beq     19f
        lwz     %r20, 4(%r21)
        .ifdef  LITTLE
        lwz     %r20, 0(%r21)
        .endif
19:     mtspr   273, %r21
        MARK    26, %r20
# Event-based branches. An alert in supervisor state waits for problem state.
        SET     153, 0x80                       # FSCR[EBB]
        LOAD64  %r3, VIEW + (handler - user)
        mtspr   804, %r3
        SET     805, 0
        SET     806, 0x8000000100000000         # GE, PME
        CLEAR
        SET     PMC5, 0x7ffffff0
        SET     MMCR0, PMAE | PMCJCE | FCECE | EBE
        NOPS    40
        b       20f
20:     mfspr   %r20, MMCR0
        mfspr   %r21, 806
        MARK    27, %r20
        srdi    %r20, %r21, 63
        MARK    28, %r20
        clrldi  %r20, %r21, 32
        MARK    29, %r20
        srdi    %r20, %r21, 32
        clrldi  %r20, %r20, 33
        MARK    30, %r20                        # PME, which the event clears: Book II, 6.2
        li      %r20, 0
        GO      VIEW, 0xc032
        SHOW    %r20                            # EBBRR as the handler saw it
        clrldi  %r20, %r21, 32
        MARK    31, %r20
        mfspr   %r20, 806
        srdi    %r20, %r20, 63
        MARK    32, %r20
        SHOW    %r22                            # set by the code that was left, after rfebb
        STOP
# Off in FSCR: rfebb is refused in problem state (Book II, 6.3; QEMU performs it).
        SET     153, 0
        SET     806, 0
        LOAD64  %r3, VIEW
        mtspr   805, %r3
        li      %r22, 0
        mfspr   %r21, 273
        GO      VIEW + (rfebb_only - user), 0xc032
        mfspr   %r20, 273
        ld      %r20, -40(%r20)
        mtspr   273, %r21
        MARK    33, %r20
# Bits of BESCR by its other numbers (Book II, 6.2.1; QEMU keeps four registers).
        SET     806, 0
        SET     801, 0x80000001
        mfspr   %r20, 806
        srdi    %r20, %r20, 32
        MARK    34, %r20
        SET     803, 0x80000000
        mfspr   %r20, 806
        srdi    %r20, %r20, 32
        MARK    35, %r20
        SET     800, 6
        mfspr   %r20, 806
        clrldi  %r20, %r20, 32
        MARK    36, %r20
        SET     802, 2
        mfspr   %r20, 806
        clrldi  %r20, %r20, 32
        MARK    37, %r20
        SET     806, 0
# Problem state's view.
        SET     PMC1, 0x123
        SET     MMCR2, 0xffffffffffffffff
        SET     MMCR0, FC | PMCC2 | PMCJCE
        GO      VIEW + (look - user), 0xc032
        SHOW    %r20
        SHOW    %r21
        SHOW    %r22
        mfspr   %r20, MMCR0
        MARK    38, %r20
        mfspr   %r20, MMCR2
        SHOW    %r20
        mfspr   %r20, PMC1
        MARK    39, %r20
        FINISH

user:   li      %r22, 0x55
        sc
handler:
        mfspr   %r20, 805
        mfspr   %r21, 806
        lis     %r3, 0
        mtspr   806, %r3                        # the event has been seen
        .long   0x4c000924                      # rfebb 1
rfebb_only:
        .long   0x4c000124                      # rfebb 0
        sc
look:   mfspr   %r20, 779
        mfspr   %r21, 769
        mfspr   %r22, 771
        li      %r3, -1
        mtspr   769, %r3
        li      %r3, 0x456
        mtspr   771, %r3
        li      %r3, 0                          # runs from here on
        mtspr   779, %r3
        lis     %r3, 0x8000
        mtspr   779, %r3
        sc
user_end:
        .end
