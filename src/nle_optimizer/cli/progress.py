"""A bar on stderr for whatever takes over a second, on a terminal only."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from nle_optimizer.errors import on_one_line

DELAY = 1.0


@dataclass
class Steps:
    """Told each step as it begins; remembers how long each took."""

    bar: Any = None
    seconds: dict[str, float] = field(default_factory=dict)
    _step: str = ""
    _began: float = 0.0

    def __call__(self, step: str) -> None:
        """The named step begins."""
        now = time.perf_counter()
        if self._step:
            self.seconds[self._step] = round(now - self._began, 4)
        self._step, self._began = step, now
        if self.bar is not None and step:
            self.bar.set_description_str(on_one_line(step))
            self.bar.update()

    def detail(self, text: str) -> None:
        """What is being done within the step; shown on a terminal only."""
        if self.bar is not None:
            self.bar.set_description_str(on_one_line(text))


@contextmanager
def steps(name: str, total: int) -> Iterator[Steps]:
    """Follow the steps of one task, of which there are `total`."""
    if not sys.stderr.isatty():
        told = Steps()
        yield told
        told("")
        return
    from tqdm import tqdm

    layout = "{desc:<24} {bar:24} {n_fmt}/{total_fmt} {elapsed}"
    with tqdm(total=total, delay=DELAY, leave=False, file=sys.stderr, bar_format=layout, desc=on_one_line(name)) as bar:
        told = Steps(bar)
        yield told
        told("")
