"""Run the network: by onnxruntime (2 ms a sentence), or by NumPy alone (8 ms) where that cannot be."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from safetensors.numpy import load_file
from tokenizers import Tokenizer

from districts.told import cleaned
from knowledge.embedding.weights import HEADS, LAYERS, LONGEST, SIZE

Floats = NDArray[np.float32]
MOST = 4000  # characters read of a text: more than LONGEST tokens of any language it knows
TOGETHER = 32  # texts of like length in one go


class Engine(Protocol):
    """`name` is told to staff; `embed` gives a row of length 1 a text."""

    name: str

    def embed(self, texts: Sequence[str]) -> Floats: ...


def tokenizer(path: Path) -> Tokenizer:
    read = Tokenizer.from_file(str(path))
    read.enable_truncation(LONGEST)
    read.no_padding()
    return read


def token_ids(read: Tokenizer, texts: Sequence[str]) -> list[list[int]]:
    return [found.ids for found in read.encode_batch([cleaned(text[:MOST]) for text in texts])]


class OnnxEngine:
    """Any number of threads may ask at once; one text is computed by `threads` of them."""

    name = "onnx"

    def __init__(self, graph: Path, tokens: Path, *, threads: int) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
        options.enable_cpu_mem_arena = False  # its pool keeps what the longest batch ever needed
        options.log_severity_level = 3
        self.session = onnxruntime.InferenceSession(str(graph), options, providers=["CPUExecutionProvider"])
        self.tokenizer = tokenizer(tokens)

    def embed(self, texts: Sequence[str]) -> Floats:
        ids = token_ids(self.tokenizer, texts)
        order = sorted(range(len(ids)), key=lambda i: len(ids[i]))
        out = np.zeros((len(ids), SIZE), np.float32)
        for at in range(0, len(order), TOGETHER):
            some = order[at : at + TOGETHER]
            out[some] = self._run([ids[i] for i in some])
        return out

    def _run(self, ids: Sequence[Sequence[int]]) -> Floats:
        filled = np.zeros((len(ids), max(map(len, ids))), np.int64)
        mask = np.zeros_like(filled)
        for row, its in enumerate(ids):
            filled[row, : len(its)], mask[row, : len(its)] = its, 1
        [found] = self.session.run(None, {"input_ids": filled, "attention_mask": mask})
        return np.asarray(found, np.float32)


class ArrayEngine:
    """The same network in NumPy, from the published weights."""

    name = "numpy"

    def __init__(self, tensors: Path, tokens: Path) -> None:
        self.weights = load_file(tensors)
        self.tokenizer = tokenizer(tokens)

    def embed(self, texts: Sequence[str]) -> Floats:
        ids = token_ids(self.tokenizer, texts)
        return np.stack([self._one(its) for its in ids]) if ids else np.zeros((0, SIZE), np.float32)

    def _one(self, ids: Sequence[int]) -> Floats:
        name = "embeddings."
        kind = self.weights[name + "token_type_embeddings.weight"][0]
        places = self.weights[name + "position_embeddings.weight"][: len(ids)]
        x = self._norm(self.weights[name + "word_embeddings.weight"][list(ids)] + places + kind, name + "LayerNorm")
        for number in range(LAYERS):
            x = self._layer(x, f"encoder.layer.{number}.")
        mean = x.mean(axis=0)
        return np.asarray(mean / np.linalg.norm(mean), np.float32)

    def _layer(self, x: Floats, name: str) -> Floats:
        query, key, value = (self._heads(x, f"{name}attention.self.{part}") for part in ("query", "key", "value"))
        scores = query @ key.transpose(0, 2, 1) / np.sqrt(SIZE // HEADS)
        weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
        weights /= weights.sum(axis=-1, keepdims=True)
        seen = (weights @ value).transpose(1, 0, 2).reshape(len(x), SIZE)
        x = self._norm(self._linear(seen, name + "attention.output.dense") + x, name + "attention.output.LayerNorm")
        inner = self._linear(x, name + "intermediate.dense")
        return self._norm(self._linear(_gelu(inner), name + "output.dense") + x, name + "output.LayerNorm")

    def _heads(self, x: Floats, name: str) -> Floats:
        return self._linear(x, name).reshape(len(x), HEADS, SIZE // HEADS).transpose(1, 0, 2)

    def _linear(self, x: Floats, name: str) -> Floats:
        return np.asarray(x @ self.weights[f"{name}.weight"].T + self.weights[f"{name}.bias"], np.float32)

    def _norm(self, x: Floats, name: str) -> Floats:
        x = x - x.mean(axis=-1, keepdims=True)
        scaled = x / np.sqrt((x * x).mean(axis=-1, keepdims=True) + 1e-12)
        return np.asarray(scaled * self.weights[f"{name}.weight"] + self.weights[f"{name}.bias"], np.float32)


def _gelu(x: Floats) -> Floats:
    """x times the normal distribution's share below it (Hendrycks and Gimpel 2016); the error function by Abramowitz and Stegun 7.1.26,
    right to 1.5e-7: scipy's costs each process 30 MB.
    """
    z = np.abs(x) / np.sqrt(2)
    t = 1 / (1 + 0.3275911 * z)
    told = 1 - t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429)))) * np.exp(-z * z)
    return np.asarray(0.5 * x * (1 + np.sign(x) * told), np.float32)
