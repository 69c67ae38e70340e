# Radix: process table entries of every kind, large process identifiers, page sizes, and invalidations of every form
# after which a changed entry must be seen.
        .include "common.inc"
        .include "radix.inc"
        .set OTHER, 0x500000                    # two pages that differ in their first doubleword
        .set LEAF, 0xc000000000000000

# Loads from process space as the supervisor.
        .macro  AS pid, address, insn:vararg
        LOAD64  %r3, \pid
        mtspr   48, %r3
        isync
        LOAD64  %r4, \address
        li      %r3, 0
        TRY     \insn
        .endm
# The page at 0x20000 of process 1 leads to one place, is used, leads to the other, is invalidated and used again.
        .macro  STALE insn:vararg
        LOAD64  %r16, HIGH + 0x236100
        LOAD64  %r17, LEAF + OTHER + 0x186
        LOAD64  %r18, LEAF + OTHER + 0x1000 + 0x186
        li      %r3, 1
        mtspr   48, %r3
        isync
        ENTRYAT %r17
        LOAD64  %r4, 0xc00
        li      %r5, 0
        tlbie   %r4, %r5, 2, 1, 1
        ptesync
        LOAD64  %r14, 0x20000
        ld      %r15, 0(%r14)
        ENTRYAT %r18
        LOAD64  %r5, 1 << 32
        \insn
        ptesync
        isync
        ld      %r14, 0(%r14)
        SHOW    %r15
        SHOW    %r14
        .endm
        .macro  ENTRYAT value
        .ifdef  LITTLE
        stdbrx  \value, 0, %r16
        .else
        std     \value, 0(%r16)
        .endif
        ptesync
        .endm

        ENTRY
        COMMON
        RADIX_TABLES
        PUT     0x236108, 0xc0000000005001ae    # guarded
        PUT     0x500000, 0x1111111111111111
        PUT     0x501000, 0x2222222222222222
        PUT     0x200020, 0x4000000000220000 | 0xad        # process 2: as 1
        PUT     0x200030, 0x00000000002200ad    # process 3: 31 bits of address space
        PUT     0x200040, 0x40000000002200a5    # process 4: root of 5 bits
        PUT     0x200050, 0x40000000000000ad    # process 5: root at 0, where there are no entries
        PUT     0x200060, 0x40007000000000ad    # process 6: root where no memory is
        PUT     0x200070, 0x40000000002400ad    # process 7: second level of 13 bits
        PUT     0x200080, 0x40000000002500ad    # process 8: fourth level of 5 bits, 64 KiB pages; 1 GiB and 2 MiB pages
        PUT     0x240000, 0x800000000024100d
        PUT     0x250000, 0x8000000000251009
        PUT     0x251000, 0x8000000000252009
        PUT     0x251008, 0xc00000000000018f    # 1 GiB at 0x40000000, privileged
        PUT     0x251010, 0xc000000000000186
        PUT     0x251018, 0x8000000000252009
        PUT     0x252000, 0x8000000000253005
        PUT     0x252008, 0xc000000000400186    # 2 MiB
        PUT     0x252010, 0x8000000000253007    # seven bits
        PUT     0x252018, 0x8000000000253009    # nine bits: 4 KiB
        PUT     0x253000, 0xc000000000500186
        PUT     0x253008, 0xc000000000510106
        PUT     0x253010, 0x4000000000510106    # not valid
        COPY    user, user_end, 0x600000
        RADIX_ON
        TRANSLATED
        SHOW    %r20
        AS      1, 0x10000, lbz %r3, 0(%r4)
        AS      1, 0x21000, ld %r3, 0(%r4)
        AS      2, 0x10000, lbz %r3, 0(%r4)
        AS      3, 0x10000, lbz %r3, 0(%r4)
        AS      4, 0x10000, lbz %r3, 0(%r4)
        AS      5, 0x10000, lbz %r3, 0(%r4)
        AS      6, 0x10000, lbz %r3, 0(%r4)
        AS      7, 0x10000, lbz %r3, 0(%r4)
        AS      8, 0x0, ld %r3, 0(%r4)
        SHOW    %r3
        AS      8, 0xfff8, ld %r3, 0(%r4)
        AS      8, 0xfffc, ld %r3, 0(%r4)       # into the next 64 KiB page
        AS      8, 0x1fffc, ld %r3, 0(%r4)      # into the invalid one
        AS      8, 0x1fffc, std %r3, 0(%r4)
        AS      8, 0x200000, ld %r3, 0(%r4)
        AS      8, 0x3fffff, lbz %r3, 0(%r4)
        AS      8, 0x3ffffc, ld %r3, 0(%r4)     # next is the wrong size
        AS      8, 0x400000, ld %r3, 0(%r4)
        AS      8, 0x600000, ld %r3, 0(%r4)
        AS      8, 0x602000, ld %r3, 0(%r4)
        AS      8, 0x40500000, ld %r3, 0(%r4)
        SHOW    %r3
        AS      8, 0x80501000, ld %r3, 0(%r4)
        SHOW    %r3
        AS      8, 0xc0000000, ld %r3, 0(%r4)
        SHOW    %r3
        AS      8, 0x10000000000000, ld %r3, 0(%r4)
        AS      0xfff, 0x10000, lbz %r3, 0(%r4)
        AS      0x1000, 0x10000, lbz %r3, 0(%r4)        # past the table
        AS      0xfffff, 0x10000, lbz %r3, 0(%r4)
        AS      1, 0x4000000000010000, lbz %r3, 0(%r4)  # quadrants
        AS      1, 0x8000000000010000, lbz %r3, 0(%r4)
        AS      1, 0x4000000000010000, stb %r3, 0(%r4)
        AS      1, 0xd000000000010000, stb %r3, 0(%r4)
        AS      1, 0xc008000000010000, stb %r3, 0(%r4)
        .macro  TO pid, address
        LOAD64  %r3, \pid
        mtspr   48, %r3
        isync
        LOAD64  %r4, \address
        mtctr   %r4
        TRY     bctrl
        .endm
        TO      1, 0x4000000000010000
        TO      1, 0x8000000000010000
        TO      1, 0x0010000000010000
        TO      1, 0x21000                      # guarded
        TO      1, 0x20000                      # nothing yet
        TO      3, 0x10000
        TO      6, 0x10000
        TO      0x1000, 0x10000
