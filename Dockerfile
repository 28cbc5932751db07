# lme4 and its Python partners in one image, everything that is put into it pinned:
#   docker build -t lme4-parity .
#   docker run lme4-parity                                                    the report
#   docker run -v "$PWD:/data" lme4-parity check 'y ~ x + (1 | g)' d.csv      your own data
#
# Pins: requirements/apt-*.lock (tools/apt_pins.sh moves them) and requirements/*.lock (make lock).
# For the base image too, give a digest: --build-arg BASE=debian:bookworm-slim@sha256:...
# Where a proxy has its own certificate authority: --build-arg PIP_CERT=/path/in/the/build.
ARG BASE=debian:bookworm-slim

FROM ${BASE} AS runtime
# One thread: a sum split over threads has other rounding, and small models are not faster.
# RPY2_CFFI_MODE: the ABI mode needs no compiler, here or in the build.
ENV LANG=C.UTF-8 \
    LC_ALL=C.UTF-8 \
    TZ=UTC \
    OMP_NUM_THREADS=1 \
    OPENBLAS_NUM_THREADS=1 \
    MKL_NUM_THREADS=1 \
    RPY2_CFFI_MODE=ABI \
    PATH=/opt/parity/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
COPY tools/apt_pins.sh requirements/apt-runtime.lock /opt/pins/
RUN bash /opt/pins/apt_pins.sh install /opt/pins/apt-runtime.lock \
    && apt-get clean \
    && rm -rf /opt/pins /var/lib/apt/lists/* /var/cache/apt/*.bin /var/log/*

FROM runtime AS build
COPY tools/apt_pins.sh requirements/ /src/requirements/
RUN bash /src/requirements/apt_pins.sh install /src/requirements/apt-build.lock
ARG PIP_CERT
ARG PIP_NO_CACHE_DIR=1
ARG PIP_DISABLE_PIP_VERSION_CHECK=1
# The tools that build stay in an environment of their own, which is not in the image.
RUN python3 -m venv /opt/build \
    && /opt/build/bin/pip install --quiet --require-hashes --no-deps --only-binary :all: \
        -r /src/requirements/build.lock
ENV PATH=/opt/build/bin:$PATH
RUN pip wheel --quiet --require-hashes --no-deps --no-build-isolation --wheel-dir /wheels \
        -r /src/requirements/base.lock -r /src/requirements/rpy2-r-before-4.5.lock
COPY pyproject.toml README.md LICENSE /src/
COPY bridge /src/bridge
COPY parity /src/parity
COPY r_scripts /src/r_scripts
RUN pip wheel --quiet --no-deps --no-build-isolation --wheel-dir /wheels /src \
    && python3 -m venv --without-pip /opt/parity \
    && pip --python /opt/parity/bin/python install --quiet --no-index --no-deps /wheels/*.whl

FROM runtime
COPY --from=build /opt/parity /opt/parity
RUN useradd --uid 1000 --create-home parity && mkdir /data && chown parity /data
USER parity
WORKDIR /data
ENTRYPOINT ["parity"]
CMD ["run"]
