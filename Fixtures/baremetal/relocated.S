# Interrupts taken with translation on (LPCR[AIL] = 3), scv in both locations, and facilities that FSCR
# withholds from problem state, under radix translation.
        .include "common.inc"
        .set HIGH, 0xc000000000000000
        .set AILED, 0x4000

        .macro PUT at, value
        LOAD64  %r3, \at
        LOAD64  %r4, \value
        std     %r4, 0(%r3)
        .endm
        .macro HIGHHANDLER at
        .org    AILED + \at
        mtspr   272, %r1
        li      %r1, AILED + \at
        b       record_high
        .endm
# Runs problem state code at 0x10000 + offset until an interrupt.
        .macro USER offset
        bl      1f
1:      mflr    %r30
        addi    %r30, %r30, 2f - 1b
        mtspr   275, %r30
        li      %r30, 0
        mtspr   DAR, %r30
        mtspr   DSISR, %r30
        lis     %r30, 1
        addi    %r30, %r30, \offset
        mtspr   SRR0, %r30
        mfmsr   %r30
        ori     %r30, %r30, 0x5032
        mtspr   SRR1, %r30
        rfid
2:
        .endm
        .macro  FSCR value
        LOAD64  %r3, \value
        mtspr   153, %r3
        .endm
# Where scv comes to: counts, keeps what it sees, goes back.
        .macro  VECTORED
        addi    %r19, %r19, 1
        mflr    %r18
        mfctr   %r17
        mfmsr   %r16
        rfscv
        .endm
        .macro  SHOWSCV
        SHOW    %r19
        SHOW    %r18
        SHOW    %r17
        SHOW    %r16
        .endm

        ENTRY
        .org    0x3000
        VECTORED
        .org    0x3000 + 5 * 0x20
        VECTORED
        HIGHHANDLER 0x300
        HIGHHANDLER 0x380
        HIGHHANDLER 0x400
        HIGHHANDLER 0x480
        HIGHHANDLER 0x500
        HIGHHANDLER 0x600
        HIGHHANDLER 0x700
        HIGHHANDLER 0x800
        HIGHHANDLER 0x900
        HIGHHANDLER 0xa00
        HIGHHANDLER 0xc00
        HIGHHANDLER 0xd00
        HIGHHANDLER 0xf20
        HIGHHANDLER 0xf40
        HIGHHANDLER 0xf60
        .org    0x5000
# As `record`, with translation on: memory is reached through the high alias in r25.
record_high:
        mtspr   274, %r2
        mfspr   %r2, 273
        or      %r2, %r2, %r25
        std     %r1, 0(%r2)
        mfspr   %r1, SRR0
        std     %r1, 8(%r2)
        mfspr   %r1, SRR1
        std     %r1, 16(%r2)
        mfspr   %r1, DAR
        std     %r1, 24(%r2)
        mfspr   %r1, DSISR
        std     %r1, 32(%r2)
        mfspr   %r2, 273
        addi    %r2, %r2, 40
        mtspr   273, %r2
        mfspr   %r1, 275
        mtspr   SRR0, %r1
        ld      %r1, 0x40(%r25)
        mtspr   SRR1, %r1
        mfspr   %r2, 274
        mfspr   %r1, 272
        rfid
        COMMON

# Tables: 1 GiB at the high alias, one page of code and one of data for process 1.
        PUT     0x200000, 0x40000000002100ad
        PUT     0x200010, 0x40000000002200ad
        PUT     0x210000, 0x8000000000230009
        PUT     0x230000, 0xc00000000000018f
        PUT     0x220000, 0x8000000000234009
        PUT     0x234000, 0x8000000000235009
        PUT     0x235000, 0x8000000000236009
        PUT     0x236080, 0xc000000000600185
        PUT     0x236088, 0xc000000000601186
        bl      30f
30:     mflr    %r5
        addi    %r5, %r5, user - 30b - 4
        lis     %r6, 0x60
        addi    %r6, %r6, -4
        li      %r7, (user_end - user) / 4
        mtctr   %r7
