"""What kind of data each column of storefront holds, and what its modules read them for, in keys of the Fideslang taxonomy.

Owns plain data: table -> category -> columns, and use -> modules. tests/architecture fails on a column without a tag and on a module that
names a table about shoppers and declares no use. Must not import anything.
"""

from __future__ import annotations

TAGS: dict[str, dict[str, str]] = {
    "storefront_address": {
        "user.unique_id.pseudonymous": "shopper_id",
        "user.contact.address": "sealed",
        "system.operations": "id created_at changed_at",
    },
    "storefront_address_book": {
        "user.unique_id.pseudonymous": "shopper_id",
        "system.operations": "default_id changes changed_at",
    },
    "storefront_bought_together": {
        "system.operations": "product_id other_id score_bp counted_at",
    },
    "storefront_cart": {
        "user.unique_id.pseudonymous": "shopper_id",
        "user.behavior.purchase_history": "currency coupon_ids delivery slot_id address_id collect_at",
        "system.operations": "id version changed_at",
    },
    "storefront_cart_line": {
        "user.behavior.purchase_history": "product_id quantity seen_unit_minor slot_id added_at",
        "system.operations": "id cart_id",
    },
    "storefront_cart_code": {
        "user.unique_id.pseudonymous": "shopper_id",
        "user.workplace": "used_by",
        "user.behavior.purchase_history": "made_at used_at",
        "system.operations": "code_hash to version expires_at",
    },
    "storefront_cash_claim": {
        "user.workplace": "ended_by",
        "user.behavior.purchase_history": "way place_id currency amount_minor state means tendered_minor",
        "system.operations": "order_id opened_at ended_at drawer_id",
    },
    "storefront_cash_drawer": {
        "user.workplace": "clerk_id",
        "system.operations": "id place_id kind currency state float_minor expected_minor counted_minor difference_minor why opened_at closed_at",
    },
    "storefront_cash_entry": {
        "user.workplace": "by",
        "user.behavior.purchase_history": "account currency amount_minor order_id",
        "system.operations": "movement drawer_id why at",
    },
    "storefront_balance": {
        "user.unique_id.pseudonymous": "shopper_id",
        "user.behavior.purchase_history": "currency available_minor",
        "system.operations": "changed_at",
    },
    "storefront_balance_entry": {
        "user.unique_id.pseudonymous": "shopper_id",
        "user.behavior.purchase_history": "account currency amount_minor order_id card_id at",
        "system.operations": "movement",
    },
    "storefront_balance_hold": {
        "user.unique_id.pseudonymous": "shopper_id",
        "user.behavior.purchase_history": "currency amount_minor returned_minor state",
        "system.operations": "order_id held_at",
    },
    "storefront_gift_card": {
        "user.unique_id.pseudonymous": "loaded_by",
        "user.workplace": "issued_by",
        "user.behavior.purchase_history": "code_hash sealed_code currency amount_minor state loaded_at",
        "system.operations": "id order_id line_no piece issued_at expires_at",
    },
    "storefront_service": {
        "system.operations": "id product_id place_id document changed_at",
    },
    "storefront_booking": {
        "user.unique_id.pseudonymous": "shopper_id",
        "user.location.precise": "place_id arrived_at arrived_by moment_id",
        "user.behavior.purchase_history": "product_id service_id slot_id places state timezone currency price_minor base_minor starts_at ends_at free_until ended_at",
        "user.workplace": "ended_by",
        "system.operations": "id order_id line_no remind_at moves",
    },
    "storefront_category": {
        "system.operations": "name parent",
    },
    "storefront_collection": {
        "user.unique_id.pseudonymous": "shopper_id",
        "user.location.precise": "place_id arrived_at arrived_by moment_id",
        "user.behavior.purchase_history": "state placed_at ready_at ready_until handed_at",
        "user.workplace": "handed_by",
        "system.operations": "order_id kept_days",
    },
    "storefront_delivery_area": {
        "system.operations": "id document changed_at",
    },
    "storefront_delivery_booking": {
        "user.unique_id.pseudonymous": "shopper_id",
        "user.contact.address": "sealed",
        "user.behavior.purchase_history": "area_id slot_id state timezone currency price_minor base_minor starts_at ends_at closes_at",
        "system.operations": "order_id",
    },
    "storefront_slot": {
        "system.operations": "id taken ends_at",
    },
    "storefront_membership": {
        "user.unique_id.pseudonymous": "shopper_id seat",
        "user.payment": "sealed kept_id",
        "user.behavior.purchase_history": (
            "plan_id plan_name amount_minor currency every trial_days state trial_ends_at period_ends_at paid_until leaves_at gives_until next_try_at joined_at "
            "started_at ended_at end_reason"
        ),
        "system.operations": "id subscription_id setup_id tries asked heard look_at changed_at",
    },
    "storefront_membership_invoice": {
        "user.behavior.purchase_history": "state amount_minor refunded_minor currency plan_name starts_at ends_at paid_at",
        "system.operations": "id membership_id payment_id look told_at",
    },
    "storefront_membership_paper": {
        "user.behavior.purchase_history": "kind number content sha256 issued_at",
        "system.operations": "invoice_id upto_minor",
    },
    "storefront_membership_plans": {
        "user.workplace": "applied_by",
        "system.operations": "version document applied_at",
    },
    "storefront_loyalty_choice": {
        "user.unique_id.pseudonymous": "shopper_id",
        "user.behavior": "counted at",
        "system.operations": "id",
    },
    "storefront_loyalty_fact": {
        "user.unique_id.pseudonymous": "shopper_id",
        "user.location.precise": "place_id",
        "user.behavior.purchase_history": "products categories pieces spent_minor currency",
        "user.behavior": "kind day at",
        "system.operations": "source_id line_no",
    },
    "storefront_loyalty_programme": {
        "user.workplace": "applied_by",
        "system.operations": "version document applied_at",
    },
    "storefront_loyalty_reward": {
        "user.unique_id.pseudonymous": "shopper_id",
        "user.behavior.purchase_history": "rule number title used points amount_minor currency state given_at changed_at",
        "system.operations": "id",
    },
    "storefront_loyalty_standing": {
        "user.unique_id.pseudonymous": "shopper_id",
        "user.behavior.purchase_history": "tier tier_until",
        "system.operations": "revision look_at changed_at",
    },
    "storefront_commission": {
        "user.behavior.purchase_history": "product_id kept_minor",
        "system.operations": "order_id line_no partner_id currency rate_bp terms_version",
    },
    "storefront_revenue_entry": {
        "user.behavior.purchase_history": "product_id base_minor amount_minor why at",
        "system.operations": "movement account partner_id currency cause line_no rate_bp statement_id",
    },
    "storefront_placement": {
        "system.operations": "id partner_id product_id currency budget_minor spent_minor views clicks",
    },
    "storefront_placement_count": {
        "user.unique_id.pseudonymous": "viewer",
        "user.behavior": "placement_id kind hour at",
    },
    "storefront_revenue_statement": {
        "user.workplace": "closed_by",
        "system.operations": "id partner_id partner_name period currency total_minor sha256 closed_at",
    },
    "storefront_revenue_terms": {
        "user.workplace": "applied_by",
        "system.operations": "version document applied_at",
    },
    "storefront_order": {
        "user.unique_id.pseudonymous": "shopper_id",
        "user.location.precise": "place_id",
        "user.payment": "payment_id decline keep_method",
        "user.behavior.purchase_history": (
            "state currency subtotal_minor discount_minor total_minor coupon_id close_reason refund_state refunded_minor returned_minor balance_minor credited_minor "
            "placed_at paid_at closed_at"
        ),
        "system.operations": "id confirmations restock points_rate points_bp expires_at next_look_at exchange_of",
    },
    "storefront_order_coupon": {
        "user.behavior.purchase_history": "coupon_id title discount_minor shares entitlements",
        "system.operations": "order_id position",
    },
    "storefront_file": {
        "system.operations": "product_id name media_type size_bytes sha256 put_at",
    },
    "storefront_file_part": {
        "system.operations": "product_id part_no content",
    },
    "storefront_download": {
        "user.behavior.purchase_history": "opened opened_at",
        "system.operations": "order_id line_no",
    },
    "storefront_order_line": {
        "user.behavior.purchase_history": "product_id name unit_minor quantity discount_minor total_minor returned",
        "system.operations": "order_id line_no",
    },
    "storefront_order_tax": {
        "user.behavior.purchase_history": "tax_class rate_bp paid_minor tax_minor",
        "system.operations": "order_id line_no",
    },
    "storefront_paper": {
        "user.behavior.purchase_history": "kind number content",
        "system.operations": "order_id cause sha256 issued_at",
    },
    "storefront_paper_due": {
        "user.behavior.purchase_history": "kind facts",
        "system.operations": "order_id cause due_at",
    },
    "storefront_paper_series": {
        "system.operations": "series year last_no",
    },
    "storefront_points": {
        "user.unique_id.pseudonymous": "shopper_id",
        "user.behavior.purchase_history": "points",
        "system.operations": "changed_at",
    },
    "storefront_points_entry": {
        "user.unique_id.pseudonymous": "shopper_id",
        "user.behavior.purchase_history": "account order_id points why at",
        "system.operations": "movement cause",
    },
    "storefront_product": {
        "system.operations": "id name description category image price_minor currency stock_units particulars on_sale changed_at kind sku head_id is_head options images prices position added_at",
    },
    "storefront_kept_method": {
        "user.unique_id.pseudonymous": "shopper_id",
        "user.payment": "sealed card_hash",
        "system.operations": "id kept_at",
    },
    "storefront_dispute": {
        "user.payment": "reason",
        "user.behavior.purchase_history": "state account amount_minor currency opened_at closed_at",
        "system.operations": "id order_id due_at told_at evidence_at",
    },
    "storefront_payer": {
        "user.unique_id.pseudonymous": "shopper_id",
        "user.payment": "sealed",
        "system.operations": "default_id changes changed_at",
    },
    "storefront_detachment": {
        "user.payment": "token",
        "system.operations": "id kind tries asked_at due_at",
    },
    "storefront_product_option": {
        "system.operations": "product_id name value listed_id",
    },
    "storefront_listing": {
        "system.operations": "no product_id name category kind price_minor currency added_at narrowed_by",
    },
    "storefront_product_search": {
        "system.operations": "no product_id names category rest",
    },
    "storefront_return_request": {
        "user.behavior.purchase_history": "pieces reason to_credit amount_minor state asked_at exchange",
        "system.operations": "id order_id expires_at closed_at",
    },
    "storefront_review": {
        "user.unique_id.pseudonymous": "shopper_id",
        "user.content.public": "product_id state stars",
        "user.behavior.purchase_history": "purchased",
        "user.behavior": "visited",
        "system.operations": "id version refusals changed_at",
    },
    "storefront_review_report": {
        "user.unique_id.pseudonymous": "shopper_id",
        "user.content.private": "cause",
        "system.operations": "review_id version settled at",
    },
    "storefront_review_version": {
        "user.content.public": "stars sealed reply_sealed",
        "user.workplace": "decided_by replied_by",
        "system.operations": "review_id version waits state why written_at decided_at replied_at",
    },
    "storefront_shipment": {
        "user.unique_id.pseudonymous": "shopper_id",
        "user.behavior.purchase_history": "state carrier tracking packed_at handed_at out_at expected_at delivered_at failed_at returned_at proof why",
        "user.workplace": "packed_by delivered_by",
        "system.operations": "id order_id",
    },
    "storefront_shipment_line": {
        "user.behavior.purchase_history": "line_no quantity",
        "system.operations": "shipment_id",
    },
    "storefront_tax_class": {
        "system.operations": "category tax_class set_at",
    },
    "storefront_tax_rate": {
        "system.operations": "country region tax_class valid_from rate_bp source set_at",
    },
    "storefront_refund": {
        "user.workplace": "asked_by",
        "user.behavior.purchase_history": "kind amount_minor credit_minor coupon_id pieces shares why",
        "system.operations": "id order_id state restock asked_at closed_at exchange_id",
    },
    "storefront_search_word": {
        "system.operations": "no word",
    },
    "storefront_wish": {
        "user.unique_id.pseudonymous": "shopper_id",
        "user.behavior.purchase_history": "product_id added_at",
    },
    "storefront_wish_found": {
        "user.unique_id.pseudonymous": "shopper_id",
        "user.location.precise": "visit_id",
        "user.behavior.purchase_history": "product_id",
        "system.operations": "at",
    },
    "storefront_share": {
        "user.unique_id.pseudonymous": "shopper_id",
        "user.behavior": "product_id created_at",
        "system.operations": "id code",
    },
    "storefront_share_touch": {
        "user.unique_id.pseudonymous": "shopper_id",
        "user.behavior": "share_id at",
    },
    "storefront_referral": {
        "user.unique_id.pseudonymous": "shopper_id buyer_shopper_id",
        "user.behavior.purchase_history": "order_id share_id points",
        "system.operations": "state why noted_at due_at decided_at",
    },
    "storefront_shelf": {
        "system.operations": "place_id product_id units aisle changed_at",
    },
}

