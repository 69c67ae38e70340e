#!/bin/sh
# Assembles the bare-metal guests and records what QEMU's pseries machine prints for each. Needs the powerpc64
# cross binutils and qemu-system-ppc64. Usage: build.sh [guest ...]
set -e
cd "$(dirname "$0")"
[ $# -gt 0 ] || set -- exceptions little radix hash relocated
for guest; do
    case $guest in
    little) order=-mlittle; format=elf64lppc; machines="power9" ;;
    hash) order=-mbig; format=elf64ppc; machines="power8 power9" ;;
    relocated) order=-mbig; format=elf64ppc; machines="power9 power10" ;;
    *) order=-mbig; format=elf64ppc; machines="power9" ;;
    esac
    if [ "$guest" = little ]; then
        powerpc64-linux-gnu-as -mbig -o stub.o little-stub.S
        powerpc64-linux-gnu-objcopy -O binary -j .text stub.o stub.bin
    fi
    powerpc64-linux-gnu-as $order -o $guest.o $guest.S
    powerpc64-linux-gnu-ld -m $format -Ttext=0 -e 0x100 -o $guest.elf $guest.o
    powerpc64-linux-gnu-objcopy -O binary -j .text $guest.elf $guest.bin
    for cpu in $machines; do
        timeout 20 qemu-system-ppc64 -M pseries,cap-htm=off,cap-cfpc=broken,cap-sbbc=broken,cap-ibs=broken,cap-hpt-max-page-size=16m \
            -cpu $cpu -m 256 -display none -nodefaults -serial stdio -bios $guest.bin > $guest.$cpu.expected
    done
done
rm -f ./*.o ./*.elf stub.bin
