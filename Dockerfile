# The emulator in a container: docker build --tag maas-emulator . && docker run --rm --publish 8080:8080 maas-emulator
# It serves what is mounted at /scenarios, else the built-in tour. Options are variables: EMULATOR_TIME_SCALE=0.
ARG PYTHON_VERSION=3.12

FROM python:${PYTHON_VERSION}-slim AS build
# What is here stays here: the environment below is all that goes into the image.
RUN python -m venv /build && python -m venv --without-pip /emulator
COPY requirements/run.txt /source/requirements/
RUN /build/bin/python -m pip --python /emulator/bin/python install --no-cache-dir --disable-pip-version-check \
    --require-hashes --requirement /source/requirements/run.txt
COPY pyproject.toml README.md LICENSE /source/
COPY emulator /source/emulator
COPY scenarios /source/scenarios
# The backend is of use here alone. Nothing writes bytecode later, on a file system that may be read-only.
RUN /build/bin/python -m pip --python /emulator/bin/python install --no-cache-dir --disable-pip-version-check \
    --no-deps --no-build-isolation /source \
 && /build/bin/python -m pip --python /emulator/bin/python uninstall --yes \
    hatchling packaging pathspec pluggy trove-classifiers \
 && /emulator/bin/python -m compileall -q /emulator/lib

FROM python:${PYTHON_VERSION}-slim
COPY --from=build /emulator /emulator
# The control API answers others than this machine only where EMULATOR_CONTROL_TOKEN says with which token.
ENV PATH=/emulator/bin:$PATH \
    PYDANTIC_DISABLE_PLUGINS=__all__ \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    EMULATOR_HOST=0.0.0.0 \
    EMULATOR_PORT=8080
# The folder `scenarios` in this one is what is served where nothing else is said.
WORKDIR /
USER 10001:10001
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=5s --retries=3 CMD ["maas-emulator", "health"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["maas-emulator"]
CMD ["serve"]
