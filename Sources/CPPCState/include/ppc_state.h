// The state of one virtual CPU, laid out once for Swift, C and generated code.
//
// Bit numbers in comments are the Power ISA's (bit 0 is the most significant). Fields that generated code
// touches on almost every instruction come first, so that they are reached with short displacements from the
// one pinned host register. The layout is private to this package: nothing on the wire depends on it.
#ifndef PPC_STATE_H
#define PPC_STATE_H

#include <stddef.h>
#include <stdint.h>

// One vector-scalar register, kept as a 128-bit little-endian integer of the host. ISA doubleword 0 (where the
// floating-point registers live) is `hi`, doubleword 1 is `lo`; ISA byte element i is host byte 15 - i.
typedef struct __attribute__((aligned(16))) {
    uint64_t lo;
    uint64_t hi;
} ppc_vsr;

// One soft-TLB entry: a granule of effective addresses that maps linearly to host memory.
// A tag is the effective address of the granule, or PPC_TLB_INVALID. An access of `size` bytes at `ea` hits when
// ((ea + size - 1) & ~granule_mask) == tag of the entry that `ea` selects, so crossing accesses miss by themselves.
// The write tag is withheld whenever a store needs to be seen: clean pages under dirty logging, pages with
// translated code, watched pages. Memory that is not RAM has no entry.
typedef struct {
    uint64_t read_tag;
    uint64_t write_tag;
    uint64_t exec_tag;
    uint64_t addend;  // host address = ea + addend
} ppc_tlb_entry;

#define PPC_TLB_INVALID UINT64_MAX

// Device registers in one granule, for generated code. An entry of the soft TLB leads there instead of to RAM if its tags
// have PPC_TLB_DEVICE set, which no address compares equal with; its addend is the address of this.
#define PPC_TLB_DEVICE 1
typedef struct ppc_device {
    uint64_t start;      // effective address of the first register in the granule
    uint64_t limits[4];  // last offset from there at which 1, 2, 4, 8 bytes are still registers
    uint64_t to_real;    // physical address = ea + to_real
    void *context;
    // Values are as the CPU's big-endian loads have them.
    uint64_t (*read)(void *context, uint64_t real, uint64_t size);
    void (*write)(void *context, uint64_t real, uint64_t size, uint64_t value);
} ppc_device;
#define PPC_TLB_ENTRIES 1024

// What an instruction's function tells the executor. Anything but PPC_NEXT leaves straight-line execution.
enum {
    PPC_NEXT = 0,         // done; go on with the next instruction
    PPC_BRANCH = 1,       // nip holds the target
    PPC_EXCEPTION = 2,    // excp_* describe an interrupt to deliver; nip still addresses this instruction
    PPC_SYNC = 3,         // done, nip must still be advanced, but translation context or code may have changed
    PPC_CONTEXT = 4,      // done, nip holds the next address, context has changed (rfid, sc delivered, ...)
    PPC_STOP = 5,         // leave the run loop: nip holds the next address (halted, debugger, exit)
};

// Bits of exit_request. Generated code and the interpreter poll the whole word at back edges and block entries.
enum {
    PPC_EXIT_INTERRUPT = 1u << 0,   // pending_interrupts may have something deliverable
    PPC_EXIT_STOP = 1u << 1,        // leave the run loop (pause, migration, debugger)
    PPC_EXIT_WORK = 1u << 2,        // work is queued for this vCPU
    PPC_EXIT_FLUSH = 1u << 3,       // translations or the soft TLB must be dropped
    PPC_EXIT_CODE = 1u << 4,        // another vCPU changed code or wants write tags withdrawn
};

