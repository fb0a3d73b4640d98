#!/usr/bin/env python3
"""Merges adapters on embeddings and heads of models that tie them, and asks transformers for the result.

For each family and kind: a tiny random base, a PEFT adapter with random factors, the logits of the unmerged PEFT model;
then `lorafuse merge` and `verify`, and the merged folder loaded by the transformers of each Python: no missing,
unexpected or mismatched key, and logits within 1e-4 of the unmerged model's. A release that finds other keys in the base
itself is not asked about its merges.
usage: check_ties.py LORAFUSE OUT [--python PYTHON]... [FAMILY...]     (needs torch, transformers, peft)
       check_ties.py --load CASE CLASS                                 (what it runs in each Python)"""
import json, os, pathlib, subprocess, sys, warnings

warnings.filterwarnings('ignore')
os.environ['TRANSFORMERS_VERBOSITY'] = 'error'
import torch
import transformers as T

torch.set_num_threads(1)
VOCABULARY, WIDTH, TOLERANCE = 64, 16, 1e-4
IMAGE_TOKEN = 63
INPUT = torch.tensor([[5, 9, 20, 33, 7, 11]])
IMAGE = torch.sin(torch.arange(3 * 64.0)).reshape(1, 3, 8, 8)
TOKENS = dict(vocab_size=VOCABULARY, bos_token_id=0, eos_token_id=1, pad_token_id=2)
BERT = dict(vocab_size=VOCABULARY, hidden_size=WIDTH, num_hidden_layers=2, num_attention_heads=2, intermediate_size=24, max_position_embeddings=40)
LLAMA = dict(TOKENS, hidden_size=WIDTH, num_hidden_layers=2, num_attention_heads=2, num_key_value_heads=2, intermediate_size=24, max_position_embeddings=64)
T5 = dict(TOKENS, pad_token_id=0, d_model=WIDTH, d_ff=24, num_layers=2, num_heads=2, d_kv=8, decoder_start_token_id=0)
BART = dict(TOKENS, d_model=WIDTH, encoder_layers=2, decoder_layers=2, encoder_attention_heads=2, decoder_attention_heads=2, encoder_ffn_dim=24, decoder_ffn_dim=24, decoder_start_token_id=1)
GPT2 = dict(vocab_size=VOCABULARY, n_embd=WIDTH, n_layer=2, n_head=2, n_positions=40, bos_token_id=0, eos_token_id=1)
VISION = dict(hidden_size=WIDTH, intermediate_size=24, num_hidden_layers=1, num_attention_heads=2, image_size=8, patch_size=4)


def text(**more):
    return dict(input_ids=INPUT, **more)


def pair(**more):
    return dict(decoder_input_ids=torch.tensor([[4, 8, 15, 16]]), **more)


def pictured(placeholders, before=(), after=(), **more):
    """Ids with placeholders where a processor writes the image's tokens."""
    ids = torch.tensor([[*before, *[IMAGE_TOKEN] * placeholders, *after, 5, 9, 20, 33]])
    return dict(input_ids=ids, pixel_values=IMAGE, **more)


def is_image(inputs, name):
    return dict(inputs, **{name: (inputs['input_ids'] == IMAGE_TOKEN).long()})


def opt():
    return T.OPTConfig(**TOKENS, hidden_size=WIDTH, ffn_dim=24, num_hidden_layers=2, num_attention_heads=2, max_position_embeddings=40, word_embed_proj_dim=WIDTH)


def blip(kind, language):
    config = lambda part: getattr(T, f'{kind}{part}')
    qformer = config('QFormerConfig')(**BERT, encoder_hidden_size=WIDTH)
    whole = config('Config')(vision_config=config('VisionConfig')(**VISION).to_dict(), qformer_config=qformer.to_dict(), text_config=language.to_dict(), num_query_tokens=3, image_token_index=IMAGE_TOKEN)
    return config('ForConditionalGeneration')(whole)


def llava(**more):
    language = T.LlamaConfig(**LLAMA, tie_word_embeddings=True).to_dict()
    return T.LlavaForConditionalGeneration(T.LlavaConfig(vision_config=T.CLIPVisionConfig(**VISION).to_dict(), text_config=language, image_token_index=IMAGE_TOKEN, vision_feature_layer=-1, **more))


