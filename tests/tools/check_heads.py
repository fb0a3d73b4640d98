#!/usr/bin/env python3
"""Merges adapters with task heads with lorafuse and loads the merged folders with transformers: no key may be missing,
unexpected or of another shape, and the logits must be those of the unmerged PEFT model.

usage: check_heads.py make FOLDER              tiny bases and adapters of every family and task, with PEFT's logits
       check_heads.py store FOLDER             some of them, tinier, with the names and the config that PEFT's merge has
       check_heads.py merge FOLDER LORAFUSE    merges and verifies each
       check_heads.py load FOLDER              loads each with this transformers and prints a table
(make needs torch, transformers and PEFT; run load with every release of transformers that is asked about)"""
import json, logging, os, shutil, subprocess, sys, warnings

os.environ.setdefault('OMP_NUM_THREADS', '1')
warnings.filterwarnings('ignore')
TASKS = {
    'sequence': ('AutoModelForSequenceClassification', 'SEQ_CLS', {'num_labels': 3}),
    'reward': ('AutoModelForSequenceClassification', 'SEQ_CLS', {'num_labels': 1}),
    'token': ('AutoModelForTokenClassification', 'TOKEN_CLS', {'num_labels': 5}),
    'answer': ('AutoModelForQuestionAnswering', 'QUESTION_ANS', {}),
    'choice': ('AutoModelForMultipleChoice', None, {}),
}
SMALL = dict(vocab_size=64, hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=24, max_position_embeddings=64)
DECODER = SMALL | dict(num_key_value_heads=2, head_dim=8, pad_token_id=0)
# family -> config class, its sizes, kind of base, target modules
FAMILIES = {
    'bert': ('BertConfig', SMALL, ['BertModel', 'BertForMaskedLM', 'BertForPreTraining'], ['query', 'value']),
    'roberta': ('RobertaConfig', SMALL | {'max_position_embeddings': 66}, ['RobertaModel', 'RobertaForMaskedLM'], ['query', 'value']),
    'xlm-roberta': ('XLMRobertaConfig', SMALL | {'max_position_embeddings': 66}, ['XLMRobertaForMaskedLM'], ['query', 'value']),
    'camembert': ('CamembertConfig', SMALL | {'max_position_embeddings': 66}, ['CamembertForMaskedLM'], ['query', 'value']),
    'electra': ('ElectraConfig', SMALL | {'embedding_size': 16}, ['ElectraModel', 'ElectraForPreTraining'], ['query', 'value']),
    'deberta-v2': ('DebertaV2Config', SMALL | {'pooler_hidden_size': 16}, ['DebertaV2Model', 'DebertaV2ForMaskedLM'], ['query_proj', 'value_proj']),
    'distilbert': ('DistilBertConfig', dict(vocab_size=64, dim=16, n_layers=2, n_heads=2, hidden_dim=24, max_position_embeddings=64), ['DistilBertModel', 'DistilBertForMaskedLM'], ['q_lin', 'v_lin']),
    'albert': ('AlbertConfig', SMALL | {'embedding_size': 8}, ['AlbertForMaskedLM'], ['query', 'value']),
    'modernbert': ('ModernBertConfig', SMALL | {'pad_token_id': 0, 'bos_token_id': 1, 'eos_token_id': 2, 'cls_token_id': 1, 'sep_token_id': 2}, ['ModernBertForMaskedLM'], ['Wqkv']),
    'gpt2': ('GPT2Config', dict(vocab_size=64, n_embd=16, n_layer=2, n_head=2, n_positions=64, pad_token_id=0, bos_token_id=1, eos_token_id=2), ['GPT2Model', 'GPT2LMHeadModel'], ['c_attn']),
    'llama': ('LlamaConfig', DECODER, ['LlamaModel', 'LlamaForCausalLM'], ['q_proj', 'v_proj']),
    'qwen2': ('Qwen2Config', DECODER, ['Qwen2ForCausalLM'], ['q_proj', 'v_proj']),
    'mistral': ('MistralConfig', DECODER, ['MistralForCausalLM'], ['q_proj', 'v_proj']),
    'gemma': ('GemmaConfig', DECODER, ['GemmaForCausalLM'], ['q_proj', 'v_proj']),
    't5': ('T5Config', dict(vocab_size=64, d_model=16, d_kv=8, d_ff=24, num_layers=2, num_heads=2, decoder_start_token_id=0, eos_token_id=1), ['T5ForConditionalGeneration'], ['q', 'v']),
    'bart': ('BartConfig', dict(vocab_size=64, d_model=16, encoder_layers=1, decoder_layers=1, encoder_attention_heads=2, decoder_attention_heads=2, encoder_ffn_dim=24, decoder_ffn_dim=24, max_position_embeddings=64), ['BartModel', 'BartForConditionalGeneration'], ['q_proj', 'v_proj']),
    'vit': ('ViTConfig', dict(hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=24, image_size=16, patch_size=8), ['ViTModel'], None),
}
# What PEFT does not save of a head by itself, and a careful trainer does.
ALSO_SAVED = {'distilbert': ['pre_classifier'], 'deberta-v2': ['pooler'], 't5': ['classification_head'], 'bart': ['classification_head'],
              'bert': ['bert.pooler'], 'albert': ['albert.pooler'], 'electra': ['sequence_summary'],
              'roberta': ['roberta.pooler'], 'xlm-roberta': ['roberta.pooler'], 'camembert': ['roberta.pooler']}


