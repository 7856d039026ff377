"""Small pictures for the README: a screenshot with at most 256 colours, written as an indexed PNG (ISO/IEC 15948)."""

from __future__ import annotations

import base64
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np

PIXELS = """async png => {
  const image = new Image();
  image.src = "data:image/png;base64," + png;
  await image.decode();
  const canvas = new OffscreenCanvas(image.width, image.height);
  const pen = canvas.getContext("2d");
  pen.drawImage(image, 0, 0);
  const bytes = pen.getImageData(0, 0, image.width, image.height).data;
  let text = "";
  for (let at = 0; at < bytes.length; at += 32768) text += String.fromCharCode(...bytes.subarray(at, at + 32768));
  return [image.width, image.height, btoa(text)];
}"""


def write_small(page: Any, path: Path, *, full: bool) -> None:
    """Takes the picture of `page` and writes it to `path`; the browser itself decodes its own PNG."""
    png = base64.b64encode(page.screenshot(full_page=full)).decode()
    width, height, pixels = page.evaluate(PIXELS, png)
    rgba = np.frombuffer(base64.b64decode(pixels), dtype=np.uint8).reshape(height, width, 4)
    path.write_bytes(indexed_png(rgba[:, :, :3]))


def indexed_png(rgb: np.ndarray) -> bytes:
    """`rgb` is (height, width, 3) of bytes. The 256 commonest of 32,768 colours; every other pixel takes the nearest of them."""
    height, width, _ = rgb.shape
    coarse = (rgb >> 3).astype(np.uint32)
    keys = (coarse[:, :, 0] << 10) | (coarse[:, :, 1] << 5) | coarse[:, :, 2]
    found, where, counts = np.unique(keys, return_inverse=True, return_counts=True)
    kept = np.argsort(counts)[::-1][:256]
    sums = np.stack([np.bincount(where.ravel(), weights=rgb[:, :, c].ravel().astype(float)) for c in range(3)], axis=1)
    means = sums / counts[:, None]  # the true mean of each coarse colour: flat areas keep their exact colour
    palette = np.round(means[kept]).astype(np.uint8)
    nearest = np.array([int(np.argmin(((palette.astype(float) - means[k]) ** 2).sum(axis=1))) for k in range(len(found))], dtype=np.uint8)
    rows = nearest[where.ravel()].reshape(height, width)
    raw = b"".join(b"\0" + row.tobytes() for row in rows)
    head = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + _chunk(b"PLTE", palette.tobytes()) + _chunk(b"IDAT", zlib.compress(raw, 9)) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
