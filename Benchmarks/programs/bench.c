// /init of the benchmark initrd: runs each program a fixed number of times and prints the time it took, so that two
// emulators can be compared row by row. Work is fixed, never time; each program prints a checksum that must be equal
// everywhere. Environment (the kernel hands unknown options of its command line to /init): bench_only=NAME,NAME chooses
// programs, bench_wait=1 waits for a line before each.
//
// Build: Scripts/make-initrd Benchmarks/programs/bench.c bench.gz
#include <fcntl.h>
#include <math.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

typedef uint64_t u64;
typedef uint32_t u32;

static u64 seed;
static inline u64 next(void) {
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed;
}

// --- integer

static u64 sieve(void) {
    enum { N = 2000000 };
    char *composite = calloc(N, 1);
    u64 count = 0;
    for (int round = 0; round < 4; round++) {
        memset(composite, 0, N);
        count = 0;
        for (u32 i = 2; i < N; i++) {
            if (composite[i]) continue;
            count++;
            for (u32 j = i * 2; j < N; j += i) composite[j] = 1;
        }
    }
    free(composite);
    return count;
}

static void quicksort(u32 *a, long low, long high) {
    while (low < high) {
        u32 pivot = a[(low + high) / 2];
        long i = low, j = high;
        while (i <= j) {
            while (a[i] < pivot) i++;
            while (a[j] > pivot) j--;
            if (i <= j) {
                u32 t = a[i];
                a[i++] = a[j];
                a[j--] = t;
            }
        }
        if (j - low < high - i) {
            quicksort(a, low, j);
            low = i;
        } else {
            quicksort(a, i, high);
            high = j;
        }
    }
}

static u64 sort(void) {
    enum { N = 400000 };
    u32 *a = malloc(N * sizeof *a);
    u64 sum = 0;
    for (int round = 0; round < 4; round++) {
        for (int i = 0; i < N; i++) a[i] = (u32)next();
        quicksort(a, 0, N - 1);
        for (int i = 0; i < N; i += 1000) sum = sum * 31 + a[i];
    }
    free(a);
    return sum;
}

static u64 hash(void) {
    enum { SIZE = 1 << 16 };
    u64 *keys = calloc(SIZE, 8), *values = calloc(SIZE, 8), sum = 0;
    for (int i = 0; i < 12000000; i++) {
        u64 key = next() % 40000 + 1, h = key * 0x9e3779b97f4a7c15ull >> 48;
        while (keys[h] && keys[h] != key) h = (h + 1) & (SIZE - 1);
        keys[h] = key;
        sum += ++values[h];
    }
    free(keys);
    free(values);
    return sum;
}

struct node { u64 key; struct node *left, *right; };
static u64 tree(void) {
    enum { N = 60000 };
    struct node *pool = malloc(N * sizeof *pool), *root = NULL;
    u64 sum = 0;
    for (int i = 0; i < N; i++) {
        struct node *n = &pool[i], **place = &root;
        *n = (struct node){next(), NULL, NULL};
        while (*place) place = n->key < (*place)->key ? &(*place)->left : &(*place)->right;
        *place = n;
    }
    for (int i = 0; i < 400000; i++) {
        u64 key = next();
        u64 depth = 0;
        for (struct node *n = root; n; depth++) n = key < n->key ? n->left : n->right;
        sum += depth;
    }
    free(pool);
    return sum;
}

// A small stack machine: dispatch through a switch, as interpreters do.
static u64 interpreter(void) {
    static const unsigned char code[] = {0, 1, 2, 3, 4, 5, 1, 6, 2, 7};
    u64 a = 1, b = 2, steps = 0;
    for (u64 counter = 0; counter < 3000000;) {
        for (unsigned pc = 0; pc < sizeof code; pc++, steps++) {
            switch (code[pc]) {
            case 0: counter++; break;
            case 1: a += b; break;
            case 2: b ^= a >> 3; break;
            case 3: a = a << 1 | a >> 63; break;
            case 4: if (a & 1) b += counter; break;
            case 5: a -= b & 0xff; break;
            case 6: b = b * 5 + 1; break;
            case 7: a ^= b; break;
            }
        }
    }
    return a ^ b ^ steps;
}

