"""The network of all-MiniLM-L6-v2 written as an ONNX graph from its weights, with whole numbers of eight bits: 23 MB, no torch.

BERT (Devlin et al. 2018, section 3) of six layers, mean of the last one's tokens, brought to length 1. Needed only where the graph is
built; running it is in `engines`.
"""

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic
from safetensors.numpy import load_file

from knowledge.embedding.weights import HEADS, LAYERS, SIZE

OPSET, IR = 20, 9
WIDTH = SIZE // HEADS  # of a head
MASKED = -1e9  # added to the score of a token that only fills up

Array = NDArray[Any]


def build(weights: Path, target: Path) -> None:
    """Writes the quantised graph to `target`, whole or not at all."""
    with TemporaryDirectory(dir=target.parent) as scratch:
        whole, small = Path(scratch) / "whole.onnx", Path(scratch) / "small.onnx"
        onnx.save(_Writer(load_file(weights)).model(), whole)
        quantize_dynamic(whole, small, weight_type=QuantType.QInt8, per_channel=True, op_types_to_quantize=["MatMul", "Gather"])
        small.replace(target)


class _Writer:
    """Nodes and constants in the order in which they are needed."""

    def __init__(self, weights: Mapping[str, Array]) -> None:
        self.weights = weights
        self.nodes: list[onnx.NodeProto] = []
        self.constants: dict[str, onnx.TensorProto] = {}

    def model(self) -> onnx.ModelProto:
        sentence = self._mean(self._encoder(self._embeddings()))
        inputs = [helper.make_tensor_value_info(name, TensorProto.INT64, ["B", "S"]) for name in ("input_ids", "attention_mask")]
        output = helper.make_tensor_value_info(sentence, TensorProto.FLOAT, ["B", SIZE])
        graph = helper.make_graph(self.nodes, "minilm", inputs, [output], list(self.constants.values()))
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR)
        onnx.checker.check_model(model)
        return model

    # --- parts ------------------------------------------------------------------------------------------------------------

    def _embeddings(self) -> str:
        words = self._node("Gather", [self._weight("embeddings.word_embeddings.weight"), "input_ids"])
        length = self._node("Shape", ["input_ids"], start=1, end=2)
        # A slice, not a gather of a range: the optimiser of onnxruntime breaks the latter.
        places = [self._weight("embeddings.position_embeddings.weight"), self._constant("zero", np.array([0])), length]
        kind = self._constant("kind", self.weights["embeddings.token_type_embeddings.weight"][0])
        summed = self._node("Add", [self._node("Add", [words, self._node("Slice", places)]), kind])
        return self._norm(summed, "embeddings.LayerNorm")

    def _encoder(self, x: str) -> str:
        mask = self._node("Cast", ["attention_mask"], to=TensorProto.FLOAT)
        filled = self._node("Sub", [self._constant("one", np.float32(1)), mask])
        masked = self._node("Mul", [filled, self._constant("masked", np.float32(MASKED))])
        hidden = self._node("Unsqueeze", [masked, self._constant("middle", np.array([1, 2]))])
        for number in range(LAYERS):
            x = self._layer(x, hidden, f"encoder.layer.{number}.")
        return x

    def _layer(self, x: str, hidden: str, name: str) -> str:
        query = self._head(x, name + "attention.self.query", [0, 2, 1, 3], scale=1 / np.sqrt(WIDTH))
        key = self._head(x, name + "attention.self.key", [0, 2, 3, 1])
        value = self._head(x, name + "attention.self.value", [0, 2, 1, 3])
        weights = self._node("Softmax", [self._node("Add", [self._node("MatMul", [query, key]), hidden])], axis=-1)
        seen = self._node("Transpose", [self._node("MatMul", [weights, value])], perm=[0, 2, 1, 3])
        joined = self._node("Reshape", [seen, self._constant("flat", np.array([0, 0, SIZE]))])
        x = self._norm(
            self._node("Add", [self._linear(joined, name + "attention.output.dense"), x]), name + "attention.output.LayerNorm"
        )
        inner = self._node("Gelu", [self._linear(x, name + "intermediate.dense")])
        return self._norm(self._node("Add", [self._linear(inner, name + "output.dense"), x]), name + "output.LayerNorm")

    def _head(self, x: str, name: str, order: list[int], *, scale: float = 1.0) -> str:
        split = self._node("Reshape", [self._linear(x, name, scale), self._constant("split", np.array([0, 0, HEADS, WIDTH]))])
        return self._node("Transpose", [split], perm=order)

    def _mean(self, x: str) -> str:
        mask = self._node("Cast", ["attention_mask"], to=TensorProto.FLOAT)
        along = self._constant("along", np.array([1]))
        kept = self._node("Mul", [x, self._node("Unsqueeze", [mask, self._constant("last", np.array([2]))])])
        summed, count = self._node("ReduceSum", [kept, along], keepdims=0), self._node("ReduceSum", [mask, along], keepdims=1)
        mean = self._node("Div", [summed, count])
        return self._node("Div", [mean, self._node("ReduceL2", [mean, along], keepdims=1)])

    # --- pieces -----------------------------------------------------------------------------------------------------------

    def _linear(self, x: str, name: str, scale: float = 1.0) -> str:
        weight = self._constant(f"{name}.weight", self.weights[f"{name}.weight"].T * np.float32(scale))
        bias = self._constant(f"{name}.bias", self.weights[f"{name}.bias"] * np.float32(scale))
        return self._node("Add", [self._node("MatMul", [x, weight]), bias])

    def _norm(self, x: str, name: str) -> str:
        return self._node(
            "LayerNormalization", [x, self._weight(f"{name}.weight"), self._weight(f"{name}.bias")], axis=-1, epsilon=1e-12
        )

    def _weight(self, name: str) -> str:
        return self._constant(name, self.weights[name])

    def _constant(self, name: str, value: Any) -> str:
        if name not in self.constants:
            self.constants[name] = numpy_helper.from_array(np.ascontiguousarray(value), name)
        return name

    def _node(self, kind: str, inputs: list[str], **settings: Any) -> str:
        output = f"{kind.lower()}{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [output], **settings))
        return output
