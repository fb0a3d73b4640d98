//! English.

use super::{
    run_event::RunEvent,
    view::{PerplexityTable, percent_change, upper_first},
    words::{Language, Words},
};
use crate::{
    adapter::ExpectedShape,
    error::listed,
    job::Current,
    merge::device::{Device, tile_sentence},
    plan::Warning,
    report::Conclusion,
    size::Component,
    units,
    verify::{Detail, Question},
};

/// The English words.
pub static ENGLISH: Words = Words {
    language: Language::English,
    language_name: "English",
    language_tooltip: "한국어로 보기",
    theme: "Theme",
    theme_tooltip: "System, light or dark",

    modules: "Modules",
    merge: "Merge",
    compare: "Compare",
    report: "Report",
    modules_tooltip: "What the adapter changes",
    merge_screen_tooltip: "The plan, and the run",
    compare_tooltip: "Size and quality of the result",
    report_tooltip: "The checks, file by file",
    modules_closed: "Opens with a base or an adapter",
    merge_closed: "Opens when base and adapter fit together",
    merge_closed_judged: "This folder was opened to be checked. To merge, enter a new folder as Output.",
    result_closed: "Opens after a merge, and for a merged folder that you check",

    base: "Base",
    adapter: "Adapter",
    output: "Output",
    base_empty: "A model folder, 1 GB or 150 GB",
    adapter_empty: "What training wrote",
    output_empty: "A new folder",
    base_expects: "config.json with safetensors weights",
    adapter_expects: "adapter_config.json with adapter_model.safetensors",
    output_expects: "or a merged model, to be checked",
    path_hint: "Drop or paste a folder path",
    path_hint_without_drops: "Paste a folder path",
    welcome_without_drops: "Browse to both folders or paste their paths: on Wayland this window gets no drops. Nothing is written until you press Merge.",
    output_hint: "Proposed once both are known",
    opening: "Reading headers…",
    new_folder: "new folder",
    does_not_open: "does not open",
    does_not_fit: "does not fit",
    writing: "writing",
    merged: "merged",
    verified: "verified",
    not_verified: "not proven",
    params: |count| format!("{count} params"),
    shards: |count| units::plural(count, "shard"),
    tensors: |count| units::plural(count, "tensor"),
    browse: "Browse…",
    browse_base_tooltip: "Choose the folder of the base model",
    browse_adapter_tooltip: "Choose the folder of the adapter",
    browse_output_tooltip: "Choose where the merged folder is made",
    path_label: |well| format!("{well} path"),

    welcome_title: "Fuse a LoRA adapter into its base, and see the proof",
    welcome_text: "Drop both folders anywhere in this window: each finds its place above. Nothing is written until you press Merge.",
    sample_title: "Start with the sample",
    built_in: "built in",
    sample_text: "A small real Llama in English and Korean, and a real adapter tuned with ORPO on Korean chat.",
    open_sample: "Try the sample",
    open_sample_tooltip: "Opens the built-in base and adapter",
    sample_promise: "Opens both. Takes no network.",
    questions_title: "The four questions it answers, and where",
    questions: [
        ("What did the adapter change?", "Every module, its shapes, and how far it moved."),
        ("Will it work without the base?", "Checked alone, file by file, with the evidence."),
        ("Why did the file get smaller?", "Bytes by component and dtype, in one sentence."),
        ("Is it as good as before?", "Perplexity on your texts, with intervals, beside the base."),
    ],

    ready: "Ready",
    drop_here: "Drop it: the folder finds its own place",
    not_a_model: "Neither a model nor an adapter folder: no config.json, adapter_config.json or weights in it",
    fits: "Adapter fits. Nothing has been written.",
    does_not_fit_status: "Merge is off until every adapter tensor has a place. Nothing has been written.",
    base_only: "The base is open. Add an adapter to see what it changes.",
    adapter_only: "The adapter is open. Add the base that it was trained on.",
    checks_passed: |count| format!("{count} of {count} checks passed. Ready to merge."),
    merging_status: "Merging. Cancel keeps what is finished for the next run.",
    cancelled_status: "Cancelled. What is finished is kept: merging again goes on from there.",
    threads: |count| format!("CPU {}", units::plural(count, "thread")),

    table: "Table",
    printed: "print(model)",
    printed_tooltip: "Both trees as PyTorch prints them",
    only_changed: "Only changed",
    filter_hint: "Filter modules",
    filter_tooltip: "Show modules whose path contains this",
    tensors_change: |changed, total| (format!("{changed} of {total}"), " tensors change".to_owned()),
    rank: "rank",
    scale: "scale",
    dtype: "dtype",
    module: "Module",
    tensors_placed: |placed, total| format!("{placed} of {total} adapter tensors placed"),
    tree_footer: |total, changed| {
        format!("{} · {changed} change · {} keep the base values", units::plural(total, "tensor"), total - changed)
    },
    no_rows: "No module matches. Clear the filter to see all.",
    changed_most: "Changed most",
    change_explained: "How far a module moves: the norm of its change Δ over the norm of its weights W; 0.1 is a tenth",
    unchanged: "unchanged",
    change_by_layer: "Change by layer",
    change_waits: "‖Δ‖ / ‖W‖ of every module stands here once the merge has read every row of W.",
    layer: "layer",
    selected_module: "Selected module",
    select_a_module: "Select a row to see its shapes, its scale and how far it moves.",
    kept_in: |dtype| format!("kept in {dtype}"),
    norm_note: "‖Δ‖ = ‖scale · BA‖, Frobenius, from the factors. Every row of W was read.",
    printed_note: "After the merge the second tree is printed exactly like the first: lora.Linear becomes Linear again.",
    printed_summary: |differing, added| {
        format!("{} differ, {} only in the second", units::plural(differing, "line"), units::count(added as u64))
    },
    printed_same: "The base alone",
    base_and_adapter: "Base + adapter",
    lines: |count| units::plural(count, "line"),
    listed: |names, most| listed(names, most),
    copy: "Copy",
    copy_base_tree: "Copy the base tree",
    copy_adapted_tree: "Copy the tree with the adapter",

    misfit_title: |misfit, total| {
        if misfit == total {
            format!("This adapter does not fit this base: none of its {total} tensors has a place")
        } else {
            format!("This adapter does not fit this base: {misfit} of its {total} tensors have no place")
        }
    },
    misfit_summary: |count| {
        format!(
            "{} no place",
            if count == 1 { "1 adapter tensor has".to_owned() } else { format!("{count} adapter tensors have") }
        )
    },
    misfit_table: "Adapter tensors without a place",
    in_the_adapter: "In the adapter",
    nearest_in_the_base: "Nearest in the base",
    shape: "Shape",
    reason: "Why",
    choose_another_adapter: "Choose another adapter…",
    choose_another_base: "Choose another base…",
    says_its_base_is: "The adapter says its base is",

    plan_subtitle: "Plan. Nothing has been written.",
    plan_subtitle_interrupted: "Plan. What an interrupted merge finished is kept.",
    read: "Read",
    write: "Write",
    free_disk: "Free disk",
    tensors_figure: "Tensors",
    read_note: |base, adapter| format!("{base} + adapter {adapter}"),
    write_note: |weights, shards| format!("weights {weights} in {}", units::plural(shards, "shard")),
    tensors_note: |changed| format!("{changed} get an update"),
    on_this_volume: "on this volume",
    what_will_be_done: "What will be done",
    same_plan: "the run follows this same plan",
    step: "Step",
    count: "Count",
    how: "How",
    update: "Update",
    replace: "Replace",
    add: "Add",
    convert: "Convert",
    copy_step: "Copy",
    edit: "Edit",
    files: |count| units::plural(count, "file"),
    update_how: |scale, dtype| format!("W + {scale} · BA in F32, then one rounding to {dtype}"),
    update_how_kept: "W + scale · BA in F32, then one rounding",
    checks_title: "Checks before anything is written",
    passed_of: |passed, total| format!("{passed} of {total} passed"),
    partial_note: |name| format!("Work happens in {name}. The folder gets its name only when complete."),
    options: "Options",
    output_dtype: "Output dtype",
    keep_dtype: |dtype| format!("Keep {dtype}"),
    keep_note: "Nothing is rounded but the sums",
    bf16_note: "Same range as F32, 8 significant bits",
    f16_note: "Finer steps, largest value 65,504",
    f32_note: "Every F16 and BF16 value is kept exactly",
    strength: "Strength",
    strength_note: "1 is what was trained",
    tokenizer: "Tokenizer and chat template",
    creates: "Creates",
    merge_to: |dtype| format!("Merge to {dtype}"),
    merge_tooltip: "Merges as planned, then checks the result",
    warnings: "Worth knowing",
    cannot_plan_chip: "cannot be made",
    plan_again: "Plan again",

    merging: "Merging",
    stages: ["Stream and merge", "Sync to disk", "Verify"],
    cancel: "Cancel",
    cancelling: "Cancelling…",
    cancel_tooltip: "Stops within a tile; what is finished is kept for the next run",
    interrupted_note: |bytes| {
        format!(
            "An interrupted merge left {bytes} finished. Merging with the same inputs and options goes on from there."
        )
    },
    computed_on: "Computed on",
    device_note: "The disk sets the pace either way",
    device_auto: "Automatic, by trial",
    device_cpu: |threads| format!("CPU, {threads} threads"),
    discard: "Discard it",
    discard_tooltip: "Removes what the interrupted merge left; nothing else is touched",
    discarded: "What the interrupted merge left is removed.",
    bytes_of: |done, total| format!("{done} of {total}"),
    and_time_left: |moved, left| format!("{moved} · about {left} left"),
    current: |current: &Current| current.to_string(),
    now: "Now",
    elapsed: "Elapsed",
    left_about: "Left, about",
    throughput: "Throughput",
    tensors_done: "Tensors",
    events: "Events",
    shards_title: "Shards",
    merge_failed: "The merge stopped",
    nothing_left: "Nothing was left behind",
    worker_lost: "The worker stopped without saying why. Please report it.",
    no_file_dialog: "This desktop has no file dialog. Drop the folder here, or paste its path.",
    no_folder_dialog: "This desktop has no file dialog. Drop the merged folder on Output, or paste its path there.",
    no_file_manager: |path| format!("No file manager could be started. The folder is {path}"),
    fault_title: "Lorafuse was ended by a fault of its own",
    fault_text: "What was merged so far is kept: the same merge goes on where it stopped. Please report the fault with this log.",
    fault_copy: "Copy the path",
    fault_close: "Close",
    merge_done: "Merged and checked",
    largest_change: "Largest ‖Δ‖ / ‖W‖",
    written: "Written",
    duration: "Duration",
    lost_targets: |count| {
        format!("{} rounded away completely: a finer dtype keeps them", units::plural(count, "change"))
    },
    no_lost_targets: |count| format!("All {count} changes survive the rounding"),
    see_compare: "Compare with the base",
    see_report: "Read the report",
    merge_again: "Merge with other options",
    merge_again_tooltip: "Back to the plan, with a new output folder; this one stays",

    size: "Size",
    size_note: |unit| format!("tensor data by component, {unit}"),
    as_stored: |dtype| format!("as stored, {dtype}"),
    cast_to: |dtype| format!("cast to {dtype}"),
    perplexity: "Perplexity",
    perplexity_waits: "Not measured yet. Choose texts that neither training has seen, or drop them here: base, base + adapter and merged will score the same tokens.",
    perplexity_waits_alone: "Not measured yet. Choose texts that its training has not seen, or drop them here. With the base open, both score the same tokens.",
    measure_on_texts: "Measure on text files…",
    measure_on_sample: "Measure on the sample's texts",
    measuring: "Measuring…",
    interval: "95 % interval",
    vs_base: "vs base",
    tokens: |count| units::plural(count, "token"),
    lower_is_better: "lower is better, log scale",
    weak_interval: "Grey intervals rest on fewer than 30 blocks of 128 tokens, and a text of less than two has none: too little for a firm statement.",
    component: "Component",
    component_name: Component::label,
    written_by_component: "Written, by component",
    changed_by_adapter: |bytes| format!("{bytes} changed by the adapter"),
    total: "total",
    merged_model: "Merged",
    compare_subtitle: "Size, quality and speed, side by side",

    verdict_passed: "This model stands alone",
    verdict_warning: "This model stands alone, with a remark",
    verdict_failed: "This folder is not the merge it claims to be",
    verdict_unknown: "Not proven: the checks could not be made",
    verdict_note: |passed, total| {
        format!("{passed} of {total} checks passed. Everything was computed anew from base and adapter.")
    },
    verify_again: "Verify again",
    verify_again_tooltip: "Reads base, adapter and output once more",
    verified_in: |duration| format!("Verified in {duration}"),
    verifying: "Verifying…",
    does_not_prove: "What this does not prove: that the model is better",
    does_not_prove_note: "The checks prove that the folder holds base + adapter and nothing else. Compare tells about quality.",
    manifest: "Manifest",
    manifest_note: |count, bytes| format!("{}, {bytes}", units::plural(count, "file")),
    file: "File",
    bytes: "Bytes",
    export_title: "Export",
    export_note: "for a paper, a script, a model card",
    export: "Export report",
    export_tooltip: "Writes the report as Markdown and as JSON beside the merged folder",
    exported: |path| format!("Written: {path}"),
    open_folder: "Open folder",
    open_folder_tooltip: "Shows the merged folder in the file manager",
    overview: "All differences; click to go there",
    checks_of: |passed, total| format!("{passed} of {total} checks passed."),

    recent_pairs: "Recent pairs",
    clear_list: "Clear list",
    clear_list_tooltip: "Forgets these pairs; no folder is touched",
    state: "State",
    not_merged: "not merged",
    gone: "folder gone",
    same_parameters: "same parameters",
    as_bf16: "as BF16",
    modules_count: |count| units::plural(count, "module"),
    estimated: "≈ from some rows of W",
    estimated_tooltip: "Δ is exact, from the factors. W is read in full during the merge; then the numbers are exact.",
    norm_note_before: "‖Δ‖ = ‖scale · BA‖, Frobenius, from the factors. ‖W‖ is estimated from some of its rows.",
    see_merge: "See the merge",
    merged_to: "Merged to",
    merge_keeping: |dtype| format!("Merge, keep {dtype}"),
    merge_done_subtitle: "Done. The folder is complete and was checked.",
    updated_tensors: "Updated tensors",
    largest_first: "largest change first",
    elements_changed: "elements changed",
    throughput_note: |unit| format!("{unit}/s written, mean over 1 s"),
    complete_of: |complete, total| format!("{complete} of {total} complete"),
    tensors_written: |count| format!("{} written", units::plural(count, "tensor")),
    bytes_note: "the same, to the byte",
    perplexity_story,
    perplexity_column: "perplexity",
    measuring_note: |names| match names {
        [] | [_] => "The window stays usable.".to_owned(),
        [first @ .., last] => {
            let names = upper_first(&format!("{} and {last}", first.join(", ")));
            format!("{names} read the same tokens, one model after the other. The window stays usable.")
        }
    },
    scoring_cost: |tokens, models| {
        format!("{} tokens to score with {}.", units::count(tokens), units::plural(models, "model"))
    },
    measure_on_texts_tooltip: "Text files that neither training has seen; they can also be dropped on this window",
    no_interval: "no interval: too short",
    blocks: |count| units::plural(count, "block"),
    origin: "Origin",
    edited: "edited",
    copied: "copied",
    choose_base: "Choose the base…",

    base_in_text: "base",
    run_time_in_text: "base + adapter",
    merged_in_text: "merged",
    rounded_in_text: |dtype| format!("base in {dtype}"),
    conclusion: Conclusion::sentence,
    size_fact: |fact| upper_first(&fact.to_string()) + ".",
    survival: |estimate| estimate.sentence().map_or_else(String::new, |sentence| sentence + "."),
    survival_advice: |advice| upper_first(&advice.to_string()) + ".",
    preflight: |check| (check.title(), upper_first(&check.evidence())),
    tokenizer_choice: |choice| upper_first(&choice.sentence()),
    question: Question::title,
    warning: Warning::to_string,
    misfit_reason: |reason| upper_first(&reason.to_string()),
    expected_shape: ExpectedShape::to_string,
    run_event,
    device: Device::to_string,
    protocol: |protocol| upper_first(&protocol.sentence()),
    detail: Detail::to_string,
    evidence: |evidence| upper_first(&evidence.to_string()),
    survives: "Survives the rounding",
    survival_reading: "Reading some rows of each target…",
    survival_unknown: "Cannot be told before the merge: the method looks at all rows",
    keeps: |gain| format!("keeps {:.0} %", 100.0 * gain),
    rounding: "Rounding",
    round_nearest: "To nearest",
    round_by_chance: "By chance",
    round_nearest_note: "One rounding; a change below half a step is lost",
    round_by_chance_note: "Small changes survive on average; the seed repeats it",
    seed: "Seed",
    write_card: "Write a model card",
    write_card_note: "README.md with lineage and checks",
    time_and_memory: "Time and memory",
    measure_time: "Measure time and answers",
    measure_time_tooltip: "Loads each model in a process of its own and takes turns",
    time_waits: "Not measured yet. Each model is loaded whole into a process of its own; they take turns, 10 passes each after one to warm up, and answer your prompt.",
    no_program: "This needs the program itself, which cannot be found.",
    pass_of: |done, total| format!("pass {} of {total}", (done + 1).min(total)),
    loading_models: "Loading the models…",
    prompt: "Prompt",
    prompt_hint: "A prompt for all models",
    answers: "Answers",
    answers_note: "greedy, at most 64 tokens",
    answers_wait: "Each model answers the prompt when its time is measured.",
    answer_tokens: |count| units::plural(count, "token"),
    answers_equal: "Merged and base + adapter answer the same, letter for letter.",
    answers_differ: "Merged and base + adapter part ways: rounding can tip a close choice of a token.",
    forward_pass: "a pass, ms",
    writes_per_sec: "writes, tok/s",
    load_time: "load",
    peak_memory: "peak memory",
    needs_memory: |bytes| format!("not measured: needs {bytes}"),
    speed_note: |runs, tokens| {
        format!(
            "{runs} passes over {} in turn with the others, float32 on the CPU, one process each; ± is the standard deviation. As many weights cost as much time, in whatever dtype they are stored.",
            units::plural(tokens, "token")
        )
    },
    change_amount: "Amount of change",
    change_amount_note: "KL(P‖Q) in nats per token for P → Q: how much predictions changed, never whether they got better. In brackets the 95 % interval.",
    mean_kl: "mean KL",
    median: "median",
    largest: "largest",
    same_top: "same top token",
    measure_on_builtin: "Built-in texts",
    measure_on_builtin_tooltip: "An English and a Korean text in the public domain, long enough for intervals",
    copy_table: "Copy table",
    copy_table_tooltip: "Puts the numbers on the clipboard as Markdown",
    copied_table: "The table is on the clipboard.",
    seal: "Seal with SHA-256",
    seal_tooltip: "Writes SHA256SUMS, which `sha256sum -c` checks",
    sealing: "Hashing every file…",
    sealed: |count| format!("Sealed: {} in SHA256SUMS", units::plural(count, "hash").replace("hashs", "hashes")),
    is_sealed: "Sealed: SHA256SUMS",
    added_file: "added",
    found_file: "found",
    missing_file: "missing",
    changed_file: "changed",
    missing_files: |count| format!("{count} missing"),
    checks: "Checks",
    no_picture: "The window gave no picture of itself",
    png_failed: |said| format!("The picture cannot be written as PNG: {said}"),
    check_cancelled: "The checks were stopped before they were done",
    files_opened: "It opened",
    export_picture: "Export picture",
    export_picture_tooltip: "Writes this screen as PNG beside the merged folder",
    all_commands: "All commands",
    command_hint: "Type what you want to do",
    no_command: "No command has these words, or it cannot be asked for now.",
    add_adapter: "Add an adapter…",
    add_adapter_tooltip: "One more adapter, merged on top of the first",
    remove: "Remove",
    more_adapters: |count| format!("+ {count} more"),
    judge_folder: "Check a merged folder…",
    judge_folder_tooltip: "A model that somebody merged: compared and checked as it is",
    judge_note: "Have a merged model already? It is compared and checked, whoever made it.",
    judged_alone_note: |passed, total| {
        format!("{passed} of {total} checks passed. Add base and adapter to have every target recomputed.")
    },
    verdict_running: "Checking…",
    verdict_dependent: "This folder is not independent",
    verdict_incomplete: "This folder is incomplete",
    verdict_not_alone: "This folder does not stand alone",
    verdict_faulty: "Something is wrong with this folder",
    verdict_sound: "This folder is complete in itself",
    spectrum: "Singular values of Δ",
    energy_note: |rank, total| format!("{rank} of {total} directions hold 90 % of ‖Δ‖²"),
    use_base: |name| format!("Use {name}"),
    base_found: |place| format!("The adapter's own base is on this machine, in {place}."),
    sort_by: |column| format!("Sort by {column}"),
    kept_figure: "Kept after rounding",
};

