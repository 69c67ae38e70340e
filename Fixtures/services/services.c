// Calls every hypercall and every runtime service of the platform with valid and invalid arguments and prints what each
// answers: the status and every register or result cell that changed. Sections suit the processor: hash table calls
// where the partition has a hash table, XIVE after the guest has chosen it.

typedef unsigned long u64;
typedef unsigned int u32;
typedef unsigned char u8;

extern u64 hypercall(u64 number, u64 *registers);

// The compiler calls these itself.
void *memset(void *to, int value, u64 length) {
    for (u64 i = 0; i < length; i++) ((volatile u8 *)to)[i] = value;
    return to;
}

void *memcpy(void *to, const void *from, u64 length) {
    for (u64 i = 0; i < length; i++) ((volatile u8 *)to)[i] = ((const u8 *)from)[i];
    return to;
}

#define NONE 0x5a5a5a5a5a5a5a5aul
#define COUNT(array) (sizeof(array) / sizeof(array[0]))

static void put(const char *text, u64 length) {
    while (length) {
        u64 part = length < 16 ? length : 16;
        u64 words[2] = {0, 0};
        for (u64 i = 0; i < part; i++) words[i / 8] |= (u64)(u8)text[i] << (56 - 8 * (i % 8));
        u64 registers[9] = {0, part, words[0], words[1]};
        while (hypercall(0x58, registers) == 1) registers[0] = 0, registers[1] = part;
        text += part;
        length -= part;
    }
}

static char line[512];
static u64 used;

static void flush(void) {
    put(line, used);
    used = 0;
}

static void text(const char *s) {
    while (*s && used < sizeof line) line[used++] = *s++;
}

static void number(u64 value) {
    char digits[16];
    int count = 0;
    do digits[count++] = "0123456789abcdef"[value & 15]; while (value >>= 4);
    while (count && used < sizeof line) line[used++] = digits[--count];
}

static void status(u64 value) {
    long s = (long)value;
    if (s < 0) text("-"), s = -s;
    char digits[20];
    int count = 0;
    do digits[count++] = '0' + s % 10; while (s /= 10);
    while (count && used < sizeof line) line[used++] = digits[--count];
}

static void section(const char *name) {
    text("== ");
    text(name);
    text("\n");
    flush();
}

// Bits of results that are not looked at.
static u64 ignored;

// A call and its arguments; registers beyond them hold a pattern. `hidden` has a bit for each register whose new value
// is not printed: it differs from run to run.
static u64 call_hiding(u32 hidden, const char *name, u64 token, int count, const u64 *arguments) {
    u64 registers[9];
    for (int i = 0; i < 9; i++) registers[i] = i < count ? arguments[i] : NONE;
    u64 result = hypercall(token, registers);
    text(name);
    for (int i = 0; i < count; i++) text(" "), number(arguments[i]);
    text(" -> ");
    status(result);
    for (int i = 0; i < 9; i++) {
        u64 before = i < count ? arguments[i] : NONE;
        if (registers[i] == before) continue;
        text(" r");
        status(i + 4);
        text("=");
        if (hidden >> i & 1) text("?");
        else number(registers[i] & ~ignored);
    }
    text("\n");
    flush();
    return result;
}

#define CALL(name, token, ...) ({ \
    const u64 a_[] = {__VA_ARGS__}; call_hiding(0, name, token, COUNT(a_), a_); })
#define CALL_HIDING(hidden, name, token, ...) ({ \
    const u64 a_[] = {__VA_ARGS__}; call_hiding(hidden, name, token, COUNT(a_), a_); })

#define BLOCK ((volatile u32 *)0x300000)

// A runtime service; results are cells after the arguments, filled with a pattern before.
static u32 rtas_hiding(u32 hidden, const char *name, u32 token, int results, int count, const u32 *arguments) {
    BLOCK[0] = token;
    BLOCK[1] = count;
    BLOCK[2] = results;
    for (int i = 0; i < count; i++) BLOCK[3 + i] = arguments[i];
    for (int i = 0; i < 12; i++) BLOCK[3 + count + i] = 0x5a5a5a5a;
    u64 registers[9] = {(u64)BLOCK};
    u64 result = hypercall(0xf000, registers);
    text(name);
    for (int i = 0; i < count; i++) text(" "), number(arguments[i]);
    text(" / ");
    status(results);
    text(" -> ");
    if (result) text("hypercall "), status(result), text(" ");
    status((int)BLOCK[3 + count]);
    for (int i = 1; i < 12; i++) {
        u32 value = BLOCK[3 + count + i];
        if (value == 0x5a5a5a5a) continue;
        text(" ");
        status(i);
        text("=");
        if (hidden >> i & 1) text("?");
        else number(value);
    }
    text("\n");
    flush();
    return BLOCK[3 + count];
}

#define RTAS(name, token, results, ...) ({ \
    const u32 a_[] = {__VA_ARGS__}; rtas_hiding(0, name, token, results, COUNT(a_), a_); })
#define RTAS_HIDING(hidden, name, token, results, ...) ({ \
    const u32 a_[] = {__VA_ARGS__}; rtas_hiding(hidden, name, token, results, COUNT(a_), a_); })
#define RTAS0(hidden, name, token, results) rtas_hiding(hidden, name, token, results, 0, 0)

static void show(const char *name, u64 address, int words) {
    text(name);
    for (int i = 0; i < words; i++) text(" "), number(((volatile u64 *)address)[i]);
    text("\n");
    flush();
}

static u64 pvr(void) {
    u64 value;
    asm volatile("mfpvr %0" : "=r"(value));
    return value >> 16;
}

static void memory_calls(void) {
    static const u64 sizes[] = {0, 1, 2, 3, 4, 8, 16, 1ul << 32, ~0ul};
    section("H_LOGICAL_*");
    *(volatile u64 *)0x400000 = 0x0123456789abcdef;
    for (u64 i = 0; i < COUNT(sizes); i++) {
        CALL("H_LOGICAL_CI_LOAD", 0x3c, sizes[i], 0x400000);
        CALL("H_LOGICAL_CACHE_LOAD", 0x44, sizes[i], 0x400001);
        CALL("H_LOGICAL_CI_STORE", 0x40, sizes[i], 0x400008, 0x1122334455667788);
        CALL("H_LOGICAL_CACHE_STORE", 0x48, sizes[i], 0x400011, 0x1122334455667788);
    }
    show("memory", 0x400000, 4);
    CALL("H_LOGICAL_ICBI", 0x4c, 0x400000);
    CALL("H_LOGICAL_DCBF", 0x50, 0x400000);

    section("H_LOGICAL_MEMOP");
    for (int i = 0; i < 8; i++) ((volatile u64 *)0x400100)[i] = 0x0101010101010101ul * (i + 1);
    CALL("MEMOP", 0xf001, 0x400180, 0x400100, 3, 4, 0);
    CALL("MEMOP", 0xf001, 0x4001a0, 0x400100, 2, 4, 1);
    CALL("MEMOP", 0xf001, 0x4001c0, 0x400102, 1, 3, 1);
    CALL("MEMOP", 0xf001, 0x4001d1, 0x400103, 0, 5, 0);
    CALL("MEMOP", 0xf001, 0x400108, 0x400100, 3, 7, 0);
    CALL("MEMOP", 0xf001, 0x400120, 0x400128, 3, 3, 1);
    CALL("MEMOP", 0xf001, 0x400181, 0x400100, 3, 4, 0);
    CALL("MEMOP", 0xf001, 0x400180, 0x400101, 3, 4, 0);
    CALL("MEMOP", 0xf001, 0x400180, 0x400100, 3, 0, 0);
    CALL("MEMOP", 0xf001, 0x400180, 0x400100, 3, 4, 2);
    CALL("MEMOP", 0xf001, 0x400180, 0x400100, 4, 4, 0);
    CALL("MEMOP", 0xf001, 0x400180, 0x400100, 3, 0x80000001, 0);
    show("memory", 0x400100, 8);
    show("memory", 0x400180, 12);

    section("H_PAGE_INIT");
    *(volatile u64 *)0x401000 = 1;
    *(volatile u64 *)0x402000 = 2;
    CALL("H_PAGE_INIT", 0x2c, 0, 0x401000, 0);
    CALL("H_PAGE_INIT", 0x2c, 1 << 15, 0x401000, 0);
    show("memory", 0x401000, 1);
    CALL("H_PAGE_INIT", 0x2c, 1 << 14, 0x401000, 0x402000);
    show("memory", 0x401000, 1);
    CALL("H_PAGE_INIT", 0x2c, 1 << 14 | 1 << 15, 0x401000, 0x403000);
    show("memory", 0x401000, 1);
    CALL("H_PAGE_INIT", 0x2c, 1 << 13, 0x401000, 0x402000);
    CALL("H_PAGE_INIT", 0x2c, 1 << 23, 0x401000, 0x402000);
    CALL("H_PAGE_INIT", 0x2c, 1 << 22, 0x401000, 0x402000);
    CALL("H_PAGE_INIT", 0x2c, 1 << 15, 0x401008, 0);
    CALL("H_PAGE_INIT", 0x2c, 1 << 14, 0x401000, 0x402008);
    CALL("H_PAGE_INIT", 0x2c, 1 << 15, 0x80000000, 0);
    CALL("H_PAGE_INIT", 0x2c, 1 << 14, 0x401000, 0x80000000);
    CALL("H_PAGE_INIT", 0x2c, 1 << 15, ~0xffful, 0);
}

