# What the program says. A language is one file like this one, with the same ids, attributes and variables, named in
# src/message/language.rs. Functions and what they make: src/message/functions.rs.

accept-loss = Merge in spite of the loss
accept-loss-note = Packed, less than half of the adapter's change is left; 16 bits keep it
lines-more = and { $more } more
list-more = { $shown } and { $more } more

## Window

adapter = Adapter
adapter-empty = What training wrote
adapter-expects = adapter_config.json and its weights
adapter-only = The adapter is open. Add the base that it was trained on.
add = Add
add-adapter = Add an adapter…
    .tooltip = One more adapter, merged on top of the first
added-file = added
age-days = { COUNT($value, one: "day", other: "days") } ago
age-hours = { $value } h ago
age-just-now = just now
age-minutes = { $value } min ago
all-commands = All commands
and-time-left = { $moved } · about { $left } left
another-place = Another place…
answer-tokens = { COUNT($count, one: "token", other: "tokens") }
answers = Answers
answers-differ = Merged and base + adapter part ways: rounding can tip a close choice of a token.
answers-equal = Merged and base + adapter answer the same, letter for letter.
answers-note = greedy, at most 64 tokens
answers-wait = Each model answers the prompt when its time is measured.
as-bf16 = as BF16
as-stored = as stored, { $dtype }
base = Base
base-and-adapter = Base + adapter
base-empty = A model folder, 1 GB or 150 GB
base-expects = config.json with safetensors weights
base-in-text = base
base-only = The base is open. Add an adapter to see what it changes.
being-checked = checking
bf16-note = Same range as F32, 8 significant bits
blocks = { COUNT($count, one: "block", other: "blocks") }
browse = Browse…
browse-adapter-tooltip = Choose the folder of the adapter
browse-base-tooltip = Choose the folder of the base model
browse-output-tooltip = Choose where the merged folder is made
built-in = built in
bytes = Bytes
bytes-note = the same, to the byte
bytes-of = { $done } of { $total }
bytes-read = read { $moved }
cancel = Cancel
    .tooltip = Stops within a tile; what is finished is kept for the next run
cancelled-status = Cancelled. What is finished is kept: merging again goes on from there.
cancelling = Cancelling…
cannot-be-merged = cannot be merged
cannot-plan-chip = cannot be made
cast-to = cast to { $dtype }
change-amount = Amount of change
change-amount-note = KL(P‖Q) in nats per token for P → Q: how much predictions changed, never whether they got better. In brackets the 95 % interval.
change-by-layer = Change by layer
change-chart-note = Dot: the mean; line: from the median to 99 % of positions. Further right is more change.
change-explained = How far a module moves: the norm of its change Δ over the norm of its weights W; 0.1 is a tenth
change-numbers-tooltip = The numbers that the chart is drawn from
change-waits = ‖Δ‖ / ‖W‖ of every module stands here once the merge has read every row of W.
changed-by-adapter = { $bytes } changed by the adapter
changed-file = changed
changed-most = Changed most
check-now = Check now
checking = Checking
checking-merge-status = Checking the merged folder. Cancel keeps it, unchecked.
checks = Checks
checks-of = { $passed } of { $total } checks passed.
checks-passed = { $passed } of { $total } checks passed. Ready to merge.
checks-title = Checks before anything is written
choose-another-adapter = Choose another adapter…
choose-another-base = Choose another base…
choose-base = Choose the base…
clear-list = Clear list
    .tooltip = Forgets these pairs; no folder is touched
close = Close
closing-note = What is finished of it is kept: the same merge can go on from there later.
closing-stops = Stopping the merge…
closing-title = A merge is running
command-hint = Type what you want to do
compare = Compare
    .tooltip = Size and quality of the result
compare-alone = Measured alone: add the base to compare with
compare-failed = How well it predicts could not be measured
compare-measuring = How well it predicts is being measured
compare-subtitle = Size, quality and speed, side by side
compare-waits = How well it predicts is not measured yet
complete-of = { $complete } of { $total } complete
component = Component
computed-on = Computed on
convert = Convert
copied = copied
copied-table = The table is on the clipboard.
copy = Copy
copy-adapted-tree = Copy the tree with the adapter
copy-base-tree = Copy the base tree
copy-step = Copy
copy-table = Copy table
    .tooltip = Puts the numbers on the clipboard as Markdown
count = Count
creates = Creates
current-alone = loading the folder in a process of its own
current-layer = { $model }: layer { $number } of { $count }
current-named = { $value }
current-output-heads = output heads
details = Details
device-auto = Automatic, by trial
device-choice-cpu = CPU, { $threads } threads
device-note = The disk sets the pace either way
discard = Discard it
    .tooltip = Removes what the interrupted merge left; nothing else is touched
discarded = What the interrupted merge left is removed.
does-not-fit = does not fit
does-not-fit-status = Merge is off until every adapter tensor has a place. Nothing has been written.
does-not-open = does not open
does-not-prove = What this does not prove: that the model is better
does-not-prove-note = The checks prove that the folder holds base + adapter and nothing else. Compare tells about quality.
drop-here = Drop it: the folder finds its own place
dtype = dtype
duration = Duration
edit = Edit
edited = edited
elapsed = Elapsed
elements-changed = elements changed
empty-well = Empty
energy-note = { $rank } of { $total } directions hold 90 % of ‖Δ‖²
equals-run-time = It predicts as base + adapter does, up to rounding.
estimated = ≈ from some rows of W
    .tooltip = Δ is exact, from the factors. W is read in full during the merge; then the numbers are exact.
events = Events
export = Export report
    .tooltip = Writes the report as Markdown and as JSON beside the merged folder
export-note = for a paper, a script, a model card
export-picture = Export picture
    .tooltip = Writes this screen as PNG beside the merged folder
export-title = Export
exported = Written: { $path }
f16-note = Finer steps, largest value 65,504
f32-note = Every F16 and BF16 value is kept exactly
fault-close = Close
fault-copy = Copy the path
fault-text = What was merged so far is kept: the same merge goes on where it stopped. Please report the fault with this log.
fault-title = Lorafuse was ended by a fault of its own
file = File
files = { COUNT($count, one: "file", other: "files") }
files-opened = It opened
filter-hint = Filter modules
filter-tooltip = Show modules whose path contains this
fits = Adapter fits. Nothing has been written.
fits-interrupted = Adapter fits. What an interrupted merge finished is kept.
forward-pass = forward pass, ms
found-file = found
found-in = Judged
free-disk = Free disk
gone = folder gone
hide-details = Hide details
how = How
in-the-adapter = In the adapter
interrupted-note = An interrupted merge left { $bytes } finished. Merging with the same inputs and options goes on from there.
interval = 95 % interval
into-original = Into the original
into-original-in-text = merged into the original
into-packed = Into the packed base
into-packed-in-text = merged into the packed base
is-sealed = Sealed: SHA256SUMS
judge-at = Judge at strength { FIXED($strength, digits: 2) }
judge-at-found = Judge at the strength found
    .tooltip = Checks again as merged at the strength that its own values say
judge-folder = Check a merged folder…
    .tooltip = A model that somebody merged: compared and checked as it is
judge-note = Have a merged model already? It is compared and checked, whoever made it.
judged-alone-note = { $passed } of { $total } checks passed. Add base and adapter to have every target recomputed.
judged-at = Judged at strength { $strength }.
judged-without-adapter-note = { $passed } of { $total } checks passed. Add the adapter to have every target recomputed.
keep-dtype = Keep { $dtype }
keep-merging = Keep merging
keep-note = Nothing is rounded but the sums
keeps = { PERCENT($gain) } of Δ survives
keeps-packed = { PERCENT($gain) } of Δ, noise { FIXED($noise, digits: 1) } Δ
kept-figure = Kept after rounding
kept-in = kept in { $dtype }
language-name = English
    .tooltip = 한국어로 보기
largest = largest
largest-change = Largest ‖Δ‖ / ‖W‖
largest-first = largest change first
layer = layer
left-about = Left, about
lines = { COUNT($count, one: "line", other: "lines") }
load-time = load
loading-models = Loading the models…
lost-targets = { COUNT($count, one: "change", other: "changes") } rounded away completely: a finer dtype keeps them
lower-is-better = lower is better, log scale
manifest = Manifest
manifest-note = { COUNT($count, one: "file", other: "files") }, { $bytes }
mean-kl = mean KL
measure-on-builtin = Built-in texts
    .tooltip = An English and a Korean text in the public domain, long enough for intervals
measure-on-sample = Measure on the sample's texts
measure-on-texts = Measure on text files…
    .tooltip = Text files that neither training has seen; they can also be dropped on this window
measure-time = Measure time and answers
    .tooltip = Loads each model in a process of its own and takes turns
measuring = Measuring…
measuring-note = { $names-count ->
    [0] The window stays usable.
    [1] The window stays usable.
   *[other] { CAPITALIZED(LIST($names, last: " and ")) } read the same tokens, one model after the other. The window stays usable.
}
measuring-status = Measuring perplexity…
median = median
merge = Merge
    .tooltip = Merges as planned, then checks the result
merge-again = Merge with other options
    .tooltip = Back to the plan, with a new output folder; this one stays
merge-closed = Opens when base and adapter fit together
merge-closed-judged = This folder was opened to be checked. To merge, enter a new folder as Output.
merge-done = Merged and checked
merge-done-checking = Merged. The result is being checked
merge-done-remark = Merged and checked, with a remark
merge-done-subtitle = Done. The folder is complete and was checked.
merge-done-unchecked = Merged, but not checked
merge-failed = The merge stopped
merge-into-it = Merge into it
merge-keeping = Merge, keep { $dtype }
merge-screen-tooltip = The plan, and the run
merge-to = Merge to { $dtype }
merge-written-subtitle = The folder is written.
merged = merged
merged-at = Merged at strength { FIXED($strength, digits: 2) }.
merged-in-text = merged
merged-model = Merged
merged-to = Merged to
merging = Merging
merging-status = Merging. Cancel keeps what is finished for the next run.
misfit-summary = { $count ->
    [one] 1 adapter tensor has
   *[other] { $count } adapter tensors have
} no place
misfit-table = Adapter tensors without a place
missing-file = missing
missing-files = { $count } missing
module = Module
modules = Modules
    .tooltip = What the adapter changes
modules-closed = Opens with a base or an adapter
modules-count = { COUNT($count, one: "module", other: "modules") }
more-adapters = + { $count } more
nearest-in-the-base = Nearest in the base
needs-memory = not measured: needs { $bytes }
new-folder = new folder
nf4 = NF4
nf4-double = NF4, double
nf4-double-note = The scales in 8 bits too
nf4-note = Linear layers in 4 bits, as bitsandbytes packs them
no-command = No command has these words, or it cannot be asked for now.
no-file-dialog = This desktop has no file dialog. Drop the folder here, or paste its path.
no-file-manager = No file manager could be started. The folder is { $path }
no-folder-dialog = This desktop has no file dialog. Drop the merged folder on Output, or paste its path there.
no-interval = too short to tell
no-lost-targets = All { $count } changes survive the rounding
no-program = This needs the program itself, which cannot be found.
no-rows = No module matches. Clear the filter to see all.
norm-note = ‖Δ‖ = ‖scale · BA‖, Frobenius, from the factors. Every row of W was read.
norm-note-before = ‖Δ‖ = ‖scale · BA‖, Frobenius, from the factors. ‖W‖ is estimated from some of its rows.
not-a-base = cannot be merged into
not-checked = not checked
not-merged = not merged
not-verified = not proven
nothing-left = Nothing was left behind
there-now = What is there now: { $paths }
now = Now
on-this-volume = on this volume
only-changed = Only changed
open-both = Open both
open-folder = Open folder
    .tooltip = Shows the merged folder in the file manager
open-original = Open the original as base
open-packed-base = Open the packed base
open-sample = Try the sample
    .tooltip = Opens the built-in base and adapter
opening = Reading headers…
options = Options
origin = Origin
output = Output
output-dtype = Output dtype
output-empty = A new folder
output-expects = or a merged model, to be checked
output-hint = Proposed once both are in
overview = All differences; click to go there
packed-and-adapter = Packed + adapter
params = { $count } params
partial-note = Work happens in { $name }. The folder gets its name only when complete.
pass-of = pass { $pass } of { $total }
passed-of = { $passed } of { $total } passed
path-hint = Drop or paste a folder path
path-hint-without-drops = Paste a folder path
path-label = { $well } path
peak-memory = peak memory
perplexity = Perplexity
perplexity-column = perplexity
perplexity-waits = Not measured yet. Choose texts that neither training has seen, or drop them here: base, base + adapter and merged will score the same tokens.
perplexity-waits-alone = Not measured yet. Choose texts that its training has not seen, or drop them here. With the base open, both score the same tokens.
plan-again = Plan again
plan-subtitle = Plan. Nothing has been written.
plan-subtitle-interrupted = Plan. What an interrupted merge finished is kept.
printed = print(model)
    .tooltip = Both trees as PyTorch prints them
printed-note = After the merge the second tree is printed exactly like the first: lora.Linear becomes Linear again.
printed-same = The base alone
printed-summary = { COUNT($differing, one: "line", other: "lines") } differ, { COUNT($added) } only in the second
prompt = Prompt
prompt-hint = A prompt for all models
put-into = { $name } → { $well }
questions-title = The four questions it answers, and where
rank = rank
read = Read
read-note = { $base } + adapter { $adapter }
ready = Ready
reason = Why
recent-pairs = Recent pairs
remove = Remove
replace = Replace
report = Report
    .tooltip = The checks, file by file
result-closed = Opens after a merge, and for a merged folder that you check
resume = resume, { $bytes } done
rough-duration-hours = { $minutes ->
    [0] { $hours } h
   *[other] { $hours } h { $minutes } min
}
rough-duration-minutes = { $value } min
rough-duration-seconds = { $value } s
round-by-chance = Stochastic
round-by-chance-note = Small changes survive on average; the seed repeats it
round-nearest = To nearest
round-nearest-note = One rounding; a change below half a step is lost
rounded-in-text = base in { $dtype }
rounding = Rounding
run-time-in-text = base + adapter
same-as-base = same as the base
same-parameters = same params
same-plan = the run follows this same plan
same-top = same top token
sample-promise = Opens both folders. Needs no network.
sample-text = A small real Llama in English and Korean, and a real adapter tuned with ORPO on Korean chat.
sample-title = Start with the sample
says-its-base-is = The adapter says its base is
scale = scale
scoring-cost = { COUNT($tokens) } tokens to score with { COUNT($models, one: "model", other: "models") }.
seal = Seal with SHA-256
    .tooltip = Writes SHA256SUMS, which `sha256sum -c` checks
sealed = Sealed: { COUNT($count, one: "hash", other: "hashes") } in SHA256SUMS
sealing = Hashing every file…
see-compare = Compare with the base
see-merge = See the merge
see-report = Read the report
see-the-report = The report says why.
seed = Seed
select-a-module = Select a row to see its shapes, its scale and how far it moves.
selected-module = Selected module
shape = Shape
shards = { COUNT($count, one: "shard", other: "shards") }
shards-title = Shards
size = Size
size-note = tensor data by component, { $unit }
sort-by = Sort by { $column }
spectrum = Singular values of Δ
speed-note = { $runs } passes over { COUNT($tokens, one: "token", other: "tokens") } in turn with the others, float32 on the CPU, one process each; ± is the standard deviation. As many weights cost as much time, in whatever dtype they are stored.
stage-merge = Stream and merge
stage-sync = Sync to disk
stage-verify = Verify
state = State
step = Step
stop-and-close = Stop and close
strength = Strength
strength-note = 1 is what was trained
survival-reading = Reading some rows of each target…
survival-unknown = Cannot be told before the merge: the method looks at all rows
survives = Survives the rounding
syncing-status = Forcing the bytes to the disk.
table = Table
takes-drop = Let go: it goes into { $well }
tensors = { COUNT($count, one: "tensor", other: "tensors") }
tensors-change = { $changed } of { $total }
    .rest = { " " }tensors change
