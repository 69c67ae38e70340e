# A guest without an operating system, for moves: prints a line on every tick of the decrementer, ten in a second. Each
# line carries integer, floating-point and vector state that was computed while interrupts came, so that a move that loses
# a register, the clock or an interrupt shows.
#
#     tick N integer X real X vector X X
#
# Line N shows the values after N * 100000 rounds of: integer = integer * 6364136223846793005 + 1442695040888963407;
# real = real * 0.999 + 1.25; vector = vector + (3, 5, 7, 11). All numbers are hexadecimal.
#
# Started as firmware (-bios ticker.bin): loaded at 0, entered at 0x100 in big-endian real mode.
        .text
        .machine power8
        .set    TICKS, 0x60             # ticks that have come
        .set    LINE, 0x4000            # the line under construction
        .set    PERIOD, 51200000        # of a time base of 512 MHz
        .set    H_PUT_TERM_CHAR, 0x58
        .set    H_CEDE, 0xe0

        .macro  LOAD64 reg, value
        lis     \reg, ((\value) >> 48) & 0xffff
        ori     \reg, \reg, ((\value) >> 32) & 0xffff
        sldi    \reg, \reg, 32
        oris    \reg, \reg, ((\value) >> 16) & 0xffff
        ori     \reg, \reg, (\value) & 0xffff
        .endm

        .org    0x100
        b       begin

        .org    0x900                   # decrementer
        mtspr   272, %r1
        lis     %r1, PERIOD@h
        ori     %r1, %r1, PERIOD@l
        mtdec   %r1
        ld      %r1, TICKS(0)
        addi    %r1, %r1, 1
        std     %r1, TICKS(0)
        mfspr   %r1, 272
        rfid

        .org    0x1000
begin:  LOAD64  %r1, 0x8000000002003000 # 64-bit, vectors, floating point, machine checks
        mtmsrd  %r1
        li      %r3, 0
        std     %r3, TICKS(0)
        li      %r14, 1
        LOAD64  %r15, 6364136223846793005
        LOAD64  %r16, 1442695040888963407
        lfd     %f14, one@l(0)
        lfd     %f15, factor@l(0)
        lfd     %f16, addend@l(0)
        li      %r3, initial@l
        lvx     %v14, 0, %r3
        li      %r3, step@l
        lvx     %v15, 0, %r3
        li      %r17, 0
        lis     %r3, PERIOD@h
        ori     %r3, %r3, PERIOD@l
        mtdec   %r3
        ori     %r1, %r1, 0x8000        # and interrupts
        mtmsrd  %r1, 1

line:   lis     %r3, 100000@h
        ori     %r3, %r3, 100000@l
        mtctr   %r3
round:  mulld   %r14, %r14, %r15
        add     %r14, %r14, %r16
        fmul    %f14, %f14, %f15
        fadd    %f14, %f14, %f16
        vadduwm %v14, %v14, %v15
        bdnz    round
        addi    %r17, %r17, 1

        li      %r20, LINE
        li      %r21, tick@l
        mr      %r22, %r17
        bl      item
        li      %r21, integer@l
        mr      %r22, %r14
        bl      item
        li      %r21, real@l
        stfd    %f14, 0x70(0)
        ld      %r22, 0x70(0)
        bl      item
        li      %r21, vector@l
        li      %r3, 0x80
        stvx    %v14, 0, %r3
        ld      %r22, 0x80(0)
        bl      item
        li      %r21, space@l
        ld      %r22, 0x88(0)
        bl      item
        li      %r3, 10
        stb     %r3, 0(%r20)
        addi    %r20, %r20, 1
        bl      print

wait:   ld      %r3, TICKS(0)
        cmpld   %r3, %r17
        bge     line
        li      %r3, H_CEDE
        sc      1
        b       wait

# Appends the text at r21, which ends with a zero byte, and r22 in hexadecimal.
item:   lbz     %r3, 0(%r21)
        cmpldi  %r3, 0
        beq     1f
        stb     %r3, 0(%r20)
        addi    %r20, %r20, 1
        addi    %r21, %r21, 1
        b       item
1:      li      %r4, 16
2:      rotldi  %r22, %r22, 4
        andi.   %r3, %r22, 15
        cmpldi  %r3, 10
        blt     3f
        addi    %r3, %r3, 'a' - '0' - 10
3:      addi    %r3, %r3, '0'
        stb     %r3, 0(%r20)
        addi    %r20, %r20, 1
        addi    %r4, %r4, -1
        cmpldi  %r4, 0
        bne     2b
        blr

# Prints from LINE up to r20, sixteen characters at a time; a terminal that is busy is asked again.
print:  li      %r21, LINE
4:      subf    %r22, %r21, %r20
        cmpldi  %r22, 0
        beqlr
        cmpldi  %r22, 16
        ble     5f
        li      %r22, 16
5:      li      %r3, H_PUT_TERM_CHAR
        li      %r4, 0
        mr      %r5, %r22
        ld      %r6, 0(%r21)
        ld      %r7, 8(%r21)
        sc      1
        cmpdi   %r3, 0
        bne     5b
        add     %r21, %r21, %r22
        b       4b

        .balign 16
initial: .long  1, 2, 3, 4
step:   .long   3, 5, 7, 11
one:    .double 1.0
factor: .double 0.999
addend: .double 1.25
tick:   .asciz  "tick "
integer: .asciz " integer "
real:   .asciz  " real "
vector: .asciz  " vector "
space:  .asciz  " "
