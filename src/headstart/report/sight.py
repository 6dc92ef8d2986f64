"""What a network sees, as one page."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from markupsafe import Markup
from PIL import Image

from headstart.data.base.kinds import kind_named
from headstart.networks.seeing.preferences import Preferences, Share
from headstart.networks.seeing.sight import Depth, Sight
from headstart.report.figures import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, below, below_all, grid_line, svg
from headstart.report.mistakes import data_uri
from headstart.report.scale import linear
from headstart.report.wording import count
from headstart.report.write import rendered, write_page

_NAMED = 12


def write_look(sight: Sight, out: str | Path) -> Path:
    """Write what a network sees as one self-contained page.

    Parameters
    ----------
    sight : Sight
        What `headstart.look` gives.
    out : path-like
        The file, or a folder to write ``look.html`` into.

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    target = Path(out).expanduser()
    return write_page(target / "look.html" if target.is_dir() else target, rendered("sight.jinja", page_of(sight)))


def page_of(sight: Sight) -> dict[str, Any]:
    """What the page shows, ready to print."""
    kind = kind_named(sight.input_type)
    shown = any(depth.channels for depth in sight.depths)
    lead = [f"What the layers of this network answer to, from the first to the last, shown {kind.count(sight.n)}."]
    if not shown:
        lead = [
            f"What the layers of this network answer to. Give {kind.many} to see which parts of them each depth "
            "answers most."
        ]
    return {
        "title": sight.network,
        "subtitle": kind.count(sight.n) if shown else kind.takes,
        "lead": lead,
        "bank": "" if sight.bank is None else _png(sight.bank),
        "filters": _filters(sight),
        "preferences": None if sight.preferences is None else _preferences(sight.preferences),
        "depths": [_depth(depth, kind.one) for depth in sight.depths] if shown else [],
        "timed": sight.bank is not None or sight.preferences is None,
    }


def _filters(sight: Sight) -> dict[str, Any] | None:
    if sight.filters is None:
        return None
    found = sight.filters
    shown = [{"number": n, "picture": _png(p)} for n, p in zip(found.channels, found.pictures, strict=True)]
    height, width = found.pictures.shape[1:3]
    if sight.preferences is None:
        turned = "Time runs to the right, high tones are above; light is what makes the filter answer."
    else:
        turned = "Light is light: neither the scaling of the input nor the norm behind it turns it round."
    words = (
        f"The {count(len(shown), 'filter')} of {found.layer}, {height} x {width} each: grey is 0, and each is shown at "
        f"its own strength. {turned}"
    )
    return {
        "words": words,
        "shown": shown,
        "dead": _quiet(found.dead, "is dead and not shown", "are dead and not shown"),
    }


def _quiet(numbers: Sequence[int], one: str, many: str) -> str:
    if not numbers:
        return ""
    named = ", ".join(map(str, numbers[:_NAMED])) + (" ..." if len(numbers) > _NAMED else "")
    return f"{count(len(numbers), 'channel')} ({named}) {one if len(numbers) == 1 else many}."


def _depth(depth: Depth, thing: str) -> dict[str, Any]:
    channels = []
    for number, pieces in depth.channels.items():
        told = []
        for piece in pieces:
            before, token, behind = piece.words or ("", "", "")
            picture = "" if piece.picture is None else _jpeg(piece.picture)
            told.append({"name": piece.name, "where": piece.where, "picture": picture, "before": before})
            told[-1] |= {"token": token, "behind": behind}
        channels.append({"number": number, "pieces": told, "tokens": any(piece.words for piece in pieces)})
    words = count(depth.n_channels, "channel")
    words += f"; of {len(channels)} of them what they answer most strongly, one place a {thing}." if channels else "."
    silent = _quiet(depth.silent, f"answers every {thing} alike", f"answer every {thing} alike")
    return {"block": depth.block, "words": words, "channels": channels, "silent": silent}


def _preferences(found: Preferences) -> dict[str, Any]:
    families = list(found.shares[0])
    rows = [
        {
            "block": block,
            "cells": [_said(share) for share in shares.values()],
            "random": f"{100 * (random['corners'].mean + random['curves'].mean):.0f}%",
        }
        for block, shares, random in zip(found.blocks, found.shares, found.random, strict=True)
    ]
    return {
        "words": "Share of the channels of each depth that answer most strongly to made pictures of each family, the "
        "simplest that will do; pale, at the right of each, the same network with random weights.",
        "families": families,
        "figure": _stacks(found, families),
        "rows": rows,
        "selectivity": f"Orientation selectivity of the first block (0: none, 1: one orientation alone): "
        f"{found.selectivity.mean:.2f}, with random weights {found.random_selectivity.mean:.2f} "
        f"(spread over draws {found.selectivity.spread:.2f} and {found.random_selectivity.spread:.2f}).",
    }


def _said(share: Share) -> str:
    return f"{100 * share.mean:.0f}% ± {100 * share.spread:.0f}"


def _stacks(found: Preferences, families: Sequence[str]) -> Markup:
    """Stacked shares for each depth, and pale ones of random weights beside."""
    across, up = linear(0, len(found.blocks), LEFT, WIDTH - RIGHT), linear(0, 1, HEIGHT - BOTTOM, TOP)
    body = [grid_line(up(mark), f"{100 * mark:.0f}%") for mark in (0, 0.25, 0.5, 0.75, 1)]
    wide = across(1) - across(0)
    shape = Markup(
        '<rect class="stack {}" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}"><title>{}: {}, {}</title></rect>'
    )
    for depth, block in enumerate(found.blocks):
        for side, (shares, pale) in enumerate(((found.shares[depth], ""), (found.random[depth], " faint"))):
            left, low = across(depth) + wide * (0.1 + 0.5 * side), 0.0
            for family in families:
                share = shares[family].mean
                if share == share and share > 0:
                    words = f"{_said(shares[family])}{', random weights' if side else ''}"
                    high = up(low + share)
                    place = (left, high, wide * (0.3 if side else 0.48), up(low) - high)
                    body.append(shape.format(family + pale, *place, block, family, words))
                    low += share
        body.append(below(across(depth) + wide / 2, str(depth + 1)))
    body.append(below_all("depth, from the first block to the last"))
    return svg(body, "Share of the channels that prefer each family, by depth")


def _png(rgb: np.ndarray) -> str:
    return _encoded(Image.fromarray(rgb), "PNG")


def _jpeg(rgb: np.ndarray) -> str:
    small = Image.fromarray(rgb)
    small = small.resize((max(1, round(168 * small.width / small.height)), 168), Image.Resampling.BICUBIC)
    return _encoded(small, "JPEG")


def _encoded(picture: Image.Image, form: str) -> str:
    stream = io.BytesIO()
    picture.save(stream, form)
    return data_uri(base64.b64encode(stream.getvalue()).decode("ascii"))
