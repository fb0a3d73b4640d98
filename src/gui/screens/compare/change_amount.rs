//! How far the predictions of the models are apart: for each pair and text the mean divergence and the range from the
//! median to 99 % of positions, drawn on one logarithmic axis, and behind a button the numbers.

use super::{command::CompareCommand, model_face::role_ink};
use crate::{
    evaluate::{Divergence, KlSummary},
    gui::{
        design::chart::{
            axis::Axis,
            dots::{Dot, DotPlot},
        },
        prelude::*,
    },
    numeric::FloatDtype,
    report::{ChangeTable, Measured},
};

/// What was measured and its numbers, where predictions can be compared.
pub(in crate::gui) fn changes_of<'a>(
    state: &AppState,
    done: &'a MergedFolder,
) -> Option<(&'a Measured, &'a ChangeTable)> {
    let measured = done.measured()?;
    Some((measured, measured.summary(state.language)?.changes.as_ref()?))
}

/// What stands in the panel `surface`.
pub(in crate::gui) fn change_amount_ui(
    ui: &mut Ui,
    surface: Surface<'_>,
    (measured, table): (&Measured, &ChangeTable),
    state: &AppState,
    done: &MergedFolder,
    commands: &mut Vec<Command>,
) {
    let words = state.words();
    surface.show(ui, |ui| {
        chart_ui(ui, measured, done.sizes.merged.float_dtype, words);
        inset_ui(ui, space::S12, space::S4, |ui| {
            for note in [words.text("change-chart-note"), words.text("change-amount-note")] {
                paragraph_ui(ui, note, Type::CAPTION, Ink::Secondary);
                ui.add_space(space::S4);
            }
            ui.add_space(space::S4);
            let command = CompareCommand::ShowChangeNumbers(!state.shows_change_numbers);
            CommandButton::new(command, ButtonLook::Small).add(ui, words, commands);
            ui.add_space(space::S8);
        });
        if state.shows_change_numbers {
            numbers_ui(ui, table, words);
        }
    });
}

/// A line of the chart: the pair of models, or what is known of it on one text.
enum Line<'a> {
    Pair(String),
    Text(&'a Divergence),
}

fn lines(measured: &Measured, dtype: Option<FloatDtype>, words: Language) -> Vec<Line<'_>> {
    let name = |model: usize| measured.roles.get(model).map_or_else(String::new, |role| role.name(words, dtype));
    let pairs = measured.report.divergences.chunk_by(|a, b| (a.reference, a.model) == (b.reference, b.model));
    let lines = pairs.flat_map(|pair| {
        let title = pair.first().map(|first| format!("{} → {}", name(first.reference), name(first.model)));
        title.map(Line::Pair).into_iter().chain(pair.iter().map(Line::Text))
    });
    lines.collect()
}

fn chart_ui(ui: &mut Ui, measured: &Measured, dtype: Option<FloatDtype>, words: Language) {
    let divergences = &measured.report.divergences;
    let values =
        divergences.iter().flat_map(|divergence| [divergence.kl.mean, divergence.kl.median, divergence.kl.p99]);
    let mut plot = DotPlot::new("change", Axis::decades(values));
    let lines = lines(measured, dtype, words);
    let columns = [
        TableColumn::text("", grid::column::NAME),
        TableColumn::wide(""),
        TableColumn::number(words.text("same-top"), grid::column::NUMBER),
    ];
    Table::new("changes", &columns).complete().show(ui, lines.len(), |cells, index| {
        if matches!(lines.get(index + 1), Some(Line::Text(_)) | None) {
            cells.goes_on();
        }
        match &lines[index] {
            Line::Pair(title) => {
                cells.heading(title, Type::BODY_MEDIUM, Ink::Primary);
                cells.cell(|ui| plot.keep(ui, None));
            }
            Line::Text(divergence) => {
                let text = measured.table.texts.get(divergence.text).map_or("", |text| text.name.as_str());
                cells.text(text, Type::EVIDENCE, Ink::Secondary);
                let ink = measured.roles.get(divergence.model).map_or(Ink::Primary, |role| role_ink(*role));
                let KlSummary { mean, median, p99, .. } = divergence.kl;
                let whisker = Some(([median, p99], ink));
                let dot = Dot { value: mean, whisker, ink, is_hollow: false, reference: None };
                cells.cell(|ui| plot.keep(ui, Some(dot)));
                cells.number(&units::share(divergence.same_top1.value), Ink::Primary);
            }
        }
    });
    plot.show(ui);
}

/// The numbers that the chart is drawn from.
fn numbers_ui(ui: &mut Ui, table: &ChangeTable, words: Language) {
    let number = |id: &'static str| TableColumn::number(words.text(id), grid::column::DIGITS);
    let columns = [
        TableColumn::wide(""),
        number("mean-kl"),
        number("median"),
        TableColumn::number("99 %", grid::column::DIGITS),
        number("largest"),
        TableColumn::number(words.text("same-top"), grid::column::SHARE_WITH_INTERVAL),
    ];
    let pairs = table.rows.chunk_by(|a, b| a.first() == b.first());
    let lines = pairs.flat_map(|pair| {
        let title = pair.first().and_then(|row| row.get(..1));
        title.into_iter().chain(pair.iter().filter_map(|row| row.get(1..)))
    });
    let lines: Vec<&[String]> = lines.collect();
    Table::new("change numbers", &columns).complete().show(ui, lines.len(), |cells, index| {
        if lines.get(index + 1).is_none_or(|next| next.len() > 1) {
            cells.goes_on();
        }
        match lines[index] {
            [pair] => cells.heading(pair, Type::BODY_MEDIUM, Ink::Primary),
            [text, numbers @ ..] => {
                cells.text(text.strip_suffix(".txt").unwrap_or(text), Type::EVIDENCE, Ink::Secondary);
                for number in numbers {
                    cells.text(number, Type::MONO_SMALL, Ink::Primary);
                }
            }
            [] => {}
        }
    });
}
