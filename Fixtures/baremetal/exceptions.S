# Interrupts that instructions raise in supervisor state without translation.
        .include "common.inc"
        ENTRY
        COMMON

        TRY     .long 0                         # illegal
        TRY     trap
        TRY     twi 4, %r25, 0                  # trap if equal: r25 is zero
        TRY     tdi 8, %r25, 0                  # trap if greater: not taken
        TRY     sc
        TRY     mfspr %r3, 318                  # LPCR: hypervisor
        TRY     mtspr 318, %r3
        TRY     mfspr %r3, 0                    # undefined numbers
        TRY     mfspr %r3, 4
        TRY     mfspr %r3, 1000
        TRY     mfspr %r3, 1007
        TRY     mtspr 4, %r3
        TRY     mtspr 0, %r3
        TRY     mfspr %r3, 808                  # reserved no-ops
        TRY     hrfid
        TRY     .long 0x4c0002e4                # stop
        TRY     fadd %f1, %f2, %f3
        TRY     lfd %f1, 0(%r25)
        TRY     vadduwm %v1, %v2, %v3
        TRY     lvx %v1, 0, %r25
        TRY     xxlor %vs1, %vs2, %vs3
        TRY     lxvd2x %vs1, 0, %r25
        TRY     lxv %vs33, 0(%r25)
        TRY     lxsd %v1, 0(%r25)
        TRY     tbegin. 0
        mfspr   %r3, 153
        SHOW    %r3                             # FSCR tells the cause
        li      %r3, 0
        mtspr   153, %r3
        TRY     scv 0
        mfspr   %r3, 153
        SHOW    %r3
        mfspr   %r3, 815                        # TAR is free for supervisor software
        TRY     mtspr 815, %r3
        TRY     bctar 20, 0
        lis     %r4, 9
        ori     %r4, %r4, 1
        TRY     lwarx %r3, 0, %r4               # misaligned reservations
        TRY     ldarx %r3, 0, %r4
        TRY     stdcx. %r3, 0, %r4
        TRY     lharx %r3, 0, %r4
        TRY     lqarx %r6, 0, %r4
        TRY     lq %r6, 16(%r25)
        TRY     .long 0xbb840000                # lmw r28, 0(r4)
        TRY     .long 0x7cc424aa                # lswi r6, r4, 4
        TRY     ld %r3, 0(%r4)                  # unaligned, fine
        TRY     dcbz 0, %r4
        TRY     slbmte %r3, %r4                 # reserved bits or slot out of range
        li      %r5, 0x7ff
        TRY     slbmfee %r3, %r5
        TRY     tlbie %r4, %r5, 0, 0, 1
        TRY     tlbiel %r4, %r5, 0, 0, 1
        TRY     msgsnd %r4
        TRY     .long 0x7c0007fe                # undefined in the opcode map
        TRY     .long 0x4c000064                # rfi does not exist

# MSR updates.
        mfmsr   %r3
        SHOW    %r3
        li      %r3, -1
        mtmsrd  %r3, 1
        mfmsr   %r3
        li      %r4, 0
        mtmsrd  %r4, 1
        SHOW    %r3
        lis     %r3, 0x0280                     # VEC, VSX
        ori     %r3, %r3, 0x2902                # FP, FE0, FE1, RI
        mfmsr   %r4
        or      %r3, %r3, %r4
        mtmsrd  %r3
        mfmsr   %r3
        std     %r3, 0x40(0)                    # from here on handlers return with these enabled
        SHOW    %r3
        TRY     fadd %f1, %f2, %f3
        TRY     vadduwm %v1, %v2, %v3
        TRY     xxlor %vs1, %vs2, %vs3

# Floating-point enabled program interrupt: division by zero with FPSCR[ZE].
        li      %r3, 0
        std     %r3, 0x60(0)
        lfd     %f1, 0x60(0)
        LOAD64  %r3, 0x3ff0000000000000
        std     %r3, 0x60(0)
        lfd     %f2, 0x60(0)
        mtfsb1  27
        TRY     fdiv %f3, %f2, %f1
        mtfsb0  27
        TRY     fdiv %f3, %f2, %f1

# System call vectored.
        mfspr   %r3, 153
        ori     %r3, %r3, 0x1000
        mtspr   153, %r3
        li      %r20, 0
        scv     1
        SHOW    %r20
        SHOW    %r21
        SHOW    %r22
        SHOW    %r23

# Decrementer: pending while masked, taken as soon as EE is set.
        bl      20f
20:     mflr    %r3
        addi    %r3, %r3, 21f - 20b
        mtspr   275, %r3
        li      %r3, -5
        mtspr   22, %r3
        mfmsr   %r4
        ori     %r4, %r4, 0x8000
        mtmsrd  %r4, 1
        nop
        nop
21:     lis     %r3, 0x7fff
        mtspr   22, %r3

# Single step: every instruction until MSR[SE] is off again. The handler resumes at the next instruction by itself.
        bl      22f
22:     mflr    %r3
        addi    %r3, %r3, 24f - 22b
        mtspr   275, %r3
        mfmsr   %r4
        ori     %r4, %r4, 0x400
        mtspr   SRR1, %r4
        mflr    %r3
        addi    %r3, %r3, 23f - 22b
        mtspr   SRR0, %r3
        rfid
23:     addi    %r5, %r5, 1
        nop
24:     nop

# Branch trace.
        bl      25f
25:     mflr    %r3
        addi    %r3, %r3, 27f - 25b
        mtspr   275, %r3
        mfmsr   %r4
        ori     %r4, %r4, 0x200
        mtspr   SRR1, %r4
        mflr    %r3
        addi    %r3, %r3, 26f - 25b
        mtspr   SRR0, %r3
        rfid
26:     nop
        nop
        b       28f
27:     nop
28:     nop

# 32-bit mode: addresses wrap, the effective address of the instruction is truncated.
        mfmsr   %r3
        std     %r3, 0x50(0)
        clrldi  %r4, %r3, 1
        mtmsrd  %r4
        LOAD64  %r5, 0xffffffff00000060
        ld      %r6, 0(%r5)
        ld      %r3, 0x50(0)
        mtmsrd  %r3
        SHOW    %r6
        FINISH

        .org    0x17020
        mflr    %r20                            # scv 1: return address and MSR in LR and CTR
        mfctr   %r21
        mfmsr   %r22
        mfspr   %r23, 26
        rfscv
        .end
