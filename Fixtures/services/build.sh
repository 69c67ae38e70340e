#!/bin/sh
# Compiles the guest that calls every hypercall and runtime service, and records what it prints in QEMU's pseries machine.
# Needs gcc-powerpc64-linux-gnu and qemu-system-ppc64 7.2.
set -e
cd "$(dirname "$0")"
powerpc64-linux-gnu-gcc -mbig-endian -mabi=elfv2 -mcpu=power8 -mno-vsx -mno-altivec -msoft-float -mcmodel=small \
    -ffreestanding -fno-builtin -fno-stack-protector -fno-pic -fno-pie -fno-asynchronous-unwind-tables -O1 -Wall -Wextra \
    -c services.c
powerpc64-linux-gnu-gcc -mbig-endian -mabi=elfv2 -c start.S
powerpc64-linux-gnu-ld -m elf64ppc -N --no-warn-rwx-segments -static -Ttext=0 -e _start -o services.elf start.o services.o
powerpc64-linux-gnu-objcopy -O binary -R .comment services.elf services.bin
rm -f start.o services.o services.elf
for cpu in power8 power9 power10; do
    timeout 60 qemu-system-ppc64 -M pseries-7.2,cap-htm=off,cap-cfpc=broken,cap-sbbc=broken,cap-ibs=broken,cap-ccf-assist=off \
        -cpu $cpu -smp 1,maxcpus=3 -m 1G,slots=2,maxmem=2G -display none -nodefaults -serial stdio -bios services.bin \
        > services.$cpu.expected
done
