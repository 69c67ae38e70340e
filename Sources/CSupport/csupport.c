#define _GNU_SOURCE
#include "csupport.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

int cs_memfd_create(const char *name, unsigned flags) { return memfd_create(name, flags); }

int cs_mbind(void *addr, unsigned long length, int mode, const unsigned long *nodemask, unsigned long maxnode,
             unsigned flags) {
    return (int)syscall(SYS_mbind, addr, length, mode, nodemask, maxnode, flags);
}

uint64_t cs_file_page_size(int fd) {
    const long hugetlbfs_magic = 0x958458f6;
    struct statfs info;
    if (fstatfs(fd, &info) == 0 && (long)info.f_type == hugetlbfs_magic) return (uint64_t)info.f_bsize;
    return (uint64_t)sysconf(_SC_PAGESIZE);
}

int cs_open_pty(char *name, unsigned long size) {
    int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (master < 0) return -1;
    if (grantpt(master) || unlockpt(master) || ptsname_r(master, name, size)) {
        int saved = errno;
        close(master);
        errno = saved;
        return -1;
    }
    return master;
}

int cs_send_fd(int socket, int fd) {
    char byte = 0;
    struct iovec iov = {.iov_base = &byte, .iov_len = 1};
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(sizeof(int))];
    } control;
    struct msghdr message = {
        .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.space, .msg_controllen = sizeof control.space};
    struct cmsghdr *cmsg = CMSG_FIRSTHDR(&message);
    cmsg->cmsg_level = SOL_SOCKET;
    cmsg->cmsg_type = SCM_RIGHTS;
    cmsg->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(cmsg), &fd, sizeof fd);
    return sendmsg(socket, &message, MSG_NOSIGNAL) == 1 ? 0 : -1;
}

int cs_receive_fds(int socket, void *buffer, unsigned long size, int *fds, int max_fds, int *fd_count,
                   long *received) {
    struct iovec iov = {.iov_base = buffer, .iov_len = size};
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(16 * sizeof(int))];
    } control;
    struct msghdr message = {
        .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.space, .msg_controllen = sizeof control.space};
    *fd_count = 0;
    *received = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
    if (*received < 0) return -1;
    for (struct cmsghdr *cmsg = CMSG_FIRSTHDR(&message); cmsg; cmsg = CMSG_NXTHDR(&message, cmsg)) {
        if (cmsg->cmsg_level != SOL_SOCKET || cmsg->cmsg_type != SCM_RIGHTS) continue;
        int count = (int)((cmsg->cmsg_len - CMSG_LEN(0)) / sizeof(int));
        for (int i = 0; i < count; i++) {
            int fd;
            memcpy(&fd, CMSG_DATA(cmsg) + i * sizeof(int), sizeof fd);
            if (*fd_count < max_fds) fds[(*fd_count)++] = fd;
            else close(fd);
        }
    }
    return 0;
}

#if defined(__x86_64__)
bool cs_atomic_cas128(void *p, uint64_t old_first, uint64_t old_second, uint64_t new_first, uint64_t new_second) {
    bool equal;
    __asm__ __volatile__("lock cmpxchg16b %1"
                         : "=@ccz"(equal), "+m"(*(unsigned __int128 *)p), "+a"(old_first), "+d"(old_second)
                         : "b"(new_first), "c"(new_second)
                         : "memory");
    return equal;
}
#else
bool cs_atomic_cas128(void *p, uint64_t old_first, uint64_t old_second, uint64_t new_first, uint64_t new_second) {
    struct pair {
        uint64_t first, second;
    };
    struct pair old = {old_first, old_second}, new_ = {new_first, new_second};
    return __atomic_compare_exchange((struct pair *)p, &old, &new_, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}
#endif

void cs_thread_wake_on_time(void) { prctl(PR_SET_TIMERSLACK, 1ul, 0ul, 0ul, 0ul); }

int cs_thread_id(void) { return (int)syscall(SYS_gettid); }
