// /init of the migration tests: prints a growing number that carries floating-point and vector state with it, so that a
// move that loses a register shows. Every line can be checked by itself.
//
// Build: powerpc64le-linux-gnu-gcc -O2 -static -mcpu=power8 -o counter counter.c
#include <stdint.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

int main(void) {
    setvbuf(stdout, NULL, _IOLBF, 0);
    uint64_t integer = 1;
    double real = 1;
    __vector unsigned int vector = {1, 2, 3, 4}, step = {3, 5, 7, 11};
    for (uint64_t line = 0;; line++) {
        for (int i = 0; i < 200000; i++) {
            integer = integer * 6364136223846793005ull + 1442695040888963407ull;
            real = real * 0.999 + 1.25;
            vector += step;
        }
        struct timespec now;
        clock_gettime(CLOCK_MONOTONIC, &now);
        printf("count %llu %016llx %.12f %08x %08x %08x %08x t=%lld.%03ld\n", (unsigned long long)line,
               (unsigned long long)integer, real, vector[0], vector[1], vector[2], vector[3], (long long)now.tv_sec,
               now.tv_nsec / 1000000);
    }
}
