"""``headstart cache``: what was computed and kept for next time."""

from __future__ import annotations

import click

from headstart.cli.console import common, echo, print_json


@click.command("cache")
@click.option("--clear", is_flag=True, help="Delete it; the next run computes it again.")
@common
def command(clear: bool, as_json: bool) -> None:
    """Show where features of pictures and clips are kept and how large that is, or clear it.

    The place is HEADSTART_CACHE, otherwise ~/.cache/headstart; HEADSTART_CACHE=off keeps nothing on disk. The oldest
    entries go by themselves when it grows too large.
    """
    from headstart.networks.running.cache import default_cache
    from headstart.pretraining.speech.spoken import forget_spoken, spoken_bytes

    cache = default_cache()
    folder, size, spoken = cache.folder, cache.size(), spoken_bytes()
    if clear:
        cache.clear()
        forget_spoken()
    if as_json:
        print_json(
            {"folder": folder, "bytes": size, "spoken_bytes": spoken, "limit_bytes": cache.disk_bytes, "cleared": clear}
        )
    elif folder is None:
        echo("Nothing is kept on disk (HEADSTART_CACHE=off).")
    else:
        words = f"{size / 1e6:,.1f} MB"
        limit = f"{cache.disk_bytes / 1e9:,.0f} GB"
        echo(f"{folder}: {words} deleted." if clear else f"{folder}: {words} of at most {limit}.")
        if spoken:
            echo(f"Spoken words beside it: {spoken / 1e6:,.1f} MB{' deleted' if clear else ''}.")
