// A runner's own registers while registers of a case are in their place; SAVE is where they wait.
    .macro save_own
    mflr 0
    std 0, SAVE(0)
    std 1, SAVE+8(0)
    std 2, SAVE+16(0)
    mfcr 0
    std 0, SAVE+24(0)
    .set i, 13
    .rept 19
    .set off, SAVE + 32 + (i - 13) * 8
    std i, off(0)
    .set i, i + 1
    .endr
    .endm

    // Back to whoever called.
    .macro return_own
    ld 0, SAVE(0)
    mtlr 0
    ld 1, SAVE+8(0)
    ld 2, SAVE+16(0)
    ld 0, SAVE+24(0)
    mtcrf 255, 0
    .set i, 13
    .rept 19
    .set off, SAVE + 32 + (i - 13) * 8
    ld i, off(0)
    .set i, i + 1
    .endr
    blr
    .endm
