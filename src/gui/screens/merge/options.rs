//! The choices of a merge, each with its consequence, and the button that starts it.

use egui::ScrollArea;

use super::{
    command::{MergeCommand, is_loss_open},
    device_option::device_ui,
    rounding_option::rounding_ui,
    strength_option::strength_ui,
};
use crate::{
    gui::{design::widget::checkbox_ui, frame::next_step::next_step_foot_ui, prelude::*},
    numeric::{FloatDtype, codec::Nf4Format},
    plan::{DtypeOption, DtypePolicy, PackedSurvival, Rounding, survival_advice},
};

/// The panel at the right of the plan.
pub(in crate::gui) fn merge_options_ui(
    ui: &mut Ui,
    state: &AppState,
    inspection: &Inspection,
    commands: &mut Vec<Command>,
) {
    Surface::titled(state.words().text("options")).filling().show(ui, |ui| {
        rule_ui(ui);
        next_step_foot_ui(ui, state, commands);
        let choices = ScrollArea::vertical().id_salt("options").auto_shrink(false);
        let choices = choices.show(ui, |ui| choices_ui(ui, state, inspection, commands));
        if choices.content_size.y > choices.inner_rect.height() {
            rule_ui(ui);
        }
    });
}

fn choices_ui(ui: &mut Ui, state: &AppState, inspection: &Inspection, commands: &mut Vec<Command>) {
    let words = state.words();
    inset_ui(ui, space::S12, space::S4, |ui| {
        label_ui(ui, words.text("output-dtype"), Type::CAPTION_MEDIUM, Ink::Secondary);
    });
    for option in &inspection.dtype_options {
        if choice_ui(ui, option, inspection, state).clicked() {
            let choose = MergeCommand::ChooseDtype(option.policy);
            commands.push(option.requantize.map_or(choose, MergeCommand::Requantize).into());
        }
    }
    loss_ui(ui, state, commands);
    rounding_ui(ui, state, commands);
    for index in 0..state.adapters().len().max(1) {
        // By its number, so that a drag goes on when something comes or goes above it.
        ui.push_id(("strength", index), |ui| strength_ui(ui, index, state, commands));
    }
    inset_ui(ui, space::S12, 0.0, |ui| {
        CommandButton::new(MergeCommand::AddAdapter, ButtonLook::Small).with_icon().add(ui, words, commands);
    });
    ui.add_space(space::S8);
    device_ui(ui, state, commands);
    rule_ui(ui);
    inset_ui(ui, space::S12, space::S4, |ui| card_ui(ui, state, commands));
    if let Some(plan) = &inspection.resolved {
        let sentence = words.as_line(&plan.tokenizer.sentence());
        let row = Row::new(words.text("tokenizer"), Type::BODY_MEDIUM, Ink::Primary).rule();
        row.note(&sentence, Type::CAPTION, Ink::Secondary).margins(space::S12, space::S8).show(ui);
    }
}

/// Whether the folder gets a model card.
fn card_ui(ui: &mut Ui, state: &AppState, commands: &mut Vec<Command>) {
    let words = state.words();
    let writes_card = state.options.writes_card;
    if checkbox_ui(ui, words.text("write-card"), writes_card) {
        commands.push(MergeCommand::WriteCard(!writes_card).into());
    }
    paragraph_ui(ui, words.text("write-card-note"), Type::CAPTION, Ink::Secondary);
}

/// The loss that packing would be, and the word that it is accepted.
fn loss_ui(ui: &mut Ui, state: &AppState, commands: &mut Vec<Command>) {
    let (words, accepts_loss) = (state.words(), state.options.accepts_loss);
    if !accepts_loss && !is_loss_open(state) || state.options.requantize.is_none() {
        return;
    }
    rule_ui(ui);
    inset_ui(ui, space::S12, space::S4, |ui| {
        if checkbox_ui(ui, words.text("accept-loss"), accepts_loss) {
            commands.push(MergeCommand::AcceptLoss(!accepts_loss).into());
        }
        paragraph_ui(ui, words.text("accept-loss-note"), Type::CAPTION, Ink::Warn);
    });
}

/// The dtype that `policy` writes, where it is one that a merge computes with.
fn written(policy: DtypePolicy, stored: &str) -> Option<FloatDtype> {
    match policy {
        DtypePolicy::Convert(dtype) => Some(dtype),
        DtypePolicy::Keep => [FloatDtype::F32, FloatDtype::F16, FloatDtype::BF16]
            .into_iter()
            .find(|dtype| dtype.stored().to_string() == stored),
    }
}

fn choice_ui(ui: &mut Ui, option: &DtypeOption, inspection: &Inspection, state: &AppState) -> Response {
    let words = state.words();
    let stored = inspection.base.open().map_or("", |facts| facts.kept_dtype.as_str());
    let (name, note) = match option.requantize {
        None => name_and_note(option.written, stored, words),
        Some(Nf4Format { is_double: false, .. }) => (words.text("nf4").to_owned(), words.text("nf4-note")),
        Some(_) => (words.text("nf4-double").to_owned(), words.text("nf4-double-note")),
    };
    let byte_count = units::bytes(option.byte_count);
    // What the rounding would leave of the adapter stands under the size, once it is known.
    let estimate = state.survival.as_ref().and_then(|survival| survival.as_ref().ok());
    let dtype = written(option.policy, stored);
    let gain = estimate.and_then(|estimate| estimate.gain_by_dtype.iter().find(|(known, _)| Some(*known) == dtype));
    let packed = estimate.filter(|_| option.requantize.is_some());
    let packed = packed.and_then(|estimate| PackedSurvival::of(&estimate.if_packed?));
    let gain = gain.filter(|_| option.requantize.is_none());
    let rounded = gain.map(|(dtype, gain)| {
        let is_little = survival_advice(*gain, *dtype, Rounding::Nearest).is_some();
        (words.say(&message!("keeps", gain: *gain)), is_little)
    });
    let kept = rounded.or_else(|| {
        packed.map(|packed| {
            // Noise above the change itself is as much of a warning as a change that is gone.
            let is_little = packed.is_little() || packed.noise > 1.0;
            (words.say(&message!("keeps-packed", gain: packed.gain, noise: packed.noise)), is_little)
        })
    });
    let mut row = Row::new(&name, Type::BODY_MEDIUM, Ink::Primary).value(&byte_count, Type::MONO, Ink::Primary);
    row = row.note(note, Type::CAPTION, Ink::Secondary);
    if let Some((kept, is_little)) = &kept {
        let ink = if *is_little { Ink::Warn } else { Ink::Secondary };
        row = row.value_note(kept, Type::CAPTION, ink);
    }
    let is_chosen = match (option.requantize, state.options.requantize) {
        (None, None) => state.options.dtype == option.policy,
        (offered, chosen) => offered == chosen,
    };
    row.show_choice(ui, Role::RadioButton, is_chosen)
}

/// What a dtype is called, and what it costs.
fn name_and_note(policy: DtypePolicy, stored: &str, words: Language) -> (String, &'static str) {
    match policy {
        DtypePolicy::Keep => (words.say(&message!("keep-dtype", dtype: stored)), words.text("keep-note")),
        DtypePolicy::Convert(FloatDtype::BF16) => ("BF16".to_owned(), words.text("bf16-note")),
        DtypePolicy::Convert(FloatDtype::F16) => ("F16".to_owned(), words.text("f16-note")),
        DtypePolicy::Convert(FloatDtype::F32) => ("F32".to_owned(), words.text("f32-note")),
    }
}
