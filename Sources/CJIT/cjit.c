#define _GNU_SOURCE
#include "cjit.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

int cj_code_memory_map(cj_code_memory *memory, size_t code_size, size_t data_size) {
    if (code_size == 0 || data_size == 0 || code_size > (1ul << 30) || data_size > (1ul << 29)) {
        errno = EINVAL;
        return -1;
    }
    int fd = memfd_create("translated-code", MFD_CLOEXEC);
    if (fd < 0) return -1;
    uint8_t *execute = MAP_FAILED, *write = MAP_FAILED;
    if (ftruncate(fd, (off_t)code_size) != 0) goto failed;
    // One reservation for both parts, then the code over its beginning.
    execute = mmap(NULL, code_size + data_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (execute == MAP_FAILED) goto failed;
    if (mmap(execute, code_size, PROT_READ | PROT_EXEC, MAP_SHARED | MAP_FIXED, fd, 0) == MAP_FAILED) goto failed;
    write = mmap(NULL, code_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (write == MAP_FAILED) goto failed;
    close(fd);
    *memory = (cj_code_memory){
        .execute = execute, .write = write, .data = execute + code_size, .code_size = code_size, .data_size = data_size};
    return 0;
failed:;
    int error = errno;
    if (execute != MAP_FAILED) munmap(execute, code_size + data_size);
    close(fd);
    errno = error;
    return -1;
}

void cj_code_memory_unmap(cj_code_memory *memory) {
    if (memory->execute) munmap(memory->execute, memory->code_size + memory->data_size);
    if (memory->write) munmap(memory->write, memory->code_size);
    *memory = (cj_code_memory){0};
}

#if defined(__x86_64__)
#include <cpuid.h>
#include <xmmintrin.h>

void cj_reset_mxcsr(void) { _mm_setcsr(0x1f80); }

static uint64_t enabled_state(void) {
    uint32_t low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return (uint64_t)high << 32 | low;
}

uint32_t cj_host_features(void) {
    uint32_t a, b, c, d, features = 0;
    if (!__get_cpuid(1, &a, &b, &c, &d)) return 0;
    const uint32_t v2 = bit_SSE3 | bit_SSSE3 | bit_CMPXCHG16B | bit_SSE4_1 | bit_SSE4_2 | bit_POPCNT;
    if ((c & v2) == v2) features |= CJ_X86_64_V2;
    if (c & bit_MOVBE) features |= CJ_MOVBE;
    if (c & bit_AES) features |= CJ_AES;
    if (c & bit_PCLMUL) features |= CJ_PCLMUL;
    uint64_t state = (c & bit_OSXSAVE) ? enabled_state() : 0;
    bool ymm = (state & 6) == 6, zmm = (state & 0xe6) == 0xe6;
    if (ymm && (c & bit_AVX)) features |= CJ_AVX;
    if (ymm && (c & bit_FMA)) features |= CJ_FMA;
    if (__get_cpuid_count(7, 0, &a, &b, &c, &d)) {
        if (b & bit_BMI) features |= CJ_BMI1;
        if (b & bit_BMI2) features |= CJ_BMI2;
        if (ymm && (b & bit_AVX2)) features |= CJ_AVX2;
        const uint32_t wide = bit_AVX512F | bit_AVX512BW | bit_AVX512DQ | bit_AVX512VL;
        if (zmm && (b & wide) == wide) {
            features |= CJ_AVX512;
            if (b & bit_AVX512CD) features |= CJ_AVX512_CD;
            if (c & bit_AVX512VBMI2) features |= CJ_AVX512_VBMI2;
            if ((c & bit_AVX512BITALG) && (c & bit_AVX512VPOPCNTDQ)) features |= CJ_AVX512_POPCNT;
            if (c & bit_GFNI) features |= CJ_GFNI;
        }
    }
    if (__get_cpuid(0x80000001, &a, &b, &c, &d) && (c & bit_LZCNT)) features |= CJ_LZCNT;
    return features;
}
#else
void cj_reset_mxcsr(void) {}
uint32_t cj_host_features(void) { return 0; }
#endif
