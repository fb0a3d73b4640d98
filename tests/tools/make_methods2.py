#!/usr/bin/env python3
"""Write golden cases of PEFT's rarer methods and layer kinds: a toy model, an adapter with random factors, PEFT's merge.

usage: make_methods2.py OUT [CASE...]      needs torch, transformers and peft (0.21.2)
Each case: base/, adapter/ (as PEFT saves it), merged/ (merge_and_unload). What PEFT cannot merge (QA-LoRA, the grouped
LoRA of PEFT 0.2) is merged here by its forward pass on the unit vectors.
"""
import json, math, os, pathlib, sys, warnings
warnings.filterwarnings('ignore')
import torch, peft
from torch import nn
from torch.nn import functional as F
from safetensors.torch import save_file
from transformers.pytorch_utils import Conv1D
from peft.tuners.boft import layer as boft_layer
from peft.tuners.lora import variants
torch.set_num_threads(1)


class Toy(nn.Module):
    """A model of the given layers, of which only the weights matter."""
    def __init__(self, **layers):
        super().__init__()
        for name, layer in layers.items(): self.add_module(name, layer)


MLP = lambda: Toy(lin0=nn.Linear(16, 24), lin1=nn.Linear(24, 8))
CONV1D = lambda: Toy(lin0=nn.Linear(16, 24), proj=Conv1D(16, 12))  # proj: 12 → 16
EMBEDDING = lambda: Toy(emb=nn.Embedding(30, 12), proj=Conv1D(16, 12))
CONVOLUTIONS = lambda: Toy(conv1=nn.Conv1d(4, 8, 3), conv2=nn.Conv2d(4, 6, 3), lin0=nn.Linear(6, 2))
ATTENTION = lambda: Toy(mha=nn.MultiheadAttention(8, 2), lin0=nn.Linear(8, 2))
GROUPED = lambda: Toy(attn=nn.Linear(8, 24), proj=Conv1D(24, 8))


def save(folder, tensors, config):
    folder.mkdir(parents=True, exist_ok=True)
    save_file({name: value.detach().clone().contiguous() for name, value in tensors.items()}, folder / 'model.safetensors', metadata={'format': 'pt'})
    (folder / 'config.json').write_text(json.dumps(config, indent=1) + '\n')


def write(out, base, wrapped, merged, dtype=torch.float32):
    config = {'model_type': 'custom', 'architectures': ['Custom'], 'dtype': str(dtype).split('.')[1]}
    save(out / 'base', base, config)
    if wrapped is not None: wrapped.save_pretrained(out / 'adapter')
    readme = out / 'adapter' / 'README.md'
    if readme.exists(): readme.unlink()
    save(out / 'merged', merged, config)


def by_peft(model, config, dtype=torch.float32, change=lambda wrapped: None, spread=0.3):
    """PEFT's own merge of an adapter whose parameters are drawn anew."""
    def make(out):
        torch.manual_seed(7)
        toy = model().to(dtype)
        base = {name: value.clone() for name, value in toy.state_dict().items()}
        wrapped = peft.get_peft_model(toy, config)
        if spread:
            for name, parameter in wrapped.named_parameters():
                if parameter.requires_grad: parameter.data += torch.randn_like(parameter) * spread
        change(wrapped)
        # As a user does it: a fresh base, the adapter from its file.
        write(out, base, wrapped, base, dtype)
        fresh = model().to(dtype); fresh.load_state_dict(base)
        merged = peft.PeftModel.from_pretrained(fresh, out / 'adapter').merge_and_unload()
        write(out, base, None, merged.state_dict(), dtype)
    return make


class OnCpu:
    """The CUDA kernel of BOFT's butterfly, which only lays blocks on a diagonal."""
    @staticmethod
    def forward(blocks): return [torch.stack([torch.block_diag(*factor.unbind()) for factor in blocks])]


def butterfly(*args, **kwargs):
    inner = by_peft(*args, **kwargs)
    def make(out):
        boft_layer._FBD_CUDA = OnCpu
        try: inner(out)
        finally: boft_layer._FBD_CUDA = None
    return make


