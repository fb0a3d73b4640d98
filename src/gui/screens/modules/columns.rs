//! Which columns the tree table has at a width.

use crate::gui::prelude::*;
use crate::tree::{SortColumn, TreeOrder};

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

    /// As many as leave room for the names in a table of this width.
    pub fn fitting(width: f32) -> Vec<Self> {
        let mut shown = Self::ALL.to_vec();
        for left_out in Self::LEFT_OUT_FIRST {
            if width - 2.0 * space::S16 - Self::space(&shown) < grid::column::NAMES {
                shown.retain(|column| *column != left_out);
            }
        }
        shown
    }

    /// What `columns` take of a table, with the room before each.
    pub fn space(columns: &[Self]) -> f32 {
        columns.iter().map(|column| column.width() + space::S12).sum()
    }

    fn width(self) -> f32 {
        match self {
            Self::BaseLayer => grid::column::SHAPE,
            Self::Dtype | Self::Scale => grid::column::SHORT,
            Self::LoraA | Self::LoraB => grid::column::FACTOR,
            Self::Rank => grid::column::RANK,
            Self::Change => grid::column::HEAT,
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

    /// It in the table, whose rows stand in `order`; `hover` says that a click on its title sorts.
    pub fn in_table(self, order: Option<TreeOrder>, hover: &str, words: Language) -> TableColumn<'_> {
        let direction = TreeOrder::direction(order, self.sorts_by());
        let title = self.title(words);
        let column = match self {
            Self::Change => TableColumn::centered(title, self.width()).explained(words.text("change-explained")),
            _ => TableColumn::number(title, self.width()),
        };
        column.sorts(direction, hover)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_narrow_table_keeps_its_names_and_the_change() {
        let shown = |width: f32| ModuleColumn::fitting(width).len();
        assert_eq!((shown(784.0), shown(670.0), shown(560.0)), (7, 6, 4));
        let narrow = ModuleColumn::fitting(548.0);
        assert!(narrow.contains(&ModuleColumn::Change) && ModuleColumn::space(&narrow) < 360.0, "{narrow:?}");
    }
}
