import EmuCore
import Foundation
import PPCTarget

// Boots a kernel with a console driven by this program, types a command, checks the answer.
//
// Usage: boot-linux VMLINUX INITRD  (an initrd with a shell at /bin/sh, such as Debian's installer)

guard CommandLine.arguments.count == 3 else {
    print("usage: boot-linux VMLINUX INITRD")
    exit(1)
}
var console: Console?
let platform = SpaprServices { _ in TranslatingEngine(.preferred) }
let machine = try SpaprMachine.make("pseries", platform: platform, properties: ["x-vof": true]) { machine, options in
    let terminal = Console(machine: machine)
    console = terminal
    options.memory.size = 1 << 30
    options.cpu = "power9"
    options.terminals = [terminal.backend]
    options.kernel = CommandLine.arguments[1]
    options.initrd = CommandLine.arguments[2]
    options.commandLine = "console=hvc0 rdinit=/bin/sh"
}
guard let console else { exit(1) }
machine.withLock { machine.setRunState(.running) }
try console.expect("# ", timeout: 120)
console.send("echo $((6 * 7)) is the answer\n")
let output = try console.expect("42 is the answer", timeout: 30)
print(output)
machine.withLock { machine.setRunState(.paused) }
