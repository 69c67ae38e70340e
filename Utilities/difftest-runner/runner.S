// Enters and leaves one test case with every register under the case's control.
//
// No register is free on either side, so the register image lives in the first 32 KiB of the address space, where a
// D-form access with RA = 0 reaches it without a base register. Offsets are those of `struct image` in runner.c.
#define GPR 0x1000
#define LR (GPR + 256)
#define CTR (GPR + 264)
#define CR (GPR + 272)
#define XER (GPR + 280)
#define FPSCR (GPR + 288)
#define ZERO (GPR + 296)
#define VSCR (GPR + 304)
#define VSR (GPR + 320)
// The runner's own registers while a case runs.
#define SAVE 0x3000

#include "own.h"

    .text
    .globl enter_case
    .type enter_case, @function
// void enter_case(void *slot): runs the code at `slot`, which ends with a branch to leave_case.
enter_case:
    save_own
    mr 31, 3

    // FPSCR and VSCR through registers that the case's image overwrites afterwards.
    lfd 0, FPSCR(0)
    .long 0xfffe058e            // mtfsf 0xff, f0, L = 1
    li 4, VSCR
    lxvd2x 32, 0, 4
    mtvscr 0
    li 4, VSR
    .set i, 0
    .rept 64
    lxvd2x i, 0, 4
    addi 4, 4, 16
    .set i, i + 1
    .endr

    ld 0, CR(0)
    mtcrf 255, 0
    ld 0, XER(0)
    mtxer 0
    ld 0, LR(0)
    mtlr 0
    mtctr 31
    .set i, 0
    .rept 31
    .set off, GPR + i * 8
    ld i, off(0)
    .set i, i + 1
    .endr
    // The slot's head loads CTR and GPR 31.
    bctr

    .globl leave_case
leave_case:
    .set i, 0
    .rept 32
    .set off, GPR + i * 8
    std i, off(0)
    .set i, i + 1
    .endr
    mflr 0
    std 0, LR(0)
    mfctr 0
    std 0, CTR(0)
    mfcr 0
    std 0, CR(0)
    mfxer 0
    std 0, XER(0)
    li 4, VSR
    .set i, 0
    .rept 64
    stxvd2x i, 0, 4
    addi 4, 4, 16
    .set i, i + 1
    .endr
    mffs 0
    stfd 0, FPSCR(0)
    // Leave no enabled exception behind for the runner: all of FPSCR at once, because clearing it by fields would
    // raise what the other fields still enable.
    lfd 0, ZERO(0)
    .long 0xfffe058e
    mfvscr 0
    li 4, VSCR
    stxvd2x 32, 0, 4

    return_own
    .size enter_case, . - enter_case
