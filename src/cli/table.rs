//! Plain text tables: names left, numbers right, two spaces between.

use std::fmt::Write as _;

/// How a column is aligned.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Align {
    /// Words.
    Left,
    /// Numbers.
    Right,
}

/// Renders `rows` under `header`; a header of empty titles is left out.
pub fn render(header: &[&str], align: &[Align], rows: &[impl AsRef<[String]>]) -> String {
    let has_header = header.iter().any(|title| !title.is_empty());
    let titles: Vec<String> = header.iter().map(|title| (*title).to_owned()).collect();
    let lines = || has_header.then_some(titles.as_slice()).into_iter().chain(rows.iter().map(AsRef::as_ref));
    let mut widths = vec![1; header.len()];
    for row in lines() {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let mut out = String::new();
    for row in lines() {
        let mut line = String::new();
        for ((cell, width), align) in row.iter().zip(&widths).zip(align) {
            match align {
                Align::Left => write!(line, "{cell:<width$}  ").ok(),
                Align::Right => write!(line, "{cell:>width$}  ").ok(),
            };
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_align() {
        let rows = [["q_proj".to_owned(), "4".to_owned()], ["v".to_owned(), "128".to_owned()]];
        let text = render(&["Module", "rank"], &[Align::Left, Align::Right], &rows);
        assert_eq!(text, "Module  rank\nq_proj     4\nv        128\n");
    }
}