tensors-checked = Tensors checked
tensors-compared = { COUNT($count, one: "tensor", other: "tensors") } checked
tensors-done = Tensors
tensors-figure = Tensors
tensors-note = { $changed } get an update
tensors-placed = { $placed } of { $total } adapter tensors placed
tensors-written = { COUNT($count, one: "tensor", other: "tensors") } written
theme = Theme
    .tooltip = System, light or dark
threads = CPU { COUNT($count, one: "thread", other: "threads") }
throughput = Throughput
throughput-note = { $unit }/s written, mean over 1 s
time-and-memory = Time and memory
time-waits = Not measured yet. Each model is loaded whole into a process of its own; they take turns, 10 passes each after one to warm up, and answer your prompt.
timing-status = Timing the models…
tokenizer = Tokenizer and chat template
tokens = { COUNT($count, one: "token", other: "tokens") }
total = total
trained-in-text = packed base + adapter
tree-footer = { COUNT($total, one: "tensor", other: "tensors") } · { $changed } change · { $kept } keep the base values
tree-footer-shown = { $shown } of { COUNT($total, one: "tensor", other: "tensors") }  ·  { $changed } change
twin-is-measured = The merge into it is measured beside this one, to say which is closer to what was trained.
twin-is-wanted = With it, a measurement says which merge is closer to what was trained.
twin-title = Twin of the base
unchanged = unchanged
update = Update
update-how = W + { $scale } · BA in F32, then one rounding to { $dtype }
update-how-kept = W + scale · BA in F32, then one rounding
updated-tensors = Updated tensors
use-base = Use { $name }
verdict-dependent = This folder is not independent
verdict-failed = This folder is not the merge it claims to be
verdict-faulty = Something is wrong with this folder
verdict-identical = Identical to the base: nothing was merged
verdict-incomplete = This folder is incomplete
verdict-not-alone = This folder does not stand alone
verdict-note = { $passed } of { $total } checks passed. Everything was computed anew from base and adapter.
verdict-passed = This model stands alone
verdict-recomputed = This folder is the merge that it claims to be
verdict-running = Checking…
verdict-sound = This folder is complete in itself
verdict-unknown = Not proven: the checks could not be made
verdict-warning = This model stands alone, with a remark
verified = verified
verified-in = Verified in { $duration }
verify-again = Verify again
    .tooltip = Reads base, adapter and output once more
verifying = Verifying…
vs-base = vs base
warnings = Worth knowing
weak-interval = Grey intervals rest on fewer than 30 blocks of 128 tokens, and a text of less than two has none: too little for a firm statement.
welcome-question-alone = Will it work without the base?
    .answer = Checked alone, file by file, with the evidence.
welcome-question-change = What did the adapter change?
    .answer = Every module, its shapes, and how far it moved.
welcome-question-quality = Is it as good as before?
    .answer = Perplexity on your texts, with intervals, beside the base.
welcome-question-size = Why did the file get smaller?
    .answer = Bytes by component and dtype, in one sentence.
welcome-text = Drop both folders anywhere in this window: each finds its place above. Nothing is written until you press Merge.
welcome-title = Fuse a LoRA adapter into its base, and see the proof
welcome-without-drops = Browse to both folders or paste their paths: on Wayland this window gets no drops. Nothing is written until you press Merge.
what-will-be-done = What will be done
write = Write
write-card = Write a model card
write-card-note = README.md with lineage and checks
write-note = weights { $weights } in { COUNT($shards, one: "shard", other: "shards") }
writes-per-sec = writes, tok/s
writing = writing
written = Written
written-by-component = Written, by component

## Findings

as-line = { CAPITALIZED($said) }
as-sentence = { CAPITALIZED($said) }.

base-found = The adapter's own base is on this machine, in { $place }.
base-found-incomplete = The adapter's own base is on this machine, in { $place }, but incomplete: { COUNT($count, one: "file", other: "files") } of weights { $count ->
        [1] is
       *[other] are
    } missing.

bits-per-byte = { FIXED($model, digits: 4) } against { FIXED($first, digits: 4) } on { $text }

clash-reason-grouped-convolution = the base's convolution has { $group-count } groups, the adapter's goes across them, and the weight has no place for that
clash-reason-inseparable = training took this weight apart from { LIST($others) }, but the model's class has them as one: taken apart, it would compute another thing, or an earlier release of transformers would join them again
clash-reason-nesting = which of the parameters { LIST($parameters) } each level of the adapter's nesting is for cannot be told: they fit in more than one order, and the order in which this module registers them is not known
clash-reason-not-float = the base holds { $dtype }, into which nothing can be merged
clash-reason-open-task =
    { $task ->
        [none] this head may be that of { LIST($classes, joint: " or ") }, and the adapter does not say which
       *[other] the adapter says { $task }, but this head is that of { LIST($classes, joint: " or ") }
    }
clash-reason-orientation =
    the weight is square, transformers does not know its class, and whether it is stored (out, in) or (in, out) cannot be told: the adapter's fan_in_fan_out is { $is-stated-in-out ->
        [yes] true
       *[no] false
    }, but { $is-named ->
        [yes] the module's name says otherwise
       *[no] other layers of the adapter lie the other way
    }
clash-reason-shape = the adapter is for { $expected }, the base has { SHAPE($base-shape) }
clash-reason-shared-with-head = the base's output head shares this embedding's tensor, training took them apart, and the name of a tensor for the head cannot be told in this layout
clash-reason-taken = { $other-module } lands on the same base tensor
clash-reason-two-files = two files of the adapter hold it with other values ({ LIST($files, joint: " and ") }), and which counts is not said
clash-reason-vocabulary = training resized the vocabulary to { $rows } rows, the base has { $base-rows }, and the adapter holds no copy of the resized weight

compared-all-of-its-kinds = all base tensors of the { $kind-count } kinds that it targets change
    .title = Coverage
compared-base-differs =
    the adapter was trained on `{ $trained-on }`, this base is `{ $base }`{ $variants ->
        [none] {""}
       *[other] : { LIST($variants, joint: " against ") }, the same shapes but other weights
    }
    .title = Base by name
compared-base-name-untelling = the adapter names `{ $trained-on }`, the base is `{ $base }`: only shapes tell that they belong together
    .title = Base by name
compared-base-named = the adapter was trained on `{ $trained-on }`
    .title = Base by name
compared-base-unnamed = the adapter does not name its base
    .title = Base by name
compared-class = the adapter was trained on a { $trained-on }, the base is a { $base }
    .title = Architecture
compared-dtypes =
    factors { $factors ->
        [none] nothing
       *[other] { $factors }
    }, base { $base ->
        [none] nothing
       *[other] { $base }
    }; the sum is taken in F32 and rounded once
    .title = Dtypes
compared-gguf-base = the adapter was trained on `{ $trained-on }`; this base is a GGUF file of quantised weights, which no training sees: what they lost is in the merge too, and the original is closer
    .title = Quantised base
compared-part-of-its-kinds = { $changed-count } changed, but { $unchanged-count } of the same kinds not ({ LIST($names, shown: 3) }): the adapter was trained on a model with fewer layers, or its file is incomplete
    .title = Coverage
compared-quantised-base = the adapter names `{ $trained-on }`, which says no packed weights; this base is packed ({ $method }). If training packed it in the same way while loading, nothing differs and this merge is what was trained; if it did not, the original is closer
    .title = Quantised training
compared-quantised-both = the trainer saw packed weights (`{ $trained-on }`), and this base is packed ({ $method }): nothing differs but one rounding to { $dtype }; the merge is what was trained, not the 16-bit original
    .title = Quantised training
compared-quantised-otherwise = the trainer saw weights packed in another way ({ $marker } in `{ $trained-on }`) than this base ({ $method }); they differ by what each packing rounded off, so that the merge is not exactly what was trained
    .title = Quantised training
compared-quantised-training =
    the trainer saw packed weights ({ $marker } in `{ $trained-on }`); this base is plain{ $dtype ->
        [none] {""}
       *[other] {" "}{ $dtype }
    }{ $original ->
        [none] {""}
       *[other] , the 16-bit original (`{ $original }`) or a copy of it
    }. They differ by what packing rounded off, which the adapter never saw: merging here is common, but not exactly what was trained
    .title = Quantised training
compared-revision = the adapter was trained on revision { $trained-on }, this is { $base }
    .title = Base revision
compared-same-tokenizer = the adapter's is the base's, byte for byte
    .title = Tokenizer
compared-task-differs = the adapter was trained for { $task }, the base is a { $base }: its head is another one
    .title = Task
compared-task-fits = { $task } and { $base }
    .title = Task
compared-tokenizer-agrees = { COUNT($token-count) } tokens against the base's { COUNT($base-count) }, no id differs
    .title = Tokenizer
compared-tokens-moved = { COUNT($tokens-count, one: "token has", other: "tokens have") } another id than the base gives it ({ LIST($tokens, shown: 3) }): the adapter's tokenizer belongs to another model
    .title = Tokenizer

component-attention = attention
component-embedding = embed_tokens
component-head = lm_head
component-mlp = mlp
component-other = norms, other

conclusion-absent =
    { $kl ->
        [0] { $model } predicts exactly what { $first } predicts (KL 0): the adapter is effectively absent.
       *[other] { $model } predicts what { $first } predicts, up to rounding (KL { NATS($kl) }): the adapter is effectively absent.
    }
conclusion-changed = Amount of change from { $first } to { $model }: KL { NATS($kl) } nats per token, and the same likeliest token at { SHARE($same-top1) } of positions. This says how much changed, not whether it got better.
conclusion-changed-elsewhere = { $model } against { $first } on { $text }: a near-zero perplexity change ({ CHANGE($ratio, tiny: "less than 0.01 %", sign: "always") }) with a KL of { NATS($kl) } nats, well above the rounding floor: behaviour changed, not on this text.
conclusion-closer = { $closer } is closer to { $trained } than { $further }: KL { NATS($kl) } against { NATS($further-kl) } nats per token, { NATS($difference) } less (95 % interval { NATS($low) } to { NATS($high) }).
conclusion-closer-elsewhere = On { LIST($texts, last: " and ") } alone, { $closer } is closer to { $trained }.
conclusion-file-differs = The file is not what the merge computes: read from disk, { $merged } differs by KL { NATS($kl) } nats per token; verify the folder.
conclusion-file-equal = The file is right: read from disk, { $merged } predicts to the last bit what the merge computes in memory.
conclusion-maybe-rounding = { $model } is so close to { $first } (KL { NATS($kl) }) that rounding to { $dtype } alone may explain it; cast the base to { $dtype } to tell.
conclusion-merge-differs =
    The merge is not base + adapter: { $merged } differs from { $unmerged } by KL { NATS($kl) } nats per token{ $share-of-change ->
        [none] {""}
       *[other] , { CHANGE($share-of-change, tiny: "less than 0.01 %") } of what the adapter changes
    }, more than rounding explains; verify the folder.
conclusion-merge-equal = The merge equals base + adapter up to rounding: { $merged } against { $unmerged } (KL { NATS($kl) }, the same likeliest token at { SHARE($same-top1) }).
conclusion-merge-scores =
    { $other } against { $own }: perplexity{ $lower-count ->
        [0] {""}
       *[other] {" "}lower { LIST($lower, last: " and ") }
    }{ $higher-count ->
        [0] {""}
       *[other] { $lower-count ->
            [0] {" "}higher
           *[other] , higher
        } { LIST($higher, last: " and ") }
    }{ $chance-count ->
        [0] {""}
       *[other] { $lower-count ->
            [0] { $higher-count ->
                [0] {" "}within chance
               *[other] , within chance
            }
           *[other] , within chance
        } on { LIST($chance, last: " and ") }
    }. That says which predicts these texts better, not which is what was trained.
conclusion-neither-closer = It cannot be told which of { $own } and { $other } is closer to { $trained }: KL { NATS($kl) } and { NATS($other-kl) } nats per token, and the 95 % interval of the difference holds 0 ({ NATS($low) } to { NATS($high) }).
conclusion-other-tokens =
    { $model } cuts the texts into other tokens than { $first }, so perplexities cannot be compared, only bits per byte{ $texts-count ->
        [0] {""}
       *[other] {" "}({ LIST($texts, joint: "; ") })
    }.
conclusion-perplexity =
    { $model } against { $first }: perplexity { $lower-count ->
        [0] higher { LIST($higher, last: " and ") }, lower on no text
       *[other] lower { LIST($lower, last: " and ") }{ $higher-count ->
            [0] {""}
           *[other] , higher { $others ->
                [none] { LIST($higher, last: " and ") }
               *[other] { $others }
            }: it learned its domain
        }
    }.
conclusion-rounding =
    Rounding alone: { $control } is { $first } with every weight in { $dtype }, and differs from it by KL { NATS($kl) } nats per token{ $compared ->
        [none] {""}
       *[other] , { $compared }
    }.
conclusion-too-little-text =
    { $texts-count ->
        [1] { LIST($texts) }: too little text to conclude ({ COUNT($most-blocks, one: "block", other: "blocks") } of 128 tokens).
       *[other] { LIST($texts, shown: 4) }: too little text to conclude (each at most { COUNT($most-blocks, one: "block", other: "blocks") } of 128 tokens).
    }
conclusion-within-chance = { $model } against { $first }: the difference is within chance on { LIST($texts, last: " and ") }.

detail-absent-tensors = { COUNT($names-count, one: "tensor is", other: "tensors are") } not in the file: { LIST($names, shown: 3) }
detail-adapter-file = { $file } would be loaded again on top of the merge
detail-adapter-tensors = not merged: { COUNT($names-count, one: "tensor", other: "tensors") } of an adapter among the weights: { LIST($names, shown: 3) }
detail-bad-json = { $file } is not valid JSON: { $problem }
detail-bad-seal = the seal cannot be read: `{ $line }` is no line of sha256sum
detail-bad-tokenizer = { $fault }
detail-came-after-seal = { $file } came after the seal
detail-changed-without-reason = { $tensor } differs from the base and is no target
detail-config-mismatch = config.json and the weights do not agree: { $value-what }
detail-extra = { $tensor } is not in the base
detail-farther-blocks = { SHORTENED($tensor) }: { COUNT($wrong-count) } of { COUNT($block-count, one: "block", other: "blocks") } are farther from base and adapter than encoding them makes it
detail-full-model-beside = { $file } in the adapter's folder is a full model's, and nothing of it was looked for
detail-hint = { $error-hint }
detail-identical-to-base = identical to the base: nothing was merged
detail-ids-beyond-rows =
    the tokenizer gives ids up to { COUNT($id) }, but { $tensor } has { COUNT($rows) } rows: ids beyond them fail{ $is-as-in-base ->
        [yes] , as in the base
       *[no] {""}
    }
