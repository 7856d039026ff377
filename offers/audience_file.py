"""Audiences as they stand in a file: of the campaigns it names, or one by itself.

Owns which part of the file is meant. Must not judge it (audience_schemas.py) nor count (audience_counts.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from app.kernel.errors import Invalid
from offers import yaml_form

SHAPE = "the file is `audience:` with conditions, or campaigns as `moments campaigns export` writes them"


def audiences_of(text: str) -> dict[str, object]:
    """By campaign id (empty for one by itself) its audience as written, None for everybody; raises Invalid (422)."""
    value = yaml_form.read(text).value
    document = cast("Mapping[str, Any]", value) if isinstance(value, Mapping) else {}
    if set(document) == {"audience"}:
        return {"": document["audience"]}
    campaigns = document.get("campaigns")
    if set(document) != {"campaigns"} or not isinstance(campaigns, Mapping) or not all(isinstance(c, Mapping) for c in campaigns.values()):
        raise Invalid.field("FILE", SHAPE)
    return {campaign_id: campaign.get("audience") for campaign_id, campaign in campaigns.items()}