31:     lwzu    %r8, 4(%r5)
        stwu    %r8, 4(%r6)
        bdnz    31b
        li      %r3, 0x37c
        li      %r4, 0x1d
        lis     %r5, 0x20
        li      %r6, 0
        li      %r7, 4
        sc      1
        li      %r3, 1
        mtspr   48, %r3
        li      %r19, 0
# Real mode first: scv goes to 0x17000.
        FSCR    0x1000
        scv     0
        SHOWSCV
        scv     5
        SHOWSCV
# Interrupts to high addresses from now on.
        li      %r3, 0x31c
        li      %r4, 3
        li      %r5, 3
        li      %r6, 0
        li      %r7, 0
        sc      1
        SHOW    %r3
        TRY     trap                            # untranslated: stays at 0x700
        scv     0
        SHOWSCV
        LOAD64  %r25, HIGH
        mfmsr   %r3
        ori     %r3, %r3, 0x30
        std     %r3, 0x40(0)
        mtspr   SRR1, %r3
        bl      32f
32:     mflr    %r3
        addi    %r3, %r3, 33f - 32b
        or      %r3, %r3, %r25
        mtspr   SRR0, %r3
        rfid
33:     TRY     trap
        TRY     .long 0
        TRY     sc
        TRY     fadd %f1, %f2, %f3
        TRY     vadduwm %v1, %v2, %v3
        TRY     xxlor %vs1, %vs2, %vs3
        LOAD64  %r4, 0xc000000080000000
        TRY     ld %r3, 0(%r4)
        TRY     std %r3, 0(%r4)
        LOAD64  %r4, 0x4000000000000000
        TRY     ld %r3, 0(%r4)
        scv     0
        SHOWSCV
        scv     5
        SHOWSCV
# A message that is no doorbell to a thread does nothing. A real one is never sent here: QEMU 7.2 aborts at its
# delivery.
        lis     %r4, 0x1000                     # not a doorbell of this kind
        msgsndp %r4
        mfspr   %r3, 176
        SHOW    %r3
# Problem state with every facility off, then with all on. bctar is left out with TAR off: QEMU 7.2 lets it pass, but
# it is an access to TAR (ISA 3.1 Book III, 7.2.10).
        FSCR    0
        USER    0
        mfspr   %r3, 153
        SHOW    %r3
        USER    8
        mfspr   %r3, 153
        SHOW    %r3
        USER    16
        mfspr   %r3, 153
        SHOW    %r3
        FSCR    0                               # QEMU 7.2 ORs the cause of scv to the one before
        USER    32
        mfspr   %r3, 153
        SHOW    %r3
        FSCR    0x1184
        USER    0
        USER    8
        USER    16
        USER    24
        USER    40
        USER    48
        USER    56
        USER    64
        USER    72
        SHOWSCV
# Back to real mode for the output.
        mfmsr   %r3
        xori    %r3, %r3, 0x30
        mtspr   SRR1, %r3
        bl      34f
34:     mflr    %r3
        addi    %r3, %r3, 35f - 34b
        clrldi  %r3, %r3, 4
        mtspr   SRR0, %r3
        rfid
35:     li      %r25, 0
        FINISH

        .macro  U insn:vararg
        \insn
        sc
        .endm
user:   U       mfspr %r3, 815                  # 0: TAR
        U       mtspr 815, %r3
        U       mfspr %r3, 804                  # 16: EBBHR
        U       bctar 12, 2                     # 24
        U       scv 0                           # 32
        U       mfspr %r3, 3                    # 40: DSCR
        U       msgsndp %r3                     # 48
        U       mfspr %r3, 176
        U       .long 0                         # 64
        .long   0x44000001                      # 72: scv 0, comes back
        sc
user_end:

        .org    0x17000
        VECTORED
        .org    0x17000 + 5 * 0x20
        VECTORED
        .end