static void dma_calls(void) {
    section("TCEs");
    const u64 window = 0x80000000;
    CALL("H_PUT_TCE", 0x20, window, 0, 0x400003);
    CALL("H_GET_TCE", 0x1c, window, 0);
    CALL("H_GET_TCE", 0x1c, window, 0xfff);
    CALL("H_PUT_TCE", 0x20, window, 0x1234, 0x401001);
    CALL("H_GET_TCE", 0x1c, window, 0x1000);
    CALL("H_PUT_TCE", 0x20, window, 0x3ffff000, 0x402ffe);
    CALL("H_GET_TCE", 0x1c, window, 0x3ffff000);
    CALL("H_PUT_TCE", 0x20, window, 0x40000000, 0x402003);
    CALL("H_GET_TCE", 0x1c, window, 0x40000000);
    CALL("H_PUT_TCE", 0x20, window, ~0ul, 0x402003);
    CALL("H_PUT_TCE", 0x20, window + 1, 0, 0x402003);
    CALL("H_GET_TCE", 0x1c, window + 1, 0);
    CALL("H_PUT_TCE", 0x20, 0, 0, 0x402003);
    CALL("H_GET_TCE", 0x1c, 0, 0);
    CALL("H_PUT_TCE", 0x20, window | 1ul << 32, 0, 0x402003);
    CALL("H_PUT_TCE", 0x20, ~0ul, 0, 0x402003);
    for (int i = 0; i < 512; i++) ((volatile u64 *)0x410000)[i] = 0x500003 + i * 0x1000ul;
    CALL("H_PUT_TCE_INDIRECT", 0x13c, window, 0x100000, 0x410000, 512);
    CALL("H_GET_TCE", 0x1c, window, 0x100000);
    CALL("H_GET_TCE", 0x1c, window, 0x2ff000);
    CALL("H_PUT_TCE_INDIRECT", 0x13c, window, 0x100000, 0x410000, 513);
    CALL("H_PUT_TCE_INDIRECT", 0x13c, window, 0x100000, 0x410000, 0);
    CALL("H_PUT_TCE_INDIRECT", 0x13c, window, 0x100000, 0x410008, 1);
    CALL("H_PUT_TCE_INDIRECT", 0x13c, window, 0x3ffff000, 0x410000, 2);
    CALL("H_GET_TCE", 0x1c, window, 0x3ffff000);
    CALL("H_PUT_TCE_INDIRECT", 0x13c, window, 0x40000000, 0x410000, 1);
    CALL("H_PUT_TCE_INDIRECT", 0x13c, window + 1, 0x100000, 0x410000, 1);
    CALL("H_PUT_TCE_INDIRECT", 0x13c, 0, 0x100000, 0x410000, 1);
    CALL("H_STUFF_TCE", 0x138, window, 0x100000, 0x600003, 3);
    CALL("H_GET_TCE", 0x1c, window, 0x102000);
    CALL("H_GET_TCE", 0x1c, window, 0x103000);
    CALL("H_STUFF_TCE", 0x138, window, 0x100000, 0, 0);
    CALL("H_STUFF_TCE", 0x138, window, 0, 0, 0x40000);
    CALL("H_STUFF_TCE", 0x138, window, 0, 0, 0x40001);
    CALL("H_STUFF_TCE", 0x138, window, 0x3ffff000, 0x600003, 2);
    CALL("H_STUFF_TCE", 0x138, window, 0, 0, ~0ul);
    CALL("H_STUFF_TCE", 0x138, window + 1, 0, 0, 1);
    CALL("H_STUFF_TCE", 0x138, 0, 0, 0, 1);
}

static void areas(void) {
    const u64 vpa = 0x0000200000000000, dtl = 0x0000400000000000, slb = 0x0000600000000000;
    const u64 no_vpa = 0x0000a00000000000, no_dtl = 0x0000c00000000000, no_slb = 0x0000e00000000000;
    section("H_REGISTER_VPA");
    *(volatile u64 *)0x420000 = 0x00000000d397d781;
    *(volatile u32 *)0x420004 = 640 << 16;
    *(volatile u64 *)0x421000 = 0;
    *(volatile u32 *)0x421004 = 639 << 16;
    *(volatile u32 *)0x422004 = 8;
    *(volatile u32 *)0x423004 = 7;
    *(volatile u32 *)0x424004 = 48;
    *(volatile u32 *)0x425004 = 47;
    CALL("H_REGISTER_VPA", 0xdc, slb, 0, 0x422000);
    CALL("H_REGISTER_VPA", 0xdc, dtl, 0, 0x424000);
    CALL("H_REGISTER_VPA", 0xdc, vpa, 0, 0);
    CALL("H_REGISTER_VPA", 0xdc, vpa, 0, 0x421000);
    CALL("H_REGISTER_VPA", 0xdc, vpa, 0, 0x420001);
    CALL("H_REGISTER_VPA", 0xdc, vpa, 0, 0x420010);
    *(volatile u32 *)0x420e84 = 640 << 16;
    CALL("H_REGISTER_VPA", 0xdc, vpa, 0, 0x420e80);
    CALL("H_REGISTER_VPA", 0xdc, vpa, 0, 0x800000000000);
    CALL("H_REGISTER_VPA", 0xdc, vpa, 1, 0x420000);
    CALL("H_REGISTER_VPA", 0xdc, vpa, ~0ul, 0x420000);
    CALL("H_REGISTER_VPA", 0xdc, vpa | 1, 0, 0x420000);
    CALL("H_REGISTER_VPA", 0xdc, 0, 0, 0x420000);
    CALL("H_REGISTER_VPA", 0xdc, vpa, 0, 0x420000);
    show("area", 0x420008, 1);
    CALL("H_REGISTER_VPA", 0xdc, slb, 0, 0);
    CALL("H_REGISTER_VPA", 0xdc, slb, 0, 0x423000);
    CALL("H_REGISTER_VPA", 0xdc, slb, 0, 0x422000);
    CALL("H_REGISTER_VPA", 0xdc, no_vpa, 0, 0);
    CALL("H_REGISTER_VPA", 0xdc, dtl, 0, 0);
    CALL("H_REGISTER_VPA", 0xdc, dtl, 0, 0x425000);
    CALL("H_REGISTER_VPA", 0xdc, dtl, 0, 0x424000);
    CALL("H_REGISTER_VPA", 0xdc, no_slb, 0, 0);
    CALL("H_REGISTER_VPA", 0xdc, no_vpa, 0, 0);
    CALL("H_REGISTER_VPA", 0xdc, no_dtl, 0, 0);
    CALL("H_REGISTER_VPA", 0xdc, no_vpa, 0, 0);
    CALL("H_REGISTER_VPA", 0xdc, no_vpa, 0, 0);
    CALL("H_REGISTER_VPA", 0xdc, 0x0000800000000000, 0, 0);
}

