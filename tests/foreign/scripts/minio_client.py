"""What the minio client gets of a dataset's Parquet file: ``minio_client.py ADDRESS ID FOLDER``.

It knows nothing of openml_client; it runs in the environment of ``tests/foreign``.
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path
from typing import Any

import minio

BUCKET = "datasets"


def main(address: str, dataset_id: int, folder: Path) -> dict[str, Any]:
    host = address.removeprefix("http://")
    clients = {
        "anonymous": minio.Minio(endpoint=host, secure=False),
        # Asks for the bucket's region first, and signs what it asks.
        "signing": minio.Minio(endpoint=host, access_key="a", secret_key="b" * 8, secure=False),
    }
    return {name: told(client, dataset_id, folder / name) for name, client in clients.items()}


def told(client: minio.Minio, dataset_id: int, path: Path) -> dict[str, Any]:
    key = f"{dataset_id // 10_000:04d}/{dataset_id:04d}/dataset_{dataset_id}.pq"
    stat = client.stat_object(bucket_name=BUCKET, object_name=key)
    client.fget_object(bucket_name=BUCKET, object_name=key, file_path=str(path))
    part = client.get_object(bucket_name=BUCKET, object_name=key, offset=1, length=3)
    return {
        "size": stat.size,
        "etag": stat.etag,
        "is_dated": stat.last_modified is not None,
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "part": part.read().decode(),
        "missing": [refused(client, method) for method in ("stat_object", "get_object")],
    }


def refused(client: minio.Minio, method: str) -> list[str | None]:
    """Code and message for an object that is not there."""
    try:
        getattr(client, method)(bucket_name=BUCKET, object_name="0000/9999/dataset_9999.pq")
    except minio.error.S3Error as error:
        return [error.code, error.message]
    return []


if __name__ == "__main__":
    json.dump(main(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])), sys.stdout)