def inputs(torch, family, task, config):
    if family == 'vit':
        return {'pixel_values': torch.arange(2 * 3 * 16 * 16).reshape(2, 3, 16, 16).float().sin()}
    ids = (torch.arange(2 * 9).reshape(2, 9) * 7) % 60 + 3
    ids[:, -1] = 2 if family == 'bart' else 1 if family == 't5' else 5
    if task == 'choice':
        ids = ids.unsqueeze(1).expand(2, 2, 9).contiguous()
    return {'input_ids': ids, 'attention_mask': torch.ones_like(ids)}


def outputs(torch, model, given):
    with torch.no_grad():
        out = model.eval()(**given)
    return [out.start_logits, out.end_logits] if hasattr(out, 'start_logits') else [out.logits]


# What tests/heads holds: every way in which a head may differ from its base.
STORED = ['bert-BertModel-sequence', 'bert-BertForPreTraining-token', 'bert-BertForMaskedLM-choice', 'roberta-RobertaForMaskedLM-sequence',
          'electra-ElectraModel-sequence', 'deberta-v2-DebertaV2Model-sequence', 'distilbert-DistilBertForMaskedLM-sequence', 'gpt2-GPT2Model-token',
          'llama-LlamaForCausalLM-sequence', 'llama-LlamaForCausalLM-answer', 'llama-LlamaModel-token', 't5-T5ForConditionalGeneration-sequence',
          't5-T5ForConditionalGeneration-token', 'bart-BartForConditionalGeneration-sequence', 'vit-ViTModel-sequence']
TINIER = {'vocab_size': 16, 'hidden_size': 8, 'intermediate_size': 8, 'num_hidden_layers': 1, 'max_position_embeddings': 16, 'head_dim': 4, 'dim': 8,
          'n_layers': 1, 'hidden_dim': 8, 'n_embd': 8, 'n_layer': 1, 'n_positions': 16, 'd_model': 8, 'd_kv': 4, 'd_ff': 8, 'num_layers': 1,
          'encoder_ffn_dim': 8, 'decoder_ffn_dim': 8, 'embedding_size': 8, 'pooler_hidden_size': 8, 'image_size': 8, 'patch_size': 4}


