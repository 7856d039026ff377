"""The storefront's refusals as named facts, each with its HTTP status. Must not know a framework."""

from __future__ import annotations

from app.kernel.errors import AppError, NotFound


class UnknownProduct(NotFound):
    """There is no such product in the catalogue."""

    code = "unknown_product"


class ChooseVariant(AppError):
    """This product comes in several kinds; choose one of them."""

    status = 422
    code = "choose_variant"


class UnknownReview(NotFound):
    """There is no such review."""

    code = "unknown_review"


class ReviewChanged(AppError):
    """This review was changed or decided about meanwhile; look at it again. `version` and `state` say how it stands."""

    status = 409
    code = "review_changed"


class WishListFull(AppError):
    """There is no room on your list; take something off first. `most` says how much fits on it."""

    status = 409
    code = "wish_list_full"


class UnknownShare(NotFound):
    """This link leads nowhere: it was taken back, or is none of ours."""

    code = "unknown_share"


class UnknownLine(NotFound):
    """There is no such line in your cart."""

    code = "unknown_line"


class UnknownOrder(NotFound):
    """There is no such order, or it is not yours."""

    code = "unknown_order"


class UnknownPaper(NotFound):
    """There is no such receipt, or it belongs to another order."""

    code = "unknown_paper"


class PaperAltered(AppError):
    """This receipt is not as it was issued, so it is not shown; the operator must look into the database."""

    status = 500
    code = "paper_altered"


class UnknownGiftCard(NotFound):
    """There is no gift card with this code; check what you typed."""

    code = "unknown_gift_card"


class GiftCardNotUsable(AppError):
    """This gift card was used already, taken back, or its time is over; `state` says which."""

    status = 409
    code = "gift_card_not_usable"


class PointsTooFew(AppError):
    """You have fewer points than that; `points` says how many."""

    status = 409
    code = "points_too_few"


class PointsNotExchanged(AppError):
    """Points are not exchanged for money here."""

    status = 409
    code = "points_not_exchanged"


class LoyaltyFileOutdated(AppError):
    """Somebody applied another programme since this file was exported; export it again and put your changes in."""

    status = 409
    code = "loyalty_file_outdated"


class CartEmpty(AppError):
    """The cart is empty; add a product before paying."""

    status = 409
    code = "cart_empty"


class CartChanged(AppError):
    """The cart was changed or paid for elsewhere in the meantime; look at it again."""

    status = 409
    code = "cart_changed"


class CartFull(AppError):
    """The cart holds as many different products as it can; pay for some first."""

    status = 422
    code = "cart_full"


class QuantityOutOfRange(AppError):
    """Between 1 and 99 pieces of one product fit into a cart."""

    status = 422
    code = "quantity_out_of_range"


class TotalTooLarge(AppError):
    """The sum is larger than one payment can be; split the cart."""

    status = 422
    code = "total_too_large"


class OutOfStock(AppError):
    """There is less in stock than the cart holds; `short` says of what and how much is left."""

    status = 409
    code = "out_of_stock"


class QuoteChanged(AppError):
    """Prices or the discount are not what you were shown; `changes` says what is different. Ask for a new quote."""

    status = 409
    code = "quote_changed"


class CouponRefused(AppError):
    """The coupon does not apply to this cart here and now; `reasons` says why. Change the cart or take the coupon out."""

    status = 409
    code = "coupon_refused"


class UnknownCoupon(NotFound):
    """There is no such coupon, or it is not yours."""

    code = "unknown_coupon"


class OrderClosed(AppError):
    """The order is closed and can no longer be paid; nothing was taken. Put the products into the cart again."""

    status = 409
    code = "order_closed"


class OrderNotRefundable(AppError):
    """Only an order that is paid, and not yet given back, can be refunded."""

    status = 409
    code = "order_not_refundable"


class TooManyReturned(AppError):
    """More pieces of a line would come back than are still out; `left` says how many are."""

    status = 409
    code = "too_many_returned"


