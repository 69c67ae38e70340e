// What the runners need of a system, for programs without a C library; see start.S.
#pragma once
#include <stdint.h>

extern void return_from_signal(void);
extern long raw_syscall(long number, long a, long b, long c, long d, long e, long f);

static long call3(long number, long a, long b, long c) { return raw_syscall(number, a, b, c, 0, 0, 0); }

static void quit(int status) {
    for (;;) call3(234, status, 0, 0);  // exit_group
}

static void read_all(void *to, uint64_t size) {
    for (uint64_t done = 0; done < size;) {
        long got = call3(3, 0, (long)((char *)to + done), (long)(size - done));
        if (got <= 0) quit(got == 0 ? 0 : 1);
        done += (uint64_t)got;
    }
}

static void write_all(const void *from, uint64_t size) {
    for (uint64_t done = 0; done < size;) {
        long put = call3(4, 1, (long)((const char *)from + done), (long)(size - done));
        if (put <= 0) quit(1);
        done += (uint64_t)put;
    }
}

// The registers of whoever was interrupted. sigcontext starts 168 bytes into the ucontext: 5 words, 1 mask word, 15 words
// of padding; its registers follow 4 reserved words, the signal number, handler, old mask and the pointer to them.
static uint64_t *signal_registers(void *context) {
    return *(uint64_t **)((uint8_t *)context + 168 + 32 + 8 + 8 + 8);
}

static void catch_signals(void (*handle)(int, void *, void *)) {
    static uint8_t signal_stack[1 << 16] __attribute__((aligned(16)));
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
