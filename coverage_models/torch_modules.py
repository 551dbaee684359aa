"""Do modules of torch come back with the same bits, train to the same, and predict the same?

They are described here, with a digest of what they are and become, and rebuilt in a fresh process
with another hash seed, which compares: the initial bits under the same seed, the bits after three
steps of AdamW with dropout, and the predictions.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import os
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import torch
from openml_client_torch.codec import CODEC
from openml_client_torch.policy import POLICY
from openml_client_torch.recording import call_of
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from coverage_models.round_trips import Count
from openml_client.errors import FlowError, OpenMLError
from openml_client.extension.description import Description
from openml_client.extension.trust import Trust

TESTS = Path(__file__).parents[1] / "extensions" / "torch" / "tests"
"""Where the composed models are."""
SEED = 20
STEPS = 3
DIGESTS = ("initial bits", "bits after training", "predictions")


class Trial(NamedTuple):
    """A model, and how it is fed."""

    name: str
    make: Callable[[], Any]
    feed: Callable[[Any], Any]
    """Gives the outputs of a model."""


def composed() -> Iterator[Trial]:
    """The composed models of the extension's tests."""
    for name, (make, shape) in _tests().COMPOSED.items():
        yield Trial(name, make, partial(_feed_noise, shape=shape))


def _tests() -> Any:
    if str(TESTS) not in sys.path:
        sys.path.insert(0, str(TESTS))
    return importlib.import_module("composed_models")


def _feed_noise(model: Any, shape: tuple[int, ...]) -> Any:
    return model(torch.randn(shape, generator=torch.Generator().manual_seed(SEED)))


def database() -> Iterator[Trial]:
    """All constructions of torch's own database of modules, with its inputs for each."""
    from torch.testing._internal.common_modules import module_db

    for info in module_db:
        for training in (True, False):
            for number, given in enumerate(_inputs(info, training=training)):
                mode = "training" if training else "evaluating"
                made = given.constructor_input
                yield Trial(
                    f"{info.name}, {mode}, {number}",
                    partial(_make, info.module_cls, made),
                    partial(_feed, given=given.forward_input),
                )


def _inputs(info: Any, *, training: bool) -> Iterable[Any]:
    with torch.random.fork_rng():
        torch.manual_seed(SEED)  # the same in both processes
        found: Iterable[Any] = info.module_inputs_func(
            info, device="cpu", dtype=torch.float32, requires_grad=False, training=training
        )
    return found


def _make(cls: Any, given: Any) -> Any:
    args = [_anew(arg) for arg in given.args]
    return cls(*args, **{name: _anew(arg) for name, arg in given.kwargs.items()})


def _anew(value: Any) -> Any:
    """An argument; a module is made once more, so that it is drawn after the seed."""
    call = call_of(value) if isinstance(value, nn.Module) else None
    return value if call is None else _make(call.cls, call)


def _feed(model: Any, given: Any) -> Any:
    copied = [arg.clone() if isinstance(arg, Tensor) else arg for arg in given.args]
    return model(*copied, **given.kwargs)


KINDS: dict[str, Callable[[], Iterator[Trial]]] = {
    "constructions of torch's own database of modules": database,
    "composed models": composed,
}


