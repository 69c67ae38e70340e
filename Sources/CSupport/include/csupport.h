// Small C that Swift cannot express: atomic access to raw memory, and system calls swift-system lacks.
#ifndef CSUPPORT_H
#define CSUPPORT_H

#include <stdbool.h>
#include <stdint.h>

// Atomic operations on raw guest or state memory. Swift's Atomic type owns its storage and cannot be laid over
// memory that belongs to a mapping.
static inline uint32_t cs_atomic_load32(const void *p) { return __atomic_load_n((const uint32_t *)p, __ATOMIC_ACQUIRE); }
static inline uint64_t cs_atomic_load64(const void *p) { return __atomic_load_n((const uint64_t *)p, __ATOMIC_ACQUIRE); }
static inline void cs_atomic_store32(void *p, uint32_t v) { __atomic_store_n((uint32_t *)p, v, __ATOMIC_RELEASE); }
static inline void cs_atomic_store64(void *p, uint64_t v) { __atomic_store_n((uint64_t *)p, v, __ATOMIC_RELEASE); }
static inline uint32_t cs_atomic_or32(void *p, uint32_t v) { return __atomic_fetch_or((uint32_t *)p, v, __ATOMIC_SEQ_CST); }
static inline uint32_t cs_atomic_and32(void *p, uint32_t v) { return __atomic_fetch_and((uint32_t *)p, v, __ATOMIC_SEQ_CST); }
static inline uint64_t cs_atomic_or64(void *p, uint64_t v) { return __atomic_fetch_or((uint64_t *)p, v, __ATOMIC_SEQ_CST); }
static inline uint64_t cs_atomic_and64(void *p, uint64_t v) { return __atomic_fetch_and((uint64_t *)p, v, __ATOMIC_SEQ_CST); }
static inline uint64_t cs_atomic_exchange64(void *p, uint64_t v) {
    return __atomic_exchange_n((uint64_t *)p, v, __ATOMIC_SEQ_CST);
}
static inline uint64_t cs_atomic_add64(void *p, uint64_t v) { return __atomic_fetch_add((uint64_t *)p, v, __ATOMIC_SEQ_CST); }
static inline bool cs_atomic_cas8(void *p, uint8_t old, uint8_t new_) {
    return __atomic_compare_exchange_n((uint8_t *)p, &old, new_, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}
static inline bool cs_atomic_cas16(void *p, uint16_t old, uint16_t new_) {
    return __atomic_compare_exchange_n((uint16_t *)p, &old, new_, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}
static inline bool cs_atomic_cas32(void *p, uint32_t old, uint32_t new_) {
    return __atomic_compare_exchange_n((uint32_t *)p, &old, new_, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}
static inline bool cs_atomic_cas64(void *p, uint64_t old, uint64_t new_) {
    return __atomic_compare_exchange_n((uint64_t *)p, &old, new_, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}
// Compares and swaps 16 aligned bytes, given as two host integers in memory order.
bool cs_atomic_cas128(void *p, uint64_t old_first, uint64_t old_second, uint64_t new_first, uint64_t new_second);
static inline void cs_memory_barrier(void) { __atomic_thread_fence(__ATOMIC_SEQ_CST); }

// memfd_create with the flags Swift's Glibc overlay does not export; -1 and errno on failure.
int cs_memfd_create(const char *name, unsigned flags);

// mbind(2); -1 and errno on failure.
int cs_mbind(void *addr, unsigned long length, int mode, const unsigned long *nodemask, unsigned long maxnode,
             unsigned flags);

// Page size of the file system behind a descriptor: a huge page's size on hugetlbfs, else the host's page size.
uint64_t cs_file_page_size(int fd);

// Opens a pseudo terminal's master side and writes the slave's path into name; -1 and errno on failure.
int cs_open_pty(char *name, unsigned long size);

// Sends or receives one descriptor beside one byte over a Unix socket (SCM_RIGHTS). Return 0, or -1 and errno.
int cs_send_fd(int socket, int fd);
int cs_receive_fds(int socket, void *buffer, unsigned long size, int *fds, int max_fds, int *fd_count, long *received);

// Descriptors that other processes do not inherit, which Swift's Glibc overlay does not export. -1 and errno on failure.
int cs_pipe(int ends[2]);
int cs_eventfd(void);
int cs_accept(int socket);

// The host's number of the calling thread.
int cs_thread_id(void);
// Timed waits of the calling thread end on time, and not up to 50 microseconds later as Linux has it.
void cs_thread_wake_on_time(void);

// A timer that sets bits in a 32-bit word by a signal to the thread that made it, which so learns of it while it executes
// and without another thread. Times are nanoseconds of CLOCK_MONOTONIC.
typedef struct cs_alarm cs_alarm;
// An alarm for the calling thread, which is made to accept the signal. NULL if the host has no such timers, no signal that
// is free, or no timer left for this user.
cs_alarm *cs_alarm_create(void *word, uint32_t bits, uint64_t interval);
// Any thread may do this; the word is not touched afterwards.
void cs_alarm_destroy(cs_alarm *alarm);
// Bits are wanted at `deadline`, which may be missed by `tolerance` if that saves setting the timer; 0: at no time. From
// another thread this only makes the alarm's own ask for the deadline.
void cs_alarm_set(cs_alarm *alarm, uint64_t deadline, uint64_t tolerance);
// The calling thread executes from now on: bits are set at the deadline, or `interval` after the last time. While this is
// not called the timer goes off twice at most.
enum {
    CS_ALARM_SET = 0,      // nothing to do
    CS_ALARM_RANG = 1,     // bits were set since: the deadline is to be told again
    CS_ALARM_FOREIGN = 2,  // not the thread that made the alarm: nothing was done
};
int cs_alarm_execute(cs_alarm *alarm);
// The signal's number, chosen among those nobody handles; 0 if there is none. For debuggers and tests.
int cs_alarm_signal(void);

// Puts a terminal into raw mode for a guest's console. It is put back by `cs_terminal_release`, when the process exits,
// when a signal ends it, and while it is stopped; after SIGCONT it is raw again. One terminal per process.
// `keep_signals`: Ctrl-C and Ctrl-Z still signal the process. Returns 0 or an errno: ENOTTY, EBUSY.
int cs_terminal_claim(int fd, bool keep_signals);
void cs_terminal_release(void);

#endif
