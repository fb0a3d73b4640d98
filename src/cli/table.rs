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

/// Renders `rows` under `header`; an empty header leaves its line out.
pub fn render<const N: usize>(header: [&str; N], align: [Align; N], rows: &[[String; N]]) -> String {
    let has_header = header.iter().any(|title| !title.is_empty());
    let mut widths = header.map(|title| title.chars().count());
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let mut out = String::new();
    let titles = has_header.then(|| header.map(str::to_owned));
    for row in titles.iter().chain(rows) {
        let mut line = String::new();
        for ((cell, width), align) in row.iter().zip(widths).zip(align) {
            let width = width.max(1);
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
        let text = render(["Module", "rank"], [Align::Left, Align::Right], &rows);
        assert_eq!(text, "Module  rank\nq_proj     4\nv        128\n");
    }
}