def pooled(out):
    """QA-LoRA: PEFT's forward pass of the variant, which exists for quantised layers only, on a float layer."""
    torch.manual_seed(7)
    toy = MLP(); base = {name: value.clone() for name, value in toy.state_dict().items()}
    config = peft.LoraConfig(r=4, lora_alpha=6, target_modules=['lin0', 'lin1'], use_qalora=True, qalora_group_size=4, init_lora_weights=False)
    wrapped = peft.get_peft_model(toy, config)
    merged = dict(base)
    for name in ('lin0', 'lin1'):
        layer = getattr(wrapped.base_model.model, name)
        variants.QALoraLinearVariant.init(layer, 'default', config)
        layer.lora_A['default'].weight.data.normal_(0, 0.3)
        layer.lora_variant['default'] = variants.QALoraLinearVariant()
        forward = lambda x: layer(x).detach() - layer(torch.zeros_like(x)).detach()
        x, y = torch.randn(5, layer.in_features), torch.randn(5, layer.in_features)
        assert torch.allclose(forward(2 * x - 3 * y), 2 * forward(x) - 3 * forward(y), atol=1e-5), 'linear'
        merged[f'{name}.weight'] = forward(torch.eye(layer.in_features, dtype=torch.float32)).T
    write(out, base, wrapped, merged)


