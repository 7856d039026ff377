"""What one policy decision costs, beside the engine alone in the same run.

Owns the measurement; `moments bench policy` prints it. The questions are those of the specification, in turn.
"""

from __future__ import annotations

import time
from statistics import median, quantiles
from typing import Any

LIMIT_P99_MS = 5.0


def policy(rounds: int) -> dict[str, Any]:
    """p50, p99 in ms of `decide` over every case, of those allowed, and of the bare call to Cedar; and how many times as much.

    `_cpu_` is what the decision itself took of the processor: on a machine that others use too, the rest is their turn.
    """
    import cedarpy

    from app.security.policies import cases
    from app.security.policies.engine import RULES, engine, rules_text

    asked = [(c.action, c.role, cases.context_of(c.facts)) for c in cases.read_table((RULES.parent / "specification" / "table.csv").read_text(encoding="utf-8"))]
    text, schema = rules_text()
    bare, known, nobody = cedarpy.PolicySet.from_str(text), cedarpy.Schema.from_str(schema), cedarpy.Entities.from_json_str("[]")
    begun = time.perf_counter()
    rules = engine()
    load_ms = (time.perf_counter() - begun) * 1000
    ours: list[float] = []
    allowed: list[float] = []
    theirs: list[float] = []
    on_cpu: list[float] = []
    for _ in range(rounds):
        for action, role, context in asked:
            request = {
                "principal": {"type": role.capitalize(), "id": "it"}, "action": {"type": "Action", "id": str(action)},
                "resource": {"type": "House", "id": "ours"}, "context": context.known(),
            }  # fmt: skip
            begun = time.perf_counter()
            cedarpy.is_authorized(request, bare, nobody, known)
            between, cpu = time.perf_counter(), time.thread_time()
            decision = rules.decide(action, role, context)
            took = time.perf_counter() - between
            on_cpu.append(time.thread_time() - cpu)
            theirs.append(between - begun)
            ours.append(took)
            if decision.allowed:
                allowed.append(took)
    return {
        "decisions": len(ours), "rules": len(rules.rules), "load_ms": round(load_ms, 1), **_ms("decide", ours), **_ms("decide_cpu", on_cpu), **_ms("allow", allowed), **_ms("cedar", theirs),
        "times_cedar_p50": round(median(ours) / median(theirs), 2), "allow_times_cedar_p50": round(median(allowed) / median(theirs), 2),
    }  # fmt: skip


def _ms(name: str, seconds: list[float]) -> dict[str, float]:
    return {f"{name}_p50_ms": round(median(seconds) * 1000, 3), f"{name}_p99_ms": round(quantiles(seconds, n=100)[98] * 1000, 3)}


def print_lines(figures: dict[str, Any]) -> None:
    for name, value in figures.items():
        print(f"{name:<22} {value:>9}" + (f"   (to reach: {LIMIT_P99_MS})" if name == "decide_p99_ms" else ""))