def qwen2_vl(is_tied):
    language = dict(LLAMA, rope_scaling=dict(type='mrope', rope_type='default', mrope_section=[1, 1, 2]), tie_word_embeddings=is_tied)
    vision = dict(depth=1, embed_dim=WIDTH, hidden_size=WIDTH, num_heads=2, patch_size=4, spatial_merge_size=2, temporal_patch_size=2, mlp_ratio=2)
    return T.Qwen2VLForConditionalGeneration(T.Qwen2VLConfig(text_config=language, vision_config=vision, tie_word_embeddings=is_tied, image_token_id=IMAGE_TOKEN, video_token_id=62, vision_start_token_id=61, vision_end_token_id=60))


def gemma3():
    language = dict(LLAMA, head_dim=8, sliding_window=8, query_pre_attn_scalar=8)
    return T.Gemma3ForConditionalGeneration(T.Gemma3Config(text_config=language, vision_config=VISION, mm_tokens_per_image=4, image_token_index=IMAGE_TOKEN, boi_token_index=61, eoi_token_index=62))


def paligemma():
    return T.PaliGemmaForConditionalGeneration(T.PaliGemmaConfig(text_config=dict(LLAMA, model_type='gemma', head_dim=8), vision_config=dict(VISION, model_type='siglip_vision_model'), image_token_index=IMAGE_TOKEN, projection_dim=WIDTH))


def two(model, encoder, decoder):
    config = getattr(T, model.__name__.replace('Model', 'Config')).from_encoder_decoder_configs(encoder, decoder)
    config.decoder_start_token_id, config.pad_token_id = 0, 2
    return model(config=config)


def decoder(config, **keys):
    return config(**keys, is_decoder=True, add_cross_attention=True)


def whisper():
    return T.WhisperForConditionalGeneration(T.WhisperConfig(**{**BART, 'decoder_start_token_id': 3}, max_source_positions=8, max_target_positions=20, num_mel_bins=8, suppress_tokens=None, begin_suppress_tokens=None))


def nllb_moe():
    return T.NllbMoeForConditionalGeneration(T.NllbMoeConfig(**BART, max_position_embeddings=40, num_experts=2, encoder_sparse_step=2, decoder_sparse_step=2, expert_capacity=64, router_dtype='float32'))


