"""Writes an ONNX file: just enough of its format for a graph of float tensors.

Field numbers are those of onnx.proto (ONNX IR version 9). Written by hand so that nobody needs another
library to make a model once.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

Attribute: TypeAlias = int | str | Sequence[int]

IR_VERSION = 9
OPSET = 18
_TYPES = {"float32": 1, "uint8": 2, "int64": 7}  # TensorProto.DataType
_INT, _STRING, _INTS = 2, 3, 7  # AttributeProto.AttributeType
_VARINT, _BYTES = 0, 2  # wire types of protocol buffers


class Tensor(NamedTuple):
    """The name, type and shape of what goes into the graph or comes out of it."""

    name: str
    dtype: str
    shape: tuple[int, ...]


class Graph:
    """A graph in the making; nodes stand in the order in which they run."""

    def __init__(self, inputs: Sequence[Tensor], outputs: Sequence[Tensor]) -> None:
        self._inputs, self._outputs = inputs, outputs
        self._nodes: list[bytes] = []
        self._constants: list[bytes] = []

    def node(
        self,
        operator: str,
        inputs: Sequence[str],
        output: str,
        attributes: Mapping[str, Attribute] | None = None,
    ) -> str:
        """Add one operation; return the name of what it makes."""
        written = [_attribute(name, value) for name, value in (attributes or {}).items()]
        self._nodes.append(
            b"".join(_text(1, name) for name in inputs)
            + _text(2, output)
            + _text(4, operator)
            + b"".join(_part(5, one) for one in written)
        )
        return output

    def constant(self, name: str, values: NDArray[np.generic]) -> str:
        """Add numbers (float32 or int64); return their name."""
        dims = b"".join(_number(1, side) for side in values.shape)
        kind = _number(2, _TYPES[values.dtype.name])
        raw = _part(
            9, np.ascontiguousarray(values).astype(values.dtype.newbyteorder("<")).tobytes()
        )
        self._constants.append(dims + kind + _text(8, name) + raw)
        return name

    def encoded(self) -> bytes:
        """Return the file's bytes; the same graph gives the same bytes."""
        graph = (
            b"".join(_part(1, node) for node in self._nodes)
            + _text(2, "smarthub")
            + b"".join(_part(5, constant) for constant in self._constants)
            + b"".join(_part(11, _declared(tensor)) for tensor in self._inputs)
            + b"".join(_part(12, _declared(tensor)) for tensor in self._outputs)
        )
        opset = _text(1, "") + _number(2, OPSET)
        return (
            _number(1, IR_VERSION)
            + _text(2, "smarthub video.model_file.convert")
            + _part(7, graph)
            + _part(8, opset)
        )


def _attribute(name: str, value: Attribute) -> bytes:
    if isinstance(value, int):
        return _text(1, name) + _number(3, value) + _number(20, _INT)
    if isinstance(value, str):
        return _text(1, name) + _text(4, value) + _number(20, _STRING)
    return _text(1, name) + b"".join(_number(8, one) for one in value) + _number(20, _INTS)


def _declared(tensor: Tensor) -> bytes:
    shape = b"".join(_part(1, _number(1, side)) for side in tensor.shape)
    return _text(1, tensor.name) + _part(
        2, _part(1, _number(1, _TYPES[tensor.dtype]) + _part(2, shape))
    )


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:  # noqa: PLR2004 - seven bits a byte
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3 | _VARINT) + _varint(value)


def _part(field: int, content: bytes) -> bytes:
    return _varint(field << 3 | _BYTES) + _varint(len(content)) + content


def _text(field: int, text: str) -> bytes:
    return _part(field, text.encode())
