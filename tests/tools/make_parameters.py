#!/usr/bin/env python3
"""For every model class of transformers: the parameters that it looks for, by their names in memory and on the disk, with
what they depend on in the config. Written as src/architecture/parameters.json, which `parameters.rs` reads.

Each class is built on the meta device from its default config with few layers, then once for each key of the config that
may add or take parameters, with that key turned over (true ↔ false, number ↔ none). A parameter that moves with a key is
said to need it; one that only some layers have is optional; one that a loader ties or ignores is marked.

usage: make_parameters.py OUT.json [CLASS ...]    (needs torch and transformers)"""
import copy, importlib, json, logging, multiprocessing, os, re, signal, sys, time, warnings

warnings.filterwarnings('ignore')
logging.disable(logging.CRITICAL)
import torch
import transformers
from transformers.core_model_loading import revert_weight_conversion
from transformers.models.auto import modeling_auto
from transformers.models.auto.configuration_auto import CONFIG_MAPPING_NAMES

torch.set_num_threads(1)
LAYER_COUNTS = re.compile(r'(^|_)(n|num|encoder|decoder|layers?|depth)(_|$).*|.*(layers|depth|blocks|experts)$')
# What says how to run, or names things, and gives no parameter.
SKIPPED = re.compile(
    r'^_|^(return_dict|output_.*|tie_.*|use_cache|problem_type|chunk_size_feed_forward|dtype|torch_dtype|transformers_version'
    r'|architectures|.*label.*|.*_id|.*_ids|.*token.*|.*dropout.*|.*drop.*|finetuning_task|pruned_heads|rope_.*|.*rope_theta'
    r'|pad_.*|initializer.*|init_.*|model_type|attn_implementation|.*gradient.*|router_aux.*|.*mask.*|.*loss.*|.*_eps|scale_.*|keys_to_ignore.*)$')
OPTIONAL_NUMBERS = re.compile(r'rank|expert|moe|shared|mtp|nextn|type_vocab|adapter|conv_bias|prefix|embedding_size|proj')
SECONDS_OF_A_BUILD, SECONDS_OF_A_CLASS = 10, 90


class TooSlow(Exception):
    pass


def too_slow(*_):
    raise TooSlow()


def starred(name):
    return re.sub(r'(?<=\.)\d+(?=\.|$)|^\d+(?=\.)', '*', name)


def is_config(value):
    return isinstance(value, transformers.PretrainedConfig)


def free_parts(config):
    """The types, in this config, of the parts that may be any model: their names depend on it."""
    kinds = getattr(type(config), 'sub_configs', None) or {}
    types = {key: getattr(getattr(config, key, None), 'model_type', None) for key, kind in sorted(kinds.items()) if kind is transformers.AutoConfig}
    return {key: model_type for key, model_type in types.items() if model_type}


def few_layers(config, seen=()):
    """Cuts every number of layers and experts down, and the lists that go with it."""
    for key, value in list(vars(config).items()):
        is_count = re.search(r'(layers?|depth|blocks|experts|n_layer)$', key) and not re.search('per_tok|topk|top_k', key)
        if is_config(value) and not any(value is other for other in seen):
            few_layers(value, seen + (config,))
        elif type(value) is int and value > 4 and is_count:
            try:
                setattr(config, key, 4)
            except Exception:
                pass
        elif key in ('layer_types', 'mlp_layer_types', 'layers_block_type') and isinstance(value, list):
            try:
                setattr(config, key, value[:4])
            except Exception:
                pass


def fill_open_sizes(config, seen=()):
    """Gives the sizes that a default leaves open a number."""
    heads = getattr(config, 'num_attention_heads', None) or 4
    numbers = {'num_key_value_heads': heads, 'head_dim': 64, 'vocab_size': 1_000, 'hidden_size': 64 * heads, 'intermediate_size': 256}
    for key, value in list(vars(config).items()):
        if is_config(value):
            if not any(value is other for other in seen):
                fill_open_sizes(value, seen + (config,))
        elif value is None and key in numbers:
            setattr(config, key, numbers[key])


def keys_of(config, path=(), seen=()):
    """Every key below `config` that may add or take parameters, with a value that turns it over."""
    for key, value in list(vars(config).items()):
        if is_config(value):
            if not any(value is other for other in seen):
                yield from keys_of(value, path + (key,), seen + (config,))
        elif SKIPPED.match(key):
            continue
        elif isinstance(value, bool):
            yield path + (key,), not value
        elif value is None:
            yield path + (key,), True
            yield path + (key,), 8
        elif type(value) is int and value > 0 and OPTIONAL_NUMBERS.search(key):
            yield path + (key,), 0
            yield path + (key,), None


