//! Bytes by component: stacked bars, and the sentences that explain them.

use egui::Color32;

use crate::{
    gui::{
        design::{
            chart::bar::{BarPart, bar_ui, legend_entry_ui, part_color},
            tokens::{chart, ink_on},
        },
        prelude::*,
    },
    size::{Component, SizeBar, SizeFact},
    units::{scale::ByteUnit, unbroken},
};

/// One bar and how it is named.
pub(in crate::gui) struct SizeRow<'a> {
    name: &'static str,
    note: String,
    pub bar: &'a SizeBar,
    is_merged: bool,
}

impl<'a> SizeRow<'a> {
    /// Base as stored, base in the output dtype where that differs, merged.
    pub fn of(state: &AppState, done: &'a MergedFolder) -> Vec<Self> {
        let words = state.words();
        let sizes = &done.sizes;
        let base = |bar: &'a SizeBar, note| SizeRow { name: words.text("base"), note, bar, is_merged: false };
        let stored = sizes.stored.as_ref();
        let stored = stored.map(|stored| base(stored, words.say(&message!("as-stored", dtype: &stored.dtype))));
        let cast = sizes.cast.as_ref().map(|cast| base(cast, words.say(&message!("cast-to", dtype: &cast.dtype))));
        let note = sizes.merged.dtype.clone();
        let merged = SizeRow { name: words.text("merged-model"), note, bar: &sizes.merged, is_merged: true };
        stored.into_iter().chain(cast).chain([merged]).collect()
    }

    /// The model and its dtypes, for the title of a column.
    pub fn title(&self) -> String {
        format!("{} {}", self.name, self.bar.dtype)
    }
}

/// The panel.
pub(in crate::gui) fn size_chart_ui(ui: &mut Ui, state: &AppState, done: &MergedFolder) {
    let words = state.words();
    let rows = SizeRow::of(state, done);
    let most = rows.iter().map(|row| row.bar.total()).max().unwrap_or(1).max(1);
    let unit = ByteUnit::of(most as f64);
    let remark = words.say(&message!("size-note", unit: unit.name));
    Surface::titled(words.text("size")).remark(&remark).show(ui, |ui| {
        inset_ui(ui, space::S12, 0.0, |ui| {
            let points_per_byte = (ui.available_width() - grid::column::NAME - grid::column::NUMBER) / most as f32;
            if let Some(first) = rows.first() {
                names_ui(ui, first.bar, points_per_byte, words);
            }
            for row in &rows {
                row_ui(ui, row, points_per_byte, unit);
                ui.add_space(space::S12);
            }
            legend_ui(ui, words);
            ui.add_space(space::S8);
            sentences_ui(ui, state, done);
            ui.add_space(space::S8);
        });
    });
}

/// The parts of a bar; `face` gives one its colour, its text and the text's.
fn parts(
    bar: &SizeBar,
    points_per_byte: f32,
    face: impl Fn(usize, u64) -> (Color32, String, Type, Ink),
) -> Vec<BarPart> {
    let part = |(index, bytes): (usize, u64)| {
        let (fill, text, kind, ink) = face(index, bytes);
        BarPart { width: points_per_byte * bytes as f32, fill, text, kind, ink }
    };
    bar.bytes.into_iter().enumerate().map(part).collect()
}

/// The components above their parts of the first bar.
fn names_ui(ui: &mut Ui, bar: &SizeBar, points_per_byte: f32, words: Language) {
    let name =
        |index: usize, _| (Color32::TRANSPARENT, words.said(&Component::ALL[index]), Type::CAPTION, Ink::Secondary);
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 0.0;
        ui.add_space(grid::column::NAME);
        bar_ui(ui, grid::CODE_ROW, parts(bar, points_per_byte, name));
    });
}

/// The model, its parts with their bytes, and the total.
fn row_ui(ui: &mut Ui, row: &SizeRow<'_>, points_per_byte: f32, unit: ByteUnit) {
    let colors = Colors::of(ui);
    let number = |index: usize, bytes: u64| {
        let fill = part_color(colors, row.is_merged, index);
        (fill, unit.number(bytes), Type::MONO_SMALL, Ink::Exactly(ink_on(fill)))
    };
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 0.0;
        ui.vertical(|ui| {
            ui.set_width(grid::column::NAME);
            label_ui(ui, row.name, Type::BODY_MEDIUM, Ink::Primary);
            label_ui(ui, &row.note, Type::CAPTION, Ink::Secondary);
        });
        bar_ui(ui, chart::BAR, parts(row.bar, points_per_byte, number));
        ui.add_space(space::S8);
        label_ui(ui, &units::bytes(row.bar.total()), Type::MONO, Ink::Primary);
    });
}

fn legend_ui(ui: &mut Ui, words: Language) {
    let colors = Colors::of(ui);
    ui.horizontal_wrapped(|ui| {
        for (index, component) in Component::ALL.into_iter().enumerate() {
            let fills = [false, true].map(|is_merged| part_color(colors, is_merged, index));
            legend_entry_ui(ui, &fills, &[(&words.said(&component), Type::CAPTION, Ink::Secondary)]);
            ui.add_space(space::S4);
        }
    });
}

/// Why the file has the size that it has, then what is worth knowing of each model.
fn sentences_ui(ui: &mut Ui, state: &AppState, done: &MergedFolder) {
    let words = state.words();
    let sizes = &done.sizes;
    let said = |fact: &SizeFact| words.as_sentence(&fact.sentence());
    let between: Vec<String> = sizes.between.iter().map(|fact| unbroken(&said(fact))).collect();
    if !between.is_empty() {
        sunken_ui(ui, &between.join(" "));
        ui.add_space(space::S8);
    }
    for (name, facts) in [("base", &sizes.of_base), ("merged-model", &sizes.of_merged)] {
        for fact in facts {
            let note = unbroken(&format!("{}: {}", words.text(name), said(fact)));
            paragraph_ui(ui, &note, Type::CAPTION, Ink::Secondary);
            ui.add_space(space::S4);
        }
    }
}
