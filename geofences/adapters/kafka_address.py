"""Where an Apache Kafka is and how it is spoken to, in one line: kafka://host:9092,other:9092 or kafkas://user:password@host:9093 .

Owns reading that line. With `kafkas` everything travels in TLS; a password goes no other way. After a question mark: `sasl`, the mechanism
of the password (SCRAM-SHA-512 unless said), and `ca`, a file with the authority that signed the brokers' certificates.
"""

from __future__ import annotations

from urllib.parse import parse_qsl, unquote, urlsplit

FORM = "must be kafka://host:port,host:port or kafkas://user:password@host:port,..."
MECHANISMS = ("SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN")


def client_options(url: str) -> dict[str, str]:
    """The line in the words of Kafka's clients. Raises ValueError, and never quotes the password."""
    parts = urlsplit(url)
    asked = dict(parse_qsl(parts.query))
    user, _, hosts = parts.netloc.rpartition("@")
    if parts.scheme not in ("kafka", "kafkas") or not hosts or not all(_is_host(host) for host in hosts.split(",")):
        raise ValueError(FORM)
    if asked.keys() - {"sasl", "ca"}:
        raise ValueError("after the question mark only sasl= and ca= are known")
    options = {"bootstrap.servers": hosts, "security.protocol": "PLAINTEXT" if parts.scheme == "kafka" else "SSL"}
    if user:
        name, _, password = user.partition(":")
        mechanism = asked.get("sasl", MECHANISMS[0])
        if parts.scheme == "kafka":
            raise ValueError("a password goes over kafkas:// only, which is TLS")
        if mechanism not in MECHANISMS:
            raise ValueError(f"sasl must be one of {', '.join(MECHANISMS)}")
        options |= {
            "security.protocol": "SASL_SSL",
            "sasl.mechanism": mechanism,
            "sasl.username": unquote(name),
            "sasl.password": unquote(password),
        }
    if "ca" in asked:
        options["ssl.ca.location"] = asked["ca"]
    return options


def _is_host(host: str) -> bool:
    name, _, port = host.rpartition(":")
    return bool(name) and port.isdecimal()