def counts_of(config, path=(), seen=()):
    """Every key below `config` that may count layers or experts, with its value."""
    for key, value in list(vars(config).items()):
        if is_config(value):
            if not any(value is other for other in seen):
                yield from counts_of(value, path + (key,), seen + (config,))
        elif type(value) is int and 1 < value <= 8 and re.search(r'layer|depth|block|expert|num_stages', key) \
                and not re.search('per_tok|topk|top_k|_id', key):
            yield path + (key,), value


def sizes_of(config, path=(), seen=()):
    """Every size below `config` that might be the hidden size of its part, with that."""
    hidden = getattr(config, 'hidden_size', None)
    for key, value in list(vars(config).items()):
        if is_config(value):
            if not any(value is other for other in seen):
                yield from sizes_of(value, path + (key,), seen + (config,))
        elif type(value) is int and type(hidden) is int and re.search(r'embedding_size|_dim$|output_size|projection', key) and value != hidden:
            yield path + (key,), hidden


def with_key(config, path, value):
    changed = copy.deepcopy(config)
    part = changed
    for key in path[:-1]:
        part = getattr(part, key)
    setattr(part, path[-1], value)
    if path[-1] in ('num_hidden_layers', 'n_layer'):
        for key in ('layer_types', 'mlp_layer_types', 'layers_block_type'):
            types = getattr(part, key, None)
            if isinstance(types, list) and len(types) < value:
                setattr(part, key, types + types[-1:] * (value - len(types)))
    return changed


class Built:
    """One class with one config: its names in memory with their shapes, and those that it saves."""

    def __init__(self, model_class, config, reverts=True):
        signal.alarm(SECONDS_OF_A_BUILD)
        try:
            with torch.device('meta'):
                self.model = model_class(copy.deepcopy(config))
            state = self.model.state_dict()
            self.memory = {name: tuple(tensor.shape) for name, tensor in state.items()}
            self.disk = set(self.memory)
            if reverts:
                self.disk = set(revert_weight_conversion(self.model, dict(state)))
        finally:
            signal.alarm(0)


def partial_patterns(names):
    """Patterns that some index of their innermost list has and another has not."""
    indices, partial = {}, set()
    for name in names:
        parts = name.split('.')
        for at, part in enumerate(parts):
            if part.isdigit():
                stem = '.'.join(parts[:at])
                indices.setdefault(stem, {}).setdefault(int(part), set()).add(starred('.'.join(parts[at + 1:])) or '')
    for stem, lists in indices.items():
        every = set.intersection(*lists.values())
        for rest in set.union(*lists.values()) - every:
            partial.add(starred(f'{stem}.0.{rest}' if rest else f'{stem}.0'))
    return partial


def spellings(built):
    """For each pattern in memory, the patterns that it is saved as, where they differ."""
    found = {}
    state = built.model.state_dict()
    done = set()
    for name, tensor in state.items():
        pattern = starred(name)
        if pattern in done:
            continue
        try:
            signal.alarm(SECONDS_OF_A_BUILD)
            saved = set(revert_weight_conversion(built.model, {name: tensor}))
        except TooSlow:
            raise
        except Exception:
            continue
        finally:
            signal.alarm(0)
        done.add(pattern)
        if saved <= built.disk and saved != {name}:
            found[pattern] = sorted({starred(other) for other in saved})
    return found


def truthy(value):
    return bool(value)


