# One image for hub, gateway, simulator and one-off commands. Every library is a wheel of the lock file,
# by its hash: nothing is compiled, and the second stage has no pip, no setuptools and no compiler.
FROM python:3.11.13-slim-bookworm AS build
WORKDIR /src
RUN python -m venv --without-pip /opt/smarthub
COPY requirements-docker.lock ./
RUN pip --python /opt/smarthub/bin/python install --no-cache-dir --disable-pip-version-check \
      --only-binary :all: --require-hashes -r requirements-docker.lock
COPY . .
# setuptools is in the lock for this step alone; without isolation nothing else is downloaded.
RUN pip --python /opt/smarthub/bin/python install --no-cache-dir --disable-pip-version-check \
      --no-index --no-deps --no-build-isolation . \
 && pip --python /opt/smarthub/bin/python uninstall --yes --quiet setuptools

FROM python:3.11.13-slim-bookworm
# The user of `smarthub deploy init`; compose may name another one, who then owns the volumes.
RUN python -m pip uninstall --yes --quiet --root-user-action=ignore setuptools wheel pip \
 && useradd --uid 10001 --user-group --no-create-home --shell /usr/sbin/nologin smarthub \
 && install -d -o smarthub -g smarthub /data
COPY --from=build /opt/smarthub /opt/smarthub
# The root file system is read-only in compose; modules were compiled when they were installed.
ENV PATH=/opt/smarthub/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 HOME=/data
USER 10001:10001
WORKDIR /data
# For a hub; docker-compose.yml says how the others are asked.
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=6 \
  CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8080/readyz', timeout=3)"]
ENTRYPOINT ["smarthub"]
CMD ["--help"]
