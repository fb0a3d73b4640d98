//! What a well says about its folder, and which of that fits.

use egui::Ui;

use super::well::WellKind;
use crate::report::ModelFacts;
use crate::units::path::composed;
use crate::units::quantity::parameter_count;
use crate::{
    gui::{
        app::{
            inspection::Slot,
            state::{AppState, Phase},
        },
        design::{tokens::Type, widget::text_width},
    },
    message::{Language, Problem, message},
    units,
    verify::Standing,
};

/// What a well shows.
pub(in crate::gui) struct WellView {
    pub kind: WellKind,
    pub title: &'static str,
    pub name: String,
    pub facts: Vec<Fact>,
    pub hint: &'static str,
    pub is_filled: bool,
    pub facts_are_error: bool,
    pub chip: Option<(&'static str, ChipTone)>,
}

/// A part of the line under the path, and how much it matters where space is short.
pub(in crate::gui) struct Fact {
    text: String,
    weight: u8,
}

/// Facts with their weights; those that are empty are left out.
fn facts(parts: impl IntoIterator<Item = (u8, String)>) -> Vec<Fact> {
    let facts = parts.into_iter().map(|(weight, text)| Fact { text, weight });
    facts.filter(|fact| !fact.text.is_empty()).collect()
}

/// The weightiest facts that fit `width`, in their order.
pub(in crate::gui) fn fitting_facts(ui: &Ui, facts: &[Fact], width: f32) -> String {
    let mut shown: Vec<&Fact> = facts.iter().collect();
    loop {
        let text = shown.iter().map(|fact| fact.text.as_str()).collect::<Vec<_>>().join("  ·  ");
        let lightest = shown.iter().enumerate().min_by_key(|(_, fact)| fact.weight).map(|(index, _)| index);
        match lightest {
            Some(index) if shown.len() > 1 && text_width(ui, &text, Type::CAPTION) > width => {
                shown.remove(index);
            }
            _ => return text,
        }
    }
}

/// How the well's chip is meant.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::gui) enum ChipTone {
    Good,
    Busy,
    Caution,
    Bad,
}

/// What the well of this kind shows now.
pub(in crate::gui) fn well_view(state: &AppState, kind: WellKind) -> WellView {
    let words = state.words();
    let is_opening = matches!(state.phase, Phase::Opening);
    let path_name = state.wells.get(kind).path.as_deref().map(|path| composed(&crate::checkpoint::folder_name(path)));
    let path_hint =
        if state.machine.takes_drops { words.text("path-hint") } else { words.text("path-hint-without-drops") };
    let (title, empty, expects, hint) = match kind {
        WellKind::Base => (words.text("base"), words.text("base-empty"), words.text("base-expects"), path_hint),
        WellKind::Adapter => {
            (words.text("adapter"), words.text("adapter-empty"), words.text("adapter-expects"), path_hint)
        }
        WellKind::Output => {
            (words.text("output"), words.text("output-empty"), words.text("output-expects"), words.text("output-hint"))
        }
    };
    let is_filled = path_name.is_some();
    let mut view = WellView {
        kind,
        title,
        hint,
        is_filled,
        name: path_name.unwrap_or_else(|| empty.to_owned()),
        facts: facts([(0, if is_opening && is_filled { words.text("opening") } else { expects }.to_owned())]),
        facts_are_error: false,
        chip: None,
    };
    match kind {
        WellKind::Base => fill_base(&mut view, state, words),
        WellKind::Adapter => fill_adapter(&mut view, state, words),
        WellKind::Output => fill_output(&mut view, state, words),
    }
    if let Some(problem) = refusal(state).filter(|_| blamed(state) == Some(kind)) {
        refuse(&mut view, problem, words);
    }
    view
}

/// Architecture, dtype, parameters, bytes and shards of a model.
fn model_facts(model: &ModelFacts, words: Language) -> Vec<Fact> {
    facts([
        (1, model.architecture.clone()),
        (3, model.dtype.clone()),
        (2, words.say(&message!("params", count: parameter_count(model.parameter_count)))),
        (4, units::bytes(model.byte_count)),
        (0, words.say(&message!("shards", count: model.shard_count))),
    ])
}

/// Why there is no plan, where the folders fit together.
fn refusal(state: &AppState) -> Option<&Problem> {
    let inspection = state.inspection.as_ref().filter(|inspection| inspection.misfits.is_empty())?;
    if matches!(state.phase, Phase::Idle) { inspection.plan.as_ref()?.as_ref().err() } else { None }
}

/// The well that is marked where there is no plan: the one at fault, else that of what cannot be made.
fn blamed(state: &AppState) -> Option<WellKind> {
    Some(state.inspection.as_ref()?.blamed.unwrap_or(WellKind::Output))
}

