#!/usr/bin/python3
"""Runs a command on a terminal of its own and prints what it writes there: terminal.py [STEP...] -- COMMAND...

Steps are taken in order while the command runs:

    --size COLUMNSxLINES   the terminal's size; a first one before the command starts
    --until TEXT           waits until the command has written the text after what was waited for before
    --key KEYS             types them
    --signal NAME          sends the signal, INT for instance
    --suspend SECONDS      stops it as the key ^Z does, and continues it after so long

The exit status is the command's, 128 and the number for a signal. It is 99 when the command is not
done in time, and 98 when it leaves the terminal in another state than it found it, at its end or
while it is stopped.
"""

import fcntl
import os
import select
import signal
import struct
import sys
import termios
import time

SECONDS = 30
TOO_LATE = 99
NOT_RESTORED = 98
SIGNAL_BASE = 128


class NotRestored(Exception):
    pass


class Terminal:
    def __init__(self, size, command):
        self.master, slave = os.openpty()
        self.slave = slave
        self.resize(size)
        self.before = termios.tcgetattr(slave)
        self.output = b""
        self.deadline = time.monotonic() + SECONDS
        self.pid = os.fork()
        if self.pid == 0:
            os.setsid()
            fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
            for descriptor in range(3):
                os.dup2(slave, descriptor)
            os.closerange(3, slave + 1)
            # As a login shell leaves them; a script's background job ignores these two.
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            signal.signal(signal.SIGQUIT, signal.SIG_DFL)
            os.execvp(command[0], command)

    def resize(self, size):
        columns, _, lines = size.partition("x")
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", int(lines), int(columns), 0, 0))

    def suspend(self, seconds):
        """True if the terminal is meanwhile as it was found."""
        os.kill(self.pid, signal.SIGTSTP)
        while self.state() != "T":
            self.read()
        restored = termios.tcgetattr(self.slave) == self.before
        time.sleep(seconds)
        os.kill(self.pid, signal.SIGCONT)
        return restored

    def state(self):
        with open(f"/proc/{self.pid}/stat", encoding="ascii") as stat:
            return stat.read().rpartition(")")[2].split()[0]

    def read(self):
        """Takes what has been written within a moment."""
        if time.monotonic() > self.deadline:
            raise TimeoutError
        if select.select([self.master], [], [], 0.1)[0]:
            self.output += os.read(self.master, 1 << 16)
            return True
        return False

    def wait(self):
        """The command's exit status, with all that it has written taken."""
        while True:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                break
            self.read()
        while self.read():
            pass
        if os.WIFSIGNALED(status):
            return SIGNAL_BASE + os.WTERMSIG(status)
        return os.WEXITSTATUS(status)


def parse(arguments):
    if "--" not in arguments:
        sys.exit(__doc__)
    middle = arguments.index("--")
    steps = list(zip(arguments[:middle:2], arguments[1:middle:2]))
    size = "80x24"
    if steps and steps[0][0] == "--size":
        size = steps.pop(0)[1]
    return size, steps, arguments[middle + 1:]


def take(terminal, steps):
    seen = 0
    for name, value in steps:
        if name == "--until":
            text = value.encode()
            while terminal.output.find(text, seen) < 0:
                terminal.read()
            seen = terminal.output.find(text, seen) + len(text)
        elif name == "--key":
            os.write(terminal.master, value.encode())
        elif name == "--signal":
            os.kill(terminal.pid, getattr(signal, "SIG" + value))
        elif name == "--suspend":
            if not terminal.suspend(float(value)):
                raise NotRestored
            seen = len(terminal.output)
        elif name == "--size":
            seen = len(terminal.output)
            terminal.resize(value)
        else:
            sys.exit(f"terminal.py: there is no step {name}")


def main():
    size, steps, command = parse(sys.argv[1:])
    terminal = Terminal(size, command)
    try:
        take(terminal, steps)
        status = terminal.wait()
        if termios.tcgetattr(terminal.slave) != terminal.before:
            raise NotRestored
    except (TimeoutError, NotRestored) as fault:
        status = NOT_RESTORED if isinstance(fault, NotRestored) else TOO_LATE
        if status == TOO_LATE:
            os.kill(terminal.pid, signal.SIGKILL)
    sys.stdout.buffer.write(terminal.output)
    sys.stdout.flush()
    sys.exit(status)


if __name__ == "__main__":
    main()