detail-ignored-tensors = { $class } does not look for { COUNT($names-count, one: "tensor", other: "tensors") }, which a loader therefore ignores: { LIST($names, shown: 3) }
detail-is-path = { $place } is the path `{ $text }`
detail-label-count = config.json says { $configured } labels, { $tensor } has { $rows } rows
detail-layer-count = config.json says { $configured } layers, the weights have { $held }
detail-left-out = { $file } holds { COUNT($names-count, one: "trained tensor", other: "trained tensors") } that the merge does not: { LIST($names, shown: 3) }
detail-link-nowhere = { $name } is a link to nowhere
detail-link-outside = { $name } is a link to outside of the folder
detail-load-failed = { $problem }
detail-lost = { $tensor }: the update is smaller than the dtype can hold, so nothing of it is left
detail-lost-by-packing = packed as NF4, { PERCENT($gain, digits: 0) } of the adapter's change is left
detail-misjudged = { $value }
detail-missing = { $tensor } is missing
detail-missing-code = { $place } needs { $module }.py, which is not in the folder
detail-missing-parameters = { $class } looks for { COUNT($names-count, one: "parameter that is", other: "parameters that are") } not in the folder: { LIST($names, shown: 3) }
detail-mixed-packing = the weights are packed in { $format-count } ways (block size, scales packed again or not), which no program does that packs a model at once
detail-names-base = { $place } names the folder of the base, `{ $text }`
detail-no-merges = vocab.json has no merges.txt beside it
detail-no-packing-config = config.json has no quantization_config, so that a loader takes packed weights for plain ones
detail-no-tokenizer = there is no tokenizer in the folder, so it does not run by itself
detail-non-finite = { $tensor }: { COUNT($count) } NaN or infinite
detail-not-in-index = the index does not name { COUNT($names-count, one: "tensor", other: "tensors") } of its shards: { LIST($names, shown: 3) }
detail-only-nan = the model predicts nothing but NaN
detail-open-experts = experts in square matrices, which PEFT takes in another order under transformers 4 than under 5, and the adapter does not say which it was trained with: { LIST($names, shown: 3) }
detail-opened-outside = it opened { $path }
detail-other-block-type = { SHORTENED($tensor) } is { $held }, where llama.cpp’s mixture has { $expected }
detail-other-blocks = { SHORTENED($tensor) }: { COUNT($wrong-count) } of { COUNT($block-count, one: "block", other: "blocks") } are not what encoding the base gives
detail-other-config = config.json says { $key }: { $merged }, and the base's says { $base }; no adapter changes that
detail-other-decoder = with what config.json leaves out, its class computes { $part ->
        [rotations] the rotary positions
        [layers] the layers (heads, norms, windows, activation or experts)
        [embedding] the embedding
        [final-norm] the last norm
       *[logits] the logits
    } in another way than the base's config says
detail-other-keys = keys that the model does not have so: { LIST($names, shown: 5) }
detail-other-packing-config = config.json does not say load_in_4bit, so that a loader builds other layers than the packed weights need
detail-other-shape = { $tensor }: { SHAPE($held) } where base and adapter have { SHAPE($expected) }
detail-other-strength = { $names-count } of { COUNT($wrong-count, one: "wrong target", other: "wrong targets") }: the values are not what base and adapter give but { $factor } times their change{ $strength ->
        [none] {""}
       *[other] , as if merged at strength { $strength }
    }: { LIST($names, shown: 3) }
detail-other-task = config.json says { $class }, but { $adapter } was trained for { $task }
detail-packed-plain = { COUNT($names-count, one: "tensor is", other: "tensors are") } packed where a loader has a plain layer, so that the folder does not load: { LIST($names, shown: 3) }
detail-packing-note = { $note }
detail-plain-packed = { COUNT($names-count, one: "tensor is", other: "tensors are") } plain where a loader has a packed layer: { LIST($names, shown: 3) }
detail-remote-code = { $place } loads code from the repository `{ $repository }`
detail-sealed-and-gone = { $file } is sealed, but not in the folder
detail-sealed-and-other = { $file } is not what was sealed
detail-still-names = { $place } still names `{ $text }`; loaders ignore it
detail-still-packed = the weights are packed ({ $method }): { COUNT($tensor-count, one: "tensor is", other: "tensors are") } compared as what their codes stand for; loaders need the library that packed them
detail-survival = { $value }
detail-text-names = { $file } names `{ $path }`
detail-total-size = the index says total_size { COUNT($stated) }, the tensors have { COUNT($held) } bytes
detail-truncated = { $file } is truncated: { BYTES($held-bytes) } of { BYTES($whole-bytes) }
detail-turned-over = { COUNT($names-count, one: "target holds", other: "targets hold") } the change in the other order of dimensions, which nothing known about the class excludes: { LIST($names, shown: 3) }
detail-undecided-orientation =
    { COUNT($names-count, one: "target is", other: "targets are") } square and of an unknown class, so only the adapter's fan_in_fan_out says how { $names-count ->
        [1] it is
       *[other] they are
    } stored: { LIST($names, shown: 3) }
detail-unequal-tie = config.json ties { $tensor } to { $other }, but they hold different values
detail-unknown-tensors = { COUNT($names-count, one: "tensor", other: "tensors") } of no model like this: { LIST($names, shown: 3) }
detail-unmerged = { $file }: { COUNT($names-count, one: "target holds", other: "targets hold") } not what base and adapter give but the base's values, as if the adapter was never merged: { LIST($names, shown: 3) }
detail-unread-tensors = { COUNT($names-count, one: "tensor is", other: "tensors are") } no part of the model that config.json describes: { LIST($names, shown: 3) }
detail-unread-weights = { $file } in the adapter's folder cannot be read, so what it holds was not looked for
detail-unreadable-config = { $file } cannot be read
detail-untied-and-gone = config.json gives embedding and output head a tensor each, but { $tensor } is missing
detail-unused-weights = { $file } ({ BYTES($byte-count) }) is not part of the model
detail-vocabulary-size = config.json says vocab_size { COUNT($configured) }, { $tensor } has { COUNT($rows) } rows
detail-wrong-values = { $value }

device-cpu = CPU, { COUNT($thread-count, one: "thread", other: "threads") }, { $level }
device-named = { $value }

device-need-storage-buffers = storage buffers
device-need-workgroup-bytes = bytes of workgroup memory
device-need-workgroup-threads = threads in a workgroup

device-reason-cpu-asked = CPU: as asked
device-reason-cpu-faster = CPU: { FIXED($cpu-tile-ms, digits: 1) } ms a tile, { $gpu } { FIXED($gpu-tile-ms, digits: 1) } ms
device-reason-gpu-asked =
    { $gpu }: as asked{ $is-software ->
        [yes] {" "}(it computes on the CPU, slower than the CPU itself does)
       *[no] {""}
    }
device-reason-gpu-faster = { $gpu }: { FIXED($gpu-tile-ms, digits: 1) } ms a tile, CPU { FIXED($cpu-tile-ms, digits: 1) } ms
device-reason-no-gpu = CPU: no GPU with a driver was found
device-reason-no-gpu-support = CPU: this build has no GPU support
device-reason-nothing-to-try = CPU: { $value }
device-reason-only-software = CPU: no GPU but a software renderer ({ $name }) was found
device-reason-stochastic-on-cpu =
    { $is-gpu-asked ->
        [yes] CPU: a GPU was asked for, but stochastic rounding is computed on the CPU
       *[no] CPU: stochastic rounding is computed on the CPU
    }
device-reason-trial-failed = CPU: the GPU failed its trial ({ $error })

diagnosis-applied-in-part = the adapter was not applied to { $unmerged-count } of { COUNT($target-count, one: "target", other: "targets") }
diagnosis-changed-elsewhere = { COUNT($tensor-count, one: "tensor", other: "tensors") } changed that the adapter does not change
diagnosis-never-applied = the adapter was never applied
diagnosis-not-merged = the adapter lies beside the weights and was not merged into them
diagnosis-other-strength = merged at strength { FIXED($strength, digits: 2) }
diagnosis-other-values = { $wrong-count } of { COUNT($target-count, one: "target", other: "targets") } hold other values than base and adapter give
diagnosis-trained-on = merged into the base as its trainer saw it ({ $quantization }), and judged by the plain one: `--as-trained { $quantization }` judges by the other

eval-verdict-absent = it predicts as the base does: the adapter is effectively absent
eval-verdict-better = it predicts { LIST($texts, last: " and ") } better than the base
eval-verdict-mixed = it predicts { LIST($better, last: " and ") } better than the base, and { LIST($worse, last: " and ") } worse
eval-verdict-not-the-merge = it does not predict as base + adapter does
eval-verdict-other-tokens = it cuts texts into other tokens than the base, so only bits per byte compare
eval-verdict-too-little-text = the texts are too short to tell it from the base
eval-verdict-within-chance = it predicts as well as the base, within chance
eval-verdict-worse = it predicts { LIST($texts, last: " and ") } worse than the base, and no text better

evidence-differing = { COUNT($changed-count) } of { COUNT($tensor-count, one: "tensor", other: "tensors") } differ from the base; which of them should, only the adapter can tell
evidence-encoded = { $equal-count } of { $target-count } targets recomputed and as near as a fresh encoding ({ PERCENT($exact-share, digits: 3) } of { COUNT($block-count) } blocks bit-exact); { $unchanged-count } of { $other-count } others equal the encoded base
evidence-held =
    { COUNT($tensor-count, one: "tensor", other: "tensors") }, { COUNT($parameter-count) } parameters, { BYTES($byte-count) } in { COUNT($file-count, one: "file", other: "files") }{ $unlisted-class ->
        [none] {""}
       *[other] ; not evaluated: the names that { $unlisted-class } looks for, of which there is no list
    }
evidence-inside = { COUNT($value-count, one: "value", other: "values") } in { COUNT($config-count, one: "config", other: "configs") } and { COUNT($file-count, one: "file", other: "files") }: nothing points outside
evidence-loaded =
    loaded { $unconfined ->
        [none] in a process that the kernel lets open this folder and nothing else (Landlock)
       *[other] in a process of its own, watched but not confined ({ $unconfined })
    }: { COUNT($file-count, one: "file", other: "files") } opened, { COUNT($tensor-count, one: "tensor", other: "tensors") } read, { $predicted }
evidence-needs-reference = needs base and adapter to compare with
evidence-not-loaded =
    it does not load { $unconfined ->
        [none] in a process that the kernel lets open this folder and nothing else (Landlock)
       *[other] in a process of its own, watched but not confined ({ $unconfined })
    }
evidence-outside = something points outside
evidence-recomputed = { $value }
evidence-seal-broken = the seal is broken
evidence-seal-differs = { $differing-count } of { COUNT($file-count, one: "sealed file", other: "sealed files") } differ
evidence-seal-holds = { COUNT($file-count, one: "file", other: "files") } with the SHA-256 of SHA256SUMS
evidence-unreadable = { $error }
evidence-values-read = { COUNT($value-count) } values read
evidence-whole-tensors = { COUNT($tensor-count, one: "whole tensor", other: "whole tensors") } of the adapter's folder looked for by value

expected-shape-exact = { SHAPE($value) }
expected-shape-input-features = { $value } input features
expected-shape-matrix-from = a matrix of { COUNT($value) } elements or more
expected-shape-matrix-inputs = a matrix with { COUNT($value) } input features
expected-shape-matrix-inputs-multiple = a matrix with a multiple of { $value } input features
expected-shape-matrix-outputs-multiple = a matrix with a multiple of { $value } output features
expected-shape-matrix-shorter-side = a matrix whose shorter side is { $value }
expected-shape-matrix-sides = a matrix with { COUNT($value) } rows and columns together
expected-shape-output-features = { $value } output features
expected-shape-rows-from = { $rows } or more × { $columns }

export-note-blank-before = { $is-first-only ->
        [yes] this tokenizer puts a blank before the first word of a text only, llama.cpp also before what follows a special token, and one more before a text that begins with a blank
       *[no] this tokenizer puts a blank before a text that begins with none, llama.cpp before every text
    }: such texts get other tokens
export-note-blank-tokens = llama.cpp takes these added tokens for blanks wherever a text has them, before it merges anything, this tokenizer for the character ▁: { LIST($tokens, shown: 4) }; texts with blanks in a row may get other tokens
export-note-cap-for-none = the attention scores of this model have no cap, and llama.cpp knows no Gemma 2 without: the file has a cap of { $cap }, which leaves a score of 50 as it is to four digits
export-note-left-out = { COUNT($tensors-count, one: "tensor is", other: "tensors are") } no part of a text model in llama.cpp and left out: { LIST($tensors, shown: 4) }
export-note-long-rotations = llama.cpp takes the long rotations when its context exceeds { $original } tokens, transformers when the text does: short texts get other numbers in a long context
export-note-not-composed = llama.cpp does not compose characters (NFC) as this tokenizer does: text with accents written apart from their letters gets other tokens; compose it first
export-note-no-window = llama.cpp has no sliding window for this model: texts of more than { $window } tokens (up to { $context }) are seen whole
export-note-other-types = { $count } of { $total } weights have rows that are no whole blocks of { $file-type } and get a larger type
export-note-token-flags = llama.cpp knows no flags of added tokens: blanks and words around { $tokens-count } of them may be cut otherwise: { LIST($tokens, shown: 4) }
export-note-tokens-without-row = { COUNT($tokens-count, one: "added token has", other: "added tokens have") } no row of the embedding and { $tokens-count ->
        [1] is
       *[other] are
    } left out: { LIST($tokens, shown: 4) }

float-dtype-bf16 = bf16
float-dtype-f16 = float16
float-dtype-f32 = float32

found-in-hub-cache = the Hugging Face cache
found-in-named-path = the path that the adapter names
found-in-neighbour = a folder of that name beside the adapter

job-warning-base-not-finite = { $tensor } holds NaN or infinity in the base; it is passed on
job-warning-device-lost = { $device } stopped answering; the rest is computed on the CPU
job-warning-other-tokens = { $model } cuts the texts into other tokens than { $first }: only bits per byte can be compared
job-warning-unread-tensors = { $model }: { COUNT($names-count, one: "tensor", other: "tensors") } of the folder are not part of the model ({ LIST($names, shown: 3) })
job-warning-untrained = { $adapter }: { COUNT($modules-count) } of { COUNT($target-count, one: "target", other: "targets") } change nothing, as before training: { LIST($modules, shown: 4) }
job-warning-window-over-context = { $model }: the window of { COUNT($window) } tokens is longer than the context of { COUNT($context) } that the model knows

listed = { LIST($names, $most) }

misfit-reason-clashing = { $value }
misfit-reason-orphaned = { $value }

misjudged-applied-twice = { $tensor }: one update is applied more than once
misjudged-experts-left-out = the update of { $module } is for { $expert-count } experts, of which { $placed-count } have a place
misjudged-left-out = { COUNT($names-count, one: "tensor", other: "tensors") } of { $adapter } { $names-count ->
        [1] is
       *[other] are
    } not merged, and no rule leaves them out: { LIST($names, shown: 3) }