def grouped(out):
    """PEFT 0.2's MergedLinear (git show v0.2.0:src/peft/tuners/lora.py): a grouped convolution on enabled thirds."""
    torch.manual_seed(7)
    toy = GROUPED(); base = {name: value.clone() for name, value in toy.state_dict().items()}
    enable, r, alpha = [True, False, True], 2, 6
    merged, adapter = dict(base), {}
    for name in ('attn', 'proj'):
        inner, features = 8, 24
        a = torch.randn(r * sum(enable), inner) * 0.3
        b = torch.randn(features // len(enable) * sum(enable), r * sum(enable) // 2, 1) * 0.3
        adapter[f'base_model.model.{name}.lora_A.weight'] = a
        adapter[f'base_model.model.{name}.lora_B.weight'] = b
        compact = F.conv1d((torch.eye(inner) @ a.T).T.unsqueeze(0), b, groups=2).squeeze(0)
        delta = torch.zeros(len(enable), features // len(enable), inner)
        delta[enable] = compact.view(sum(enable), -1, inner)
        delta = delta.view(features, inner) * (alpha / r)
        merged[f'{name}.weight'] = base[f'{name}.weight'] + (delta.T if name == 'proj' else delta)
    write(out, base, None, merged)
    (out / 'adapter').mkdir(exist_ok=True)
    save_file(adapter, out / 'adapter' / 'adapter_model.safetensors', metadata={'format': 'pt'})
    config = {'peft_type': 'LORA', 'r': r, 'lora_alpha': alpha, 'enable_lora': enable, 'fan_in_fan_out': True, 'merge_weights': False, 'bias': 'none', 'lora_dropout': 0.0, 'target_modules': ['attn', 'proj'], 'base_model_name_or_path': None, 'inference_mode': True, 'modules_to_save': None, 'task_type': 'CAUSAL_LM'}
    (out / 'adapter' / 'adapter_config.json').write_text(json.dumps(config, indent=2, sort_keys=True))


def prune(wrapped):
    """What AdaLoRA's allocator leaves: some ranks of one module, none of the other."""
    wrapped.peft_config['default'].rank_pattern = {'lin0.lora_E': [True, False, True, False], 'lin1.lora_E': [False] * 4}


both, bf16 = ['lin0', 'lin1'], torch.bfloat16
conv, mixed = ['conv1', 'conv2'], ['lin0', 'proj']
CASES = {
    'boft-linear': by_peft(MLP, peft.BOFTConfig(target_modules=both, boft_block_size=4, init_weights=False)),
    'boft-bf16': by_peft(MLP, peft.BOFTConfig(target_modules=both, boft_block_size=0, boft_block_num=2), dtype=bf16),
    'boft-butterfly': butterfly(MLP, peft.BOFTConfig(target_modules=['lin0'], boft_block_size=2, boft_n_butterfly_factor=3)),
    'boft-conv2d': by_peft(CONVOLUTIONS, peft.BOFTConfig(target_modules=['conv2'], boft_block_size=6)),
    'boft-conv2d-butterfly': butterfly(CONVOLUTIONS, peft.BOFTConfig(target_modules=['conv2'], boft_block_size=0, boft_block_num=6, boft_n_butterfly_factor=2)),
    'adalora-conv2d': by_peft(CONVOLUTIONS, peft.AdaLoraConfig(target_modules=['conv2', 'lin0'], init_r=4, lora_alpha=6, total_step=1)),
    'adalora-pruned': by_peft(MLP, peft.AdaLoraConfig(target_modules=both, init_r=4, lora_alpha=6, total_step=1), change=prune),
    'adalora-conv1d': by_peft(CONV1D, peft.AdaLoraConfig(target_modules=mixed, init_r=5, lora_alpha=3, total_step=1)),
    'oft-conv2d': by_peft(CONVOLUTIONS, peft.OFTConfig(target_modules=['conv2'], oft_block_size=6, use_cayley_neumann=False)),
    'oft-conv2d-shared': by_peft(CONVOLUTIONS, peft.OFTConfig(target_modules=['conv2'], r=4, oft_block_size=0, block_share=True)),
    'oft-embedding': by_peft(EMBEDDING, peft.OFTConfig(target_modules=['emb'], oft_block_size=4)),
    'oft-embedding-coft': by_peft(EMBEDDING, peft.OFTConfig(target_modules=['emb'], r=3, oft_block_size=0, coft=True, eps=0.02)),
    'lokr-conv1d': by_peft(CONVOLUTIONS, peft.LoKrConfig(target_modules=conv, r=8, alpha=4, init_weights=False)),
    'lokr-conv1d-factors': by_peft(CONVOLUTIONS, peft.LoKrConfig(target_modules=conv, r=1, alpha=4, decompose_both=True, init_weights=False)),
    'lokr-conv1d-effective': by_peft(CONVOLUTIONS, peft.LoKrConfig(target_modules=conv, r=1, alpha=4, use_effective_conv2d=True, init_weights=False)),
    'loha-conv1d': by_peft(CONVOLUTIONS, peft.LoHaConfig(target_modules=conv, r=3, alpha=4, rank_pattern={'conv1': 2}, init_weights=False)),
    'loha-conv1d-effective': by_peft(CONVOLUTIONS, peft.LoHaConfig(target_modules=conv, r=3, alpha=4, use_effective_conv2d=True, init_weights=False)),
    'mha-lora': by_peft(ATTENTION, peft.LoraConfig(target_modules=['mha', 'lin0'], r=4, lora_alpha=6, rank_pattern={'mha': 2}, alpha_pattern={'mha': 5}, init_lora_weights=False)),
    'mha-lora-fp16': by_peft(ATTENTION, peft.LoraConfig(target_modules=['mha'], r=4, lora_alpha=6, init_lora_weights=False), dtype=torch.float16),
    'bdlora': by_peft(MLP, peft.LoraConfig(target_modules=both, r=4, lora_alpha=6, use_rslora=True, rank_pattern={'lin1': 8}, init_lora_weights=False, use_bdlora=peft.BdLoraConfig(target_modules_bd_a=['lin1'], target_modules_bd_b=['lin0'], nblocks=4))),
    'bdlora-loose': by_peft(MLP, peft.LoraConfig(target_modules=both, r=4, lora_alpha=6, lora_bias=True, init_lora_weights=False, use_bdlora=peft.BdLoraConfig(target_modules_bd_a=['lin1'], nblocks=2, match_strict=False))),
    'qalora': pooled,
    'enable-lora': grouped,
    'fourierft': by_peft(MLP, peft.FourierFTConfig(target_modules=both, n_frequency=20, n_frequency_pattern={'lin1': 70}, scaling=30, random_loc_seed=42)),
    'fourierft-conv1d': by_peft(CONV1D, peft.FourierFTConfig(target_modules=['proj'], n_frequency=20, scaling=30)),
    'fourierft-mixed': by_peft(CONV1D, peft.FourierFTConfig(target_modules=mixed, n_frequency=20, scaling=30)),
    'fourierft-bf16': by_peft(MLP, peft.FourierFTConfig(target_modules=both, n_frequency=50), dtype=bf16),
    'randlora': by_peft(CONV1D, peft.RandLoraConfig(target_modules=mixed, r=5, randlora_alpha=20)),
    'randlora-sparse': by_peft(MLP, peft.RandLoraConfig(target_modules=both, r=3, randlora_alpha=20, very_sparse=True)),
    'waveft': by_peft(CONV1D, peft.WaveFTConfig(target_modules=['proj'], n_frequency=40, wavelet_family='sym4', random_loc_seed=3)),
    'waveft-haar': by_peft(lambda: Toy(lin0=nn.Linear(15, 23), lin1=nn.Linear(23, 9)), peft.WaveFTConfig(target_modules=both, n_frequency=30, proportional_parameters=True)),
    'waveft-direct': by_peft(MLP, peft.WaveFTConfig(target_modules=both, n_frequency=40, use_idwt=False)),
    'deft-relu': by_peft(CONV1D, peft.DeftConfig(target_modules=mixed, r=3, alpha=6)),
    'deft-qr': by_peft(CONV1D, peft.DeftConfig(target_modules=mixed, r=3, decomposition_method='qr')),
    'deft-para': by_peft(MLP, peft.DeftConfig(target_modules=both, r=3, para=True, decomposition_method='qr')),
    'peanut': by_peft(MLP, peft.PeanutConfig(target_modules=both, r=4, depth=2, act_fn='gelu', scaling=0.5)),
    'peanut-flat': by_peft(MLP, peft.PeanutConfig(target_modules=both, r=4)),
    'supertuning': by_peft(MLP, peft.SupertuningConfig(target_modules=both, sparsity=0.9)),
    'supertuning-supra': by_peft(MLP, peft.SupertuningConfig(target_modules=both, sparsity=0.9, r=3, lora_alpha=6)),
    'unilora': by_peft(CONV1D, peft.UniLoraConfig(target_modules=mixed, r=3, theta_d_length=40, save_indices=True)),
    'tinylora-tied': by_peft(lambda: Toy(emb=nn.Embedding(30, 12), lin0=nn.Linear(16, 24), proj=Conv1D(16, 12)), peft.TinyLoraConfig(target_modules=['emb', 'lin0', 'proj'], r=2, u=5, weight_tying=1.0)),
    'glora-constant': by_peft(MLP, peft.GloraConfig(target_modules=both, config_A_B='constant', config_C='none', config_D_E='constant')),
    'glora-vector': by_peft(MLP, peft.GloraConfig(target_modules=both, config_A_B='vector', config_C='none', config_D_E='vector')),
    'glora-lora': by_peft(MLP, peft.GloraConfig(target_modules=both, r=3)),
    'frod': by_peft(MLP, peft.FrodConfig(target_modules=both, sparse_rate=0.1, progressbar=False), spread=0.05),
    'osf': by_peft(MLP, peft.OSFConfig(target_modules=both, effective_rank=4), spread=0.05),
    'kasa': by_peft(MLP, peft.LoraConfig(target_modules=both, r=3, lora_alpha=6, kasa_config=peft.KasaConfig(), init_lora_weights=False)),
}

if __name__ == '__main__':
    out = pathlib.Path(sys.argv[1])
    for name in sys.argv[2:] or CASES:
        CASES[name](out / name)
        print(name, sum(f.stat().st_size for f in (out / name).rglob('*') if f.is_file()))