/// Marks a folder that opens and yet makes a merge impossible.
fn refuse(view: &mut WellView, problem: &Problem, words: Language) {
    let chip = match view.kind {
        WellKind::Base => words.text("not-a-base"),
        WellKind::Adapter => words.text("cannot-be-merged"),
        WellKind::Output => words.text("cannot-plan-chip"),
    };
    view.chip = Some((chip, ChipTone::Bad));
    view.facts = facts([(0, problem.line(words))]);
    view.facts_are_error = true;
    view.is_filled = true;
}

fn fail(view: &mut WellView, problem: &Problem, words: Language) {
    view.chip = Some((words.text("does-not-open"), ChipTone::Bad));
    view.facts = facts([(0, problem.line(words))]);
    view.facts_are_error = true;
}

fn fill_base(view: &mut WellView, state: &AppState, words: Language) {
    if !view.is_filled {
        return;
    }
    match state.inspection.as_ref().map(|inspection| &inspection.base) {
        Some(Slot::Open(model)) => {
            view.name.clone_from(&model.name);
            view.facts = model_facts(model, words);
        }
        Some(Slot::Failed(problem)) => fail(view, problem, words),
        Some(Slot::Empty) | None => {}
    }
}

fn fill_adapter(view: &mut WellView, state: &AppState, words: Language) {
    if !view.is_filled {
        return;
    }
    let Some(inspection) = &state.inspection else { return };
    match &inspection.adapter {
        Slot::Open(adapter) => {
            let more = inspection.more_adapters.len();
            let more = if more > 0 {
                format!("  {}", words.say(&message!("more-adapters", count: more)))
            } else {
                String::new()
            };
            view.name = format!("{}{more}", adapter.name);
            let rank = adapter.rank.map_or_else(String::new, |rank| format!(" r {rank}"));
            let alpha = adapter.scaling.map_or_else(String::new, |scaling| format!(", α {}", scaling.alpha));
            view.facts = facts([
                (4, format!("{}{rank}{alpha}", adapter.method)),
                (1, adapter.dtype.map_or_else(String::new, |dtype| dtype.to_string())),
                (0, words.say(&message!("params", count: parameter_count(adapter.parameter_count)))),
                (3, units::bytes(adapter.byte_count)),
                (2, words.say(&message!("tensors", count: adapter.tensor_count))),
            ]);
            if !inspection.misfits.is_empty() {
                view.chip = Some((words.text("does-not-fit"), ChipTone::Bad));
            }
        }
        Slot::Failed(problem) => fail(view, problem, words),
        Slot::Empty => {}
    }
}

/// What was found out about a merged folder.
fn standing_chip(standing: Standing<'_>, words: Language) -> Option<(&'static str, ChipTone)> {
    match standing {
        Standing::Checking => Some((words.text("being-checked"), ChipTone::Busy)),
        Standing::Unchecked(_) => Some((words.text("not-checked"), ChipTone::Caution)),
        Standing::Failed(_) => Some((words.text("not-verified"), ChipTone::Bad)),
        Standing::Identical(_) => Some((words.text("same-as-base"), ChipTone::Caution)),
        Standing::Held { .. } => standing.is_proven().then_some((words.text("verified"), ChipTone::Good)),
    }
}

/// What stands or will stand in the output.
fn fill_output(view: &mut WellView, state: &AppState, words: Language) {
    let plan = match &state.phase {
        Phase::Planned(plan) => plan,
        Phase::Running(running) => &running.plan,
        Phase::Done(done) => {
            view.chip = standing_chip(state.standing(done), words);
            view.facts = model_facts(&done.merged, words);
            return;
        }
        _ => {
            if !matches!(state.phase, Phase::Opening) {
                // A name that is only proposed needs no word about what may be put there.
                if view.is_filled {
                    view.facts.clear();
                }
                view.is_filled = false;
            }
            return;
        }
    };
    // From the headers as they were read: a sum over all tensors is no work for a frame.
    let base = state.inspection.as_ref().and_then(|inspection| inspection.base.open());
    let dtype = match plan.dtype {
        crate::plan::DtypePolicy::Keep => base.map_or_else(String::new, |facts| facts.dtype.clone()),
        crate::plan::DtypePolicy::Convert(dtype) => dtype.stored().to_string(),
    };
    let output_bytes = state.inspection.as_ref().map_or(0, |inspection| inspection.plan_totals.bytes.output);
    let state_word = if state.is_locked() { "" } else { words.text("new-folder") };
    view.facts = facts([
        (1, state_word.to_owned()),
        (3, dtype),
        (2, words.say(&message!("params", count: parameter_count(base.map_or(0, |facts| facts.parameter_count))))),
        (4, units::bytes(output_bytes)),
        (0, words.say(&message!("shards", count: plan.shards.len()))),
    ]);
    if state.is_locked() {
        view.chip = Some((words.text("writing"), ChipTone::Busy));
    }
}
