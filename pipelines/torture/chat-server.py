#!/usr/bin/env python3
"""A chat server on the loopback interface that answers A or B, by the hash of the question alone.

Prints its port; ends when its standard input does.
"""
import hashlib
import http.server
import json
import sys
import threading
import time


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        question = json.dumps(json.loads(body)["messages"], sort_keys=True).encode()
        letter = "AB"[hashlib.sha256(question).digest()[0] & 1]
        time.sleep(0.01)
        reply = json.dumps({
            "id": "1", "object": "chat.completion", "model": "hash",
            "choices": [{
                "index": 0, "finish_reason": "stop",
                "message": {"role": "assistant", "content": letter}}],
            "usage": {"prompt_tokens": len(question), "completion_tokens": 1},
        }).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(reply)))
        self.end_headers()
        self.wfile.write(reply)

    def log_message(self, *arguments):
        pass


class Server(http.server.ThreadingHTTPServer):
    def handle_error(self, request, client_address):
        """Clients are killed; that is what this server is for."""


server = Server(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
print(server.server_address[1], flush=True)
sys.stdin.read()