// A greedy LZ77 compressor over text-like data.
static u64 compress(void) {
    enum { N = 1 << 20 };
    unsigned char *in = malloc(N);
    int *table = malloc(65536 * sizeof *table);
    u64 out = 0;
    for (int i = 0; i < N; i++) in[i] = "etaoin shrdlu"[next() % 13 & (i & 64 ? 7 : 15) % 13];
    for (int round = 0; round < 16; round++) {
        memset(table, -1, 65536 * sizeof *table);
        for (int i = 0; i + 4 < N;) {
            u32 word;
            memcpy(&word, in + i, 4);
            u32 h = word * 2654435761u >> 16;
            int candidate = table[h], length = 0;
            table[h] = i;
            if (candidate >= 0)
                while (i + length < N && length < 255 && in[candidate + length] == in[i + length]) length++;
            if (length >= 4) { out += 3; i += length; } else { out++; i++; }
        }
    }
    free(in);
    free(table);
    return out;
}

static u64 strings(void) {
    enum { N = 100000 };
    char *text = malloc(N + 1);
    u64 sum = 0;
    for (int i = 0; i < N; i++) text[i] = "abcdefgh "[next() % 9];
    text[N] = 0;
    for (int round = 0; round < 240; round++) {
        for (char *p = text; (p = strstr(p, "abc")); p++) sum += (u64)(p - text);
        for (char *p = text; (p = strchr(p, 'h')); p++) sum++;
        sum += strlen(text) + (u64)strcmp(text, text + 1);
        for (char *p = text; *p; p++) if (*p >= 'a' && *p <= 'z') sum += (u64)(*p - 32);
    }
    free(text);
    return sum;
}

// --- floating point

static u64 bits(double x) { u64 b; memcpy(&b, &x, 8); return b; }

static u64 nbody(void) {
    static const double start[5][7] = {
        {0, 0, 0, 0, 0, 0, 39.47}, {4.84, -1.16, -0.10, 0.60, 2.81, -0.02, 0.037}, {8.34, 4.12, -0.4, -1.01, 1.82, 0.008, 0.011},
        {12.89, -15.11, -0.22, 1.08, 0.86, -0.01, 0.0017}, {15.37, -25.9, 0.179, 0.97, 0.59, -0.034, 0.002}};
    double b[5][7];
    memcpy(b, start, sizeof b);
    for (int step = 0; step < 150000; step++) {
        for (int i = 0; i < 5; i++)
            for (int j = i + 1; j < 5; j++) {
                double dx = b[i][0] - b[j][0], dy = b[i][1] - b[j][1], dz = b[i][2] - b[j][2];
                double d2 = dx * dx + dy * dy + dz * dz, mag = 0.001 / (d2 * sqrt(d2));
                for (int k = 0; k < 3; k++) {
                    double d = k == 0 ? dx : k == 1 ? dy : dz;
                    b[i][3 + k] -= d * b[j][6] * mag;
                    b[j][3 + k] += d * b[i][6] * mag;
                }
            }
        for (int i = 0; i < 5; i++)
            for (int k = 0; k < 3; k++) b[i][k] += 0.001 * b[i][3 + k];
    }
    return bits(b[0][0]) ^ bits(b[4][2]);
}

static u64 mandelbrot(void) {
    u64 sum = 0;
    for (int y = 0; y < 160; y++)
        for (int x = 0; x < 160; x++) {
            double cr = x / 80.0 - 1.5, ci = y / 80.0 - 1.0, zr = 0, zi = 0;
            int i = 0;
            for (; i < 300 && zr * zr + zi * zi < 4; i++) {
                double t = zr * zr - zi * zi + cr;
                zi = 2 * zr * zi + ci;
                zr = t;
            }
            sum += (u64)i;
        }
    return sum;
}

static u64 matrix(void) {
    enum { N = 120 };
    static double a[N][N], b[N][N], c[N][N];
    for (int i = 0; i < N; i++) for (int j = 0; j < N; j++) { a[i][j] = i + j * 0.5; b[i][j] = i - j * 0.25; }
    for (int round = 0; round < 8; round++)
        for (int i = 0; i < N; i++)
            for (int j = 0; j < N; j++) {
                double s = c[i][j];
                for (int k = 0; k < N; k++) s += a[i][k] * b[k][j];
                c[i][j] = s;
            }
    return bits(c[17][91]);
}

