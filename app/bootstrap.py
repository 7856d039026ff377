"""The composition root: which adapters, who listens to what, who holds data about people, what runs in this process.

Owns `House` and `build`. Nothing else in the house chooses an adapter or registers a subscriber. Importing this file
imports every room, so it is imported late (house rule 5).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from fastapi import APIRouter
from prometheus_client import CollectorRegistry, Gauge

from app.analytics import data_tags as analytics_tags
from app.analytics import endpoints as analytics_endpoints
from app.analytics import handlers as analytics_handlers
from app.analytics import privacy as analytics_privacy
from app.kernel import data_tags as kernel_tags
from app.kernel import idempotency, tracing
from app.kernel.clock import Clock, SystemClock
from app.kernel.db import Database
from app.kernel.leases import Tenure, is_held
from app.kernel.outbox import Subscriptions, figures, sweep_handled
from app.kernel.relay import Relay, RelayLoop
from app.privacy import data_tags as cellar_tags
from app.privacy import endpoints as privacy_endpoints
from app.privacy import jobs as privacy_jobs
from app.privacy import joining as consent_joining
from app.privacy import privacy as cellar_privacy
from app.privacy import retention, subjects
from app.privacy.controller import use_controller
from app.privacy.tags import register_tags
from app.scheduler import LEASE, Job, Scheduler
from app.security import contact_endpoints, joining, key_endpoints, link_endpoints
from app.security import data_tags as security_tags
from app.security import endpoints as security_endpoints
from app.security.answers import SealedAnswers
from app.security.audit import journal
from app.security.contacts import facade as contacts
from app.security.contacts import wiring as contact_wiring
from app.security.contacts.ports import ContactGateway
from app.security.devices import endpoints as device_endpoints
from app.security.passkeys import endpoints as passkey_endpoints
from app.security.sealing import keyed_hash, use_secrets
from app.security.secrets import FILE_NAME, Watched, load_or_create
from app.security.signals import endpoints as signal_endpoints
from app.security.sim_swap import wiring as sim_swap_wiring
from app.security.sim_swap.operator import Operator
from app.security.sim_swap.ports import SimSwapGateway
from app.security.vault import Vault, open_vault, use_vault
from app.settings import Settings
from app.waking import Waking, wire
from geofences import data_tags as geofence_tags
from geofences import endpoints as geofence_endpoints
from geofences import handlers as geofence_handlers
from geofences import privacy as geofence_privacy
from geofences.beacons import endpoints as beacon_endpoints
from geofences.beacons import handlers as beacon_handlers
from geofences.beacons import privacy as beacon_privacy
from geofences.beacons.runner import BeaconRunner
from geofences.index import kernel as index_kernel
from geofences.jobs import RunnerLoop
from geofences.mqtt import MqttListener
from geofences.presence import endpoints as presence_endpoints
from geofences.presence import privacy as presence_privacy
from geofences.sensitive import endpoints as sensitive_endpoints
from geofences.sensitive import refusals as sensitive_refusals
from geofences.spoofing import privacy as spoofing_privacy
from geofences.wiring import detecting, listening
from notifications import data_tags as notification_tags
from notifications import endpoints as notification_endpoints
from notifications import leaving_endpoints
from notifications import privacy as notification_privacy
from notifications import wiring as notification_wiring
from notifications.conversations import data_tags as conversation_tags
from notifications.conversations import endpoints as conversation_endpoints
from notifications.conversations import privacy as conversation_privacy
from notifications.conversations import wiring as conversation_wiring
from notifications.conversations.caring import Teller
from notifications.conversations.faq import endpoints as faq_endpoints
from notifications.conversations.finding import HouseKnowledge
from notifications.conversations.ports import LanguageModel
from notifications.inbound import endpoints as inbound_endpoints
from notifications.metering import counting as metering_counting
from notifications.metering import endpoints as metering_endpoints
from notifications.metering import reporting as metering_reporting
from notifications.passes import data_tags as pass_tags
from notifications.passes import endpoints as pass_endpoints
from notifications.passes import privacy as pass_privacy
from notifications.passes.showing import LiveCodes
from notifications.ports import PushGateway
from notifications.support import data_tags as support_tags
from notifications.support import endpoints as support_endpoints
from notifications.support import privacy as support_privacy
from notifications.support import watching as support_watching
from notifications.support import wiring as support_wiring
from notifications.support.telling import Teller as SupportTeller
from notifications.surveys import data_tags as survey_tags
from notifications.surveys import endpoints as survey_endpoints
from notifications.surveys import privacy as survey_privacy
from notifications.surveys import wiring as survey_wiring
from notifications.surveys.inviting import Inviter
from notifications.webhooks import data_tags as webhook_tags
from notifications.webhooks import endpoints as webhook_endpoints
from notifications.webhooks import privacy as webhook_privacy
from notifications.webhooks import wiring as webhook_wiring
from notifications.webhooks.ports import WebhookGateway
from offers import chunks as offer_chunks
from offers import data_tags as offer_tags
from offers import endpoints as offer_endpoints
from offers import handlers as offer_handlers
from offers import jobs as offer_jobs
from offers import privacy as offer_privacy
from offers.outside import jobs as outside_jobs
from offers.outside import privacy as outside_privacy
from storefront import data_tags as storefront_tags
from storefront import endpoints as storefront_endpoints
from storefront import facade as storefront
from storefront import handlers as storefront_handlers
from storefront import jobs as storefront_jobs
from storefront import joining as storefront_joining
from storefront import privacy as storefront_privacy
from storefront.billing import rounds as memberships
from storefront.papers import issuing as papers
from storefront.payments import detaching
from storefront.payments.ports import PaymentGateway
from storefront.payments.shop import Shop
from storefront.sharing import rewarding

DATA_TAGS = (kernel_tags, security_tags, cellar_tags, geofence_tags, offer_tags, storefront_tags, notification_tags, conversation_tags, support_tags, survey_tags, pass_tags, webhook_tags, analytics_tags)
"""What kind of data each column of the house holds, room by room."""

BOOKS_BREATH_S = 0.2
"""Nobody waits for the books: what happens within this time is entered together."""


@dataclass(slots=True)
class House:
    """A built house. `start` begins its loops, `stop` ends them and closes what was opened."""

    settings: Settings
    database: Database
    vault: Vault
    subscriptions: Subscriptions
    shop: Shop
    notifications: notification_wiring.Notifications
    webhooks: webhook_wiring.Webhooks
    conversations: conversation_wiring.Conversations
    support: support_wiring.Support
    contact_gateway: ContactGateway | None
    operator: Operator | None
    runner: RunnerLoop
    waking: Waking
    mqtt: MqttListener | None
    scheduler: Scheduler
    routers: list[APIRouter]
    _relay_loops: tuple[RelayLoop, ...]
    _running: bool = field(default=False)
    _timetable: bool = field(default=True)

    @property
    def clock(self) -> Clock:
        return self.database.clock

    def start(self, *, timetable: bool = True) -> None:
        """Begin detection, delivery and sending, and the `timetable` with the broker's phones, unless this process only serves."""
        tracing.begin(self.settings.tracing)
        self.waking.notices.start()
        if not self.settings.loops or self._running:
            return
        self._running, self._timetable = True, timetable
        self.note_start()
        privacy_jobs.erase_again(self.database)
        self.runner.start()
        for loop in self._relay_loops:
            loop.start()
        self.notifications.start()
        self.webhooks.loop.start()
        if timetable:
            if self.mqtt is not None:
                self.mqtt.start()
            self.scheduler.start()

    def note_start(self) -> None:
        """By which settings this process runs: their names where they are not the default, and one keyed hash over all values."""
        told = {"settings": keyed_hash("settings", self.settings.canonical()), "changed": self.settings.changed()}
        with self.database.transaction() as session:
            journal.note(session, "house.started", by="house", at=self.clock.now(), detail=told)

    def stop(self) -> None:
        """End in the order of the flow, so that nothing is handed to a part that has gone. Safe to call twice."""
        self.notifications.close_streams()
        if self._running:
            self._running = False
            self.scheduler.stop()
            self.waking.timetable()
            if self.mqtt is not None:
                self.mqtt.stop()
            self.runner.stop()
            for loop in self._relay_loops:
                loop.stop()
            self.webhooks.loop.stop()
        self.runner.close()
        self.notifications.stop()
        self.waking.notices.stop()
        self.conversations.close()
        if self.operator is not None:
            self.operator.gateway.close()
        self.database.close()
        self.vault.close()
        tracing.end()

    def stopped_loops(self) -> list[str]:
        """The names of loops that should run in this process and do not: it is not ready then."""
        if not self.settings.loops:
            return []
        loops: Sequence[tuple[str, Any]] = (
            ("detection", self.runner), ("mqtt", self.mqtt), *(("relay", loop) for loop in self._relay_loops), *(("dispatch", loop) for loop in self.notifications.loops), *(("passes", loop) for loop in self.notifications.passes.loops),
            ("webhooks", self.webhooks.loop), ("scheduler", self.scheduler), ("notices", self.waking),
        )  # fmt: skip
        elsewhere = () if self._timetable else ("mqtt", "scheduler")
        return [name for name, loop in loops if loop is not None and not loop.running and name not in elsewhere]

    def timetable_runs(self) -> str:
        """Where the timetable runs: here, elsewhere or nowhere."""
        return "here" if self.scheduler.leads else "elsewhere" if is_held(self.database, LEASE) else "nowhere"

    def measure(self, registry: CollectorRegistry) -> None:
        """Refresh the gauges that are read from rows."""
        with self.database.reading() as session:
            found = figures(session) | self.runner.figures(session) | contacts.returning.figures(session)
        found["moments_timetable_leader"] = ("1 in the one process whose timetable runs, else 0.", float(self.scheduler.leads))
        for name, (words, value) in found.items():
            gauge: Any = registry._names_to_collectors.get(name)  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]
            (gauge or Gauge(name, words, registry=registry)).set(value)


