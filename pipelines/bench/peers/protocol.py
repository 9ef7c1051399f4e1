"""Commands come in, one a line; answers go out, one JSON object a line.

Import this first: what libraries print must not get between the answers.
"""

import json
import os
import sys

_answers = os.fdopen(os.dup(1), "w", buffering=1)
os.dup2(2, 1)


def _reset_peak():
    try:
        with open("/proc/self/clear_refs", "w") as file:
            file.write("5")
    except OSError:
        pass


def _peak_mib():
    with open("/proc/self/status") as file:
        for line in file:
            if line.startswith("VmHWM:"):
                return round(int(line.split()[1]) / 1024)
    return None


def read_records(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def serve(**commands):
    """Calls commands[first word](*other words) for each line, until one says quit."""
    for line in sys.stdin:
        name, *words = line.split()
        if name == "quit":
            break
        _reset_peak()
        answer = commands[name](*words)
        answer["memory_mib"] = _peak_mib()
        _answers.write(json.dumps(answer) + "\n")
    # Libraries with threads of their own may take long to end, or never do.
    os._exit(0)
