"""Extensions with one fault each, for the conformance kit to find.

They derive from the example of a third party's extension, whose own tests show that it has none
of these faults.  `test_testing` runs this module, and says which check must find which fault.
"""

from __future__ import annotations

import importlib
import types
import uuid
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
from nearby import Centroids, Line, Scaler
from openml_client_nearby import ModelHandler, NearbyExtension, fit_and_predict

from openml_client.errors import NotSerializableError
from openml_client.extension import (
    CORE_HANDLERS,
    Capabilities,
    Codec,
    Decoder,
    Description,
    Encoder,
    FoldData,
    FoldResult,
    Handler,
    Json,
    Policy,
    Rule,
    TraceIteration,
    Trust,
)
from openml_client.testing import Case, ExtensionConformance, Refusal

CASES = {
    "centroids": Case(make=Centroids, other=lambda: Centroids(sharpness=2.0)),
    "scaled": Case(make=lambda: Centroids(scaler=Scaler(quantiles=(0.1, 0.9)))),
    "line": Case(make=Line, task="regression"),
}
REFUSED = {"a lambda": Refusal(make=lambda: Centroids(distance=lambda x: x), place="distance")}


class _Suite(ExtensionConformance):
    cases = CASES
    refused = REFUSED
    failing = Case(make=lambda: Centroids(sharpness=-1.0))
    is_installed = False


def with_extra(description: Description, extra: Json) -> Description:
    (payload,) = description.tree.values()
    return description.with_tree({"$node": {**payload, "extra": extra}})


class TestNotInstalled(_Suite):
    extension = NearbyExtension()
    is_installed = True


class OfAnEarlierVersion(NearbyExtension):
    api = 0  # type: ignore[assignment]


class TestOfAnEarlierVersion(_Suite):
    extension = OfAnEarlierVersion()


class TakesAnything(NearbyExtension):
    def can_describe(self, model: object) -> bool:
        return True


class TestTakesAnything(_Suite):
    extension = TakesAnything()


class NamesAtRandom(NearbyExtension):
    def describe(self, model: object) -> Description:
        return with_extra(super().describe(model), {"name": uuid.uuid4().hex})


class TestNamesAtRandom(_Suite):
    extension = NamesAtRandom()


class OrderOfASet(NearbyExtension):
    def describe(self, model: object) -> Description:
        return with_extra(super().describe(model), list({f"word {n}" for n in range(20)}))


class TestOrderOfASet(_Suite):
    extension = OrderOfASet()


class ValuesInTheStructure(NearbyExtension):
    def describe(self, model: object) -> Description:
        description = super().describe(model)
        return with_extra(description, description.parameters.get("sharpness"))


class TestValuesInTheStructure(_Suite):
    extension = ValuesInTheStructure()


class NumpyInJson(NearbyExtension):
    def describe(self, model: object) -> Description:
        return with_extra(super().describe(model), {"version": np.float64(1.5)})


class TestNumpyInJson(_Suite):
    extension = NumpyInJson()


class UnspeakableRequirements(NearbyExtension):
    def describe(self, model: object) -> Description:
        return replace(super().describe(model), frameworks={"nearby": "nearby==1.0\x01"})


class TestUnspeakableRequirements(_Suite):
    extension = UnspeakableRequirements()


class TupleAsList(Handler):
    types = (tuple,)

    def encode(self, value: Any, encoder: Encoder) -> Json:
        return encoder.items(list(value))


class TuplesToLists(NearbyExtension):
    codec = Codec((TupleAsList(), ModelHandler(), *CORE_HANDLERS))
    rebuilder = replace(NearbyExtension.rebuilder, codec=codec)


class TestTuplesToLists(_Suite):
    extension = TuplesToLists()


class FunctionByAnyName(Handler):
    types = (types.FunctionType,)

    def encode(self, value: Any, encoder: Encoder) -> Json:
        return {"$function": "numpy:square"}


class DescribesLambdas(NearbyExtension):
    codec = Codec((FunctionByAnyName(), ModelHandler(), *CORE_HANDLERS))
    rebuilder = replace(NearbyExtension.rebuilder, codec=codec)


class TestDescribesLambdas(_Suite):
    extension = DescribesLambdas()


class RefusesWithoutPlace(NearbyExtension):
    def describe(self, model: object) -> Description:
        try:
            return super().describe(model)
        except NotSerializableError as error:
            raise NotSerializableError("", error.why, error.remedy) from error


class TestRefusesWithoutPlace(_Suite):
    extension = RefusesWithoutPlace()


