FROM node:24-slim AS built
WORKDIR /srv
COPY sdk-js/package.json sdk-js/package-lock.json sdk-js/.npmrc sdk-js/
COPY app/web/package.json app/web/package-lock.json app/web/.npmrc app/web/
RUN npm --prefix sdk-js ci && npm --prefix app/web ci
COPY sdk-js sdk-js
COPY app/web app/web
RUN npm --prefix sdk-js run build && npm --prefix app/web run build

FROM python:3.13-slim
WORKDIR /srv
COPY requirements/app.txt requirements/
RUN pip install --no-cache-dir --require-hashes --requirement requirements/app.txt \
 && useradd --system --uid 10001 --home-dir /data waystage \
 && install --directory --owner waystage --mode 0700 /data
COPY alembic.ini ./
COPY migrations migrations
COPY app app
COPY --from=built /srv/sdk-js/dist sdk-js/dist
COPY --from=built /srv/app/web/dist app/web/dist
ENV PYTHONPATH=/srv PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 WAYSTAGE_HOST=0.0.0.0 WAYSTAGE_DATA_DIR=/data
USER waystage
VOLUME /data
EXPOSE 8400
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s \
  CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8400/readyz', timeout=3)"]
# With DATABASE_URL: the collector and the worker. Without: the bundled Postgres as well, its data in /data.
ENTRYPOINT ["python", "-m", "app.cli"]
CMD ["run"]
