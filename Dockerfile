# One image for hub, gateway, simulator and one-off commands. Built from the lock file, by hash.
FROM python:3.12-slim-bookworm AS build
WORKDIR /src
RUN python -m venv /opt/smarthub
COPY requirements-docker.lock ./
RUN /opt/smarthub/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements-docker.lock
COPY . .
RUN /opt/smarthub/bin/pip install --no-cache-dir --disable-pip-version-check --no-deps . \
 && find /opt/smarthub -name __pycache__ -prune -exec rm -rf {} +

FROM python:3.12-slim-bookworm
COPY --from=build /opt/smarthub /opt/smarthub
# The user of `smarthub deploy init`; compose may name another one, who then owns the volumes.
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin smarthub \
 && install -d -o smarthub -g smarthub /data
ENV PATH=/opt/smarthub/bin:$PATH PYTHONUNBUFFERED=1 HOME=/data
USER smarthub
WORKDIR /data
ENTRYPOINT ["smarthub"]
CMD ["--help"]
