"""What a shopper gets back for some pieces of a line whose discount was frozen when it was ordered.

Pure. Any way of returning all pieces, in one go or one by one, adds up to what was paid for the line, to the cent. Must not
reckon a discount anew: the cart that earned it is gone.
"""

from __future__ import annotations


def paid_minor(line_total_minor: int, discount_minor: int, quantity: int, pieces: int) -> int:
    """What the first `pieces` of `quantity` have cost, less their share of the discount (rounded down)."""
    return (line_total_minor - discount_minor) * pieces // quantity


def refund_minor(
    line_total_minor: int, discount_minor: int, quantity: int, *, returned_before: int, returned_now: int
) -> int:
    """For `returned_now` pieces of a line of `quantity`, of which `returned_before` have come back already.

    The difference of two sums of pieces from the start: whatever the steps, they meet in between and nothing is lost.
    Raises ValueError when more pieces would come back than were bought.
    """
    after = returned_before + returned_now
    if quantity < 1 or not 0 <= returned_before <= after <= quantity or not 0 <= discount_minor <= line_total_minor:
        raise ValueError("return between 0 and as many pieces as are still out")
    return paid_minor(line_total_minor, discount_minor, quantity, after) - paid_minor(
        line_total_minor, discount_minor, quantity, returned_before
    )