def describe(name, model_class, config):
    started = time.time()
    first = Built(model_class, config)
    has_conversion = first.disk != set(first.memory)
    model = first.model
    default = {starred(name) for name in first.memory}
    partial = partial_patterns(first.memory)
    disk = {starred(name) for name in first.disk}
    required_keys, added_by, complete = {}, {}, True
    for path, value in keys_of(config):
        if time.time() - started > SECONDS_OF_A_CLASS:
            complete = False
            break
        try:
            other = Built(model_class, with_key(config, path, value), has_conversion)
        except Exception:
            continue
        patterns = {starred(name) for name in other.memory}
        partial |= partial_patterns(other.memory) & patterns if patterns != default else set()
        key, needs = '.'.join(path), truthy(value)
        for gone in default - patterns:
            required_keys.setdefault(gone, {})[key] = not needs
        for new in patterns - default:
            added_by.setdefault(new, {})[key] = needs
        disk |= {starred(name) for name in other.disk}
    if hasattr(config, 'add_cross_attention'):
        # A decoder beside an encoder needs two keys together.
        try:
            other = Built(model_class, with_key(with_key(config, ('is_decoder',), True), ('add_cross_attention',), True), has_conversion)
            for new in {starred(name) for name in other.memory} - default:
                added_by.setdefault(new, {})['add_cross_attention'] = True
        except Exception:
            pass
    for path, value in sizes_of(config):
        # A projection from one size to another is there only where they differ.
        try:
            other = Built(model_class, with_key(config, path, value), False)
        except Exception:
            continue
        partial |= default - {starred(name) for name in other.memory}
    counted, rows = {}, {}
    for path, value in counts_of(config):
        if time.time() - started > SECONDS_OF_A_CLASS:
            complete = False
            break
        try:
            other = Built(model_class, with_key(config, path, value + 1), False)
        except Exception:
            continue
        for new in set(other.memory) - set(first.memory):
            parts = new.split('.')
            at = next((at for at, part in enumerate(parts) if part == str(value)
                       and '.'.join(parts[:at] + ['0'] + parts[at + 1:]) in other.memory), None)
            if at is not None:
                counted.setdefault(starred('.'.join(parts[:at] + ['0'])), '.'.join(path))
    for path, value in vocabularies_of(config):
        try:
            other = Built(model_class, with_key(config, path, value + 64), False)
        except Exception:
            continue
        moved = [n for n, shape in other.memory.items() if n in first.memory and len(shape) and first.memory[n] != shape
                 and first.memory[n][:1] == (value,) and shape[0] == value + 64]
        if moved:
            rows['.'.join(path)] = sorted({starred(n) for n in moved})
    tied = ties_of(model_class, config)
    buffers = {starred(n) for n, _ in model.named_buffers()}
    ignored_missing = [re.compile(pattern) for pattern in model._keys_to_ignore_on_load_missing or []]
    ignored = sorted(model._keys_to_ignore_on_load_unexpected or [])
    if any(n.endswith('rotary_emb.inv_freq') for n, _ in model.named_buffers()):
        ignored.append(r'rotary_emb\.inv_freq')
    if any(n.endswith('position_ids') for n, _ in model.named_buffers()):
        ignored.append(r'(^|\.)position_ids$')
    defaults = {}
    for table in list(required_keys.values()) + list(added_by.values()):
        for key in table:
            part = config
            for step in key.split('.'):
                part = getattr(part, step)
            defaults[key] = truthy(part)
    leaves = {}
    for pattern in default | set(added_by) | disk:
        in_memory = pattern in default or pattern in added_by
        if not in_memory:
            leaves[pattern] = 'saved'
        elif pattern in tied or any(starred(t) == pattern for t in tied):
            leaves[pattern] = 'tied'
        elif pattern in buffers or pattern in partial or any(regex.search(pattern.replace('*', '0')) for regex in ignored_missing):
            leaves[pattern] = 'optional'
        elif pattern in default and pattern in required_keys:
            leaves[pattern] = ('all', tuple(sorted(required_keys[pattern].items())))
        elif pattern in default:
            leaves[pattern] = 'required'
        else:
            leaves[pattern] = ('any', tuple(sorted(added_by[pattern].items())))
    return {
        'leaves': leaves, 'prefix': getattr(model_class, 'base_model_prefix', ''), 'ignored': ignored,
        'spelled': spellings(first) if has_conversion else {}, 'counted': counted, 'rows': rows,
        'defaults': defaults, 'complete': complete, 'parts': free_parts(config),
    }


def vocabularies_of(config, path=(), seen=()):
    for key, value in list(vars(config).items()):
        if is_config(value):
            if not any(value is other for other in seen):
                yield from vocabularies_of(value, path + (key,), seen + (config,))
        elif type(value) is int and value > 8 and key == 'vocab_size':
            yield path + (key,), value


def ties_of(model_class, config):
    """Patterns that a loader may take from another parameter."""
    tied_config = copy.deepcopy(config)
    parts, seen = [tied_config], set()
    while parts:
        part = parts.pop()
        if id(part) in seen:
            continue
        seen.add(id(part))
        try:
            part.tie_word_embeddings = True
        except Exception:
            pass
        parts.extend(value for value in vars(part).values() if is_config(value))
    try:
        model = Built(model_class, tied_config, False).model
    except Exception:
        return set()
    return {starred(name) for name in getattr(model, 'all_tied_weights_keys', None) or {}}


def work(job):
    name, model_type = job
    signal.signal(signal.SIGALRM, too_slow)
    try:
        config_class = getattr(transformers, CONFIG_MAPPING_NAMES.get(model_type, ''), None) or transformers.CONFIG_MAPPING[model_type]
        model_class = getattr(transformers, name)
        if getattr(model_class, 'config_class', None) is not None:
            config_class = model_class.config_class
        errors = []
        # Some defaults build no model: sizes that are left open, lists of layers that belong to all of them.
        for prepare in (few_layers, lambda config: (few_layers(config), fill_open_sizes(config)), fill_open_sizes):
            config = config_class()
            prepare(config)
            try:
                return name, describe(name, model_class, config)
            except TooSlow:
                raise
            except Exception as error:
                errors.append(error)
        raise errors[0]
    except TooSlow:
        return name, 'too slow'
    except Exception as error:
        return name, f'{type(error).__name__}: {str(error)[:120]}'