typedef double v2d __attribute__((vector_size(16)));
typedef u32 v4u __attribute__((vector_size(16)));
static u64 vectorfp(void) {
    enum { N = 4096 };
    static v2d x[N], y[N];
    for (int i = 0; i < N; i++) { x[i] = (v2d){i, i + 0.5}; y[i] = (v2d){1, 2}; }
    v2d k = {1.0000001, 0.9999999};
    for (int round = 0; round < 1600; round++)
        for (int i = 0; i < N; i++) y[i] = x[i] * k + y[i];
    return bits(y[100][0]) ^ bits(y[4000][1]);
}

static u64 vectorint(void) {
    enum { N = 4096 };
    static v4u x[N], y[N];
    for (u32 i = 0; i < N; i++) { x[i] = (v4u){i, i * 3, i * 5, i * 7}; y[i] = x[i] ^ 0x55aa; }
    for (int round = 0; round < 4000; round++)
        for (int i = 0; i < N; i++) y[i] = (y[i] + x[i]) ^ (y[i] >> 3);
    return y[77][0] ^ y[999][3];
}

// --- memory

static u64 stream(void) {
    enum { N = 1 << 20 };
    u64 *a = malloc(N * 8), *b = malloc(N * 8), sum = 0;
    for (int i = 0; i < N; i++) { a[i] = (u64)i; b[i] = (u64)i * 3; }
    for (int round = 0; round < 12; round++) {
        for (int i = 0; i < N; i++) a[i] = b[i] + 3 * a[i];
        memcpy(b, a, N * 8);
    }
    for (int i = 0; i < N; i += 4096) sum += b[i];
    free(a);
    free(b);
    return sum;
}

static u64 randomaccess(void) {
    enum { N = 1 << 22 };
    u64 *a = mmap(NULL, N * 8, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), sum = 0;
    for (int i = 0; i < N; i++) a[i] = (u64)i;
    for (int i = 0; i < 1000000; i++) { u64 k = next() & (N - 1); a[k] += (u64)i; sum += a[k ^ 12345]; }
    munmap(a, N * 8);
    return sum;
}

// --- control

__attribute__((noinline)) static u64 fibonacci(u64 n) { return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2); }
static u64 calls(void) { return fibonacci(35); }

static u64 op0(u64 x) { return x + 1; }
static u64 op1(u64 x) { return x * 3; }
static u64 op2(u64 x) { return x ^ 0x55; }
static u64 op3(u64 x) { return x >> 1; }
static u64 indirect(void) {
    u64 (*volatile table[4])(u64) = {op0, op1, op2, op3};
    u64 x = 1;
    for (u64 i = 0; i < 15000000; i++) x = table[(x ^ i) & 3](x) + i;
    return x;
}

// --- kernel

static u64 syscalls(void) {
    u64 sum = 0;
    for (int i = 0; i < 200000; i++) sum += (u64)syscall(SYS_getppid);
    return sum;
}

static u64 pagefaults(void) {
    u64 sum = 0;
    for (int round = 0; round < 20; round++) {
        size_t size = 16 << 20;
        char *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        for (size_t i = 0; i < size; i += 65536) sum += (u64)(p[i] = (char)(i >> 16));
        munmap(p, size);
    }
    return sum;
}

static u64 forks(void) {
    u64 sum = 0;
    for (int i = 0; i < 150; i++) {
        pid_t child = fork();
        if (child == 0) {
            if (i % 3 == 0) { char *arguments[] = {"/init", "exit", NULL}; execv("/init", arguments); }
            _exit(i & 63);
        }
        int status;
        waitpid(child, &status, 0);
        sum += (u64)WEXITSTATUS(status);
    }
    return sum;
}

static u64 pipes(void) {
    int there[2], back[2];
    if (pipe(there) || pipe(back)) return 0;
    pid_t child = fork();
    u64 value = 0;
    if (child == 0) {
        close(there[1]);
        close(back[0]);
        while (read(there[0], &value, 8) == 8) { value = value * 3 + 1; if (write(back[1], &value, 8) != 8) break; }
        _exit(0);
    }
    close(there[0]);
    close(back[1]);
    for (int i = 0; i < 5000; i++) { if (write(there[1], &value, 8) != 8 || read(back[0], &value, 8) != 8) break; }
    close(there[1]);
    close(back[0]);
    waitpid(child, NULL, 0);
    return value;
}

