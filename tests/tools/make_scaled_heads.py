#!/usr/bin/env python3
"""Adds to tests/golden heads of T5 that training took apart from the embedding. T5 scales the decoder's output by
d_model^-0.5 while both are one weight, and not once they are two: the head is d_model^-0.5 · (W + Δ), formed in float64
and rounded once. Before a case is kept, the folder's logits are compared with the unmerged PEFT model's.
Run from the repository's root; needs torch, transformers and PEFT.
usage: make_scaled_heads.py"""
import json, os, pathlib, shutil

os.environ['TRANSFORMERS_VERBOSITY'] = 'error'
import torch, transformers
from peft import LoraConfig, get_peft_model
from safetensors.torch import load_file, save_file

torch.set_num_threads(1)
WIDTH, ALPHA, RANK = 24, 8, 4  # 24^-0.5 is no power of two
QUERY = r'.*\.q'
INPUTS = dict(input_ids=torch.tensor([[5, 9, 20, 33]]), decoder_input_ids=torch.tensor([[4, 8, 15]]))
CASES = {
    't5-head': (torch.float32, dict(target_modules=rf'{QUERY}|lm_head')),
    't5-saved-head': (torch.float32, dict(target_modules=QUERY, modules_to_save=['lm_head'])),
    't5-head-bf16': (torch.bfloat16, dict(target_modules=rf'{QUERY}|lm_head')),
    't5-saved-head-bf16': (torch.bfloat16, dict(target_modules=QUERY, modules_to_save=['lm_head'])),
}


def merged(base, adapter):
    """Every tensor of the merge, by the formula."""
    tensors = {name: value.double() for name, value in base.items()}
    tensors['lm_head.weight'] = tensors['shared.weight']
    for name, value in adapter.items():
        name = name.removeprefix('base_model.model.')
        if name == 'lm_head.weight':
            tensors[name] = value.double()
        elif name.endswith('.lora_A.weight'):
            module = name.removesuffix('.lora_A.weight')
            b = adapter[f'base_model.model.{module}.lora_B.weight'].double()
            tensors[f'{module}.weight'] = tensors[f'{module}.weight'] + ALPHA / RANK * (b @ value.double())
    tensors['lm_head.weight'] = WIDTH**-0.5 * tensors['lm_head.weight']
    dtype = base['shared.weight'].dtype
    return {name: value.to(dtype) for name, value in tensors.items()}


def make(name, dtype, options):
    root = pathlib.Path('tests/golden') / name
    shutil.rmtree(root, ignore_errors=True)
    torch.manual_seed(0)
    config = transformers.T5Config(vocab_size=40, d_model=WIDTH, d_ff=16, d_kv=8, num_layers=1, num_heads=2, decoder_start_token_id=0)
    base = transformers.T5ForConditionalGeneration(config)
    for value in base.parameters():
        torch.nn.init.normal_(value, std=0.3) if value.dim() > 1 else torch.nn.init.uniform_(value, 0.5, 1.5)
    base.to(dtype).save_pretrained(root / 'base')
    base = transformers.T5ForConditionalGeneration.from_pretrained(root / 'base', dtype=dtype)
    model = get_peft_model(base, LoraConfig(r=RANK, lora_alpha=ALPHA, init_lora_weights=False, **options))
    with torch.no_grad():
        for value in model.parameters():
            if value.requires_grad:
                value.add_(0.1 * torch.randn_like(value))
    model.save_pretrained(root / 'adapter', save_embedding_layers=False)
    (root / 'adapter/README.md').unlink(missing_ok=True)
    (root / 'base/generation_config.json').unlink(missing_ok=True)
    tensors = merged(load_file(root / 'base/model.safetensors'), load_file(root / 'adapter/adapter_model.safetensors'))
    (root / 'merged').mkdir()
    save_file(tensors, root / 'merged/model.safetensors', metadata={'format': 'pt'})
    config = json.loads((root / 'base/config.json').read_text())
    config |= {key: False for key in ('tie_word_embeddings', 'scale_decoder_outputs') if key in config}
    (root / 'merged/config.json').write_text(json.dumps(config, indent=2) + '\n')
    loaded = transformers.T5ForConditionalGeneration.from_pretrained(root / 'merged', dtype=torch.float32).eval()
    with torch.no_grad():
        error = (loaded(**INPUTS).logits - model.float().eval()(**INPUTS).logits).abs().max().item()
    print(f'{name}: logits differ by {error:.1e}')
    assert error < (1e-4 if dtype == torch.float32 else 5e-2)


for name, (dtype, options) in CASES.items():
    make(name, dtype, options)
