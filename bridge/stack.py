"""Where the C stack of the running thread begins and how long it is."""

import ctypes
import resource
import sys
import threading
from dataclasses import dataclass

_LARGEST = 64 * 2**20
# Larger than a pthread_attr_t is anywhere.
_ATTRIBUTES_BYTES = 512


@dataclass(frozen=True, slots=True)
class Stack:
    """A thread's C stack, which grows downwards.

    Attributes
    ----------
    start
        Address where it begins, its highest; None is that of the main thread, as R knows it.
    size
        Number of bytes.
    """

    start: int | None
    size: int


def own_stack() -> Stack | None:
    """Return the stack of the thread that asks, None where the system does not tell."""
    if threading.current_thread() is threading.main_thread():
        return Stack(None, _main_size())
    try:
        return _of_mac() if sys.platform == "darwin" else _of_linux()
    except (AttributeError, OSError):
        return None


def _main_size() -> int:
    soft, _ = resource.getrlimit(resource.RLIMIT_STACK)
    return _LARGEST if soft == resource.RLIM_INFINITY else soft


def _of_linux() -> Stack | None:
    library = ctypes.CDLL(None)
    attributes = ctypes.create_string_buffer(_ATTRIBUTES_BYTES)
    lowest, size = ctypes.c_void_p(), ctypes.c_size_t()
    if library.pthread_getattr_np(ctypes.c_void_p(threading.get_ident()), attributes) != 0:
        return None
    told = library.pthread_attr_getstack(attributes, ctypes.byref(lowest), ctypes.byref(size))
    library.pthread_attr_destroy(attributes)
    if told != 0 or not lowest.value:
        return None
    return Stack(lowest.value + size.value, size.value)


def _of_mac() -> Stack | None:
    library = ctypes.CDLL(None)
    library.pthread_get_stackaddr_np.restype = ctypes.c_void_p
    library.pthread_get_stacksize_np.restype = ctypes.c_size_t
    thread = ctypes.c_void_p(threading.get_ident())
    start = library.pthread_get_stackaddr_np(thread)
    return Stack(start, library.pthread_get_stacksize_np(thread)) if start else None
