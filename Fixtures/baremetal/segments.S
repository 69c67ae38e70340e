# Hash translation, second part: page sizes within segments, storage keys of both kinds, segment invalidations of every
# form, entries that are removed or changed, accesses that cross pages.
        .include "common.inc"
        .include "hash.inc"

# H_REMOVE and H_PROTECT of an entry, and what they return.
        .macro  REMOVE vsid, offset, shift, slot
        LOAD64  %r5, (((\vsid ^ (\offset >> \shift)) & GROUPS) << 3) + \slot
        li      %r3, 4
        li      %r4, 0
        li      %r6, 0
        sc      1
        SHOW    %r3
        .endm
        .macro  PROTECT vsid, offset, shift, flags, slot
        LOAD64  %r4, \flags
        LOAD64  %r5, (((\vsid ^ (\offset >> \shift)) & GROUPS) << 3) + \slot
        li      %r3, 0x18
        li      %r6, 0
        sc      1
        SHOW    %r3
        .endm
# Sets AMR, IAMR or UAMOR. QEMU acts on it at the next segment change only.
        .macro  KEYS number, value
        LOAD64  %r3, \value
        mtspr   \number, %r3
        isync
        slbia
        SEGMENTS
        isync
        .endm
        .macro  SEGMENTS
        SEGMENT 1, 1, 0x111, 0x400              # 4 KiB
        SEGMENT 2, 2, 0x222, 0x590              # 64 KiB, class 1
        SEGMENT 3, 3, 0x333, 0x400
        SEGMENT 4, 4, 0x444, 0x480              # class 1
        .endm
        .macro  LIST
        .irp    slot, 0, 1, 2, 3, 4
        li      %r5, \slot
        slbmfee %r3, %r5
        SHOW    %r3
        .endr
        .endm

        ENTRY
        COMMON
        SEGMENT 0, 0, 1, 0x500                  # kernel: 16 MiB pages
        SEGMENTS
        LOAD64  %r3, 0x0000010008000005         # 1 TiB segment of 64 KiB pages
        LOAD64  %r4, 0x4000000555000510
        slbmte  %r4, %r3
        MAP     1, 0, 24, 0, 0, 4, 0
        MAP     0x111, 0x0000, 12, 0x500000, 2, 0, 0
        MAP     0x111, 0x1000, 12, 0x501000, 0x202, 0, 0           # key 1
        MAP     0x111, 0x2000, 12, 0x502000, 0x3000000000000e02, 0, 0      # key 31
        MAP     0x111, 0x10000, 12, 0x517000, 2, 4, 0              # 64 KiB page in a 4 KiB segment: refused on this machine
        MAP     0x111, 0x1000000, 12, 0x2038000, 2, 4, 0           # 16 MiB page in a 4 KiB segment
        MAP     0x222, 0x0000, 16, 0x521000, 2, 4, 0
        MAP     0x222, 0x10000, 16, 0x531000, 3, 4, 0
        MAP     0x333, 0x0000, 12, 0x540000, 2, 0, 0
        MAP     0x444, 0x0000, 12, 0x541000, 2, 0, 0
        li      %r3, 8                          # in the 1 TiB segment at 0x123450000
        LOAD64  %r4, EXACT
        LOAD64  %r5, ((0x555 ^ (0x555 << 25) ^ 0x12345) & GROUPS) << 3
        LOAD64  %r6, 0x4000000555000000 | (0x12345 & 0xffffff80) | 5
        LOAD64  %r7, 0x551000 | M | 2
        sc      1
        SHOW    %r3
        PUTCODE 0x500000, 0x4e800020, 0x4e800020
        PUTCODE 0x501000, 0x4e800020, 0x4e800020
        PUTCODE 0x502000, 0x4e800020, 0x4e800020
        PUTCODE 0x510000, 0x4e800020, 0x4e800020
        COPY    user, user_end, 0x500100
        mfmsr   %r3
        ori     %r3, %r3, 0x30
        std     %r3, 0x40(0)
        mtmsrd  %r3
# Page sizes.
        AT      0x10010000, ld %r3, 0(%r4)
        AT      0x1001fff8, std %r3, 0(%r4)
        AT      0x10011000, ld %r3, 0(%r4)      # another hash than the page's first 4 KiB
        AT      0x11000000, ld %r3, 0(%r4)
        AT      0x20000000, ld %r3, 0(%r4)
        AT      0x2000fff8, std %r3, 0(%r4)
        AT      0x10123450000, ld %r3, 0(%r4)
        AT      0x10123460000, ld %r3, 0(%r4)
        AT      0x1012345fffc, std %r3, 0(%r4)
        PEEK    0x111, 0x10000, 12, 0
        PEEK    0x111, 0x1000000, 12, 0
        PEEK    0x222, 0, 16, 0
        CALL    0x10010000
