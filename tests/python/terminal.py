"""Runs a program in a terminal of 100 columns, types a text there, and copies what it shows to standard output.

Usage: terminal.py TYPED PROGRAM [ARGUMENT]...
"""

import fcntl
import os
import pty
import struct
import sys
import termios

pid, terminal = pty.fork()
if pid == 0:
    fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 100, 0, 0))
    os.execv(sys.argv[2], sys.argv[2:])
# The terminal keeps it until the program reads a line.
os.write(terminal, sys.argv[1].encode())
while True:
    try:
        shown = os.read(terminal, 65536)
    except OSError:
        # Linux says so when the program has closed the terminal.
        break
    if not shown:
        break
    sys.stdout.buffer.write(shown)
    sys.stdout.buffer.flush()
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
