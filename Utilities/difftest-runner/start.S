// How a program without a C library begins, calls the kernel, and comes back from a signal.
    .text
    .globl _start
_start:
    lis 2, .TOC.@ha
    addi 2, 2, .TOC.@l
    bl run
    nop
    .long 0

    .globl raw_syscall
    .type raw_syscall, @function
// long raw_syscall(long number, long a, long b, long c, long d, long e, long f)
raw_syscall:
    mr 0, 3
    mr 3, 4
    mr 4, 5
    mr 5, 6
    mr 6, 7
    mr 7, 8
    mr 8, 9
    sc
    bnslr
    neg 3, 3
    blr

    .globl return_from_signal
return_from_signal:
    li 0, 172
    sc
