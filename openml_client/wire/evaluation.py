"""Documents of evaluations.  Source: protocol note, section 7."""

from __future__ import annotations

from openml_client.model.evaluation import Evaluation
from openml_client.wire.codec import Field, InJson, Record, Rows
from openml_client.wire.scalars import FLOAT, FLOATS, INT, NOT_FLOATS, TEXT, TIMESTAMP
from openml_client.wire.setup import PARAMETER

EVALUATION = Record(
    Evaluation,
    "evaluation",
    (
        Field("run_id", "run_id", INT, required=True),
        Field("uploader_id", "uploader", INT, in_json=InJson.NEVER),
        Field("task_id", "task_id", INT, required=True),
        Field("setup_id", "setup_id", INT, required=True),
        Field("flow_id", "flow_id", INT, required=True),
        Field("flow_name", "flow_name", TEXT, required=True),
        Field("parameters", "parameters/parameter", PARAMETER, many=True),
        Field("dataset_id", "data_id", INT, in_json=InJson.NEVER),
        Field("dataset_name", "data_name", TEXT),
        Field("engine_id", "evaluation_engine_id", INT, in_json=InJson.NEVER),
        Field("measure", "function", TEXT, required=True),
        Field("uploaded_at", "upload_time", TIMESTAMP),
        Field("value", "value", FLOAT),
        Field("per_class", "array_data", FLOATS),
        Field("array_text", "array_data", NOT_FLOATS),
        Field("per_fold", "values", FLOATS, in_json=InJson.NEVER),
    ),
)
EVALUATIONS = Rows("evaluations", "evaluation", EVALUATION, hand_made_json=True)
