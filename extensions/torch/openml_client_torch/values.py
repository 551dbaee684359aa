"""What stands in the arguments of modules: dtypes, devices, small tensors, sizes of the task."""

from __future__ import annotations

import base64
import math
import re
import sys
import types
from typing import TYPE_CHECKING, Final

from openml_client.extension.codec import Decoder, Encoder, Handler
from openml_client_torch.dimensions import Dim, Dims, evaluate

if TYPE_CHECKING:
    import torch

    from openml_client.extension.identity import Json

MAX_TENSOR_BYTES: Final = 65_536
"""As for arrays.  Larger ones are weights, which are no part of a flow."""

_NUMBERS: Final = """
bool uint8 int8 int16 int32 int64 uint16 uint32 uint64 float16 bfloat16 float32 float64
complex32 complex64 complex128 float8_e4m3fn float8_e5m2
"""
_DTYPES: Final = frozenset(_NUMBERS.split())
SIZES: Final = "sizes"
"""Where a decoder's memo holds the sizes of the task."""
DRY: Final = "dry"
"""What is in a decoder's memo while a model is made without memory, to see how large it is."""
DEVICE: Final = re.compile(r"(cpu|cuda|mps|xpu|meta)(:\d{1,2})?")
"""Devices that a description may name."""
_FUNCTION_MODULES: Final = ("torch.nn.functional", "torch", "torch.special")
"""Where functions of torch are looked for that do not tell a public module."""


def _is_torch(value: object, *names: str) -> bool:
    """Whether the value is of a class of torch; nothing is if torch is not loaded."""
    torch = sys.modules.get("torch")
    kinds = (getattr(torch, name, None) for name in names)
    return any(isinstance(kind, type) and isinstance(value, kind) for kind in kinds)


class _DType(Handler):
    tag = "$torch.dtype"

    def accepts(self, value: object) -> bool:
        return _is_torch(value, "dtype")

    def encode(self, value: torch.dtype, encoder: Encoder) -> Json:
        name = str(value).removeprefix("torch.")
        if name not in _DTYPES:
            raise encoder.refusal(f"the dtype {name} has no description", "Use one of numbers.")
        return {self.tag: name}

    def decode(self, payload: Json, decoder: Decoder) -> torch.dtype:
        return dtype_of(payload)


class _Device(Handler):
    tag = "$torch.device"

    def accepts(self, value: object) -> bool:
        return _is_torch(value, "device")

    def encode(self, value: torch.device, encoder: Encoder) -> Json:
        return {self.tag: str(value)}

    def decode(self, payload: Json, decoder: Decoder) -> torch.device:
        import torch

        if not DEVICE.fullmatch(payload):
            raise ValueError(f"no device of a description: {payload!r}")
        return torch.device("meta" if DRY in decoder.memo else payload)


class _Size(Handler):
    tag = "$torch.Size"

    def accepts(self, value: object) -> bool:
        return _is_torch(value, "Size")

    def encode(self, value: torch.Size, encoder: Encoder) -> Json:
        return {self.tag: encoder.items(list(value))}

    def decode(self, payload: Json, decoder: Decoder) -> torch.Size:
        import torch

        return torch.Size(decoder.items(payload))


class _Tensor(Handler):
    """Tensors and parameters that were made outside of modules, with their values."""

    tag = "$tensor"

    def accepts(self, value: object) -> bool:
        return _is_torch(value, "Tensor")

    def encode(self, value: torch.Tensor, encoder: Encoder) -> Json:
        import torch

        kind = type(value)
        if kind not in (torch.Tensor, torch.nn.Parameter, torch.nn.Buffer):
            raise encoder.refusal(
                f"a tensor of type {kind.__name__} has no description", "Use a plain tensor."
            )
        if value.layout is not torch.strided or value.is_quantized or value.is_nested:
            raise encoder.refusal("only dense tensors have a description", "Use .to_dense().")
        if value.is_meta or not value.is_leaf:
            what = "lies on the meta device" if value.is_meta else "is the result of a calculation"
            raise encoder.refusal(f"the tensor {what}", "Give a tensor with values, as .detach().")
        if value.nbytes > MAX_TENSOR_BYTES:
            raise encoder.refusal(
                f"a tensor of {value.nbytes:,} bytes; arguments may hold {MAX_TENSOR_BYTES:,}",
                "Make it inside the constructor of the module, out of small arguments.",
            )
        return {self.tag: _payload_of(value, encoder)}

    def decode(self, payload: Json, decoder: Decoder) -> torch.Tensor:
        import torch

        data = base64.b64decode(payload["data"], validate=True)
        dtype, shape = dtype_of(payload["dtype"]), payload["shape"]
        fits = all(type(n) is int and n >= 0 for n in shape)
        fits = fits and math.prod(shape) * dtype.itemsize == len(data)
        if len(data) > MAX_TENSOR_BYTES or not fits:
            raise ValueError(f"a tensor of {len(data):,} bytes and shape {shape!r}")
        with torch.device("cpu"):
            flat = torch.frombuffer(bytearray(data), dtype=dtype) if data else torch.empty(0)
            tensor = flat.clone().to(dtype).reshape(shape)
        requires_grad = bool(payload["requires_grad"])
        if requires_grad and not (dtype.is_floating_point or dtype.is_complex):
            raise ValueError(f"a tensor of {dtype}, which takes no gradient")
        if payload.get("is_parameter"):
            return torch.nn.Parameter(tensor, requires_grad=requires_grad)
        return tensor.requires_grad_(requires_grad)


