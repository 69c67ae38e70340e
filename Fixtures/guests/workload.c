// A user-space workload that prints the same lines on any correct Power machine: integer, floating point, vector,
// processes, pipes, signals, memory mapping, threads with locks, self-modifying code. Static; serves as /init of a test
// initrd or runs under qemu-ppc64le for comparison.
//
// Build: powerpc64le-linux-gnu-gcc -O2 -static -pthread -mcpu=power8 -o workload workload.c -lm
#include <altivec.h>
#undef vector
#undef pixel
#undef bool
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static uint64_t state = 88172645463325252ull;
static uint64_t next(void) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

static uint64_t mix(uint64_t hash, uint64_t value) { return (hash ^ value) * 0x100000001b3ull; }

static void integer(void) {
    uint64_t hash = 0xcbf29ce484222325ull;
    for (int i = 0; i < 200000; i++) {
        uint64_t a = next(), b = next() | 1;
        int64_t s = (int64_t)a, t = (int64_t)b;
        hash = mix(hash, a / b);
        hash = mix(hash, a % b);
        if (!(s == INT64_MIN && t == -1)) hash = mix(hash, (uint64_t)(s / t));
        hash = mix(hash, (uint64_t)((unsigned __int128)a * b >> 64));
        hash = mix(hash, (uint64_t)__builtin_popcountll(a) + (uint64_t)__builtin_clzll(b | 1));
        hash = mix(hash, (a << (b & 63)) | (a >> (-b & 63)));
        hash = mix(hash, (uint64_t)(uint32_t)a * (uint32_t)b);
        hash = mix(hash, __builtin_bswap64(a) + __builtin_bswap32((uint32_t)b));
    }
    printf("integer %016llx\n", (unsigned long long)hash);
}

static void floating(void) {
    uint64_t hash = 0xcbf29ce484222325ull;
    for (int i = 0; i < 100000; i++) {
        double a = (double)(int64_t)next() / 65536.0, b = (double)(int64_t)next() / 3.0, c, d;
        float f = (float)a, g = (float)b;
        c = fma(a, b, a - b);
        d = sqrt(fabs(a)) / (b + 1.0);
        uint64_t bits;
        memcpy(&bits, &c, 8);
        hash = mix(hash, bits);
        memcpy(&bits, &d, 8);
        hash = mix(hash, bits);
        float h = fmaf(f, g, f) / (g + 2.0f);
        uint32_t small;
        memcpy(&small, &h, 4);
        hash = mix(hash, small);
        hash = mix(hash, (uint64_t)(int64_t)(a / 1e6));
    }
    double sum = 0;
    for (int i = 1; i < 20000; i++) sum += sin(i) * exp(-i / 1000.0) + log(i) * pow(i, -1.5);
    printf("floating %016llx %.17g\n", (unsigned long long)hash, sum);
}

static void vectors(void) {
    __vector unsigned int v = {1, 2, 3, 4}, w = {0x9e3779b9, 0x7f4a7c15, 0xf39cc060, 0x5cedc834};
    __vector unsigned char p = {3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12};
    __vector double x = {1.5, -2.25}, y = {0.0, 0.0};
    for (int i = 0; i < 50000; i++) {
        v = vec_add(v, w);
        v = vec_xor(v, vec_rl(v, w));
        v = (__vector unsigned int)vec_perm((__vector unsigned char)v, (__vector unsigned char)w, p);
        v = vec_add(v, vec_max(v, w));
        y = vec_madd(x, x, y);
    }
    printf("vectors %08x %08x %08x %08x %.17g %.17g\n", v[0], v[1], v[2], v[3], y[0], y[1]);
}

