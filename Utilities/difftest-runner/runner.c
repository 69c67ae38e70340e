// Runs instruction test cases that arrive on standard input and writes the resulting registers to standard output.
//
// Built without a C library for ppc64le and ppc64 (ELFv2), run under qemu-ppc64le and qemu-ppc64. The protocol is
// binary in the runner's own byte order: a batch is `uint64_t count` followed by `count` of `struct request`; the
// answer is `count` of `struct response`. End of input ends the runner.
//
// A batch is written into its code slots before its first case runs: the emulator then translates each page once
// instead of noticing changed code at every case.
#include <stddef.h>
#include <stdint.h>

#include "system.h"

enum {
    IMAGE_ADDRESS = 0x1000,
    DATA_ADDRESS = 0x20000000,
    DATA_SIZE = 512,
    CODE_ADDRESS = 0x30000000,
    SLOT_SIZE = 128,
    MAX_BATCH = 512,
    MAX_WORDS = 16,
};

struct image {
    uint64_t gpr[32];
    uint64_t lr, ctr, cr, xer, fpscr, reserved;
    uint64_t vscr[2];
    uint64_t vsr[64][2];  // doubleword 0 first
};

struct request {
    uint64_t word_count;
    uint32_t words[MAX_WORDS];
    struct image image;
    uint8_t data[DATA_SIZE];
};

struct response {
    uint64_t signal;  // 0, or the signal that ended the case
    uint64_t nip;     // where it did, relative to the first word of the case
    struct image image;
    uint8_t data[DATA_SIZE];
};

extern void enter_case(void *slot);
extern void leave_case(void);

static struct request requests[MAX_BATCH];
static struct response responses[MAX_BATCH];
static uint8_t signal_stack[1 << 16] __attribute__((aligned(16)));
static volatile uint64_t caught, caught_nip;

static void copy(void *to, const void *from, uint64_t size) {
    uint64_t *a = to;
    const uint64_t *b = from;
    for (uint64_t i = 0; i < size / 8; i++) a[i] = b[i];
}

static void handle(int signal, void *info, void *context) {
    (void)info;
    // sigcontext starts 168 bytes into the ucontext: 5 words, 1 mask word, 15 words of padding; its registers follow
    // 4 reserved words, the signal number, handler, old mask and the pointer to them.
    uint8_t *bytes = context;
    uint64_t *regs = *(uint64_t **)(bytes + 168 + 32 + 8 + 8 + 8);
    caught = (uint64_t)signal;
    caught_nip = regs[32];
    regs[32] = (uint64_t)leave_case;
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
        static const char text[] = "runner: cannot map its fixed addresses; start the emulator with -B 0x100000000\n";
        call3(4, 2, (long)text, sizeof text - 1);
        quit(2);
    }
}

static uint32_t branch(uint64_t from, uint64_t to) { return 0x48000000 | ((uint32_t)(to - from) & 0x03fffffc); }

static void write_slot(uint64_t slot, const struct request *request) {
    uint32_t *code = (uint32_t *)slot;
    unsigned n = 0;
    code[n++] = 0xebe00000 | (IMAGE_ADDRESS + (uint32_t)offsetof(struct image, ctr));      // ld r31, CTR(0)
    code[n++] = 0x7fe903a6;                                                                // mtctr r31
    code[n++] = 0xebe00000 | (IMAGE_ADDRESS + (uint32_t)offsetof(struct image, gpr[31]));  // ld r31, GPR31(0)
    code[n++] = 0x60000000;
    for (uint64_t i = 0; i < request->word_count && i < MAX_WORDS; i++) code[n++] = request->words[i];
    // Falling out of the case comes here; every other landing place is a trap that reports its address.
    code[n] = branch((uint64_t)&code[n], (uint64_t)leave_case);
    n++;
    while (n < SLOT_SIZE / 4) code[n++] = 0x7fe00008;
}

void run(void) {
    map(0x0, 0x8000, 3);
    map(DATA_ADDRESS, 0x1000, 3);
    map(CODE_ADDRESS, MAX_BATCH * SLOT_SIZE, 7);
    catch_signals();
    uint64_t count;
    for (;;) {
        read_all(&count, sizeof count);
        if (count > MAX_BATCH) quit(3);
        read_all(requests, count * sizeof *requests);
        for (uint64_t i = 0; i < count; i++) write_slot(CODE_ADDRESS + i * SLOT_SIZE, &requests[i]);
        // A case that does not end is ended, and reported as SIGALRM.
        call3(27, 20, 0, 0);
        for (uint64_t i = 0; i < count; i++) {
            struct image *image = (struct image *)(uint64_t)IMAGE_ADDRESS;
            copy(image, &requests[i].image, sizeof *image);
            copy((void *)(uint64_t)DATA_ADDRESS, requests[i].data, DATA_SIZE);
            caught = 0;
            caught_nip = 0;
            uint64_t slot = CODE_ADDRESS + i * SLOT_SIZE;
            enter_case((void *)slot);
            responses[i].signal = caught;
            responses[i].nip = caught ? caught_nip - (slot + 16) : 0;
            copy(&responses[i].image, image, sizeof *image);
            copy(responses[i].data, (void *)(uint64_t)DATA_ADDRESS, DATA_SIZE);
        }
        call3(27, 0, 0, 0);
        write_all(responses, count * sizeof *responses);
    }
}
