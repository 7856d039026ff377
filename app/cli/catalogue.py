"""`moments catalogue`: what is for sale, as a file, and as a search finds it.

Owns the commands; the room storefront owns the catalogue and says what is wrong with a file.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

program = typer.Typer(help="What is for sale: import, export, search, files.", no_args_is_help=True, rich_markup_mode=None)

MOST_BYTES = 256 * 1024 * 1024


@program.command("import")
def import_file(
    file: Annotated[Path, typer.Argument(help="JSON as POST /v1/products/import takes it, or a table (.csv); see docs/catalogue.md.")],
    shelves: Annotated[bool, typer.Option("--shelves", help="The file says what lies in stores: {\"shelves\": [...]}.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="The report as JSON.")] = False,
) -> None:
    """Bring products in, or what lies in stores. All or nothing: what is wrong is named, and nothing is changed."""
    from app.cli.opening import opened_database
    from app.cli.reading import json_of, text_of
    from app.cli.terminal import print_json
    from storefront import facade as storefront

    document = storefront.from_csv(text_of(file, MOST_BYTES)) if file.suffix.casefold() == ".csv" else json_of(file, MOST_BYTES)
    with opened_database() as database, database.transaction() as session:
        at = database.clock.now()
        if shelves:
            report: dict[str, int] = {"shelves": storefront.put_shelves(session, document, at=at)}
        else:
            report = _import(storefront, session, document, at)
    if as_json:
        print_json(report)
    elif shelves:
        print(f"{report['shelves']} shelves")
    else:
        print(f"{report['created']} products created, {report['changed']} changed, {report['same']} as they were")


def _import(storefront: Any, session: Any, document: Any, at: Any) -> dict[str, int]:
    """Any number of products, so many at a time, in one transaction."""
    products = document.get("products") if isinstance(document, dict) else None
    parts, most = [document], storefront.MOST_PRODUCTS
    if isinstance(products, list) and len(products) > most:
        parts = [{**document, "products": products[start : start + most]} for start in range(0, len(products), most)]
    reports = [storefront.import_catalogue(session, part, at=at) for part in parts]
    return {name: sum(getattr(report, name) for report in reports) for name in ("created", "changed", "same")}


@program.command("put-file")
def put_file(
    product_id: Annotated[str, typer.Argument(help="A digital product, or one variant of it.")],
    file: Annotated[Path, typer.Argument(help="What is delivered; its name and kind are told to who fetches it.", exists=True, dir_okay=False)],
    as_json: Annotated[bool, typer.Option("--json", help="What lies there now, as JSON.")] = False,
) -> None:
    """Say what is delivered for a digital product, also to those who have bought it."""
    import dataclasses
    import mimetypes

    from app.cli.opening import opened_database
    from app.cli.terminal import print_json
    from storefront import facade as storefront

    media_type = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    with opened_database() as database, database.transaction() as session:
        told = storefront.put_file(session, product_id, file.name[:120], media_type, file.read_bytes(), at=database.clock.now())
    if as_json:
        print_json(dataclasses.asdict(told))
    else:
        print(f"{told.product_id}: {told.name}, {told.media_type}, {told.size_bytes} bytes")


@program.command("export")
def export(csv: Annotated[bool, typer.Option("--csv", help="As a table, a row for each product and each variant, without the tree of categories.")] = False) -> None:
    """Everything, also what is not on sale, as the import takes it."""
    from app.cli.opening import opened_database
    from app.cli.terminal import print_json
    from storefront import facade as storefront

    with opened_database() as database, database.reading() as session:
        document = storefront.catalogue_of(session)
    if csv:
        print(storefront.to_csv(document), end="")
    else:
        print_json(document)


@program.command("search")
def search(
    words: Annotated[str, typer.Argument(help="As a shopper types them; none lists everything.")] = "",
    category: Annotated[str, typer.Option(help="Within it, and what lies in it.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=100, help="How many to show.")] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, with facets.")] = False,
) -> None:
    """What a search finds, in its order."""
    from app.cli.opening import opened_database
    from app.cli.terminal import print_json, print_table
    from app.kernel.money import Money
    from storefront import facade as storefront

    with opened_database() as database, database.reading() as session:
        found = storefront.find_products(session, storefront.Asked(words, category or None, limit=limit))
    if as_json:
        print_json(found)
        return
    for word, meant in found.corrected.items():
        print(f"{word} is read as {', '.join(meant)}")
    rows = [(p.id, p.name, p.category, ("from " if p.is_head else "") + Money(p.price_minor, p.currency).display(), str(p.in_stock)) for p in found.products]
    print_table(("id", "name", "category", "price", "in stock"), rows, empty="Nothing is found.")
    if found.found > len(rows):
        print(f"{found.found}{' and more' if found.more else ''} in all")
