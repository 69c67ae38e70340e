#include "csupport.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

// A process has one controlling terminal, and signal handlers take no argument: hence the state here.
static struct termios before, during;
static volatile sig_atomic_t claimed_fd = -1;

static void restore(void) {
    int saved = errno;
    if (claimed_fd >= 0) tcsetattr(claimed_fd, TCSANOW, &before);
    errno = saved;
}

static void apply(void) {
    int saved = errno;
    // A background process that touches its controlling terminal would be stopped for it.
    if (claimed_fd >= 0) {
        pid_t foreground = tcgetpgrp(claimed_fd);
        if (foreground < 0 || foreground == getpgrp()) tcsetattr(claimed_fd, TCSANOW, &during);
    }
    errno = saved;
}

// What was in force before, by signal: a crash reporter of the language's runtime, for one.
static struct sigaction previous[65];

static void on_fatal(int number, siginfo_t *info, void *context) {
    restore();
    const struct sigaction *old = &previous[number];
    if (old->sa_flags & SA_SIGINFO) {
        old->sa_sigaction(number, info, context);
    } else if (old->sa_handler != SIG_DFL) {
        old->sa_handler(number);
    } else {
        // The default action is taken when this returns and the signal is unblocked.
        signal(number, SIG_DFL);
        raise(number);
    }
}

static void handle_fatal(int number) {
    struct sigaction new_ = {0};
    if (sigaction(number, NULL, &previous[number])) return;
    // A signal that is ignored ends nothing.
    if (!(previous[number].sa_flags & SA_SIGINFO) && previous[number].sa_handler == SIG_IGN) return;
    new_.sa_sigaction = on_fatal;
    new_.sa_flags = SA_SIGINFO | SA_ONSTACK;
    sigemptyset(&new_.sa_mask);
    sigaction(number, &new_, NULL);
}

static void on_stop(int number) {
    (void)number;
    restore();
    raise(SIGSTOP);
    apply();
}

static void on_continue(int number) {
    (void)number;
    apply();
}

static void handle(int number, void (*handler)(int)) {
    struct sigaction old, new_ = {0};
    // Who has set a handler of his own keeps it.
    if (sigaction(number, NULL, &old) || (old.sa_flags & SA_SIGINFO) || old.sa_handler != SIG_DFL) return;
    new_.sa_handler = handler;
    new_.sa_flags = SA_RESTART;
    sigemptyset(&new_.sa_mask);
    sigaction(number, &new_, NULL);
}

int cs_terminal_claim(int fd, bool keep_signals) {
    static bool is_prepared;
    if (claimed_fd >= 0) return EBUSY;
    if (!isatty(fd) || tcgetattr(fd, &before)) return errno ? errno : ENOTTY;
    during = before;
    during.c_iflag &= ~(tcflag_t)(IGNBRK | BRKINT | PARMRK | ISTRIP | INLCR | IGNCR | ICRNL | IXON);
    during.c_oflag |= OPOST;
    during.c_lflag &= ~(tcflag_t)(ECHO | ECHONL | ICANON | IEXTEN);
    if (!keep_signals) during.c_lflag &= ~(tcflag_t)ISIG;
    during.c_cflag &= ~(tcflag_t)(CSIZE | PARENB);
    during.c_cflag |= CS8;
    during.c_cc[VMIN] = 1;
    during.c_cc[VTIME] = 0;
    claimed_fd = fd;
    if (!is_prepared) {
        is_prepared = true;
        atexit(restore);
        static const int fatal[] = {SIGINT,  SIGTERM, SIGHUP, SIGQUIT, SIGABRT, SIGSEGV,
                                    SIGBUS,  SIGILL,  SIGFPE, SIGTRAP, SIGSYS};
        for (size_t i = 0; i < sizeof fatal / sizeof *fatal; i++) handle_fatal(fatal[i]);
        handle(SIGTSTP, on_stop);
        handle(SIGCONT, on_continue);
    }
    apply();
    return 0;
}

void cs_terminal_release(void) {
    restore();
    claimed_fd = -1;
}
