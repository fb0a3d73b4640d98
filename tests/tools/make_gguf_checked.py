#!/usr/bin/env python3
"""Golden cases of families whose files are proved by what llama.cpp computes of them, not by its converter.

usage: make_gguf_checked.py make CASES [CASE...]              needs torch, transformers, tokenizers, sentencepiece
       make_gguf_checked.py hold LORAFUSE CASES OUT [CASE...]  needs what check_gguf.py needs, and gguf

"make" draws small random models with transformers (make_gguf.py's tokenizers) and stores token ids, losses and
weights.json (golden_gguf.py). "hold" exports each with LORAFUSE, loads the file of every type in llama.cpp, and writes
OUT/CASE only where the ids are equal and the losses in single precision agree: what the
test then holds is a file that was seen to compute the model.

ggml computes GELU on a CPU by a table in half precision, of the tanh formula; that alone makes up to 2e-3 of these losses.
So losses are also taken of transformers with that GELU, and there the mean difference must be below 1e-4.
"""
import hashlib, json, os, pathlib, shutil, subprocess, sys, tempfile

LIMIT = 1e-4
TYPES = ('f32', 'f16', 'bf16', 'q8_0', 'q4_k_m')


def cases():
    import make_gguf as M, transformers as T
    neox = ['<|endoftext|>']
    def byte_level(kind, post=None):
        return lambda d: M.bpe(d, kind, 352, neox, dict(bos_token=neox[0], eos_token=neox[0], tokenizer_class='PreTrainedTokenizerFast'), template=post)
    ends = dict(bos_token_id=352, eos_token_id=352)
    def falcon(**k):
        return lambda v: (T.FalconForCausalLM, T.FalconConfig(vocab_size=v, hidden_size=64, num_hidden_layers=2, num_attention_heads=4, **ends, **k))
    gemma = dict(_ids='pad', bos_token='<bos>', eos_token='<eos>', pad_token='<pad>', unk_token='<unk>', add_bos_token=True, add_eos_token=False, tokenizer_class='GemmaTokenizer')
    return {
        'gemma': (lambda d: M.spm(d, 384, gemma, dummy_prefix=False, user=['<start_of_turn>', '<end_of_turn>']),
                  M.M('GemmaForCausalLM', 'GemmaConfig', head_dim=32, bos_token_id=2, eos_token_id=1, pad_token_id=0), 'float32', 21),
        'olmo2': (byte_level('gpt2'), M.M('Olmo2ForCausalLM', 'Olmo2Config', rope_theta=500000.0, **ends), 'bfloat16', 22),
        'stablelm': (byte_level('neox'), M.M('StableLmForCausalLM', 'StableLmConfig', use_qkv_bias=True, **ends), 'float16', 23),
        'stablelm-parallel': (byte_level('neox'), M.M('StableLmForCausalLM', 'StableLmConfig', use_parallel_residual=True, qk_layernorm=True, tie_word_embeddings=True, partial_rotary_factor=0.5, **ends), 'bfloat16', 24),
        'falcon': (byte_level('falcon'), falcon(), 'bfloat16', 25),
        'falcon-groups': (byte_level('falcon'), falcon(new_decoder_architecture=True, num_kv_heads=2, tie_word_embeddings=False, rope_theta=20000.0), 'bfloat16', 26),
        'falcon-heads': (byte_level('falcon'), falcon(multi_query=False, ffn_hidden_size=160), 'float32', 27),
    }


def losses(model, ids):
    import torch
    with torch.inference_mode():
        logits = model(torch.tensor([ids])).logits[0].double()
    nll = torch.nn.functional.cross_entropy(logits[:-1], torch.tensor(ids[1:]), reduction='none')
    return [round(x, 6) for x in nll.tolist()]


def with_ggml_gelu(model):
    """The same model with ggml's GELU in place of its own."""
    import torch
    class Gelu(torch.nn.Module):
        def forward(self, x):
            halved = torch.nn.functional.gelu(x.half().float(), approximate='tanh').half().float()
            return torch.where(x <= -10, torch.zeros_like(x), torch.where(x >= 10, x, halved))
    for module in model.modules():
        for name in ('act', 'act_fn'):
            if 'GELU' in type(getattr(module, name, None)).__name__:
                setattr(module, name, Gelu())
    return model