static void processor_calls(void) {
    section("processors");
    CALL("H_PROD", 0xe8, 0);
    // It enables interrupts: no decrementer now.
    asm volatile("mtdec %0" : : "r"(0x7fffffff));
    u64 registers[9] = {0};
    u64 answer = hypercall(0xe0, registers);
    asm volatile("mtmsrd %0, 1" : : "r"(0ul));
    text("H_CEDE -> "), status(answer), text("\n"), flush();
    CALL("H_PROD", 0xe8, 1);
    CALL("H_PROD", 0xe8, ~0ul);
    CALL("H_PROD", 0xe8, 0);
    CALL("H_CONFER", 0xe4, 0, 0);
    CALL("H_CONFER", 0xe4, 1, 0);
    CALL("H_CONFER", 0xe4, -2ul, 0);
    asm volatile("mtdec %0; mtmsrd %1, 1" : : "r"(0x7fffffff), "r"(0x8000ul));
    CALL("H_JOIN", 0x298, 0);
    asm volatile("mtmsrd %0, 1" : : "r"(0ul));
    CALL("H_JOIN", 0x298, 0);
    CALL("H_SIGNAL_SYS_RESET", 0x380, -3ul);
    CALL("H_SIGNAL_SYS_RESET", 0x380, -2ul);
    CALL("H_SIGNAL_SYS_RESET", 0x380, 5);
    CALL("H_SIGNAL_SYS_RESET", 0x380, 1ul << 63);
    CALL("H_SET_SPRG0", 0x24, 0x1234);
    u64 sprg;
    asm volatile("mfsprg0 %0" : "=r"(sprg));
    text("SPRG0 "), number(sprg), text("\n"), flush();
    CALL("H_SET_DABR", 0x28, 0x1000);
    static const u64 extensions[] = {0, 1, 2, 3, 4, 7, 8, 0xb, 0x10, 0x13};
    for (u64 i = 0; i < COUNT(extensions); i++) CALL("H_SET_XDABR", 0x134, 0, extensions[i]);

    section("H_SET_MODE");
    for (u64 resource = 0; resource < 7; resource++)
        for (u64 flags = 0; flags < 5; flags++) {
            if (resource == 3 && flags == 4) continue;  // an undefined location of interrupts
            CALL("H_SET_MODE", 0x31c, flags, resource, 0, 0);
        }
    CALL("H_SET_MODE", 0x31c, 0, 3, 0, 0);
    CALL("H_SET_MODE", 0x31c, 0, 4, 0, 0);
    for (u64 resource = 1; resource < 5; resource++) {
        CALL("H_SET_MODE", 0x31c, 0, resource, 1, 0);
        CALL("H_SET_MODE", 0x31c, 0, resource, 0, 1);
        CALL("H_SET_MODE", 0x31c, 9, resource, 1, 1);
    }
    CALL("H_SET_MODE", 0x31c, 0, 1ul << 32 | 4, 0, 0);

    section("information");
    CALL("H_GET_CPU_CHARACTERISTICS", 0x1c8, 0);
    CALL("H_HOME_NODE_ASSOCIATIVITY", 0x2ec, 1, 0);
    CALL("H_HOME_NODE_ASSOCIATIVITY", 0x2ec, 1, 1);
    CALL("H_HOME_NODE_ASSOCIATIVITY", 0x2ec, 0, 0);
    CALL("H_HOME_NODE_ASSOCIATIVITY", 0x2ec, 2, 0);
    CALL("H_CLEAN_SLB", 0x374, 0, 0);
    CALL("H_INVALIDATE_PID", 0x378, 0, 0);
    CALL("H_RPT_INVALIDATE", 0x448, 0, 1, 2, 0, 0, 0);
    CALL("H_RANDOM", 0x300, 0);
}

static void terminal_calls(void) {
    section("terminal and virtual I/O");
    CALL("H_GET_TERM_CHAR", 0x54, 0);
    CALL("H_GET_TERM_CHAR", 0x54, 0x71000000);
    CALL("H_GET_TERM_CHAR", 0x54, 1);
    CALL("H_GET_TERM_CHAR", 0x54, ~0ul);
    CALL("H_PUT_TERM_CHAR", 0x58, 0x71000000, 17, 0, 0);
    CALL("H_PUT_TERM_CHAR", 0x58, 0x71000000, 0, 0, 0);
    CALL("H_PUT_TERM_CHAR", 0x58, 0, ~0ul, 0, 0);
    CALL("H_PUT_TERM_CHAR", 0x58, 1, 1, 0, 0);
    CALL("H_VIO_SIGNAL", 0x104, 0, 0);
    CALL("H_VIO_SIGNAL", 0x104, 0x71000000, 0);
    CALL("H_VIO_SIGNAL", 0x104, 0x30000000, 0);
    CALL("H_VIO_SIGNAL", 0x104, 0x30000000, 1);
    CALL("H_VIO_SIGNAL", 0x104, 0x30000000, 2);
    CALL("H_REG_CRQ", 0xfc, 0, 0x430000, 0x1000);
    CALL("H_REG_CRQ", 0xfc, 0x30000000, 0x430000, 0x1000);
    CALL("H_REG_CRQ", 0xfc, 0x30000000, 0x430000, 0xfff);
    CALL("H_REG_CRQ", 0xfc, 0x30000000, 0x430001, 0x1000);
    CALL("H_FREE_CRQ", 0x100, 0);
    CALL("H_FREE_CRQ", 0x100, 0x30000000);
    CALL("H_SEND_CRQ", 0x108, 0, 0x8000000000000000, 0);
    CALL("H_SEND_CRQ", 0x108, 0x30000000, 0x8000000000000000, 0);
    CALL("H_ENABLE_CRQ", 0x2b0, 0);
    CALL("H_ENABLE_CRQ", 0x2b0, 0x30000000);
    section("devices that are not there");
    CALL("H_REGISTER_LOGICAL_LAN", 0x114, 1, 0, 0, 0, 0);
    CALL("H_FREE_LOGICAL_LAN", 0x118, 1);
    CALL("H_ADD_LOGICAL_LAN_BUFFER", 0x11c, 1, 0);
    CALL("H_SEND_LOGICAL_LAN", 0x120, 1, 0, 0, 0, 0, 0, 0, 0);
    CALL("H_MULTICAST_CTRL", 0x130, 1, 0, 0);
    CALL("H_SCM_READ_METADATA", 0x3e4, 0x90000000, 0, 8);
    CALL("H_SCM_WRITE_METADATA", 0x3e8, 0x90000000, 0, 0, 8);
    CALL("H_SCM_BIND_MEM", 0x3ec, 0x90000000, 0, 1, 0, 0);
    CALL("H_SCM_UNBIND_MEM", 0x3f0, 0x90000000, 0, 1, 0);
    CALL("H_SCM_UNBIND_ALL", 0x3fc, 1, 0x90000000);
    CALL("H_SCM_UNBIND_ALL", 0x3fc, 2, 0x90000000);
    CALL("H_SCM_UNBIND_ALL", 0x3fc, 0, 0x90000000);
    CALL("H_SCM_HEALTH", 0x400, 0x90000000);
    CALL("H_SCM_FLUSH", 0x44c, 0x90000000, 0);
    CALL("H_TPM_COMM", 0xef10, 1, 0, 0, 0, 0);
    section("numbers that nobody serves");
    CALL("0", 0, 0);
    CALL("1", 1, 0);
    CALL("30", 0x30, 0);
    CALL("3f8", 0x3f8, 0);
    CALL("460", 0x460, 0);
    CALL("efff", 0xefff, 0);
    CALL("f004", 0xf004, 0);
    CALL("f006", 0xf006, 0);
    CALL("ffff", 0xffff, 0);
    CALL("10000003c", 0x10000003c, 1, 0x400000);
    CALL("-1", ~0ul, 0);
}

