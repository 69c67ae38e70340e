# What FSCR and MSR withhold: transactional memory, prefixed instructions, and the values that failing transactions
# leave. Byte order changes by rfid, and what little-endian code does in a big-endian guest or the other way round.
        .include "common.inc"
        .include "hash.inc"
        .set VIEW, 0x10000000
        .macro  MARK number, reg
        lis     %r3, \number
        sldi    %r3, %r3, 16
        or      %r29, \reg, %r3
        bl      show
        .endm
        .macro  TM insn:vararg
        TRY     \insn
        mfcr    %r20
        SHOW    %r20
        .endm
        .macro  PROBLEM label, bits=0
        GO      VIEW + (\label - user), 0xc032
        mfspr   %r20, 153
        SHOW    %r20
        .endm
# The last record's vector, under a number.
        .macro  LAST number
        mfspr   %r20, 273
        ld      %r20, -40(%r20)
        mfspr   %r3, 273
        addi    %r3, %r3, -40
        mtspr   273, %r3
        MARK    \number, %r20
        .endm

        ENTRY
        COMMON
        SEGMENT 0, 1, 0x111, 0x400
        MAP     0x111, 0x0000, 12, 0x500000, 2, 0, 0
        COPY    user, user_end, 0x500000
# Without MSR[TM].
        li      %r3, 0
        mtspr   153, %r3
        TRY     .long 0x7c00051d                # tbegin.
        mfspr   %r20, 153
        SHOW    %r20
        TRY     mfspr %r3, 128
        TRY     .long 0x7c0005dd                # tsr.
        TRY     .long 0x7c00059c                # tcheck
        TRY     .long 0x7c00075d                # treclaim.
        PROBLEM user_tm
# With it.
        mfmsr   %r3
        li      %r4, 1
        sldi    %r4, %r4, 32
        or      %r3, %r3, %r4
        mtmsrd  %r3
        std     %r3, 0x40(0)
        mfmsr   %r20
        SHOW    %r20
        TM      .long 0x7c00051d                # tbegin.
        mfspr   %r20, 130
        SHOW    %r20
        mfspr   %r20, 131
        SHOW    %r20
        mfspr   %r20, 128
        SHOW    %r20
        mfspr   %r20, 129
        SHOW    %r20
        TM      .long 0x7c00055d                # tend.
        TM      .long 0x7e00055d                # tendall.
        TM      .long 0x7c00071d                # tabort.
        TM      .long 0x7c00061d                # tabortwc.
        TM      .long 0x7c00065d                # tabortdc.
        TM      .long 0x7c00069d                # tabortwci.
        TM      .long 0x7c0006dd                # tabortdci.
        TM      .long 0x7c0005dd                # tsuspend.
        TM      .long 0x7c2005dd                # tresume.
        TM      .long 0x7d00059c                # tcheck cr2
        TM      .long 0x7c00075d                # treclaim.
        TM      .long 0x7c0007dd                # trechkpt.
        PROBLEM user_tm
        mfcr    %r20
        SHOW    %r20
        mfspr   %r20, 130
        SHOW    %r20
        mfspr   %r20, 129
        SHOW    %r20
        mfmsr   %r3
        li      %r4, 1
        sldi    %r4, %r4, 32
        andc    %r3, %r3, %r4
        mtmsrd  %r3
        std     %r3, 0x40(0)
# Prefixed instructions in problem state: QEMU does not look at FSCR (ISA 3.1 Book III, 7.2.10).
        li      %r3, 0
        mtspr   153, %r3
        GO      VIEW + (user_prefix - user), 0xc032
        LAST    1
        lis     %r3, 0
        ori     %r3, %r3, 0x2000
        mtspr   153, %r3
        GO      VIEW + (user_prefix - user), 0xc032
        LAST    2
        .balign 64
        TRY     .long 0x06000000, 0x38600001    # paddi r3, 0, 1
# The other byte order: rfid into it, a load, and a system call back.
        LOAD64  %r16, 0x0102030405060708
        lis     %r14, 9
        std     %r16, 0(%r14)
        bl      1f
1:      mflr    %r30
        addi    %r15, %r30, other - 1b
        addi    %r30, %r30, 2f - 1b
        mtspr   275, %r30
        mtspr   SRR0, %r15
        mfmsr   %r3
        xori    %r3, %r3, 1
        mtspr   SRR1, %r3
        rfid
other:  .long   0x0000eee9, 0x02000044        # ld r15, 0(r14) and sc, bytes swapped
2:      SHOW    %r15
        mfmsr   %r20
        SHOW    %r20
# mtmsrd does not change the byte order.
        mfmsr   %r3
        xori    %r3, %r3, 1
        mtmsrd  %r3
        mfmsr   %r20
        SHOW    %r20
        FINISH
user:
user_tm:
        .long   0x7c00051d
        sc
        .balign 64
user_prefix:
        .long   0x06000000, 0x38600001
        sc
user_end:
        .end
