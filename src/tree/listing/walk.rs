//! The steps of somebody who walks the rows with arrow keys.

use super::{Folding, TreeRow};

/// Where a step goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// To the row above.
    Up,
    /// To the row below.
    Down,
    /// Into a module, which opens first.
    In,
    /// Out of a module, which is folded first.
    Out,
}

/// What a step does to the row with this index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowStep {
    /// Selects it.
    Select(usize),
    /// Opens or folds it.
    Toggle(usize),
}

impl RowStep {
    /// The step from the row `at`; without one, to the first row.
    #[must_use]
    pub fn from(rows: &[TreeRow], at: Option<usize>, direction: Direction) -> Option<Self> {
        let select = |index: usize| (index < rows.len()).then_some(Self::Select(index));
        let Some(at) = at else { return select(0) };
        let row = rows.get(at)?;
        match (direction, row.folding) {
            (Direction::Down, _) | (Direction::In, Folding::Open) => select(at + 1),
            (Direction::Up, _) => select(at.checked_sub(1)?),
            (Direction::In, Folding::Folded) | (Direction::Out, Folding::Open) => Some(Self::Toggle(at)),
            (Direction::Out, _) => select(rows[..at].iter().rposition(|above| above.depth < row.depth)?),
            (Direction::In, Folding::Leaf) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::Heat, *};

    fn row(path: &str, depth: usize, folding: Folding) -> TreeRow {
        TreeRow {
            path: path.to_owned(),
            label: String::new(),
            class: String::new(),
            depth,
            folding,
            element_count: 0,
            base_shape: String::new(),
            dtype: String::new(),
            a_shape: String::new(),
            b_shape: String::new(),
            rank: String::new(),
            scale: String::new(),
            is_changed: false,
            heat: Heat::Empty,
        }
    }

    #[test]
    fn steps_walk_the_rows_and_open_and_fold_them() {
        let rows = [
            row("model", 0, Folding::Open),
            row("model.layers", 1, Folding::Folded),
            row("model.norm", 1, Folding::Leaf),
        ];
        let step = |at: Option<usize>, direction| RowStep::from(&rows, at, direction);
        assert_eq!(step(None, Direction::Down), Some(RowStep::Select(0)));
        assert_eq!(step(Some(0), Direction::Down), Some(RowStep::Select(1)));
        assert_eq!(step(Some(2), Direction::Down), None, "the last");
        assert_eq!(step(Some(0), Direction::Up), None, "the first");
        assert_eq!(step(Some(1), Direction::In), Some(RowStep::Toggle(1)));
        assert_eq!(step(Some(0), Direction::In), Some(RowStep::Select(1)));
        assert_eq!(step(Some(0), Direction::Out), Some(RowStep::Toggle(0)));
        assert_eq!(step(Some(2), Direction::Out), Some(RowStep::Select(0)), "the one around it");
        assert_eq!(step(Some(2), Direction::In), None);
    }
}
