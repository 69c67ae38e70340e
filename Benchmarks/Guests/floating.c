// Floating-point kernels, chosen as the integer ones are.
typedef unsigned long u64;
#ifndef ROUNDS
#define ROUNDS 1
#endif
#define N 64
static double a[N][N], b[N][N], c[N][N];

__attribute__((noinline)) u64 matrix(void) {
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++) {
            a[i][j] = i * 0.5 + j;
            b[i][j] = i - j * 0.25;
        }
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++) {
            double s = 0;
            for (int k = 0; k < N; k++) s += a[i][k] * b[k][j];
            c[i][j] = s;
        }
    double t = 0;
    for (int i = 0; i < N; i++) t += c[i][i] / (i + 1.5);
    union { double d; u64 u; } r = {.d = t};
    return r.u;
}

__attribute__((noinline)) u64 coulomb(void) {
    double x = 0.1, y = 0.2, z = 0.3, sum = 0;
    for (int i = 0; i < 20000; i++) {
        double dx = x - i * 0.001, dy = y + i * 0.002, dz = z - i * 0.003;
        double r2 = dx * dx + dy * dy + dz * dz + 0.01;
        sum += 1.0 / r2;
        x = x * 0.999 + 0.001;
    }
    union { double d; u64 u; } r = {.d = sum};
    return r.u;
}

__attribute__((noinline)) u64 single(void) {
    float x = 0.5f, s = 0;
    for (int i = 1; i < 20000; i++) {
        s += x / (float)i;
        x = x * 0.99f + 0.25f;
    }
    union { float f; unsigned u; } r = {.f = s};
    return r.u;
}
#ifdef HOSTED
int printf(const char *, ...);
#endif
u64 main(void) {
    u64 result = 0;
    for (int i = 0; i < ROUNDS; i++) result += KERNEL();
#ifdef HOSTED
    printf("%lx\n", result);
    return 0;
#else
    return result;
#endif
}
