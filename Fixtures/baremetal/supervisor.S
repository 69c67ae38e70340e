# Instructions that user-mode emulation cannot show: supervisor's and hypervisor's, power saving, messages, segment
# registers, hashes with a known key.
        .include "common.inc"
        .macro  VALUE insn:vararg
        li      %r20, 0x77
        TRY     \insn
        SHOW    %r20
        .endm
        ENTRY
        COMMON
        lis     %r4, 9
        li      %r5, 0
        TRY     .long 0x7c0023ac                # dcbi 0, r4
        TRY     .long 0x7c002bac                # dcbi 0, r5
        TRY     .long 0x4c0002e4                # stop
        TRY     .long 0x4c000324                # doze
        TRY     .long 0x4c000364                # nap
        TRY     .long 0x4c0003a4                # sleep
        TRY     .long 0x4c0003e4                # rvwinkle
        TRY     .long 0x4c000224                # hrfid
        TRY     .long 0x7c2003a4 | (5 << 11)    # slbieg r1, r5
        TRY     .long 0x7c2006a4                # slbiag r1
        TRY     .long 0x7c0002a4                # slbsync
        TRY     .long 0x7c00219c                # msgsnd r4
        TRY     .long 0x7c0021dc                # msgclr r4
        TRY     .long 0x7c0006ec                # msgsync
        TRY     .long 0x7c00211c                # msgsndp r4: no doorbell
        TRY     .long 0x7c00215c                # msgclrp r4
        lis     %r6, 0x2800
        TRY     .long 0x7c00315c                # msgclrp r6: a doorbell that is not there
        TRY     .long 0x7c00046c                # tlbsync
        TRY     .long 0x7c0201a4                # mtsr 2, r0
        TRY     .long 0x7c0029e4                # mtsrin r0, r5
        VALUE   .long 0x7e8204a6                # mfsr r20, 2
        VALUE   .long 0x7e802d26                # mfsrin r20, r5
        LOAD64  %r7, (3 << 28) | 0x8000000 | 3
        LOAD64  %r8, 0x333480
        TRY     slbmte %r8, %r7
        li      %r9, 3
        VALUE   .long 0x7e804f26                # slbmfee r20, r9
        VALUE   .long 0x7e804ea6                # slbmfev r20, r9
        LOAD64  %r9, 0x3fffffff
        VALUE   .long 0x7e804fa7                # slbfee. r20, r9
        li      %r9, 99
        VALUE   .long 0x7e804f26
        VALUE   .long 0x7e8305e6                # darn r20, 3: reserved form
        LOAD64  %r3, 0x0123456789abcdef
        TRY     mtspr 468, %r3                  # HASHKEYR
        VALUE   mfspr %r20, 468
        LOAD64  %r21, 0x1122334455667788
        addi    %r4, %r4, 0x400
        TRY     hashst %r21, -8(%r4)
        ld      %r20, -8(%r4)
        SHOW    %r20
        TRY     hashchk %r21, -8(%r4)
        xori    %r22, %r21, 1
        TRY     hashchk %r22, -8(%r4)
        TRY     hashst %r21, -512(%r4)
        ld      %r20, -512(%r4)
        SHOW    %r20
        TRY     hashstp %r21, -16(%r4)
        ld      %r20, -16(%r4)
        SHOW    %r20
        TRY     hashchkp %r21, -16(%r4)
        TRY     hashchkp %r22, -16(%r4)
        VALUE   mfmsr %r20
        li      %r3, -1
        TRY     .long 0x7c600124                # mtmsr r3: LE, ME and SF stay, the rest comes if it exists
        mfmsr   %r20
        ld      %r3, 0x40(0)
        mtmsrd  %r3
        SHOW    %r20
        li      %r3, 0
        .long   0x7c610124                      # mtmsr r3, 1
        mfmsr   %r20
        SHOW    %r20
        mftb    %r3
        li      %r9, 100
        mtctr   %r9
1:      bdnz    1b
        mftb    %r9
        cmpld   %r9, %r3
        mfcr    %r20
        SHOW    %r20
        FINISH
        .end
