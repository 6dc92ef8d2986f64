"""``headstart cache``: what was computed and kept for next time."""

from __future__ import annotations

import click

from headstart.cli.console import common, echo, print_json


@click.command("cache")
@click.option("--clear", is_flag=True, help="Delete it; the next run computes it again.")
@common
def command(clear: bool, as_json: bool) -> None:
    """Show where features, spoken words and copies of what lies at addresses are kept and how large they are, or
    clear them.

    The place is HEADSTART_CACHE, otherwise ~/.cache/headstart; HEADSTART_CACHE=off keeps nothing on disk. What was
    not used for longest goes by itself when it grows beyond its bound: 8 GB, or what the disk has but for its last GB.
    """
    from headstart.data.base.address import address_bytes, forget_addresses
    from headstart.networks.running.cache import default_cache
    from headstart.pretraining.speech.spoken import forget_spoken, spoken_bytes

    cache = default_cache()
    folder, size, limit, spoken, copied = cache.folder, cache.size(), cache.limit(), spoken_bytes(), address_bytes()
    if clear:
        cache.clear()
        forget_spoken()
        forget_addresses()
    if as_json:
        sizes = {"bytes": size, "spoken_bytes": spoken, "address_bytes": copied, "limit_bytes": limit}
        print_json({"folder": folder, **sizes, "cleared": clear})
    elif folder is None:
        echo("Nothing is kept on disk (HEADSTART_CACHE=off).")
    else:
        words = f"{size / 1e6:,.1f} MB"
        most = f"{limit / 1e9:,.1f} GB" + (", as the disk has no more room" if limit < cache.disk_bytes else "")
        echo(f"{folder}: {words} deleted." if clear else f"{folder}: {words} of at most {most}.")
        for what, beside in (("Spoken words", spoken), ("Copies of what lies at addresses", copied)):
            if beside:
                echo(f"{what} beside it: {beside / 1e6:,.1f} MB{' deleted' if clear else ''}.")
