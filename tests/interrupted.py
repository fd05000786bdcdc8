"""Write the same place many times over, and be killed or refused by the system at each step in turn.

Run as a program of its own, so that processes can be killed and forking is cheap:
`python interrupted.py FOLDER WHAT HOW SWAP` prints how many steps there were. WHAT is folder, files or
fetch; HOW is kill or refuse; SWAP is one-step, or two-steps as where folders cannot be exchanged.
"""

import errno
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from targeting import whole

STEPS = ("open", "os.", "ctypes.")  # the last is the exchange of two folders
NAMES = ("map.html", "routes.csv", "run.json")


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


@dataclass
class Trial:
    """Something that is written, and what may be found there.

    Attributes
    ----------
    write : callable
        Writes into a place files that all say a mark.
    states : callable
        What the files of the place say; raises AssertionError where one of them is not whole.
    mixed : bool
        Whether some files may be those of before while others are new, each whole.
    stride : int
        Which steps are tried: every one, or every seventh where there are many.
    """

    write: Callable[[Path, str], None]
    states: Callable[[Path], set[str]]
    mixed: bool = False
    stride: int = 1

    def sound(self, place: Path, *marks: str) -> bool:
        """Tell whether the files say one of the marks, all the same one unless they may be mixed."""
        found = self.states(place)
        return found <= set(marks) and (self.mixed or len(found) <= 1)


def write_folder(place: Path, mark: str) -> None:
    """Write as `plan` does."""
    with whole.whole_folder(place) as partial:
        for name in NAMES:
            (partial / name).write_text(mark)


def write_files(place: Path, mark: str) -> None:
    """Write as `picture` and `report` do."""
    place.mkdir(exist_ok=True)
    with whole.alone(place), whole.whole_files(place) as partial:
        for name in NAMES:
            (partial / name).write_text(mark)


def states(place: Path) -> set[str]:
    """Return what the files say; nothing where there is no folder."""
    if not place.exists():
        return set()
    return {path.read_text() for path in place.iterdir() if path.name in NAMES}


def states_of_folder(place: Path) -> set[str]:
    """Return what the files say, all of which must be there if the folder is."""
    if place.exists():
        assert sorted(path.name for path in place.iterdir()) == list(NAMES)
    return states(place)


TRIALS = {"folder": Trial(write_folder, states_of_folder), "files": Trial(write_files, states, mixed=True)}


def leftovers(place: Path) -> list[Path]:
    """Return what is hidden in the place or beside it."""
    return list(place.parent.rglob(".*"))


def killed(trial: Trial, steps: Steps, place: Path, before: str, *, one_step: bool) -> int:
    """Kill a writer at each step in turn; return how many steps there were."""
    for at in range(1, 1000, trial.stride):
        new = f"{before or 'new'} {at}"
        child = os.fork()
        if not child:
            steps.arm(at)
            trial.write(place, new)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        assert trial.sound(place, before, new), (at, trial.states(place))
        if before and not one_step:
            whole.restore(place)
        assert not before or trial.states(place), (at, "neither the one before nor the new one")
        with whole.alone(place):  # as every command begins
            pass
        assert trial.sound(place, before, new), (at, trial.states(place))
        if status == 0:
            assert trial.states(place) == {new}
            return at
        assert os.WTERMSIG(status) == signal.SIGKILL
        trial.write(place, before or "between")
        assert trial.states(place) == {before or "between"}
        assert not leftovers(place), (at, leftovers(place))
        if not before:
            whole.remove(place)
    raise AssertionError("no end of steps")


def refused(trial: Trial, steps: Steps, place: Path, before: str, fault: int) -> int:
    """Let the system refuse each step in turn; return how many steps there were."""
    for at in range(1, 1000, trial.stride):
        new = f"{before} {at}"
        marks = {before}
        steps.arm(at, fault)
        try:
            trial.write(place, new)
            marks = {new}
        except OSError as error:
            if error.errno != fault:
                raise
        ended, steps.at = bool(steps.at), 0
        assert trial.states(place) == marks or (trial.mixed and trial.sound(place, before, new)), at
        trial.write(place, before)
        assert trial.states(place) == {before}
        assert not leftovers(place), (at, leftovers(place))
        if ended:
            return at
    raise AssertionError("no end of steps")


def main(folder: str, what: str, how: str, swap: str) -> None:
    """Run one of the trials."""
    place, steps = Path(folder) / "plan", Steps()
    one_step = swap == "one-step"
    os.fsync = lambda file: None  # only a power cut would tell, and it takes long
    if not one_step:
        whole._exchange = lambda one, other: False  # type: ignore[assignment]
    if what == "fetch":
        import interrupted_fetch

        trial = Trial(interrupted_fetch.write, interrupted_fetch.states, mixed=True, stride=7)
    else:
        trial = TRIALS[what]
    if how == "kill":
        first = killed(trial, steps, place, "", one_step=one_step)
        again = killed(trial, steps, place, f"new {first}", one_step=one_step)
        print(first, again)
    else:
        trial.write(place, "old")
        print(*(refused(trial, steps, place, "old", fault) for fault in (errno.ENOSPC, errno.EACCES)))


if __name__ == "__main__":
    main(*sys.argv[1:])
