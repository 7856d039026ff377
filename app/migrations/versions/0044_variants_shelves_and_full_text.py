"""Variants, shelves of stores, and full text"""

import re
import unicodedata

import sqlalchemy as sa
from alembic import op

from app.kernel.db import Instant, Json

revision = '0044'
down_revision = '0043'
branch_labels = None
depends_on = None

NAMES = "array_to_tsvector(array_remove(string_to_array(names, ' '), ''))"
ALL = "array_to_tsvector(array_remove(string_to_array(names || ' ' || category || ' ' || rest, ' '), ''))"


def _added() -> list[sa.Column]:
    return [
        sa.Column('kind', sa.String(length=10), server_default='physical', nullable=False),
        sa.Column('sku', sa.String(length=60), server_default='', nullable=False),
        sa.Column('head_id', sa.String(length=60), nullable=True),
        sa.Column('is_head', sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column('options', Json, server_default='{}', nullable=False),
        sa.Column('images', Json, server_default='[]', nullable=False),
        sa.Column('prices', Json, server_default='{}', nullable=False),
        sa.Column('position', sa.Integer(), server_default='0', nullable=False),
        sa.Column('added_at', Instant(), nullable=True),
    ]


def upgrade() -> None:
    for column in _added():  # plain columns, so that SQLite need not copy the table
        op.add_column('storefront_product', column)
    op.create_index(op.f('ix_storefront_product_head_id'), 'storefront_product', ['head_id'])
    op.create_index('ix_storefront_product_listed', 'storefront_product', ['name', 'id'])
    op.create_index('ix_storefront_product_by_price', 'storefront_product', ['price_minor'])
    op.create_index('ix_storefront_product_by_age', 'storefront_product', ['added_at'])
    _tables()
    _fill()
    if op.get_bind().dialect.name == 'sqlite':
        _follow_on_sqlite()
    else:
        op.execute(f"CREATE INDEX storefront_product_fts_names ON storefront_product_search USING gin (({NAMES}))")
        op.execute(f"CREATE INDEX storefront_product_fts_all ON storefront_product_search USING gin (({ALL}))")
    op.drop_table('storefront_product_word')


def _tables() -> None:
    op.create_table(
        'storefront_category',
        sa.Column('name', sa.String(length=80), nullable=False),
        sa.Column('parent', sa.String(length=80), nullable=True),
        sa.PrimaryKeyConstraint('name', name=op.f('pk_storefront_category')),
    )
    op.create_index(op.f('ix_storefront_category_parent'), 'storefront_category', ['parent'])
    op.create_table(
        'storefront_product_option',
        sa.Column('product_id', sa.String(length=60), nullable=False),
        sa.Column('name', sa.String(length=40), nullable=False),
        sa.Column('value', sa.String(length=80), nullable=False),
        sa.Column('listed_id', sa.String(length=60), nullable=False),
        sa.ForeignKeyConstraint(['product_id'], ['storefront_product.id'], name=op.f('fk_storefront_product_option_product_id_storefront_product'), ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('product_id', 'name', name=op.f('pk_storefront_product_option')),
    )
    op.create_index(op.f('ix_storefront_product_option_listed_id'), 'storefront_product_option', ['listed_id'])
    op.create_table(
        'storefront_shelf',
        sa.Column('place_id', sa.String(length=40), nullable=False),
        sa.Column('product_id', sa.String(length=60), nullable=False),
        sa.Column('units', sa.Integer(), nullable=False),
        sa.Column('aisle', sa.String(length=40), nullable=False),
        sa.Column('changed_at', Instant(), nullable=False),
        sa.CheckConstraint('units >= 0', name=op.f('ck_storefront_shelf_units_not_negative')),
        sa.ForeignKeyConstraint(['product_id'], ['storefront_product.id'], name=op.f('fk_storefront_shelf_product_id_storefront_product'), ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('place_id', 'product_id', name=op.f('pk_storefront_shelf')),
    )
    op.create_index(op.f('ix_storefront_shelf_product_id'), 'storefront_shelf', ['product_id'])
    op.create_table(
        'storefront_product_search',
        sa.Column('no', sa.Integer(), autoincrement=True, nullable=False),
        sa.Column('product_id', sa.String(length=60), nullable=False),
        sa.Column('names', sa.Text(), nullable=False),
        sa.Column('category', sa.Text(), nullable=False),
        sa.Column('rest', sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(['product_id'], ['storefront_product.id'], name=op.f('fk_storefront_product_search_product_id_storefront_product'), ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('no', name=op.f('pk_storefront_product_search')),
        sa.UniqueConstraint('product_id', name=op.f('uq_storefront_product_search_product_id')),
    )
    op.create_table(
        'storefront_search_word',
        sa.Column('no', sa.Integer(), autoincrement=True, nullable=False),
        sa.Column('word', sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint('no', name=op.f('pk_storefront_search_word')),
        sa.UniqueConstraint('word', name=op.f('uq_storefront_search_word_word')),
    )


def _follow_on_sqlite() -> None:
    op.execute(
        "CREATE VIRTUAL TABLE storefront_product_fts USING fts5(names, category, rest, content='storefront_product_search', content_rowid='no',"
        " tokenize='unicode61 remove_diacritics 0', detail='column', prefix='2 3')"
    )
    new = "INSERT INTO storefront_product_fts(rowid, names, category, rest) VALUES (new.no, new.names, new.category, new.rest);"
    old = "INSERT INTO storefront_product_fts(storefront_product_fts, rowid, names, category, rest) VALUES ('delete', old.no, old.names, old.category, old.rest);"
    for name, when, what in (('ai', 'INSERT', new), ('ad', 'DELETE', old), ('au', 'UPDATE', old + new)):
        op.execute(f"CREATE TRIGGER storefront_product_fts_{name} AFTER {when} ON storefront_product_search BEGIN {what} END")
    op.execute("INSERT INTO storefront_product_fts(storefront_product_fts) VALUES ('rebuild')")


def _fill() -> None:
    """What is on sale is found by its words from the first moment on."""
    bind = op.get_bind()
    products = bind.execute(sa.text("SELECT id, name, description, category, particulars FROM storefront_product WHERE on_sale")).all()
    search = sa.table('storefront_product_search', *(sa.column(c) for c in ('product_id', 'names', 'category', 'rest')))
    known: dict[str, None] = {}
    rows = []
    for product_id, name, description, category, _ in products:
        seen: dict[str, None] = {}
        texts = []
        for text in (name, category, description):
            fresh = [word for word in _fold(text) if word not in seen]
            seen.update(dict.fromkeys(fresh))
            texts.append(" ".join(fresh))
        known.update(seen)
        rows.append(dict(zip(('product_id', 'names', 'category', 'rest'), (product_id, *texts), strict=True)))
    if rows:
        bind.execute(search.insert(), rows)
        bind.execute(sa.table('storefront_search_word', sa.column('word')).insert(), [{'word': word} for word in known])


def _fold(text: str) -> list[str]:
    plain = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return list(dict.fromkeys(word[:64] for word in re.findall(r"[^\W_]+", plain.casefold())))


def downgrade() -> None:
    bind = op.get_bind()
    word = sa.String(length=64).with_variant(sa.String(length=64, collation='C'), 'postgresql')
    op.create_table(
        'storefront_product_word',
        sa.Column('word', word, nullable=False),
        sa.Column('product_id', sa.String(length=60), nullable=False),
        sa.Column('weight', sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(['product_id'], ['storefront_product.id'], name=op.f('fk_storefront_product_word_product_id_storefront_product'), ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('word', 'product_id', name=op.f('pk_storefront_product_word')),
    )
    op.create_index(op.f('ix_storefront_product_word_product_id'), 'storefront_product_word', ['product_id'])
    words = sa.table('storefront_product_word', sa.column('word'), sa.column('product_id'), sa.column('weight'))
    for product_id, *texts in bind.execute(sa.text("SELECT product_id, names, category, rest FROM storefront_product_search")).all():
        held = [{'word': w, 'product_id': product_id, 'weight': weight} for weight, text in zip((3, 2, 1), texts, strict=True) for w in text.split()]
        if held:
            bind.execute(words.insert(), held)
    if bind.dialect.name == 'sqlite':
        op.execute("DROP TABLE storefront_product_fts")  # its triggers go with the table they are on
    for table in ('storefront_search_word', 'storefront_product_search', 'storefront_shelf', 'storefront_product_option', 'storefront_category'):
        op.drop_table(table)
    op.execute("DELETE FROM storefront_product WHERE is_head OR head_id IS NOT NULL")  # as a product of its own neither means anything
    for name in ('by_age', 'by_price', 'listed'):
        op.drop_index(f'ix_storefront_product_{name}', table_name='storefront_product')
    op.drop_index(op.f('ix_storefront_product_head_id'), table_name='storefront_product')
    for column in reversed(_added()):
        op.drop_column('storefront_product', column.name)