typedef struct ppc_cpu {  // allocate on a 64-byte boundary; Swift imports no alignment above 16
    uint64_t gpr[32];
    uint64_t nip;   // address of the current instruction
    uint64_t lr;
    uint64_t ctr;
    uint8_t cr[8];  // one condition register field per byte: LT 8, GT 4, EQ 2, SO 1
    uint8_t so, ov, ca, ov32, ca32;  // XER[SO, OV, CA, OV32, CA32], each 0 or 1
    uint8_t big_endian;              // 1: MSR[LE] = 0, data and instructions are big-endian
    uint8_t data_real;               // 1: MSR[DR] = 0
    uint8_t problem_state;           // 1: MSR[PR] = 1
    uint32_t exit_request;           // PPC_EXIT_*; written by other threads with atomics
    uint32_t narrow;                 // 1: MSR[SF] = 0, effective addresses wrap at 32 bits
    ppc_tlb_entry *tlb;              // current bank of PPC_TLB_ENTRIES entries, data and instruction side of one context
    uint64_t granule_shift;          // log2 of the granule of the current bank
    uint64_t granule_mask;           // (1 << granule_shift) - 1
    uint64_t msr;
    uint64_t xer_rest;               // XER bits not kept above (string count in bits 57:63, and software bits)

    // Reservation of larx: address (effective), real address, width in bytes (0: none) and the value that was read.
    uint64_t reserve_ea;
    uint64_t reserve_host;           // host address of the reserved bytes
    uint64_t reserve_value;          // as loaded, host byte order of the raw memory (no guest swap)
    uint64_t reserve_value2;         // second doubleword of lqarx
    uint64_t reserve_size;

    // Floating point and vectors.
    uint64_t fpscr;
    uint32_t vscr;                   // NJ is bit 15 (mask 0x10000), SAT bit 31 (mask 1)
    uint32_t fp_pending;             // kind of the last deferred floating-point operation; 0: fpscr is exact
    ppc_vsr vsr[64];                 // FPR n is vsr[n].hi, VR n is vsr[32 + n]
    ppc_vsr acc[8][4];               // MMA accumulators, kept apart from VSRs 0-31 while primed

    // The interrupt an instruction wants delivered (with PPC_EXCEPTION).
    uint32_t excp_vector;            // offset of the interrupt vector, e.g. 0x300, 0x700
    uint32_t excp_flags;             // PPC_EXCP_*
    uint64_t excp_srr1;              // bits to be ORed into SRR1/HSRR1 beside the saved MSR
    uint64_t excp_dar;               // DAR/HDAR, if excp_flags says so
    uint64_t excp_dsisr;             // DSISR/HDSISR, if excp_flags says so

    // Interrupts from outside: PPC_INTERRUPT_* bits, written by other threads with atomics.
    uint64_t pending_interrupts;

    uint64_t facilities;             // facility bits an instruction may need (see Facility in ISA), from MSR/FSCR/HFSCR
    uint64_t isa_level;              // instruction sets of the CPU model (see InstructionSet in ISA)
    uint32_t halted;                 // waiting for an interrupt (cede, doze, stopped thread)
    uint32_t cpu_index;

    uint64_t instructions_executed;  // completed, counted by the interpreter and per block by the other engines
    uint64_t zero;                   // always 0: what RA = 0 means to engines that name registers by their place
    uint64_t spr[1024];              // those with a home above are not kept here: LR, CTR, XER

    // Opaque owners, for functions that need more than registers.
    void *owner;                     // unretained PPC CPU object (Swift)
    void *translation;               // engine's data (code cache, jump caches)
    void *contexts;                  // contexts met before, and what they come down to (Swift, KnownContext); or none
    void *context;                   // the present one among them; or none
    uint32_t traced;                 // MSR[SE] or MSR[BE] was set when the context was last derived
    uint64_t scratch[80];            // spill and exchange area of generated code
} ppc_cpu;

// excp_flags
enum {
    PPC_EXCP_SET_DAR = 1u << 0,
    PPC_EXCP_SET_DSISR = 1u << 1,
    PPC_EXCP_NEXT = 1u << 2,         // SRR0 is the following instruction (sc, trace), not this one
    PPC_EXCP_HV = 1u << 3,           // HSRR0/1, HDAR, HDSISR instead of SRR0/1, DAR, DSISR
};

#endif