/// An entry of the list of events.
fn run_event(event: &RunEvent) -> String {
    match event {
        RunEvent::TensorDone(name) => name.clone(),
        RunEvent::Warned(warning) => warning.to_string(),
        RunEvent::DeviceChosen(reason) => reason.to_string(),
        RunEvent::TilesCounted { gpu_count, cpu_count } => tile_sentence(*gpu_count, *cpu_count),
    }
}

/// How the merged model does against the base, and whether the merge itself cost anything.
fn perplexity_story(table: &PerplexityTable) -> String {
    let texts: Vec<String> = table
        .texts
        .iter()
        .filter_map(|text| {
            let pair = text.pair?;
            let interval = pair.interval.map_or_else(
                || "too short for an interval".to_owned(),
                |interval| format!("{} to {}", percent_change(interval.low), percent_change(interval.high)),
            );
            Some(format!("{} {} ({interval})", text.name, percent_change(pair.ratio)))
        })
        .collect();
    if texts.is_empty() {
        String::new()
    } else {
        format!("Merged against base on the same tokens, with the 95 % interval: {}.", texts.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        evaluate::{Interval, Protocol},
        gui::view::{Pair, Score, TextRow},
    };

    #[test]
    fn a_comparison_has_its_interval() {
        let score = |perplexity| Score { perplexity, interval: None };
        let interval = Some(Interval { low: 0.57, high: 0.62, block_count: 46 });
        let text = TextRow {
            name: "korean_chat".to_owned(),
            token_count: 5_912,
            scores: vec![score(363.1), score(215.5), score(215.6)],
            pair: Some(Pair { ratio: 0.594, interval }),
        };
        let table =
            PerplexityTable { protocol: Protocol { window: 512, stride: 256 }, roles: Vec::new(), texts: vec![text] };
        assert_eq!(
            perplexity_story(&table),
            "Merged against base on the same tokens, with the 95 % interval: korean_chat −40.6\u{a0}% (−43.0\u{a0}% \
             to −38.0\u{a0}%)."
        );
    }
}