static void presenter_calls(void) {
    section("XICS");
    CALL("H_IPOLL", 0x70, 0);
    CALL("H_IPOLL", 0x70, 1);
    CALL("H_CPPR", 0x68, 0xff);
    CALL("H_IPOLL", 0x70, 0);
    CALL("H_IPI", 0x6c, 0, 4);
    CALL("H_IPOLL", 0x70, 0);
    CALL("H_IPI", 0x6c, 0, 3);
    CALL("H_IPOLL", 0x70, 0);
    CALL("H_XIRR", 0x74, 0);
    CALL("H_IPOLL", 0x70, 0);
    CALL("H_XIRR", 0x74, 0);
    CALL("H_IPI", 0x6c, 0, 0xff);
    CALL("H_EOI", 0x64, 0xff000002);
    CALL_HIDING(2, "H_XIRR_X", 0x2fc, 0);
    CALL("H_IPI", 0x6c, 1, 4);
    CALL("H_IPI", 0x6c, 0, 0x1ff);
    CALL("H_CPPR", 0x68, 0x105);
    CALL("H_IPOLL", 0x70, 0);
    CALL("H_CPPR", 0x68, 0);
    CALL("H_EOI", 0x64, 0x05001234);
    CALL("H_IPOLL", 0x70, 0);
    RTAS("ibm,get-xive", 0x200b, 3, 0x1000);
    RTAS("ibm,get-xive", 0x200b, 3, 0x1001);
    RTAS("ibm,get-xive", 0x200b, 3, 0);
    RTAS("ibm,get-xive", 0x200b, 3, 2);
    RTAS("ibm,get-xive", 0x200b, 3, ~0u);
    RTAS("ibm,get-xive", 0x200b, 2, 0x1000);
    RTAS("ibm,get-xive", 0x200b, 3, 0x1000, 0);
    RTAS("ibm,set-xive", 0x200a, 1, 0x1000, 0, 5);
    RTAS("ibm,get-xive", 0x200b, 3, 0x1000);
    RTAS("ibm,set-xive", 0x200a, 1, 0x1000, 1, 5);
    RTAS("ibm,set-xive", 0x200a, 1, 0x1000, 0, 0x100);
    RTAS("ibm,set-xive", 0x200a, 1, 0x999, 0, 5);
    RTAS("ibm,set-xive", 0x200a, 2, 0x1000, 0, 5);
    RTAS("ibm,set-xive", 0x200a, 1, 0x1000, 0);
    RTAS("ibm,int-off", 0x200c, 1, 0x1000);
    RTAS("ibm,get-xive", 0x200b, 3, 0x1000);
    RTAS("ibm,int-off", 0x200c, 1, 0x1000);
    RTAS("ibm,int-on", 0x200d, 1, 0x1000);
    RTAS("ibm,get-xive", 0x200b, 3, 0x1000);
    RTAS("ibm,int-on", 0x200d, 1, 7);
    RTAS("ibm,int-off", 0x200c, 1, 7);
    RTAS("ibm,int-off", 0x200c, 2, 0x1000);
    RTAS("ibm,int-on", 0x200d, 0, 0x1000);
}

// Hash page table: the guest is in real mode, so entries mean nothing to it.
static void hash_calls(void) {
    section("hash table");
    ignored = 0x40;  // QEMU keeps a mark of its own in an entry
    const u64 v = 0x0000000012345681, r = (0x500192 & ~0x78ul) | 0x10;
    CALL("H_ENTER", 0x08, 0, 0x80, v, r);
    CALL("H_ENTER", 0x08, 0, 0x83, v | 0x10, r);
    CALL("H_ENTER", 0x08, 1ul << 39, 0x80, v, r);
    CALL("H_ENTER", 0x08, 1ul << 39, 0x85, v | 0x60, r);
    CALL("H_READ", 0x0c, 0, 0x85);
    for (int i = 0; i < 6; i++) CALL("H_ENTER", 0x08, 0, 0x80, v, r);
    CALL("H_ENTER", 0x08, 0, ~0ul, v, r);
    CALL("H_ENTER", 0x08, 0, 1ul << 40, v, r);
    CALL("H_ENTER", 0x08, 0, 0x90, v, r & ~0x10ul);
    CALL("H_ENTER", 0x08, 0, 0x90, v, r | 0x20);
    CALL("H_ENTER", 0x08, 0, 0x90, v, r | 0x40);
    CALL("H_ENTER", 0x08, 0, 0x90, v, 0x200080000000 | 0x20 | 2);
    CALL("H_ENTER", 0x08, 0, 0x90, v, 0x200080000000 | 0x30 | 2);
    CALL("H_ENTER", 0x08, 0, 0x90, v, 0x200080000000 | 0x38 | 2);
    CALL("H_ENTER", 0x08, 0, 0x90, v, 0x200080000000 | 0x60 | 2);
    CALL("H_ENTER", 0x08, 0, 0x90, v, 0x200080000000 | 0x10 | 2);
    CALL("H_ENTER", 0x08, 0, 0x90, v | 4, 0x1000000 | 0x10 | 2);
    CALL("H_ENTER", 0x08, 0, 0x90, v | 4, 0x1001000 | 0x10 | 2);
    CALL("H_ENTER", 0x08, 0, 0x90, v | 4, 0x1003000 | 0x10 | 2);
    CALL("H_ENTER", 0x08, 0, 0x90, v | 4, 0x1005000 | 0x10 | 2);
    CALL("H_ENTER", 0x08, 0, 0x90, 0, r);
    CALL("H_READ", 0x0c, 0, 0x80);
    CALL("H_READ", 0x0c, 1ul << 37, 0x83);
    CALL("H_READ", 0x0c, 0, 1ul << 40);
    CALL("H_READ", 0x0c, 0, ~0ul);
    CALL("H_PROTECT", 0x18, 0, 0x80, 0);
    CALL("H_READ", 0x0c, 0, 0x80);
    CALL("H_PROTECT", 0x18, 0x10f | 0xe07 | 0xfff000000000000, 0x80, 0);
    CALL("H_READ", 0x0c, 0, 0x80);
    CALL("H_PROTECT", 0x18, 1ul << 31, 0x80, v & ~0x7ful);
    CALL("H_PROTECT", 0x18, 1ul << 31, 0x80, 0x7700);
    CALL("H_PROTECT", 0x18, 0, 0x1000, 0);
    CALL("H_PROTECT", 0x18, 0, 1ul << 40, 0);
    CALL("H_REMOVE", 0x04, 1ul << 31, 0x81, 0x7700);
    CALL("H_REMOVE", 0x04, 1ul << 30, 0x81, 1);
    CALL("H_REMOVE", 0x04, 1ul << 30, 0x81, 0x40000000);
    CALL("H_REMOVE", 0x04, 0, 0x81, 0);
    CALL("H_REMOVE", 0x04, 1ul << 31, 0x82, v & ~0x7ful);
    CALL("H_REMOVE", 0x04, 0, 1ul << 40, 0);
    CALL("H_BULK_REMOVE", 0x124, 3ul << 62);
    CALL("H_BULK_REMOVE", 0x124, 1ul << 62 | 0x83, 0, 1ul << 62 | 0x83, 0, 3ul << 62, 0, 0, 0);
    CALL("H_BULK_REMOVE", 0x124, 1ul << 62 | 1ul << 57 | 0x84, v & ~0x7ful, 1ul << 62 | 1ul << 57 | 0x86, 0x7700,
         1ul << 62 | 1ul << 56 | 0x86, 1, 1ul << 62 | 1ul << 56 | 0x86, 0x40000000);
    CALL("H_BULK_REMOVE", 0x124, 1ul << 62 | 3ul << 56 | 0x87, 0, 3ul << 62, 0);
    CALL("H_BULK_REMOVE", 0x124, 1ul << 62 | 1ul << 40, 0, 1ul << 62 | 0x87, 0);
    CALL("H_BULK_REMOVE", 0x124, 1ul << 62 | 0xful << 58 | 0x87, 0, 2ul << 62 | 0x80, 0);
    CALL("H_BULK_REMOVE", 0x124, 0x80, 0);
    ignored = 0;
    section("hash table resize");
    CALL("H_RESIZE_HPT_COMMIT", 0x370, 0, 20);
    CALL("H_RESIZE_HPT_PREPARE", 0x36c, 1, 20);
    CALL("H_RESIZE_HPT_PREPARE", 0x36c, 0, 17);
    CALL("H_RESIZE_HPT_PREPARE", 0x36c, 0, 47);
    CALL("H_RESIZE_HPT_PREPARE", 0x36c, 0, 40);
    CALL("H_RESIZE_HPT_PREPARE", 0x36c, 0, ~0ul);
    CALL("H_RESIZE_HPT_PREPARE", 0x36c, 0, 0);
    // A table may take time to prepare.
    u64 answer = 9902;
    for (int tries = 0; answer > 1 && (long)answer > 0 && tries < 100000000; tries++) {
        u64 registers[9] = {0, 21};
        answer = hypercall(0x36c, registers);
    }
    CALL("H_RESIZE_HPT_PREPARE", 0x36c, 0, 21);
    CALL("H_RESIZE_HPT_COMMIT", 0x370, 1, 21);
    CALL("H_RESIZE_HPT_COMMIT", 0x370, 0, 20);
    CALL("H_RESIZE_HPT_COMMIT", 0x370, 0, 21);
    CALL("H_RESIZE_HPT_COMMIT", 0x370, 0, 21);
    CALL("H_READ", 0x0c, 0, 0x83);
}

