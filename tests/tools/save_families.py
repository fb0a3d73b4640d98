#!/usr/bin/env python3
"""Saves tiny random models of many families as transformers does, each in a folder of its own, for `lorafuse verify` to find
nothing wrong with. With --check PROGRAM it asks the program about each, alone and with itself as the base, and counts.
usage: save_families.py OUT [--check PROGRAM]    (needs torch and transformers, 4.57 or 5)"""
import json, logging, os, subprocess, sys, warnings

warnings.filterwarnings('ignore')
logging.disable(logging.CRITICAL)
import torch
import transformers

# Classes whose configs are made small by the keys below, whatever their names for them are.
CLASSES = '''LlamaForCausalLM LlamaForSequenceClassification MistralForCausalLM MixtralForCausalLM Qwen2ForCausalLM Qwen3ForCausalLM
Qwen2MoeForCausalLM Qwen3MoeForCausalLM GemmaForCausalLM Gemma2ForCausalLM Gemma3ForCausalLM PhiForCausalLM Phi3ForCausalLM
GPT2LMHeadModel GPT2ForSequenceClassification OpenAIGPTLMHeadModel GPTNeoForCausalLM GPTNeoXForCausalLM GPTJForCausalLM
FalconForCausalLM BloomForCausalLM OPTForCausalLM MptForCausalLM StableLmForCausalLM Starcoder2ForCausalLM OlmoForCausalLM
Olmo2ForCausalLM CohereForCausalLM GraniteForCausalLM GraniteMoeForCausalLM GptOssForCausalLM DeepseekV3ForCausalLM
MambaForCausalLM Mamba2ForCausalLM BioGptForCausalLM BertForMaskedLM BertForSequenceClassification BertLMHeadModel BertModel
RobertaForMaskedLM RobertaForCausalLM RobertaForSequenceClassification XLMRobertaForTokenClassification DistilBertForMaskedLM
DistilBertForSequenceClassification ElectraForMaskedLM ElectraForSequenceClassification DebertaV2ForSequenceClassification
DebertaV2ForMaskedLM AlbertForMaskedLM ModernBertForMaskedLM T5ForConditionalGeneration MT5ForConditionalGeneration
BartForConditionalGeneration MBartForConditionalGeneration PegasusForConditionalGeneration MarianMTModel
WhisperForConditionalGeneration Blip2ForConditionalGeneration LlavaForConditionalGeneration Qwen2VLForConditionalGeneration
Qwen2_5_VLForConditionalGeneration CLIPModel SiglipModel ViTForImageClassification Wav2Vec2ForCTC'''.split()
SMALL = {
    'hidden_size': 32, 'n_embd': 32, 'd_model': 32, 'word_embed_proj_dim': 32, 'embedding_size': 32, 'dim': 32,
    'intermediate_size': 48, 'ffn_dim': 48, 'd_ff': 48, 'encoder_ffn_dim': 48, 'decoder_ffn_dim': 48, 'hidden_dim': 48, 'n_inner': 48,
    'num_attention_heads': 4, 'n_head': 4, 'n_heads': 4, 'num_heads': 4, 'encoder_attention_heads': 4, 'decoder_attention_heads': 4,
    'num_key_value_heads': 2, 'num_hidden_layers': 2, 'n_layer': 2, 'n_layers': 2, 'num_layers': 2, 'num_decoder_layers': 2,
    'encoder_layers': 2, 'decoder_layers': 2, 'depth': 2, 'vocab_size': 96, 'head_dim': 8, 'd_kv': 8, 'moe_intermediate_size': 24,
    'shared_expert_intermediate_size': 24, 'num_local_experts': 4, 'num_experts': 4, 'n_routed_experts': 4, 'n_group': 1,
    'topk_group': 1, 'num_experts_per_tok': 2, 'q_lora_rank': 16, 'kv_lora_rank': 16, 'qk_nope_head_dim': 8, 'qk_rope_head_dim': 8,
    'v_head_dim': 8, 'max_position_embeddings': 64, 'n_positions': 64, 'max_source_positions': 32, 'max_target_positions': 32,
    'max_seq_len': 64, 'state_size': 8, 'expand': 2, 'first_k_dense_replace': 1, 'image_size': 32, 'patch_size': 16, 'embed_dim': 32,
    'projection_dim': 32, 'rotary_dim': 8, 'num_mel_bins': 8, 'pad_token_id': 0, 'sliding_window': 16, 'num_conv_pos_embeddings': 16,
    'num_conv_pos_embedding_groups': 2, 'time_step_rank': 4, 'out_hidden_size': 32, 'encoder_hidden_size': 32,
}


