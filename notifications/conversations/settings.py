"""The settings of conversations (MOMENTS_CONVERSATIONS__...). Owns names, bounds and defaults."""

from __future__ import annotations

from typing import Self

from pydantic import Field, SecretStr, model_validator

from app.kernel.settings import SettingsGroup

DAY_S = 86_400


class ConversationSettings(SettingsGroup):
    returns_days: int | None = Field(default=14, ge=0, le=3650, description="Within how many days what is unused may be returned, as the assistant tells it. Empty: a person is asked.")
    answer_within_s: int = Field(default=900, ge=30, le=30 * DAY_S, description="Within which time a person should have answered whoever waits for one, in seconds; later is shown as late.")
    take_over_after_s: int = Field(
        default=3600, ge=60, le=30 * DAY_S, description="A conversation whose shopper has waited so long for the person who took it can be taken by another, in seconds."
    )
    canned: tuple[str, ...] = Field(
        default=("Thank you for waiting. I am looking into it.", "I am sorry about that. We will put it right.", "Can I do anything else for you?"),
        max_length=20,
        description="Sentences a person can answer with by one click, as a JSON list.",
    )
    language_model_url: str = Field(
        default="", pattern=r"^(https?://[^\s?#]+)?$", max_length=500,
        description="The root of a language model's interface of the `chat completions` kind, such as `https://models.example/v1`; empty: nobody outside sees a word. It is shown only what the assistant did not understand, of those who agreed, without names and numbers.",
    )
    language_model_key: SecretStr = Field(default=SecretStr(""), description="The key for that address; may be empty for a model in the house.")
    language_model: str = Field(default="", max_length=100, description="Which model is asked there; it stands in the record of every answer it had a part in.")
    language_model_timeout_s: float = Field(default=3.0, gt=0, le=10, description="How long the model may take; after that the assistant answers without it.")
    care_after_days: int = Field(
        default=3, ge=0, le=365,
        description="So many days after an order was paid she is told once, if she agreed, how to care for what its maker says something of; 0: never unasked.",
    )
    keep_s: int = Field(default=180 * DAY_S, ge=DAY_S, description="How long conversations are kept, in seconds, from when each thing was said.")
    keep_needs_s: int = Field(default=365 * DAY_S, ge=DAY_S, description="How long what she let the assistant remember is kept, in seconds.")

    @model_validator(mode="after")
    def _which_model(self) -> Self:
        if self.language_model_url and not self.language_model:
            raise ValueError("language_model_url: set language_model as well, or leave the address empty")
        return self
