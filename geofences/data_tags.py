"""What kind of data each column of geofences holds, and what its modules read them for, in keys of the Fideslang taxonomy.

Owns plain data: table -> category -> columns, and use -> modules. tests/architecture fails on a column without a tag and on a module that
names a table about shoppers and declares no use. Must not import anything.
"""

from __future__ import annotations

TAGS: dict[str, dict[str, str]] = {
    "geofences_beacon": {
        "system.operations": "id zone_id kind identity address power_dbm lat_deg lon_deg identity_key exponent set_at set_clock_s changed_at",
    },
    "geofences_beacon_version": {
        "system.operations": "id version",
    },
    "geofences_beacon_zone": {
        "system.operations": "id place_id name floor within_place_id changed_at",
    },
    "geofences_corroboration": {
        "user.unique_id.pseudonymous": "shopper_id",
        "user.location.precise": "visit_id by_visit_id",
        "user.user_sensor": "kind",
        "system.operations": "noted_at",
    },
    "geofences_fence": {
        "system.operations": "id place_id name geometry radius_m buffer_m watch_lat_deg watch_lon_deg watch_radius_m tile level changed_at",
    },
    "geofences_fence_version": {
        "system.operations": "id version",
    },
    "geofences_fix_log": {
        "user.unique_id.pseudonymous": "shopper_id",
        "user.device.device_id": "device_id",
        "user.location.precise": "payload",
        "user.user_sensor": "fixes",
        "system.operations": "partition position digest received_at coarse forget_at",
    },
    "geofences_hearing_state": {
        "user.unique_id.pseudonymous": "shopper_id",
        "user.device.device_id": "device_id",
        "user.location.precise": "payload",
        "system.operations": "partition changed_at",
    },
    "geofences_log_head": {
        "system.operations": "partition head",
    },
    "geofences_log_partition": {
        "system.operations": "partition epoch position watermark_at owner lease_until read kept kept_at",
    },
    "geofences_moment": {
        "user.unique_id.pseudonymous": "shopper_id",
        "user.device.device_id": "device_id",
        "user.location.precise": "place_id fence_id visit_id",
        "user.behavior": "kind occurred_at dwell_s nth_visit",
        "user.user_sensor": "confidence trust doubts",
        "system.operations": "id detected_at",
    },
    "geofences_moment_retracted": {
        "user.unique_id.pseudonymous": "shopper_id",
        "user.location.precise": "place_id visit_id",
        "user.behavior": "kind occurred_at",
        "system.operations": "id detected_at retracted_at",
    },
    "geofences_near_sensitive": {
        "system.operations": "fence_id kind jurisdiction place_id sensitive_id distance_m",
    },
    "geofences_motion_print": {
        "user.unique_id.pseudonymous": "shopper_id",
        "user.device.device_id": "device_id",
        "user.behavior": "at",
        "system.operations": "value",
    },
    "geofences_place": {
        "system.operations": "id name kind chain timezone tags hours lat_deg lon_deg changed_at",
    },
    "geofences_sensitive_head": {
        "system.operations": "id version jurisdiction health_m other_m changed_at",
    },
    "geofences_sensitive_place": {
        "system.operations": "id kind jurisdiction source reference geometry radius_m buffer_m watch_lat_deg watch_lon_deg watch_radius_m changed_at",
    },
    "geofences_presence": {
        "user.unique_id.pseudonymous": "shopper_id",
        "user.device.device_id": "device_id",
        "user.location.precise": "place_id",
        "user.behavior": "kind at relayed_at",
        "system.operations": "id use_hash",
    },
    "geofences_sighting_log": {
        "user.unique_id.pseudonymous": "shopper_id",
        "user.device.device_id": "device_id",
        "user.location.precise": "payload",
        "user.user_sensor": "sightings",
        "system.operations": "partition position digest received_at",
    },
    "geofences_track_state": {
        "user.unique_id.pseudonymous": "shopper_id",
        "user.device.device_id": "device_id",
        "user.location.precise": "payload",
        "user.behavior": "wake_at",
        "system.operations": "partition changed_at",
    },
    "geofences_visit": {
        "user.unique_id.pseudonymous": "shopper_id",
        "user.device.device_id": "device_id",
        "user.location.precise": "place_id fence_id parent_id",
        "user.behavior": "started_at ended_at seen_at dwell_s nth_visit",
        "user.user_sensor": "confidence trust doubts",
        "system.operations": "id decided_at",
    },
    "geofences_shared_log": {
        "system.operations": "id name topic begun_at unreadable_before",
    },
    "geofences_dead_letter": {
        "system.operations": "partition position reason size_bytes found_at",
    },
    "geofences_worker": {
        "system.operations": "id until",
    },
}

USES: dict[str, str] = {
    "functional.service": (
        "adapters.shared_log adapters.table_log beacons.handlers beacons.sighting_log beacons.zone_store handlers jobs partition_store partitions repository "
        "revision_names revision_store stays visit_store"
    ),
    "essential.fraud_detection": "spoofing.judging presence.early presence.proving",
    "essential.legal_obligation": "privacy held beacons.privacy spoofing.privacy presence.privacy handlers beacons.handlers sensitive.refusals",
    "analytics.reporting.system.performance": "benching",
}