AUDIO = dict(input_features=torch.sin(torch.arange(8 * 16.0)).reshape(1, 8, 16))
PATCHES = torch.sin(torch.arange(16 * 96.0)).reshape(16, 96)
QWEN_INPUT = is_image(dict(pictured(4, [61], [60]), pixel_values=PATCHES, image_grid_thw=torch.tensor([[1, 4, 4]])), 'mm_token_type_ids')
NESTED = ('model.language_model.embed_tokens', 'lm_head')
# Of each: the model, its input embedding, its head, and what goes in.
FAMILIES = {
    'whisper': (whisper, 'model.decoder.embed_tokens', 'proj_out', pair(**AUDIO)),
    'biogpt': (lambda: T.BioGptForCausalLM(T.BioGptConfig(**BERT, bos_token_id=0, eos_token_id=1, pad_token_id=2)), 'biogpt.embed_tokens', 'output_projection', text()),
    'roberta': (lambda: T.RobertaForMaskedLM(T.RobertaConfig(**BERT, pad_token_id=1)), 'roberta.embeddings.word_embeddings', 'lm_head.decoder', text()),
    'bert': (lambda: T.BertForMaskedLM(T.BertConfig(**BERT)), 'bert.embeddings.word_embeddings', 'cls.predictions.decoder', text()),
    'blip2-opt': (lambda: blip('Blip2', opt()), 'language_model.model.decoder.embed_tokens', 'language_model.lm_head', pictured(3)),
    'blip2-t5': (lambda: blip('Blip2', T.T5Config(**T5)), 'language_model.shared', 'language_model.lm_head', pair(**pictured(3))),
    'instructblip-opt': (lambda: blip('InstructBlip', opt()), 'language_model.model.decoder.embed_tokens', 'language_model.lm_head', pictured(3, qformer_input_ids=INPUT)),
    'instructblip-t5': (lambda: blip('InstructBlip', T.T5Config(**T5)), 'language_model.shared', 'language_model.lm_head', pair(**pictured(3, qformer_input_ids=INPUT))),
    'mamba': (lambda: T.MambaForCausalLM(T.MambaConfig(**TOKENS, hidden_size=WIDTH, num_hidden_layers=2, state_size=4)), 'backbone.embeddings', 'lm_head', text()),
    'openai-gpt': (lambda: T.OpenAIGPTLMHeadModel(T.OpenAIGPTConfig(vocab_size=VOCABULARY, n_embd=WIDTH, n_layer=2, n_head=2, n_positions=40)), 'transformer.tokens_embed', 'lm_head', text()),
    'gpt2': (lambda: T.GPT2LMHeadModel(T.GPT2Config(**GPT2)), 'transformer.wte', 'lm_head', text()),
    't5': (lambda: T.T5ForConditionalGeneration(T.T5Config(**T5)), 'shared', 'lm_head', pair(**text())),
    'umt5': (lambda: T.UMT5ForConditionalGeneration(T.UMT5Config(**T5)), 'shared', 'lm_head', pair(**text())),
    'longt5': (lambda: T.LongT5ForConditionalGeneration(T.LongT5Config(**T5, local_radius=4, global_block_size=4)), 'shared', 'lm_head', pair(**text())),
    'bart': (lambda: T.BartForConditionalGeneration(T.BartConfig(**BART, max_position_embeddings=40)), 'model.shared', 'lm_head', pair(**text())),
    'nllb-moe': (nllb_moe, 'model.shared', 'lm_head', pair(**text())),
    'llava': (lambda: llava(tie_word_embeddings=True), *NESTED, pictured(4)),
    'llava-nested': (llava, *NESTED, pictured(4)),
    'qwen2-vl': (lambda: qwen2_vl(False), *NESTED, QWEN_INPUT),
    'qwen2-vl-tied': (lambda: qwen2_vl(True), *NESTED, QWEN_INPUT),
    'gemma3': (gemma3, *NESTED, is_image(pictured(4, [61], [62]), 'token_type_ids')),
    'paligemma': (paligemma, *NESTED, pictured(4, token_type_ids=torch.zeros(1, 8, dtype=torch.long))),
    'vit-gpt2': (lambda: two(T.VisionEncoderDecoderModel, T.ViTConfig(**VISION), decoder(T.GPT2Config, **GPT2)), 'decoder.transformer.wte', 'decoder.lm_head', pair(pixel_values=IMAGE)),
    'bert2bert': (lambda: two(T.EncoderDecoderModel, T.BertConfig(**BERT), decoder(T.BertConfig, **BERT)), 'decoder.bert.embeddings.word_embeddings', 'decoder.cls.predictions.decoder', pair(**text())),
}
# PEFT 0.21 runs a tied head without its bias beside trainable tokens (TrainableTokensLayer.forward_adapters), and merges with it.
HEADS_WITH_BIAS = ('roberta', 'bert', 'bert2bert')


def adapters(embedding, head):
    from peft import LoraConfig
    other = r'(.*\.(query|q_proj|v_proj|k_proj|x_proj|q|k|c_attn))'
    lora = lambda *modules, **keys: LoraConfig(r=4, lora_alpha=8, init_lora_weights=False, target_modules='|'.join([other, *(module.replace('.', r'\.') for module in modules)]), **keys)
    ids = {embedding: [4, 5, 9]}
    return {
        'embedding': lambda: lora(embedding),
        'head': lambda: lora(head),
        'both': lambda: lora(embedding, head),
        'saved embedding': lambda: lora(modules_to_save=[embedding]),
        'saved head': lambda: lora(modules_to_save=[head]),
        'saved both': lambda: lora(modules_to_save=[embedding, head]),
        'tokens': lambda: lora(trainable_token_indices=ids),
        'tokens and head': lambda: lora(head, trainable_token_indices=ids),
    }


