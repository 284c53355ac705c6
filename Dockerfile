# The bot and what it needs to run, nothing else. The image keeps no state and writes only to /data and /tmp,
# so it runs with a read-only root: docker run --read-only --tmpfs /tmp -v cunshao:/data --env-file .env cunshao

FROM python:3.13-slim AS packages
WORKDIR /app
COPY requirements.txt .
# The environment gets no pip of its own: the image's installs into it, and the program needs none.
RUN python -m venv --without-pip .venv \
    && python -m pip --python .venv/bin/python --no-cache-dir --disable-pip-version-check \
        install --require-hashes -r requirements.txt

FROM python:3.13-slim
# A fixed number, so that the folder behind /data can be given to it on any host.
RUN useradd --uid 10001 --user-group --no-create-home --home-dir /data --shell /usr/sbin/nologin cunshao \
    && install -d -o cunshao -g cunshao -m 0750 /data
WORKDIR /app
COPY --from=packages /app/.venv .venv
COPY . .
# Nothing may be written beside the code later, so our own part of it is compiled now.
RUN .venv/bin/python -m compileall -q bot handlers locales models schedules

ENV PATH=/app/.venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    PYTHONUTF8=1 \
    MPLCONFIGDIR=/tmp/matplotlib \
    CUNSHAO_DATA_DIR=/data \
    CUNSHAO_HTTP_HOST=0.0.0.0 \
    CUNSHAO_HTTP_PORT=8080 \
    CUNSHAO_WEBHOOK_PORT=8081
USER cunshao
VOLUME /data
# Health and metrics, which stay inside; the webhook, which a proxy with a certificate forwards to.
EXPOSE 8080 8081
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import http.client, os, sys; c = http.client.HTTPConnection('127.0.0.1', int(os.environ['CUNSHAO_HTTP_PORT']), timeout=4); c.request('GET', '/healthz'); sys.exit(c.getresponse().status != 200)"]
CMD ["python", "-m", "bot", "run"]
