print("emu-launch")