USES: dict[str, str] = {
    "essential.service": (
        "joining memberships.benefits memberships.repository memberships.holding billing.settling billing.subscribing billing.changing billing.refunding billing.showing billing.papers loyalty.counting loyalty.repository loyalty.showing loyalty.weighing loyalty.joining "
        "addresses.repository balance.books balance.cards carts.repository carts.handing checkout collection.repository counter delivery.booking bookings.booking bookings.repository bookings.showing frozen_lines orders.appointments "
        "delivery.repository downloads.repository facade orders.fetching orders.moves orders.repository orders.rescheduling orders.worth points.ledger "
        "orders.parcels orders.shipping shipments.repository orders.return_requests orders.request_ends orders.exchanges orders.paper_due papers.issuing papers.repository taxes.repository "
        "reviews.moderating reviews.proving reviews.repository reviews.writing wishes.repository sharing.links sharing.rewarding"
    ),
    "marketing": "loyalty.counting loyalty.repository loyalty.showing loyalty.weighing",
    "essential.fraud_detection": "guarding paying disputes.repository orders.disputing sharing.rewarding",
    "essential.service.payment_processing": "checkout orders.returning orders.exchanging payments.collecting payments.settlement methods.repository revenue.accruing revenue.books revenue.showing revenue.statements paying orders.cash_taking orders.cash_paying_back cash.claims cash.books cash.reporting",
    "marketing.advertising.first_party.targeted": "orders.purchases recommending.showing wishes.noticing",
    "analytics.reporting.campaign_insights": "orders.purchases recommending.counting",
    "essential.legal_obligation": "privacy loyalty.holding",
}
