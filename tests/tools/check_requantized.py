#!/usr/bin/env python3
"""Holds a folder that was merged with --requantize nf4 against bitsandbytes and transformers.

    python check_requantized.py REQUANTISED PLAIN [--golden OUT.json]

PLAIN is the same merge without --requantize. Every packed weight must be what bitsandbytes.functional.quantize_4bit makes of
the plain one, byte for byte (with packed scales: the offset within a unit in the last place), and transformers must load the
folder with nothing missing, left over or made anew, into the layers and the values that it gets when it packs PLAIN itself.
--golden writes SHA-256 of bitsandbytes' own bytes, for the tests. Runs on the CPU."""

import argparse, glob, hashlib, json, logging, os

import torch
from bitsandbytes.functional import dequantize_4bit, quantize_4bit
from safetensors import safe_open
from transformers import AutoModelForCausalLM, BitsAndBytesConfig

logging.disable(logging.WARNING)
parser = argparse.ArgumentParser()
parser.add_argument('requantised')
parser.add_argument('plain')
parser.add_argument('--golden')
arguments = parser.parse_args()


def tensors(folder):
    found = {}
    for path in sorted(glob.glob(os.path.join(folder, '*.safetensors'))):
        with safe_open(path, 'pt') as file:
            for name in file.keys():
                assert name not in found, name
                found[name] = file.get_tensor(name)
    return found


def raw(tensor):
    return tensor.contiguous().view(torch.uint8).numpy().tobytes()


ours, plain = tensors(arguments.requantised), tensors(arguments.plain)
STATE = '.quant_state.bitsandbytes__nf4'
packed = sorted(name.removesuffix(STATE) for name in ours if name.endswith(STATE))
golden, offsets_off, block, double = {}, 0, None, False
for name in packed:
    state = json.loads(bytes(ours[name + STATE].tolist()))
    double, block = 'nested_offset' in state, state['blocksize']
    codes, theirs = quantize_4bit(plain[name], blocksize=block, quant_type='nf4', compress_statistics=double)
    parts = {'': codes, '.quant_map': theirs.code, '.absmax': theirs.absmax}
    if double:
        parts |= {'.nested_absmax': theirs.state2.absmax, '.nested_quant_map': theirs.state2.code}
        ulp = torch.nextafter(theirs.offset, torch.tensor(float('inf'))) - theirs.offset
        off = abs(torch.tensor(state['nested_offset'], dtype=torch.float32) - theirs.offset) / ulp
        assert off <= 1, (name, state, theirs.offset)
        offsets_off += int(off)
    for ending, expected in parts.items():
        got = ours[name + ending]
        assert got.shape == expected.shape and got.dtype == expected.dtype, (name + ending, got.shape, expected.shape)
        if ending == '.nested_absmax':
            assert torch.allclose(got, expected, rtol=3e-7, atol=0), name
        else:
            assert raw(got) == raw(expected), name + ending
        if ending != '.nested_absmax':
            golden[name + ending] = hashlib.sha256(raw(expected)).hexdigest()
    golden[name + '.plain'] = hashlib.sha256(raw(plain[name])).hexdigest()
    expected = json.loads(bytes(theirs.as_dict(packed=True)['quant_state.bitsandbytes__nf4'].tolist()))
    for key, value in expected.items():
        assert key == 'nested_offset' or state[key] == value, (name, key, state[key], value)
    assert set(state) == set(expected), name
others = [name for name in plain if name not in packed]
assert all(raw(ours[name]) == raw(plain[name]) and ours[name].dtype == plain[name].dtype for name in others)
print(f'{len(packed)} packed weights equal to bitsandbytes, block {block}, {"double" if double else "single"}; '
      f'{offsets_off} offsets off by one unit; {len(others)} other tensors as they were')

model, info = AutoModelForCausalLM.from_pretrained(arguments.requantised, device_map='cpu', output_loading_info=True)
assert not any(info[key] for key in ('missing_keys', 'unexpected_keys', 'mismatched_keys')), info
config = BitsAndBytesConfig(load_in_4bit=True, bnb_4bit_quant_type='nf4', bnb_4bit_use_double_quant=double,
                            bnb_4bit_compute_dtype=model.config.dtype)
in_place = AutoModelForCausalLM.from_pretrained(arguments.plain, quantization_config=config, dtype=model.config.dtype, device_map='cpu')
layers = {name for name, module in model.named_modules() if type(module).__name__ == 'Linear4bit'}
theirs = {name for name, module in in_place.named_modules() if type(module).__name__ == 'Linear4bit'}
assert layers == theirs == {name.removesuffix('.weight') for name in packed}, layers ^ theirs
differing = 0
for (name, ours_there), theirs_there in zip(model.named_modules(), in_place.modules()):
    if type(ours_there).__name__ == 'Linear4bit':
        one, other = (dequantize_4bit(layer.weight.data, layer.weight.quant_state) for layer in (ours_there, theirs_there))
        assert one.dtype == other.dtype == model.config.dtype and one.shape == other.shape
        differing += (one != other).sum().item()
print(f'transformers loads it with {len(layers)} Linear4bit layers, the ones that it packs of the plain folder itself; '
      f'{differing} unpacked values differ from those')
assert differing == 0 or block != 64 or double
model = model.dequantize()
tokens = torch.arange(64).remainder(model.config.vocab_size)[None]
with torch.no_grad():
    assert torch.isfinite(model(tokens).logits).all()
if arguments.golden:
    with open(arguments.golden, 'w') as file:
        json.dump(golden, file, indent=0, sort_keys=True)
