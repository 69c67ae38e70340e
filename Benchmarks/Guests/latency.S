# How late the decrementer's interrupt comes in a loop, chosen by LOOP. The handler counts the time from the expected to
# the handler's first reading of the time base in buckets, four for each power of two, and sets the next deadline, 39 to 71
# us away. After COUNT interrupts the buckets are printed, 8 hexadecimal digits each, and the machine is powered off.
# Linked at real address 0 and entered at 0x100 in big-endian real mode as pseries firmware is.
        .text
        .machine power9
        .set    BUCKETS, 264
        .org    0x100
start:  li      %r0, 1
        sldi    %r0, %r0, 63
        oris    %r0, %r0, 0x0280        # vectors
        ori     %r0, %r0, 0x2000        # floating point
        mtmsrd  %r0                     # 64-bit mode
        b       begin

        .org    0x900
        mftb    %r28
        subf    %r28, %r24, %r28
        ori     %r28, %r28, 4
        cntlzd  %r29, %r28
        subfic  %r29, %r29, 64          # significant bits
        addi    %r23, %r29, -3
        srd     %r28, %r28, %r23        # the first three of them
        sldi    %r29, %r29, 4
        rlwimi  %r29, %r28, 2, 28, 29
        lwzx    %r28, %r27, %r29
        addi    %r28, %r28, 1
        stwx    %r28, %r27, %r29
        mfcr    %r30
        addi    %r26, %r26, -1
        cmpdi   %r26, 0
        beq     print
        mtcrf   255, %r30
        mulli   %r25, %r25, 5
        addi    %r25, %r25, 1777
        clrlwi  %r25, %r25, 18
        addi    %r28, %r25, 20000
        mftb    %r24
        add     %r24, %r24, %r28
        mtdec   %r28
        rfid

        .org    0x1000
begin:  lis     %r27, 0x10
        lis     %r26, COUNT@h
        ori     %r26, %r26, COUNT@l
        lis     %r20, 0x20              # data
        lis     %r1, 0x30
        li      %r25, 1
        li      %r8, -1
        mtctr   %r8
        mftb    %r24
        addis   %r24, %r24, 1
        lis     %r28, 1
        mtdec   %r28
        mfmsr   %r0
        ori     %r0, %r0, 0x8000
        mtmsrd  %r0, 1
        bl      here
here:   mflr    %r9
        .if     LOOP == 1               # arithmetic
1:      addi    %r3, %r3, 7
        xor     %r5, %r3, %r4
        mulld   %r4, %r5, %r3
        bdnz    1b
        .elseif LOOP == 2               # branch to itself
1:      b       1b
        .elseif LOOP == 3               # a sweep through 1 MiB
1:      clrldi  %r6, %r3, 44
        ldx     %r5, %r20, %r6
        add     %r5, %r5, %r3
        stdx    %r5, %r20, %r6
        addi    %r3, %r3, 264
        rldicr  %r3, %r3, 0, 60
        b       1b
        .elseif LOOP == 4               # calls
1:      bl      2f
        addi    %r3, %r3, 1
        b       1b
2:      mflr    %r0
        std     %r0, 16(%r1)
        stdu    %r1, -64(%r1)
        addi    %r1, %r1, 64
        ld      %r0, 16(%r1)
        mtlr    %r0
        blr
        .elseif LOOP == 5               # indirect branches
        addi    %r9, %r9, 1f - here
1:      addi    %r3, %r3, 1
        mtctr   %r9
        bctr
        .elseif LOOP == 6               # divisions of doubles
        lfd     %f1, one@l(0)
        lfd     %f2, (one + 8)@l(0)
1:      fdiv    %f3, %f1, %f2
        fadd    %f1, %f3, %f2
        b       1b
one:    .double 1.0, 3.0
        .elseif LOOP == 7               # a lock that is never free
        li      %r5, 1
        stw     %r5, 0(%r20)
1:      lwarx   %r5, 0, %r20
        cmpwi   %r5, 0
        bne     1b
        .elseif LOOP == 8               # a long chain of blocks
1:      .rept   400
        addi    %r3, %r3, 1
        b       2f
2:
        .endr
        b       1b
        .elseif LOOP == 9               # hypercalls that do not exist
1:      li      %r3, 0x7ffc
        sc      1
        b       1b
        .else                           # sleep
1:      li      %r3, 0xe0               # H_CEDE
        sc      1
        mfmsr   %r0
        ori     %r0, %r0, 0x8000
        mtmsrd  %r0, 1
        b       1b
        .endif

print:  li      %r31, BUCKETS
1:      lwz     %r10, 0(%r27)
        addi    %r27, %r27, 4
        li      %r11, 8
2:      rlwinm  %r12, %r10, 4, 28, 31
        rlwinm  %r10, %r10, 4, 0, 31
        cmpwi   %r12, 10
        addi    %r12, %r12, 0x30
        blt     3f
        addi    %r12, %r12, 0x27
3:      sldi    %r14, %r14, 8
        or      %r14, %r14, %r12
        addi    %r11, %r11, -1
        cmpwi   %r11, 0
        bne     2b
4:      li      %r3, 0x58               # H_PUT_TERM_CHAR
        li      %r4, 0
        li      %r5, 8
        mr      %r6, %r14
        sc      1
        cmpdi   %r3, 0
        bne     4b
        addi    %r31, %r31, -1
        cmpwi   %r31, 0
        bne     1b
        lis     %r3, 0
        ori     %r3, %r3, 0xf000        # H_RTAS
        bl      5f
        .balign 4
        .byte   0, 0, 0x20, 3, 0, 0, 0, 2, 0, 0, 0, 1   # power-off, two arguments, one result
        .long   0, 0, 0
5:      mflr    %r4
        sc      1
6:      b       6b
