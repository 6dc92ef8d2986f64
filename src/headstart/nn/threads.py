"""Several threads that each compute on one processor: on small batches faster than one pass on all of them."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import torch
from threadpoolctl import ThreadpoolController

Task = TypeVar("Task")
Result = TypeVar("Result")


def in_workers(work: Callable[[Task], Result], tasks: Iterable[Task], n_workers: int | None = None) -> Iterator[Result]:
    """Apply `work` to every task, a thread a processor, and give the results in order.

    A convolution over a small batch spends much of its time waiting for its own threads to meet. Here each worker
    has its torch operations to itself, so decoding, forward pass and pooling of different batches overlap.
    Settings of other threads are not touched.

    Parameters
    ----------
    work : callable
        Must be safe to call from several threads.
    tasks : iterable
        What to call it with.
    n_workers : int, optional
        By default as many as torch may use threads (`torch.get_num_threads`).

    Yields
    ------
    Result
        In the order of the tasks. The first exception ends the iteration and what has not begun is dropped.

    Examples
    --------
    >>> list(in_workers(lambda x: x * x, [1, 2, 3], n_workers=2))
    [1, 4, 9]
    """
    todo = list(tasks)
    n_workers = min(torch.get_num_threads() if n_workers is None else n_workers, len(todo))
    if n_workers <= 1:
        yield from map(work, todo)
        return
    pool = ThreadPoolExecutor(n_workers, thread_name_prefix="headstart", initializer=_one_thread)
    try:
        yield from pool.map(work, todo)
    finally:
        pool.shutdown(cancel_futures=True)


def alone(function: Callable[[], Result]) -> Result:
    """Call `function` in a thread whose torch operations run on one processor, and give its result.

    For many small operations: spread over processors they would wait for each other more than they work.

    Examples
    --------
    >>> alone(lambda: 6 * 7)
    42
    """
    with ThreadPoolExecutor(1, thread_name_prefix="headstart", initializer=_one_thread) as pool:
        return pool.submit(function).result()


@functools.cache
def _controller() -> ThreadpoolController:
    return ThreadpoolController()


def _one_thread() -> None:
    """Let this thread's parallel regions run on this thread alone; OpenMP keeps that setting a thread."""
    torch.get_num_threads()  # torch gives a new thread its own count at the first call; it must come before ours
    _controller().limit(limits=1, user_api="openmp")