class RefusesWithoutRemedy(NearbyExtension):
    def describe(self, model: object) -> Description:
        try:
            return super().describe(model)
        except NotSerializableError as error:
            raise NotSerializableError(error.path, error.why, "") from error


class TestRefusesWithoutRemedy(_Suite):
    extension = RefusesWithoutRemedy()


class BuildsForOthers(NearbyExtension):
    def build(self, description: Description, **options: Any) -> object:
        return super().build(replace(description, extension="nearby", api=1), **options)


class TestBuildsForOthers(_Suite):
    extension = BuildsForOthers()


class ImportingHandler(ModelHandler):
    def decode(self, payload: Json, decoder: Decoder) -> Any:
        module, _, name = payload["class"].partition(":")
        cls = getattr(importlib.import_module(module), name)
        return cls(**{n: decoder.child(n, value) for n, value in payload["params"].items()})


class ImportsAnything(NearbyExtension):
    codec = Codec((ImportingHandler(), *CORE_HANDLERS))

    def build(self, description: Description, *, trust: Trust, **_: Any) -> object:
        return self.codec.decode(description.tree, trust)


class TestImportsAnything(_Suite):
    extension = ImportsAnything()


class AuditsTooLate(NearbyExtension):
    def build(self, description: Description, **options: Any) -> object:
        for named in description.references():
            try:
                importlib.import_module(named.name.partition(":")[0])
            except ImportError:
                continue
        return super().build(description, **options)


class TestAuditsTooLate(_Suite):
    extension = AuditsTooLate()


class FitsTheCallersModel(NearbyExtension):
    def run_fold(self, model: Any, fold: FoldData, *, seed: int) -> FoldResult:
        self.describe(model)
        model.seed = seed
        return fit_and_predict(model, fold)


class TestFitsTheCallersModel(_Suite):
    extension = FitsTheCallersModel()


class SeedsTheGlobalGenerator(NearbyExtension):
    def run_fold(self, model: object, fold: FoldData, *, seed: int) -> FoldResult:
        np.random.seed(seed)
        return super().run_fold(model, fold, seed=seed)


class TestSeedsTheGlobalGenerator(_Suite):
    extension = SeedsTheGlobalGenerator()


class DrawsWhileDescribing(NearbyExtension):
    def describe(self, model: object) -> Description:
        np.random.random()
        return super().describe(model)


class TestDrawsWhileDescribing(_Suite):
    extension = DrawsWhileDescribing()


class RenamesColumns(NearbyExtension):
    def run_fold(self, model: object, fold: FoldData, *, seed: int) -> FoldResult:
        fold.x_train.columns = [f"c{n}" for n in range(fold.x_train.shape[1])]
        return super().run_fold(model, fold, seed=seed)


class TestRenamesColumns(_Suite):
    extension = RenamesColumns()


class SeedsNothing(NearbyExtension):
    def run_fold(self, model: object, fold: FoldData, *, seed: int) -> FoldResult:
        description = self.describe(model)
        trust = Trust.of_own(self.policy, description)
        rebuilt = self.build(description, trust=trust, compat="semantic", notes=[])
        return fit_and_predict(rebuilt, fold)


class TestSeedsNothing(_Suite):
    extension = SeedsNothing()


class SeedsByTheProcess(NearbyExtension):
    def run_fold(self, model: object, fold: FoldData, *, seed: int) -> FoldResult:
        return super().run_fold(model, fold, seed=seed + hash("a word"))


class TestSeedsByTheProcess(_Suite):
    extension = SeedsByTheProcess()


class IgnoresItsSeedParameter(NearbyExtension):
    def run_fold(self, model: Any, fold: FoldData, *, seed: int) -> FoldResult:
        if hasattr(model, "seed"):
            model = Centroids(model.sharpness, model.distance, model.scaler, seed=0)
        return super().run_fold(model, fold, seed=seed)


class TestIgnoresItsSeedParameter(_Suite):
    extension = IgnoresItsSeedParameter()


class Altered(NearbyExtension):
    """Changes the results of folds that came to their end."""

    def run_fold(self, model: object, fold: FoldData, *, seed: int) -> FoldResult:
        result = super().run_fold(model, fold, seed=seed)
        return result if result.failure else replace(result, **self.changes(result, fold))

    def changes(self, result: FoldResult, fold: FoldData) -> dict[str, Any]:
        raise NotImplementedError


class PairsProbabilitiesByPosition(Altered):
    def changes(self, result: FoldResult, fold: FoldData) -> dict[str, Any]:
        return {"probability_labels": fold.labels[: len(result.probability_labels)]}


