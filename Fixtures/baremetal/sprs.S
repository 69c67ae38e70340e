# Access to every special purpose register number: mfspr, then mtspr of what was read, in supervisor state without
# translation and in problem state under four settings of FSCR and MMCR0[PMCC]. One letter per number, 64 in a line:
# `.` done, `p` privileged instruction, `i` illegal instruction, `f` facility unavailable, `e` emulation assistance,
# `?` something else. Written so that it runs on every server model from 970 on.
        .include "common.inc"
        .include "hash.inc"
        .set READS, 0x500000                    # 1024 times mfspr r3; sc
        .set WRITES, 0x502000                   # 1024 times mtspr r3; sc
        .set VALUES, 0x600000
        .set VIEW, 0x10000000                   # problem state sees the code from here on

# Makes 1024 pairs of instructions from the one for number 0, which must not be there.
        .macro  GENERATE first, at
        LOAD64  %r14, \first
        LOAD64  %r15, \at
        li      %r16, 0
        lis     %r17, 0x4400                    # sc
        ori     %r17, %r17, 2
10:     rlwinm  %r18, %r16, 16, 11, 15          # low five bits of the number
        rlwinm  %r19, %r16, 6, 16, 20           # high five
        or      %r18, %r18, %r19
        or      %r18, %r18, %r14
        stw     %r18, 0(%r15)
        stw     %r17, 4(%r15)
        addi    %r15, %r15, 8
        addi    %r16, %r16, 1
        cmpdi   %r16, 1024
        blt     10b
        .endm

# Runs the pairs at an address with MSR bits added; `keep` tells whether r3 is kept or given.
        .macro  PASS address, bits, keep
        LOAD64  %r14, \address
        LOAD64  %r15, VALUES
        lis     %r16, LOG@h
        li      %r17, 0
10:     bl      11f
11:     mflr    %r18
        addi    %r18, %r18, 12f - 11b
        mtspr   275, %r18
        LOAD64  %r19, VALUES + 8 * 275          # its own value to SPRG3, too
        std     %r18, 0(%r19)
        .ifeq   \keep
        LOAD64  %r19, VALUES + 8 * 22           # a decrementer that does not go off in problem state
        LOAD64  %r18, 0x7fffffff
        std     %r18, 0(%r19)
        .endif
        mtspr   273, %r16
        mtspr   SRR0, %r14
        mfmsr   %r18
        ori     %r18, %r18, \bits
        mtspr   SRR1, %r18
        ld      %r3, 0(%r15)
        rfid
12:     .if     \keep
        std     %r3, 0(%r15)
        .endif
        ld      %r18, 0(%r16)
        ld      %r19, 16(%r16)
        li      %r6, '.'
        cmpdi   %r18, 0xc00
        beq     13f
        li      %r6, 'f'
        cmpdi   %r18, 0xf60
        beq     13f
        li      %r6, 'e'
        cmpdi   %r18, 0xe40
        beq     13f
        li      %r6, '?'
        cmpdi   %r18, 0x700
        bne     13f
        li      %r6, 'p'
        andis.  %r18, %r19, 4
        bne     13f
        li      %r6, 'i'
        andis.  %r18, %r19, 8
        bne     13f
        li      %r6, '?'
13:     stb     %r6, 0x100(%r16)
        lbz     %r6, 0x100(%r16)
        sldi    %r6, %r6, 24
        bl      put
        addi    %r14, %r14, 8
        addi    %r15, %r15, 8
        addi    %r17, %r17, 1
        andi.   %r18, %r17, 63
        bne     14f
        lis     %r6, 0x0a00
        bl      put
14:     cmpdi   %r17, 1024
        blt     10b
        .endm

        .macro  BOTH state, base, bits
        lis     %r6, (\state << 8)
        bl      put
        lis     %r6, 0x0a00
        bl      put
        PASS    READS + \base, \bits, 1
        lis     %r6, 0x0a00
        bl      put
        PASS    WRITES + \base, \bits, 0
        .endm

        ENTRY
        COMMON
        SEGMENT 0, 1, 0x111, 0x400
        MAP     0x111, 0x0000, 12, 0x500000, 2, 0, 0
        MAP     0x111, 0x1000, 12, 0x501000, 2, 0, 0
        MAP     0x111, 0x2000, 12, 0x502000, 2, 0, 0
        MAP     0x111, 0x3000, 12, 0x503000, 2, 0, 0
        GENERATE 0x7c6002a6, READS
        GENERATE 0x7c6003a6, WRITES
        BOTH    'S', 0, 0
# Problem state. 970 and POWER7 have neither FSCR nor PMCC (QEMU aborts there): they are done after the first setting.
        .set    STATE, '0'
        .irp    pmcc, 0, 1, 2, 3
        LOAD64  %r3, 0x80000000 | (\pmcc << 18)
        mtspr   795, %r3
        .if     \pmcc
        LOAD64  %r3, 0x31bf
        .else
        li      %r3, 0
        .endif
        mtspr   153, %r3
        BOTH    STATE, VIEW - READS, 0xc032
        .set    STATE, STATE + 1
        .if     \pmcc == 0
        mfspr   %r18, 287
        srdi    %r18, %r18, 16
        cmpdi   %r18, 0x4b
        blt     20f
        .endif
        .endr
20:     lis     %r3, LOG@h                      # nothing in the log
        mtspr   273, %r3
        FINISH
        .end
