"""Describes this machine, so that figures can be compared with those of another."""

import os
import platform
import re
from importlib.metadata import version
from pathlib import Path

PACKAGES = ("numpy", "onnxruntime", "pysimdjson", "pybase64", "aws-lambda-powertools", "uvicorn", "httptools", "uvloop")


def describe() -> dict[str, str]:
    return {
        "processor": _processor(),
        "cores": str(os.cpu_count()),
        "memory": _memory(),
        "kernel": f"{platform.system()} {platform.release()}, {platform.machine()}",
        "Python": f"{platform.python_implementation()} {platform.python_version()}",
        "libraries": ", ".join(f"{package} {version(package)}" for package in PACKAGES),
    }


def load() -> float:
    """The load average of the last minute; above about 1, something else was running."""
    return os.getloadavg()[0]


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    text = cpuinfo.read_text() if cpuinfo.exists() else ""
    model = re.search(r"^model name\s*: (.+)$", text, re.MULTILINE)
    flags = re.search(r"^flags\s*: (.+)$", text, re.MULTILINE)
    wide = [name for name in ("avx2", "avx512f", "avx512_vnni") if flags and name in flags[1].split()]
    return f"{model[1] if model else platform.processor()} ({', '.join(wide) or 'no wide instructions known'})"


def _memory() -> str:
    return f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB"
