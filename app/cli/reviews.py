"""`moments reviews`: what shoppers wrote that waits for a person, and the word on it.

Owns the commands and their layout. Must not decide anything: the storefront refuses a word on what was changed meanwhile.
"""

from __future__ import annotations

from typing import Annotated

import typer

program = typer.Typer(help="Reviews: list, approve, reject.", no_args_is_help=True, rich_markup_mode=None)

ReviewId = Annotated[str, typer.Argument(metavar="REVIEW", help="The id of a review, such as rev_01k...")]
Version = Annotated[int, typer.Option("--version", help="Of the words you have read, as `list` shows it.")]
BY = "cli"


@program.command("list")
def list_reviews(
    state: Annotated[str, typer.Option("--state", help="pending, published or rejected.")] = "pending",
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """What waits for a person, the oldest first; of other states the newest."""
    from app.cli.opening import opened_house
    from app.cli.terminal import cell, print_json, print_table
    from app.kernel.errors import Invalid
    from storefront import facade as storefront

    if state not in ("pending", "published", "rejected"):
        raise Invalid.field("--state", "pending, published or rejected")
    with opened_house() as house, house.database.reading() as session:
        found = storefront.reviews.queue(session, state)
    if as_json:
        print_json(found)
        return
    rows = [(row.review.id, row.now.version, row.review.stars, cell(row.product_name), cell(row.review.text[:60]), " ".join((*row.now.waits, *row.reports))) for row in found]
    print_table(("review", "version", "stars", "product", "words", "why"), rows, empty=f"No review is {state}.")


@program.command("approve")
def approve(review_id: ReviewId, version: Version) -> None:
    """Let everybody read it."""
    from app.cli.opening import opened_house
    from storefront import facade as storefront

    with opened_house() as house, house.database.transaction() as session:
        storefront.reviews.approve(session, review_id, version, by=BY, at=house.clock.now())
    print(f"{review_id}: published")


@program.command("reject")
def reject(review_id: ReviewId, version: Version, why: Annotated[str, typer.Option("--why", help="One of the causes docs/reasons/storefront.md lists, such as review_insulting.")]) -> None:
    """Take it from others' eyes; whoever wrote it reads why."""
    from app.cli.opening import opened_house
    from app.kernel.errors import Invalid
    from storefront import facade as storefront

    cause = next((one for one in storefront.reviews.CAUSES if one == why), None)
    if cause is None:
        raise Invalid.field("--why", f"one of {', '.join(storefront.reviews.CAUSES)}")
    with opened_house() as house, house.database.transaction() as session:
        storefront.reviews.reject(session, review_id, version, cause, by=BY, at=house.clock.now())
    print(f"{review_id}: rejected")
