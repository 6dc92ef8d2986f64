"""``headstart listen``: words in a long recording, or in a stream while it runs."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click

from headstart.cli.console import echo, note
from headstart.cli.options import Place


@click.command("listen")
@click.argument("model", type=Place())
@click.argument("recording", type=Place(allow_dash=True))
@click.option("--rate", type=int, help="Of raw samples on standard input (-), in Hz. Default: the model's.")
@click.option("--threshold", type=float, help="Log-odds from which on a word counts. Default: the model's.")
@click.option(
    "--source", help="Where the network was a module of your own: FILE.py:FUNCTION that makes it, as given to fit."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line for each event.")
@click.option("--debug", is_flag=True, expose_value=False, help="Show the traceback of an error.")
def command(
    model: Path, recording: Path, rate: int | None, threshold: float | None, source: str | None, as_json: bool
) -> None:
    """Print when the words of MODEL are heard in RECORDING, as they come.

    RECORDING is a file of sound of any length and rate, or - for raw samples on standard input: 16 bits,
    little-endian, one channel, at --rate. Each line holds the time, the word and its score (log-odds).

    \b
    headstart listen model evening.wav
    arecord -q -f S16_LE -r 16000 -c 1 -t raw | headstart listen model - --rate 16000 --json
    """
    stream = str(recording) == "-"
    if rate is not None and not stream:
        raise click.UsageError("--rate is for raw samples on standard input (-); a file says its own.")
    from headstart.models.listening import listen
    from headstart.models.model import load
    from headstart.models.saving.task_models import one_task
    from headstart.networks.reading.loading import load_network

    module = None if source is None else load_network(source, input_type="audio").module
    loaded = one_task(load(model, module))
    sound: Any = sys.stdin.buffer if stream else recording
    count = 0
    for event in listen(loaded, sound, sampling_rate=rate, threshold=threshold):
        count += 1
        if as_json:
            echo(json.dumps(event._asdict(), ensure_ascii=False))
        else:
            echo(f"{clock(event.time)}  {event.word}  {event.score:.1f}")
        sys.stdout.flush()
    if not as_json:
        note(f"{count} event{'' if count == 1 else 's'}.")


def clock(seconds: float) -> str:
    """A moment in a recording.

    Examples
    --------
    >>> clock(7.25), clock(3725.04)
    ('0:00:07.2', '1:02:05.0')
    """
    tenths = int(seconds * 10)
    return f"{tenths // 36000}:{tenths // 600 % 60:02d}:{tenths // 10 % 60:02d}.{tenths % 10}"
