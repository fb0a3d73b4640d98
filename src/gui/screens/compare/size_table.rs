//! The numbers behind the bars of the size chart, to the byte.

use super::size_chart::SizeRow;
use crate::{gui::prelude::*, size::Component};

/// The panel.
pub(in crate::gui) fn size_table_ui(ui: &mut Ui, state: &AppState, done: &MergedFolder) {
    let words = state.words();
    let rows = SizeRow::of(state, done);
    let titles: Vec<String> = rows.iter().map(SizeRow::title).collect();
    let mut columns = vec![TableColumn::wide(words.text("component"))];
    columns.extend(titles.iter().map(|title| TableColumn::number(title, grid::column::TYPED_BYTES)));
    Surface::titled(words.text("bytes")).remark(words.text("bytes-note")).show(ui, |ui| {
        Table::new("bytes", &columns).complete().show(ui, Component::ALL.len() + 1, |cells, part| {
            let component = Component::ALL.get(part);
            match component {
                Some(component) => cells.text(&words.said(component), Type::BODY, Ink::Primary),
                None => cells.text(words.text("total"), Type::BODY_STRONG, Ink::Primary),
            }
            for row in &rows {
                let bytes = component.map_or_else(|| row.bar.total(), |_| row.bar.bytes[part]);
                // Where components differ in their dtypes, each number says its own.
                let dtype = component.filter(|_| row.bar.is_mixed()).map_or("", |_| row.bar.dtypes[part].as_str());
                cells.cell(|ui| {
                    label_ui(ui, &units::count(bytes), Type::MONO, Ink::Primary);
                    ui.add_space(space::S8);
                    label_ui(ui, dtype, Type::CAPTION, Ink::Secondary);
                });
            }
        });
    });
}
