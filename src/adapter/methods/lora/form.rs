//! How the stored factors of a Linear layer become A `(r, in)` and B `(out, r)`: as they stand, or in one of the forms
//! that LoRA's variants save (spec sections 1.2 and 1.8).

use serde_json::Value;

use crate::{adapter::PeftConfig, numeric::Matrix};

/// The form of a module's stored factors.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Form {
    /// A `(r, in)` and B `(out, r)`.
    #[default]
    Plain,
    /// BD-LoRA: A `(r, in/n)`, n blocks below each other that belong on a diagonal.
    DiagonalA {
        /// n.
        blocks: usize,
    },
    /// BD-LoRA: B `(out, r/n)`, n blocks likewise.
    DiagonalB {
        /// n.
        blocks: usize,
    },
    /// QA-LoRA: A `(r, in/g)` for inputs that were averaged in groups of g. On layers that are not quantised PEFT
    /// ignores the option and A is plain.
    Pooled {
        /// g.
        group: usize,
    },
    /// The grouped LoRA of PEFT 0.1 to 0.3: A `(r·m, in)` and B `(m·out/n, r·m/2)`, a convolution of two groups whose
    /// outputs fill the m of n equal parts of a fused projection that are enabled.
    Grouped {
        /// Which of the n parts are.
        enabled: Vec<bool>,
    },
}

/// Groups of the convolution behind the grouped LoRA, whatever is enabled.
const CONVOLUTION_GROUPS: usize = 2;

/// Inputs that QA-LoRA averages where the config does not say.
const DEFAULT_GROUP: u64 = 16;

impl Form {
    /// What `config` says about `module`, whose B is of this shape.
    pub fn of(config: &PeftConfig, module: &str, b: &[usize]) -> Self {
        // Only a grouped B is the weight of a convolution over single values; later releases ignore the option.
        if let Some(enabled) = enabled_parts(config).filter(|_| matches!(b, [_, _, 1])) {
            return Self::Grouped { enabled };
        }
        if let Some(Value::Object(options)) = config.meaningful("use_bdlora") {
            return block_diagonal(options, module);
        }
        let group = config.get("qalora_group_size").and_then(Value::as_u64).unwrap_or(DEFAULT_GROUP);
        match usize::try_from(group) {
            Ok(group) if config.flag("use_qalora") && group > 0 => Self::Pooled { group },
            _ => Self::Plain,
        }
    }

    /// Rank, output and input features behind stored factors of these shapes; `None` where they do not fit together.
    pub fn features(&self, a: &[usize], b: &[usize]) -> Option<(usize, usize, usize)> {
        let b = match (self, b) {
            (Self::Grouped { .. }, [b @ .., 1]) if b.len() == 2 => b,
            _ => b,
        };
        let (&[a_rows, a_columns], &[b_rows, b_columns]) = (a, b) else { return None };
        match self {
            Self::Plain | Self::Pooled { .. } => (a_rows == b_columns).then_some((a_rows, b_rows, a_columns)),
            Self::DiagonalA { blocks } => (a_rows == b_columns && a_rows.is_multiple_of(*blocks)).then_some((
                a_rows,
                b_rows,
                a_columns.checked_mul(*blocks)?,
            )),
            Self::DiagonalB { blocks } => (b_columns.checked_mul(*blocks) == Some(a_rows)
                && b_rows.is_multiple_of(*blocks))
            .then_some((a_rows, b_rows, a_columns)),
            Self::Grouped { enabled } => {
                let enabled_count = enabled.iter().filter(|part| **part).count();
                let fits = a_rows.is_multiple_of(enabled_count)
                    && b_columns.checked_mul(CONVOLUTION_GROUPS) == Some(a_rows)
                    && b_rows.is_multiple_of(CONVOLUTION_GROUPS)
                    && b_rows.is_multiple_of(enabled_count);
                let out = (b_rows / enabled_count).checked_mul(enabled.len())?;
                fits.then_some((a_rows / enabled_count, out, a_columns))
            }
        }
    }

    /// Input features of a layer whose inputs were averaged before A took `columns` of them.
    pub fn pooled_features(&self, columns: usize) -> Option<usize> {
        match self {
            Self::Pooled { group } => columns.checked_mul(*group),
            _ => None,
        }
    }

    /// A and B as Δ = s·B·A takes them, for a layer of so many input features.
    pub fn expanded(&self, a: Matrix<f32>, b: Matrix<f32>, inner: usize) -> (Matrix<f32>, Matrix<f32>) {
        match self {
            Self::Plain => (a, b),
            Self::DiagonalA { blocks } => (on_diagonal(&a, *blocks), b),
            Self::DiagonalB { blocks } => (a, on_diagonal(&b, *blocks)),
            Self::Pooled { .. } if a.columns() == inner => (a, b),
            Self::Pooled { group } => (unpooled(&a, *group), b),
            Self::Grouped { enabled } => (a, spread(&on_diagonal(&b, CONVOLUTION_GROUPS), enabled)),
        }
    }
}