def make(folder, is_stored=False):
    import torch, transformers
    from peft import LoraConfig, get_peft_model
    from safetensors import safe_open
    transformers.logging.set_verbosity_error()
    for family, (config_class, sizes, bases, targets) in FAMILIES.items():
        for base_class in bases:
            for task, (auto, task_type, labels) in TASKS.items():
                if family == 'vit':
                    if task != 'sequence':
                        continue
                    auto, targets = 'AutoModelForImageClassification', ['query', 'value']
                case = os.path.join(folder, f'{family}-{base_class}-{task}')
                if is_stored:
                    if os.path.basename(case) not in STORED:
                        continue
                    sizes = {key: TINIER.get(key, value) for key, value in sizes.items()}
                config = getattr(transformers, config_class)(**sizes)
                try:
                    getattr(transformers, auto)._model_mapping[type(config)]
                except KeyError:
                    continue
                shutil.rmtree(case, ignore_errors=True)
                torch.manual_seed(len(case))
                base = getattr(transformers, base_class)(config)
                for parameter in base.parameters():
                    torch.nn.init.normal_(parameter, std=0.3)
                base.save_pretrained(case + '/base')
                model = getattr(transformers, auto).from_pretrained(case + '/base', **labels)
                if hasattr(base, base.base_model_prefix) and base.base_model_prefix != model.base_model_prefix:
                    # Llama answers questions below another prefix, under which its own checkpoints are not found.
                    getattr(model, model.base_model_prefix).load_state_dict(getattr(base, base.base_model_prefix).state_dict())
                if family == 'vit':
                    targets = sorted({name.rsplit('.', 1)[1] for name, _ in model.named_modules() if name.endswith(('query', 'q_proj', 'value', 'v_proj'))})
                # The new head is random; so is a pooler that the base lacks, and both are saved.
                torch.manual_seed(len(case) + 1)
                bare = {name for name, _ in transformers.AutoModel.from_config(config).named_children()} if not hasattr(model, model.base_model_prefix) else set()
                heads = [name for name, part in model.named_children() if name not in bare | {model.base_model_prefix} and any(True for _ in part.parameters())]
                also = [name for name in ALSO_SAVED.get(family, []) if any(path == name for path, _ in model.named_modules())]
                peft_config = LoraConfig(r=4, lora_alpha=8, target_modules=targets, task_type=task_type, modules_to_save=sorted(set(heads) | set(also)), init_lora_weights=False)
                peft_model = get_peft_model(model, peft_config)
                for name, parameter in peft_model.named_parameters():
                    if 'lora_' in name or 'modules_to_save' in name:
                        torch.nn.init.normal_(parameter, std=0.3)
                peft_model.save_pretrained(case + '/adapter')
                if is_stored:
                    merged = peft_model.merge_and_unload()
                    merged.save_pretrained(case + '/merged')
                    names = sorted(safe_open(case + '/merged/model.safetensors', 'pt').keys())
                    expected = {'architectures': [type(merged).__name__], 'names': names}
                    if labels:
                        expected['labels'] = labels['num_labels']
                    json.dump(expected, open(case + '/expected.json', 'w'), indent=1)
                    for name in ['merged', 'adapter/README.md', 'base/generation_config.json']:
                        path = f'{case}/{name}'
                        shutil.rmtree(path) if os.path.isdir(path) else os.path.exists(path) and os.remove(path)
                    continue
                given = inputs(torch, family, task, config)
                torch.save({'auto': auto, 'inputs': given, 'outputs': outputs(torch, peft_model, given)}, case + '/expected.pt')


def cases(folder):
    return sorted(name for name in os.listdir(folder) if os.path.isfile(f'{folder}/{name}/expected.pt'))


def merge(folder, program):
    for case in cases(folder):
        at = f'{folder}/{case}'
        shutil.rmtree(at + '/merged', ignore_errors=True)
        ran = subprocess.run([program, 'merge', at + '/base', at + '/adapter', '-o', at + '/merged'], capture_output=True, text=True)
        said = ran.stderr
        if ran.returncode == 0:
            ran = subprocess.run([program, 'verify', at + '/merged', '--base', at + '/base', '--adapter', at + '/adapter'], capture_output=True, text=True)
            said += ran.stdout + ran.stderr
        open(at + '/said.txt', 'w').write(said)
        print('ok    ' if ran.returncode == 0 else 'FAILED', case)
        if ran.returncode:
            print('      ', said.replace('\n', '\n       '))


def load(folder):
    import torch, transformers
    transformers.logging.set_verbosity_error()
    bad, worst = 0, 0.0
    for case in cases(folder):
        at = f'{folder}/{case}'
        expected = torch.load(at + '/expected.pt')
        try:
            model, info = getattr(transformers, expected['auto']).from_pretrained(at + '/merged', output_loading_info=True)
            keys = {key: sorted(map(str, value)) for key, value in info.items() if value}
            held = json.load(open(at + '/merged/config.json'))['architectures'] == [type(model).__name__]
            found = outputs(torch, model, expected['inputs'])
            distance = max((a - b).abs().max().item() for a, b in zip(found, expected['outputs']))
        except Exception as error:
            keys, held, distance = {type(error).__name__: str(error)[:200]}, False, float('nan')
        good = not keys and held and distance < 1e-4
        bad += not good
        worst = max(worst, distance if distance == distance else 0.0)
        print('ok    ' if good else 'FAILED', f'{case:60} {distance:9.2e}', '' if held else 'other class', keys or '')
    print(f'transformers {transformers.__version__}: {len(cases(folder)) - bad} of {len(cases(folder))} right, largest distance {worst:.2e}')
    sys.exit(bool(bad))


command, folder = sys.argv[1], sys.argv[2]
{'make': lambda: make(folder), 'store': lambda: make(folder, True), 'merge': lambda: merge(folder, sys.argv[3]), 'load': lambda: load(folder)}[command]()