static void process_table(void) {
    section("H_REGISTER_PROC_TBL");
    CALL("H_REGISTER_PROC_TBL", 0x37c, 0x20, 0, 0, 0);
    CALL("H_REGISTER_PROC_TBL", 0x37c, ~0ul, 0, 0, 0);
    CALL("H_REGISTER_PROC_TBL", 0x37c, 0x1c, 0x430001, 0, 4);
    CALL("H_REGISTER_PROC_TBL", 0x37c, 0x1c, 1ul << 60, 0, 4);
    CALL("H_REGISTER_PROC_TBL", 0x37c, 0x1c, 0x430000, 1, 4);
    CALL("H_REGISTER_PROC_TBL", 0x37c, 0x1c, 0x430000, 0, 25);
    CALL("H_REGISTER_PROC_TBL", 0x37c, 0x1a, 0, 0, 0);
    CALL("H_REGISTER_PROC_TBL", 0x37c, 0x18, 1ul << 38, 0, 4);
    CALL("H_REGISTER_PROC_TBL", 0x37c, 0x18, 0, 8, 4);
    CALL("H_REGISTER_PROC_TBL", 0x37c, 0x18, 0, 0, 25);
}

static void watchdogs(void) {
    section("H_WATCHDOG");
    static const u64 operations[] = {0, 0x100, 0x101, 0x102, 0x103, 0x104, 0x200, 0x300, 0x400, 0x500, 0x10101,
                                     0x20101, 1ul << 63 | 0x101};
    for (u64 i = 0; i < COUNT(operations); i++)
        for (u64 number = 1; number < 6; number += number == 1 ? 3 : 1)
            CALL("H_WATCHDOG", 0x45c, operations[i], number, 100000000);
    CALL("H_WATCHDOG", 0x45c, 0x101, 1, 0);
    CALL("H_WATCHDOG", 0x45c, 0x101, 1, 1);
    CALL("H_WATCHDOG", 0x45c, 0x101, 1, 2000000);
    CALL("H_WATCHDOG", 0x45c, 0x200, ~0ul, 0);
    CALL("H_WATCHDOG", 0x45c, 0x200, 1, 0);
}

static void system_services(void) {
    section("RTAS: system");
    RTAS("display-character", 0x2000, 1, '!');
    RTAS("display-character", 0xa, 1, '!');
    RTAS0(0x1fe, "get-time-of-day", 0x2001, 8);
    RTAS0(0, "get-time-of-day", 0x2001, 7);
    RTAS("get-time-of-day", 0x2001, 8, 1);
    RTAS("set-time-of-day", 0x2002, 1, 2001, 2, 3, 4, 5, 6, 7);
    RTAS0(0xc0, "get-time-of-day", 0x2001, 8);
    RTAS("set-time-of-day", 0x2002, 1, 2001, 2, 33, 4, 5, 6, 7);
    RTAS0(0xc0, "get-time-of-day", 0x2001, 8);
    RTAS("set-time-of-day", 0x2002, 1, 2001, 2, 3, 4, 5, 6);
    RTAS("power-off", 0x2003, 1, 1);
    RTAS0(0, "power-off", 0x2003, 1);
    RTAS("system-reboot", 0x2004, 1, 1);
    RTAS0(0, "system-reboot", 0x2004, 2);
    RTAS("query-cpu-stopped-state", 0x2005, 2, 0);
    RTAS("query-cpu-stopped-state", 0x2005, 2, 1);
    RTAS("query-cpu-stopped-state", 0x2005, 2, ~0u);
    RTAS("query-cpu-stopped-state", 0x2005, 1, 0);
    RTAS("start-cpu", 0x2006, 1, 0, 0x100, 0);
    RTAS("start-cpu", 0x2006, 1, 1, 0x100, 0);
    RTAS("start-cpu", 0x2006, 1, 0, 0x100);
    RTAS("stop-self", 0x2007 + 0x40, 1, 0);
    RTAS("ibm,suspend-me", 0x202a, 1, 0);
    RTAS0(0, "set-power-level", 0x201b, 2);
    RTAS("set-power-level", 0x201b, 2, ~0u, 100);
    RTAS("set-power-level", 0x201b, 2, 0, 100);
    RTAS("get-power-level", 0x201c, 2, ~0u);
    RTAS("get-power-level", 0x201c, 2, 1);
    RTAS("get-power-level", 0x201c, 1, ~0u);

    section("RTAS: parameters");
    static const u32 parameters[] = {0, 20, 42, 43, 48, ~0u};
    for (u64 i = 0; i < COUNT(parameters); i++)
        for (u32 length = 0; length < 130; length = length * 8 + 2) {
            for (int w = 0; w < 20; w++) ((volatile u64 *)0x440000)[w] = 0;
            RTAS("ibm,get-system-parameter", 0x2008, 1, parameters[i], 0x440000, length);
            if (parameters[i] != 0) show("value", 0x440000, 12);
        }
    RTAS("ibm,set-system-parameter", 0x2009, 1, 20, 0x440000);
    RTAS("ibm,set-system-parameter", 0x2009, 1, 42, 0x440000);
    RTAS("ibm,set-system-parameter", 0x2009, 1, 48, 0x440000);
    RTAS("ibm,set-system-parameter", 0x2009, 1, 1, 0x440000);

    section("RTAS: events");
    RTAS("check-exception", 0x200e, 1, 0x500, 0, ~0u, 1, 0x440000, 2048);
    RTAS("check-exception", 0x200e, 1, 0x500, 0, ~0u, 1, 0x440000, 2048, 0);
    RTAS("check-exception", 0x200e, 1, 0x500, 0, ~0u, 1, 0x440000);
    RTAS("check-exception", 0x200e, 2, 0x500, 0, ~0u, 1, 0x440000, 2048);
    RTAS("event-scan", 0x200f, 1, ~0u, 0, 0x440000, 2048);
    RTAS("event-scan", 0x200f, 1, ~0u, 0, 0x440000);
    RTAS("event-scan", 0x200f, 2, ~0u, 0, 0x440000, 2048);
    RTAS("ibm,nmi-interlock", 0x202c, 1, 0);
    RTAS("ibm,nmi-register", 0x202b, 1, 0x4000, 0x5000);
    RTAS("ibm,nmi-interlock", 0x202c, 1, 0);

    section("RTAS: NVRAM");
    RTAS("nvram-store", 0x2013, 2, 0x100, 0x450000, 16);
    *(volatile u64 *)0x450000 = 0x0102030405060708;
    RTAS("nvram-store", 0x2013, 2, 0x100, 0x450000, 8);
    RTAS("nvram-fetch", 0x2012, 2, 0x100, 0x451000, 8);
    show("fetched", 0x451000, 1);
    RTAS("nvram-fetch", 0x2012, 2, 0xfff8, 0x451000, 8);
    RTAS("nvram-fetch", 0x2012, 2, 0xfff9, 0x451000, 8);
    RTAS("nvram-fetch", 0x2012, 2, 0x10000, 0x451000, 0);
    RTAS("nvram-fetch", 0x2012, 2, 0x10001, 0x451000, 0);
    RTAS("nvram-fetch", 0x2012, 2, ~0u, 0x451000, 2);
    RTAS("nvram-fetch", 0x2012, 1, 0, 0x451000, 2);
    RTAS("nvram-fetch", 0x2012, 2, 0, 0x451000);
    RTAS("nvram-store", 0x2013, 2, 0xfff9, 0x450000, 8);
    RTAS("nvram-store", 0x2013, 2, ~0u, 0x450000, 8);
    RTAS("nvram-store", 0x2013, 1, 0, 0x450000, 8);
}

