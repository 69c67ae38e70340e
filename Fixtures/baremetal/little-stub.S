# Big-endian entry of the little-endian guest: asks for little-endian interrupts and goes there itself.
        .text
        .machine power10
        li      %r3, 0x31c              # H_SET_MODE: interrupts little-endian
        li      %r4, 1
        li      %r5, 4
        li      %r6, 0
        li      %r7, 0
        sc      1
        li      %r3, 1
        sldi    %r3, %r3, 63
        ori     %r3, %r3, 1
        mtspr   27, %r3
        li      %r3, 0x1000
        mtspr   26, %r3
        rfid
        .end
