import EmuCore
import Foundation
import Migration
import PPCTarget

// Boots a kernel with a console driven by this program, types a command and checks the answer; then copies the running
// machine into memory and lets two machines go on from the copy, both at once.
//
// Usage: boot-linux [VMLINUX INITRD]  (an initrd with a shell at /bin/sh; by default Debian's installer for ppc64el,
// package debian-installer-12-netboot-ppc64el)

let installed = "/usr/lib/debian-installer/images/12/ppc64el/text/debian-installer/ppc64el/"
let arguments = CommandLine.arguments.dropFirst()
guard arguments.isEmpty || arguments.count == 2 else {
    print("usage: boot-linux [VMLINUX INITRD]")
    exit(1)
}
let kernel = arguments.first ?? installed + "vmlinux"
let initrd = arguments.last ?? installed + "initrd.gz"

/// A machine and the terminal that its guest talks to.
struct Guest {
    let machine: SpaprMachine
    let console: Console

    init(kernel: String?, initrd: String?) throws {
        var made: Console?
        let platform = SpaprServices { _ in TranslatingEngine(.preferred) }
        machine = try SpaprMachine.make("pseries", platform: platform, properties: ["x-vof": true]) {
            machine, options in
            let terminal = Console(machine: machine)
            made = terminal
            options.memory.size = 512 << 20
            options.cpu = "power9"
            options.terminals = [terminal.backend]
            options.kernel = kernel
            options.initrd = initrd
            if kernel != nil { options.commandLine = "console=hvc0 rdinit=/bin/sh quiet" }
        }
        guard let made else { throw ObjectError("the machine was built without its terminal") }
        console = made
    }

    func set(_ state: RunState) { machine.withLock { machine.setRunState(state) } }
}

let first = try Guest(kernel: kernel, initrd: initrd)
first.set(.running)
try first.console.expect("~ # ", timeout: 300)
first.console.send("secret=$((6 * 7)); echo the answer is $secret\n")
print(try first.console.expect("the answer is 42", timeout: 60))

// Paused, the guest says nothing and loses nothing.
first.set(.paused)
let copy = try MigrationController(machine: first.machine).save()
print("a copy of the running machine has \(copy.count >> 20) MiB")

// Machines of the same make take it; what the first one loaded is in the copy.
let others = try (1...2).map { _ in try Guest(kernel: nil, initrd: nil) }
for other in others { try MigrationController(machine: other.machine).load(copy) }
let everyone = [first] + others
for guest in everyone { guest.set(.running) }
// All of them work on it at the same time; each has the shell's variable, and none sees what another is told.
for (number, guest) in everyone.enumerated() {
    guest.console.send("echo machine \(number): $((secret + \(number)))\n")
}
for (number, guest) in everyone.enumerated() {
    try guest.console.expect("machine \(number): \(42 + number)", timeout: 60)
    print("machine \(number) goes on")
}
for guest in everyone { guest.set(.paused) }
