"""Settings of two runs, key by key, from `scenario.resolved.yaml`: what differs, and who set it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nle_optimizer.reports.settings import Setting


@dataclass(frozen=True)
class SettingChange:
    """A setting that is not the same in both runs; None on the side where it is not set."""

    key: str
    first: Setting | None
    second: Setting | None


def settings_that_differ(first: Mapping[str, Setting], second: Mapping[str, Setting]) -> tuple[SettingChange, ...]:
    """Every setting whose value differs, in the order of the files; a mere difference of origin is none."""
    keys = sorted({*first, *second})
    order = {key: n for settings in (second, first) for n, key in enumerate(settings)}
    changes = (SettingChange(key, first.get(key), second.get(key)) for key in sorted(keys, key=lambda key: order[key]))
    return tuple(change for change in changes if _value(change.first) != _value(change.second))


def _value(setting: Setting | None) -> tuple[Any, ...]:
    return () if setting is None else (setting.value,)
