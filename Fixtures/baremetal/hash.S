# Hash translation: segments of both sizes, page sizes, protection, keys, reference and change bits.
        .include "common.inc"
        .include "hash.inc"
        .macro  USER offset
        GO      0x10009000 + \offset, 0xd032
        .endm

        ENTRY
        COMMON
        SEGMENT 0, 0, 1, 0x500                  # kernel: 16 MiB pages, user key
        SEGMENT 1, 1, 0x111, 0x400              # 4 KiB, user key
        SEGMENT 2, 2, 0x222, 0x510              # 64 KiB
        SEGMENT 3, 3, 0x444, 0x600              # no execute
        SEGMENT 4, 4, 0x555, 0xc00              # supervisor key as well
        LOAD64  %r3, 0x0000010008000005         # 1 TiB segment
        LOAD64  %r4, 0x4000000333000400
        slbmte  %r4, %r3

        MAP     1, 0, 24, 0, 0, 4, 0
        MAP     0x111, 0x0000, 12, 0x500000, 2, 0, 0
        MAP     0x111, 0x1000, 12, 0x501000, 3, 0, 0
        MAP     0x111, 0x2000, 12, 0x502000, 0, 0, 0
        MAP     0x111, 0x3000, 12, 0x503000, 1, 0, 0
        MAP     0x111, 0x4000, 12, 0x504000, 6, 0, 0       # no execute
        MAP     0x111, 0x6000, 12, 0x506000, 0x202, 0, 0   # key 1
        MAP     0x111, 0x9000, 12, 0x509000, 2, 0, 0       # user code
        MAP     0x222, 0x0000, 16, 0x521000, 2, 4, 0
        MAP     0x222, 0x10000, 16, 0x531000, 3, 4, 0
        MAP     0x222, 0x1000000, 16, 0x1008000, 2, 4, 0   # 16 MiB page in a 64 KiB segment
        MAP     0x444, 0x0000, 12, 0x509000, 2, 0, 1
        MAP     0x555, 0x0000, 12, 0x50a000, 0, 0, 0
        MAP     0x555, 0x1000, 12, 0x50b000, 1, 0, 0
        MAP     0x555, 0x2000, 12, 0x50c000, 2, 0, 0
# Found by the secondary hash.
        li      %r3, 8
        LOAD64  %r4, EXACT
        LOAD64  %r5, ((~(0x111 ^ 0x8)) & GROUPS) << 3
        LOAD64  %r6, (0x111 << 12) | 3
        LOAD64  %r7, 0x508000 | M | 2
        sc      1
        SHOW    %r3
# In the 1 TiB segment, offset 0x20000000.
        li      %r3, 8
        LOAD64  %r4, EXACT
        LOAD64  %r5, ((0x333 ^ (0x333 << 25) ^ 0x20000) & GROUPS) << 3
        LOAD64  %r6, 0x4000000333000000 | (0x2000 & 0xffffff80) | 1
        LOAD64  %r7, 0x50d000 | M | 2
        sc      1
        SHOW    %r3
        COPY    user, user_end, 0x509000
        LOAD64  %r3, 0x4e8000204e800020
        LOAD64  %r4, 0x504000
        std     %r3, 0(%r4)
        LOAD64  %r4, 0x500000
        std     %r3, 0(%r4)

        mfmsr   %r3
        ori     %r3, %r3, 0x30
        std     %r3, 0x40(0)
        mtmsrd  %r3
        AT      0x10000010, ld %r3, 0(%r4)
        PEEK    0x111, 0, 12, 0
        AT      0x10000010, std %r3, 0(%r4)
        PEEK    0x111, 0, 12, 0
        AT      0x10001010, ld %r3, 0(%r4)
        AT      0x10001010, std %r3, 0(%r4)
        AT      0x10000ffc, std %r3, 0(%r4)
        AT      0x10002010, std %r3, 0(%r4)
        AT      0x10003010, std %r3, 0(%r4)
        AT      0x10005010, ld %r3, 0(%r4)
        AT      0x10005010, std %r3, 0(%r4)
        AT      0x10008010, std %r3, 0(%r4)
        AT      0x20000010, ld %r3, 0(%r4)
        AT      0x2000fffc, std %r3, 0(%r4)
        AT      0x20010000, std %r3, 0(%r4)
        AT      0x21000000, ld %r3, 0(%r4)
        AT      0x21ffffff, lbz %r3, 0(%r4)
        AT      0x10020000000, std %r3, 8(%r4)
        AT      0x40000000, ld %r3, 0(%r4)
        AT      0x40000000, std %r3, 0(%r4)
        AT      0x40001000, ld %r3, 0(%r4)
        AT      0x40001000, std %r3, 0(%r4)
        AT      0x40002000, std %r3, 0(%r4)
        AT      0x50000000, ld %r3, 0(%r4)      # no segment
        AT      0x50000000, std %r3, 0(%r4)
        CALL    0x50000000
        CALL    0x10000000
        CALL    0x10004000
        CALL    0x30000000
        CALL    0x10005000
        CALL    0x40000000
# Keys.
        LOAD64  %r3, 0x1000000000000000         # key 1: no loads
        mtspr   29, %r3
        AT      0x10006000, std %r3, 0(%r4)
        AT      0x10006000, ld %r3, 0(%r4)
        LOAD64  %r3, 0x2000000000000000         # key 1: no stores
        mtspr   29, %r3
        slbia
        SEGMENT 1, 1, 0x111, 0x400
        SEGMENT 2, 2, 0x222, 0x510
        AT      0x10006000, ld %r3, 0(%r4)
        AT      0x10006000, std %r3, 0(%r4)
        li      %r3, 0
        mtspr   29, %r3
# Segment buffer.
        li      %r5, 1
        slbmfee %r3, %r5
        SHOW    %r3
        slbmfev %r3, %r5
        SHOW    %r3
        li      %r5, 4
        slbmfee %r3, %r5
        SHOW    %r3
        LOAD64  %r5, 0x20001234
        slbfee. %r3, %r5
        SHOW    %r3
        LOAD64  %r5, 0x60001234
        slbfee. %r3, %r5
        SHOW    %r3
        LOAD64  %r5, 0x20000000
        slbie   %r5
        AT      0x20000010, ld %r3, 0(%r4)
        LOAD64  %r3, (7 << 28) | 0x8000000 | 31
        LOAD64  %r4, 0x777130                   # no such page size
        TRY     slbmte %r4, %r3
        LOAD64  %r3, (7 << 28) | 0x8000000 | 33
        LOAD64  %r4, 0x777000
        TRY     slbmte %r4, %r3
# Problem state.
        USER    0
        USER    8
        USER    16
        USER    24
        USER    32
        USER    40
        USER    48
        USER    56
        USER    64
        mfmsr   %r3
        xori    %r3, %r3, 0x30
        mtmsrd  %r3
        FINISH

        .macro  U insn:vararg
        \insn
        sc
        .endm
user:   U       nop
        lis     %r3, 0x1000                     # 8
        ld      %r3, 0x1000(%r3)
        lis     %r3, 0x1000                     # 16
        std     %r3, 0x1000(%r3)
        lis     %r3, 0x1000                     # 24
        ld      %r3, 0x2000(%r3)
        lis     %r3, 0x1000                     # 32
        std     %r3, 0x3000(%r3)
        lis     %r3, 0x1000                     # 40
        ld      %r3, 0x3000(%r3)
        U       ld %r3, 0x40(0)                 # 48: kernel page
        lis     %r3, 0x5000                     # 56
        lbz     %r3, 0(%r3)
        U       slbfee. %r3, %r5                # 64
user_end:
        .end
