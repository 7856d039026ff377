# One image for every process: `serve` (default), `scheduler`, `migrate`, and any other command of `moments`.

# --- Python packages, each checked against its hash -------------------------------------------------------------------
FROM python:3.11-slim AS packages
# The index has a small kernel in C; without a compiler it would answer the same, only slower.
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends gcc libc6-dev >/dev/null && rm -rf /var/lib/apt/lists/*
WORKDIR /srv/moments
COPY requirements.txt ./
RUN python -m venv .venv && .venv/bin/pip install --no-cache-dir --quiet --require-hashes -r requirements.txt
COPY pyproject.toml setup.py README.md ./
COPY app app
COPY geofences geofences
COPY offers offers
COPY storefront storefront
COPY notifications notifications
RUN .venv/bin/pip install --quiet --no-deps --no-build-isolation -e . \
 && .venv/bin/python -m compileall -q app geofences offers storefront notifications

# --- browser libraries, served from our own origin --------------------------------------------------------------------
FROM node:22-slim AS pages
WORKDIR /srv/moments
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund

# --- what runs: no compiler, no npm, no root --------------------------------------------------------------------------
FROM python:3.11-slim
RUN useradd --system --uid 10001 --home-dir /nonexistent --shell /usr/sbin/nologin moments \
 && install -d -o moments -m 0700 /data
WORKDIR /srv/moments
COPY --from=packages /srv/moments ./
COPY --from=pages /srv/moments/node_modules ./node_modules
ENV PATH=/srv/moments/.venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    MOMENTS_DATA_DIR=/data \
    MOMENTS_HOST=0.0.0.0
USER moments
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
  CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/readyz', timeout=2)"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["moments"]
CMD ["serve"]
