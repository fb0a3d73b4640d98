#!/usr/bin/env python3
"""Rows that are hard to encode, and what ggml's reference makes of them.

usage: make_gguf_hard_rows.py GGML_QUANTS.so OUT [SEED]     GGML_QUANTS: ggml's src/ggml-quants.c as a shared library for
x86-64, built without FMA (gcc -O2, or -ffp-contract=off); ggml d99724f2 was used.
Writes OUT/hard.f32 (rows of 256, little endian) and OUT/hard.json: what each row is, and for each type the first 8 digits
of the SHA-256 of each row's blocks.
"""
import ctypes, hashlib, json, pathlib, sys
import numpy as np
TYPES = {'Q4_0': (18, 32), 'Q4_1': (20, 32), 'Q5_0': (22, 32), 'Q5_1': (24, 32), 'Q8_0': (34, 32), 'Q4_K': (144, 256), 'Q5_K': (176, 256), 'Q6_K': (210, 256)}
N = 256


def rows(seed):
    r = np.random.default_rng(seed)
    f = np.float32
    n = lambda scale=1.0: (r.standard_normal(N) * scale).astype(f)
    bits = lambda mask, more=0: ((r.integers(0, 1 << 32, N, dtype=np.uint64).astype(np.uint32) & np.uint32(mask)) | np.uint32(more)).view(f)
    zeros = np.where(r.random(N) < 0.5, f(0), f(-0.0))
    def steps(low, high, ends, scale):
        # Halves of steps, with the ends of the range in every block.
        x = (r.integers(2 * low, 2 * high + 1, N) / 2).astype(f)
        for block in x.reshape(-1, 32):
            block[r.permutation(32)[:len(ends)]] = ends
        return x * f(scale)
    yield 'zeros of both signs', zeros
    yield 'minus zeros', np.full(N, -0.0, f)
    for value in (60000.0, -60000.0):
        x = n(1e-3); x[100] = value
        yield 'one huge value', x
    yield 'subnormal', bits(0x807fffff)
    yield 'the smallest subnormals', bits(0x80000003)
    yield 'zeros, then subnormals', np.where(np.arange(N) % 32 < 16, zeros, bits(3))
    yield 'half steps of Q8_0', steps(-127, 127, [127], 2.0 ** -7)
    yield 'half steps of Q8_0, small', steps(-127, 127, [-127], 2.0 ** -120)
    for half in (8, 16):
        yield f'half steps to {half}', steps(-half, half, [half], 2.0 ** -5)
        yield f'half steps from -{half}', steps(-half, half, [-half], 2.0 ** -5)
        yield f'half steps, both of {half}', steps(-half, half, [half, -half], 2.0 ** -5)
    for count in (15, 31):
        yield f'half steps of {count}', steps(-3, count - 3, [-3, count - 3], 1.0)
        yield f'half steps of {count}, up from zero', steps(0, count, [0, count], 2.0 ** -9)
    # A scale below 2^-128 has an infinite inverse, one below 2^-25 is zero in half precision.
    for exponent in (-145, -139, -132, -128, -126, -120, -30, -24, -20):
        yield f'around 2^{exponent}', n(2.0 ** exponent)
    yield 'two magnitudes of both signs', np.where(r.random(N) < 0.5, f(0.3), f(-0.3))
    yield 'a peak of both signs, in any order', np.where(r.random(N) < 0.8, n(0.01), np.where(r.random(N) < 0.5, f(0.3), f(-0.3)))
    yield 'sparse, zeros of both signs', np.where(r.random(N) < 0.1, n(), zeros)
    yield 'from zero up, zeros of both signs', np.where(r.random(N) < 0.3, zeros, np.abs(n()))
    yield 'from zero down, zeros of both signs', np.where(r.random(N) < 0.3, zeros, -np.abs(n()))
    yield 'any exponent up to 2^14', (bits(0x807fffff, 0x3f800000).astype(np.float64) * 2.0 ** r.integers(-149, 15, N)).astype(f)
    yield 'constant', np.full(N, -1e-39, f)


if __name__ == '__main__':
    lib, out = ctypes.CDLL(sys.argv[1]), pathlib.Path(sys.argv[2])
    names, values = zip(*rows(int(sys.argv[3]) if len(sys.argv) > 3 else 1))
    x = np.ascontiguousarray(np.stack(values), dtype='<f4')
    (out / 'hard.f32').write_bytes(x.tobytes())
    table = {}
    for name, (size, length) in TYPES.items():
        quantize = getattr(lib, f'quantize_row_{name.replace("Q", "q")}_ref')
        quantize.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64]
        blocks = np.zeros((len(names), N // length * size), np.uint8)
        quantize(x.ctypes.data, blocks.ctypes.data, x.size)
        table[name] = [hashlib.sha256(row.tobytes()).hexdigest()[:8] for row in blocks]
    dense = lambda value: json.dumps(value, separators=(',', ':'))
    lines = [f'"rows":{dense(names)}'] + [f'{dense(name)}:{dense(hashes)}' for name, hashes in table.items()]
    (out / 'hard.json').write_text('{\n' + ',\n'.join(lines) + '\n}\n')
