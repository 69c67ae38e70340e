# Three loops for the speed of an engine, chosen by LOOP: 1, "alu" (fixed-point arithmetic on registers); 2, "mem"
# (loads and stores of 1 to 8 bytes); 3, "call" (calls of a leaf function with a stack frame); 4, "float" (double
# precision, fused and not); 5, "vector" (integers and permutations). COUNT says how often. Linked at real
# address 0 and entered at 0x100 in big-endian real mode as pseries firmware is; powers the machine off at the end.
        .text
        .machine power9
        .org    0x100
start:  li      %r0, 1
        sldi    %r0, %r0, 63
        oris    %r0, %r0, 0x0280        # vectors
        ori     %r0, %r0, 0x2000        # floating point
        mtmsrd  %r0                     # 64-bit mode
        lis     %r31, COUNT@h
        ori     %r31, %r31, COUNT@l
        mtctr   %r31
        lis     %r1, 0x20
        ori     %r1, %r1, 0x8000        # frames inside one granule
        lis     %r20, 0x30
        li      %r3, 1
        li      %r4, 3
        .if     LOOP == 1
        b       alu
        .elseif LOOP == 2
        b       mem
        .elseif LOOP == 3
        b       call
        .elseif LOOP == 4
        b       float
        .else
        b       vector
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

        .balign 64
one:    .double 1.0, 0.5, 0.25
float:  lfd     %f1, one@l(0)
        lfd     %f2, (one + 8)@l(0)
        lfd     %f3, (one + 16)@l(0)
        .balign 64
5:      fadd    %f4, %f1, %f2
        fmul    %f5, %f4, %f3
        fmadd   %f6, %f5, %f2, %f1
        fsub    %f7, %f6, %f4
        stfd    %f7, 40(%r20)
        lfd     %f8, 40(%r20)
        fadd    %f9, %f8, %f1
        bdnz    5b
        b       finish

        .balign 64
vector: vspltisw %v1, 3
        vspltisw %v2, 5
        .balign 64
6:      vadduwm %v3, %v1, %v2
        vperm   %v4, %v3, %v1, %v2
        vand    %v5, %v4, %v3
        vslw    %v6, %v5, %v1
        vmaxuw  %v7, %v6, %v3
        xxlxor  %vs0, %vs39, %vs38
        vadduwm %v1, %v1, %v7
        bdnz    6b
        b       finish

finish: lis     %r3, 0
        ori     %r3, %r3, 0xf000        # H_RTAS
        bl      2f
        .balign 4
        .byte   0, 0, 0x20, 3, 0, 0, 0, 2, 0, 0, 0, 1   # power-off, two arguments, one result
        .long   0, 0, 0
2:      mflr    %r4
        sc      1
        lis     %r3, 0                  # The machine goes when its other threads get to it: stand still meanwhile.
        ori     %r3, %r3, 0xf000
        bl      3f
        .balign 4
        .byte   0, 0, 0x20, 7, 0, 0, 0, 0, 0, 0, 0, 0   # stop-self
3:      mflr    %r4
        sc      1
4:      b       4b
