//! The numbers as a Markdown table.

use lorafuse::units;

use super::child::Usage;

/// One program's runs.
pub struct Row {
    pub title: String,
    pub output_byte_count: u64,
    pub runs: Vec<Usage>,
}

impl Row {
    /// The middle of the times.
    fn median_secs(&self) -> f64 {
        let mut walls: Vec<f64> = self.runs.iter().map(|run| run.wall_secs).collect();
        walls.sort_by(f64::total_cmp);
        let middle = walls.len() / 2;
        match walls.len() {
            0 => f64::NAN,
            count if count % 2 == 0 => walls[middle - 1].midpoint(walls[middle]),
            _ => walls[middle],
        }
    }

    fn largest(&self, of: impl Fn(&Usage) -> u64) -> u64 {
        self.runs.iter().map(of).max().unwrap_or(0)
    }
}

/// Median and range of the times, bytes written in a second, times as multiples of `reference`'s (the row of that
/// position), and memory.
pub fn render(rows: &[Row], reference: Option<usize>) -> String {
    let heading = reference.map_or_else(String::new, |index| format!("multiple of {}", rows[index].title));
    let reference = reference.map(|index| rows[index].median_secs());
    let mut lines = vec![
        format!("| | median | range | written | {heading} | peak memory | of it anonymous |"),
        "|---|---:|---:|---:|---:|---:|---:|".to_owned(),
    ];
    for row in rows {
        let median = row.median_secs();
        let range = |pick: fn(f64, f64) -> f64| row.runs.iter().map(|run| run.wall_secs).reduce(pick).unwrap_or(median);
        lines.push(format!(
            "| {} | {} | {} to {} | {:.0} MB/s | {} | {} | {} |",
            row.title,
            units::duration(median),
            units::duration(range(f64::min)),
            units::duration(range(f64::max)),
            row.output_byte_count as f64 / 1e6 / median,
            reference.map_or_else(|| "–".to_owned(), |reference| format!("{:.2}×", median / reference)),
            units::bytes(row.largest(|run| run.peak_byte_count)),
            units::bytes(row.largest(|run| run.anonymous_byte_count)),
        ));
    }
    lines.join("\n")
}
