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
static volatile uint64_t caught, caught_nip;

static void copy(void *to, const void *from, uint64_t size) {
    uint64_t *a = to;
    const uint64_t *b = from;
    for (uint64_t i = 0; i < size / 8; i++) a[i] = b[i];
}

static void handle(int signal, void *info, void *context) {
    (void)info;
    uint64_t *regs = signal_registers(context);
    caught = (uint64_t)signal;
    caught_nip = regs[32];
    regs[32] = (uint64_t)leave_case;
}

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
    catch_signals(handle);
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
