"""A mail server for tests: takes what it is given on a free port of this machine, answers as it is told.

Owns just enough of RFC 5321 for one message a connection. `replies` maps a command to the line it answers with.
"""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import cast


@dataclass
class SmtpPeer:
    replies: dict[str, str] = field(default_factory=dict[str, str])
    messages: list[EmailMessage] = field(default_factory=list[EmailMessage])
    recipients: list[str] = field(default_factory=list[str])
    envelope: list[str] = field(default_factory=list[str])
    """What was said before the text: MAIL and RCPT, as they came."""
    extensions: tuple[str, ...] = ("8BITMIME",)

    def __enter__(self) -> SmtpPeer:
        peer = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                peer._talk(self.rfile.readline, lambda line: self.wfile.write(line.encode() + b"\r\n"))

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _talk(self, readline: Callable[[], bytes], say: Callable[[str], object]) -> None:
        say(self.replies.get("CONNECT", "220 peer"))
        while line := readline():
            if line[:4].upper() in (b"MAIL", b"RCPT"):
                self.envelope.append(line.decode().strip())
            verb = line.split()[0].decode("ascii", "replace").upper() if line.split() else ""
            if verb in self.replies:
                say(self.replies[verb])
                if self.replies[verb].startswith("421"):
                    return
            elif verb in ("EHLO", "HELO"):
                for line in ("peer", *self.extensions[:-1]):
                    say(f"250-{line}")
                say(f"250 {self.extensions[-1]}")
            elif verb == "RCPT":
                self.recipients.append(line.decode().partition("<")[2].partition(">")[0])
                say("250 ok")
            elif verb == "DATA":
                say("354 go on")
                body = b""
                while (more := readline()) not in (b".\r\n", b""):
                    body += more[1:] if more.startswith(b"..") else more
                if "END" in self.replies:
                    say(self.replies["END"])
                else:
                    self.messages.append(cast("EmailMessage", message_from_bytes(body, policy=policy.default)))
                    say("250 taken")
            elif verb == "QUIT":
                say("221 bye")
                return
            else:
                say("250 ok")
