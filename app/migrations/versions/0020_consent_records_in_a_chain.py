"""Consent records with every field of ISO/IEC TS 27560, chained per shopper; what bears on all her consents; what her phones permit"""

from itertools import groupby

import sqlalchemy as sa
from alembic import op

from app.kernel.db import Instant, Json
from app.privacy.purposes import Purpose, notice
from app.privacy.records import NO_HASH, Controller, Said, build, canonical, hash_of

revision = '0020'
down_revision = '0019'
branch_labels = None
depends_on = None

BATCH = 500


def upgrade() -> None:
    op.create_table('privacy_standing',
    sa.Column('shopper_id', sa.String(length=40), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('hash', sa.String(length=64), nullable=False),
    sa.Column('minor', sa.Boolean(), nullable=False),
    sa.Column('access', sa.String(length=20), nullable=True),
    sa.Column('coarse_device_ids', Json, nullable=False),
    sa.PrimaryKeyConstraint('shopper_id', name=op.f('pk_privacy_standing'))
    )
    op.create_table('privacy_permission',
    sa.Column('id', sa.String(length=40), nullable=False),
    sa.Column('shopper_id', sa.String(length=40), nullable=False),
    sa.Column('device_id', sa.String(length=40), nullable=False),
    sa.Column('access', sa.String(length=20), nullable=False),
    sa.Column('precise', sa.Boolean(), nullable=True),
    sa.Column('at', Instant(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_privacy_permission'))
    )
    with op.batch_alter_table('privacy_permission', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_privacy_permission_shopper_id'), ['shopper_id'], unique=False)
    with op.batch_alter_table('privacy_consent', schema=None) as batch_op:
        batch_op.add_column(sa.Column('position', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('record', sa.Text(), nullable=True))
        batch_op.add_column(sa.Column('hash', sa.String(length=64), nullable=True))
    _chain_what_was_said()
    with op.batch_alter_table('privacy_consent', schema=None) as batch_op:
        batch_op.alter_column('position', existing_type=sa.Integer(), nullable=False)
        batch_op.alter_column('record', existing_type=sa.Text(), nullable=False)
        batch_op.alter_column('hash', existing_type=sa.String(length=64), nullable=False)
        batch_op.create_unique_constraint(batch_op.f('uq_privacy_consent_shopper_id_position'), ['shopper_id', 'position'])


def _chain_what_was_said() -> None:
    """Each shopper's rows in the order she said them become a chain. Who answered for the data was not noted then: the defaults stand."""
    consent = sa.table('privacy_consent', *(sa.column(n) for n in ('id', 'shopper_id', 'purpose', 'sequence', 'granted', 'notice_version', 'source')),
        sa.column('at', Instant()), sa.column('position'), sa.column('record'), sa.column('hash'))
    standing = sa.table('privacy_standing', *(sa.column(n) for n in ('shopper_id', 'position', 'hash', 'minor')), sa.column('coarse_device_ids', Json))
    connection = op.get_bind()
    said = connection.execute(sa.select(consent).order_by(consent.c.shopper_id, consent.c.at, consent.c.id)).all()
    link = sa.update(consent).where(consent.c.id == sa.bindparam('of')).values(position=sa.bindparam('to'), record=sa.bindparam('text'), hash=sa.bindparam('sum'))
    links: list[dict[str, object]] = []
    ends: list[dict[str, object]] = []
    for shopper_id, rows in groupby(said, key=lambda row: row.shopper_id):
        position, before = 0, NO_HASH
        for row in rows:
            position += 1
            words = notice(Purpose(row.purpose), row.notice_version)
            if words is None:
                raise ValueError(f'no notice {row.purpose} of version {row.notice_version} is known; add it to EARLIER in app/privacy/purposes.py')
            text = canonical(build(Said(row.id, shopper_id, position, bool(row.granted), row.source, row.at), words, Controller(), before))
            before = hash_of(text)
            links.append({'of': row.id, 'to': position, 'text': text, 'sum': before})
        ends.append({'shopper_id': shopper_id, 'position': position, 'hash': before, 'minor': False, 'coarse_device_ids': []})
    for start in range(0, len(links), BATCH):
        connection.execute(link, links[start : start + BATCH])
    for start in range(0, len(ends), BATCH):
        connection.execute(sa.insert(standing), ends[start : start + BATCH])


def downgrade() -> None:
    with op.batch_alter_table('privacy_consent', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('uq_privacy_consent_shopper_id_position'), type_='unique')
        batch_op.drop_column('hash')
        batch_op.drop_column('record')
        batch_op.drop_column('position')
    with op.batch_alter_table('privacy_permission', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_privacy_permission_shopper_id'))
    op.drop_table('privacy_permission')
    op.drop_table('privacy_standing')
