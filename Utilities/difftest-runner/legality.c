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
static uint8_t signal_stack[1 << 16] __attribute__((aligned(16)));
static volatile uint64_t caught, caught_code, caught_nip;

static void handle(int signal, void *info, void *context) {
    // The registers' place in the frame is explained in runner.c.
    uint64_t *regs = *(uint64_t **)((uint8_t *)context + 168 + 32 + 8 + 8 + 8);
    caught = (uint64_t)signal;
    caught_code = (uint64_t)(((int *)info)[2] & 0xff);
    caught_nip = regs[32];
    regs[32] = (uint64_t)leave_word;
    if (signal == 14) call3(27, 1, 0, 0);
}

static void catch_signals(void) {
    struct { void *pointer; int flags; uint64_t size; } stack = {signal_stack, 0, sizeof signal_stack};
    call3(185, (long)&stack, 0, 0);  // sigaltstack
    struct { void *handler; uint64_t flags; void *restorer; uint64_t mask; } action = {
        (void *)handle, 0x4 | 0x08000000 | 0x04000000 | 0x40000000, (void *)return_from_signal, 0};
    static const int signals[] = {4, 5, 7, 8, 11, 14};
    for (unsigned i = 0; i < sizeof signals / sizeof *signals; i++)
        raw_syscall(173, signals[i], (long)&action, 0, 8, 0, 0);  // rt_sigaction
}

static void map(uint64_t address, uint64_t size, int protection) {
    long got = raw_syscall(90, (long)address, (long)size, protection, 0x32, -1, 0);  // fixed, private, anonymous
    if (got != (long)address) {
        static const char text[] = "legality: cannot map its fixed addresses; start the emulator with -B 0x100000000\n";
        call3(4, 2, (long)text, sizeof text - 1);
        quit(2);
    }
}

static uint64_t write_slot(uint32_t *code, uint64_t word) {
    unsigned n = 0;
    code[n++] = 0xebe00000 | FAR_ADDRESS;                 // ld r31, FAR(0)
    code[n++] = 0x7fe903a6;                               // mtctr r31
    code[n++] = 0xebe00000 | (GPR_ADDRESS + 31 * 8);      // ld r31, GPR31(0)
    code[n++] = 0x60000000;
    if (word >> 32) code[n++] = (uint32_t)(word >> 32);
    code[n++] = (uint32_t)word;
    code[n] = 0x48000000 | ((uint32_t)((uint64_t)leave_word - (uint64_t)&code[n]) & 0x03fffffc);
    n++;
    while (n < SLOT_SIZE / 4) code[n++] = TRAP;
    return (uint64_t)&code[4];
}

void run(void) {
    map(0x0, 0x8000, 3);
    map(0x20000000, 0x1000, 3);
    map(CODE_ADDRESS, CODE_SIZE, 7);
    for (uint64_t i = 0; i < CODE_SIZE / 4; i++) ((uint32_t *)CODE_ADDRESS)[i] = TRAP;
    catch_signals();
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
