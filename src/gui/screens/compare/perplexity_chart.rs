//! Perplexity of the three models on each text: dots with whiskers on one logarithmic axis, the numbers beside them.

use super::model_face::{is_hollow, role_ink, role_title};
use crate::{
    gui::{
        design::chart::{
            axis::Axis,
            dots::{Dot, DotPlot, dot_mark_ui},
        },
        prelude::*,
    },
    report::{ModelRole, PerplexityTable, Score, TextRow, percent_change},
};

/// Lines of a name with its two remarks.
const NAME_LINES: usize = 3;

/// Models whose dtypes a legend has room for.
const MODELS_WITH_DTYPE: usize = 4;

/// What each dot stands for, from right to left.
pub(in crate::gui) fn legend_ui(ui: &mut Ui, done: &MergedFolder, words: Language) {
    let stored = done.sizes.stored.as_ref();
    let roles = done.compared_models().models.into_iter().map(|(role, _)| role);
    let shown: Vec<ModelRole> = roles.filter(|role| *role != ModelRole::Rounded).collect();
    ui.spacing_mut().item_spacing.x = space::S4;
    for role in shown.iter().copied().rev() {
        let dtype = match role {
            // Five models leave the panel's title no room beside their dtypes.
            _ if shown.len() > MODELS_WITH_DTYPE => "",
            ModelRole::Merged => done.sizes.merged.dtype.as_str(),
            ModelRole::Base => stored.map_or("", |bar| bar.dtype.as_str()),
            _ => "",
        };
        let name = format!("{} {dtype}", role_title(role, words));
        label_ui(ui, name.trim_end(), Type::CAPTION, Ink::Secondary);
        dot_mark_ui(ui, role_ink(role), is_hollow(role));
        ui.add_space(space::S8);
    }
}

/// The chart and its table.
pub(in crate::gui) fn scores_ui(ui: &mut Ui, table: &PerplexityTable, words: Language) {
    let (low, high) = table.range().unwrap_or((1.0, 1.0));
    let mut plot = DotPlot::new("perplexity dots", Axis::logarithmic(low, high));
    let columns = [
        TableColumn::text("", grid::column::NAME),
        TableColumn::wide(words.text("lower-is-better")),
        TableColumn::number(words.text("perplexity-column"), grid::column::DIGITS),
        TableColumn::number(words.text("interval"), grid::column::INTERVAL),
        TableColumn::number(words.text("vs-base"), grid::column::DIGITS),
    ];
    let group = table.roles.len().max(NAME_LINES);
    Table::new("perplexities", &columns).complete().show(ui, table.texts.len() * group, |cells, index| {
        let (text, line) = (&table.texts[index / group], index % group);
        if line + 1 < group || index + 1 == table.texts.len() * group {
            cells.goes_on();
        }
        match line {
            0 => cells.text(&text.name, Type::BODY_MEDIUM, Ink::Primary),
            _ => cells.text(&remark(text, line, words), Type::CAPTION, Ink::Secondary),
        }
        let base = text.scores.first().map_or(f64::NAN, |score| score.perplexity);
        let score = text.scores.get(line).zip(table.roles.get(line));
        cells.cell(|ui| plot.keep(ui, score.map(|(score, role)| dot(score, *role, base))));
        if let Some((score, _)) = score {
            cells.number(&score.number(), Ink::Primary);
            cells.text(score.ends().as_deref().unwrap_or("—"), Type::MONO_SMALL, Ink::Secondary);
            let change = if line > 0 { percent_change(score.perplexity / base) } else { String::new() };
            cells.number(&change, Ink::Primary);
        }
    });
    plot.show(ui);
}

/// What stands below the name of a text: how long it is.
fn remark(text: &TextRow, line: usize, words: Language) -> String {
    let interval = text.scores.first().and_then(|score| score.interval);
    match (line, interval) {
        (1, _) => words.say(&message!("tokens", count: text.token_count)),
        (2, Some(interval)) => words.say(&message!("blocks", count: interval.block_count)),
        (2, None) => words.text("no-interval").to_owned(),
        _ => String::new(),
    }
}

/// Grey whiskers rest on too little text; base + adapter is hollow, so that it does not rest on colour alone.
fn dot(score: &Score, role: ModelRole, base: f64) -> Dot {
    let ink = role_ink(role);
    let whisker = score.interval.map(|ends| ([ends.low, ends.high], if ends.is_weak() { Ink::Disabled } else { ink }));
    let reference = (role != ModelRole::Base).then_some(base);
    Dot { value: score.perplexity, whisker, ink, is_hollow: is_hollow(role), reference }
}