/// `enable_lora`, where it enables anything.
fn enabled_parts(config: &PeftConfig) -> Option<Vec<bool>> {
    let Some(Value::Array(parts)) = config.meaningful("enable_lora") else { return None };
    let enabled: Vec<bool> = parts.iter().map(|part| part.as_bool() == Some(true)).collect();
    enabled.contains(&true).then_some(enabled)
}

/// Which factor of `module` is block-diagonal; PEFT looks for each pattern anywhere in the module's path.
fn block_diagonal(options: &serde_json::Map<String, Value>, module: &str) -> Form {
    let names = |key: &str| {
        let patterns = options.get(key).and_then(Value::as_array);
        patterns.is_some_and(|patterns| patterns.iter().filter_map(Value::as_str).any(|it| module.contains(it)))
    };
    let blocks = options.get("nblocks").and_then(Value::as_u64).and_then(|count| usize::try_from(count).ok());
    match blocks.filter(|blocks| *blocks > 0) {
        Some(blocks) if names("target_modules_bd_a") => Form::DiagonalA { blocks },
        Some(blocks) if names("target_modules_bd_b") => Form::DiagonalB { blocks },
        _ => Form::Plain,
    }
}

/// `blocks` equal runs of rows, each moved as far to the right as those above it are wide.
fn on_diagonal(matrix: &Matrix<f32>, blocks: usize) -> Matrix<f32> {
    let (rows, columns) = (matrix.rows(), matrix.columns());
    let mut out = Matrix::zeros(rows, columns * blocks);
    let rows_of_block = (rows / blocks).max(1);
    for row in 0..rows {
        let start = row * columns * blocks + row / rows_of_block * columns;
        out.values_mut()[start..start + columns].copy_from_slice(matrix.row(row));
    }
    out
}

/// A for inputs that are not averaged: PEFT multiplies the mean of each group by the number of groups.
fn unpooled(a: &Matrix<f32>, group: usize) -> Matrix<f32> {
    let factor = a.columns() as f64 / group as f64;
    #[expect(clippy::cast_possible_truncation, reason = "factors are f32")]
    let scaled = |value: &f32| (f64::from(*value) * factor) as f32;
    let values = a.values().iter().flat_map(|value| std::iter::repeat_n(scaled(value), group)).collect();
    Matrix::new(a.rows(), a.columns() * group, values)
}

/// The rows of the enabled parts at their places, zeros in the others.
fn spread(compact: &Matrix<f32>, enabled: &[bool]) -> Matrix<f32> {
    let enabled_count = enabled.iter().filter(|part| **part).count().max(1);
    let part_len = compact.rows() / enabled_count * compact.columns();
    let mut filled = compact.values().chunks(part_len.max(1));
    let mut values = Vec::with_capacity(part_len * enabled.len());
    for part in enabled {
        match part.then(|| filled.next()).flatten() {
            Some(rows) => values.extend_from_slice(rows),
            None => values.resize(values.len() + part_len, 0.0),
        }
    }
    Matrix::new(compact.rows() / enabled_count * enabled.len(), compact.columns(), values)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matrix(rows: usize, columns: usize) -> Matrix<f32> {
        Matrix::new(rows, columns, (1_u8..).take(rows * columns).map(f32::from).collect())
    }

    #[test]
    fn blocks_stand_on_the_diagonal() {
        let expected = [1.0, 2.0, 0.0, 0.0, 0.0, 0.0, 3.0, 4.0];
        assert_eq!(on_diagonal(&matrix(2, 2), 2).values(), expected);
    }

    #[test]
    fn a_pooled_column_serves_its_group() {
        assert_eq!(unpooled(&matrix(1, 3), 2).values(), [1.5, 1.5, 3.0, 3.0, 4.5, 4.5]);
    }

    #[test]
    fn enabled_parts_keep_their_order() {
        let found = spread(&matrix(2, 2), &[false, true, false, true]);
        assert_eq!(found.values(), [0.0, 0.0, 1.0, 2.0, 0.0, 0.0, 3.0, 4.0]);
    }

    #[test]
    fn shapes_that_contradict_the_form_do_not_fit() {
        assert_eq!(Form::DiagonalA { blocks: 4 }.features(&[8, 4], &[24, 8]), Some((8, 24, 16)));
        assert_eq!(Form::DiagonalA { blocks: 3 }.features(&[8, 4], &[24, 8]), None);
        assert_eq!(Form::DiagonalB { blocks: 4 }.features(&[8, 16], &[24, 2]), Some((8, 24, 16)));
        assert_eq!(Form::DiagonalB { blocks: 4 }.features(&[8, 16], &[24, 8]), None);
        let grouped = Form::Grouped { enabled: vec![true, false, true] };
        assert_eq!(grouped.features(&[4, 8], &[16, 2, 1]), Some((2, 24, 8)));
        assert_eq!(grouped.features(&[4, 8], &[16, 4, 1]), None);
        assert_eq!(Form::Plain.features(&[4, 8], &[16, 4, 1]), None);
    }
}