def shrink(config, seen=()):
    """Makes every number of the config and of its parts small."""
    for key, value in list(vars(config).items()):
        if isinstance(value, transformers.PretrainedConfig):
            if not any(value is other for other in seen):
                shrink(value, seen + (config,))
        elif key in SMALL and isinstance(value, int) and not isinstance(value, bool):
            setattr(config, key, SMALL[key])
        elif key.endswith('token_id') and isinstance(value, int):
            setattr(config, key, min(value, 95))
    kind = config.model_type
    layers = getattr(config, 'num_hidden_layers', 2)
    if isinstance(getattr(config, 'layer_types', None), list):
        config.layer_types = config.layer_types[:layers]
    if kind == 'gpt_neo':
        config.attention_types, config.attention_layers = [[['global', 'local'], 1]], ['global', 'local']
    if kind == 'mamba2':
        config.num_heads, config.head_dim, config.n_groups = 8, 8, 2
    if kind == 'phi3':
        config.rope_scaling = None
    if kind in ('qwen2_vl_text', 'qwen2_5_vl_text', 'qwen2_vl', 'qwen2_5_vl') and getattr(config, 'rope_scaling', None) is not None:
        config.rope_scaling = {'type': 'mrope', 'rope_type': 'default', 'mrope_section': [1, 1, 2], 'rope_theta': 1e4}
    if kind == 'wav2vec2':
        config.conv_dim, config.conv_kernel, config.conv_stride, config.num_feat_extract_layers = [32, 32], [3, 3], [2, 2], 2


def save(name, folder):
    model_class = getattr(transformers, name)
    config = model_class.config_class()
    shrink(config)
    torch.manual_seed(0)
    model = model_class(config)
    model.save_pretrained(folder)


def check(program, folder):
    """What the program finds wrong with a folder, alone and as a merge of itself."""
    found = []
    for more in ([], ['--base', folder]):
        said = subprocess.run([program, 'verify', folder, *more, '--json'], capture_output=True, text=True)
        try:
            report = json.loads(said.stdout)
        except ValueError:
            found.append(said.stderr.strip() or said.stdout[-300:])
            continue
        report = report.get('verify', report)
        for one in report['checks']:
            complete = one['title'] == 'Complete'
            found += [detail for detail in one['details'] if complete and 'tokenizer' not in detail]
            found += ['? ' + one['evidence']] if complete and 'not evaluated' in one['evidence'] and not more else []
    return found


def main():
    out = sys.argv[1]
    program = sys.argv[3] if len(sys.argv) > 3 else None
    clean, listed = 0, 0
    for name in CLASSES:
        folder = os.path.join(out, name)
        if not os.path.isdir(folder):
            try:
                save(name, folder)
            except Exception as error:
                print(f'{name}: cannot be saved: {type(error).__name__}: {str(error)[:100]}')
                continue
        if program:
            found = check(program, folder)
            problems = [detail for detail in found if not detail.startswith('? ')]
            clean += not problems
            listed += len(problems) == len(found)
            for detail in found:
                print(f'{name}: {detail[:400]}')
    print(f'transformers {transformers.__version__}: {clean} folders without a problem, {listed} of them with a list')


if __name__ == '__main__':
    main()
