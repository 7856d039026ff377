"""The settings of the room `notifications` (MOMENTS_NOTIFICATIONS__...).

Owns names, bounds and defaults, and how they become the arguments of the pure rules. Must not hold a secret itself: the
service account is named by its path.
"""

from datetime import time
from typing import Annotated

from pydantic import AfterValidator, Field

from app.kernel.settings import SettingsGroup
from notifications.breaker import BreakerRules
from notifications.choosing import WayRules
from notifications.policy import Cap, PolicyRules, QuietHours
from notifications.retries import RetryRules
from offers.contracts import Way


def _known_zone(name: str) -> str:
    from zoneinfo import available_timezones  # reads the whole zone database: only when a setting is checked

    if name not in available_timezones():
        raise ValueError("use an IANA zone such as Europe/Helsinki")
    return name


ZoneName = Annotated[str, AfterValidator(_known_zone)]


class NotificationSettings(SettingsGroup):
    fcm_service_account_path: str | None = Field(
        default=None,
        description="Path of the Firebase service account file (JSON). Without it the in-app inbox is the only channel.",
    )
    fcm_url: str | None = Field(
        default=None,
        description="Replaces Google's address of messages:send, with {0} for the project id; for a local stand-in.",
    )
    fcm_timeout_s: float = Field(
        default=5.0, gt=0, le=60, description="How long one push may take at the provider, in seconds."
    )
    quiet_from: time = Field(
        default=time(21, 0), description="When quiet hours begin, by the wall clock of the store and of the shopper."
    )
    quiet_until: time = Field(
        default=time(8, 0), description="When quiet hours end. The same as the beginning: there are none."
    )
    quiet_in_store: bool = Field(
        default=False, description="Whether quiet hours also hold for a shopper who is in the store at that moment."
    )
    cap_messages: int = Field(
        default=10, ge=0, le=1000, description="The most messages a shopper gets within the cap's window."
    )
    cap_window_s: int = Field(
        default=86_400, ge=60, le=30 * 86_400, description="The cap's rolling window, in seconds."
    )
    campaign_cap_messages: int | None = Field(
        default=5, ge=0, le=1000, description="The most messages of one campaign a shopper gets within its window. Empty: no such cap."
    )
    campaign_cap_window_s: int = Field(
        default=7 * 86_400, ge=60, le=30 * 86_400, description="The rolling window of the cap of a campaign, in seconds."
    )
    place_cap_messages: int | None = Field(
        default=5, ge=0, le=1000, description="The most messages about one place a shopper gets within its window. Empty: no such cap."
    )
    place_cap_window_s: int = Field(
        default=86_400, ge=60, le=30 * 86_400, description="The rolling window of the cap of a place, in seconds."
    )
    way_caps: dict[Way, Annotated[int, Field(ge=0, le=1000)]] = Field(
        default={Way.WHATSAPP: 4, Way.SMS: 4, Way.EMAIL: 4},
        description="The most messages a shopper gets by one way within `cap_window_s`, as JSON by way (push, whatsapp, sms, email). A way that is not named has no cap of its own.",
    )
    way_lead_s: dict[Way, Annotated[int, Field(ge=0, le=7 * 86_400)]] = Field(
        default={Way.WHATSAPP: 120, Way.SMS: 120, Way.EMAIL: 1800},
        description="How long after it was sent a message is read there, as a rule, in seconds, as JSON by way: an offer that ends sooner is not told that way.",
    )
    one_per_visit: bool = Field(default=True, description="Whether a visit leads to one message at most.")
    least_life_s: int = Field(
        default=60, ge=1, le=86_400, description="An offer that ends sooner than this is not announced, in seconds."
    )
    cancel_on_exit: bool = Field(
        default=True, description="Whether a push that is still queued is dropped when the shopper leaves the store."
    )
    push_attempts: int = Field(default=8, ge=1, le=50, description="How often one push is tried in all.")
    push_retry_first_s: float = Field(
        default=1.0, gt=0, le=600, description="The first wait before a retry, in seconds; it doubles each time."
    )
    push_retry_most_s: float = Field(
        default=300.0, gt=0, le=86_400, description="The longest wait between retries, in seconds."
    )
    breaker_failures: int = Field(
        default=20, ge=1, le=1000, description="After how many failures in a row a provider is left alone for a while."
    )
    breaker_first_s: float = Field(
        default=5.0, gt=0, le=3600, description="How long it is left alone first, in seconds; then one message tries it, and each that fails doubles this."
    )
    breaker_most_s: float = Field(
        default=300.0, gt=0, le=86_400, description="The longest a provider is left alone, in seconds."
    )
    push_lease_s: float = Field(
        default=60.0,
        ge=10,
        le=3600,
        description="How long a claimed push belongs to the process that claimed it, in seconds; longer than a batch takes.",
    )
    push_workers: int = Field(default=8, ge=1, le=64, description="How many pushes are on their way at once.")
    link_template: str = Field(
        default="/m/coupons/{coupon_id}",
        pattern=r"^/[a-z][A-Za-z0-9_/-]*\{coupon_id\}[A-Za-z0-9_/?=&-]*$",
        description="Where a message leads, on our own origin.",
    )
    default_zone: ZoneName = Field(
        default="UTC", description="The zone quiet hours go by where a store's zone is not known."
    )
    stream_poll_s: float = Field(
        default=1.0,
        gt=0,
        le=60,
        description="How often it is asked, for all open inbox streams at once, what other processes wrote and did not tell, in seconds; commits wake at once.",
    )
    stream_heartbeat_s: float = Field(
        default=15.0, gt=0, le=300, description="How often a silent inbox stream says that it is alive, in seconds."
    )
    stream_life_s: float = Field(
        default=900.0,
        gt=0,
        le=86_400,
        description="How long a stream lives before the browser opens it anew and proves itself again.",
    )
    keep_messages_s: int = Field(
        default=180 * 86_400, ge=86_400, description="How long messages and their reasons are kept, in seconds; those of a campaign with an end, at least until then."
    )
    keep_tokens_s: int = Field(
        default=270 * 86_400,
        ge=86_400,
        description="How long a push token is kept without being registered again, in seconds.",
    )
    keep_passes_s: int = Field(
        default=30 * 86_400, ge=86_400, description="How long it is kept which wallets hold a pass after its offer has ended, in seconds."
    )

    def policy(self) -> PolicyRules:
        return PolicyRules(
            quiet=QuietHours(self.quiet_from, self.quiet_until),
            in_store_exempt=not self.quiet_in_store,
            cap=self.cap_messages,
            cap_window_s=self.cap_window_s,
            one_per_visit=self.one_per_visit,
            least_life_s=self.least_life_s,
            of_campaign=Cap(self.campaign_cap_messages, self.campaign_cap_window_s),
            of_place=Cap(self.place_cap_messages, self.place_cap_window_s),
        )

    def ways(self) -> WayRules:
        return WayRules(self.way_lead_s, self.way_caps, self.cap_window_s, self.least_life_s)

    def breaker(self) -> BreakerRules:
        return BreakerRules(self.breaker_failures, self.breaker_first_s, self.breaker_most_s)

    def retries(self) -> RetryRules:
        return RetryRules(self.push_retry_first_s, self.push_retry_most_s, self.push_attempts)
