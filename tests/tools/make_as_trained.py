"""Writes what a trainer sees of 16-bit bases that it loads in NF4: `tests/expected/as_trained.json`, for each base and
setting the SHA-256 of every weight that transformers and bitsandbytes packed, unpacked to its own dtype.

    python make_as_trained.py tests/golden tests/expected/as_trained.json

Needs transformers and bitsandbytes; runs on the CPU. Unpacked by bitsandbytes' plain formula: its kernel for AVX-512 takes
scales by rows, which is wrong where a row is no whole number of blocks.
"""

import hashlib
import json
import pathlib
import sys

import bitsandbytes as bnb
import torch
from bitsandbytes.backends.default.ops import _dequantize_4bit_compute
from transformers import AutoModelForCausalLM, BitsAndBytesConfig

CASES = ["llama-lora-bf16", "gemma2-lora", "gpt_neox-fused"]


def unpacked(weight):
    state = weight.quant_state
    absmax = state.absmax
    if state.nested:
        absmax = bnb.functional.dequantize_blockwise(state.absmax, state.state2) + state.offset
    packed = weight.data.reshape(-1).view(torch.uint8)
    return _dequantize_4bit_compute(packed, absmax.float(), state.code, state.blocksize, state.shape, state.dtype)


def seen(base, is_double):
    config = BitsAndBytesConfig(load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_use_double_quant=is_double)
    model = AutoModelForCausalLM.from_pretrained(base, quantization_config=config, dtype="auto", device_map="cpu")
    hashes = {}
    for name, module in model.named_modules():
        if isinstance(module, bnb.nn.Linear4bit):
            values = unpacked(module.weight).contiguous().view(torch.uint8)
            hashes[f"{name}.weight"] = hashlib.sha256(values.numpy().tobytes()).hexdigest()
    return hashes


cases = {case: {spelling: seen(pathlib.Path(sys.argv[1]) / case / "base", spelling.endswith("double")) for spelling in ["nf4", "nf4,double"]} for case in CASES}
with open(sys.argv[2], "w") as out:
    json.dump(cases, out, indent=1)
    out.write("\n")
