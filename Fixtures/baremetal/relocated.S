# Interrupts taken with translation on (LPCR[AIL] = 3), scv in both locations, and facilities that FSCR
# withholds from problem state, under radix translation.
        .include "common.inc"
        .include "radix.inc"
        .set AILED, 0x4000

        .macro HIGHHANDLER at
        .org    AILED + \at
        mtspr   272, %r1
        li      %r1, AILED + \at
        b       record_high
        .endm
# Runs problem state code at 0x10000 + offset until an interrupt.
        .macro USER offset
        GO      0x10000 + \offset, 0x5032
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
        RADIX_TABLES
        PUT     0x236088, 0xc000000000601186
        COPY    user, user_end, 0x600000
        RADIX_ON
        li      %r19, 0
# Real mode first: scv goes to 0x17000.
        FSCR    0x1000
        scv     0
        SHOWSCV
        scv     5
        SHOWSCV
# Interrupts to high addresses from now on.
        HCALL   0x31c, 3, 3
        SHOW    %r3
        TRY     trap                            # untranslated: stays at 0x700
        scv     0
        SHOWSCV
        TRANSLATED
        TRY     trap
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
        UNTRANSLATED
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
