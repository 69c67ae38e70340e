// How late a host's own timers are: a thread that sleeps until a time and sets a word, another that spins on the word
// and takes the time when it sees it. No emulator that wakes a virtual processor by a timer can be earlier than this.
//
// Prints what latency.S prints: 264 counts of eight hexadecimal digits, of lateness in ticks of 1/512 microsecond.
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <time.h>

enum { BUCKETS = 264, INTERVAL = 100000 };

static volatile uint64_t due;  // nanoseconds; 0 if nothing is asked for
static volatile int rung;

static uint64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

static void *timer(void *unused) {
    prctl(PR_SET_TIMERSLACK, 1ul, 0ul, 0ul, 0ul);
    for (;;) {
        uint64_t until;
        while (!(until = due)) {}
        struct timespec time = {(time_t)(until / 1000000000), (long)(until % 1000000000)};
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL);
        due = 0;
        rung = 1;
    }
    return unused;
}

int main(int count, char **arguments) {
    static uint32_t counts[BUCKETS];
    pthread_t thread;
    if (pthread_create(&thread, NULL, timer, NULL)) return 1;
    for (long left = count > 1 ? atol(arguments[1]) : 10000; left > 0; left--) {
        uint64_t until = now() + INTERVAL;
        due = until;
        while (!rung) {}
        uint64_t ticks = (now() - until) * 512 / 1000;
        rung = 0;
        int index = 0;
        while (index < BUCKETS - 1 && (double)ticks >= (5 + index % 4) * (double)(1ull << (index / 4)) / 8) index++;
        counts[index]++;
    }
    for (int index = 0; index < BUCKETS; index++) printf("%08x", counts[index]);
    return 0;
}
