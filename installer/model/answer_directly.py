#!/usr/bin/env python3
"""Answers a batch file by asking one engine directly, with no grid between: the baseline to compare a grid with.

Reads the lines arithmetic_requests.py wrote, sends them to a llama-server on a Unix socket, --concurrency at once, and
writes a batch output file in the order of the requests. Prints the requests answered a second.

  ./answer_directly.py --socket engine.sock --requests requests.jsonl --output output.jsonl
"""

import argparse
import http.client
import json
import queue
import socket
import threading
import time


class UnixConnection(http.client.HTTPConnection):
    """HTTP over a Unix socket. The engine ends a connection after 100 requests and says so; this then reconnects."""

    def __init__(self, path: str):
        super().__init__("engine")
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.connect(self.path)


def answer(connection: UnixConnection, request: dict) -> dict:
    line = {"id": f"direct-{request['custom_id']}", "custom_id": request["custom_id"], "response": None, "error": None}
    try:
        connection.request(request["method"], request["url"], json.dumps(request["body"]),
                           {"Content-Type": "application/json"})
        response = connection.getresponse()
        line["response"] = {"status_code": response.status, "request_id": "", "body": json.loads(response.read())}
    except (OSError, http.client.HTTPException, ValueError) as error:
        connection.close()
        line["error"] = {"code": "no_answer", "message": str(error)}
    return line


def ask_until_empty(path: str, waiting: queue.SimpleQueue, answers: list):
    connection = UnixConnection(path)
    while True:
        try:
            index, request = waiting.get_nowait()
        except queue.Empty:
            return connection.close()
        answers[index] = answer(connection, request)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--socket", required=True, metavar="PATH", help="where llama-server listens")
    parser.add_argument("--requests", required=True, metavar="FILE", help="what arithmetic_requests.py wrote")
    parser.add_argument("--output", required=True, metavar="FILE", help="the batch output file to write")
    parser.add_argument("--concurrency", type=int, default=8, help="default %(default)s")
    options = parser.parse_args()

    with open(options.requests, encoding="utf-8") as file:
        requests = [json.loads(line) for line in file]
    waiting = queue.SimpleQueue()
    for numbered in enumerate(requests):
        waiting.put(numbered)
    answers = [None] * len(requests)
    askers = [threading.Thread(target=ask_until_empty, args=(options.socket, waiting, answers))
              for _ in range(options.concurrency)]
    started = time.monotonic()
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join()
    seconds = time.monotonic() - started
    with open(options.output, "w", encoding="utf-8") as file:
        for line in answers:
            file.write(json.dumps(line, separators=(",", ":")) + "\n")
    print(f"{len(requests)} requests in {seconds:.2f} s: {len(requests) / seconds:.0f} a second")


if __name__ == "__main__":
    main()
