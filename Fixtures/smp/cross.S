# Code that one thread writes while another executes it: by the architecture's sequence, as Linux patches its jump labels,
# and by a device's hand (H_LOGICAL_MEMOP). Runs on two threads; thread 0 writes, thread 1 executes.
#
# Each test leaves a record (vector 1) with its number, and one with the number of wrong results, which is zero.
        .include "common.inc"
        .ifndef ROUNDS
        .set    ROUNDS, 100
        .endif
        .set    FLAG, 0x40000           # what thread 0 has written last
        .set    DONE, 0x40100           # what thread 1 has executed last
        .set    RESULT, 0x40200         # what came of it
        .set    TARGET, 0x40300         # the function to call
        .set    PATH, 0x40400           # which way thread 1 went last
        .set    ROUND, 0x40500          # and how often it has gone any
        .set    STAGE, 0x40800          # nonzero: call what FLAG says; 2: go round
        .set    WORDS, 0x40600          # what H_LOGICAL_MEMOP copies

        ENTRY
        COMMON
        LOAD64  %r31, FLAG
        li      %r3, 0
        std     %r3, 0(%r31)
        std     %r3, 0x100(%r31)
        std     %r3, 0x500(%r31)
        std     %r3, 0x800(%r31)
        b       begin_threads
        .balign 8
start:  .long   0x2006, 3, 1, 1, second, 0, 0   # start-cpu: thread, address, argument; one result
begin_threads:
        li      %r3, 0x7fff
        addi    %r3, %r3, 0x7001        # H_RTAS
        li      %r4, start@l
        sc      1
        lwz     %r3, start@l + 24(0)
        SHOW    %r3

# Functions in the middle of a page, over the border of a page of 4 KiB, and over one of 64 KiB.
        li      %r16, 1                 # the number that the next code returns
        LOAD64  %r17, 0x50000
        li      %r18, 1
        bl      architected
        LOAD64  %r17, 0x51ffc
        li      %r18, 2
        bl      architected
        LOAD64  %r17, 0x5fffc
        li      %r18, 3
        bl      architected
        LOAD64  %r17, 0x50000
        li      %r18, 4
        bl      copied
        LOAD64  %r17, 0x51ffc
        li      %r18, 5
        bl      copied
        LOAD64  %r17, 0x5fffc
        li      %r18, 6
        bl      copied

# Thread 1 goes round a loop whose branch is patched to nop and back, without icbi and without its help.
        LOAD64  %r31, FLAG
        li      %r3, 2
        std     %r3, 0x800(%r31)
        lis     %r17, label@h
        ori     %r17, %r17, label@l
        li      %r19, 0                 # wrong results
        li      %r14, ROUNDS
label_round:
        lis     %r4, 0x6000             # nop: path 1
        li      %r5, 1
        bl      patch
        lis     %r4, 0x4800             # b over: path 2
        ori     %r4, %r4, over - label
        li      %r5, 2
        bl      patch
        addi    %r14, %r14, -1
        cmpldi  %r14, 0
        bne     label_round
        li      %r18, 7
        SHOW    %r18
        SHOW    %r19
        FINISH

# Stores one word and waits until the other thread goes that way; then it may not go the other way any more.
patch:  stw     %r4, 0(%r17)
        sync
1:      ld      %r6, 0x400(%r31)
        cmpld   %r6, %r5
        bne     1b
        ld      %r7, 0x500(%r31)
        addi    %r7, %r7, 200
2:      ld      %r6, 0x400(%r31)
        cmpld   %r6, %r5
        beq     3f
        addi    %r19, %r19, 1
3:      ld      %r6, 0x500(%r31)
        cmpld   %r6, %r7
        blt     2b
        blr

# 300 times: writes "li r3, number; addis r3, r3, 0; blr" at r17, and lets the other thread call it (Book II, 1.8).
architected:
        mflr    %r20
        LOAD64  %r31, FLAG
        std     %r17, 0x300(%r31)
        li      %r3, 1
        std     %r3, 0x800(%r31)
        li      %r19, 0
        li      %r14, 300
4:      bl      words
        stw     %r4, 0(%r17)
        stw     %r5, 4(%r17)
        stw     %r6, 8(%r17)
        dcbst   0, %r17
        addi    %r7, %r17, 8
        dcbst   0, %r7
        sync
        icbi    0, %r17
        icbi    0, %r7
        sync
        bl      called
        addi    %r14, %r14, -1
        cmpldi  %r14, 0
        bne     4b
        SHOW    %r18
        SHOW    %r19
        mtlr    %r20
        blr

# The same by a hypercall that copies the words.
copied: mflr    %r20
        std     %r17, 0x300(%r31)
        li      %r19, 0
        li      %r14, 300
5:      bl      words
        stw     %r4, 0x600(%r31)
        stw     %r5, 0x604(%r31)
        stw     %r6, 0x608(%r31)
        sync
        li      %r3, 0x7fff
        addi    %r3, %r3, 0x7002        # H_LOGICAL_MEMOP
        mr      %r4, %r17
        addi    %r5, %r31, 0x600
        li      %r6, 2                  # words
        li      %r7, 3
        li      %r8, 0                  # copied as they are
        sc      1
        add     %r19, %r19, %r3
        sync
        bl      called
        addi    %r14, %r14, -1
        cmpldi  %r14, 0
        bne     5b
        SHOW    %r18
        SHOW    %r19
        mtlr    %r20
        blr

words:  lis     %r4, 0x3860             # li r3, number
        or      %r4, %r4, %r16
        lis     %r5, 0x3c63             # addis r3, r3, 0
        lis     %r6, 0x4e80             # blr
        ori     %r6, %r6, 0x20
        blr

# Tells the other thread to call, waits for it, and counts what is wrong.
called: std     %r16, 0(%r31)
6:      ld      %r3, 0x100(%r31)
        cmpld   %r3, %r16
        bne     6b
        lwsync
        ld      %r3, 0x200(%r31)
        cmpld   %r3, %r16
        beq     7f
        addi    %r19, %r19, 1
7:      addi    %r16, %r16, 1
        blr

# Thread 1.
second: LOAD64  %r31, FLAG
        li      %r16, 0                 # executed last
        li      %r15, 0
8:      ld      %r3, 0x800(%r31)
        cmpldi  %r3, 2
        beq     loop
        ld      %r14, 0(%r31)
        cmpld   %r14, %r16
        beq     8b
        mr      %r16, %r14
        isync
        ld      %r3, 0x300(%r31)
        mtctr   %r3
        bctrl
        std     %r3, 0x200(%r31)
        lwsync
        std     %r16, 0x100(%r31)
        b       8b

loop:   li      %r3, 1
label:  nop
        b       9f
over:   li      %r3, 2
9:      std     %r3, 0x400(%r31)
        lwsync
        addi    %r15, %r15, 1
        std     %r15, 0x500(%r31)
        b       loop
