"""Writes what bitsandbytes makes of tensors that anyone can make again: `tests/expected/nf4.json`.

    python make_nf4_codes.py tests/expected/nf4.json

Needs torch and bitsandbytes; runs on the CPU. A tensor is `count` products of three values of one generator, times 0.1,
rounded to `dtype`; elements in `zeros` are 0, and those from 0 on are `first`, where that is given (bits of float32).
"""

import hashlib
import json
import sys

import bitsandbytes.functional as functional
import numpy
import torch

TABLE = functional.get_4bit_type("nf4", device="cpu").numpy()
BOUNDS = (TABLE[:-1] + TABLE[1:]) / numpy.float32(2)
DTYPES = {"F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16}


def noise(count):
    state, values = 1, numpy.empty(3 * count, numpy.float32)
    for index in range(3 * count):
        state = (state * 1664525 + 1013904223) % 2**32
        values[index] = ((state >> 8) - 2**23) / 2**23
    first, second, third = values.reshape(count, 3).T
    return first * second * third * numpy.float32(0.1)


def digest(tensor):
    return hashlib.sha256(tensor.contiguous().numpy().tobytes()).hexdigest()


def bits(tensor):
    return tensor.reshape(-1).numpy().view(numpy.uint32).tolist()


def case(dtype, block, count, zeros=(0, 0), first=()):
    values = noise(count)
    values[slice(*zeros)] = 0
    values[: len(first)] = first
    tensor = torch.from_numpy(values).to(DTYPES[dtype])
    codes, state = functional.quantize_4bit(tensor, blocksize=block, quant_type="nf4")
    _, nested = functional.quantize_4bit(tensor, blocksize=block, quant_type="nf4", compress_statistics=True)
    return {
        "dtype": dtype,
        "block": block,
        "count": count,
        "zeros": list(zeros),
        "first": numpy.asarray(first, numpy.float32).view(numpy.uint32).tolist(),
        "codes": digest(codes),
        "absmax": digest(state.absmax),
        "nested_codes": nested.absmax.numpy().tobytes().hex(),
        "nested_absmax": bits(nested.state2.absmax),
        "nested_offset": bits(nested.offset)[0],
    }


cases = [case(dtype, 32 << power, (32 << power) * 3 + 21) for power in range(8) for dtype in DTYPES]
cases += [case(dtype, 64, count) for dtype in DTYPES for count in [64 * 700 + 2, 64 * 64 + 15]]
# A block of zeros, one that ends in zeros, a last one of zeros, and a tensor that is one short block.
cases += [case("BF16", 64, 64 * 5 + 31, zeros) for zeros in [(64, 128), (70, 200), (320, 351), (0, 351)]]
cases += [case(dtype, 64, count) for dtype in DTYPES for count in [1, 2, 63]]
# Half way between two values, the values themselves, and what is smaller than any normal number.
ties = numpy.concatenate([[1], BOUNDS, -BOUNDS, TABLE, [1e-45, -1e-45]]).astype(numpy.float32)
cases += [case("F32", 64, count, first=ties) for count in [len(ties), 64, 200]]
cases += [case("F32", 32, 96, zeros=(0, 32), first=[0, smallest]) for smallest in [1e-45, 1e-40, 1e-38, 2e-38]]
map_digest = digest(functional.create_dynamic_map())
with open(sys.argv[1], "w") as file:
    lines = ",\n".join("    " + json.dumps(case) for case in cases)
    file.write(f'{{\n  "bitsandbytes": "{__import__("bitsandbytes").__version__}",\n  "dynamic_map": "{map_digest}",\n  "cases": [\n{lines}\n  ]\n}}\n')
