"""Which fences hold a point: an exact index over circles, areas and corridors, answering in batches and one by one."""

from geofences.index.fence import Fence
from geofences.index.file_form import IndexFileUnusable
from geofences.index.kernel import kernel_name
from geofences.index.membership import Membership
from geofences.index.snapshot import FenceIndex

__all__ = ["Fence", "FenceIndex", "IndexFileUnusable", "Membership", "kernel_name"]