class Graph:
    """Tries of name segments; equal ones are one node."""

    def __init__(self):
        self.nodes, self.known, self.leaves = [], {}, []

    def leaf(self, leaf):
        if leaf not in self.leaves:
            self.leaves.append(leaf)
        return self.leaves.index(leaf)

    def node(self, trie):
        words = []
        for segment, below in sorted(trie.items()):
            words.append(f'{segment}={self.leaf(below)}' if not isinstance(below, dict) else f'{segment}>{self.node(below)}')
        text = ' '.join(words)
        if text not in self.known:
            self.known[text] = len(self.nodes)
            self.nodes.append(text)
        return self.known[text]

    def tree(self, leaves):
        trie = {}
        for pattern, leaf in sorted(leaves.items()):
            parts, at = pattern.split('.'), trie
            for part in parts[:-1]:
                at = at.setdefault(part, {})
                if not isinstance(at, dict):
                    break
            else:
                # A parameter below another's name: the module's own comes first, under its name with a dot.
                if isinstance(at.get(parts[-1]), dict):
                    at[parts[-1] + '.'] = leaf
                else:
                    at[parts[-1]] = leaf
                continue
        return self.node(trie)


def leaf_text(leaf, defaults):
    if isinstance(leaf, str):
        return leaf
    kind, needs = leaf
    return kind + ''.join(f' {"" if value else "!"}{key}{"" if not defaults[key] else "+"}' for key, value in needs)


def write(out, found, failed):
    graph, classes, spellings_of_all = Graph(), {}, []
    for name, record in sorted(found.items()):
        leaves = {pattern: leaf_text(leaf, record['defaults']) for pattern, leaf in record['leaves'].items()}
        entry = {'tree': graph.tree(leaves)}
        for key in ('prefix', 'ignored', 'counted', 'rows', 'parts'):
            if record[key]:
                entry[key] = record[key]
        if record['spelled']:
            if record['spelled'] not in spellings_of_all:
                spellings_of_all.append(record['spelled'])
            entry['spelled'] = spellings_of_all.index(record['spelled'])
        classes[name] = entry
    with open(out, 'w') as file:
        about = ('made by tests/tools/make_parameters.py; a node lists segments: `name>node` goes on, `name=leaf` ends; * stands for '
                 'an index; `counted` says which key of the config counts a list, `spelled` which table of names in memory holds '
                 'what each is saved as, `parts` the types of those of its parts that may be any model')
        file.write('{"transformers":%s,\n"about":%s,\n"leaves":[\n' % (json.dumps(transformers.__version__), json.dumps(about)))
        file.write(',\n'.join(json.dumps(leaf) for leaf in graph.leaves) + '],\n"nodes":[\n')
        file.write(',\n'.join(json.dumps(node) for node in graph.nodes) + '],\n"spelled":[\n')
        file.write(',\n'.join(json.dumps(table, separators=(',', ':')) for table in spellings_of_all) + '],\n"classes":{\n')
        file.write(',\n'.join(f'{json.dumps(n)}:{json.dumps(e, separators=(",", ":"))}' for n, e in classes.items()) + '}}\n')
    for name, reason in sorted(failed.items()):
        print('no list:', name, reason)
    print(len(found), 'classes,', len(failed), 'without a list;', sum(not r['complete'] for r in found.values()), 'cut short;',
          os.path.getsize(out), 'bytes')


def main():
    out, wanted = sys.argv[1], set(sys.argv[2:])
    maps = [getattr(modeling_auto, n) for n in dir(modeling_auto) if n.endswith('_MAPPING_NAMES')]
    jobs = {}
    for table in maps:
        if isinstance(table, dict):
            for model_type, classes in table.items():
                for name in [classes] if isinstance(classes, str) else list(classes):
                    if not name.endswith('Config') and (not wanted or name in wanted):
                        jobs.setdefault(name, model_type)
    found, failed = {}, {}
    with multiprocessing.Pool(int(os.environ.get('JOBS', '1')), maxtasksperchild=40) as pool:
        for count, (name, record) in enumerate(pool.imap_unordered(work, sorted(jobs.items(), key=lambda job: job[1]))):
            (failed if isinstance(record, str) else found)[name] = record
            if count % 25 == 0:
                print(count, 'of', len(jobs), file=sys.stderr, flush=True)
    write(out, found, failed)


if __name__ == '__main__':
    main()