def _payload_of(value: torch.Tensor, encoder: Encoder) -> Json:
    import torch

    plain = value.detach().cpu().resolve_conj().resolve_neg().contiguous()
    data = plain.reshape(-1).view(torch.uint8).numpy().tobytes() if value.numel() else b""
    payload = {
        "data": base64.b64encode(data).decode("ascii"),
        "dtype": str(value.dtype).removeprefix("torch."),
        "requires_grad": value.requires_grad,
        "shape": list(value.shape),
    }
    if payload["dtype"] not in _DTYPES:
        raise encoder.refusal(
            f"the dtype {payload['dtype']} has no description", "Use one of numbers."
        )
    if isinstance(value, torch.nn.Parameter):
        payload["is_parameter"] = True
    return payload


class _Generator(Handler):
    """Only refuses: it changes while it is used."""

    def accepts(self, value: object) -> bool:
        return _is_torch(value, "Generator")

    def encode(self, value: object, encoder: Encoder) -> Json:
        raise encoder.refusal(
            "a torch.Generator has a state that changes with each use",
            "Leave it out: the global generator is seeded for each fold.",
        )


class _Bound(Handler):
    """Only refuses: optimizers and schedulers belong to weights that are there."""

    def accepts(self, value: object) -> bool:
        optim = sys.modules.get("torch.optim")
        return optim is not None and isinstance(
            value, (optim.Optimizer, optim.lr_scheduler.LRScheduler)
        )

    def encode(self, value: object, encoder: Encoder) -> Json:
        kind = type(value).__name__
        raise encoder.refusal(
            f"this {kind} belongs to weights that are there, and each fold makes new ones",
            f"Give the class, {kind}, or functools.partial({kind}, ...) with its arguments.",
        )


class _BuiltinFunction(Handler):
    """Only encodes: functions of torch that are written in C, which do not tell where they are."""

    def accepts(self, value: object) -> bool:
        return isinstance(value, types.BuiltinFunctionType) and _name_of(value) is not None

    def encode(self, value: types.BuiltinFunctionType, encoder: Encoder) -> Json:
        return {"$function": _name_of(value)}


def _name_of(function: types.BuiltinFunctionType) -> str | None:
    for name in _FUNCTION_MODULES:
        if getattr(sys.modules.get(name), function.__name__, None) is function:
            return f"{name}:{function.__name__}"
    return None


class _Dimension(Handler):
    """Sizes that the task fills in, one or several."""

    tag = "$dim"
    types = (Dim, Dims)

    def encode(self, value: Dim | Dims, encoder: Encoder) -> Json:
        return {self.tag: value.formula}

    def decode(self, payload: Json, decoder: Decoder) -> int | tuple[int, ...]:
        return evaluate(payload, decoder.memo.get(SIZES, {}))


def dtype_of(name: str) -> torch.dtype:
    """The dtype of a name in a description."""
    import torch

    if name not in _DTYPES:
        raise ValueError(f"no dtype of a description: {name!r}")
    dtype: torch.dtype = getattr(torch, name)
    return dtype


VALUE_HANDLERS: tuple[Handler, ...] = (
    _DType(),
    _Device(),
    _Size(),
    _Tensor(),
    _Generator(),
    _Bound(),
    _BuiltinFunction(),
    _Dimension(),
)
