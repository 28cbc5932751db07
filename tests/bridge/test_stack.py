"""The C stack of a thread, as the system tells it."""

import threading

import pytest

from bridge.stack import Stack, own_stack


def in_thread(size: int) -> Stack | None:
    """Return what a thread with a stack of that size tells."""
    found: list[Stack | None] = []
    before = threading.stack_size(size)
    try:
        thread = threading.Thread(target=lambda: found.append(own_stack()))
        thread.start()
        thread.join()
    finally:
        threading.stack_size(before)
    return found[0]


@pytest.mark.parametrize("size", [1 << 18, 1 << 20, 1 << 24])
def test_a_thread_has_the_stack_that_it_was_given(size: int) -> None:
    stack = in_thread(size)
    assert stack is not None
    assert stack.start is not None
    # The C library may give it the larger one of a thread that has ended.
    assert size <= stack.size


def test_two_threads_have_two_stacks() -> None:
    stacks: list[Stack | None] = []
    barrier = threading.Barrier(2)

    def look() -> None:
        stacks.append(own_stack())
        barrier.wait()

    threads = [threading.Thread(target=look) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    one, other = stacks
    assert one is not None
    assert other is not None
    assert one.start is not None
    assert other.start is not None
    assert abs(one.start - other.start) >= min(one.size, other.size)


def test_the_main_thread_s_begins_where_r_knows_it() -> None:
    stack = own_stack()
    assert stack is not None
    assert stack.start is None
    assert stack.size > 1 << 20
