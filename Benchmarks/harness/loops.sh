# Loops that run as a machine's firmware, for scripts that time them. Needs $work, a folder for files, and $machine, the
# options of the machine.

image() { # source, loop, count, file
    powerpc64-linux-gnu-as -mbig --defsym COUNT="$3" --defsym LOOP="$2" -o "$work/loop.o" "$1"
    powerpc64-linux-gnu-ld -m elf64ppc -Ttext=0 -e 0x100 -o "$work/loop.elf" "$work/loop.o"
    powerpc64-linux-gnu-objcopy -O binary -j .text "$work/loop.elf" "$4"
}
user() { # command: prints its user CPU seconds
    local TIMEFORMAT=%U
    { time timeout 300 "$@" > /dev/null 2>&1; } 2>&1
}
net() { # label of the file, command: the loop's time without start-up
    local full empty
    full=$(user "${@:2}" "${machine[@]}" -bios "$work/$1.bin")
    empty=$(user "${@:2}" "${machine[@]}" -bios "$work/$1.one.bin")
    echo "$full - $empty" | bc -l
}
