// A storm of processes, threads, signals and mappings, as /init of a test initrd: every round checks itself and prints one
// line, "storm N SUM"; what went wrong is said with the word "wrong". Ends with "storm ends" and switches the machine off.
//
// Build: powerpc64le-linux-gnu-gcc -O2 -static -pthread -mcpu=power8 -o storm storm.c
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/reboot.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ROUNDS = 12, CHILDREN = 12, THREADS = 4, PAGES = 48 };

static uint64_t mix(uint64_t hash, uint64_t value) { return (hash ^ value) * 0x100000001b3ull + 1; }

static void fail(const char *what) {
    printf("wrong: %s: %s\n", what, strerror(errno));
    fflush(stdout);
}

// Children that compute with integers and doubles and send the sum through a pipe; every third executes this program anew.
static uint64_t children(int round) {
    uint64_t sum = 0;
    for (int i = 0; i < CHILDREN; i++) {
        int ends[2];
        if (pipe(ends)) fail("pipe");
        pid_t child = fork();
        if (child == 0) {
            char number[16], descriptor[16];
            snprintf(number, sizeof number, "%d", round * CHILDREN + i);
            snprintf(descriptor, sizeof descriptor, "%d", ends[1]);
            if (i % 3 == 0) {
                char *arguments[] = {"/init", number, descriptor, NULL};
                execv("/init", arguments);
                _exit(99);
            }
            uint64_t value = 0;
            double real = 1;
            for (int k = 0; k < 2000; k++) value = mix(value, k + round * CHILDREN + i), real = real * 0.75 + 1;
            if (real < 3.999999 || real > 4.000001) value = 0;
            if (write(ends[1], &value, sizeof value) != sizeof value) _exit(98);
            _exit(i);
        }
        close(ends[1]);
        uint64_t value = 0;
        if (read(ends[0], &value, sizeof value) != sizeof value) fail("read");
        close(ends[0]);
        int status;
        if (waitpid(child, &status, 0) != child) fail("waitpid");
        if (!WIFEXITED(status) || WEXITSTATUS(status) != i) fail("status");
        uint64_t wanted = 0;
        for (int k = 0; k < 2000; k++) wanted = mix(wanted, k + round * CHILDREN + i);
        if (value != wanted) fail("a child's sum");
        sum = mix(sum, value);
    }
    return sum;
}

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static uint64_t shared;
static _Atomic uint64_t counter;

static void *thread(void *argument) {
    for (int i = 0; i < 3000; i++) {
        pthread_mutex_lock(&lock);
        shared += (uintptr_t)argument;
        pthread_mutex_unlock(&lock);
        counter++;
    }
    return NULL;
}

static uint64_t threads(void) {
    pthread_t handles[THREADS];
    shared = counter = 0;
    for (uintptr_t i = 0; i < THREADS; i++)
        if (pthread_create(&handles[i], NULL, thread, (void *)(i + 1))) fail("pthread_create");
    for (int i = 0; i < THREADS; i++) pthread_join(handles[i], NULL);
    if (shared != 3000 * THREADS * (THREADS + 1) / 2 || counter != 3000 * THREADS) fail("threads");
    return shared + counter;
}

static volatile sig_atomic_t received;
static void handler(int number) { received += number; }

static uint64_t signals(void) {
    received = 0;
    signal(SIGUSR1, handler);
    for (int i = 0; i < 200; i++) raise(SIGUSR1);
    if (received != 200 * SIGUSR1) fail("signals");
    return received;
}

// Maps, writes, protects, reads through a copy in a child, unmaps.
static uint64_t mappings(int round) {
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    uint64_t sum = 0;
    uint8_t *area = mmap(NULL, PAGES * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (area == MAP_FAILED) { fail("mmap"); return 0; }
    for (size_t i = 0; i < PAGES; i++) *(uint64_t *)(area + i * page + 8 * i) = mix(round, i);
    if (mprotect(area, PAGES * page, PROT_READ)) fail("mprotect");
    pid_t child = fork();
    if (child == 0) {
        mprotect(area, PAGES * page, PROT_READ | PROT_WRITE);
        for (size_t i = 0; i < PAGES; i++) *(uint64_t *)(area + i * page + 8 * i) = 0;
        _exit(0);
    }
    waitpid(child, NULL, 0);
    for (size_t i = 0; i < PAGES; i++) {
        uint64_t value = *(uint64_t *)(area + i * page + 8 * i);
        if (value != mix(round, i)) fail("memory");
        sum = mix(sum, value);
    }
    munmap(area, PAGES * page);
    return sum;
}

int main(int count, char **arguments) {
    if (count == 3) {
        int number = atoi(arguments[1]);
        uint64_t value = 0;
        for (int k = 0; k < 2000; k++) value = mix(value, k + number);
        if (write(atoi(arguments[2]), &value, sizeof value) != sizeof value) return 98;
        return number % CHILDREN;
    }
    for (int round = 0; round < ROUNDS; round++) {
        uint64_t sum = children(round);
        sum = mix(sum, threads());
        sum = mix(sum, signals());
        sum = mix(sum, mappings(round));
        printf("storm %d %016llx\n", round, (unsigned long long)sum);
        fflush(stdout);
    }
    printf("storm ends\n");
    fflush(stdout);
    if (getpid() == 1) reboot(RB_POWER_OFF);
    return 0;
}
