# The bot and what it needs to run, nothing else. The image keeps no state and writes only to /data and /tmp,
# so it runs with a read-only root: docker run --read-only --tmpfs /tmp -v cunshao:/data --env-file .env cunshao

FROM python:3.13-slim AS packages
WORKDIR /app
COPY requirements.txt .
RUN python -m venv .venv \
    && .venv/bin/python -m pip --no-cache-dir --disable-pip-version-check install --require-hashes -r requirements.txt

FROM python:3.13-slim
# A fixed number, so that the folder behind /data can be given to it on any host.
RUN useradd --uid 10001 --user-group --no-create-home --home-dir /data --shell /usr/sbin/nologin cunshao \
    && install -d -o cunshao -g cunshao -m 0750 /data
WORKDIR /app
COPY --from=packages /app/.venv .venv
COPY . .
# Nothing may be written beside the code later, so it is compiled now.
RUN .venv/bin/python -m compileall -q bot handlers locales models schedules

ENV PATH=/app/.venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    PYTHONUTF8=1 \
    CUNSHAO_DATA_DIR=/data \
    CUNSHAO_HTTP_HOST=0.0.0.0 \
    CUNSHAO_HTTP_PORT=8080
USER cunshao
VOLUME /data
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as u; u.urlopen('http://127.0.0.1:%s/healthz' % os.environ['CUNSHAO_HTTP_PORT'], timeout=4)"]
CMD ["python", "-m", "bot", "run"]
