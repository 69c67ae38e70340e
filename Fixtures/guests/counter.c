// /init of the migration tests: on every CPU a thread that prints a growing number and carries integer, floating-point
// and vector state with it, while a timer interrupts it a hundred times a second. A move that loses a register, a timer or
// the clock shows: every line can be checked by itself.
//
// count THREAD LINE INTEGER REAL VECTOR*4 m=MONOTONIC r=REALTIME a=ALARMS     (times in seconds)
//
// With "pmu" on the kernel's command line the first thread counts its instructions in the performance monitor, and its
// lines end with i=INSTRUCTIONS.
//
// Build: Scripts/make-initrd Fixtures/guests/counter.c counter.gz
#define _GNU_SOURCE
#include <linux/perf_event.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t alarms;
static void on_alarm(int number) {
    (void)number;
    alarms++;
}

static int counter = -1;

static void open_counter(void) {
    struct perf_event_attr wanted = {
        .type = PERF_TYPE_HARDWARE, .size = sizeof wanted, .config = PERF_COUNT_HW_INSTRUCTIONS, .exclude_kernel = 1,
        .exclude_hv = 1};
    counter = (int)syscall(SYS_perf_event_open, &wanted, 0, -1, -1, 0);
    if (counter < 0 && write(1, "no counter\n", 11) != 11) _exit(1);
}

static void *count(void *argument) {
    uint64_t integer = 1;
    double real = 1;
    __vector unsigned int vector = {1, 2, 3, 4}, step = {3, 5, 7, 11};
    for (uint64_t line = 0;; line++) {
        for (int i = 0; i < 200000; i++) {
            integer = integer * 6364136223846793005ull + 1442695040888963407ull;
            real = real * 0.999 + 1.25;
            vector += step;
        }
        struct timespec now, wall, after;
        // Again, if something came between.
        for (int attempt = 0; attempt < 100; attempt++) {
            clock_gettime(CLOCK_MONOTONIC, &now);
            clock_gettime(CLOCK_REALTIME, &wall);
            clock_gettime(CLOCK_MONOTONIC, &after);
            if ((after.tv_sec - now.tv_sec) * 1000000000L + after.tv_nsec - now.tv_nsec < 1000000) break;
        }
        char text[200];
        int length = snprintf(
            text, sizeof text, "count %d %llu %016llx %.12f %08x %08x %08x %08x m=%lld.%03ld r=%lld.%03ld a=%d\n",
            (int)(intptr_t)argument, (unsigned long long)line, (unsigned long long)integer, real, vector[0], vector[1],
            vector[2], vector[3], (long long)now.tv_sec, now.tv_nsec / 1000000, (long long)wall.tv_sec,
            wall.tv_nsec / 1000000, (int)alarms);
        uint64_t counted;
        if (argument == 0 && counter >= 0 && read(counter, &counted, sizeof counted) == sizeof counted)
            length += snprintf(text + length - 1, sizeof text - (size_t)length, " i=%llu\n", (unsigned long long)counted) - 1;
        // One write for one line: threads must not cut each other's.
        if (write(1, text, (size_t)length) != length) _exit(1);
    }
    return NULL;
}

int main(int argc, char **argv) {
    // What the kernel said last may lack its line end.
    if (write(1, "\n", 1) != 1) return 1;
    mount("sysfs", "/sys", "sysfs", 0, NULL);
    long cpus = sysconf(_SC_NPROCESSORS_ONLN);
    struct sigaction action = {.sa_handler = on_alarm, .sa_flags = SA_RESTART};
    sigaction(SIGALRM, &action, NULL);
    struct itimerval every = {{0, 10000}, {0, 10000}};
    setitimer(ITIMER_REAL, &every, NULL);
    for (long cpu = 1; cpu < cpus; cpu++) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, count, (void *)cpu)) return 1;
    }
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "pmu") == 0) open_counter();
    count(NULL);
}
