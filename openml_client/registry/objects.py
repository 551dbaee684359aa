"""The Parquet files of datasets, as an object store serves them: the bucket is ``datasets``.

Clients that know S3 read them without a key; those of private datasets need the owner's API key
in the query, as all private files do.  Source: protocol note, section 9.1; Amazon S3 API
Reference, "Error Responses", "GetBucketLocation" and "ListObjectsV2".
"""

from __future__ import annotations

import re

from flask import Response, request
from werkzeug.wrappers import Response as AnyResponse

from openml_client.registry.calls import Services, parquet_key
from openml_client.registry.publishing.parquet import parquet_file
from openml_client.registry.sending import reader, send
from openml_client.registry.store import datasets
from openml_client.registry.store.rows import MAX_ID

_KEY = re.compile(r".*dataset_(\d{1,19})\.pq")
_FOLDER = re.compile(r"\d{4,15}/(\d{4,19})/?")
_PARQUET = "application/vnd.apache.parquet"
_NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"


def bucket(services: Services) -> Response:
    """What is in a folder of the bucket, or where the bucket is.

    Signing clients ask for the place before anything else; an empty one means us-east-1.
    """
    if "list-type" in request.args:
        return _listed(services, request.args.get("prefix", ""))
    return Response(f'<LocationConstraint xmlns="{_NAMESPACE}"/>', content_type="application/xml")


def _listed(services: Services, prefix: str) -> Response:
    """The objects in the folder of one dataset; openml-python asks so for all of its files.

    Other prefixes list nothing: ``data/list`` is there for all datasets.
    """
    match = _FOLDER.fullmatch(prefix)
    dataset_id = min(int(match[1]), MAX_ID) if match else 0
    key, sha256 = parquet_key(dataset_id), None
    if match and key.startswith(prefix):
        with services.store.read() as connection:
            stored = datasets.find(connection, dataset_id)
        if stored is not None and stored.may_be_seen_by(reader(services)):
            sha256 = parquet_file(services, stored)
    found = (
        "" if sha256 is None else f'<Contents><Key>{key}</Key><ETag>"{sha256}"</ETag></Contents>'
    )
    text = (
        f'<ListBucketResult xmlns="{_NAMESPACE}"><Name>datasets</Name>'
        f"<IsTruncated>false</IsTruncated>{found}</ListBucketResult>"
    )
    return Response(text, content_type="application/xml")


def get(services: Services, key: str) -> AnyResponse:
    """The object of a key, which is a Parquet file, or the error that an object store gives."""
    match = _KEY.fullmatch(key)
    dataset_id = min(int(match[1]), MAX_ID) if match else 0
    if key != parquet_key(dataset_id):
        return _no_such_key()
    with services.store.read() as connection:
        stored = datasets.find(connection, dataset_id)
    if stored is None:
        return _no_such_key()
    if not stored.may_be_seen_by(reader(services)):
        return _error(403, "AccessDenied", "Access Denied.")
    sha256 = parquet_file(services, stored)
    if sha256 is None:
        return _no_such_key()
    name = f"dataset_{dataset_id}.pq"
    return send(services, sha256, f"the Parquet file of {name}", mimetype=_PARQUET, keep_as=name)


def _no_such_key() -> Response:
    """Say what clients take as a hint to fetch the ARFF file."""
    return _error(404, "NoSuchKey", "Object does not exist")


def _error(status: int, code: str, message: str) -> Response:
    text = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
    return Response(text, status=status, content_type="application/xml")
