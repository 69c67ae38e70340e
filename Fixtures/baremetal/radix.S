# Radix translation: page sizes, protection, reference and change bits, problem state, faults of every kind.
        .include "common.inc"
        .include "radix.inc"
        .set WINDOW, 0xc000000040000000

        .macro PEEK at
        LOAD64  %r3, \at + HIGH
        ld      %r3, 0(%r3)
        SHOW    %r3
        .endm
# Tries an access to window address r4.
        .macro AT offset, insn:vararg
        LOAD64  %r4, WINDOW + \offset
        TRY     \insn
        .endm
# Runs user code at 0x10000 + offset until an interrupt.
        .macro USER offset
        GO      0x10000 + \offset, 0xd032
        .endm

        ENTRY
        COMMON
# Tables.
        RADIX_TABLES
        PUT     0x230008, 0x8000000000231009
        PUT     0x231000, 0xc00000000040000e    # 2 MiB without R and C
        PUT     0x231008, 0x8000000000232009
        PUT     0x231010, 0x8000000000233005    # 64 KiB pages
        PUT     0x231018, 0x8000000000232007    # impossible size
        PUT     0x231020, 0
        PUT     0x231028, 0x8000700000000009    # no memory there
        PUT     0x232000, 0xc00000000050000c    # read only
        PUT     0x232008, 0xc00000000050100e    # read, write
        PUT     0x232010, 0xc000000000502008    # nothing
        PUT     0x232018, 0xc000000000503009    # execute only
        PUT     0x232020, 0xc000000000504006    # problem state page
        PUT     0x232028, 0xc00000000050502f    # guarded
        PUT     0x232030, 0xc00000000050600e
        PUT     0x233000, 0xc00000000051000e
        PUT     0x233008, 0xc00000000052000c
        PUT     0x236088, 0xc000000000601006    # 0x11000: data
        PUT     0x236090, 0xc000000000602004    # 0x12000: read only
        PUT     0x236098, 0xc00000000060300e    # 0x13000: supervisor
        PUTCODE 0x503000, 0x4e800020, 0x4e800020    # blr
        PUTCODE 0x505000, 0x4e800020, 0x4e800020
        PUTCODE 0x506000, 0x4e800020, 0x4e800020
# User code to its page.
        COPY    user, user_end, 0x600000
# Register the process table: new radix table, guest may invalidate.
        RADIX_ON
# Turn translation on at the high alias.
        TRANSLATED
        SHOW    %r20
        AT      0x000010, ld %r3, 0(%r4)
        PEEK    0x231000                        # R
        AT      0x000010, std %r3, 0(%r4)
        PEEK    0x231000                        # R and C
        AT      0x200000, ld %r3, 0(%r4)
        AT      0x200000, std %r3, 0(%r4)
        PEEK    0x232000
        AT      0x201ff8, std %r3, 0(%r4)
        PEEK    0x232008
        AT      0x201ffc, std %r3, 0(%r4)       # crosses into a page without access
        AT      0x201ffc, ld %r3, 0(%r4)
        AT      0x200ffc, std %r3, 0(%r4)       # first page refuses
        AT      0x200ffc, ld %r3, 0(%r4)        # crosses, fine
        AT      0x202000, ld %r3, 0(%r4)
        AT      0x203000, ld %r3, 0(%r4)
        AT      0x204000, ld %r3, 0(%r4)
        AT      0x204000, std %r3, 0(%r4)
        AT      0x207000, ld %r3, 0(%r4)
        AT      0x207000, stw %r3, 0(%r4)
        AT      0x400008, std %r3, 0(%r4)
        AT      0x400008, ld %r3, 0(%r4)
        AT      0x40fffc, ld %r3, 0(%r4)
        AT      0x410000, std %r3, 0(%r4)
        PEEK    0x233000
        PEEK    0x233008
        AT      0x600000, ld %r3, 0(%r4)
        AT      0x800000, ld %r3, 0(%r4)
        AT      0x800000, stb %r3, 0(%r4)
        AT      0xa00000, ld %r3, 0(%r4)
        AT      0x202000, dcbz 0, %r4
        AT      0x201000, dcbz 0, %r4
        AT      0x800000, lwarx %r3, 0, %r4
        AT      0x201000, lwarx %r3, 0, %r4
        AT      0x200000, stwcx. %r3, 0, %r4
        LOAD64  %r4, 0x4000000000000000
        TRY     ld %r3, 0(%r4)
        LOAD64  %r4, 0x8000000000000000
        TRY     std %r3, 0(%r4)
        LOAD64  %r4, 0xc010000000000000
        TRY     ld %r3, 0(%r4)