misjudged-left-tied = { $changed } changed and { $other } did not, but the config still ties them, so that a loader gives both the same
misjudged-other-embedding = { $tensor } shares { $embedding } in the base, but its values are taken from elsewhere
misjudged-other-expert = the update of { $module } is laid on the wrong expert or rows of { $tensor }
misjudged-other-factor = { $tensor } is taken times { FIXED($taken, digits: 6) }, but between the base's config and the merged one its class makes of it { FIXED($expected, digits: 6) } times what it was
misjudged-other-head = the output head is taken to be { $tensor }, but a loader looks for { $head }
misjudged-other-order = { $tensor }: the adapters' updates do not follow each other in the order of the adapters
misjudged-other-orientation =
    { $taken-id ->
        [orientation-out-in] { $tensor } is taken as (out, in), but its class stores it as (in, out)
       *[orientation-in-out] { $tensor } is taken as (in, out), but its class stores it as (out, in)
    }
misjudged-other-place =
    { $expected ->
        [none] the update of { $module } is taken to be for { $tensor }, which is another module's
       *[other] the update of { $module } is taken to be for { $tensor }, but that module's tensor is { $expected }
    }
misjudged-rows-left-out = { $tensor } shares { $embedding } in the base, whose new rows of tokens lie beneath what training changed of it, but they are left out there
misjudged-set-aside = { $tensor } of { $adapter } is left out by a rule that does not hold for it

misplaced =
    { LIST($names) }: { $reason }{ $nearest-count ->
        [0] {""}
       *[other] {" "}(nearest: { LIST($nearest) })
    }

name-variant =
    { $words-count ->
        [0] the plain model
       *[other] the { LIST($words, joint: " ") } variant
    }

needs-transformers5-names = with these names, only transformers 5 or later loads both
needs-transformers5-own-embeddings = load the merged model with transformers 5 or later: releases before it build encoder and decoder on one embedding, and without a word they load another model than was trained

not-opened-computes-wrongly = its driver computes wrongly: { $different-count } of { $element-count } test values differ from the CPU's
not-opened-no-answer = it gave no answer within { $timeout-secs } s
not-opened-refused = { $said }
not-opened-too-small = it offers { $has } { $what }, the merge needs { $needed }

note-also-read = { $file } lies beside the adapter's own weights; its { COUNT($tensor-count, one: "tensor is", other: "tensors are") } read as a part of it
note-float8 = { COUNT($tensor-count, one: "tensor", other: "tensors") } stored as { $dtype }, every value of which is read exactly
note-full-weights = a full model lies in the adapter's folder ({ LIST($files, shown: 4) }) and stays out: the merge is base plus adapter. Is it the model that the adapter was trained on? Then give it as the base. Is it the merge already, or was it trained whole? Then it needs no merge
note-mlx-alpha-ignored = its config names an alpha too, which mlx-lm multiplied into the scale until June 2024 and ignores since; scale { $scale } is taken as it stands
note-mlx-scale = an mlx-lm adapter: scale { $scale } read as lora_alpha { $alpha } on rank { $rank }
note-not-read = its folder holds weights that are not read as a part of it: { LIST($files, shown: 4) }
note-other-form = its folder holds its weights in another form too ({ LIST($files, shown: 4) }), which loaders pass over and so does this merge
note-output-projection-once = the change of MultiheadAttention's output projection counts once: the adapter is from a later PEFT than 0.21.2, up to which it counted twice
note-output-projection-twice = the change of MultiheadAttention's output projection counts twice, as PEFT 0.15 to 0.21.2 did in training and in merges
note-read-from-text = its config has { LIST($keys) } as text; they are read as the numbers or flags that they spell

nothing-to-try-no-update = this merge copies and converts, which leaves a GPU nothing to compute
nothing-to-try-not-low-rank = the adapter's method is not a low-rank update, which is what a GPU computes
nothing-to-try-output-dtype = its output dtype is not computed on a GPU
nothing-to-try-too-small = a merge this small is over before a GPU is ready

orientation-in-out = (in, out)
orientation-out-in = (out, in)

orphan-reason-experts-in-one-tensor = the base keeps all experts in one tensor, { $tensor }
orphan-reason-fused-in-base = the base has this matrix as a part of { $fused }: it was converted, or the adapter was made with another implementation of the model
orphan-reason-multihead-attention = this is PyTorch's MultiheadAttention, whose two projections PEFT adapts together and with plain LoRA only
orphan-reason-no-such-module = the base has no such module
orphan-reason-no-such-parameter = the base has the module, but no { $parameter } in it
orphan-reason-other-part =
    { $base-is-multimodal ->
        [yes] these keys go through `{ $segment }`, a part that this base does not have
       *[no] these keys go through `{ $segment }`: the adapter is for the multimodal model, the base is the text-only one
    }
orphan-reason-split-in-base = the base has { LIST($parts) } in place of this matrix: it was converted, or the adapter was made with another implementation of the model
orphan-reason-tied-head = the base's output head shares the embedding's tensor, and which of its embeddings that is cannot be told
orphan-reason-too-few-layers = the base has only { $layer-count } layers: it is a smaller model than the one trained on
orphan-reason-unknown-factor = a tensor that is unknown to the adapter's method

other-texts =
    on the other { $count ->
        [2] two
        [3] three
       *[other] { $count }
    } (by { CHANGE($least, tiny: "less than 0.01 %") } to { CHANGE($most, tiny: "less than 0.01 %") })

packed-survival = NF4 keeps { PERCENT($gain, digits: 0) } of this adapter's change: { PERCENT($moved-share, digits: 2) } of the target codes move, and packing moves the weights { FIXED($noise, digits: 1) } times as far as the adapter does

perplexity-change =
    { $text } { $change } ({ $low ->
        [none] too short for an interval
       *[other] { $low } to { $high }
    })

perplexity-story = Merged against base on the same tokens, with the 95 % interval: { LIST($changes) }.

policy-count = { $policy } ({ $target-count })

predicted-nothing = nothing predicted
predicted-only-read =
    { $fault ->
        [none] not evaluated: { $reason }
       *[other] not evaluated: { $fault-what }
    }
predicted-probe-too-short = not evaluated: the tokenizer makes { COUNT($token-count, one: "token", other: "tokens") } of the text that it is tried with
predicted-tokens = { COUNT($count, one: "token", other: "tokens") } predicted, { FIXED($mean-nll, digits: 3) } nats each

prefix-sentence-put = `{ $to }` is put before every module path
prefix-sentence-replaced = `{ $from }` becomes `{ $to }` in every module path
prefix-sentence-taken = `{ $from }` is taken from every module path

preflight-check-adapter-fits = { $placed-count } of { $tensor-count } adapter tensors land on { COUNT($target-count, one: "base tensor", other: "base tensors") }
    .title = Adapter fits
preflight-check-disk-has-room =
    { $free-bytes ->
        [none] { BYTES($byte-count) } to write; free space unknown on this system
       *[other] { BYTES($byte-count) } to write, { BYTES($free-bytes) } free
    }
    .title = Disk has room
preflight-check-folder-is-writable = files can be made beside the output
    .title = Folder is writable
preflight-check-output-is-free =
    { $is-new ->
        [yes] a new folder
       *[no] an empty folder
    }
    .title = Output is free

protocol = float32; the tokenizer's own BOS once, never scored; windows of { $window } tokens, { $stride } apart; each token scored once; perplexity pooled over tokens

question-alone = Stands alone
question-changed-targets = Changed exactly the targets
question-complete = Complete
question-differs-from-base = Differences from the base
question-finite = Finite
question-independent = Independent of the base
question-nothing-left-out = Nothing trained left out
question-sealed = Sealed

recomputed =
    { $equal-count } of { $target-count } targets recomputed and equal ({ PERCENT($exact-share, digits: 3) } of { COUNT($value-count) } values bit-exact, { $has-codes ->
        [yes] the rest by the last bit, or by the code or scale beside it where float32 decides
       *[no] the rest by the last bit
    }{ $policies-count ->
        [0] {""}
       *[other] ; { LIST($policies) }
    }){ $gain ->
        [none] {""}
       *[other] ; { PERCENT($gain, digits: 1) } of the change asked for is stored
    }; { $unchanged-count } of { $other-count } others equal the base

refused-token = its { $key } `{ $token }` is not taken over: { $reason }

replaced-tensor =
    { $old-shape ->
        [none] { $name }
       *[other] { $name } ({ SHAPE($old-shape) } becomes { SHAPE($new-shape) })
    }

rounding-policy-base-first = base rounded first
rounding-policy-both-first = base and Δ rounded first
rounding-policy-delta-first = Δ rounded first
rounding-policy-in-halves = Δ added in halves
rounding-policy-in-own-dtype = computed in the weight's dtype
rounding-policy-once = one rounding
rounding-policy-packed = one rounding, then NF4's codes
rounding-policy-stochastic = stochastic rounding

run-event-device-chosen = { $value }
run-event-tensor-done = { $value }
run-event-tiles-counted = { $value }
run-event-warned = { $value }

set-aside-rule-never-run = no forward pass runs this module, which only lends its weight to encoder and decoder, so nothing was trained through it
set-aside-rule-recomputed = a buffer that the model's class computes by itself
set-aside-rule-second-copy = a second copy of a module that is saved whole
set-aside-rule-stays-tied = it says the same as the input embedding's, with which it shares one tensor
set-aside-rule-training-only = used in training only (VeLoRA, Monteclora)
set-aside-rule-untrained-copy = the untrained copy that PEFT keeps of a module it saves
set-aside-rule-value-head = the value head of a reward training, for which the base has no place

share-of-change = { CHANGE($share, tiny: "less than 0.01 %") } of the change of { $model }

signed-change = { $text } ({ CHANGE($ratio, tiny: "less than 0.01 %", sign: "always") })

size-change-as-large = As large as the base.
size-change-half = Half the size of the base.
size-change-larger = { PERCENT($part) } larger than the base.
size-change-smaller = { PERCENT($part) } smaller than the base.

size-sentence-bf16-in-f32 = { COUNT($tensor-count, one: "tensor", other: "tensors") } of the base ({ BYTES($byte-count) }) are stored as float32, but the low 16 bits of every value are zero: these are bfloat16 values, which half the bytes would hold
size-sentence-duplicate-formats = the folder also holds weights that no loader takes beside these: { LIST($names, shown: 3) } ({ BYTES($byte-count) })
size-sentence-other-share =
    the same { COUNT($weight-count) } weights, { $to-bits } bits each in place of { $from-bits }: { $share ->
        [half] half the file
        [double] twice the file
       *[other] { $share } % of the file
    } ({ BYTES($from-bytes) } → { BYTES($to-bytes) }); nothing was pruned, and merging added 0 bytes
size-sentence-other-weights = { COUNT($to-count) } weights in place of { COUNT($from-count) }
size-sentence-quantised =
    { COUNT($packed-count) } weights are packed in { $packed-bits } bits each ({ BYTES($packed-bytes) }); quantisation left { LIST($components, joint: " and ") } alone: { COUNT($rest-count) } weights in { $rest-dtype }, { BYTES($rest-bytes) }, which are { PERCENT($rest-share, digits: 1) } of the file{ $bytes-with-bf16-rest ->
        [none] {""}
       *[other] ; with that in bfloat16 it would shrink from { BYTES($byte-count) } to { BYTES($bytes-with-bf16-rest) }
    }
size-sentence-same-share = the same { COUNT($weight-count) } weights, { $bits } bits each as before: the file keeps its size; nothing was pruned, and merging added 0 bytes
size-sentence-total = { COUNT($weight-count) } weights of { $bits } bits each are { BYTES($byte-count) } (`du -h` says { $du })
size-sentence-training-state = the folder also holds what a training left, which no model needs: { LIST($names, shown: 3) } ({ BYTES($byte-count) })
size-sentence-vocabulary =
    the vocabulary has { COUNT($to-rows) } rows in place of { COUNT($from-rows) }: { COUNT($weight-count) } weights { $has-grown ->
        [yes] more
       *[no] fewer
    }, { BYTES($byte-count) }

survival-advice =
    { $dtype } keeps { PERCENT($gain, digits: 0) } of this adapter: { $dtype-id ->
        [float-dtype-f32] its updates are smaller than any dtype can hold
       *[other] { $better-count ->
            [0] round stochastically
           *[other] write { LIST($better, joint: " or ") }, or round stochastically
        }
    }

survival-sentence = { $dtype } keeps about { PERCENT($gain, digits: 0) } of this adapter; about { PERCENT($changed-share, digits: 1) } of the target values change

text-change = by { CHANGE($ratio, tiny: "less than 0.01 %") } on { $text }

tile-count = { COUNT($gpu-count, one: "tile", other: "tiles") } on the GPU, { COUNT($cpu-count) } on the CPU

token-change =
    { $old ->
        [none] { $key } to `{ $new }`
       *[other] { $key } from `{ $old }` to `{ $new }`
    }

token-refusal-beyond-rows = its id { COUNT($id) } has no row in the embedding, which has { COUNT($row-count) }
token-refusal-not-in-vocabulary = the merged model's vocabulary has no such token
token-refusal-said-otherwise = an adapter before it names another

tokenizer-fault-broken = tokenizer.json is not whole: { $said }
tokenizer-fault-no-vocabulary = tokenizer.json has no vocabulary
tokenizer-fault-unreadable = tokenizer.json: { $said }

tokenizer-reason-adapter =
    { $has-own-template ->
        [yes] { $added-count ->
            [0] it has a chat template of its own
           *[other] it adds { LIST($added, shown: 4) } and it has a chat template of its own
        }
       *[no] it adds { LIST($added, shown: 4) }
    }
tokenizer-reason-adapter-brings-none = the adapter brings none
tokenizer-reason-base-brings-none = the base brings none
tokenizer-reason-nobody-brings-one = neither the base nor the adapter brings one
tokenizer-reason-nothing-new = the adapter's adds no token and has the same chat template

tokenizer-sentence = { $source }: { $reason }

tokenizer-source-both = the { $owner }'s tokenizer and chat template
tokenizer-source-each = the { $tokenizer }'s tokenizer, the { $template }'s chat template
tokenizer-source-nobody = no tokenizer
tokenizer-source-only-template = no tokenizer, the { $template }'s chat template
tokenizer-source-only-tokenizer = the { $tokenizer }'s tokenizer, no chat template

twin =
    { $is-packed ->
        [yes] the packed base that training saw,
       *[no] the 16-bit original of this base,
    } `{ $name }`, { $found-in ->
        [none] is not on this machine, and nothing is downloaded
       *[other] lies in { $found-in }
    }

unconfined-no-landlock = this kernel has no Landlock, or it is switched off
unconfined-other-system = this system cannot confine a process
unconfined-refused = Landlock refused: { $said }

warning-added = the base has no { LIST($names, shown: 4) }; the adapter's is added, and only a class with such a layer loads it
warning-already-merged = { $adapter }: the base holds this adapter's change already, { PERCENT($share, digits: 0) } of it in all { COUNT($tensor-count, one: "tensor", other: "tensors") } that were looked at: it seems to be a merge of this very adapter, and another merge would add the change again
warning-base-adapter = the base's folder holds an adapter of its own (adapter_config.json), which transformers loads with the base; it stays out of the merge, unless the folder is given as an adapter too
warning-contradiction = { $adapter }: { $found }
warning-left-out = { LIST($names, shown: 4) } of the base is left out, because { $class } has no such layer
warning-made-anew = { LIST($names, shown: 4) } of { $class } is in neither the base nor the adapter: every load makes it anew at random, and predictions differ from training's; train with it in `modules_to_save`
warning-missing-code =
    { $repository ->
        [none] { $file } needs { $code } (auto_map), which is not in the base's folder; put it into the merged one
       *[other] { $file } needs { $code } of the repository `{ $repository }` (auto_map), so the merged folder does not stand alone
    }