class TestPairsProbabilitiesByPosition(_Suite):
    extension = PairsProbabilitiesByPosition()


class PairsAllByPosition(Altered):
    def changes(self, result: FoldResult, fold: FoldData) -> dict[str, Any]:
        if fold.task == "regression":
            return {}
        wrong = dict(zip(result.probability_labels, fold.labels, strict=False))
        return {
            "predictions": np.array([wrong[label] for label in result.predictions]),
            "probability_labels": tuple(wrong.values()),
        }


class TestPairsAllByPosition(_Suite):
    extension = PairsAllByPosition()


class CountsTheTasksClasses(Altered):
    def changes(self, result: FoldResult, fold: FoldData) -> dict[str, Any]:
        return {"probability_labels": tuple(sorted(fold.labels))}


class TestCountsTheTasksClasses(_Suite):
    extension = CountsTheTasksClasses()


class ForgetsARow(Altered):
    def changes(self, result: FoldResult, fold: FoldData) -> dict[str, Any]:
        return {"predictions": result.predictions[1:]}


class TestForgetsARow(_Suite):
    extension = ForgetsARow()


class PredictsNothingForGaps(NearbyExtension):
    def run_fold(self, model: object, fold: FoldData, *, seed: int) -> FoldResult:
        gaps = fold.x_test.isna().to_numpy()
        if not gaps.any():
            return super().run_fold(model, fold, seed=seed)
        filled = replace(fold, x_train=fold.x_train.fillna(0), x_test=fold.x_test.fillna(0))
        result = super().run_fold(model, filled, seed=seed)
        nothing = "" if fold.task == "classification" else np.nan
        return replace(result, predictions=np.where(gaps.any(axis=1), nothing, result.predictions))


class TestPredictsNothingForGaps(_Suite):
    extension = PredictsNothingForGaps()


class RaisesWhatTheModelRaises(NearbyExtension):
    def run_fold(self, model: object, fold: FoldData, *, seed: int) -> FoldResult:
        result = super().run_fold(model, fold, seed=seed)
        if result.failure:
            raise ValueError(result.failure.error)
        return result


class TestRaisesWhatTheModelRaises(_Suite):
    extension = RaisesWhatTheModelRaises()


class HidesTheTraceback(NearbyExtension):
    def run_fold(self, model: object, fold: FoldData, *, seed: int) -> FoldResult:
        result = super().run_fold(model, fold, seed=seed)
        failure = result.failure and replace(result.failure, traceback="")
        return replace(result, failure=failure)


class TestHidesTheTraceback(_Suite):
    extension = HidesTheTraceback()


class LambdaInThePolicy(NearbyExtension):
    policy = NearbyExtension.policy | Policy({"class": Rule(complaint=lambda _: "no class")})


class TestLambdaInThePolicy(_Suite):
    extension = LambdaInThePolicy()


class ClaimsATrace(NearbyExtension):
    capabilities: ClassVar[Capabilities] = replace(NearbyExtension.capabilities, trace=True)


class TestClaimsATrace(_Suite):
    extension = ClaimsATrace()


class SelectsNothing(ClaimsATrace, Altered):
    def changes(self, result: FoldResult, fold: FoldData) -> dict[str, Any]:
        rows = (TraceIteration(repeat=0, fold=0, iteration=n) for n in range(3))
        return {"trace": tuple(rows)}


class TestSelectsNothing(_Suite):
    extension = SelectsNothing()


class ClaimsArtefacts(NearbyExtension):
    capabilities: ClassVar[Capabilities] = replace(
        NearbyExtension.capabilities, artefacts=("weights",)
    )


class TestClaimsArtefacts(_Suite):
    extension = ClaimsArtefacts()


class GivesFilesUnasked(ClaimsArtefacts, Altered):
    def changes(self, result: FoldResult, fold: FoldData) -> dict[str, Any]:
        return {"artefacts": {"weights.bin": b"1"}}


class TestGivesFilesUnasked(_Suite):
    extension = GivesFilesUnasked()


class NamesFilesAtWill(ClaimsArtefacts, Altered):
    def changes(self, result: FoldResult, fold: FoldData) -> dict[str, Any]:
        return {"artefacts": {"mine.bin": b"1"} if fold.artefacts else {}}


class TestNamesFilesAtWill(_Suite):
    extension = NamesFilesAtWill()


class LogsNoJson(Altered):
    def changes(self, result: FoldResult, fold: FoldData) -> dict[str, Any]:
        return {"log": {"loss": float("nan")}}


class TestLogsNoJson(_Suite):
    extension = LogsNoJson()