# Keys: AMR for data, IAMR for instructions.
        KEYS    29, 0x3000000000000000
        AT      0x10001000, ld %r3, 0(%r4)
        AT      0x10001010, std %r3, 0(%r4)
        AT      0x10001080, dcbz 0, %r4
        AT      0x10000000, ld %r3, 0(%r4)
        CALL    0x10001000
        KEYS    29, 1                           # key 31: no loads
        AT      0x10002000, ld %r3, 0(%r4)
        AT      0x10002010, std %r3, 0(%r4)
        KEYS    29, 2
        AT      0x10002000, ld %r3, 0(%r4)
        AT      0x10002010, std %r3, 0(%r4)
        AT      0x10001ffc, std %r3, 0(%r4)     # crosses from key 1 into key 31
        AT      0x10001ffc, ld %r3, 0(%r4)
        KEYS    29, 0xc000000000000000          # key 0: nothing
        AT      0x10000000, ld %r3, 0(%r4)
        AT      0x10000ffc, std %r3, 0(%r4)
        KEYS    29, 0
        mfspr   %r3, 29
        SHOW    %r3
        KEYS    61, 0x1000000000000000
        CALL    0x10001000
        CALL    0x10000000
        AT      0x10001000, ld %r3, 0(%r4)
        KEYS    61, 1
        CALL    0x10002000
        KEYS    61, 0
        CALL    0x10002000
# Problem state changes what UAMOR lets it.
        KEYS    157, 0x3000000000000000
        mfspr   %r3, 157
        SHOW    %r3
        GO      0x10000100, 0xd032
        mfspr   %r3, 29
        SHOW    %r3
        AT      0x10001000, ld %r3, 0(%r4)
        KEYS    29, 0
        KEYS    157, 0
        GO      0x10000100, 0xd032
        mfspr   %r3, 29
        SHOW    %r3
# Segment invalidations: what is left, and that translations are gone.
        AT      0x30000000, ld %r3, 0(%r4)
        LOAD64  %r3, 0x30000000
        slbie   %r3
        isync
        AT      0x30000000, ld %r3, 0(%r4)
        LOAD64  %r3, 0x12000000000 | 0x4000000000000000         # B = 1 in the operand
        slbie   %r3
        LIST
        AT      0x10123450000, ld %r3, 0(%r4)
        SEGMENTS
        AT      0x40000000, ld %r3, 0(%r4)
        slbia
        isync
        LIST
        AT      0x40000000, ld %r3, 0(%r4)
        SEGMENTS
        mfmsr   %r3                             # in real mode: some forms take the segment under the program away
        xori    %r3, %r3, 0x30
        mtmsrd  %r3
        .irp    hint, 1, 2, 3, 4, 6, 7
        .long   0x7c0003e4 | (\hint << 21)      # slbia IH
        LIST
        SEGMENTS
        SEGMENT 0, 0, 1, 0x500
        .endr
        mfmsr   %r3
        ori     %r3, %r3, 0x30
        mtmsrd  %r3
# An entry is replaced: the old translation is gone.
        PUT     0x540000, 0x3333333333333333
        PUT     0x541000, 0x4444444444444444
        AT      0x30000000, ld %r3, 0(%r4)
        SHOW    %r3
        LOAD64  %r3, 0x30000000
        slbie   %r3
        isync
        SEGMENT 3, 3, 0x444, 0x400
        AT      0x30000000, ld %r3, 0(%r4)
        SHOW    %r3
        LOAD64  %r3, 0x30000000
        slbie   %r3
        isync
        SEGMENT 3, 3, 0x333, 0x400
# Changed and removed table entries.
        PROTECT 0x333, 0, 12, 3, 0              # read only
        AT      0x30000000, ld %r3, 0(%r4)
        AT      0x30000000, std %r3, 0(%r4)
        PEEK    0x333, 0, 12, 0
        PROTECT 0x333, 0, 12, 6, 0              # no execute
        AT      0x30000000, std %r3, 0(%r4)
        CALL    0x30000000
        REMOVE  0x333, 0, 12, 0
        AT      0x30000000, ld %r3, 0(%r4)
        CALL    0x30000000
# Crossing.
        AT      0x10000ffc, ld %r3, 0(%r4)
        AT      0x10003ffc, ld %r3, 0(%r4)      # the second page is missing
        AT      0x10003ffc, std %r3, 0(%r4)
        AT      0x10003ff8, lxvd2x %vs1, 0, %r4
        AT      0x1fffffff, lhz %r3, 0(%r4)     # into the next segment, first page missing
        AT      0x4ffffffe, lwz %r3, 0(%r4)     # into a missing segment
        AT      0x40000ffc, ld %r3, 0(%r4)
        mfmsr   %r3
        xori    %r3, %r3, 0x30
        mtmsrd  %r3
        FINISH
user:   li      %r3, -1
        mtspr   13, %r3                         # AMR by its other number
        mfspr   %r20, 13
        sc
user_end:
        .end
