"""Write a folder many times over, and be killed or refused by the system at each step in turn.

Run as a program of its own, so that a process can be killed and forking is cheap:
`python interrupted.py FOLDER kill|refuse one-step|two-steps` prints how many steps there were.
"""

import errno
import os
import signal
import sys
from pathlib import Path

from targeting import whole

STEPS = ("open", "os.", "ctypes.")  # the last is the exchange of two folders


class Steps:
    """Counts what a process asks of the file system, and ends it, or the asking, at one of them."""

    def __init__(self) -> None:
        self.count, self.at, self.fault = 0, 0, 0
        sys.addaudithook(self._audit)

    def arm(self, at: int, fault: int = 0) -> None:
        """From now on count anew; at the step `at` be killed, or get the error `fault`."""
        self.count, self.at, self.fault = 0, at, fault

    def _audit(self, event: str, _: object) -> None:
        if self.at and event.startswith(STEPS):
            self.count += 1
            if self.count == self.at:
                if not self.fault:
                    os.kill(os.getpid(), signal.SIGKILL)
                self.at = 0
                raise OSError(self.fault, os.strerror(self.fault))


def write(place: Path, mark: str) -> None:
    """Write a folder of three files that all say the same."""
    with whole.whole_folder(place) as partial:
        for name in ("map.html", "run.json", "routes.csv"):
            (partial / name).write_text(mark)


def state(place: Path) -> str:
    """Return what all the files of the folder say; empty where there is no folder."""
    if not place.exists():
        return ""
    assert sorted(path.name for path in place.iterdir()) == ["map.html", "routes.csv", "run.json"]
    (said,) = {path.read_text() for path in place.iterdir()}
    return said


def killed(steps: Steps, place: Path, before: str, *, one_step: bool) -> int:
    """Kill a writer at each step in turn; return how many steps there were."""
    for at in range(1, 1000):
        new = f"{before or 'new'} {at}"
        child = os.fork()
        if not child:
            steps.arm(at)
            write(place, new)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if one_step:
            assert state(place) in {before, new}, (at, state(place))
        else:
            assert state(place) in {before, new, ""}, (at, state(place))
            whole.restore(place)
            assert state(place) in {before, new}, (at, state(place))
        with whole.alone(place):  # the next command
            pass
        assert state(place) in {before, new}, (at, state(place))
        left = [path.name for path in place.parent.iterdir() if path != place]
        assert not left, (at, left)
        if status == 0:
            assert state(place) == new
            return at
        assert os.WTERMSIG(status) == signal.SIGKILL
        if before:
            write(place, before)
        elif place.exists():
            whole.remove(place)
    raise AssertionError("no end of steps")


def refused(steps: Steps, place: Path, before: str, fault: int) -> int:
    """Let the system refuse each step in turn; return how many steps there were."""
    for at in range(1, 1000):
        new, expected = f"{before} {at}", before
        steps.arm(at, fault)
        try:
            write(place, new)
            expected = new
        except OSError as error:
            if error.errno != fault:
                raise
        ended, steps.at = bool(steps.at), 0
        assert state(place) == expected, at
        write(place, before)
        assert state(place) == before
        left = [path.name for path in place.parent.iterdir() if path != place]
        assert not left, (at, left)
        if ended:
            return at
    raise AssertionError("no end of steps")


def main(folder: str, how: str, swap: str) -> None:
    """Run one of the trials."""
    place, steps = Path(folder) / "plan", Steps()
    one_step = swap == "one-step"
    if not one_step:
        whole._exchange = lambda one, other: False  # type: ignore[assignment]
    if how == "kill":
        first = killed(steps, place, "", one_step=one_step)
        again = killed(steps, place, f"new {first}", one_step=one_step)
        print(first, again)
    else:
        write(place, "old")
        print(*(refused(steps, place, "old", fault) for fault in (errno.ENOSPC, errno.EACCES)))


if __name__ == "__main__":
    main(*sys.argv[1:])