class RefundUnderWay(AppError):
    """Cashback of this order is on its way just now; try again in a moment."""

    status = 409
    code = "refund_under_way"


class OrderNotCancellable(AppError):
    """The payment is already under way or done; ask for a refund instead."""

    status = 409
    code = "order_not_cancellable"


class GatewayUnreachable(AppError):
    """The payment provider did not answer, so the outcome is not known yet. Retry with the same Idempotency-Key, or refresh the order."""

    status = 503
    code = "payment_unknown"


class GatewayRefused(AppError):
    """The payment provider refuses this payment; nothing was taken."""

    status = 422
    code = "payment_refused"


class GatewayMisconfigured(AppError):
    """The payment provider does not accept our credentials; the operator must set the storefront's Stripe key."""

    status = 503
    code = "payment_misconfigured"


class PaymentTriesExhausted(AppError):
    """Payment of this order was tried too often; cancel it and start again from the cart."""

    status = 409
    code = "payment_tries_exhausted"


class BadWebhookSignature(AppError):
    """The webhook's signature is missing, wrong or not from the last five minutes; it was not believed."""

    status = 400
    code = "bad_webhook_signature"


class MalformedWebhook(AppError):
    """The webhook's body is not an event as documented by the payment provider."""

    status = 400
    code = "malformed_webhook"


class UnknownAddress(NotFound):
    """There is no such address, or it is not yours."""

    code = "unknown_address"


class AddressBookFull(AppError):
    """You have as many addresses as we keep; remove one you no longer need."""

    status = 409
    code = "address_book_full"


class DeliveryIncomplete(AppError):
    """The way you chose needs an address that is served and a time that is free; `needs` says what is missing."""

    status = 409
    code = "delivery_incomplete"


class SlotFull(AppError):
    """Others have taken the last of this time meanwhile; choose another."""

    status = 409
    code = "slot_full"


class SlotFixed(AppError):
    """When this order is brought can no longer be changed: its cut-off is past, or it is not brought at a time you chose."""

    status = 409
    code = "slot_fixed"


class UnknownDispute(NotFound):
    """There is no such dispute."""

    code = "unknown_dispute"


class OrderDisputed(AppError):
    """A bank has taken back the money of this order, for now or for good; nothing is paid back beside that. See its dispute."""

    status = 409
    code = "order_disputed"


class UnknownPaymentMethod(NotFound):
    """You have kept no such payment method."""

    code = "unknown_payment_method"


class CardHasExpired(AppError):
    """The time of this card is over; pay with another one, and keep it instead."""

    status = 409
    code = "card_has_expired"


class SlotDearer(AppError):
    """That time costs more than the one you paid for; choose one that does not."""

    status = 409
    code = "slot_dearer"


class UnknownSlot(NotFound):
    """There is no such time to be booked, where the order goes."""

    code = "unknown_slot"


class UnknownArea(NotFound):
    """There is no such area."""

    code = "unknown_area"


class CollectionNotReady(AppError):
    """There is nothing to be fetched just now: the order is not picked yet, was handed over, or does not stand."""

    status = 409
    code = "collection_not_ready"


class HandOverRefused(AppError):
    """The code does not prove that the order or parcel is this phone's, or it was handed over already; nothing was changed."""

    status = 422
    code = "hand_over_refused"


class UnknownShipment(NotFound):
    """There is no such parcel."""

    code = "unknown_shipment"


class TooManyShipped(AppError):
    """More pieces than are still to be sent: what was bought, less what was returned and what lies in another parcel. `lines` says how many are left."""

    status = 409
    code = "too_many_shipped"


class ShipmentBehind(AppError):
    """The parcel is not so far that this could have happened to it; nothing was changed."""

    status = 409
    code = "shipment_behind"


class NothingToSend(AppError):
    """Nothing of this order may leave the store just now: it is not paid, or its money goes back."""

    status = 409
    code = "nothing_to_send"