def make(out, names):
    import golden_gguf as G, make_gguf as M, tokenizers, torch
    for name, (tokenizer, model, dtype, seed) in cases().items():
        if names and name not in names:
            continue
        root = pathlib.Path(out) / name
        shutil.rmtree(root, ignore_errors=True)
        folder = root / 'model'
        folder.mkdir(parents=True)
        cls, config = model(tokenizer(folder))
        torch.manual_seed(seed)
        made = M.randomise(cls(config).eval(), seed).to(getattr(torch, dtype))
        made.save_pretrained(folder)
        (folder / 'generation_config.json').unlink(missing_ok=True)
        made = cls.from_pretrained(folder, dtype=torch.float32, attn_implementation='eager').eval()
        ids = tokenizers.Tokenizer.from_file(str(folder / 'tokenizer.json')).encode(M.TEXT).ids
        nll = losses(made, ids)
        (root / 'weights.json').write_text(G.weights(folder, seed))
        (root / 'truth.json').write_text(json.dumps(dict(ids=ids, nll=nll, ggml_nll=losses(with_ggml_gelu(made), ids))))
        print(name, len(ids), 'tokens, nll', round(sum(nll) / len(nll), 4))


def hold(binary, source, out, names):
    import check_gguf as C, gguf, numpy as np
    dense = lambda value: json.dumps(value, ensure_ascii=False, separators=(',', ':'))
    failed = False
    for root in sorted(pathlib.Path(source).iterdir()):
        name = root.name
        if names and name not in names:
            continue
        truth, types, kept = json.loads((root / 'truth.json').read_text()), {}, None
        for kind in TYPES:
            with tempfile.TemporaryDirectory() as place:
                file = os.path.join(place, 'x.gguf')
                subprocess.run([binary, 'gguf', root / 'model', '-o', file, '--type', kind], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                model = C.load(file)
                ids = C.tokenize(model, C.TEXT)
                found = C.nll(C.logits(model, truth['ids']), truth['ids'])
                own, difference = (np.abs(found - np.array(truth[key])).mean() for key in ('nll', 'ggml_nll'))
                is_good = ids == truth['ids'] and (kind != 'f32' or difference < LIMIT)
                failed |= not is_good
                print('ok ' if is_good else 'BAD', name, kind, 'ids', 'equal' if ids == truth['ids'] else 'differ', f'mean difference {own:.1e}, with its GELU {difference:.1e}', flush=True)
                reader = gguf.GGUFReader(file)
                tensors = sorted(reader.tensors, key=lambda tensor: tensor.name)
                types[kind.upper()] = [[t.tensor_type.name, hashlib.sha256(t.data.tobytes()).hexdigest()[:16]] for t in tensors]
                if kind == 'f32':
                    shapes = [[t.name, [int(n) for n in t.shape]] for t in tensors]
                    kept = {f.name: (f.types[0].name + (':' + f.types[-1].name if f.types[0].name == 'ARRAY' else ''), f.contents()) for f in reader.fields.values() if not f.name.startswith('GGUF.')}
        if failed:
            sys.exit(1)
        arrays = {key: value for key, (_, value) in kept.items() if key.startswith('tokenizer.ggml.') and isinstance(value, list)}
        kv = [[key, kind, value] for key, (kind, value) in sorted(kept.items()) if key not in arrays and key not in ('general.name', 'general.size_label', 'general.file_type')]
        target = pathlib.Path(out) / name
        target.mkdir(parents=True, exist_ok=True)
        for file in ('config.json', 'tokenizer.json', 'tokenizer_config.json'):
            (target / file).write_text(dense(json.loads((root / 'model' / file).read_text())) + '\n')
        for file in (root / 'model/tokenizer.model', root / 'weights.json'):
            if file.exists():
                shutil.copy(file, target)
        lines = ['{', f'"kv":{dense(kv)},', '"chkhsh":null,', f'"ids":{dense(truth["ids"])},', f'"nll":{dense(truth["nll"])},', '"tokenizer":{']
        lines.append(',\n'.join(f'{dense(key)}:{dense(value)}' for key, value in arrays.items()))
        lines += ['},', f'"tensors":{dense(shapes)},', '"types":{']
        lines.append(',\n'.join(f'{dense(kind)}:{dense(table)}' for kind, table in types.items()))
        (target / 'expected.json').write_text('\n'.join(lines) + '\n}}\n')


if __name__ == '__main__':
    sys.path.insert(0, str(pathlib.Path(__file__).parent))
    if sys.argv[1] == 'make':
        make(sys.argv[2], sys.argv[3:])
    else:
        hold(sys.argv[2], sys.argv[3], sys.argv[4], sys.argv[5:])
