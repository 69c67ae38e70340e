# Ways out of generated code, COUNT times: LOOP 1 reads registers of XIVE's thread context, two to a round; LOOP 2 makes
# hypercalls that find nothing (H_GET_TCE of a table that is not there). Then the machine is powered off through RTAS. Linked
# at real address 0 and entered at 0x100 in big-endian real mode as pseries firmware is.
        .text
        .machine power9
        .org    0x100
        li      %r0, 1
        sldi    %r0, %r0, 63
        mtmsrd  %r0
        lis     %r31, COUNT@h
        ori     %r31, %r31, COUNT@l
        mtctr   %r31
        lis     %r20, 0x0006            # the operating system's page of the thread context
        ori     %r20, %r20, 0x0302
        sldi    %r20, %r20, 32
        oris    %r20, %r20, 0x031a
        .balign 64
        .if     LOOP == 1
1:      lbz     %r5, 0x11(%r20)
        lbz     %r6, 0x10(%r20)
        bdnz    1b
        .else
1:      li      %r3, 0x1c
        sc      1
        bdnz    1b
        .endif
        lis     %r3, 0
        ori     %r3, %r3, 0xf000        # H_RTAS
        bl      2f
        .balign 4
        .byte   0, 0, 0x20, 3, 0, 0, 0, 2, 0, 0, 0, 1   # power-off with two arguments
        .long   0, 0, 0
2:      mflr    %r4
        sc      1
3:      b       3b
