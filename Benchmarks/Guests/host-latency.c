// How late a host's own timers are, in one of two ways: "thread", a thread that sleeps until a time and sets a word on
// which another spins, or "signal", a timer that signals the spinning thread. The time is taken where the word is seen. No
// emulator that wakes a virtual processor in one of these ways can be earlier.
//
//   host-latency WAY COUNT
//
// Prints what latency.S prints: 264 counts of eight hexadecimal digits, of lateness in ticks of 1/512 microsecond.
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

enum { BUCKETS = 264, INTERVAL = 100000 };

static volatile uint64_t due;  // nanoseconds; 0 if nothing is asked for
static volatile sig_atomic_t rung;

static uint64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

static struct timespec split(uint64_t time) {
    return (struct timespec){(time_t)(time / 1000000000), (long)(time % 1000000000)};
}

static void *sleeper(void *unused) {
    prctl(PR_SET_TIMERSLACK, 1ul, 0ul, 0ul, 0ul);
    for (;;) {
        uint64_t until;
        while (!(until = due)) {}
        struct timespec time = split(until);
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL);
        due = 0;
        rung = 1;
    }
    return unused;
}

static void ring(int number) { rung = number; }

int main(int count, char **arguments) {
    static uint32_t counts[BUCKETS];
    if (count != 3) return 2;
    timer_t timer = NULL;
    int by_signal = strcmp(arguments[1], "signal") == 0;
    if (by_signal) {
        struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGRTMAX};
        event.sigev_notify_thread_id = gettid();
        struct sigaction action = {.sa_handler = ring};
        if (sigaction(SIGRTMAX, &action, NULL) || timer_create(CLOCK_MONOTONIC, &event, &timer)) return 1;
    } else {
        pthread_t thread;
        if (pthread_create(&thread, NULL, sleeper, NULL)) return 1;
    }
    for (long left = atol(arguments[2]); left > 0; left--) {
        uint64_t until = now() + INTERVAL;
        if (by_signal) {
            struct itimerspec when = {.it_value = split(until)};
            timer_settime(timer, TIMER_ABSTIME, &when, NULL);
        } else {
            due = until;
        }
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
