"""Read, work, write: three stages over frames that overlap, in order, with bounded memory.

Decoding and encoding release the interpreter's lock, so one thread each keeps the codec's own
threads and the arithmetic busy at the same time. At most `ahead` frames wait at each border.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import Generic, TypeVar

Item = TypeVar("Item")
Plate = TypeVar("Plate")
Work = TypeVar("Work")
Done = TypeVar("Done")


class Pipeline(Generic[Item, Plate, Work, Done]):
    """The three stages. A stage's exception belongs to its item and stops no other item."""

    def __init__(
        self,
        read: Callable[[Item], Plate],
        work: Callable[[Item, Plate], Work],
        write: Callable[[Item, Work], Done],
        *,
        ahead: int = 1,
    ) -> None:
        self.read, self.work, self.write, self.ahead = read, work, write, ahead

    def run(self, items: Iterable[Item]) -> Iterator[tuple[Item, Done | Exception]]:
        """Yield each item with what `write` returned or the exception that ended it, in order.

        Closing the iterator early finishes the writes under way and starts no others.
        """
        waiting = iter(items)
        reading: deque[tuple[Item, Future[Plate]]] = deque()
        writing: deque[tuple[Item, Future[Done] | Exception]] = deque()
        with ThreadPoolExecutor(1, "read") as reader, ThreadPoolExecutor(1, "write") as writer:

            def fetch(count: int) -> None:
                for item in islice(waiting, count):
                    reading.append((item, reader.submit(self.read, item)))

            try:
                fetch(1 + self.ahead)
                while reading:
                    item, plate = reading.popleft()
                    writing.append((item, self._start_write(writer, item, plate)))
                    del plate  # the frame now belongs to the writer
                    fetch(1)
                    if len(writing) > self.ahead:
                        yield self._finish(*writing.popleft())
                while writing:
                    yield self._finish(*writing.popleft())
            finally:
                for _, pending in reading:
                    pending.cancel()

    def _start_write(
        self, writer: ThreadPoolExecutor, item: Item, plate: Future[Plate]
    ) -> Future[Done] | Exception:
        try:
            return writer.submit(self.write, item, self.work(item, plate.result()))
        except Exception as error:  # noqa: BLE001 - the border: it is handed to the item's owner
            return error

    @staticmethod
    def _finish(item: Item, result: Future[Done] | Exception) -> tuple[Item, Done | Exception]:
        if isinstance(result, Exception):
            return item, result
        error = result.exception()
        if error is None:
            return item, result.result()
        if isinstance(error, Exception):
            return item, error
        raise error