warning-noted = { $adapter }: { $note }
warning-dequantised = the base is packed ({ $method }): { COUNT($tensor-count, one: "tensor is", other: "tensors are") } unpacked to { $dtype }, { BYTES($packed-bytes) } become { BYTES($byte-count) }; { $is-packed-again ->
        [yes] what is merged is packed again, as NF4
       *[no] the output is not quantised
    }
warning-olora = { $adapter }: OLoRA trained on a base that its init had changed; that base is computed anew from this one, which must be the original
warning-open-experts = { $adapter }: PEFT takes the dimensions of these experts in another order under transformers 4 than under transformers 5, their matrices are square, and the adapter does not say which it was trained with; merged as one of transformers 5, so that one of transformers 4 would come out wrong: { LIST($tensors, shown: 4) }
warning-packed = { $note }
warning-packed-as-trained = base quantised to NF4 (block { $block }{ $is-double ->
        [yes] , double
       *[no] {""}
    }) in the stream, as the adapter's trainer saw it: { COUNT($tensor-count, one: "tensor", other: "tensors") }, each from its own { $dtype } values; { $is-packed-again ->
        [yes] what is merged is packed again, as NF4
       *[no] the output is not quantised
    }
warning-prefix = { $adapter }: { $change } to find its tensors in the base
warning-renamed = { $adapter }: { COUNT($module-count, one: "module", other: "modules") } found under the names that the base has on disk (transformers' table of names)
warning-replaced = the adapter brings { COUNT($tensors-count, one: "tensor", other: "tensors") } whole, in the place of the base's: { LIST($tensors, shown: 4) }
warning-set-aside = { $tensor } is not merged: { $rule }
warning-special-token-refused = { $adapter }: { $refused }
warning-special-tokens = { $adapter }: training changed { LIST($changes) }; tokenizer_config.json and the ids in generation_config.json and config.json take it over
warning-stated-orientation = { $adapter }: transformers does not know the model's class, so fan_in_fan_out alone says how square weights are stored, { $orientation }: { LIST($tensors, shown: 4) }
warning-stale-quantization = the base's config says that it is quantised ({ $method }), but every tensor is a plain float: the key was left behind and goes
warning-task-head =
    the adapter brings a head ({ LIST($tensors, shown: 4) }), so the merged model is a { $class }{ $label-count ->
        [none] {""}
       *[other] {" "}with { COUNT($label-count, one: "label", other: "labels") }
    }{ $renamed-count ->
        [0] {""}
       *[other] ; { COUNT($renamed-count, one: "tensor", other: "tensors") } get the names that this class has
    }
warning-tokens-beyond-rows = the tokenizer has { COUNT($token-count) } tokens, the embedding { COUNT($row-count) } rows: ids beyond it will fail
warning-unknown-keys =
    { $adapter }: adapter_config.json has { $keys-count ->
        [1] a key
       *[other] keys
    } that no PEFT release up to 0.21 writes ({ LIST($keys) }); a newer option may want another merge
warning-untied =
    { $shared } and { LIST($others, joint: " and ") } share one tensor in the base, but training took them apart; each gets its own, and tie_word_embeddings becomes false{ $head-factor ->
        [none] {""}
       *[other] ; the class scales what goes into the head by { FIXED($head-factor, digits: 6) } only while they are tied, so the head is written times that
    }{ $is-guessed ->
        [yes] ; transformers does not know the model's class, so the names are those of its like
       *[no] {""}
    }{ $needs-transformers-5 ->
        [none] {""}
       *[other] ; { $needs-transformers-5 }
    }

with-period = { $said }.

wrong-values =
    { $tensor }: { COUNT($odd-count) } of { COUNT($element-count) } values are not what base and adapter give (largest error { SCIENTIFIC($max-error, digits: 3) }){ $is-neighbour ->
        [yes] ; each is one of the two neighbours: if it was rounded stochastically, give the seed
       *[no] {""}
    }

## Errors

adapter-error-bad-config = not a valid adapter_config.json: { $problem }
adapter-error-bad-pattern = the pattern { QUOTED($pattern) } in { $key } is not a regular expression that can be read here
    .hint = replace the pattern by plain module names
adapter-error-cancelled = { $value }
adapter-error-contradiction = adapter_config.json contradicts the weights: { $problem }
    .hint = use the adapter_config.json that was saved with these weights
adapter-error-empty = the file holds no tensor
    .hint = the run saved no weights; save the adapter again
adapter-error-empty-tensors = { COUNT($tensors-count, one: "tensor", other: "tensors") } without a single element: { LIST($tensors, shown: 3) }
    .hint = the run saved placeholders (ZeRO-3 or FSDP); gather the weights before saving and save again
adapter-error-factor-shapes = the factors of { $module } do not fit together ({ $factors })
    .hint = the file mixes factors of different runs, or was edited; save the adapter again from its training
adapter-error-foreign = this is { $origin } (`{ SHORTENED($tensor) }`)
adapter-error-foreign-weights = this is { $format }
    .hint = { $format-id ->
        [foreign-format-gguf] give PEFT's own folder (adapter_config.json and adapter_model.safetensors), from which this file was converted
        [foreign-format-ggml] give PEFT's own folder (adapter_config.json and adapter_model.safetensors), from which this file was converted
        [foreign-format-lfs-pointer] { foreign-format-lfs-pointer.hint }
        [foreign-format-web-page] { foreign-format-web-page.hint }
       *[other] give PEFT's own folder (adapter_config.json and adapter_model.safetensors)
    }
adapter-error-gguf = this GGUF file cannot be opened as an adapter: { $problem }
    .hint = { $problem-id ->
        [gguf-model-error-header] the file is damaged; fetch it again, or give PEFT's own folder of the adapter
        [gguf-model-error-other-architecture] give the base model that this adapter was trained on
       *[other] give PEFT's own folder (adapter_config.json and adapter_model.safetensors), from which this file was converted
    }
adapter-error-index-outside = { $tensor } holds the index { $index }, which must lie below { $limit }
    .hint = the file is damaged or was trained on a model of another size; save the adapter again
adapter-error-io = { $value }
adapter-error-is-model = this folder holds a full model, not an adapter
    .hint = give the base model first and the adapter second; a model that was fine-tuned whole needs no merge
adapter-error-missing = there is no such folder
    .hint = check the path
adapter-error-missing-key = adapter_config.json does not say { $key }
    .hint = take the number from the training run; guessing it would scale every change wrongly
adapter-error-no-config = there is no adapter_config.json in this folder
    .hint = { $subfolders-count ->
        [0] give the folder that holds adapter_config.json and adapter_model.safetensors
       *[other] adapters lie below it, name one: { LIST($subfolders, shown: 4) }
    }
adapter-error-no-direction = { $tensor } holds a direction without length, or one that follows from the others
    .hint = such a reflection is undefined, PEFT makes NaN or noise of it; use another checkpoint
adapter-error-no-effect = every update in this adapter is zero, so a merge would be the base again
    .hint = these are the weights from before training; save the adapter again after it
adapter-error-no-method = adapter_config.json names no method (peft_type){ $peft-type ->
        [none] {""}
       *[other] , and the weights beside it look like { $peft-type }
    }
    .hint = use the adapter_config.json that PEFT saved with these weights
adapter-error-no-weights = there is no adapter_model.safetensors (or .bin) in this folder
    .hint = download the adapter again with its weights
adapter-error-non-finite = { COUNT($tensors-count, one: "tensor holds", other: "tensors hold") } NaN or infinity: { LIST($tensors, shown: 3) }
    .hint = the training diverged or the file is damaged; use an earlier checkpoint
adapter-error-not-a-folder = this is a file, not an adapter folder
    .hint = give the folder that holds adapter_config.json
adapter-error-only-full-weights = there are no adapter weights in this folder, but those of a full model ({ $file })
    .hint = a model that was merged or trained whole needs no merge: use it as it is, or as a base
adapter-error-packed-weights = { $tensor } is { $dtype }, which cannot be read as numbers here
    .hint = use the adapter as it was trained, in float; its own factors are packed or quantised here
adapter-error-rank-mismatch = { $module } has rank { $stored }, its config says { $configured }, so its scale is unknown
    .hint = use the adapter_config.json that was saved with these weights
adapter-error-saved-twice = two files of the adapter hold { $tensor } ({ LIST($files, joint: " and ") }), and which counts is not said
    .hint = keep the file that training ended with, and take the other out of the folder
adapter-error-several-adapters = the file holds more than one adapter ({ LIST($names, joint: " and ") })
    .hint = save each adapter to its own folder with PEFT's `save_pretrained`
adapter-error-shards-missing = { COUNT($missing-count, one: "shard of the adapter is", other: "shards of the adapter are") } not in the folder: { LIST($missing, shown: 4) }
    .hint = the download is incomplete; fetch the missing shards
adapter-error-unpaired = { $module } has factors, but no { $absent }
    .hint = the adapter was saved incompletely; save it again
adapter-error-unread-beside = { $file } lies beside the adapter and cannot be read, so what training left in it is unknown: { $problem }
    .hint = { $problem-hint ->
        [none] take it out of the adapter's folder to merge without it
       *[other] { $problem-hint }; or take it out of the adapter's folder to merge without it
    }
adapter-error-unsupported = { $feature } is not merged by this version: { $reason }
    .hint = { $way-out }
adapter-error-weights = { $value }
adapter-error-weights-without-config = these are the weights of an adapter ({ $peft-type }) without the adapter_config.json that says their scale
    .hint = fetch adapter_config.json from where these weights came from; its lora_alpha or alpha is nowhere else

adapter-kind-discrete = discrete
adapter-kind-integrated = integrated
adapter-kind-other = other
adapter-kind-software = software

base-proof-depth = give the deeper model that the adapter was trained on
base-proof-multimodal = give the multimodal model that the adapter was trained on
base-proof-part = give the model with this part, which the adapter was trained on
base-proof-shapes = these shapes are of another model than this; give the base that the adapter was trained on

cancelled = cancelled

checkpoint-error-bad-header = the header is not valid safetensors: { $problem }
    .hint = { $problem-id ->
        [header-error-unknown-dtype] the file is newer than this program, or damaged; look for a newer version of both
       *[other] the download or copy was damaged; fetch this file again
    }
checkpoint-error-bad-json = not valid JSON: { $problem }
checkpoint-error-duplicate-tensor = two shards hold the same tensor ({ LIST($shards) }): { SHORTENED($tensor) }
    .hint = the folder mixes two sets of shards, and which copy counts depends on the loader; keep one set
checkpoint-error-empty = the checkpoint holds no tensor
    .hint = fetch the model again
checkpoint-error-foreign = this is { $format }
checkpoint-error-gguf = this GGUF file cannot be opened as a model: { $problem }
    .hint = { $problem-id ->
        [gguf-model-error-header] the file is damaged, or of a type that is not read; fetch it again, or give the original model in safetensors
        [gguf-model-error-is-adapter] give the base model's GGUF file, or PEFT's own folder of the adapter
        [gguf-model-error-several] give one of these files
        [gguf-model-error-split] join its parts with `llama-gguf-split --merge`, or give the original model in safetensors
       *[other] give the original model in safetensors, from which this file was converted
    }
checkpoint-error-header-over-limit = the header claims { BYTES($claimed) }, and no reader of the format takes more than { BYTES($limit) }
    .hint = the download or copy was damaged; fetch this file again
checkpoint-error-header-too-long = the header claims { BYTES($claimed) }, the file has { BYTES($available) }
    .hint = the download or copy was damaged; fetch this file again
checkpoint-error-incomplete-snapshot = the download of this cache snapshot is not complete: { $missing-count ->
        [0] { COUNT($partial-download-count, one: "download", other: "downloads") } broken off
       *[other] { LIST($missing, shown: 4) } missing{ $partial-download-count ->
            [0] {""}
           *[other] , { COUNT($partial-download-count, one: "download", other: "downloads") } broken off
        }
    }
    .hint = download the model again; what is there already is kept
checkpoint-error-index-misplaces = the index says that { $indexed } holds { SHORTENED($tensor) }, but { $found } does
    .hint = index and shards are from different downloads; fetch both again
checkpoint-error-indexed-tensors-missing = the index names { COUNT($tensors-count, one: "tensor", other: "tensors") } that no shard holds: { LIST($tensors, shown: 4) }
    .hint = index and shards are from different downloads; fetch both again
checkpoint-error-io = { $value }
checkpoint-error-is-adapter = this folder holds an adapter, not a base model
    .hint = give the base model first and the adapter second; adapter_config.json names the base it was trained on
checkpoint-error-missing = there is no such folder
    .hint = check the path
checkpoint-error-models-below = there is no model in this folder itself
    .hint = models lie below it, name one: { LIST($subfolders, shown: 4) }
checkpoint-error-no-config = there is no config.json beside the weights, which names the architecture
    .hint = give the folder that holds config.json and the weights, or a weight file that has config.json beside it
checkpoint-error-no-header = the file is too short to be safetensors ({ $byte-count } bytes)
    .hint = the download or copy was damaged; fetch this file again
checkpoint-error-no-snapshot = the cache entry holds no complete snapshot
    .hint = download the model again; what is there already is kept
checkpoint-error-no-weights = there are no weights in this folder (looked for model.safetensors, pytorch_model.bin and their indices)
    .hint = download the model again with its weights
checkpoint-error-not-a-folder = this is a file, not a model folder
    .hint = give the folder that holds config.json and the weights, or a weight file that has config.json beside it
checkpoint-error-not-cached = this is a name on the Hugging Face Hub, and no cache of this machine holds it: { $id }
    .hint = nothing is downloaded here: fetch it with `hf download { $id }`, or give its folder
checkpoint-error-not-computed = { $tensor } cannot be computed: { $problem }
    .hint = check the adapter and the base that it is for
checkpoint-error-not-float = { $tensor } is { $dtype }, which cannot be read as numbers here
    .hint = use the original 16- or 32-bit model instead of a quantised one
checkpoint-error-packed = { $problem }
    .hint = { $problem-hint ->
        [none] these packed weights are damaged or incomplete; fetch the model again
       *[other] { $problem-hint }
    }
checkpoint-error-pickle = { $problem }
checkpoint-error-several-snapshots = the cache entry holds { COUNT($snapshots-count, one: "snapshot", other: "snapshots") } and says nothing about a main one: { LIST($snapshots, shown: 4) }
    .hint = name one of the folders below `snapshots`
checkpoint-error-shard-not-weights = the index names a shard that is no weight file: { $shard }
    .hint = an index may only name weight files in its own folder; do not use this download
checkpoint-error-shard-outside = the index names a shard outside its folder: { $shard }
    .hint = an index may only name weight files in its own folder; do not use this download
checkpoint-error-shards-missing = { $file } names { LIST($missing, shown: 4) }, not in the folder
    .hint = the download is incomplete; fetch the missing shards
checkpoint-error-trailing-bytes = the file goes on after its last tensor ({ BYTES($extra) } of unknown content)
    .hint = the download or copy was damaged; fetch this file again
checkpoint-error-truncated = the file is truncated: its header promises { BYTES($promised) } of tensors, it holds { BYTES($held) }
    .hint = the download or copy was damaged; fetch this file again

contradiction-token-rows = it lists { $id-count } token ids for { $module }, the weights have { $row-count } rows
contradiction-too-many-parameters = the weights adapt { $level } or more parameters of { $module }, target_parameters names { $named-count }

encode-error-not-finite = value { $index } is NaN or infinity
encode-error-read-only = { $name } is a type that is read and not written
encode-error-too-large = value { $index } or its block has a magnitude that half precision does not hold

eval-error-adapter = { $value }
eval-error-adapter-does-not-fit = the adapter does not fit the base: { $placed } of { COUNT($total, one: "adapter tensor", other: "adapter tensors") } have a place ({ LIST($problems, shown: 3) })
    .hint = give the base that the adapter was trained on
eval-error-adapter-method = { $method ->
        [none] this adapter
       *[other] { $method }
    } is not computed at run time, only plain LoRA on linear layers ({ $tensor })
    .hint = merge the adapter first and evaluate the merged folder
eval-error-architecture = the architecture { $architecture } is not evaluated yet (covered: { LIST($covered) })
    .hint = merging and checking work all the same; only perplexity is not computed
eval-error-bad-json-line = line { $line } is no document: { $problem }
    .hint = each line must look like {"{"}"text": "…"{"}"}
eval-error-bad-token-list = this is no JSON list of token ids: { $problem }
    .hint = the file must look like [1, 15043, 3186]
eval-error-bad-tokenizer = tokenizer.json cannot be used: { $problem }
    .hint = fetch the tokenizer files again
eval-error-bad-value = { $key } is { $value ->
        [none] { $expected-id ->
            [expected-layer-type-list] another list
           *[other] another value
        }
       *[other] { $value }
    }, not { $expected }
    .hint = config.json and weights belong to different models, or one of them was edited
eval-error-cancelled = { $value }
eval-error-checkpoint = { $value }
eval-error-compute = the model's arithmetic failed: { $value }
eval-error-empty-text = the file holds no text
    .hint = give a text of at least two tokens
eval-error-io = { $value }
eval-error-measuring-failed = the process that measures a model failed: { $said }
    .hint = perplexities are measured without it
    .cli-hint = perplexities are measured without it; give `--runs 0` to leave seconds out
eval-error-missing-key = the config lacks { $key }
    .hint = config.json and weights belong to different models, or one of them was edited
eval-error-missing-tensor = there is no tensor { $tensor }
    .hint = { $is-unmerged ->
        [yes] the folder still holds `base_layer` keys: it was saved without merging
       *[no] the weights are incomplete; fetch or merge them again
    }
eval-error-no-model = no model was given
    .hint = give at least one model folder
eval-error-no-text = no text was given
    .hint = give a text file or a list of token ids
eval-error-no-tokenizer = there is no tokenizer.json in this folder
    .hint = copy the base model's tokenizer files into the folder, or give token ids in place of a text
eval-error-not-finite = the model gives token { COUNT($position) } of { $text } no finite probability
    .hint = its weights hold NaN or infinity, or the merge overflowed; check the folder first
eval-error-not-utf8 = the file is no text in UTF-8 or CP949 (UTF-8 ends at byte { COUNT($offset) })
    .hint = save the text as UTF-8 first
eval-error-nothing-to-score = { $text } has { COUNT($token-count, one: "token", other: "tokens") }, so nothing can be scored
    .hint = the first token is never scored; give a text of at least two tokens
eval-error-plan = the merge cannot be computed: { $value }
eval-error-quantized = the weights are quantised by { $method }, which is not read here
    .hint = use the original 16- or 32-bit model of the same name
eval-error-tensor-dtype = { $tensor } is stored as { $dtype }, which is not read as numbers
    .hint = convert it to float32, float16 or bfloat16 first
eval-error-tensor-shape = { $tensor } is { SHAPE($stored) }, but the config makes it { SHAPE($configured) }
    .hint = config.json and weights belong to different models, or one of them was edited
eval-error-token-outside-vocab = { $text } has the token id { $id }, but the vocabulary has { COUNT($vocab-size, one: "token", other: "tokens") }
    .hint = the text was tokenized for another model, or the embedding was not resized
eval-error-too-few-positions = { $text } takes a window of { $window } tokens, but the model has learned only { COUNT($position-count, one: "position", other: "positions") }
    .hint = choose a window of at most as many tokens, or a shorter prompt
eval-error-trained = { $value }
eval-error-unsupported-value = { $key } is `{ $value }`, which is not evaluated yet (covered: { LIST($covered) })
    .hint = merging and checking work all the same; only perplexity is not computed
eval-error-window-too-small = a window of { COUNT($window, one: "token", other: "tokens") } leaves no token to score
    .hint = a window is at least 2 tokens; 2048 is usual

expected-activation = the name of a function
expected-at-most-expert-count = at most the number of experts
expected-even = even, which rotary positions need
expected-expert-count = a number of experts
expected-flag = true or false
expected-head-count-divisor = a divisor of num_attention_heads
expected-hidden-size-divisor = a divisor of the hidden size
expected-hidden-size-divisor-or-head-dim = a divisor of hidden_size, and head_dim is not given
expected-layer-count = a number of layers
expected-layer-type-list = a list with one layer type for each layer
expected-part-of-head = a part of each head that holds a dimension
expected-positive-count = a positive whole number below 2^31
expected-positive-number = a positive number
expected-rotary-factor-list = a list with a number for each pair of rotary dimensions

export-error-bad-json = not valid JSON: { $problem }
export-error-bad-setting = llama.cpp would not compute what the model was trained with: { $key } is { $value }
export-error-bad-tokenizer = { $file } cannot be used: { $problem }
export-error-header = no GGUF file can hold this model: { $problem }
export-error-io = { $value }
export-error-lora = a LoRA file of llama.cpp cannot hold this adapter: { $problem }
    .hint = { $problem-id ->
        [lora-problem-several] merge them instead: `lorafuse gguf BASE --adapter A --adapter B`
        [lora-problem-type] choose F32, F16, BF16 or Q8_0
       *[other] merge it instead: `lorafuse gguf BASE --adapter ADAPTER`
    }
export-error-no-setting = { $key } is missing, and llama.cpp needs it
    .hint = use the config.json that belongs to these weights
export-error-no-tensor = the model lacks what becomes { $tensor } in a GGUF file
    .hint = the download is incomplete, or the weights are of another class than config.json says
export-error-no-tokenizer = there is neither a tokenizer.json nor a tokenizer.model that this model's class reads
    .hint = put the tokenizer's files beside the weights: a GGUF file holds them too
export-error-odd-rotations = { $count } of the { $head-dim } values of a head are rotated: llama.cpp rotates pairs, and transformers turns the last one with its neighbour
    .hint = use a share of rotated values that makes an even number (partial_rotary_factor or rotary_pct in config.json)
export-error-tokenizer-kind = the tokenizer is of a kind that is not exported: { $kind }
export-error-too-many-tokens = the tokenizer has { COUNT($tokens, one: "token", other: "tokens") }, the embedding has { COUNT($rows, one: "row", other: "rows") }
    .hint = use the tokenizer that belongs to these weights
export-error-unfit-tensor = { SHORTENED($tensor) } has a shape that the config does not explain: { SHAPE($shape) }
export-error-unknown-class = models of the class { $class } are not exported to GGUF yet (covered: { LIST($covered) })
export-error-unknown-file-type = there is no type { $name } (known: { LIST($known) })
export-error-unknown-pre-tokenizer = llama.cpp is not known to cut text as this tokenizer does ({ LIST($parts, joint: ", then ") }; hash { $hash })
    .hint = a file that cuts text otherwise than the model learned would answer worse and never say why
export-error-unplaced-tensor = { SHORTENED($tensor) } has no place in llama.cpp's { $architecture }
    .hint = nothing is left out silently: merge or remove what was added to the model first
export-error-values = { SHORTENED($tensor) } cannot become { $ggml-type }: { $problem }
    .hint = { $problem-id ->
        [encode-error-too-large] use f32, or bf16, which has almost the range of f32
       *[other] the weights are damaged or training diverged
    }
export-error-weights = { $value }

feature-dora-on-olora = DoRA on OLoRA initialisation
feature-extra-vocabulary = { $file }, an adapter with a vocabulary of its own,
feature-grouped-convolution = an adapter of the convolution { $module }, which has { $group-count } groups,
feature-init = { $name } initialisation (init_lora_weights { QUOTED($init) })
feature-method = { $name } (peft_type { $peft-type })
feature-mlx = an mlx-lm adapter
feature-mlx-factor = the mlx-lm factor { $tensor } of shape { SHAPE($shape) }
feature-mlx-numpy = an mlx-lm adapter in NumPy's format (adapters.npz)
feature-mlx-run = an mlx-lm run of fine_tune_type { QUOTED($kind) }
feature-old-oft = OFT from before PEFT 0.16 (oft_r)
feature-option = { $name } ({ $key })
feature-scaled-factors = an adapter that is quantised itself ({ $tensor })
feature-setting = { $name } with { $key } { QUOTED($value) }
feature-unknown-method = the method { $name }

folder-contents-below = this folder is around { $models-count ->
        [0] { COUNT($adapters-count, one: "adapter", other: "adapters") }
       *[other] { $adapters-count ->
            [0] { COUNT($models-count, one: "model", other: "models") }
           *[other] { COUNT($models-count, one: "model", other: "models") } and { COUNT($adapters-count, one: "adapter", other: "adapters") }
        }
    }
    .hint = choose what is meant
folder-contents-file = this file is neither weights nor a config
    .hint = a model folder has config.json and its weights, an adapter folder adapter_config.json and its own
folder-contents-nothing = this folder is empty
    .hint = a merged model can go into it
folder-contents-other = this folder holds neither a model nor an adapter, but { LIST($names) }
    .hint = a model folder has config.json and its weights, an adapter folder adapter_config.json and its own

foreign-adapter-comfy-ui = a LoRA for a diffusion model, under the names of ComfyUI
    .hint = { foreign-adapter-kohya.hint }
foreign-adapter-diffusers = a LoRA for a diffusion model, under the names of diffusers
    .hint = { foreign-adapter-kohya.hint }
foreign-adapter-kohya = a LoRA for a diffusion model, in the format of kohya's sd-scripts
    .hint = this program merges language models; use it where images are made, such as ComfyUI or diffusers (`load_lora_weights`, `fuse_lora`)
foreign-adapter-lora-down-up = a LoRA in kohya's form (lora_down, lora_up, alpha), not in PEFT's
    .hint = convert it to PEFT's format with the library that trained it
foreign-adapter-megatron = a LoRA of Megatron or NeMo, under their own names
    .hint = export it to Hugging Face's format with the library that trained it (Megatron Bridge)
foreign-adapter-textual-inversion = a textual inversion for a diffusion model: embeddings, and no adapter
    .hint = { foreign-adapter-kohya.hint }
foreign-adapter-torchtune = a LoRA under torchtune's own names
    .hint = give the folder that torchtune writes beside it in PEFT's format (adapter_config.json and adapter_model.*)

foreign-format-consolidated = a model in its maker's own layout (consolidated), not in Hugging Face's
    .hint = give the same model in Hugging Face's layout (config.json and model.safetensors), or convert it with transformers
foreign-format-diffusers = a model of diffusers, which makes images, video or sound
    .hint = this program merges language models; diffusers fuses its LoRAs itself (`load_lora_weights`, then `fuse_lora`)
foreign-format-flax = a file of Flax weights
    .hint = { foreign-format-tensor-flow.hint }
foreign-format-ggml = a GGML file, llama.cpp's format before GGUF
    .hint = { foreign-format-gguf.hint }
foreign-format-gguf = a GGUF file, the format of llama.cpp and Ollama
    .hint = give the original model in safetensors, from which this file was converted; the merge can be converted again afterwards
foreign-format-lfs-pointer = a Git LFS pointer, not the file itself
    .hint = run `git lfs pull` in its folder, or download the file itself from the Hub
foreign-format-onnx = an ONNX graph
    .hint = { foreign-format-tensor-flow.hint }
foreign-format-tensor-flow = a file of TensorFlow weights
    .hint = give the same model as safetensors, or load it in transformers and write it with `save_pretrained`
foreign-format-web-page = a web page, not the file itself
    .hint = the download saved the page around the file; fetch the file itself

gguf-error-bad-alignment = it asks for an alignment of { $alignment }, which is no power of two
gguf-error-bad-bool = a truth value is { $found }
gguf-error-bad-dimensions = { SHORTENED($tensor) } has dimensions that no tensor can have: { SHAPE($dims) }
gguf-error-bad-name = the tensor name { SHORTENED($tensor) } has { BYTES($byte-count) }, ggml takes 1 to 63
gguf-error-bad-text = the text at byte { $at } is not UTF-8
gguf-error-big-endian = it is in big-endian order
gguf-error-broken-row = rows of { $columns } values of { SHORTENED($tensor) } are no whole blocks of { $block } ({ $ggml-type })
gguf-error-empty-value = { SHORTENED($key) } is empty
gguf-error-ends-early = it promises { BYTES($needed) } and holds { BYTES($held) }
gguf-error-key-twice = the key { SHORTENED($key) } stands twice
gguf-error-misplaced = { SHORTENED($tensor) } begins at byte { $offset } of the data, and the tensor before it lets it begin at { $expected }
gguf-error-name-twice = two tensors are named { SHORTENED($tensor) }
gguf-error-not-gguf = it does not begin as GGUF files do
gguf-error-too-deep = its metadata nests arrays deeper than { $most } levels
gguf-error-too-long = its header has { BYTES($needed) } or more, and none needs more than { BYTES($most) }
gguf-error-unknown-type = { SHORTENED($tensor) } is of the ggml type { $ggml-type }, which is not read
gguf-error-unknown-value-type = a value is of the type { $number }, which is none of GGUF's
gguf-error-unknown-version = it is of version { $version } of GGUF, 2 and 3 are read
gguf-error-unreadable = it cannot be read: { $problem }

gguf-file-error-bad = this is no GGUF file that can be read: { $problem }
gguf-file-error-io = { $value }

gguf-model-error-bad-key = { SHORTENED($key) } is { $value }, which does not go with the rest of the file
gguf-model-error-header = { $problem }
gguf-model-error-is-adapter = it holds a LoRA adapter
gguf-model-error-no-key = it does not say { SHORTENED($key) }
gguf-model-error-no-tensor = the tensor { SHORTENED($tensor) } is missing
gguf-model-error-not-lora = it holds an adapter of the kind { SHORTENED($kind) }, and LoRA is read
gguf-model-error-other-architecture = it is for the architecture { SHORTENED($architecture) }, and the base is { SHORTENED($base) }
gguf-model-error-other-kind = it holds no language model but { SHORTENED($kind) }
gguf-model-error-refused = { $problem }
gguf-model-error-several = the folder holds several: { LIST($files, shown: 4) }
gguf-model-error-split = it is one of { $count } parts
gguf-model-error-unfit-tensor = { SHORTENED($tensor) } has the dimensions { SHAPE($dims) }, and the metadata ask for others
gguf-model-error-unknown-architecture = the architecture { SHORTENED($architecture) } is not read (read: { LIST($covered) })
gguf-model-error-unknown-key = { SHORTENED($key) } is { $value }, and what that does to the model is not known here
gguf-model-error-unknown-tensor = the tensor { SHORTENED($tensor) } has no place in a model of this architecture

gpu-adapter = gpu:{ $index } { $name } ({ $backend }, { $kind })

header-error-gap = `{ SHORTENED($tensor) }` begins at byte { $start }, but the tensor before it ends at { $previous-end }
header-error-named-twice = two tensors are named `{ SHORTENED($tensor) }`
header-error-not-json = { $problem }
header-error-not-utf8 = it is not UTF-8 from byte { $valid-byte-count } on
header-error-overlap = `{ SHORTENED($tensor) }` begins at byte { $start }, inside of the tensor before it, which ends at { $previous-end }
header-error-partial-byte = `{ SHORTENED($tensor) }` does not fill its last byte: { SHAPE($shape) } of { $dtype }
header-error-refused = { $problem }
header-error-reversed = `{ SHORTENED($tensor) }` ends before it begins: bytes { $start } to { $end }
header-error-too-many-elements = `{ SHORTENED($tensor) }` would have more elements than a file can hold: { SHAPE($shape) }
header-error-unknown-dtype = `{ SHORTENED($tensor) }`: { $problem }
header-error-wrong-size = `{ SHORTENED($tensor) }` has { $held } bytes, { SHAPE($shape) } of { $dtype } need { $needed }

input-role-adapter = adapter
input-role-base = base

io-action-copy-side-file = copy a side file
io-action-copy-weights = copy weights
io-action-create-card = create the card
io-action-create-file = create a file
io-action-create-folder = create a folder
io-action-create-lock = create the lock
io-action-create-output = create the output folder
io-action-create-report = create the report
io-action-create-seal = create the seal
io-action-create-shard = create a shard
io-action-end-process = end a process
io-action-list-folder = list the folder
io-action-name-card = name the model card
io-action-name-config = name the config
io-action-name-output = name the output
io-action-name-seal = name the seal
io-action-name-shard = name a shard
io-action-open-file = open a file
io-action-open-lock = open the lock
io-action-open-shard = open a shard
io-action-open-side-file = open a side file
io-action-open-weights = open the weights
io-action-read-adapter-config = read the adapter's config
io-action-read-back = read back
io-action-read-back-page = read back a page
io-action-read-chat-template = read the chat template
io-action-read-config = read the config
io-action-read-file = read a file
io-action-read-generation-config = read the generation config
io-action-read-header = read the header
io-action-read-index = read the index
io-action-read-journal = read the journal
io-action-read-labels = read the labels
io-action-read-model-config = read a config of the model
io-action-read-pickle = read the pickle
io-action-read-process = read what a process says
io-action-read-seal = read the seal
io-action-read-side-text = read a text
io-action-read-size = read the size
io-action-read-text = read the text
io-action-read-time-of-change = read the time of change
io-action-read-token-ids = read the token ids
io-action-read-tokenizer = read the tokenizer
io-action-read-vocabulary = read the vocabulary
io-action-read-weights = read the weights
io-action-remove-journal = remove the journal
io-action-remove-leftovers = remove what an interrupted run left
io-action-remove-lock = remove the lock
io-action-reserve-shard = reserve space for a shard
io-action-resolve-path = resolve the path
io-action-set-shard-size = set the size of a shard
io-action-start-process = start a process
io-action-start-thread = start a thread
io-action-start-worker = start a worker thread
io-action-sync-card = write the model card to the disk
io-action-sync-folder = write the folder to the disk
io-action-sync-seal = write the seal to the disk
io-action-sync-shard = write a shard to the disk
io-action-sync-side-file = write a side file to the disk
io-action-sync-weights = write weights to the disk
io-action-wait-for-process = wait for a process
io-action-write-card = write the model card
io-action-write-journal = write the journal
io-action-write-report = write the report
io-action-write-seal = write the seal
io-action-write-side-file = write a side file
io-action-write-weights = write weights

io-error = cannot { $action }: { $source }

# The system's own words, which are English where this language is asked for.
io-already-exists = { $detail }
io-broken-pipe = { $detail }
io-file-too-large = { $detail }
    .hint = check that it is the right file; of a longer text, give a part
io-invalid-data = { $detail }
    .hint = the file is damaged; download it again
io-is-a-directory = { $detail }
io-not-a-directory = { $detail }
io-not-found = { $detail }
    .hint = check the path
io-other = { $detail }
io-out-of-memory = { $detail }
io-permission-denied = { $detail }
    .hint = check that you may read the input and write the output folder
io-quota-exceeded = { $detail }
io-read-only-filesystem = { $detail }
io-resource-busy = { $detail }
io-storage-full = { $detail }
    .hint = free some space, or write to another disk
io-timed-out = { $detail }
io-unexpected-eof = { $detail }
    .hint = the file is shorter than its header says; download it again

json-problem-empty = the file is empty
    .hint = the download or copy broke off; fetch this file again
json-problem-ends-early = it breaks off in line { $line }
    .hint = the download or copy broke off; fetch this file again
json-problem-not-an-object = it holds something else than an object in braces
    .hint = this is another file than its name says; fetch it again
json-problem-syntax = { $said }
    .hint = mend it at that place if it was edited, else fetch this file again

launch-error-fault = a fault of Lorafuse's own ended the window
    .hint = please report it; { $log ->
        [none] no log could be written
       *[other] the log is { $log }
    }
launch-error-no-display = no window can be opened: { $reason }
    .hint = run `lorafuse demo` to see the whole pipeline without a display
launch-error-no-library = no window can be opened: { $name } is missing
    .hint = install it (Debian: libxkbcommon-x11-0, libx11-6, libwayland-client0), or run `lorafuse demo`, which needs no display
launch-error-no-renderer = no renderer works here: { $reason }
    .hint = install a Vulkan or OpenGL driver (Debian: mesa-vulkan-drivers, libgl1-mesa-dri with libegl1), or run `lorafuse demo`, which needs neither
launch-error-renderer-lost = the renderer failed: { $reason }
    .hint = start again with LORAFUSE_RENDERER=glow; a merge goes on where it stopped
launch-error-unknown-renderer = `{ $name }` is no renderer
    .hint = set LORAFUSE_RENDERER to wgpu or glow, or leave it unset

lora-problem-no-place = { SHORTENED($tensor) } has no place among the factors that llama.cpp reads
lora-problem-no-scale = the factor of its changes is 0, which llama.cpp takes for 1
lora-problem-not-low-rank = { $method } changes { SHORTENED($tensor) } in a way that two factors cannot say
lora-problem-ranks = the experts in { SHORTENED($tensor) } have factors of different ranks
lora-problem-replaced = { SHORTENED($tensor) } is a whole tensor of the adapter
lora-problem-several = there are { $count } adapters
lora-problem-shared-head = { SHORTENED($tensor) } is embedding and output head in one, and llama.cpp would change both
lora-problem-type = { $file-type } is no type of factors

merge-error-adapter = { $value }
merge-error-already-sealed = the folder has a seal already
    .hint = delete that file to seal the folder anew
merge-error-bad-seal = the seal cannot be read: `{ $line }` is no line of sha256sum
    .hint = `sha256sum -c` reads the same file; seal the folder anew
merge-error-base = { $value }
merge-error-base-not-finite = { $tensor } holds { COUNT($element-count, one: "NaN or infinite value", other: "NaN or infinite values") } in the base
    .hint = the base is damaged; fetch it again
merge-error-cancelled = { $value }
merge-error-cancelled-kept = cancelled; { BYTES($byte-count) } are written and kept in { $kept-in }
    .hint = run the same merge again to go on from there, or delete that folder
merge-error-device-lost = the device stopped answering: { $device }
    .hint = run it again; if it stays, please report it
merge-error-device-not-opened = { $device } cannot be used: { $reason }
    .hint = merge on the CPU, or update the device's driver
    .cli-hint = merge on the CPU (`--device cpu`), or update the device's driver
merge-error-disk-full = the disk is too full: { BYTES($needed) } more needed, { BYTES($free) } free
    .hint = free some space, choose another disk, or write half the bytes with BF16 as the output's dtype
    .cli-hint = free some space, choose another disk, or write half the bytes with `--dtype bf16`
merge-error-export = { $value }
merge-error-file-too-large = a file of { BYTES($needed) } is more than the file system or a limit of this session takes
    .hint = choose another disk, for FAT32 takes no larger files than 4 GB, or lift the limit (`ulimit -f`)
    .cli-hint = write smaller files (`--max-shard-size 4GB` suits FAT32), choose another disk, or lift the limit (`ulimit -f`)
merge-error-in-use = another process is merging into this output
    .hint = wait for it, or choose another output
merge-error-io = { $value }
merge-error-no-gpu-support = this build computes on the CPU only
    .hint = choose the CPU, or build with the feature `gpu`
    .cli-hint = use `--device cpu`, or build with the feature `gpu`
merge-error-no-such-device = there is no device `{ $asked }`
    .hint = { $listed-count ->
        [0] no driver for Vulkan, Metal or DirectX 12 was found; merge on the CPU
       *[other] there are cpu, { LIST($listed) }
    }
    .cli-hint = { $listed-count ->
        [0] no driver for Vulkan, Metal or DirectX 12 was found; merge on the CPU (`--device cpu`)
       *[other] there are cpu, { LIST($listed) }
    }
merge-error-only-software-device = there is no GPU, only a software renderer: { LIST($listed) }
    .hint = the CPU is faster; to use the renderer nevertheless, choose it from the list of devices
    .cli-hint = the CPU is faster (`--device cpu`); to use the renderer nevertheless, name it: `--device gpu:0`
merge-error-overflow = { $tensor } does not fit into { $dtype }: { COUNT($element-count, one: "value", other: "values") } too large, the largest { $max-magnitude }
    .hint = write bfloat16 or float32 instead
    .cli-hint = write bfloat16 or float32 instead (`--dtype bf16`)
merge-error-partial-is-foreign = a folder with the name of the work in progress exists and is not ours
    .hint = move it away, or choose another output
merge-error-plan = { $value }

mismatch = { $placed-count } of { COUNT($tensor-count, one: "adapter tensor", other: "adapter tensors") } have a place{ LINES($misplaced, shown: 5) }
    .hint = { $advice }

mismatch-advice-ask-the-layer = merge it with PEFT's `merge_and_unload`, which sees the order in the model itself
mismatch-advice-files-beside = { LIST($files) } { $files-count ->
        [one] lies
       *[other] lie
    } beside the adapter's own weights; give the base that has these tensors, or take the file out of the adapter's folder to merge without it
mismatch-advice-foreign = it is { $origin }; { $origin-hint }
mismatch-advice-grown-vocabulary = save the adapter with its embedding (`save_embedding_layers=True` in PEFT), or give the base with the vocabulary that training had
mismatch-advice-keep-one-file = keep the file that training ended with, and take the other out of the folder
mismatch-advice-name-task = write the task that it was trained for into its adapter_config.json: `task_type` SEQ_CLS, TOKEN_CLS or QUESTION_ANS, or the class as `base_model_class` of `auto_mapping`
mismatch-advice-no-merged-form = keep it as an adapter at run time; it has no merged form
mismatch-advice-one-at-a-time = merge the adapters one after another, each into the result of the one before
mismatch-advice-other-base = { $proof }{ $trained-on ->
        [none] {""}
       *[other] {" "}(its config names `{ $trained-on }`)
    }
mismatch-advice-other-kind = nothing in this base has such names: the adapter is for another kind of model{ $trained-on ->
        [none] {""}
       *[other] {" "}(its config names `{ $trained-on }`)
    }
mismatch-advice-other-layout = give the model as training had it; the same matrices lie in other tensors here, and the adapter's factors fit only their own
mismatch-advice-other-library = the adapter was trained on { $class } of the library { $library }: merge it there, into such a model
mismatch-advice-other-name = give the base that the adapter was trained on: the adapter names `{ $trained-on }`, this is `{ $base }`
mismatch-advice-own-release = merge it with the library and release that it was trained with
mismatch-advice-packed-base = use the original 16- or 32-bit model of the same name
mismatch-advice-say-orientation = { $is-stated-in-out ->
        [yes] if the layer is a Linear in the model that was trained, write `"fan_in_fan_out": false` into adapter_config.json; if it is a Conv1D, merge it with PEFT's `merge_and_unload`, which asks the layer itself
       *[no] if the layer is a Conv1D in the model that was trained, write `"fan_in_fan_out": true` into adapter_config.json; if it is a Linear, merge it with PEFT's `merge_and_unload`, which asks the layer itself
    }
mismatch-advice-some-unplaced = compare these names with the model that was trained{ $trained-on ->
        [none] {""}
       *[other] {" "}(its config names `{ $trained-on }`)
    }: it has modules that this base lacks, or the file's names were changed
mismatch-advice-unknown-tie = load the base in transformers, untie it (`tie_word_embeddings=False`), save it and give that

packed-error-bad-code = { $tensor } holds a code that is no number
packed-error-bad-config = config.json says { $key }: { $said } of its packed weights, which does not go with them
packed-error-bad-scale = { $tensor } holds a scale of { $value }, of which no weight can be made
packed-error-bad-state = the quantisation state { $tensor } cannot be read: { $problem }
packed-error-contradicted = config.json says { $key }: { $said }, and { $tensor } contradicts it
packed-error-io = { $value }
packed-error-lone-table = { $table } belongs to packed weights that are not there, or are packed in another way
packed-error-missing-codes = the tables of { $tensor } are there, but its packed weights are not
packed-error-missing-table = { $tensor } is packed, and { $table }, without which it cannot be read, is missing
packed-error-missing-tables = { $tensor } is packed, and nothing that it could be read with is there
packed-error-no-group = no group of config.json's config_groups describes { $tensor } as it is packed
packed-error-no-such-group = { $tensor } puts an input into group { $group }, and there are { $count }
packed-error-not-finite = { $tensor } holds { $value }, of which no code can be made
packed-error-other-layout = config.json says { $key }: { $said } of its packed weights, a layout that only its own kernels read
    .hint = use the original 16- or 32-bit model of the same name
packed-error-none-of-method = config.json says that the weights are packed by { $method }, and not one of them is; config and weights belong to different models, or one of them was edited
packed-error-scattered = { $tensor } is packed, but its bytes do not lie one after the other
packed-error-several-states = { $tensor } has two quantisation states, and either could be the right one
packed-error-state-lacks = the quantisation state { $tensor } does not say `{ $key }`, which its tables need
packed-error-state-says = { $tensor } says { $key }: { $said }, which does not go with these weights
packed-error-unknown-code-book = { $tensor } is another code book than the one that bitsandbytes decodes with
packed-error-wrong-dtype = { $tensor } is { $dtype }, where packed weights have { $expected }
packed-error-wrong-shape = { $tensor } is { SHAPE($shape) }, where packed weights of this layout have { SHAPE($expected) }
packed-error-wrong-size = { $tensor } holds { BYTES($held) }, where its weights need { BYTES($needed) }
quantization-note-config-differs = config.json says { $key }: { $said }, and the states of the packed weights say { $found }; the states are followed
quantization-note-layout-differs = config.json says { $said } of weights that it does not name, and the shapes of { COUNT($tensor-count, one: "such weight", other: "such weights") } say { $found }; the shapes are followed
quantization-note-rounded-states = { COUNT($tensor-count, one: "packed weight says", other: "packed weights say") } float32 in a model of { $dtype }, as a merge into packed weights on a CPU leaves it; rounded to { $dtype }
quantization-note-wide-states = { COUNT($tensor-count, one: "packed weight says", other: "packed weights say") } float32, and config.json names no dtype; unpacked to float32, twice the bytes of 16 bits
quantization-note-wrapped-zeros = { COUNT($field-count, one: "zero point", other: "zero points") } of { COUNT($tensor-count, one: "weight", other: "weights") } are stored as all ones; read as 0, as GPTQModel does, where ExLlama's kernels read one more than the largest code

pickle-error-bad-key = one entry is named by { $found }, not by text
    .hint = { pickle-error-nested.hint }
pickle-error-bad-tensor = the tensor `{ $entry }` does not fit its storage: { $problem }
    .hint = { pickle-error-damaged.hint }
pickle-error-byte-order = the tensors are stored in { $order } byte order
    .hint = { pickle-error-legacy.hint }
pickle-error-damaged = data.pkl is damaged at byte { $at }: { $problem }
    .hint = the download or copy was damaged, or the file is not what it claims; fetch it again
pickle-error-duplicate-entry = the archive holds { $entry } twice
    .hint = { pickle-error-damaged.hint }
pickle-error-duplicate-tensor = two entries are named `{ $entry }`
    .hint = { pickle-error-damaged.hint }
pickle-error-ends-early = data.pkl ends in the middle of an instruction (byte { $at })
    .hint = { pickle-error-damaged.hint }
pickle-error-legacy = the file was saved by PyTorch before 1.6, in the format without a zip archive
    .hint = load it in PyTorch 1.6 or newer and `torch.save` its state dict again, or write safetensors with `save_pretrained`
pickle-error-nested = the weights are nested under `{ $key }`, beside { LIST($beside, shown: 4) }
    .hint = save the dictionary of weights alone, or write safetensors with `save_pretrained`
pickle-error-no-pickle = the archive has no data.pkl, which would name its tensors
    .hint = { pickle-error-damaged.hint }
pickle-error-no-storage = the archive has no { $entry }, which holds { $tensor }
    .hint = { pickle-error-damaged.hint }
pickle-error-not-a-state-dict = the file holds { $found }, not a state dict (a dictionary of tensors)
    .hint = { pickle-error-torch-script.hint }
pickle-error-not-a-tensor = the entry `{ $entry }` is { $found }, not a tensor
    .hint = { pickle-error-nested.hint }
pickle-error-not-an-archive = the file is no PyTorch archive: { $problem }
    .hint = { pickle-error-damaged.hint }
pickle-error-outside-file = { $entry } ({ BYTES($byte-count) }) lies beyond the end of the file
    .hint = { pickle-error-damaged.hint }
pickle-error-packed = { $entry } is compressed or encrypted inside the archive
    .hint = archives by `torch.save` are not compressed; save the state dict again with it
pickle-error-pickle-too-long = data.pkl has { BYTES($byte-count) }, more than any state dict needs
    .hint = { pickle-error-damaged.hint }
pickle-error-strided-integers = the tensor `{ $entry }` is a view that is not contiguous, of { $dtype }, which is not read as numbers
    .hint = { pickle-error-legacy.hint }
pickle-error-torch-script = the file is a TorchScript archive: a program with its weights, not a state dict
    .hint = load it where it was made and save `model.state_dict()`, best with `save_pretrained`
pickle-error-unknown-opcode = data.pkl holds the instruction { $opcode } at byte { $at }, which no state dict needs
    .hint = { pickle-error-damaged.hint }

pickled-value-dictionary = a dictionary
pickled-value-foreign-name = the name { $value }
pickled-value-list = a list
pickled-value-none = None
pickled-value-number = a number
pickled-value-object = an object of { $value }
pickled-value-storage = a storage
pickled-value-tensor = a tensor
pickled-value-text = text
pickled-value-torch-name = a name of PyTorch
pickled-value-truth = a truth value

plan-error-adapter = { $value }
plan-error-adapter-twice = one adapter was given twice, its content is that of { $adapter }
    .hint = give it once; its strength says how much of it is merged, 2 for twice its change
plan-error-bad-strength = the strength { $strength } is not a number that can scale an adapter
    .hint = 1 merges what was trained, 0.5 half of it
plan-error-bad-tokenizer = a tokenizer file is not valid JSON: { $problem }
    .hint = fetch the tokenizer files again
plan-error-base = { $value }
plan-error-base-ships-lora = the base ships LoRA layers of its own ({ LIST($adapters) }), which it applies by the kind of input, as Phi-4-multimodal does
    .hint = merge the adapter with PEFT in the model's own class, which knows these layers; of Phi-4-multimodal there is also a plain base for transformers' own class (revision refs/pr/70), with its LoRAs in folders of their own
plan-error-disk-full = the disk is too full: { BYTES($needed) } needed, { BYTES($free) } free
    .hint = { merge-error-disk-full.hint }
    .cli-hint = { merge-error-disk-full.cli-hint }
plan-error-does-not-fit = the adapter does not fit the base: { $mismatch }
plan-error-io = { $value }
plan-error-no-adapter = no adapter was given
    .hint = give at least one adapter folder
plan-error-not-writable = nothing may be written here
    .hint = choose a folder of your own, or change its permissions
plan-error-nothing-to-pack = { $class } has no layer that bitsandbytes packs
    .hint = merge without packing again: only `Linear` layers are packed, neither `Conv1D` nor embeddings
plan-error-output-exists = the output exists and is not empty
    .hint = choose another name, or empty the folder yourself; nothing is ever overwritten
plan-error-output-file-exists = there is a file already
    .hint = nothing is overwritten; give another name, or take the file away
plan-error-output-has-no-name = the output has no name of its own
    .hint = name a new folder
plan-error-output-inside-input = the output lies inside the { $role } folder
    .hint = choose a folder outside of it
plan-error-packed-by-chance = sums that are packed as NF4 cannot be rounded by chance first: the codes would round the difference away
    .hint = round to nearest, or write the weights as numbers
plan-error-partial-replacement = { $adapter } replaces { $tensor } whole, which cannot be done at strength { $strength }
    .hint = merge this adapter at strength 1
plan-error-quantized-base = the base is quantised by { $method }, { $method ->
        [bitnet] whose three values leave no room for a change
        [hqq] a layout that transformers itself no longer loads
        [eetq] in an order of bytes made for one GPU kernel
        [aqlm] by code books learned for its own weights
        [vptq] by code books learned for its own weights
        [spqr] by code books learned for its own weights
        [higgs] by code books learned for its own weights, in a rotated basis
        [exl2] in a rotated basis
        [exl3] in a rotated basis
       *[other] a layout that is not read here
    }
    .hint = use the original 16- or 32-bit model of the same name
plan-error-rounded-away = of the adapter's change, { $dtype } would keep { PERCENT($rounded-gain, digits: 0) } and NF4 behind it { PERCENT($gain, digits: 0) }: most of it is smaller than the step from one { $dtype } value to the next
    .hint = write the merged weights in 32 bits and unpacked, which keeps the change, or accept the loss
    .cli-hint = --dtype f32 in place of --requantize keeps the change; --accept-loss accepts the loss
plan-error-too-much-lost = packed as NF4, { PERCENT($gain, digits: 0) } of the adapter's change would be left: most of it is smaller than the step from one code to the next
    .hint = write the merged weights in 16 bits, which keeps the change, or accept the loss
    .cli-hint = leave --requantize out, which writes 16 bits and keeps the change, or accept the loss with --accept-loss
plan-error-trained = { $value }
plan-error-undecided-layers = for { COUNT($tensors-count, one: "matrix", other: "matrices") } of { $class } it is not known whether bitsandbytes packs them: { LIST($tensors, shown: 3) }
    .hint = merge without packing again, and let transformers pack the merged model while it loads it
plan-error-unmerged-base = the base still holds layers of an adapter that was never merged ({ COUNT($tensors-count, one: "tensor", other: "tensors") }: { LIST($tensors, shown: 3) })
    .hint = merge those layers first, in PEFT with `merge_and_unload`, or give the base from before that training

problem-check-cancelled = The checks were stopped before they were done
problem-misfit = This adapter does not fit this base: { $placed ->
        [0] none of its { $total } tensors has a place
       *[other] { $misfit } of its { $total } tensors have no place
    }
problem-no-picture = The window gave no picture of itself
problem-png-failed = The picture cannot be written as PNG: { $said }
problem-worker-lost = The worker stopped without saying why. Please report it.

refusal-reason-across-groups = its factors go across the groups, and the base's weight has no place for that
refusal-reason-approximated-base = training began from a quantised approximation of the base
refusal-reason-calibrated-base = training began from a base changed by what its calibration texts showed
refusal-reason-foreign-magnitudes = its magnitudes were taken from a base that the init had changed
refusal-reason-gradient-base = training began from a base changed by its first gradients
refusal-reason-indices-not-saved = its file does not hold the indices that say which values go where
refusal-reason-input-dependent = its effect depends on the input
refusal-reason-module-order = which of its vectors serves which module follows from the order of the model's modules, which its file does not hold
refusal-reason-needs-decomposition = it replaces singular vectors of the base, whose decomposition is not computed here
refusal-reason-needs-joint-decomposition = it rebuilds whole weights from a decomposition of the base, which is not computed here
refusal-reason-no-such-factor = no layer of mlx-lm 0.32 has such a factor
refusal-reason-not-in-peft = no PEFT release up to 0.21 has it
refusal-reason-old-blocks = its blocks are stored and composed in another way, which current PEFT does not read either
refusal-reason-own-keys-and-scale = it has its own key names and scale
refusal-reason-own-scales = its factors are numbers only together with scales, whose layout is not known here
refusal-reason-projection-not-saved = its file does not hold the projections that PyTorch's random generator drew (save_projection was false)
refusal-reason-prompt-dependent = its effect depends on the prompt
refusal-reason-prompts = it adds learned vectors to the input or to the attention's cache, and no weight can hold them
refusal-reason-repeated-layers = it makes a deeper model out of repeated layers
refusal-reason-routed-inputs = it routes every input through another mixture of its factors
refusal-reason-routed-tasks = it routes every task through another mixture of LoRAs
refusal-reason-rows-behind-vocabulary = its rows stand behind those of the base's vocabulary, as vLLM alone read them
refusal-reason-safetensors-since2024 = mlx-lm has written safetensors since 2024
refusal-reason-second-network = it runs a second network beside the base
refusal-reason-singular-values = it drops the smallest singular components of the base, whose decomposition is not computed here
refusal-reason-unknown-function = the function of that name is not known here
refusal-reason-unsaved-clusters = which outputs its blocks are for was found by clustering and is not in its file
refusal-reason-unsaved-signs = it turns singular vectors of the base, whose signs are those of the library that computed them and are not in its file
refusal-reason-weighed-per-token = it weighs several LoRAs anew for every token
refusal-reason-whole-weights = its file holds whole weights in place of low-rank factors
refusal-reason-without-largest-components = training began from a base without its largest singular components

sample-missing = the built-in sample was not found (looked in { LIST($looked) })
    .hint = set LORAFUSE_ASSETS to the folder `assets` of the repository, or install the program again

text-fault-lfs-pointer = it is a Git LFS pointer, not the file itself
    .hint = { foreign-format-lfs-pointer.hint }
text-fault-not-utf16 = it begins like UTF-16 and is not
    .hint = save it as UTF-8 if it was edited, else fetch this file again
text-fault-not-utf8 = it is not UTF-8 from byte { $valid-byte-count } on
    .hint = save it as UTF-8 if it was edited, else fetch this file again
text-fault-too-long = { BYTES($byte-count) } where at most { BYTES($limit) } are read
    .hint = check that it is the right file; of a longer text, give a part

trained-error-already-packed = the base is packed already ({ $method }), so that nothing is to be packed as its trainer did
    .hint = merge into it as it is, or into the 16-bit original as the trainer packed that
trained-error-experts = transformers 4 packs each expert of { $parameter } on its own and transformers 5 leaves them plain, and no file says which of them trained the adapter
    .hint = { trained-error-own-kind.hint }
trained-error-nothing-packed = bitsandbytes packs no weight of { $class ->
        [none] this model
       *[other] { $class }
    }
    .hint = merge into the base as it is
trained-error-other-dtype = { $tensor } is { $dtype }: trainers pack 16-bit weights, and no file says to which 16 bits this base was rounded first
    .hint = convert the base to the dtype that it was trained in, and merge into that
trained-error-own-kind = { $tensor } is of a class made from Linear: transformers 4 packs it and transformers 5 does not, and no file says which of them trained the adapter
    .hint = give the base as the trainer's library saved it packed
trained-error-unknown-tensor = it is not known whether bitsandbytes packs { $tensor } of { $class ->
        [none] a model whose class is not named
       *[other] { $class }
    }
    .hint = { trained-error-own-kind.hint }

unknown-dtype = the dtype `{ $name }` is unknown

verify-error-adapter = the adapter cannot be used: { $value }
verify-error-adapter-without-base = adapters can be verified only together with the base
    .hint = give the base too
    .cli-hint = give the base too, with `--base`
verify-error-base = the base cannot be used: { $value }
verify-error-cancelled = { $value }
verify-error-child-failed = the process that loads the folder alone failed: { $said }
verify-error-does-not-fit = adapter and base do not fit together, so there is nothing to compare with: { $misplaced ->
        [none] no tensor of the adapter has a place
       *[other] { $misplaced }
    }
    .hint = give the base and the adapters that the merge was made from
verify-error-expected = what the file should hold cannot be told: { $value }
verify-error-gguf-file = { $value }
verify-error-gguf-without-base = a GGUF file is judged against its base, and none was given
    .hint = name the base with --base, and the adapters with --adapter
verify-error-io = { $value }
verify-error-merged = the merged folder cannot be read: { $value }
verify-error-packed-base = the base is quantised by { $method }, which is not read here: nothing can be compared with it
    .hint = give the original 16- or 32-bit model of the same name
verify-error-seal = the seal cannot be checked: { $value }
verify-error-trained = { $value }
verify-error-unknown-file-type = the file’s general.file_type is none that is written here
    .hint = files of other types, and of an importance matrix, are not judged yet
verify-error-unpredictable = the merged folder predicts nothing: { $value }

way-out-build-deeper-base = build the deeper base first and merge into that
way-out-fuse-or-convert = fuse it with mlx-lm's `fuse`, or convert it to PEFT's format
way-out-fuse-whole-model = save the whole model with mlx-lm's `fuse`, which puts these weights into it
way-out-fuse-with-own-version = fuse it with the version of mlx-lm that made it
way-out-keep-as-adapter = keep it as an adapter at run time; it has no merged form
way-out-merge-or-convert = merge it with PEFT's `merge_and_unload`, or turn it into a LoRA with PEFT's `convert_to_lora`
way-out-merge-with-own-library = merge it with the library that trained it
way-out-merge-with-peft = merge it with PEFT's `merge_and_unload`
way-out-merge-with-peft015 = merge it with PEFT 0.15's `merge_and_unload`
way-out-save-as-plain-lora = save it again in PEFT with `path_initial_model_for_weight_conversion`, which makes it a plain LoRA
way-out-save-as-safetensors = load it with a newer mlx-lm and save it again as adapters.safetensors
way-out-save-in-float = save the adapter in float16, bfloat16 or float32, without quantising it
way-out-save-resized = resize the base's embeddings in transformers, put these rows at their end, and save that model as the base; take the file out of the adapter's folder then