static u64 selfmodifying(void) {
    u32 *page = mmap(NULL, 65536, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    u64 sum = 0;
    for (u32 i = 0; i < 40000; i++) {
        page[0] = 0x38600000 | (i & 0x7fff);
        page[1] = 0x4e800020;
        __builtin___clear_cache((char *)page, (char *)(page + 2));
        for (int k = 0; k < 10; k++) sum += (u64)((long (*)(void))page)();
    }
    munmap(page, 65536);
    return sum;
}

// Two processes of independent work: on two processors they should take half the time of one.
static u64 parallel(void) {
    int result[2];
    u64 sums[2] = {0, 0}, sum = 0;
    if (pipe(result)) return 0;
    for (int i = 0; i < 2; i++) {
        if (fork() != 0) continue;
        u64 own = 0;
        for (int round = 0; round < 3; round++) own += sieve() + fibonacci(32) + interpreter();
        if (write(result[1], &own, sizeof own) != sizeof own) _exit(1);
        _exit(0);
    }
    if (read(result[0], sums, 8) != 8 || read(result[0], sums + 1, 8) != 8) return 0;
    while (wait(NULL) > 0) sum++;
    close(result[0]);
    close(result[1]);
    return sums[0] + sums[1] + sum;
}

static const struct { const char *name; u64 (*run)(void); } programs[] = {
    {"sieve", sieve}, {"sort", sort}, {"hash", hash}, {"tree", tree}, {"interpreter", interpreter}, {"compress", compress},
    {"strings", strings}, {"nbody", nbody}, {"mandelbrot", mandelbrot}, {"matrix", matrix}, {"vectorfp", vectorfp},
    {"vectorint", vectorint}, {"stream", stream}, {"random", randomaccess}, {"calls", calls}, {"indirect", indirect},
    {"syscalls", syscalls}, {"pagefaults", pagefaults}, {"forks", forks}, {"pipes", pipes}, {"selfmod", selfmodifying},
    {"parallel", parallel},
};

// Whether a comma-separated list is absent or names a program.
static int chosen(const char *list, const char *name) {
    size_t length = strlen(name);
    if (!list) return 1;
    for (const char *p = list; (p = strstr(p, name)); p++)
        if ((p == list || p[-1] == ',') && (p[length] == 0 || p[length] == ',')) return 1;
    return 0;
}

// With bench_wait, the host reads its own clocks between two programs and then sends a line.
static void ready(int wait, const char *name) {
    char c;
    printf("bench ready %s\n", name);
    while (wait && read(0, &c, 1) == 1 && c != '\n') {}
}

static void run(size_t i) {
    struct timespec a, b;
    seed = 88172645463325252ull;
    clock_gettime(CLOCK_MONOTONIC, &a);
    u64 sum = programs[i].run();
    clock_gettime(CLOCK_MONOTONIC, &b);
    double seconds = (double)(b.tv_sec - a.tv_sec) + (double)(b.tv_nsec - a.tv_nsec) / 1e9;
    printf("bench done %s %.6f %016llx\n", programs[i].name, seconds, (unsigned long long)sum);
}

int main(int argc, char **argv) {
    if (argc > 1 && strcmp(argv[1], "exit") == 0) return 7;
    setvbuf(stdout, NULL, _IOLBF, 0);
    const char *only = argc > 1 ? argv[1] : getenv("bench_only");
    int wait = getenv("bench_wait") != NULL;
    struct termios terminal;
    if (wait && tcgetattr(0, &terminal) == 0) {
        terminal.c_lflag &= ~(tcflag_t)ECHO;
        tcsetattr(0, TCSANOW, &terminal);
    }
    // The kernel's early console may still hold half a line.
    printf("\nbench begins\n");
    for (size_t i = 0; i < sizeof programs / sizeof *programs; i++) {
        if (!chosen(only, programs[i].name)) continue;
        ready(wait, programs[i].name);
        run(i);
    }
    ready(wait, "end");
    printf("bench ends\n");
    if (getpid() == 1) {
        sync();
        reboot(RB_POWER_OFF);
        for (;;) pause();
    }
    return 0;
}
