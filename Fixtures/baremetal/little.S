# Little-endian supervisor state: interrupts arrive little-endian, data of every size in both orders.
        .include "common.inc"
        ENTRY
        COMMON
        mfmsr   %r3
        SHOW    %r3
        TRY     .long 0
        TRY     sc
        TRY     trap
        TRY     fadd %f1, %f2, %f3
        TRY     lxvd2x %vs1, 0, %r25
        mfmsr   %r3
        oris    %r3, %r3, 0x0280
        ori     %r3, %r3, 0x2000
        mtmsrd  %r3
        std     %r3, 0x40(0)
        lis     %r4, 9
        LOAD64  %r3, 0x0123456789abcdef
        std     %r3, 0(%r4)
        LOAD64  %r3, 0xfedcba9876543210
        stdbrx  %r3, %r4, %r25
        ld      %r3, 0(%r4)
        SHOW    %r3
        li      %r5, 8
        std     %r3, 8(%r4)
        lbz     %r3, 1(%r4)
        SHOW    %r3
        lhz     %r3, 1(%r4)
        SHOW    %r3
        lwz     %r3, 3(%r4)
        SHOW    %r3
        li      %r3, 5
        ldx     %r3, %r3, %r4
        SHOW    %r3
        ldbrx   %r3, %r4, %r5
        SHOW    %r3
        lwbrx   %r3, %r4, %r5
        SHOW    %r3
        lhbrx   %r3, %r4, %r5
        SHOW    %r3
        lwa     %r3, 4(%r4)
        SHOW    %r3
        lq      %r6, 0(%r4)
        SHOW    %r6
        SHOW    %r7
        TRY     .long 0xbb840000                # lmw r28, 0(r4)
        TRY     .long 0xbf840010                # stmw r28, 16(r4)
        TRY     .long 0x7cc444aa                # lswi r6, r4, 8
        TRY     .long 0x7cc445aa                # stswi r6, r4, 8
        lwarx   %r6, 0, %r4
        SHOW    %r6
        addi    %r6, %r6, 1
        stwcx.  %r6, 0, %r4
        mfcr    %r3
        SHOW    %r3
        ld      %r3, 0(%r4)
        SHOW    %r3
        lqarx   %r6, 0, %r4
        SHOW    %r6
        SHOW    %r7
        stqcx.  %r6, 0, %r4
        ld      %r3, 8(%r4)
        SHOW    %r3
        .macro  VECTOR insn:vararg
        \insn
        mfvsrd  %r3, %vs1
        mfvsrld %r5, %vs1
        SHOW    %r3
        SHOW    %r5
        .endm
        VECTOR  lxvd2x %vs1, 0, %r4
        VECTOR  lxvw4x %vs1, 0, %r4
        VECTOR  lxvb16x %vs1, 0, %r4
        VECTOR  lxvh8x %vs1, 0, %r4
        VECTOR  lxv %vs1, 0(%r4)
        lvx     %v1, 0, %r4
        VECTOR  xxlor %vs1, %vs33, %vs33
        stxvd2x %vs1, 0, %r4
        VECTOR  lxv %vs1, 0(%r4)
        lfd     %f1, 0(%r4)
        stfs    %f1, 32(%r4)
        lwz     %r3, 32(%r4)
        SHOW    %r3
        lis     %r4, 9
        addi    %r4, %r4, -4                    # across a page
        std     %r3, 0(%r4)
        ld      %r3, 0(%r4)
        SHOW    %r3
        lwz     %r3, 4(%r4)
        SHOW    %r3
        FINISH
        .end
