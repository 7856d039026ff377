"""The reason codes of app/privacy, each with the sentence a shopper is shown.

Owns the words; docs/reasons/privacy.md lists them, a test compares.
"""

from __future__ import annotations

from app.privacy.consent import MINOR, OS_PERMISSION_NEVER
from app.privacy.purposes import Purpose, no_consent

REASONS: dict[str, str] = {
    MINOR: "You told us that you are under age, so we do not look where you are and send you no offers.",
    OS_PERMISSION_NEVER: "Your phone's settings do not let us see where you are, so we did not look at any position.",
    no_consent(Purpose.LOCATION): "You have not switched on “Where you are”, so we did not look at any position.",
    no_consent(Purpose.PERSONALISATION): "You have not switched on “Offers that fit”, so no offer was chosen for you.",
    no_consent(Purpose.MARKETING_PUSH): "You have not switched on “Messages”, so nothing was sent to you.",
    no_consent(Purpose.MARKETING_EMAIL): "You have not switched on “Messages by e-mail”, so nothing was sent to that address.",
    no_consent(Purpose.MARKETING_SMS): "You have not switched on “Messages by SMS”, so no SMS was sent to you.",
    no_consent(Purpose.MARKETING_WHATSAPP): "You have not switched on “Messages by WhatsApp”, so nothing was sent to you there.",
    no_consent(Purpose.ANALYTICS): "You have not switched on “Counting”, so you were not counted.",
    no_consent(Purpose.ASSISTANT): "You have not switched on “Outside help to understand you”, so your words stayed with us.",
    no_consent(Purpose.AFTERCARE): "You have not switched on “Care of what you bought”, so we tell you of it only when you ask.",
    no_consent(Purpose.LOYALTY): "You have not switched on “Visits that count”, so the visit earned nothing.",
    no_consent(Purpose.ORDER_NEWS): "You have not switched on “News of your orders”, so your phone was not told.",
}
