#!/usr/bin/env python3
"""For every model class of transformers: layers of a class that is made from `nn.Linear` and is not it, by the last part of
their names. transformers 4 hands them to bitsandbytes when it quantises a model while it loads it, transformers 5 does not.
Written as src/architecture/from_linear_table.json, which `from_linear.rs` reads.

usage: make_from_linear_table.py OUT.json [CLASS ...]    (needs torch and transformers)"""
import json, signal, sys

import torch
import transformers
from transformers.quantizers.base import get_keys_to_not_convert
from transformers.quantizers.quantizers_utils import should_convert_module

from make_linear_table import build, classes_of_transformers
from make_parameters import too_slow


def layers_made_from_linear(model):
    exceptions = get_keys_to_not_convert(model) + list(model._keep_in_fp32_modules or [])
    # PyTorch's own attention has an output like that, which is told by what lies beside it.
    plain = (torch.nn.Linear, torch.nn.modules.linear.NonDynamicallyQuantizableLinear)
    made = {name for name, module in model.named_modules() if isinstance(module, torch.nn.Linear) and type(module) not in plain}
    return sorted({name.rpartition('.')[2] for name in made if should_convert_module(name, exceptions)})


def main():
    out, wanted = sys.argv[1], set(sys.argv[2:])
    signal.signal(signal.SIGALRM, too_slow)
    found, built_count = {}, 0
    for name, model_type in classes_of_transformers(wanted):
        try:
            layers = layers_made_from_linear(build(name, model_type))
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt):
                raise
            print('not built:', name, type(error).__name__, str(error)[:90], flush=True)
            continue
        built_count += 1
        if layers:
            found.setdefault(' '.join(layers), []).append(name)
    with open(out, 'w') as file:
        about = 'made by tests/tools/make_from_linear_table.py: names of layers of a class made from Linear, and the model classes that have them'
        file.write('{"transformers":%s,\n"about":%s,\n"classes":{\n' % (json.dumps(transformers.__version__), json.dumps(about)))
        file.write(',\n'.join(f'"{layers}":"{" ".join(names)}"' for layers, names in sorted(found.items())) + '}}\n')
    print(built_count, 'classes built,', sum(map(len, found.values())), 'have such layers')


if __name__ == '__main__':
    main()