def opened(folder, class_name):
    model, info = getattr(T, class_name).from_pretrained(folder, output_loading_info=True, dtype=torch.float32)
    keys = {name: sorted(map(str, info.get(name) or [])) for name in ('missing_keys', 'unexpected_keys', 'mismatched_keys')}
    # transformers 4 calls LongT5's embeddings missing that share the one which it found.
    places = {name: value.data_ptr() for name, value in model.named_parameters(remove_duplicate=False)}
    found = {place for name, place in places.items() if name not in keys['missing_keys']}
    keys['missing_keys'] = [name for name in keys['missing_keys'] if places.get(name) not in found]
    return model.eval(), {name: found for name, found in keys.items() if found}


def load(case, class_name):
    """Prints what the merged folder lacks and how far its logits are off; nothing where the base is not of this release."""
    if opened(case / 'base', class_name)[1]:
        return print(json.dumps(None))
    model, keys = opened(case / 'merged', class_name)
    inputs, expected = torch.load(case / 'expected.pt')
    with torch.no_grad():
        print(json.dumps([keys, (model(**inputs).logits - expected).abs().max().item()]))


def make(case, model, config, inputs):
    """Writes base, adapter and what the unmerged model answers; returns the class."""
    from peft import get_peft_model
    torch.manual_seed(0)
    base = model().eval()
    for value in base.parameters():
        torch.nn.init.normal_(value, std=0.3) if value.dim() > 1 else torch.nn.init.uniform_(value, 0.5, 1.5)
    base.tie_weights()
    base.save_pretrained(case / 'base')
    adapted = get_peft_model(opened(case / 'base', type(base).__name__)[0], config).eval()
    with torch.no_grad():
        for value in adapted.parameters():
            if value.requires_grad:
                value.add_(torch.randn_like(value) * 0.1)
        adapted.save_pretrained(case / 'adapter', save_embedding_layers=False)
        torch.save((inputs, adapted(**inputs).logits), case / 'expected.pt')
    return type(base).__name__


def judged(program, case, class_name, pythons):
    """One cell for each Python, and one for what went wrong before."""
    run = lambda *words: subprocess.run([str(word) for word in words], capture_output=True, text=True)
    merge = run(program, 'merge', case / 'base', case / 'adapter', '-o', case / 'merged', '--device', 'cpu')
    if merge.returncode:
        return ['REFUSED ' + merge.stderr[:300].replace('\n', ' ')]
    proof = run(program, 'verify', case / 'merged', '--base', case / 'base', '--adapter', case / 'adapter')
    cells = ['VERIFY FAILED ' + ' '.join(line for line in proof.stdout.splitlines() if 'FAILED' in line)[:300]] if proof.returncode else []
    for python in pythons:
        check = run(python, __file__, '--load', case, class_name)
        if check.returncode:
            cells.append('DOES NOT LOAD ' + check.stderr[-200:].replace('\n', ' '))
            continue
        found = json.loads(check.stdout.splitlines()[-1])
        if found is None:
            cells.append('not a base of this release')
            continue
        keys, worst = found
        cells.append(f'ok {worst:.1e}' if not keys and worst <= TOLERANCE else f'WRONG {worst:.1e} {keys or ""}')
    return cells


def main(program, out, pythons, wanted):
    failed = 0
    for family, (model, embedding, head, inputs) in FAMILIES.items():
        for kind, config in adapters(embedding, head).items() if not wanted or family in wanted else ():
            if kind.startswith('tokens') and family in HEADS_WITH_BIAS:
                continue
            case = pathlib.Path(out) / f'{family}-{kind}'.replace(' ', '-')
            try:
                cells = judged(program, case, make(case, model, config(), inputs), pythons)
            except Exception as error:
                cells = [f'not built by PEFT: {type(error).__name__}: {str(error)[:90]}']
            failed += any(cell.split()[0] in ('REFUSED', 'VERIFY', 'DOES', 'WRONG') for cell in cells)
            print(' | '.join([family, kind, *cells]), flush=True)
    print(f'{failed} failed')
    return 1 if failed else 0


if __name__ == '__main__':
    if sys.argv[1] == '--load':
        sys.exit(load(pathlib.Path(sys.argv[2]), sys.argv[3]))
    arguments, pythons = sys.argv[3:], []
    while '--python' in arguments:
        at = arguments.index('--python')
        pythons.append(arguments[at + 1])
        del arguments[at:at + 2]
    sys.exit(main(sys.argv[1], sys.argv[2], pythons or [sys.executable], arguments))