# Accesses of several units whose second page refuses: none of it is done, or it is done to where it refuses.
        LOAD64  %r5, HIGH + 0x10f000
        li      %r26, 0x77
        AS      8, 0x1fff8, lxvd2x %vs1, 0, %r4
        AS      8, 0x1fff8, lq %r6, 0(%r4)
        AS      8, 0x1fff0, lq %r6, 0(%r4)
        AS      8, 0x1fffe, lwz %r3, 0(%r4)
        AS      8, 0x1ffff, lhz %r3, 0(%r4)
        AS      8, 0x1fffe, stw %r3, 0(%r4)
        AS      8, 0x1ffff, sth %r3, 0(%r4)
        AS      8, 0x1fffc, ldbrx %r3, 0, %r4
        AS      8, 0x1fffc, stdbrx %r3, 0, %r4
        AS      8, 0x1fffc, ldu %r3, 8(%r4)
        SHOW    %r4
        AS      8, 0x1fff4, stdu %r3, 8(%r4)
        SHOW    %r4
        AS      8, 0x1fffc, lwarx %r3, 0, %r4
        AS      8, 0x20000, dcbz 0, %r4
        AS      8, 0x20000, dcbst 0, %r4
        AS      8, 0x20000, dcbf 0, %r4
        AS      8, 0x20000, dcbt 0, %r4
        AS      8, 0x20000, icbi 0, %r4
        AS      8, 0x20000, stdcx. %r3, 0, %r4
        li      %r7, 0x1234
        li      %r8, 0x5678
        AS      8, 0x1fffc, .long 0x7cc045aa | (4 << 16)        # stswi r6, r4, 8
        .ifndef LITTLE
        AS      8, 0x1fff8, stmw %r28, 0(%r4)
        AS      8, 0x1fff8, lmw %r28, 0(%r4)
        .endif
# Invalidations.
        STALE   tlbie %r14, %r5, 0, 1, 1                        # one page
        LOAD64  %r21, 0x20000 | (5 << 5)
        STALE   tlbie %r21, %r5, 0, 1, 1                        # as a 64 KiB page
        LOAD64  %r21, 0x400
        STALE   tlbie %r21, %r5, 0, 1, 1                        # the process, IS = 1
        LOAD64  %r21, 0x400
        STALE   tlbie %r21, %r5, 2, 1, 1
        LOAD64  %r21, 0x800
        STALE   tlbie %r21, %r5, 2, 1, 1
        LOAD64  %r21, 0xc00
        STALE   tlbie %r21, %r5, 2, 1, 1
        STALE   tlbiel %r14, %r5, 0, 1, 1
        LOAD64  %r21, 0x400
        STALE   tlbiel %r21, %r5, 2, 1, 1
        LOAD64  %r21, 0xc00
        STALE   tlbiel %r21, %r5, 2, 1, 1
        LOAD64  %r21, 0x400
        LOAD64  %r5, 1 << 32
        TRY     tlbie %r21, %r5, 1, 1, 1                        # page walk cache
        TRY     tlbiel %r21, %r5, 1, 1, 1
        LOAD64  %r21, 0x1400
        TRY     tlbiel %r21, %r5, 1, 1, 1
        TRY     tlbiel %r21, %r5, 0, 1, 1
        LOAD64  %r21, 0x400
        TRY     tlbie %r21, %r5, 3, 1, 1
        TRY     tlbie %r21, %r5, 2, 0, 1
        TRY     tlbie %r21, %r5, 2, 1, 0
        TRY     tlbiel %r21, %r5, 2, 1, 0
        TRY     tlbiel %r21, %r5, 2, 0, 1
        LOAD64  %r21, 0x20000 | (3 << 5)                        # no such page size
        TRY     tlbie %r21, %r5, 0, 1, 1
        TRY     tlbsync
        TRY     slbia
        TRY     .long 0x7c0002a4                                # slbsync
        li      %r3, 1
        mtspr   48, %r3
        UNTRANSLATED
        FINISH
user:   blr
        nop
user_end:
        .end
