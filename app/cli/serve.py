"""`moments serve`, `moments scheduler` and `moments worker`: the processes of a deployment.

Owns the order of starting: settings, schema, house, listening, links. Must not serve anything itself (app/main.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from app.bootstrap import House
    from app.settings import Settings


def serve(
    host: Annotated[str, typer.Option(help="Address to listen on. [MOMENTS_HOST, else 127.0.0.1]", show_default=False)] = "",
    port: Annotated[int, typer.Option(min=-1, max=65535, help="Port; 0 takes a free one. [MOMENTS_PORT, else 8000]", show_default=False)] = -1,
    sign_in_links: Annotated[bool | None, typer.Option("--links/--no-links", help="Print one-time sign-in links; without either, on the first run only.")] = None,
) -> None:
    """Bring the database up to date and serve."""
    given: dict[str, Any] = {"host": host} if host else {}
    if port >= 0:
        given["port"] = port
    house, settings, first_run = prepared(**given)

    def ready(url: str) -> None:
        base_url = settings.public_url.rstrip("/") or url
        print(f"Mobile Moments listens on {url}" + (f", seen as {base_url}" if base_url != url else ""), flush=True)
        if sign_in_links or (sign_in_links is None and first_run):
            from app.cli.links import LEADS_TO, make_links, print_links

            print_links(make_links(house.database, base_url, tuple(LEADS_TO)))
        else:
            print("Sign-in links: moments links")
        print("Stop with Ctrl-C.", flush=True)

    from app.main import serve as run_server

    try:
        run_server(house, host=settings.host, port=settings.port, ready=ready)
    except SystemExit as error:  # how uvicorn gives up when it cannot listen; its log line says why
        from app.kernel.errors import AppError

        raise AppError(f"--port: {settings.host}:{settings.port} cannot be listened on; is another server running? Try --port 0") from error


WatchPort = Annotated[int | None, typer.Option("--port", min=0, max=65535, help="Serve /readyz and /metrics there; 0 takes a free port.", show_default=False)]
WatchHost = Annotated[str, typer.Option("--host", help="Address for --port.")]


def scheduler(port: WatchPort = None, host: WatchHost = "127.0.0.1") -> None:
    """Run the loops without a web server.

    Detection, delivery and the timetable, beside `serve` replicas with MOMENTS_LOOPS=false. Start two or more over one PostgreSQL and
    the timetable runs in one of them at a time; another takes it over within ten seconds when that one dies.
    """
    _run_loops("The loops run.", host, port)


def worker(port: WatchPort = None, host: WatchHost = "127.0.0.1") -> None:
    """Work on a share of the log, beside others.

    Detection, delivery and sending, without the timetable. Start as many as there are processors to spare over one PostgreSQL whose log has several
    partitions (MOMENTS_GEOFENCES__PARTITIONS), or with Apache Kafka (MOMENTS_GEOFENCES__KAFKA_URL): they divide it among themselves, and what one had that dies is the others' within ten seconds.
    """
    _run_loops("This worker runs.", host, port, timetable=False)


def _run_loops(words: str, host: str, port: int | None, *, timetable: bool = True) -> None:
    import signal
    import threading

    house, _settings, _first_run = prepared(loops=True)
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    if port is not None:  # the server hears of signals first, and passes them on when it has ended
        from app.main import create_watched, make_server

        server = make_server(house, host=host, port=port, app=create_watched(house, timetable=timetable))
        server.on_listening = lambda url: print(f"{words} {url}/readyz and /metrics tell how. Stop with Ctrl-C.", flush=True)
        server.run()
        return
    house.start(timetable=timetable)
    print(f"{words} Stop with Ctrl-C.", flush=True)
    try:
        stopping.wait()
    finally:
        house.stop()


def prepared(**overrides: Any) -> tuple[House, Settings, bool]:
    """A built house over a migrated database, its settings, and whether this is its first run."""
    from app.bootstrap import build
    from app.kernel.logs import configure_logs
    from app.migrations import upgrade
    from app.security.secrets import FILE_NAME
    from app.settings import load_settings

    settings = load_settings(**overrides)
    configure_logs(level=settings.log_level, as_json=settings.log_format == "json")
    first_run = not (settings.data_dir / FILE_NAME).exists()
    house = build(settings)
    upgrade(house.database)
    house.runner.establish()
    return house, settings, first_run
