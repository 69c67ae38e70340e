// Enters and leaves one word whose legality is asked. Only instructions of every model (970 included) stand here.
//
// The registers of the program wait in the first 32 KiB of the address space, where a D-form access with RA = 0 reaches
// them without a base register; above what a word under test reaches with RA = 0 (legality.c chooses the words' RA).
#define SAVE 0x7000
#define GPR (SAVE + 0x200)
#define FAR (GPR + 256)

#include "own.h"

    .text
    .globl enter_word
    .type enter_word, @function
// void enter_word(void *slot): runs the code at `slot`, which ends with a branch to leave_word.
enter_word:
    save_own
    mtctr 3
    ld 0, FAR(0)
    mtlr 0
    .set i, 0
    .rept 32
    .set off, GPR + i * 8
    ld i, off(0)
    .set i, i + 1
    .endr
    // The slot's head replaces CTR, by way of GPR 31.
    bctr

    .globl leave_word
leave_word:
    // No exception stays enabled.
    lfd 0, SAVE+0x1f8(0)
    mtfsf 255, 0
    return_own
    .size enter_word, . - enter_word
