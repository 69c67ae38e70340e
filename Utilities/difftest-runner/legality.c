// Tells which instruction words the processor executes. Words arrive on standard input, verdicts go to standard output.
//
// Built without a C library for the oldest model, run under qemu-ppc64. The protocol is binary and big-endian: a batch
// is `uint64_t count` followed by `count` words (a prefix in the upper half); the answer is `count` of `uint64_t`: the
// signal that the word raised, si_code << 8, and 1 << 16 if the word itself raised it. End of input ends the program.
#include <stdint.h>

#include "system.h"

enum {
    SAVE_ADDRESS = 0x7000,
    GPR_ADDRESS = SAVE_ADDRESS + 0x200,
    FAR_ADDRESS = GPR_ADDRESS + 256,
    CODE_ADDRESS = 0x30000000,
    CODE_SIZE = 0x10000,
    SLOT_SIZE = 128,
    MAX_BATCH = 128,  // a quarter of the code area: conditional branches then leave the slots
    TRAP = 0x7fe00008,
};

// In every GPR of a word: a base register alone reaches unmapped or zeroed memory, base and index unmapped memory.
static const uint64_t everywhere = 0x20000040, nowhere = 0x60000000;

extern void enter_word(void *slot);
extern void leave_word(void);

static uint64_t words[MAX_BATCH], verdicts[MAX_BATCH];
static volatile uint64_t caught, caught_code, caught_nip;

static void handle(int signal, void *info, void *context) {
    uint64_t *regs = signal_registers(context);
    caught = (uint64_t)signal;
    caught_code = (uint64_t)(((int *)info)[2] & 0xff);
    caught_nip = regs[32];
    regs[32] = (uint64_t)leave_word;
    if (signal == 14) call3(27, 1, 0, 0);
}

static uint64_t write_slot(uint32_t *code, uint64_t word) {
    unsigned n = 0;
    code[n++] = 0xebe00000 | FAR_ADDRESS;                 // ld r31, FAR(0)
    code[n++] = 0x7fe903a6;                               // mtctr r31
    code[n++] = 0xebe00000 | (GPR_ADDRESS + 31 * 8);      // ld r31, GPR31(0)
    code[n++] = 0x60000000;
    if (word >> 32) code[n++] = (uint32_t)(word >> 32);
    code[n++] = (uint32_t)word;
    code[n] = branch((uint64_t)&code[n], (uint64_t)leave_word);
    n++;
    while (n < SLOT_SIZE / 4) code[n++] = TRAP;
    return (uint64_t)&code[4];
}

void run(void) {
    map(0x0, 0x8000, 3);
    map(0x20000000, 0x1000, 3);
    map(CODE_ADDRESS, CODE_SIZE, 7);
    for (uint64_t i = 0; i < CODE_SIZE / 4; i++) ((uint32_t *)CODE_ADDRESS)[i] = TRAP;
    catch_signals(handle);
    uint64_t count;
    for (;;) {
        read_all(&count, sizeof count);
        if (count > MAX_BATCH) quit(3);
        read_all(words, count * sizeof *words);
        for (uint64_t i = 0; i < count; i++) write_slot((uint32_t *)(CODE_ADDRESS + i * SLOT_SIZE), words[i]);
        // A word that does not end is ended, and reported as SIGALRM.
        call3(27, 1, 0, 0);
        for (uint64_t i = 0; i < count; i++) {
            for (int n = 0; n < 32; n++) ((volatile uint64_t *)GPR_ADDRESS)[n] = everywhere;
            *(volatile uint64_t *)FAR_ADDRESS = nowhere;
            *(volatile uint64_t *)(SAVE_ADDRESS + 0x1f8) = 0;
            caught = 0;
            caught_nip = 0;
            uint64_t slot = CODE_ADDRESS + i * SLOT_SIZE;
            enter_word((void *)slot);
            verdicts[i] = caught ? caught | caught_code << 8 | (uint64_t)(caught_nip == slot + 16) << 16 : 0;
        }
        call3(27, 0, 0, 0);
        write_all(verdicts, count * sizeof *verdicts);
    }
}
