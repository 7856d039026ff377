"""The settings of app/privacy: who answers for the data, where it lies, and from what age somebody is of age.

Owns the fields and their defaults. Every consent record carries these facts as they were when it was made.
"""

from __future__ import annotations

from pydantic import Field

from app.kernel.settings import SettingsGroup
from app.privacy.records import Controller


class PrivacySettings(SettingsGroup):
    """Read from `MOMENTS_PRIVACY__<FIELD>`."""

    controller_name: str = Field("The shop that runs this Mobile Moments", min_length=1, max_length=200, description="Who answers for the data, as named in every consent record and receipt.")
    controller_contact: str = Field("ask at the till", min_length=1, max_length=200, description="How a shopper reaches whoever answers for the data: an address, an e-mail address or a telephone number.")
    privacy_url: str = Field("/m/me", min_length=1, max_length=500, description="Where the whole notice is found.")
    jurisdiction: str = Field("FI", min_length=2, max_length=20, description="Under whose law: an ISO 3166 code.")
    language: str = Field("en", min_length=2, max_length=35, description="The language the notices are shown in (BCP 47).")
    storage_locations: list[str] = Field(["FI"], min_length=1, description="Where the data is stored: ISO 3166 codes, or sentences; a JSON list.")
    authority: str = Field("https://www.edpb.europa.eu/about-edpb/about-edpb/members_en", min_length=1, max_length=500, description="Where one complains: the name or address of the data protection authority.")
    adult_at_years: int = Field(18, ge=13, le=25, description="Younger shoppers are neither located nor approached.")
    adult_at_years_in: dict[str, int] = Field({}, description="The same for single jurisdictions, where their law says otherwise: a JSON object like {\"KR\": 19}.")

    aggregate_budget_epsilon: float = Field(10.0, ge=0, le=1000, description="How much may be asked of one dataset in a month with noise, as a sum of epsilon; then questions with noise are refused until the next month.")

    def controller(self) -> Controller:
        """What a record says about whoever keeps it."""
        return Controller(
            name=self.controller_name,
            contact=self.controller_contact,
            privacy_url=self.privacy_url,
            jurisdiction=self.jurisdiction,
            language=self.language,
            storage_locations=tuple(self.storage_locations),
            authority=self.authority,
            adult_at_years=self.adult_at_years_in.get(self.jurisdiction, self.adult_at_years),
        )
