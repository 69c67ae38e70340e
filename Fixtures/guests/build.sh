#!/bin/sh
# Assembles the bare-metal guest of the demonstration. Needs binutils-powerpc64-linux-gnu (with gcc-powerpc64-linux-gnu).
# The programs for Linux here are compiled by Scripts/make-initrd when a test wants them.
set -e
cd "$(dirname "$0")"
powerpc64-linux-gnu-as -mbig -o ticker.o ticker.S
powerpc64-linux-gnu-ld -m elf64ppc -Ttext=0 -e 0x100 -o ticker.elf ticker.o
powerpc64-linux-gnu-objcopy -O binary -j .text ticker.elf ticker.bin
rm -f ticker.o ticker.elf