static void device_services(void) {
    section("RTAS: PCI");
    const u32 high = 0x8000000, low = 0x20000000;
    RTAS("read-pci-config", 0x2014, 2, 0, 4);
    RTAS("read-pci-config", 0x2014, 2, 0);
    RTAS("write-pci-config", 0x2015, 1, 0, 4, 0);
    RTAS("write-pci-config", 0x2015, 1, 0, 4);
    RTAS("ibm,read-pci-config", 0x2016, 2, 0, high, low, 4);
    RTAS("ibm,read-pci-config", 0x2016, 2, 0, 0, 0, 4);
    RTAS("ibm,read-pci-config", 0x2016, 2, 0, high, low, 3);
    RTAS("ibm,read-pci-config", 0x2016, 2, 1, high, low, 4);
    RTAS("ibm,read-pci-config", 0x2016, 1, 0, high, low, 4);
    RTAS("ibm,write-pci-config", 0x2017, 1, 0, high, low, 4, 0);
    RTAS("ibm,write-pci-config", 0x2017, 1, 0, high, low, 4);
    RTAS("ibm,query-interrupt-source-number", 0x2018, 3, 0, high, low, 0);
    RTAS("ibm,query-interrupt-source-number", 0x2018, 3, 0, 0, 0, 0);
    RTAS("ibm,change-msi", 0x2019, 4, 0, high, low, 1, 1, 0);
    RTAS("ibm,change-msi", 0x2019, 3, 0, high, low, 3, 1, 0);
    RTAS("ibm,change-msi", 0x2019, 3, 0, high, low, 9, 1, 0);
    RTAS("ibm,change-msi", 0x2019, 3, 0, 0, 0, 1, 1, 0);
    section("RTAS: error handling of PCI");
    RTAS("ibm,set-eeh-option", 0x2020, 1, 0, high, low, 1);
    RTAS("ibm,set-eeh-option", 0x2020, 1, 0, 0, 0, 1);
    RTAS("ibm,set-eeh-option", 0x2020, 1, 0, high, low);
    RTAS("ibm,get-config-addr-info2", 0x2021, 2, 0, high, low, 1);
    RTAS("ibm,get-config-addr-info2", 0x2021, 2, 0, high, low, 0);
    RTAS("ibm,read-slot-reset-state2", 0x2022, 4, 0, high, low);
    RTAS("ibm,read-slot-reset-state2", 0x2022, 5, 0, high, low);
    RTAS("ibm,set-slot-reset", 0x2023, 1, 0, high, low, 1);
    RTAS("ibm,configure-pe", 0x2024, 1, 0, high, low);
    RTAS("ibm,slot-error-detail", 0x2025, 1, 0, high, low, 0, 0, 0, 0, 1);
    section("RTAS: DMA windows");
    RTAS("ibm,query-pe-dma-window", 0x2026, 5, 0, high, low);
    RTAS("ibm,query-pe-dma-window", 0x2026, 6, 0, high, low);
    RTAS("ibm,query-pe-dma-window", 0x2026, 4, 0, high, low);
    RTAS("ibm,query-pe-dma-window", 0x2026, 5, 0, 0, 0);
    RTAS("ibm,query-pe-dma-window", 0x2026, 5, 0, high);
    RTAS("ibm,create-pe-dma-window", 0x2027, 4, 0, high, low, 11, 30);
    RTAS("ibm,create-pe-dma-window", 0x2027, 4, 0, high, low, 13, 30);
    RTAS("ibm,create-pe-dma-window", 0x2027, 4, 0, high, low, 16, 15);
    RTAS("ibm,create-pe-dma-window", 0x2027, 3, 0, high, low, 16, 31);
    RTAS("ibm,create-pe-dma-window", 0x2027, 4, 0, 0, 0, 16, 31);
    RTAS("ibm,create-pe-dma-window", 0x2027, 4, 0, high, low, 16, 31);
    RTAS("ibm,create-pe-dma-window", 0x2027, 4, 0, high, low, 16, 31);
    RTAS("ibm,query-pe-dma-window", 0x2026, 5, 0, high, low);
    CALL("H_PUT_TCE", 0x20, 0x80000001, 0x800000000000000, 0x400003);
    CALL("H_GET_TCE", 0x1c, 0x80000001, 0x80000000000ffff);
    CALL("H_GET_TCE", 0x1c, 0x80000001, 0x800000000010000);
    CALL("H_GET_TCE", 0x1c, 0x80000001, 0x80000007fff0000);
    CALL("H_GET_TCE", 0x1c, 0x80000001, 0x800000080000000);
    CALL("H_GET_TCE", 0x1c, 0x80000001, 0);
    CALL("H_PUT_TCE_INDIRECT", 0x13c, 0x80000001, 0x800000000010000, 0x410000, 2);
    CALL("H_GET_TCE", 0x1c, 0x80000001, 0x800000000020000);
    RTAS("ibm,remove-pe-dma-window", 0x2028, 1, 0x80000001);
    RTAS("ibm,remove-pe-dma-window", 0x2028, 1, 0x80000001);
    RTAS("ibm,remove-pe-dma-window", 0x2028, 1, 0x70000000);
    RTAS("ibm,remove-pe-dma-window", 0x2028, 1, 0x80000000, 0);
    RTAS("ibm,remove-pe-dma-window", 0x2028, 1, 0x80000000);
    RTAS("ibm,query-pe-dma-window", 0x2026, 5, 0, high, low);
    RTAS("ibm,create-pe-dma-window", 0x2027, 4, 0, high, low, 12, 30);
    RTAS("ibm,reset-pe-dma-window", 0x2029, 1, 0, high, low);
    RTAS("ibm,reset-pe-dma-window", 0x2029, 2, 0, high, low);
    RTAS("ibm,reset-pe-dma-window", 0x2029, 1, 0, 0, 0);
    RTAS("ibm,query-pe-dma-window", 0x2026, 5, 0, high, low);
    RTAS("ibm,set-tce-bypass", 0x2010, 1, 0, 1);
    RTAS("ibm,set-tce-bypass", 0x2010, 1, 0);
    RTAS0(0, "quiesce", 0x2011, 1);
    RTAS("quiesce", 0x2011, 1, 0);

    section("RTAS: connectors");
    static const u32 indices[] = {0, 0x10000000, 0x10000001, 0x20000000, 0x20000001, 0x40000000, 0x40000008, 0x80000000,
                                  0x80000001, 0x80000002, 0x80000010, 0x90000000, ~0u};
    for (u64 i = 0; i < COUNT(indices); i++) {
        RTAS("get-sensor-state", 0x201d, 2, 9003, indices[i]);
        for (u32 kind = 9001; kind <= 9003; kind++) {
            RTAS("set-indicator", 0x201a, 1, kind, indices[i], 4);
            RTAS("set-indicator", 0x201a, 1, kind, indices[i], 1);
            if (kind == 9002) RTAS("set-indicator", 0x201a, 1, kind, indices[i], 0);
        }
        *(volatile u32 *)0x460000 = indices[i];
        RTAS("ibm,configure-connector", 0x201e, 1, 0x460000, 0);
        RTAS("get-sensor-state", 0x201d, 2, 9003, indices[i]);
    }
    RTAS("get-sensor-state", 0x201d, 2, 9001, 0x10000000);
    RTAS("set-indicator", 0x201a, 1, 9000, 0x10000000, 0);
    RTAS("set-indicator", 0x201a, 1, 9004, 0x10000000, 0);
    RTAS("set-indicator", 0x201a, 2, 9001, 0x10000000, 0);
    RTAS("ibm,configure-connector", 0x201e, 2, 0x460000, 0);
    section("RTAS: tokens that nobody serves");
    RTAS("1fff", 0x1fff, 1, 0);
    RTAS("202d", 0x202d, 1, 0);
    RTAS("0", 0, 1, 0);
    RTAS("ffffffff", ~0u, 1, 0);
}

