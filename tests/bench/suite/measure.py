"""Processor time and memory of processes, and series of such figures."""

import contextlib
import os
import statistics
import time

PAGE = os.sysconf("SC_PAGE_SIZE")


def cpu_seconds(pid):
    """Processor time of a running process, its ended threads included, to the nanosecond.

    clock_getcpuclockid(3) makes the clock's number in this way.
    """
    return time.clock_gettime((~pid << 3) | 2)


def system_share(pid):
    """The kernel's share of a process's processor time."""
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        fields = file.read().rpartition(")")[2].split()
    user, system = int(fields[11]), int(fields[12])
    return system / max(1, user + system)


def status_bytes(pid, name):
    """A line of /proc/PID/status, as VmHWM and VmRSS, in bytes."""
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        for line in file:
            if line.startswith(name + ":"):
                return int(line.split()[1]) * 1024
    raise KeyError(name)


def memory_of(pids):
    """Resident bytes of these processes together: what is their own, and once what they share."""
    own, shared = 0, 0
    for pid in pids:
        with open(f"/proc/{pid}/statm", encoding="ascii") as file:
            _, resident, of_files = (int(pages) for pages in file.read().split()[:3])
        own += resident - of_files
        shared = max(shared, of_files)
    return (own + shared) * PAGE


def pss_of(pids):
    """Bytes of memory of these processes together, each page counted once: the sum of their shares."""
    total = 0
    for pid in pids:
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # a child that looks and ends
            with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
                total += sum(int(line.split()[1]) for line in file if line.startswith("Pss:"))
    return total * 1024


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
        return [int(child) for child in file.read().split()]


class Series:
    """The values of one figure, one of each repetition."""

    def __init__(self, values=()):
        self.values = list(values)

    @property
    def median(self):
        return statistics.median(self.values)

    @property
    def least(self):
        return min(self.values)

    @property
    def spread(self):
        """The width of the middle: half the distance of the quartiles, as a share of the median."""
        if len(self.values) < 3 or not self.median:
            return 0.0
        first, _, third = statistics.quantiles(self.values, n=4, method="inclusive")
        return (third - first) / 2 / abs(self.median)
