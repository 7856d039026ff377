"""A small row for each product that is listed, with the words it is narrowed down by"""

from base64 import b32encode
from hashlib import blake2b

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TSVECTOR

from app.kernel.db import Instant

revision = '0061'
down_revision = '0060'
branch_labels = None
depends_on = None

LISTING = 'storefront_listing'


def upgrade() -> None:
    sqlite = op.get_bind().dialect.name == 'sqlite'
    op.create_table(
        LISTING,
        sa.Column('no', sa.Integer(), autoincrement=False, nullable=False),
        sa.Column('product_id', sa.String(length=60), nullable=False),
        sa.Column('name', sa.String(length=200), nullable=False),
        sa.Column('category', sa.String(length=80), nullable=False),
        sa.Column('kind', sa.String(length=10), nullable=False),
        sa.Column('price_minor', sa.Integer(), nullable=False),
        sa.Column('currency', sa.String(length=3), nullable=False),
        sa.Column('added_at', Instant(), nullable=True),
        sa.Column('narrowed_by', sa.Text() if sqlite else TSVECTOR(), nullable=False),
        sa.ForeignKeyConstraint(['no'], ['storefront_product_search.no'], name=op.f('fk_storefront_listing_no_storefront_product_search'), ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('no', name=op.f('pk_storefront_listing')),
        sa.UniqueConstraint('product_id', name=op.f('uq_storefront_listing_product_id')),
    )
    if sqlite:
        _follow_on_sqlite()
    _fill()
    if not sqlite:
        op.execute(f"CREATE INDEX storefront_listing_fts ON {LISTING} USING gin (narrowed_by)")
    op.create_index('ix_storefront_listing_by_name', LISTING, ['name', 'product_id'])
    op.create_index('ix_storefront_listing_by_price', LISTING, ['price_minor', 'name', 'product_id'])
    op.create_index('ix_storefront_listing_by_age', LISTING, ['added_at'])
    for name in ('by_age', 'by_price', 'listed'):
        op.drop_index(f'ix_storefront_product_{name}', table_name='storefront_product')
    op.drop_index('ix_storefront_product_option_listed_id', table_name='storefront_product_option')
    op.create_index('ix_storefront_product_option_of_listed', 'storefront_product_option', ['listed_id', 'name', 'value'])


def downgrade() -> None:
    op.drop_index('ix_storefront_product_option_of_listed', table_name='storefront_product_option')
    op.create_index('ix_storefront_product_option_listed_id', 'storefront_product_option', ['listed_id'])
    for name, columns in (('listed', ['name', 'id']), ('by_price', ['price_minor']), ('by_age', ['added_at'])):
        op.create_index(f'ix_storefront_product_{name}', 'storefront_product', columns)
    if op.get_bind().dialect.name == 'sqlite':
        op.execute("DROP TABLE storefront_listing_fts")  # its triggers go with the table they are on
    op.drop_table(LISTING)


def _follow_on_sqlite() -> None:
    op.execute(
        f"CREATE VIRTUAL TABLE storefront_listing_fts USING fts5(narrowed_by, content='{LISTING}', content_rowid='no', tokenize='unicode61 remove_diacritics 0', detail='none')"
    )
    put = "INSERT INTO storefront_listing_fts(rowid, narrowed_by) VALUES (new.no, new.narrowed_by);"
    drop = "INSERT INTO storefront_listing_fts(storefront_listing_fts, rowid, narrowed_by) VALUES ('delete', old.no, old.narrowed_by);"
    for name, when, what in (('ai', 'INSERT', put), ('ad', 'DELETE', drop), ('au', 'UPDATE', drop + put)):
        op.execute(f"CREATE TRIGGER storefront_listing_fts_{name} AFTER {when} ON {LISTING} BEGIN {what} END")


def _fill() -> None:
    bind = op.get_bind()
    options: dict[str, list[tuple[str, str]]] = {}
    for listed_id, name, value in bind.execute(sa.text("SELECT listed_id, name, value FROM storefront_product_option ORDER BY product_id, name")):
        options.setdefault(listed_id, []).append((name, value))
    columns = ('no', 'product_id', 'name', 'category', 'kind', 'price_minor', 'currency', 'added_at')
    told = "SELECT s.no, p.id, p.name, p.category, p.kind, p.price_minor, p.currency, p.added_at FROM storefront_product_search s JOIN storefront_product p ON p.id = s.product_id"
    rows = [dict(zip(columns, row, strict=True)) for row in bind.execute(sa.text(told))]
    for row in rows:
        row['narrowed_by'] = _words(row['category'], row['kind'], row['currency'], row['price_minor'], options.get(row['product_id'], []))
    if rows:
        names = (*columns, 'narrowed_by')
        kinds = {} if bind.dialect.name == 'sqlite' else {'narrowed_by': 'tsvector'}
        values = ', '.join(f"CAST(:{n} AS {kinds[n]})" if n in kinds else f':{n}' for n in names)
        bind.execute(sa.text(f"INSERT INTO {LISTING} ({', '.join(names)}) VALUES ({values})"), rows)


def _words(category: str, kind: str, currency: str, price_minor: int, options: list[tuple[str, str]]) -> str:
    length = price_minor.bit_length()
    step = price_minor if length <= 2 else ((length - 2) << 2) + ((price_minor >> (length - 3)) & 3)
    parts = [('category', category), ('kind', kind), ('currency', currency), *(('option', name, value) for name, value in options)]
    parts += [('price', str(level), str(step >> level)) for level in (4, 2, 0)]
    return " ".join(dict.fromkeys(b32encode(blake2b("\0".join(each).encode(), digest_size=6).digest()).rstrip(b"=").decode().lower() for each in parts))