// The guest's vectors: any processor it runs on; XIVE and radix, or neither.
static u64 negotiate(int modern) {
    volatile u8 *p = (volatile u8 *)0x470000;
    u64 value;
    asm volatile("mfpvr %0" : "=r"(value));
    int at = 0;
    for (int i = 0; i < 4; i++) p[at++] = i < 2 ? 0xff : 0;
    for (int i = 0; i < 4; i++) p[at++] = i < 2 ? value >> (24 - 8 * i) : 0;
    for (int i = 0; i < 8; i++) p[at++] = i < 4 ? 0 : 0xff;  // end of processors
    p[at++] = 4;  // vectors 1 to 5, counted from 0
    p[at++] = 2;  // vector 1, three bytes: architecture versions, among them 3.00
    p[at++] = 0x80;
    p[at++] = 0xf0;
    p[at++] = modern ? 0x80 : 0;
    for (int i = 0; i < 3; i++) p[at++] = 0, p[at++] = 0;
    p[at++] = 25;  // vector 5
    for (int i = 0; i < 26; i++) p[at + i] = 0;
    if (modern) p[at + 22] = 0x40, p[at + 23] = 0x40;
    u64 result = CALL("H_CAS", 0xf002, 0x470000, 0x480000, 0x100000);
    text("tree "), number(*(volatile u32 *)0x480004), text("\n");
    flush();
    return result;
}

#define ESB 0x6010000000000ul

// Registers are beyond what real mode reaches: the hypervisor reads and writes them.
static u64 read_sized(u64 size, u64 address) {
    u64 registers[9] = {size, address};
    hypercall(0x3c, registers);
    return registers[0];
}

static void write_sized(u64 size, u64 address, u64 value) {
    u64 registers[9] = {size, address, value};
    hypercall(0x40, registers);
}

static u64 read64(u64 address) { return read_sized(8, address); }
static void write64(u64 address, u64 value) { write_sized(8, address, value); }

#define TIMA 0x6030203180000ul

static void look(u64 size, u64 offset) {
    text("read "), number(size), text(" "), number(offset), text(" -> ");
    number(read_sized(size, TIMA + offset));
    text("\n"), flush();
}

static void change(u64 size, u64 offset, u64 value) {
    text("write "), number(size), text(" "), number(offset), text(" "), number(value), text("\n"), flush();
    write_sized(size, TIMA + offset, value);
}

static void thread_context(void) {
    section("XIVE: thread context");
    static const u64 rings[] = {0, 0x10, 0x18, 0x20, 0x28, 0x30, 0x38};
    for (u64 page = 0; page < 4; page++)
        for (u64 i = 0; i < COUNT(rings); i++) {
            look(8, page << 16 | rings[i]);
            look(4, page << 16 | rings[i]);
        }
    look(1, 0x20010);
    look(1, 0x20011);
    look(2, 0x20010);
    change(1, 0x20011, 0xff);
    look(8, 0x20010);
    change(1, 0x20011, 0x3);
    look(8, 0x20010);
    change(1, 0x20012, 0xff);
    change(4, 0x20014, 0x12345678);
    change(8, 0x20010, 0x1122334455667788);
    change(4, 0x20018, 0x1122);
    look(8, 0x20010);
    look(8, 0x20018);
    look(2, 0x20c00);
    look(2, 0x20c10);
    look(2, 0x20810);
    look(4, 0x20814);
    look(2, 0x20830);
    look(8, 0x20010);
    change(1, 0x20c10, 0);
    change(2, 0x20c10, 0);
    change(1, 0x20c20, 0);
    change(1, 0x30011, 0x5);
    look(8, 0x20010);
    change(1, 0x10011, 0x6);
    look(8, 0x20010);
    change(1, 0x11, 0x7);
    look(8, 0x20010);
    // An interrupt arrives at a thread that lets all through, is acknowledged and ended.
    change(1, 0x20011, 0xff);
    CALL("H_INT_SET_QUEUE_CONFIG", 0x3b8, 1, 0, 6, 0x490000, 16);
    CALL("H_INT_SET_SOURCE_CONFIG", 0x3ac, 2, 0, 0, 6, 0x66);
    write64(ESB + 0x10000 + 0xc00, 0);
    look(8, 0x20010);
    write64(ESB, 0);
    look(8, 0x20010);
    look(2, 0x20c00);
    look(2, 0x20c10);
    look(8, 0x20010);
    change(1, 0x20011, 0xff);
    look(8, 0x20010);
    show("queue", 0x490000, 2);
}

