#include "ppc_state.h"

// Generated code addresses these with 8-bit and 32-bit displacements; a layout change that breaks that must not pass
// silently.
_Static_assert(offsetof(ppc_cpu, gpr) == 0, "GPRs come first");
_Static_assert(offsetof(ppc_cpu, exit_request) < 384, "hot fields stay near the front");
_Static_assert(offsetof(ppc_cpu, zero) / 8 < 256, "decoded operands name it by one byte");
_Static_assert(offsetof(ppc_cpu, vsr) % 16 == 0, "vector registers are 16-byte aligned");
