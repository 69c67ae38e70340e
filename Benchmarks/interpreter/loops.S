# Three loops for the speed of an engine, chosen by LOOP: 1, "alu" (fixed-point arithmetic on registers); 2, "mem"
# (loads and stores of 1 to 8 bytes); 3, "call" (calls of a leaf function with a stack frame). COUNT says how often. Linked at real
# address 0 and entered at 0x100 in big-endian real mode as pseries firmware is; powers the machine off at the end.
        .text
        .machine power9
        .org    0x100
start:  li      %r0, 1
        sldi    %r0, %r0, 63
        mtmsrd  %r0                     # 64-bit mode
        lis     %r31, COUNT@h
        ori     %r31, %r31, COUNT@l
        mtctr   %r31
        lis     %r1, 0x20
        lis     %r20, 0x30
        li      %r3, 1
        li      %r4, 3
        .if     LOOP == 1
        b       alu
        .elseif LOOP == 2
        b       mem
        .else
        b       call
        .endif

        .balign 64
alu:    addi    %r3, %r3, 7
        xor     %r5, %r3, %r4
        rlwinm  %r6, %r5, 5, 3, 28
        add     %r4, %r4, %r6
        and.    %r7, %r4, %r3
        srdi    %r8, %r4, 11
        subf    %r9, %r8, %r5
        mulld   %r3, %r9, %r3
        cmpdi   %cr7, %r7, 0
        bne     %cr7, 1f
        addi    %r3, %r3, 1
1:      bdnz    alu
        b       finish

        .balign 64
mem:    ld      %r5, 0(%r20)
        lwz     %r6, 8(%r20)
        add     %r5, %r5, %r6
        std     %r5, 16(%r20)
        lbz     %r7, 21(%r20)
        stw     %r5, 24(%r20)
        lhz     %r8, 26(%r20)
        add     %r7, %r7, %r8
        stb     %r7, 32(%r20)
        ldx     %r9, %r20, %r4
        bdnz    mem
        b       finish

        .balign 64
call:   addi    %r3, %r3, 1
        bl      leaf
        bdnz    call
        b       finish
leaf:   mflr    %r0
        std     %r0, 16(%r1)
        stdu    %r1, -64(%r1)
        add     %r3, %r3, %r4
        addi    %r1, %r1, 64
        ld      %r0, 16(%r1)
        mtlr    %r0
        blr

finish: lis     %r3, 0
        ori     %r3, %r3, 0xf000        # H_RTAS
        bl      2f
        .balign 4
        .byte   0, 0, 0x20, 3, 0, 0, 0, 2, 0, 0, 0, 1   # power-off, two arguments, one result
        .long   0, 0, 0
2:      mflr    %r4
        sc      1
3:      b       3b
