"""A runner of your own: the thread pool of multiprocessing."""

from dataclasses import dataclass
from multiprocessing.pool import ThreadPool


@dataclass
class MpThreadPool:
    """Threads of multiprocessing.pool.ThreadPool, which take the tasks as they come free."""

    workers: int = 8

    def __enter__(self):
        self._pool = ThreadPool(self.workers)
        return self

    def run(self, function, items):
        items = list(items)
        answers = self._pool.imap(function, items)
        results = []
        for index, item in enumerate(items):
            try:
                results.append(next(answers))
            except Exception as error:
                error.add_note(f"raised by task {index}, item {item!r}")
                raise
        return results

    def __exit__(self, *exc):
        self._pool.close()
        self._pool.join()