def measure() -> dict[str, Count]:
    """What came back, by kind of model."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what modules warn of is nothing that we measure
        return {kind: of_kind(kind) for kind in KINDS}


def of_kind(kind: str) -> Count:
    """How many models of a kind a fresh process rebuilds with the same digests."""
    described: dict[str, Any] = {}
    faults: dict[str, str] = {}
    for trial in KINDS[kind]():
        torch.manual_seed(SEED)
        model = trial.make()
        try:
            tree = CODEC.encode(model)
        except OpenMLError as error:
            faults[trial.name] = f"{type(error).__name__}: {error}".splitlines()[0]
            continue
        described[trial.name] = {"tree": tree, "digests": digests(model, trial.feed)}
    faults |= _compared_elsewhere(kind, described)
    n = len({*described, *faults})
    return {"n": n, "good": n - len(faults), "faults": faults}


def digests(model: Any, feed: Callable[[Any], Any]) -> list[str]:
    """Digests of a model as it is, after training, and of its predictions."""
    initial = digest(_tensors(model))
    torch.manual_seed(SEED)
    try:
        _train(model, feed)
        model.eval()
        with torch.no_grad():
            predictions = digest(_outputs(feed(model)))
    except (RuntimeError, ValueError, TypeError, NotImplementedError) as error:
        predictions = f"{type(error).__name__}: {error}"
    return [initial, digest(_tensors(model)), predictions]


def _train(model: Any, feed: Callable[[Any], Any]) -> None:
    model.train()
    feed(model)  # lazy modules have no weights before
    weights = [p for p in model.parameters() if p.requires_grad and p.is_floating_point()]
    optimizer = torch.optim.AdamW(weights, lr=1e-2) if weights else None
    for _ in range(STEPS if optimizer is not None else 0):
        losses = [o.abs().square().mean() for o in _outputs(feed(model)) if o.requires_grad]
        if losses and optimizer is not None:
            optimizer.zero_grad()
            torch.autograd.backward(torch.stack(losses).sum())
            optimizer.step()


def _outputs(value: Any) -> Iterator[Tensor]:
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _outputs(item)


def _tensors(model: Any) -> Iterator[Tensor]:
    for tensor in (*model.parameters(), *model.buffers()):
        if not is_lazy(tensor):
            yield tensor


def digest(tensors: Iterable[Tensor]) -> str:
    """SHA-256 over shapes, dtypes and bits."""
    found = hashlib.sha256()
    for tensor in tensors:
        plain = tensor.detach().resolve_conj().contiguous()
        found.update(f"{plain.dtype}{tuple(plain.shape)}".encode())
        if plain.numel():
            found.update(plain.reshape(-1).view(torch.uint8).numpy().tobytes())
    return found.hexdigest()


def _compared_elsewhere(kind: str, described: dict[str, Any]) -> dict[str, str]:
    """Faults by name, as a fresh process with another hash seed finds them."""
    hash_seed = "2" if os.environ.get("PYTHONHASHSEED") == "1" else "1"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "described.json"
        path.write_text(json.dumps({"kind": kind, "described": described}), "utf-8")
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-m", "coverage_models.torch_modules", str(path)],
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            cwd=Path(__file__).parents[1],
            capture_output=True,
            text=True,
            check=True,
        )
    faults: dict[str, str] = json.loads(done.stdout)
    return faults


def compare(kind: str, described: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Faults of the models that are rebuilt in this process."""
    for trial in KINDS[kind]():
        if trial.name in described:
            found = described[trial.name]
            fault = _fault(found["tree"], found["digests"], trial)
            if fault is not None:
                yield trial.name, fault


def _fault(tree: Any, wanted: list[str], trial: Trial) -> str | None:
    # What a stranger would load: torch's own, and the packages of the composed models.
    trust = Trust.of_strangers(POLICY, _tests().TRUSTED)
    try:
        trust.require(Description(extension="torch", api=1, frameworks={}, tree=tree))
        torch.manual_seed(SEED)
        model: nn.Module = CODEC.decode(tree, trust)
        if CODEC.encode(model) != tree:
            return "is described as another"
    except (OpenMLError, FlowError) as error:
        return f"{type(error).__name__}: {error}".splitlines()[0]
    got = digests(model, trial.feed)
    differ = (what for what, a, b in zip(DIGESTS, got, wanted, strict=True) if a != b)
    return next((f"other {what}" for what in differ), None)


def main() -> None:
    """Compare what another process has described."""
    given = json.loads(Path(sys.argv[1]).read_text("utf-8"))
    print(json.dumps(dict(compare(given["kind"], given["described"]))))


if __name__ == "__main__":
    main()
