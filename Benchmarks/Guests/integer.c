// Integer kernels. Each is chosen by -DKERNEL=name; main returns a checksum. With -DHOSTED the program runs under an
// operating system, for comparison.
typedef unsigned char u8;
typedef unsigned int u32;
typedef unsigned long u64;
#ifndef ROUNDS
#define ROUNDS 1
#endif

static u8 flags[1 << 20];
static u32 table[1 << 16];
static u64 words[1 << 14];

__attribute__((noinline)) u64 sieve(void) {
    u64 count = 0;
    for (u64 i = 0; i < sizeof flags; i++) flags[i] = 1;
    for (u64 i = 2; i < sizeof flags; i++) {
        if (!flags[i]) continue;
        count++;
        for (u64 k = i + i; k < sizeof flags; k += i) flags[k] = 0;
    }
    return count;
}

__attribute__((noinline)) u64 sort(void) {
    u32 seed = 1;
    const int n = 4096;
    for (int i = 0; i < n; i++) table[i] = seed = seed * 1664525 + 1013904223;
    for (int gap = n / 2; gap > 0; gap /= 2)
        for (int i = gap; i < n; i++) {
            u32 v = table[i];
            int j = i;
            for (; j >= gap && table[j - gap] > v; j -= gap) table[j] = table[j - gap];
            table[j] = v;
        }
    u64 sum = 0;
    for (int i = 0; i < n; i++) sum = sum * 31 + table[i];
    return sum;
}

__attribute__((noinline)) u64 hash(void) {
    u64 h = 0xcbf29ce484222325;
    for (int i = 0; i < 1 << 18; i++) {
        h ^= i & 255;
        h *= 0x100000001b3;
        h ^= h >> 29;
        words[h & 0x3fff] += h;
    }
    return h ^ words[17];
}

__attribute__((noinline)) u64 fib(u64 n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); }

static void *copy(void *to, const void *from, u64 n) {
    u8 *d = to;
    const u8 *s = from;
    for (u64 i = 0; i < n; i++) d[i] = s[i];
    return to;
}

__attribute__((noinline)) u64 string(void) {
    u64 sum = 0;
    for (u64 i = 0; i < 4096; i++) flags[i] = "the quick brown fox jumps over the lazy dog"[i % 43];
    flags[4096] = 0;
    for (int round = 0; round < 32; round++) {
        u8 *p = flags;
        u64 length = 0;
        while (*p++) length++;
        copy(flags + 8192, flags, length);
        for (u64 i = 0; i < length; i++) sum += flags[8192 + i] == flags[i];
    }
    return sum;
}

typedef struct node { struct node *left, *right; u64 key; } node;
static node nodes[1 << 14];

__attribute__((noinline)) u64 tree(void) {
    node *root = 0;
    u64 seed = 42, depth = 0;
    for (int i = 0; i < 1 << 13; i++) {
        seed = seed * 6364136223846793005 + 1442695040888963407;
        node *n = &nodes[i], **at = &root;
        n->key = seed >> 20;
        n->left = n->right = 0;
        while (*at) {
            at = n->key < (*at)->key ? &(*at)->left : &(*at)->right;
            depth++;
        }
        *at = n;
    }
    return depth;
}

// A little bytecode machine: dispatch through a table of functions.
static u64 registers[4];
static void op_add(u64 a) { registers[0] += a; }
static void op_xor(u64 a) { registers[1] ^= registers[0] + a; }
static void op_mul(u64 a) { registers[2] = registers[2] * 3 + a; }
static void op_mix(u64 a) { registers[0] = registers[0] >> 1 ^ registers[2] ^ a; }
__attribute__((noinline)) u64 interpreter(void) {
    void (*volatile table_of[4])(u64) = {op_add, op_xor, op_mul, op_mix};
    void (*ops[4])(u64);
    for (int i = 0; i < 4; i++) ops[i] = table_of[i];
    u32 pc = 1;
    for (int i = 0; i < 1 << 17; i++) {
        ops[pc >> 7 & 3](pc);
        pc = pc * 1103515245 + 12345;
    }
    return registers[0] ^ registers[1] ^ registers[2];
}

__attribute__((noinline)) u64 crc(void) {
    u32 c = ~0u;
    for (u32 i = 0; i < 256; i++) {
        u32 r = i;
        for (int k = 0; k < 8; k++) r = r & 1 ? r >> 1 ^ 0xedb88320 : r >> 1;
        table[i] = r;
    }
    for (u32 i = 0; i < 1 << 18; i++) c = table[(c ^ i) & 255] ^ c >> 8;
    return c;
}

#define CALL_(x) x
#define CALL(x) CALL_(x)
#if defined(FIB)
#define KERNEL_CALL fib(24)
#else
#define KERNEL_CALL CALL(KERNEL)()
#endif

#ifdef HOSTED
int printf(const char *, ...);
#endif
u64 main(void) {
    u64 result = 0;
    for (int i = 0; i < ROUNDS; i++) result += KERNEL_CALL;
#ifdef HOSTED
    printf("%lx\n", result);
    return 0;
#else
    return result;
#endif
}
