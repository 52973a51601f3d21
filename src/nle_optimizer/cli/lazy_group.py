"""A group of commands, each imported only when it is asked for."""

from importlib import import_module
from typing import Any

import click


class LazyGroup(click.Group):
    """A click group whose commands are named as `module:attribute`."""

    def __init__(self, *args: Any, commands_at: dict[str, str] | None = None, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self._commands_at = commands_at or {}

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Every command, in the order in which people meet them."""
        return list(self._commands_at)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """The command of that name, imported now."""
        place = self._commands_at.get(cmd_name)
        if place is None:
            return None
        module, _, attribute = place.partition(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; an unknown one is refused with the nearest name."""
        from nle_optimizer.errors import did_you_mean

        if args and args[0] not in self._commands_at and not args[0].startswith("-"):
            hint = did_you_mean(args[0], self._commands_at) or "see nle-optimizer --help"
            raise click.UsageError(f"there is no command {args[0]!r}; {hint}", ctx)
        return super().resolve_command(ctx, args)