def build(
    settings: Settings,
    *,
    clock: Clock | None = None,
    database: Database | None = None,
    payments: PaymentGateway | None = None,
    push: PushGateway | None = None,
    contact_gateway: ContactGateway | None = None,
    webhook_gateway: WebhookGateway | None = None,
    language_model: LanguageModel | None = None,
    sim_swap_gateway: SimSwapGateway | None = None,
    extra_routers: Sequence[APIRouter] = (),
) -> House:
    """Build the house from settings. Tests and the demo hand in what they stand in for; all else is the real thing."""
    settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    changed = Watched(settings.data_dir / FILE_NAME)  # before it is read: what changes in between is seen
    use_secrets(load_or_create(settings.data_dir), changed)
    use_controller(settings.privacy.controller())
    index_kernel.choose(settings.kernel)
    if database is None:
        database = Database(settings.resolved_database_url(), clock=clock or SystemClock(), pool_size=max(5, settings.threads // 2))
    use_vault(vault := open_vault(settings.data_dir, settings.security.keys_url, clock=database.clock))
    database.answers = SealedAnswers()
    offer_chunks.lease_by(database, settings.offers.chunk_coupons)
    journal.keep_anchor(database, settings.data_dir)
    shop = storefront.open_shop(database, settings.storefront, gateway=payments)
    notifications = notification_wiring.build(
        database, settings.notifications, gateway=push, channels=settings.channels, mail_server=settings.contacts, origin=settings.base_url(),
        live_codes=LiveCodes(settings.offers.live_code_required, settings.offers.live_code_above_minor),
    )  # fmt: skip
    webhooks = webhook_wiring.build(database, settings.webhooks, settings.base_url(), gateway=webhook_gateway)
    conversations = conversation_wiring.Conversations(settings.conversations, HouseKnowledge(shop, settings.conversations), conversation_wiring.adviser(settings.conversations, language_model), notifications.wake)
    support = support_wiring.Support(settings.support, SupportTeller(notifications.channels, notifications.wake_her), settings.conversations.take_over_after_s)
    contact_gateway = contact_gateway or contact_wiring.choose(settings.contacts, demo=settings.demo, bounces=settings.channels.email_bounces)
    sim_swap_gateway = sim_swap_gateway or sim_swap_wiring.choose(settings.sim_swap)
    subscriptions = Subscriptions()
    geofence_handlers.subscribe(subscriptions)
    beacon_handlers.subscribe(subscriptions)
    offer_handlers.subscribe(subscriptions, settings.offers)
    storefront_handlers.subscribe(subscriptions, settings.storefront)
    notifications.subscribe(subscriptions)
    webhooks.subscribe(subscriptions)
    conversations.subscribe(subscriptions)
    survey_wiring.Surveys(Inviter(settings.surveys, notifications.wake_her)).subscribe(subscriptions)
    analytics_handlers.subscribe(subscriptions)
    if settings.metering.count:
        metering_counting.subscribe(subscriptions)
    subscriptions.attach(database)
    register_people_data(settings)
    runner, tenure = detecting(database, settings.geofences, settings.data_dir / "index", [BeaconRunner(database, settings.beacons)]), Tenure(database, LEASE)
    waking = wire(database, runner, notifications.broadcaster, [*notifications.loops, *notifications.passes.loops, webhooks.loop], tenure, here=settings.loops)
    return House(
        settings=settings,
        database=database,
        vault=vault,
        subscriptions=subscriptions,
        shop=shop,
        notifications=notifications,
        webhooks=webhooks,
        conversations=conversations,
        support=support,
        contact_gateway=contact_gateway,
        operator=Operator(database, sim_swap_gateway) if sim_swap_gateway is not None else None,
        runner=runner,
        waking=waking,
        mqtt=listening(database, settings.geofences, waking.fixes, runner.intake),
        scheduler=Scheduler(timetable(database, shop, settings, contact_gateway, notifications), tenure),
        routers=[*_routers(), *extra_routers],
        _relay_loops=tuple(RelayLoop(database, Relay(database, subscriptions, prompt=prompt), breath_s=0.0 if prompt else BOOKS_BREATH_S) for prompt in (True, False)),
    )


def register_people_data(settings: Settings) -> None:
    """Who answers for which rows about a person, rooms first and the cellar last, and how long rows are kept."""
    joining.register_joiners(joining.Joiner("storefront", storefront_joining.carrier(settings.storefront)), consent_joining.JOINER)
    for room in (geofence_privacy, beacon_privacy, spoofing_privacy, presence_privacy, offer_privacy, storefront_privacy, notification_privacy, conversation_privacy, support_privacy, survey_privacy, pass_privacy, webhook_privacy, analytics_privacy, cellar_privacy):
        subjects.register_holders(*room.HOLDERS)
    retention.register_rules(*geofence_privacy.RULES, *beacon_privacy.RULES, *spoofing_privacy.RULES, *presence_privacy.RULES, *storefront_privacy.RULES, *analytics_privacy.RULES, *cellar_privacy.RULES)
    for tags in DATA_TAGS:
        register_tags(tags.TAGS)
    retention.register_rules(*offer_privacy.rules(settings.offers), *outside_privacy.rules(settings.outside), *notification_privacy.rules(settings.notifications), *conversation_privacy.rules(settings.conversations), *support_privacy.rules(settings.support), *survey_privacy.rules(settings.surveys), *pass_privacy.rules(settings.notifications), *webhook_privacy.rules(settings.webhooks))


def timetable(
    database: Database, shop: Shop, settings: Settings, contact_gateway: ContactGateway | None, notifications: notification_wiring.Notifications
) -> list[Job]:
    """All periodic work of the house."""

    def in_transaction(work: Callable[..., object]) -> Callable[[], object]:
        def run() -> object:
            with database.transaction() as session:
                return work(session, database.clock.now())

        return run

    care = Teller(settings.conversations, settings.notifications, notifications.channels, notifications.wake_her)

    def send_letters() -> object:
        return contacts.send_due(database, contact_gateway, settings.contacts) if contact_gateway is not None else 0

    return [
        Job("contacts.send", 1, send_letters),
        Job("offers.settle", 15, lambda: offer_jobs.settle_waiting(database, settings.security)),
        Job("offers.chunks", 60, lambda: offer_jobs.bring_home_all(database)),
        Job("offers.expire", 5, lambda: offer_jobs.expire_all(database, settings.offers.expire_batch)),
        Job("offers.fetch_weather", 60, lambda: outside_jobs.fetch(database, settings.outside)),
        Job("storefront.reconcile", 5, lambda: storefront_jobs.reconcile_orders(shop)),
        Job("storefront.memberships", 2, lambda: memberships.look_due(shop)),
        Job("storefront.detach", 5, lambda: detaching.detach_due(shop)),
        Job("storefront.count_together", 6 * 3600, lambda: storefront_jobs.count_together(shop)),
        Job("storefront.referrals", 3600, lambda: rewarding.settle_due(shop)),
        Job("storefront.booking_reminders", 300, lambda: storefront_jobs.remind_of_bookings(shop)),
        Job("storefront.returns", 600, lambda: storefront_jobs.lapse_returns(shop)),
        Job("storefront.gift_cards", 600, lambda: storefront_jobs.expire_gift_cards(shop)),
        Job("storefront.loyalty", 60, lambda: storefront_jobs.weigh_loyalty(shop)),
        Job("storefront.papers", 5, lambda: papers.issue_due(shop)),
        Job("privacy.shred", 5, lambda: privacy_jobs.finish_erasures(database)),
        Job("geofences.forget_refused", 300, in_transaction(lambda session, _now: sensitive_refusals.forget_visits(session))),
        Job("privacy.sweep", 300, lambda: privacy_jobs.sweep_all(database)),
        Job("metering.close_days", 600, lambda: metering_reporting.close_days(database, database.clock.now())),
        Job("support.watch", 15, lambda: support_watching.look(database, settings.support)),
        Job("conversations.care", 600, lambda: care.tell_due(database)),
        Job("kernel.forget_answers", 600, in_transaction(idempotency.sweep)),
        Job("kernel.forget_deliveries", 600, in_transaction(sweep_handled)),
    ]


def _routers() -> list[APIRouter]:
    from app.web import pages

    return [  # looked through in this order: most requests are phones' positions
        geofence_endpoints.router,
        security_endpoints.router,
        device_endpoints.router,
        passkey_endpoints.router,
        signal_endpoints.router,
        contact_endpoints.router,
        key_endpoints.router,
        link_endpoints.router,
        privacy_endpoints.router,
        beacon_endpoints.router,
        presence_endpoints.router,
        sensitive_endpoints.router,
        offer_endpoints.router,
        storefront_endpoints.router,
        notification_endpoints.router,
        leaving_endpoints.router,
        conversation_endpoints.router,
        faq_endpoints.router,
        support_endpoints.router,
        survey_endpoints.router,
        metering_endpoints.router,
        inbound_endpoints.router,
        pass_endpoints.router,
        pass_endpoints.wallets,
        webhook_endpoints.router,
        analytics_endpoints.router,
        pages.router,
    ]
