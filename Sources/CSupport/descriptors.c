#define _GNU_SOURCE
#include "csupport.h"

#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

int cs_pipe(int ends[2]) { return pipe2(ends, O_CLOEXEC); }

int cs_eventfd(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }

int cs_accept(int socket) { return accept4(socket, NULL, NULL, SOCK_CLOEXEC); }
