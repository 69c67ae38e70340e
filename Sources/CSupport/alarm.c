// Timers of the host that speak to the very thread that executes a guest.
//
// A thread that sleeps until a time and then sets a word has to be scheduled first, on a processor that may have to leave
// its idle state or end something else; a signal reaches a running thread with the timer's own interrupt.
#define _GNU_SOURCE
#include "csupport.h"

#ifdef __linux__
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

struct cs_alarm {
    // Where to set bits; NULL while nobody owns the alarm. Alarms are used again and never freed, since a signal may still
    // be on its way when a timer is deleted.
    _Atomic(void *) word;
    uint32_t bits;
    // Handlers at work, which may hold `word`.
    _Atomic uint32_t handlers;
    // How often the timer went off since somebody looked. Twice: nobody does, and the timer is not set any more.
    _Atomic uint32_t rung;
    // When the timer goes off at the latest.
    _Atomic uint64_t planned;
    uint64_t interval;
    // The thread that gets the signal; one that is late may ask from another.
    _Atomic uint64_t thread;
    timer_t timer;
    cs_alarm *next;
};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static cs_alarm *unused;
static int signal_number;
// Threads by a number of their own: the system's, and `pthread_t`, serve again when a thread has ended.
static _Atomic uint64_t thread_count;
static _Thread_local uint64_t this_thread;

static uint64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

// Sets the timer, first to a time and then again and again: the thread need not do that between a signal and what it is
// for, which takes longer than the rest on hosts that are guests themselves.
static void plan(cs_alarm *alarm, uint64_t time) {
    // A signal of the old timer may come in between: then the next plan is made without need.
    atomic_store(&alarm->rung, 0);
    atomic_store(&alarm->planned, time);
    struct itimerspec when = {
        .it_value = {(time_t)(time / 1000000000), (long)(time % 1000000000)},
        .it_interval = {(time_t)(alarm->interval / 1000000000), (long)(alarm->interval % 1000000000)}};
    timer_settime(alarm->timer, TIMER_ABSTIME, &when, NULL);
}

// Sets the bits even if the deadline has moved: whoever looks sees that, and sets it again.
static void ring(int number, siginfo_t *info, void *context) {
    (void)number, (void)context;
    if (info->si_code != SI_TIMER) return;
    int saved = errno;
    cs_alarm *alarm = info->si_value.sival_ptr;
    atomic_fetch_add(&alarm->handlers, 1);
    void *word = atomic_load(&alarm->word);
    // An alarm that was taken up again belongs to another thread than a signal that is late.
    if (word && alarm->thread == this_thread) {
        cs_atomic_or32(word, alarm->bits);
        if (atomic_fetch_add(&alarm->rung, 1) >= 1) {
            struct itimerspec never = {0};
            timer_settime(alarm->timer, 0, &never, NULL);
        }
    }
    atomic_fetch_sub(&alarm->handlers, 1);
    errno = saved;
}

// Takes a real-time signal that nobody handles, from the end but for the very last, which is valgrind's.
static void claim_signal(void) {
    for (int number = SIGRTMAX - 1; number >= SIGRTMIN; number--) {
        struct sigaction action;
        if (sigaction(number, NULL, &action) != 0 || action.sa_flags & SA_SIGINFO || action.sa_handler != SIG_DFL) continue;
        action = (struct sigaction){.sa_sigaction = ring, .sa_flags = SA_SIGINFO | SA_RESTART};
        sigemptyset(&action.sa_mask);
        if (sigaction(number, &action, NULL) != 0) continue;
        signal_number = number;
        return;
    }
}

static void keep(cs_alarm *alarm) {
    pthread_mutex_lock(&lock);
    alarm->next = unused;
    unused = alarm;
    pthread_mutex_unlock(&lock);
}

cs_alarm *cs_alarm_create(void *word, uint32_t bits, uint64_t interval) {
    pthread_once(&once, claim_signal);
    if (signal_number == 0) return NULL;
    pthread_mutex_lock(&lock);
    cs_alarm *alarm = unused;
    if (alarm) unused = alarm->next;
    pthread_mutex_unlock(&lock);
    if (!alarm && !(alarm = calloc(1, sizeof *alarm))) return NULL;
    struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = signal_number};
    event.sigev_value.sival_ptr = alarm;
    event.sigev_notify_thread_id = gettid();
    // Threads of Dispatch, and others, block every signal.
    sigset_t mine;
    sigemptyset(&mine);
    sigaddset(&mine, signal_number);
    if (pthread_sigmask(SIG_UNBLOCK, &mine, NULL) != 0 || timer_create(CLOCK_MONOTONIC, &event, &alarm->timer) != 0) {
        keep(alarm);
        return NULL;
    }
    if (this_thread == 0) this_thread = atomic_fetch_add(&thread_count, 1) + 1;
    alarm->thread = this_thread;
    alarm->bits = bits;
    alarm->interval = interval;
    atomic_store(&alarm->rung, 2);
    atomic_store(&alarm->word, word);
    return alarm;
}

void cs_alarm_destroy(cs_alarm *alarm) {
    atomic_store(&alarm->word, NULL);
    timer_delete(alarm->timer);
    while (atomic_load(&alarm->handlers) != 0) sched_yield();
    keep(alarm);
}

void cs_alarm_set(cs_alarm *alarm, uint64_t deadline, uint64_t tolerance) {
    if (alarm->thread != this_thread) {
        // Whoever executes asks anew.
        atomic_store(&alarm->rung, 2);
        return;
    }
    bool waits = atomic_load(&alarm->rung) == 0;
    if (deadline == 0 || (waits && atomic_load(&alarm->planned) <= deadline + tolerance)) return;
    uint64_t limit = now() + alarm->interval;
    plan(alarm, deadline < limit ? deadline : limit);
}

int cs_alarm_execute(cs_alarm *alarm) {
    if (alarm->thread != this_thread) return CS_ALARM_FOREIGN;
    uint32_t rung = atomic_load_explicit(&alarm->rung, memory_order_relaxed);
    if (rung == 0) return CS_ALARM_SET;
    uint64_t limit = now() + alarm->interval;
    // Once: it goes off again by itself.
    atomic_store(&alarm->planned, limit);
    if (rung != 1 || !atomic_compare_exchange_strong(&alarm->rung, &rung, 0)) plan(alarm, limit);
    return CS_ALARM_RANG;
}

int cs_alarm_signal(void) {
    pthread_once(&once, claim_signal);
    return signal_number;
}

#else
cs_alarm *cs_alarm_create(void *word, uint32_t bits, uint64_t interval) {
    (void)word, (void)bits, (void)interval;
    return NULL;
}
void cs_alarm_destroy(cs_alarm *alarm) { (void)alarm; }
void cs_alarm_set(cs_alarm *alarm, uint64_t deadline, uint64_t tolerance) { (void)alarm, (void)deadline, (void)tolerance; }
int cs_alarm_execute(cs_alarm *alarm) { return alarm ? CS_ALARM_SET : CS_ALARM_FOREIGN; }
int cs_alarm_signal(void) { return 0; }
#endif
