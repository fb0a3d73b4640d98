#!/usr/bin/env python3
"""From GGUF golden cases (make_gguf.py, make_gguf_rows.py, make_gguf_mixtures.py beside this file) to the small ones that
the tests read: weights as the seed and shapes that give them back to the bit, hashes in place of bytes.

usage: golden_gguf.py CASES OUT     needs torch, transformers and gguf (whose readers check what ours decode)

OUT/CASE/  config.json and the tokenizer's files as they are (JSON without spaces);
           weights.json: seed, dtype, and each draw of torch.randn: shape, factor, what is added, and the tensors on disk
           that its values fill, one after the other;
           expected.json: KVs, the tokenizer's arrays, and for each type every tensor's name, shape, type and the first
           16 digits of its SHA-256.
OUT/rows/  the rows, and for each type and row the first 8 digits of the SHA-256 of ggml's blocks and of their values;
           blocks of the types that are only read.
OUT/mixtures.json  the types of real models' tensors; a list of layers is written as the layers of each type that is not the
           first one's.
"""
import hashlib, json, math, pathlib, shutil, sys
import torch, transformers
from safetensors.torch import load_file

READ_ONLY = ('Q2_K', 'Q3_K')
SEEDS = {'llama-spm': 1, 'llama-spm-json-only': 2, 'llama3-rope': 3, 'llama-k256': 4, 'qwen2': 5, 'qwen3': 6,
         'qwen3-moe': 7, 'mixtral': 8, 'gemma2': 9, 'gemma3': 10, 'phi3': 11, 'gpt_neox': 12, 'gpt2': 13}
short = lambda data, digits: hashlib.sha256(data).hexdigest()[:digits]
dense = lambda value: json.dumps(value, ensure_ascii=False, separators=(',', ':'))


