import ArgumentParser

/// The command line, in QEMU's spelling. Parsing only; ``Launcher`` acts on it.
struct LaunchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "emu-launch",
        abstract: "Runs a Power server machine (pseries), and exchanges its state with QEMU.",
        discussion: """
            Options are spelled as QEMU's. Values of the form key=value,key=value may also be given as JSON objects.
            """,
        version: "emu-launch (EmuCore) 0.1, machine protocol of QEMU 7.2")

    @Option(
        name: [.customShort("M"), .customLong("machine", withSingleDash: true)],
        parsing: .unconditionalSingleValue,
        help: "Machine type and properties: pseries-X.Y[,prop=value…]; help lists the types.")
    var machine: [String] = []

    @Option(
        name: .customLong("cpu", withSingleDash: true), parsing: .unconditional, help: "CPU model; help lists them.")
    var cpu: String?

    @Option(
        name: .customLong("accel", withSingleDash: true), parsing: .unconditionalSingleValue,
        help: "tcg[,engine=interpreter|blocks|native][,thread=single|multi][,tb-size=MiB]")
    var accel: [String] = []

    @Option(
        name: .customLong("smp", withSingleDash: true), parsing: .unconditional,
        help: "[cpus=]n[,maxcpus=][,sockets=][,cores=][,threads=]")
    var smp: String?

    @Option(
        name: .customShort("m"), parsing: .unconditionalSingleValue,
        help: "[size=]megs[,slots=n,maxmem=size]")
    var memory: [String] = []

    @Option(
        name: .customLong("mem-path", withSingleDash: true), parsing: .unconditional,
        help: "File or folder that backs guest RAM.")
    var memPath: String?

    @Flag(name: .customLong("mem-prealloc", withSingleDash: true), help: "Preallocate guest RAM.")
    var memPrealloc = false

    @Option(
        name: .customLong("object", withSingleDash: true), parsing: .unconditionalSingleValue,
        help: "TYPE,id=ID[,prop=value…]: creates an object, such as a memory back end.")
    var object: [String] = []

    @Option(
        name: .customLong("numa", withSingleDash: true), parsing: .unconditionalSingleValue,
        help: "node[,memdev=ID][,mem=SIZE][,cpus=A-B][,nodeid=N] or dist,src=,dst=,val=")
    var numa: [String] = []

    @Option(
        name: .customLong("global", withSingleDash: true), parsing: .unconditionalSingleValue,
        help: "driver.property=value: presets a property for all devices of a driver.")
    var global: [String] = []

    @Option(
        name: .customLong("device", withSingleDash: true), parsing: .unconditionalSingleValue,
        help: "DRIVER[,prop=value…]: adds a device.")
    var device: [String] = []

    @Flag(name: .customLong("nodefaults", withSingleDash: true), help: "Add no default devices.")
    var nodefaults = false

    @Option(name: .customLong("bios", withSingleDash: true), parsing: .unconditional, help: "Firmware image.")
    var bios: String?

    @Option(name: .customLong("kernel", withSingleDash: true), parsing: .unconditional, help: "Kernel image (ELF).")
    var kernel: String?

    @Option(name: .customLong("initrd", withSingleDash: true), parsing: .unconditional, help: "Initial RAM disk.")
    var initrd: String?

    @Option(name: .customLong("append", withSingleDash: true), parsing: .unconditional, help: "Kernel command line.")
    var append: String?

    @Option(
        name: .customShort("L"), parsing: .unconditionalSingleValue, help: "Folder in which firmware is looked for.")
    var firmwarePath: [String] = []

    @Option(
        name: .customLong("boot", withSingleDash: true), parsing: .unconditional, help: "[order=]drives[,menu=on|off]")
    var boot: String?

    @Option(
        name: .customLong("drive", withSingleDash: true), parsing: .unconditionalSingleValue,
        help: "if=pflash,file=FILE[,format=raw]: keeps the guest's NVRAM in a file of 8 KiB to 1 MiB.")
    var drive: [String] = []

    @Option(
        name: .customLong("pflash", withSingleDash: true), parsing: .unconditionalSingleValue,
        help: "FILE: the same as -drive if=pflash,format=raw,file=FILE.")
    var pflash: [String] = []

    @Option(
        name: .customLong("chardev", withSingleDash: true), parsing: .unconditionalSingleValue,
        help: "TYPE,id=ID[,…]: makes a character back end (null, stdio, file, pipe, pty, socket, ringbuf).")
    var chardev: [String] = []

    @Option(
        name: .customLong("serial", withSingleDash: true), parsing: .unconditionalSingleValue,
        help:
            "Terminal of the guest: stdio, null, pty, file:PATH, unix:PATH,server=on, tcp:HOST:PORT, chardev:ID, none.")
    var serial: [String] = []

    @Option(
        name: .customLong("monitor", withSingleDash: true), parsing: .unconditionalSingleValue,
        help: "Human monitor on a character device, or none.")
    var monitor: [String] = []

    @Option(
        name: .customLong("qmp", withSingleDash: true), parsing: .unconditionalSingleValue,
        help: "Machine protocol on a character device: stdio, unix:PATH,server=on,wait=off, tcp:HOST:PORT,server=on,…")
    var qmp: [String] = []

    @Option(
        name: .customLong("mon", withSingleDash: true), parsing: .unconditionalSingleValue,
        help: "[chardev=]ID,mode=control|readline")
    var mon: [String] = []

    @Option(
        name: .customLong("display", withSingleDash: true), parsing: .unconditional,
        help: "none; there is no graphical display.")
    var display: String?

    @Flag(
        name: .customLong("nographic", withSingleDash: true),
        help: "Guest terminal on stdio; Ctrl-A x leaves, Ctrl-A c switches to the monitor.")
    var nographic = false

    @Option(name: .customLong("vga", withSingleDash: true), parsing: .unconditional, help: "none")
    var vga: String?

    @Option(
        name: [.customLong("net", withSingleDash: true), .customLong("nic", withSingleDash: true)],
        parsing: .unconditionalSingleValue, help: "none")
    var net: [String] = []

    @Option(name: .customLong("uuid", withSingleDash: true), parsing: .unconditional, help: "UUID of the machine.")
    var uuid: String?

    @Option(name: .customLong("name", withSingleDash: true), parsing: .unconditional, help: "Name of the guest.")
    var name: String?

    @Option(
        name: .customLong("incoming", withSingleDash: true), parsing: .unconditional,
        help: "Wait for a stream: exec:COMMAND, fd:N, unix:PATH, tcp:HOST:PORT, file:PATH[,offset=N], or defer.")
    var incoming: String?

    @Option(
        name: .customLong("write-for-release", withSingleDash: true), parsing: .unconditional,
        help:
            "Write streams as a QEMU release reads them: 7.2, …, newest, or any (default: the oldest sufficient form).")
    var writeForRelease: String?

    @Option(
        name: .customLong("check-stream", withSingleDash: true), parsing: .unconditional,
        help: "Compare the stream in a file with the machine of this command line, print all that differs, and exit.")
    var checkStream: String?

    @Flag(name: .customShort("S"), help: "Do not start CPUs; `cont` in a monitor does.")
    var startStopped = false

    @Flag(name: .customLong("no-reboot", withSingleDash: true), help: "Exit instead of rebooting.")
    var noReboot = false

    @Flag(name: .customLong("no-shutdown", withSingleDash: true), help: "Stay when the guest switches itself off.")
    var noShutdown = false

    @Option(
        name: .customLong("action", withSingleDash: true), parsing: .unconditionalSingleValue,
        help: "reboot=reset|shutdown,shutdown=poweroff|pause,panic=shutdown|pause|exit-failure|none")
    var action: [String] = []

    @Option(
        name: .customShort("d"), parsing: .unconditionalSingleValue,
        help: "Log items, separated by commas; -d help lists them.")
    var log: [String] = []

    @Option(name: .customShort("D"), parsing: .unconditional, help: "File for the log.")
    var logFile: String?

    @Option(
        name: .customLong("dfilter", withSingleDash: true), parsing: .unconditional,
        help: "Addresses to log code of: FIRST..LAST, START+LENGTH, END-LENGTH, separated by commas.")
    var logFilter: String?

    @Flag(name: .customLong("perfmap", withSingleDash: true), help: "Write /tmp/perf-PID.map for Linux perf.")
    var perfMap = false

    @Option(
        name: .customLong("rtc", withSingleDash: true), parsing: .unconditional,
        help: "[base=utc|DATE][,clock=host|vm]: the guest's time of day; clock=vm goes with the guest's time.")
    var rtc: String?

    @Option(
        name: .customLong("seed", withSingleDash: true), parsing: .unconditional,
        help: "Random numbers for the guest are a sequence that this number decides.")
    var seed: UInt64?

    @Option(name: .customLong("pidfile", withSingleDash: true), parsing: .unconditional, help: "Write the process id.")
    var pidFile: String?

    @Option(
        name: .customLong("icount", withSingleDash: true), parsing: .unconditional,
        help: "shift=N[,sleep=on|off][,align=off]: an instruction takes 2^N nanoseconds of the guest's time.")
    var icount: String?

    func run() throws { try Launcher(self).run() }
}
