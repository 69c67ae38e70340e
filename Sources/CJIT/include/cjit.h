// What generated code needs from C: the double mapping of code memory, and CPUID.
#ifndef CJIT_H
#define CJIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ppc_state.h"

// Generated code reaches the state block through a register that points this far into it, so that all GPRs are within
// signed 8-bit displacements.
#define CJ_BIAS 128

// Displacements from that register.
enum {
    CJ_GPR = (int)offsetof(ppc_cpu, gpr) - CJ_BIAS,
    CJ_NIP = (int)offsetof(ppc_cpu, nip) - CJ_BIAS,
    CJ_LR = (int)offsetof(ppc_cpu, lr) - CJ_BIAS,
    CJ_CTR = (int)offsetof(ppc_cpu, ctr) - CJ_BIAS,
    CJ_CR = (int)offsetof(ppc_cpu, cr) - CJ_BIAS,
    CJ_SO = (int)offsetof(ppc_cpu, so) - CJ_BIAS,
    CJ_OV = (int)offsetof(ppc_cpu, ov) - CJ_BIAS,
    CJ_CA = (int)offsetof(ppc_cpu, ca) - CJ_BIAS,
    CJ_OV32 = (int)offsetof(ppc_cpu, ov32) - CJ_BIAS,
    CJ_CA32 = (int)offsetof(ppc_cpu, ca32) - CJ_BIAS,
    CJ_EXIT_REQUEST = (int)offsetof(ppc_cpu, exit_request) - CJ_BIAS,
    CJ_TLB = (int)offsetof(ppc_cpu, tlb) - CJ_BIAS,
    CJ_GRANULE_SHIFT = (int)offsetof(ppc_cpu, granule_shift) - CJ_BIAS,
    CJ_FPSCR = (int)offsetof(ppc_cpu, fpscr) - CJ_BIAS,
    CJ_FP_PENDING = (int)offsetof(ppc_cpu, fp_pending) - CJ_BIAS,
    CJ_VSCR = (int)offsetof(ppc_cpu, vscr) - CJ_BIAS,
    CJ_VSR = (int)offsetof(ppc_cpu, vsr) - CJ_BIAS,
    CJ_SPR = (int)offsetof(ppc_cpu, spr) - CJ_BIAS,
    CJ_INSTRUCTIONS = (int)offsetof(ppc_cpu, instructions_executed) - CJ_BIAS,
    CJ_RESERVE_EA = (int)offsetof(ppc_cpu, reserve_ea) - CJ_BIAS,
    CJ_RESERVE_HOST = (int)offsetof(ppc_cpu, reserve_host) - CJ_BIAS,
    CJ_RESERVE_VALUE = (int)offsetof(ppc_cpu, reserve_value) - CJ_BIAS,
    CJ_RESERVE_SIZE = (int)offsetof(ppc_cpu, reserve_size) - CJ_BIAS,
    CJ_XER_REST = (int)offsetof(ppc_cpu, xer_rest) - CJ_BIAS,
    CJ_MSR = (int)offsetof(ppc_cpu, msr) - CJ_BIAS,
    CJ_PENDING_INTERRUPTS = (int)offsetof(ppc_cpu, pending_interrupts) - CJ_BIAS,
    CJ_SCRATCH = (int)offsetof(ppc_cpu, scratch) - CJ_BIAS,
};

// Use of ppc_cpu.scratch, in elements.
enum {
    CJ_SPILL_GENERAL = 0,   // 16 host registers
    CJ_SPILL_VECTOR = 16,   // 16 SSE registers of 16 bytes
    CJ_CR_VALUES = 48,      // CR field values with SO merged in: LT, GT, EQ, 32 bits each
    CJ_EXIT_PAYLOAD = 50,
    CJ_JUMP_CACHE = 51,     // jump cache of the current context
    CJ_MXCSR = 52,          // generated code's on its way out, the host's, 32 bits each; then the initial value
    CJ_MXCSR_INITIAL = 58,
    CJ_TEMPORARY = 53,
    CJ_FP_OPERANDS = 64,    // operands A, B, C of the operation in fp_pending; then two banks for ones not yet there
    CJ_FP_STATUS = 73,      // what later instructions changed: FPCC and FI, each 0x80 + value; then which operands
    CJ_PASSES = 63,         // polling points to come by before a piece ends, in verify mode
    CJ_TRANSITIONS = 55,    // interrupts and changes of context that stayed in generated code
    CJ_HOOKED = 56,         // nonzero if the hook of the instruction to interpret was asked already
    CJ_RESYNC = 54,         // nonzero once translations were dropped while one runs
};

// Code memory seen twice. `execute` may be run and read, `write` aliases the same bytes and may be written: no page
// is ever both. `data` follows `execute` in the address space, so that generated code reaches it RIP-relative.
typedef struct {
    uint8_t *execute;
    uint8_t *write;
    uint8_t *data;
    size_t code_size;
    size_t data_size;
} cj_code_memory;

// Sizes are multiples of the page size; their sum stays below 2 GiB. Returns 0, or -1 with errno.
int cj_code_memory_map(cj_code_memory *memory, size_t code_size, size_t data_size);
void cj_code_memory_unmap(cj_code_memory *memory);

// Instruction set extensions of the host that the code generator asks about. A set bit includes operating system
// support for the register state.
enum {
    CJ_MOVBE = 1u << 0,
    CJ_BMI1 = 1u << 1,
    CJ_BMI2 = 1u << 2,
    CJ_LZCNT = 1u << 3,
    CJ_AVX = 1u << 4,
    CJ_AVX2 = 1u << 5,
    CJ_FMA = 1u << 6,
    CJ_AVX512 = 1u << 7,  // F, BW, DQ and VL
    CJ_AES = 1u << 8,
    CJ_X86_64_V2 = 1u << 9,  // SSE4.2, SSSE3, POPCNT, CMPXCHG16B
    CJ_PCLMUL = 1u << 10,
    // What follows is only set beside CJ_AVX512.
    CJ_AVX512_CD = 1u << 11,
    CJ_AVX512_VBMI2 = 1u << 12,
    CJ_AVX512_POPCNT = 1u << 13,  // BITALG and VPOPCNTDQ
    CJ_GFNI = 1u << 14,
};

// MXCSR as the ABI has it at a program's start: nearest, exceptions masked and clear.
void cj_reset_mxcsr(void);

// 0 on hosts other than x86-64.
uint32_t cj_host_features(void);

#endif
