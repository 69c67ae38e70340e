# Entry of the guest that calls services: 64-bit mode, a stack, then C. Linked at real address 0, entered at 0x100.

        .text
        .org    0x100
        .globl  _start
_start: li      %r1, 1
        sldi    %r1, %r1, 63
        mtmsrd  %r1
        lis     %r1, 0x80
        lis     %r2, .TOC.@h
        ori     %r2, %r2, .TOC.@l
        bl      guest
        nop
        b       .

# An interrupt counts itself, disables external interrupts where it came from and goes on there.
        .macro HANDLER at
        .org    \at
        mtspr   273, %r1
        li      %r1, \at
        std     %r1, 0x48(0)
        mfspr   %r1, 27
        rotldi  %r1, %r1, 48
        clrldi  %r1, %r1, 1
        rotldi  %r1, %r1, 16
        mtspr   27, %r1
        mfspr   %r1, 273
        rfid
        .endm
        HANDLER 0x500
        HANDLER 0x900
        HANDLER 0x980
        HANDLER 0xa00
        .org    0x1000

        .globl  hypercall
# hypercall(number, registers): loads R4 to R12 from the array and stores them back.
hypercall:
        mflr    %r0
        std     %r0, 16(%r1)
        std     %r31, -8(%r1)
        stdu    %r1, -64(%r1)
        mr      %r31, %r4
        ld      %r12, 64(%r31)
        ld      %r11, 56(%r31)
        ld      %r10, 48(%r31)
        ld      %r9, 40(%r31)
        ld      %r8, 32(%r31)
        ld      %r7, 24(%r31)
        ld      %r6, 16(%r31)
        ld      %r5, 8(%r31)
        ld      %r4, 0(%r31)
        sc      1
        std     %r4, 0(%r31)
        std     %r5, 8(%r31)
        std     %r6, 16(%r31)
        std     %r7, 24(%r31)
        std     %r8, 32(%r31)
        std     %r9, 40(%r31)
        std     %r10, 48(%r31)
        std     %r11, 56(%r31)
        std     %r12, 64(%r31)
        addi    %r1, %r1, 64
        ld      %r31, -8(%r1)
        ld      %r0, 16(%r1)
        mtlr    %r0
        blr