static int compare(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

static void memory(void) {
    size_t count = 200000, size = count * sizeof(uint64_t);
    uint64_t *a = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (a == MAP_FAILED) { printf("memory: %s\n", strerror(errno)); return; }
    for (size_t i = 0; i < count; i++) a[i] = next();
    qsort(a, count, sizeof *a, compare);
    uint64_t hash = 0;
    for (size_t i = 0; i < count; i++) hash = mix(hash, a[i] * i);
    uint64_t *b = malloc(size);
    memcpy(b, a, size);
    int same = memcmp(a, b, size);
    mprotect(a, size, PROT_READ);
    munmap(a, size);
    free(b);
    printf("memory %016llx %d\n", (unsigned long long)hash, same);
}

static volatile sig_atomic_t faults;
static void *volatile faulting;
static void on_fault(int number, siginfo_t *info, void *context) {
    (void)number; (void)context;
    faults++;
    if (info->si_addr == faulting) mprotect(faulting, 65536, PROT_READ | PROT_WRITE);
}
static volatile sig_atomic_t alarms;
static void on_alarm(int number) { (void)number; alarms++; }

static void signals(void) {
    struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO};
    sigaction(SIGSEGV, &action, NULL);
    faulting = mmap(NULL, 65536, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    *(volatile int *)faulting = 7;
    int value = *(volatile int *)faulting;
    struct sigaction timer = {.sa_handler = on_alarm};
    sigaction(SIGALRM, &timer, NULL);
    struct itimerval interval = {{0, 2000}, {0, 2000}};
    setitimer(ITIMER_REAL, &interval, NULL);
    double x = 1;
    while (alarms < 5) x = x * 1.0000001 + 1e-9;
    struct itimerval off = {{0, 0}, {0, 0}};
    setitimer(ITIMER_REAL, &off, NULL);
    printf("signals %d %d %d\n", value, (int)faults, x > 1);
}

static void processes(void) {
    int pipes[2], sum = 0;
    if (pipe(pipes)) return;
    for (int i = 0; i < 8; i++) {
        pid_t child = fork();
        if (child == 0) {
            close(pipes[0]);
            int number = i * i;
            if (write(pipes[1], &number, sizeof number) != sizeof number) _exit(1);
            _exit(i);
        }
    }
    close(pipes[1]);
    int number, count = 0, codes = 0, status;
    while (read(pipes[0], &number, sizeof number) == sizeof number) { sum += number; count++; }
    close(pipes[0]);
    while (wait(&status) > 0) codes += WEXITSTATUS(status);
    printf("processes %d %d %d\n", count, sum, codes);
}

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static uint64_t shared, atomics;
static void *worker(void *argument) {
    for (int i = 0; i < 20000; i++) {
        pthread_mutex_lock(&lock);
        shared += (uintptr_t)argument;
        pthread_mutex_unlock(&lock);
        __atomic_fetch_add(&atomics, 1, __ATOMIC_SEQ_CST);
    }
    return NULL;
}

static void threads(void) {
    pthread_t handles[4];
    for (uintptr_t i = 0; i < 4; i++) pthread_create(&handles[i], NULL, worker, (void *)(i + 1));
    for (int i = 0; i < 4; i++) pthread_join(handles[i], NULL);
    printf("threads %llu %llu\n", (unsigned long long)shared, (unsigned long long)atomics);
}

// Code that rewrites itself, with the instruction cache flushed as the ABI demands.
static void code(void) {
    uint32_t *page = mmap(NULL, 65536, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    long sum = 0;
    for (int i = 0; i < 300; i++) {
        page[0] = 0x38600000 | (uint32_t)i;  // li r3,i
        page[1] = 0x4e800020;                // blr
        __builtin___clear_cache((char *)page, (char *)(page + 2));
        sum += ((long (*)(void))page)();
    }
    printf("code %ld\n", sum);
}

static void files(void) {
    FILE *file = fopen("/tmp/workload.tmp", "w+");
    if (!file) { mkdir("/tmp", 0777); file = fopen("/tmp/workload.tmp", "w+"); }
    if (!file) { printf("files: %s\n", strerror(errno)); return; }
    for (int i = 0; i < 10000; i++) fprintf(file, "%d %x\n", i, i * 17);
    rewind(file);
    long sum = 0;
    int a;
    unsigned b;
    while (fscanf(file, "%d %x", &a, &b) == 2) sum += a ^ (long)b;
    fclose(file);
    unlink("/tmp/workload.tmp");
    printf("files %ld\n", sum);
}

int main(int argc, char **argv) {
    setvbuf(stdout, NULL, _IOLBF, 0);
    int isInit = getpid() == 1;
    if (isInit) {
        mkdir("/proc", 0755);
        mount("proc", "/proc", "proc", 0, NULL);
    }
    int rounds = argc > 1 ? atoi(argv[1]) : 1;
    if (rounds < 1 || rounds > 1000000) rounds = 1;
    printf("workload begins\n");
    for (int round = 0; round < rounds; round++) {
        state = 88172645463325252ull;
        alarms = faults = 0;
        shared = atomics = 0;
        integer();
        floating();
        vectors();
        memory();
        signals();
        processes();
        threads();
        code();
        files();
    }
    printf("workload ends\n");
    if (isInit) {
        sync();
        reboot(RB_POWER_OFF);
        for (;;) pause();
    }
    return 0;
}
