//! Both trees as PyTorch prints them, line by line side by side.

use std::ops::Range;

use super::print::PrintedLine;

/// One line of the right side and what stands beside it on the left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiffLine {
    /// Number and text on the left; `None` where only the right has a line.
    pub left: Option<(usize, String)>,
    /// Number and text on the right; `None` where there is no adapter.
    pub right: Option<(usize, String)>,
    /// Whether the sides differ.
    pub is_changed: bool,
}

/// The aligned lines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PrintedDiff {
    /// Rows.
    pub lines: Vec<DiffLine>,
    /// Lines on the left.
    pub left_count: usize,
    /// Lines on the right.
    pub right_count: usize,
    /// Rows with text on both sides that differs.
    pub differing: usize,
    /// Rows that only the right side has.
    pub added: usize,
    /// Characters of the longest line on the left.
    pub left_columns: usize,
    /// Characters of the longest line on the right.
    pub right_columns: usize,
    /// Rows that differ, as runs of neighbours.
    pub changed_runs: Vec<Range<usize>>,
}

impl PrintedDiff {
    /// Aligns `base` with `adapted`; `adapted` may be empty.
    #[must_use]
    pub fn new(base: &[PrintedLine], adapted: &[PrintedLine]) -> Self {
        let longest = |lines: &[PrintedLine]| lines.iter().map(|line| line.text.chars().count()).max().unwrap_or(0);
        let mut diff = Self {
            left_count: base.len(),
            right_count: adapted.len(),
            left_columns: longest(base),
            right_columns: longest(adapted),
            ..Self::default()
        };
        let numbered = |(index, line): (usize, &PrintedLine)| (index + 1, line.text.clone());
        if adapted.is_empty() {
            let line = |left| DiffLine { left: Some(left), right: None, is_changed: false };
            diff.lines = base.iter().enumerate().map(numbered).map(line).collect();
            return diff;
        }
        let mut left = base.iter().enumerate().map(numbered).peekable();
        for right in adapted.iter().enumerate().map(numbered) {
            let matched = left.peek().and_then(|(_, text)| same_place(text, &right.1));
            let beside = if matched.is_some() { left.next() } else { None };
            let is_changed = matched != Some(Likeness::Equal);
            match (&beside, is_changed) {
                (Some(_), true) => diff.differing += 1,
                (None, _) => diff.added += 1,
                _ => {}
            }
            diff.lines.push(DiffLine { left: beside, right: Some(right), is_changed });
        }
        diff.lines.extend(left.map(|left| DiffLine { left: Some(left), right: None, is_changed: true }));
        diff.changed_runs = changed_runs(&diff.lines);
        diff
    }

    /// The left side as text.
    #[must_use]
    pub fn left_text(&self) -> String {
        joined(self.lines.iter().map(|line| &line.left))
    }

    /// The right side as text.
    #[must_use]
    pub fn right_text(&self) -> String {
        joined(self.lines.iter().map(|line| &line.right))
    }
}

fn joined<'a>(side: impl Iterator<Item = &'a Option<(usize, String)>>) -> String {
    side.flatten().map(|(_, text)| text.as_str()).collect::<Vec<_>>().join("\n")
}

/// Neighbouring rows that differ.
fn changed_runs(lines: &[DiffLine]) -> Vec<Range<usize>> {
    let mut runs: Vec<Range<usize>> = Vec::new();
    for (index, _) in lines.iter().enumerate().filter(|(_, line)| line.is_changed) {
        match runs.last_mut() {
            Some(run) if run.end == index => run.end += 1,
            _ => runs.push(index..index + 1),
        }
    }
    runs
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Likeness {
    Equal,
    Changed,
}

/// Whether two lines stand for the same module: PEFT's tree is two levels deeper, and a target has another class.
fn same_place(left: &str, right: &str) -> Option<Likeness> {
    let (left, right) = (left.trim_start(), right.trim_start());
    if left == right {
        return Some(Likeness::Equal);
    }
    let label = |line: &str| line.split_once("): ").map(|(label, _)| label.to_owned());
    match (label(left), label(right)) {
        (Some(left), Some(right)) => (left == right).then_some(Likeness::Changed),
        // The first line of the base has no label; in PEFT's tree it stands behind `(model): `.
        (None, Some(_)) => right.strip_prefix("(model): ").filter(|class| *class == left).map(|_| Likeness::Changed),
        _ => None,
    }
}

/// `(q_proj): lora.Linear(…` in three parts with the class in the middle.
#[must_use]
pub fn parts_around_class(text: &str) -> Option<(&str, &str, &str)> {
    let start = text.find("): ")? + 3;
    let end = start + text[start..].find('(')?;
    Some((&text[..start], &text[start..end], &text[end..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_class_is_the_part_that_differs() {
        assert_eq!(parts_around_class("  (q_proj): lora.Linear("), Some(("  (q_proj): ", "lora.Linear", "(")));
        assert_eq!(parts_around_class(")"), None);
    }

    fn lines(texts: &[&str]) -> Vec<PrintedLine> {
        texts.iter().map(|text| PrintedLine { text: (*text).to_owned(), is_changed: false }).collect()
    }

    #[test]
    fn a_target_stands_beside_its_layer_and_its_inside_beside_nothing() {
        let base = lines(&["Model(", "  (q_proj): Linear(8, 8)", "  (norm): Norm()", ")"]);
        let adapted = lines(&[
            "PeftModel(",
            "  (base_model): LoraModel(",
            "    (model): Model(",
            "      (q_proj): lora.Linear(",
            "        (base_layer): Linear(8, 8)",
            "      )",
            "      (norm): Norm()",
            "    )",
            "  )",
            ")",
        ]);
        let diff = PrintedDiff::new(&base, &adapted);
        let beside: Vec<Option<usize>> = diff.lines.iter().map(|line| line.left.as_ref().map(|left| left.0)).collect();
        assert_eq!(beside, [None, None, Some(1), Some(2), None, None, Some(3), Some(4), None, None]);
        assert_eq!((diff.differing, diff.added), (2, 6));
        assert!(!diff.lines[6].is_changed);
        assert_eq!(diff.changed_runs, [0..6, 8..10]);
        assert_eq!((diff.left_columns, diff.right_columns), (24, 34));
        assert_eq!(diff.left_text().lines().count(), base.len());
        assert_eq!(diff.right_text(), adapted.iter().map(|line| line.text.as_str()).collect::<Vec<_>>().join("\n"));
    }

    #[test]
    fn without_an_adapter_there_is_one_side() {
        let diff = PrintedDiff::new(&lines(&["Model()"]), &[]);
        assert_eq!((diff.left_count, diff.right_count, diff.lines.len()), (1, 0, 1));
    }
}
