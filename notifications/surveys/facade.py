"""What the roof may ask of surveys; named by the room's own facade. Owns nothing."""

from __future__ import annotations

from notifications.surveys.contracts import ShownAfter, SurveyState
from notifications.surveys.questions import Kind, of_lines
from notifications.surveys.replying import hers, reply
from notifications.surveys.repository import surveys
from notifications.surveys.schemas import SurveyIn
from notifications.surveys.writing import figures, keep, set_state

__all__ = ["Kind", "ShownAfter", "SurveyIn", "SurveyState", "figures", "hers", "keep", "of_lines", "reply", "set_state", "surveys"]
