# Entry of a guest program without an operating system: r1 and r2 are set up here, main's result is handed out by a
# hypercall instruction with 0 in r4 that the embedder takes as the end.
    .abiversion 2
    .globl _start
    .section .text.start,"ax"
_start:
    lis 2, .TOC.@ha
    addi 2, 2, .TOC.@l
    lis 1, 0x200
    li 0, 0
    stdu 0, -64(1)
    mtlr 0
    bl main
    li 4, 0
    .long 0x44000022
    b _start
