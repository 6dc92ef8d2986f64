"""Garbage is looked for again when libraries are loaded, whatever happened."""

from __future__ import annotations

import gc
import threading

import pytest

from headstart.uncollected import uncollected


def test_the_setting_is_what_it_was_after_a_block_within_a_block_and_after_an_error() -> None:
    with pytest.raises(OSError, match="gone"), uncollected():
        with uncollected():
            assert not gc.isenabled()
        assert not gc.isenabled()
        raise OSError("gone")
    assert gc.isenabled()


def test_what_the_caller_switched_off_stays_off() -> None:
    gc.disable()
    try:
        with uncollected():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()


@pytest.mark.parametrize("first", [0, 1])
def test_the_last_of_two_threads_switches_it_on_again(first: int) -> None:
    inside, go = threading.Barrier(3), [threading.Event(), threading.Event()]

    def load(which: int) -> None:
        with uncollected():
            inside.wait(5)
            go[which].wait(5)

    threads = [threading.Thread(target=load, args=(which,)) for which in (0, 1)]
    for thread in threads:
        thread.start()
    inside.wait(5)
    for which in (first, 1 - first):
        assert not gc.isenabled()
        go[which].set()
        threads[which].join()
    assert gc.isenabled()
