"""What compose and Kubernetes start exists, listens where it is asked, and carries no secret. Neither is run here."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from app.bootstrap import build
from app.cli import docs
from app.cli.program import run
from app.kernel.clock import ManualClock
from app.kernel.db import Database
from app.main import create_watched
from app.settings import Settings

REPOSITORY = Path(__file__).parents[2]
MANIFESTS = sorted((REPOSITORY / "deploy" / "kubernetes").glob("*.yaml"))
DOCUMENTS: list[dict[str, Any]] = [d for path in MANIFESTS for d in yaml.safe_load_all(path.read_text())]
COMPOSE: dict[str, Any] = yaml.safe_load((REPOSITORY / "docker-compose.yml").read_text())
SETTINGS = set(re.findall(r"MOMENTS_[A-Z0-9_]+", docs.settings_page()))
OURS = {name: service for name, service in COMPOSE["services"].items() if service["image"] == "mobile-moments"}


def pods() -> Iterator[tuple[str, dict[str, Any]]]:
    for document in DOCUMENTS:
        if "template" in document.get("spec", {}):
            yield document["metadata"]["name"], document["spec"]["template"]["spec"]


def containers() -> Iterator[tuple[str, dict[str, Any]]]:
    for name, pod in pods():
        for container in (*pod["initContainers"], *pod["containers"]):
            yield name, container


def values(tree: Any) -> Iterator[Any]:
    if isinstance(tree, dict):
        for value in tree.values():
            yield from values(value)
    elif isinstance(tree, list):
        for value in tree:
            yield from values(value)
    else:
        yield tree


class TestCommands:
    """Seen to fail with `moments workers`, and with an option the command has not."""

    COMMANDS = [service["command"] for service in OURS.values()] + [c["args"] for _, c in containers() if "args" in c]

    @pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
    def test_exist_with_their_options(self, words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
        assert run([words[0], "--help"]) == 0
        told = capsys.readouterr().out
        assert all(option in told for option in words if option.startswith("--"))


class TestSettings:
    def test_are_settings_of_the_house(self) -> None:
        named = set(re.findall(r"\bMOMENTS_[A-Z0-9_]+\b", "\n".join(path.read_text() for path in (*MANIFESTS, REPOSITORY / "deploy/kubernetes/README.md"))))
        assert named
        assert named - SETTINGS == set()

    def test_hold_no_secret(self) -> None:
        """Seen to fail with a password in the config map."""
        for document in DOCUMENTS:
            assert document["kind"] != "Secret"
            assert not [v for v in values(document) if isinstance(v, str) and re.search(r"://[^/]*:[^/]*@", v)]
        environment = [v for s in COMPOSE["services"].values() for v in values(s.get("environment", {}))]
        secret = [v for v in environment if isinstance(v, str) and ("@database" in v or "PASSWORD" in v)]
        assert secret
        assert all("${POSTGRES_PASSWORD:?" in v for v in secret)


class TestNetwork:
    def test_ports_are_published_to_this_machine_alone(self) -> None:
        published = [port for service in COMPOSE["services"].values() for port in service.get("ports", [])]
        assert published
        assert all(port.startswith("127.0.0.1:") for port in published)

    def test_probes_ask_what_is_answered(self, database: Database, clock: ManualClock, tmp_path: Path) -> None:
        house = build(Settings(data_dir=tmp_path, loops=False, _env_file=None), clock=clock, database=database)  # type: ignore[call-arg]
        paths = {getattr(route, "path", "") for route in create_watched(house).routes}
        house.stop()
        asked = 0
        for name, container in containers():
            for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
                if "args" not in container or name == "moments-migrate":
                    continue
                asked += 1
                assert container[probe]["httpGet"]["path"] in paths
                assert container[probe]["httpGet"]["port"] in {port["name"] for port in container["ports"]}
                port = container["ports"][0]["containerPort"]
                assert str(port) in container["args"] or (container["args"] == ["serve"] and port == 8000)
        assert asked == 9


class TestCare:
    def test_images_have_a_version(self) -> None:
        others = [service["image"] for name, service in COMPOSE["services"].items() if name not in OURS]
        for image in (*others, *(container["image"] for _, container in containers())):
            assert re.search(r":[\w.-]*\d[\w.-]*$", image), image

    def test_nothing_runs_as_root_or_writes_where_it_need_not(self) -> None:
        for _, pod in pods():
            assert pod["securityContext"]["runAsNonRoot"]
            assert not pod["automountServiceAccountToken"]
        for name, container in containers():
            own = container["securityContext"]
            assert own["readOnlyRootFilesystem"], name
            assert not own["allowPrivilegeEscalation"]
            assert own["capabilities"] == {"drop": ["ALL"]}
            assert container["resources"]["limits"]["memory"]
        for service in OURS.values():
            assert service["read_only"]

    def test_what_is_selected_is_there(self) -> None:
        labels = {d["spec"]["template"]["metadata"]["labels"]["app"] for d in DOCUMENTS if "template" in d.get("spec", {})}
        for document in DOCUMENTS:
            selector = document.get("spec", {}).get("selector", {})
            app = selector.get("matchLabels", selector).get("app")
            assert app is None or app in labels
            assert document["kind"] == "Namespace" or document["metadata"]["namespace"] == "moments"

    def test_the_scale_is_what_was_asked_for(self) -> None:
        scale = {name for name, service in COMPOSE["services"].items() if service.get("profiles", ["scale"]) == ["scale"]}
        assert {"api", "api-2", "balancer", "worker", "scheduler", "kafka", "database"} <= scale
        assert COMPOSE["services"]["worker"]["deploy"]["replicas"] == 3
        assert COMPOSE["services"]["api-2"]["environment"] == COMPOSE["services"]["api"]["environment"]