def weights(case, seed):
    stored = load_file(case / 'model.safetensors')
    config = transformers.AutoConfig.from_pretrained(case)
    with torch.device('meta'):
        model = getattr(transformers, config.architectures[0])(config)
    dtype = next(iter(stored.values())).dtype
    generator, draws, left = torch.Generator().manual_seed(seed), [], dict(stored)
    for name, parameter in sorted(model.named_parameters()):
        shape = list(parameter.shape)
        is_norm = 'norm' in name or 'ln_' in name
        factor = 0.1 if len(shape) == 1 else 0.5 if any(part in name for part in ('embed', 'wte', 'wpe')) else 1.2 / math.sqrt(shape[-1])
        drawn = torch.randn(shape, generator=generator) * factor
        gemma = 'Gemma' in type(model).__name__
        added = 1 if len(shape) == 1 and is_norm and name.endswith('weight') and not gemma else 0
        values = ((drawn + added) if added else drawn).to(dtype)
        on_disk = name if name in stored else name.replace('.mlp.gate.', '.block_sparse_moe.gate.').replace('lm_head.', 'embed_out.')
        if on_disk in stored:
            tensors = [[on_disk, shape]]
        elif 'experts.gate_up_proj' in name:
            prefix, half = name.removesuffix('gate_up_proj'), [shape[1] // 2, shape[2]]
            gate, up = ('w1', 'w3') if 'Mixtral' in type(model).__name__ else ('gate_proj', 'up_proj')
            tensors = [[f'{prefix}{expert}.{part}.weight', half] for expert in range(shape[0]) for part in (gate, up)]
        elif 'experts.down_proj' in name:
            prefix, part = name.removesuffix('down_proj'), 'w2' if 'Mixtral' in type(model).__name__ else 'down_proj'
            tensors = [[f'{prefix}{expert}.{part}.weight', shape[1:]] for expert in range(shape[0])]
        else:
            sys.exit(f'{case}: {name} is not on the disk')
        tensors = [[n.replace('.mlp.', '.block_sparse_moe.') if n not in left else n, s] for n, s in tensors]
        at, flat = 0, values.reshape(-1)
        for tensor, size in tensors:
            count = math.prod(size)
            assert torch.equal(flat[at:at + count], left.pop(tensor).reshape(-1)), (case, tensor)
            at += count
        assert at == flat.numel() and at % 16 == 0
        draws.append(dict(shape=shape, factor=factor, added=added, tensors=tensors))
    assert not left, (case, list(left))
    head = f'{{"seed":{seed},"dtype":"{str(dtype).removeprefix("torch.")}","draws":[\n'
    return head + ',\n'.join(map(dense, draws)) + '\n]}\n'


def expected(case):
    whole = json.loads((case / 'expected.json').read_text())
    types = {name: whole['outtypes'][name] for name in whole['outtypes']}
    if (case / 'quantized.json').exists():
        types |= json.loads((case / 'quantized.json').read_text())
    kv = [entry for entry in whole['outtypes']['bf16']['kv'] if entry[0] != 'general.file_type' and entry[2] != 'see tokenizer']
    names = [[name, shape] for name, shape, *_ in types['f32']['tensors']]
    lines = ['{', f'"kv":{dense(kv)},', f'"chkhsh":{dense(whole["chkhsh"])},', f'"ids":{dense(whole["ids"])},', '"tokenizer":{']
    lines.append(',\n'.join(f'{dense(key)}:{dense(value)}' for key, value in whole['tokenizer'].items()))
    lines += ['},', f'"tensors":{dense(names)},', '"types":{']
    def one(type_):
        assert [[n, s] for n, s, *_ in type_['tensors']] == names
        return dense([[kind, digest[:16]] for _, _, kind, digest in type_['tensors']])
    lines.append(',\n'.join(f'{dense(name)}:{one(type_)}' for name, type_ in types.items()))
    return '\n'.join(lines) + '\n}}\n'


def rows(source, out):
    import gguf, numpy as np
    from gguf.quants import dequantize
    out.mkdir()
    shutil.copy(source / 'input.f32', out)
    index = json.loads((source / 'index.json').read_text())
    count, table = len(index['rows']), {}
    for name in index['types']:
        blocks = np.fromfile(source / f'{name}.bin', np.uint8).reshape(count, -1)
        values = dequantize(blocks, getattr(gguf.GGMLQuantizationType, name)).astype('<f4')
        table[name] = dict(blocks=[short(row.tobytes(), 8) for row in blocks], values=[short(row.tobytes(), 8) for row in values])
        if name in READ_ONLY:
            shutil.copy(source / f'{name}.bin', out)
    (out / 'hashes.json').write_text('{\n' + ',\n'.join(f'{dense(k)}:{dense(v)}' for k, v in table.items()) + '\n}\n')


def mixtures(source, out):
    models = json.loads(source.read_text())
    for model in models.values():
        for name, table in model['types'].items():
            for tensor, types in table.items():
                if isinstance(types, list):
                    table[tensor] = [types[0], {kind: [i for i, t in enumerate(types) if t == kind] for kind in dict.fromkeys(types[1:]) if kind != types[0]}]
    out.write_text('{\n' + ',\n'.join(f'{dense(k)}:{dense(v)}' for k, v in models.items()) + '\n}\n')


def main(cases, out):
    cases, out = pathlib.Path(cases), pathlib.Path(out)
    for name, seed in SEEDS.items():
        target = out / name
        target.mkdir(parents=True)
        for file in ('config.json', 'tokenizer.json', 'tokenizer_config.json'):
            text = json.loads((cases / name / 'model' / file).read_text())
            (target / file).write_text(dense(text) + '\n')
        if (cases / name / 'model/tokenizer.model').exists():
            shutil.copy(cases / name / 'model/tokenizer.model', target)
        (target / 'weights.json').write_text(weights(cases / name / 'model', seed))
        (target / 'expected.json').write_text(expected(cases / name))
    rows(cases / 'rows', out / 'rows')
    mixtures(cases / 'mixtures.json', out / 'mixtures.json')


if __name__ == '__main__':
    main(*sys.argv[1:3])