# Execution.
        .macro  CALL offset
        LOAD64  %r4, WINDOW + \offset
        mtctr   %r4
        TRY     bctrl
        .endm
        CALL    0x203000
        CALL    0x206000                        # no execute permission
        CALL    0x205000                        # guarded
        CALL    0x202000
        CALL    0x800000
        CALL    0x600000
        LOAD64  %r4, 0x8000000000000000
        mtctr   %r4
        TRY     bctrl
# Key 0 guards problem state pages.
        LOAD64  %r3, 0xc000000000000000
        mtspr   29, %r3
        li      %r3, 1
        mtspr   48, %r3
        AT      0x204000, ld %r3, 0(%r4)
        AT      0x204000, std %r3, 0(%r4)
        LOAD64  %r3, 0x8000000000000000
        mtspr   29, %r3
        li      %r3, 1
        mtspr   48, %r3
        AT      0x204000, ld %r3, 0(%r4)
        AT      0x204000, std %r3, 0(%r4)
        li      %r3, 0
        mtspr   29, %r3
        li      %r3, 1
        mtspr   48, %r3
# A changed entry takes effect after tlbie.
        AT      0x206000, ld %r3, 0(%r4)
        LOAD64  %r3, 0x232030 + HIGH
        li      %r5, 0
        std     %r5, 0(%r3)
        ptesync
        LOAD64  %r4, WINDOW + 0x206000
        li      %r5, 0
        tlbie   %r4, %r5, 0, 1, 1
        LOAD64  %r4, 0xc00                       # all processes
        tlbie   %r4, %r5, 2, 1, 1
        ptesync
        AT      0x206000, ld %r3, 0(%r4)
        TRY     tlbie %r4, %r5, 0, 0, 1         # partition scope is not the guest's
        TRY     tlbie %r4, %r5, 3, 1, 1
        TRY     tlbiel %r4, %r5, 0, 0, 1
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
        USER    72
        USER    80
        USER    88
        USER    96
        USER    104
        USER    112
        USER    120
        USER    128
        USER    136
        USER    144
        USER    152
        USER    160
        USER    168
        USER    176
        USER    184
        USER    192
        USER    200
        USER    208
        USER    216
        USER    224
        USER    232
        SHOW    %r3
        USER    240
        USER    248
        USER    256
        USER    264
        PEEK    0x236080
        PEEK    0x236088
        PEEK    0x236090
# Back to real mode for the output.
        UNTRANSLATED
        FINISH

        .macro  U insn:vararg
        \insn
        sc
        .endm
        .set    DATA, 0x11000
user:   U       nop                             # 0
        U       mfmsr %r3
        U       mtmsrd %r3
        U       mfspr %r3, 287
        U       mfspr %r3, 1000                 # 32: undefined, bit 0x10 clear
        U       mfspr %r3, 1020
        U       mtspr 1000, %r3
        U       mfspr %r3, 26
        U       mftb %r3                        # 64
        U       mfspr %r3, 815
        U       mtspr 815, %r3
        U       mfspr %r3, 779                  # 88: MMCR0, readable
        U       mtspr 779, %r3
        U       mfspr %r3, 771
        U       mfspr %r3, 128                  # 112: TFHAR
        U       mfspr %r3, 804
        U       mfspr %r3, 808
        U       mfspr %r3, 13
        U       rfid                            # 144
        U       hrfid
        U       tlbie %r4, %r5, 0, 1, 1
        U       slbia
        U       trap                            # 176
        U       .long 0
        U       scv 0
        U       tbegin. 0                       # 200
        U       fadd %f1, %f2, %f3
        U       ld %r3, 0(%r25)                 # 216: supervisor memory
        U       std %r3, 0(%r25)
        .long   0x44000022                      # 232: hypercall
        sc
        U       lbz %r3, 8(0)                  # 240: nothing mapped
        U       stb %r3, 8(0)
        .long   0x3c600001                      # 256: lis r3, 1
        .long   0xf8632000                      # std r3, 0x2000(r3): read only
        .long   0x3c600001                      # 264
        .long   0xe8633000                      # ld r3, 0x3000(r3): supervisor page
user_end:
        .end
