#!/bin/sh
# Assembles the bare-metal guests of two threads and records what QEMU's pseries machine prints. Needs the powerpc64 cross
# binutils and qemu-system-ppc64. QEMU may take seconds to notice a patched branch that another thread executes in a loop,
# so it patches once where we do a hundred times; what is printed is the same.
set -e
cd "$(dirname "$0")"
assemble() {
    powerpc64-linux-gnu-as -mbig -I ../baremetal "$@" -o cross.o cross.S
    powerpc64-linux-gnu-ld -m elf64ppc -Ttext=0 -e 0x100 -o cross.elf cross.o
    powerpc64-linux-gnu-objcopy -O binary -j .text cross.elf cross.bin
}
assemble --defsym ROUNDS=1
timeout 100 qemu-system-ppc64 -M pseries,cap-htm=off,cap-cfpc=broken,cap-sbbc=broken,cap-ibs=broken,cap-hpt-max-page-size=16m \
    -cpu power9 -smp 2 -m 256 -display none -nodefaults -serial stdio -bios cross.bin > cross.expected
assemble
rm -f cross.o cross.elf
