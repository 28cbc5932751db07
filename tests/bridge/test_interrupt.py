"""Ctrl-C is noted while a block runs, and handed on at its end."""

import os
import select
import signal
import threading
from collections.abc import Iterator
from types import FrameType

import pytest

from bridge.interrupt import UserInterruptError, noted_interrupt


@pytest.fixture(autouse=True)
def handler() -> Iterator[None]:
    saved = signal.getsignal(signal.SIGINT)
    yield
    assert signal.getsignal(signal.SIGINT) is saved


def press() -> None:
    os.kill(os.getpid(), signal.SIGINT)


def test_the_block_runs_to_its_end_and_then_is_interrupted() -> None:
    done: list[object] = []

    def work() -> None:
        with noted_interrupt(lambda: done.append("at once")) as ours:
            press()
            readable, _, _ = select.select([ours], [], [], 5)
            done.append(readable == [ours])

    with pytest.raises(KeyboardInterrupt):
        work()
    assert done == ["at once", True]


def test_without_it_nothing_happens() -> None:
    with noted_interrupt() as ours:
        assert not ours.noted
        assert select.select([ours], [], [], 0)[0] == []


def test_what_the_block_raises_for_it_becomes_one_error() -> None:
    def work() -> None:
        with noted_interrupt():
            press()
            raise UserInterruptError

    with pytest.raises(KeyboardInterrupt) as raised:
        work()
    assert raised.value.__suppress_context__


def test_another_error_without_it_passes() -> None:
    with pytest.raises(ZeroDivisionError), noted_interrupt():
        raise ZeroDivisionError


def test_a_program_s_own_handler_is_asked_too() -> None:
    heard: list[int] = []

    def own(number: int, _frame: FrameType | None) -> None:
        heard.append(number)

    def work() -> None:
        with noted_interrupt():
            press()
            heard.append(0)

    saved = signal.signal(signal.SIGINT, own)
    try:
        with pytest.raises(KeyboardInterrupt):
            work()
        assert heard == [0, signal.SIGINT]
    finally:
        signal.signal(signal.SIGINT, saved)


def test_in_another_thread_nothing_is_touched() -> None:
    seen: list[object] = []

    def look() -> None:
        with noted_interrupt():
            seen.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert seen == [signal.getsignal(signal.SIGINT)]


def test_many_presses_are_one() -> None:
    def work() -> None:
        with noted_interrupt():
            for _ in range(1000):
                press()

    with pytest.raises(KeyboardInterrupt):
        work()
