"""Times passes of a causal model in float32 over token ids: down to the logits of the last position, or to the score of
every token.

usage: transformers_forward.py MODEL IDS PASSES last|every
"""

import json
import resource
import sys
import time

import torch
import transformers


def main(model, ids, passes, what):
    model = transformers.AutoModelForCausalLM.from_pretrained(model, dtype=torch.float32)
    with open(ids, encoding="utf-8") as file:
        ids = torch.tensor([json.load(file)])
    seconds = []
    with torch.inference_mode():
        for _ in range(passes + 1):
            started = time.perf_counter()
            if what == "last":
                model(ids, logits_to_keep=1)
            else:
                logits = model(ids).logits[0, :-1]
                torch.nn.functional.cross_entropy(logits, ids[0, 1:], reduction="none")
            seconds.append(time.perf_counter() - started)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    # The first pass warms up.
    print(json.dumps({"seconds": seconds[1:], "peak_memory_bytes": peak}))


main(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4])
