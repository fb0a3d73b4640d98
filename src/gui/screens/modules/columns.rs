//! Which columns the tree table has at a width, and where they stand.

use crate::message::Language;
use egui::{Rect, pos2, vec2};

use super::tree_order::SortColumn;

/// Narrowest the column with the names gets before others are left out.
const NAME_WIDTH: f32 = 210.0;

/// A column after the names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::gui) enum ModuleColumn {
    BaseLayer,
    Dtype,
    LoraA,
    LoraB,
    Rank,
    Scale,
    Change,
}

impl ModuleColumn {
    const ALL: [Self; 7] =
        [Self::BaseLayer, Self::Dtype, Self::LoraA, Self::LoraB, Self::Rank, Self::Scale, Self::Change];

    /// What the inspector says as well goes first.
    const LEFT_OUT_FIRST: [Self; 3] = [Self::Scale, Self::Rank, Self::Dtype];

    fn width(self) -> f32 {
        match self {
            Self::BaseLayer | Self::Change => 98.0,
            Self::Dtype | Self::Scale => 46.0,
            Self::LoraA | Self::LoraB => 82.0,
            Self::Rank => 42.0,
        }
    }

    /// What a click on its title sorts by.
    pub fn sorts_by(self) -> SortColumn {
        match self {
            Self::BaseLayer => SortColumn::Size,
            Self::Dtype => SortColumn::Dtype,
            Self::LoraA | Self::LoraB | Self::Rank => SortColumn::Rank,
            Self::Scale => SortColumn::Scale,
            Self::Change => SortColumn::Change,
        }
    }

    pub fn title(self, words: Language) -> &'static str {
        match self {
            Self::BaseLayer => "base_layer",
            Self::Dtype => words.text("dtype"),
            Self::LoraA => "lora_A",
            Self::LoraB => "lora_B",
            Self::Rank => words.text("rank"),
            Self::Scale => words.text("scale"),
            Self::Change => "‖Δ‖ / ‖W‖",
        }
    }
}

/// The columns of a table.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::gui) struct ModuleColumns {
    /// Width of the whole table.
    pub width: f32,
    /// Width of the column with the names.
    pub names: f32,
    shown: Vec<ModuleColumn>,
}

impl ModuleColumns {
    /// As many as leave room for the names.
    pub fn fitting(width: f32) -> Self {
        let mut shown = ModuleColumn::ALL.to_vec();
        let names = |shown: &[ModuleColumn]| width - shown.iter().map(|column| column.width()).sum::<f32>();
        for left_out in ModuleColumn::LEFT_OUT_FIRST {
            if names(&shown) < NAME_WIDTH {
                shown.retain(|column| *column != left_out);
            }
        }
        Self { width, names: names(&shown), shown }
    }

    /// Widths of all columns, the names first.
    pub fn widths(&self) -> impl Iterator<Item = f32> {
        std::iter::once(self.names).chain(self.shown.iter().map(|column| column.width()))
    }

    /// Every column after the names with its place in `row`.
    pub fn cells(&self, row: Rect) -> impl Iterator<Item = (ModuleColumn, Rect)> {
        let mut left = row.left() + self.names;
        self.shown.iter().map(move |column| {
            let cell = Rect::from_min_size(pos2(left, row.top()), vec2(column.width(), row.height()));
            left = cell.right();
            (*column, cell)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_narrow_table_keeps_its_names_and_the_change() {
        let shown = |width: f32| ModuleColumns::fitting(width).shown.len();
        assert_eq!((shown(784.0), shown(670.0), shown(560.0)), (7, 6, 4));
        let narrow = ModuleColumns::fitting(548.0);
        assert!(narrow.names > 180.0 && narrow.shown.contains(&ModuleColumn::Change), "{narrow:?}");
    }

    #[test]
    fn columns_fill_the_table() {
        for width in [548.0, 784.0, 1400.0] {
            let columns = ModuleColumns::fitting(width);
            let row = Rect::from_min_size(pos2(72.0, 10.0), vec2(width, 26.0));
            assert_eq!(columns.cells(row).last().unwrap().1.right(), row.right());
            assert_eq!(columns.widths().sum::<f32>(), width);
        }
    }
}
