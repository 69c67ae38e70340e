#!/bin/sh
# Assembles the bare-metal guests and records what QEMU's pseries machine prints for each. Needs the powerpc64
# cross binutils and qemu-system-ppc64. Usage: build.sh [guest ...]
#
# NAME-little is NAME.S assembled in the other byte order. The tests run whatever has a NAME.CPU.expected here.
set -e
cd "$(dirname "$0")"
all="exceptions exceptions-little little radix radix-little hash hash-little relocated relocated-little
    supervisor supervisor-little sprs monitor monitor-little tables tables-little segments segments-little gating gating-little"
[ $# -gt 0 ] || set -- $all
powerpc64-linux-gnu-as -mbig -o stub.o little-stub.S
powerpc64-linux-gnu-objcopy -O binary -j .text stub.o stub.bin
for guest; do
    case $guest in
    little | *-little) order="-mlittle --defsym LITTLE=1"; format=elf64lppc ;;
    *) order=-mbig; format=elf64ppc ;;
    esac
    case $guest in
    hash | segments) machines="power8 power9" ;;
    supervisor*) machines="power8 power9 power10" ;;
    tables | relocated) machines="power9 power10" ;;
    monitor* | gating*) machines="power8 power9 power10" ;;
    sprs) machines="970 power7 power7+ power8 power8e power8nvl power9 power10" ;;
    *) machines="power9" ;;
    esac
    # shellcheck disable=SC2086
    powerpc64-linux-gnu-as $order -o $guest.o ${guest%-little}.S
    powerpc64-linux-gnu-ld -m $format -Ttext=0 -e 0x100 -o $guest.elf $guest.o
    powerpc64-linux-gnu-objcopy -O binary -j .text $guest.elf $guest.bin
    for cpu in $machines; do
        timeout 20 qemu-system-ppc64 -M pseries,cap-htm=off,cap-cfpc=broken,cap-sbbc=broken,cap-ibs=broken,cap-hpt-max-page-size=16m \
            -cpu $cpu -m 256 -display none -nodefaults -serial stdio -bios $guest.bin > $guest.$cpu.expected
    done
done
rm -f ./*.o ./*.elf stub.bin