static void xive_calls(void) {
    section("XIVE");
    CALL("H_CPPR", 0x68, 0xff);
    CALL("H_IPOLL", 0x70, 0);
    RTAS("ibm,get-xive", 0x200b, 3, 0x1000);
    static const u64 numbers[] = {0, 1, 2, 0x1000, 0x1001, 0x1002, 0x1100, 0x1101, 0x1200, 0x1300, 0x1fff, 0x2000, ~0ul,
                                  1ul << 32};
    for (u64 i = 0; i < COUNT(numbers); i++) CALL("H_INT_GET_SOURCE_INFO", 0x3a8, 0, numbers[i]);
    CALL("H_INT_GET_SOURCE_INFO", 0x3a8, 1, 0);
    for (u64 i = 0; i < COUNT(numbers); i++) CALL("H_INT_GET_SOURCE_CONFIG", 0x3b0, 0, numbers[i]);
    CALL("H_INT_GET_SOURCE_CONFIG", 0x3b0, 1, 0x1000);
    for (u64 priority = 0; priority < 10; priority++) {
        CALL("H_INT_GET_QUEUE_INFO", 0x3b4, 0, 0, priority);
        CALL("H_INT_GET_QUEUE_CONFIG", 0x3bc, 0, 0, priority);
    }
    CALL("H_INT_GET_QUEUE_INFO", 0x3b4, 0, 1, 6);
    CALL("H_INT_GET_QUEUE_INFO", 0x3b4, 0, ~0ul, 6);
    CALL("H_INT_GET_QUEUE_INFO", 0x3b4, 1, 0, 6);
    CALL("H_INT_GET_QUEUE_INFO", 0x3b4, 0, 0, 0x106);
    CALL("H_INT_GET_QUEUE_CONFIG", 0x3bc, 0, 1, 6);
    CALL("H_INT_GET_QUEUE_CONFIG", 0x3bc, 2, 0, 6);
    CALL("H_INT_SET_QUEUE_CONFIG", 0x3b8, 0, 0, 6, 0x490000, 16);
    CALL("H_INT_GET_QUEUE_CONFIG", 0x3bc, 0, 0, 6);
    CALL("H_INT_GET_QUEUE_CONFIG", 0x3bc, 1, 0, 6);
    CALL("H_INT_GET_QUEUE_INFO", 0x3b4, 0, 0, 6);
    CALL("H_INT_SET_QUEUE_CONFIG", 0x3b8, 1, 0, 6, 0x490000, 16);
    CALL("H_INT_GET_QUEUE_CONFIG", 0x3bc, 0, 0, 6);
    static const u64 shifts[] = {1, 11, 12, 13, 16, 21, 24, 25, 64, ~0ul};
    for (u64 i = 0; i < COUNT(shifts); i++) CALL("H_INT_SET_QUEUE_CONFIG", 0x3b8, 1, 0, 5, 0x1000000, shifts[i]);
    CALL("H_INT_SET_QUEUE_CONFIG", 0x3b8, 1, 0, 5, 0x490000, 0);
    CALL("H_INT_GET_QUEUE_CONFIG", 0x3bc, 0, 0, 5);
    CALL("H_INT_SET_QUEUE_CONFIG", 0x3b8, 1, 0, 5, 0x491000, 16);
    CALL("H_INT_SET_QUEUE_CONFIG", 0x3b8, 1, 0, 5, 0x800000000000, 16);
    CALL("H_INT_SET_QUEUE_CONFIG", 0x3b8, 1, 1, 5, 0x490000, 16);
    CALL("H_INT_SET_QUEUE_CONFIG", 0x3b8, 1, 0, 7, 0x490000, 16);
    CALL("H_INT_SET_QUEUE_CONFIG", 0x3b8, 1, 0, 0xff, 0x490000, 16);
    CALL("H_INT_SET_QUEUE_CONFIG", 0x3b8, 2, 0, 6, 0x490000, 16);
    CALL("H_INT_SET_SOURCE_CONFIG", 0x3ac, 0, 0x1000, 0, 6, 0x77);
    CALL("H_INT_GET_SOURCE_CONFIG", 0x3b0, 0, 0x1000);
    CALL("H_INT_SET_SOURCE_CONFIG", 0x3ac, 2, 0x1000, 0, 6, 0x1234567812345678);
    CALL("H_INT_GET_SOURCE_CONFIG", 0x3b0, 0, 0x1000);
    CALL("H_INT_SET_SOURCE_CONFIG", 0x3ac, 1, 0x1000, 0, 6, 0);
    CALL("H_INT_GET_SOURCE_CONFIG", 0x3b0, 0, 0x1000);
    CALL("H_INT_SET_SOURCE_CONFIG", 0x3ac, 4, 0x1000, 0, 6, 0);
    CALL("H_INT_SET_SOURCE_CONFIG", 0x3ac, 0, 0x1fff, 0, 6, 0);
    CALL("H_INT_SET_SOURCE_CONFIG", 0x3ac, 0, ~0ul, 0, 6, 0);
    CALL("H_INT_SET_SOURCE_CONFIG", 0x3ac, 0, 0x1000, 1, 6, 0);
    CALL("H_INT_SET_SOURCE_CONFIG", 0x3ac, 0, 0x1000, 0, 7, 0);
    CALL("H_INT_SET_SOURCE_CONFIG", 0x3ac, 0, 0x1000, 0, 0x106, 0);
    CALL("H_INT_SET_SOURCE_CONFIG", 0x3ac, 0, 0x1000, 0, 0xff, 0);
    CALL("H_INT_GET_SOURCE_CONFIG", 0x3b0, 0, 0x1000);
    CALL("H_INT_SET_SOURCE_CONFIG", 0x3ac, 2, 0x1000, 0, 6, 0x1234);
    CALL("H_INT_SET_SOURCE_CONFIG", 0x3ac, 2, 0, 0, 6, 0x55);
    CALL("H_INT_SET_OS_REPORTING_LINE", 0x3c0, 0, 0);
    CALL("H_INT_GET_OS_REPORTING_LINE", 0x3c4, 0, 0, 0);
    CALL("H_INT_ESB", 0x3c8, 0, 0, 0, 0);
    CALL_HIDING(1, "H_INT_ESB", 0x3c8, 0, 0, 0x800, 0);
    CALL_HIDING(1, "H_INT_ESB", 0x3c8, 0, 0, 0xc00, 0);
    CALL_HIDING(1, "H_INT_ESB", 0x3c8, 0, 0, 0xd00, 0);
    CALL_HIDING(1, "H_INT_ESB", 0x3c8, 0, 0, 0xe00, 0);
    CALL_HIDING(1, "H_INT_ESB", 0x3c8, 0, 0, 0xf00, 0);
    CALL("H_INT_ESB", 0x3c8, 0, 0, 0x20001, 0);
    CALL("H_INT_ESB", 0x3c8, 0, 0x1fff, 0, 0);
    CALL("H_INT_ESB", 0x3c8, 2, 0, 0, 0);
    CALL("H_INT_ESB", 0x3c8, 1, 0, 0x400, 0);
    CALL("H_INT_ESB", 0x3c8, 1, 0, 0xe00, 5);
    CALL("H_INT_SYNC", 0x3cc, 0, 0x1000);
    CALL("H_INT_SYNC", 0x3cc, 0, 0x1fff);
    CALL("H_INT_SYNC", 0x3cc, 1, 0x1000);

    section("XIVE: event state buffers");
    static const u64 offsets[] = {0x0, 0x400, 0x800, 0x840, 0xc00, 0xd00, 0xe00, 0xf00, 0xc00, 0xffff};
    for (u64 page = 0; page < 2; page++)
        for (u64 i = 0; i + 1 < COUNT(offsets); i++) {
            text("read "), number(page), text(" "), number(offsets[i]), text(" -> ");
            number(read64(ESB + page * 0x10000 + offsets[i]));
            text("\n"), flush();
        }
    write64(ESB + 0x10000 + 0xc00, 0);  // enabled
    text("enabled "), number(read64(ESB + 0x10000 + 0xc00)), text("\n");
    write64(ESB, 0);  // trigger
    text("triggered "), number(read64(ESB + 0x10000 + 0x800)), text("\n");
    write64(ESB, 0);
    text("again "), number(read64(ESB + 0x10000 + 0x800)), text("\n");
    text("end of interrupt "), number(read64(ESB + 0x10000)), text("\n");
    text("end of interrupt "), number(read64(ESB + 0x10000)), text("\n");
    text("unused "), number(read64(ESB + 0x1fffUL * 0x20000)), text("\n");
    flush();
    show("queue", 0x490000, 2);
    CALL("H_INT_GET_QUEUE_CONFIG", 0x3bc, 1, 0, 6);
    CALL("H_INT_RESET", 0x3d0, 1);
    CALL("H_INT_RESET", 0x3d0, 0);
}

void guest(void) {
    int has_radix = pvr() == 0x4e || pvr() == 0x80;
    text("\n"), flush();
    memory_calls();
    dma_calls();
    areas();
    processor_calls();
    terminal_calls();
    watchdogs();
    system_services();
    device_services();
    process_table();
    section("H_UPDATE_DT");
    *(volatile u32 *)0x4a0004 = 0xffffffff;
    CALL("H_UPDATE_DT", 0xf003, 0x4a0000);
    section("architecture support");
    negotiate(0);
    presenter_calls();
    hash_calls();
    if (has_radix) {
        section("architecture support: radix and XIVE");
        negotiate(1);
        xive_calls();
        thread_context();
        CALL("H_RPT_INVALIDATE", 0x448, 0, 1, 2, 0, 0, 0);
        CALL("H_REGISTER_PROC_TBL", 0x37c, 0x1d, 0x430000, 0, 4);
        CALL("H_RPT_INVALIDATE", 0x448, 0, 1, 2, 0, 0, 0);
        CALL("H_RESIZE_HPT_PREPARE", 0x36c, 0, 21);
        CALL("H_RESIZE_HPT_COMMIT", 0x370, 0, 21);
        CALL("H_REGISTER_PROC_TBL", 0x37c, 0, 0, 0, 0);
        CALL("H_REGISTER_PROC_TBL", 0x37c, 4, 0, 0, 0);
        CALL("H_REGISTER_PROC_TBL", 0x37c, 0x10, 0, 0, 0);
        CALL("H_REGISTER_PROC_TBL", 0x37c, 0x18, 0, 0, 0);
    }
    section("end");
    RTAS("power-off", 0x2003, 1, 0, 0);
    for (;;) {}
}
