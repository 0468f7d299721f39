"""The mistake: the server that is downloaded from runs in a thread of the process that is measured."""

import multiprocessing
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.request import urlopen

port = {}


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        body = str(sum(n * n for n in range(15_000))).encode()  # making the answer takes a while
        self.send_response(200)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def serve(pipe):
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        pipe.send(server.server_port)
        server.serve_forever()


def task(number):
    with urlopen(f"http://127.0.0.1:{port['now']}/{number}") as answer:
        body = answer.read()
    return sum(n * n for n in range(60_000)) + len(body)  # something is done with it


if __name__ == "__main__":
    from concbench import measure

    spawned = multiprocessing.get_context("spawn").Process
    for where, worker in (("a thread", threading.Thread), ("a process", spawned)):
        here, there = multiprocessing.Pipe()
        worker(target=serve, args=(there,), daemon=True).start()
        port["now"] = here.recv()
        run = measure(task, items=range(30), runners=["sequential", "thread-pool:4"], rounds=2)
        one, pool = (min(sample.seconds for sample in cell.samples) for cell in run.tables[0].cells)
        print(f"server in {where}: sequential {one * 1e3:.0f} ms, 4 threads {pool * 1e3:.0f} ms")
        print(run.why(), "\n")
