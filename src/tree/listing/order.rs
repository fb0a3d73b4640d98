//! Modules sorted by a column in place of their order in the tree.

use std::cmp::Ordering;

use super::row::{Heat, TreeRow};

/// A column that rows can be sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SortColumn {
    /// The path.
    Module,
    /// Elements of the base weight.
    Size,
    /// The dtype.
    Dtype,
    /// The rank of the update.
    Rank,
    /// s.
    Scale,
    /// ‖Δ‖/‖W‖.
    Change,
}

/// A column and its direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TreeOrder {
    /// The column.
    pub column: SortColumn,
    /// Whether the first value is the largest.
    pub is_descending: bool,
}

impl TreeOrder {
    /// What a click on the title of `column` makes of `order`: largest first, smallest first, the tree again.
    #[must_use]
    pub fn after(order: Option<Self>, column: SortColumn) -> Option<Self> {
        match order {
            Some(order) if order.column == column && order.is_descending => Some(Self { is_descending: false, column }),
            Some(order) if order.column == column => None,
            _ => Some(Self { column, is_descending: true }),
        }
    }

    /// Whether rows in `order` are sorted by `column`, and if so, whether the first value is the largest.
    #[must_use]
    pub fn direction(order: Option<Self>, column: SortColumn) -> Option<bool> {
        order.filter(|order| order.column == column).map(|order| order.is_descending)
    }

    /// Sorts `rows`; those without a value come last in either direction.
    pub fn sort(self, rows: &mut [TreeRow]) {
        rows.sort_by(|a, b| match self.column {
            SortColumn::Module => self.directed(a.path.cmp(&b.path).reverse()),
            SortColumn::Size => self.directed(a.element_count.cmp(&b.element_count)),
            SortColumn::Dtype => self.directed(a.dtype.cmp(&b.dtype)),
            SortColumn::Rank => self.numbers(number(&a.rank), number(&b.rank)),
            SortColumn::Scale => self.numbers(number(&a.scale), number(&b.scale)),
            SortColumn::Change => self.numbers(change(a), change(b)),
        });
    }

    fn directed(self, ordering: Ordering) -> Ordering {
        if self.is_descending { ordering.reverse() } else { ordering }
    }

    fn numbers(self, a: Option<f64>, b: Option<f64>) -> Ordering {
        match (a, b) {
            (Some(a), Some(b)) => self.directed(a.total_cmp(&b)),
            (a, b) => b.is_some().cmp(&a.is_some()),
        }
    }
}

fn number(text: &str) -> Option<f64> {
    text.parse().ok()
}

fn change(row: &TreeRow) -> Option<f64> {
    match row.heat {
        Heat::Value(value) => Some(value),
        _ => None,
    }
}
