//! How far the predictions of the models are apart, drawn: for each pair and text the mean divergence, and the range from
//! the median to 99 % of positions, on one logarithmic axis.

use egui::{Rect, Stroke, Ui, pos2, vec2};
use egui_plot::{Line, MarkerShape, PlotBounds, PlotPoints, Points};

use super::{measured::Measured, perplexity_chart::ink};
use crate::{
    evaluate::{Divergence, KlSummary},
    gui::{
        app::state::AppState,
        design::{
            tokens::{Colors, Type, grid, space},
            widget::{Align, chart_ui, hairline, text_ui},
        },
    },
    numeric::FloatDtype,
    units::share,
};

/// Height of a text's line.
const ROW: f32 = 24.0;

/// Height of the column titles, and of the axis.
const HEADER: f32 = 24.0;
const AXIS: f32 = 22.0;

/// Width of the names of texts, and of the shares.
const NAMES: f32 = 128.0;
const SHARE: f32 = 108.0;

/// What lies below this is nothing: float32 tells no more.
const LEAST_KL: f64 = 1e-9;

/// Marks on the axis at the most.
const MOST_MARKS: i32 = 6;

/// Paints the chart from the top of `rect`; returns its bottom.
pub(in crate::gui) fn change_chart_ui(
    ui: &mut Ui,
    rect: Rect,
    measured: &Measured,
    dtype: Option<FloatDtype>,
    state: &AppState,
) -> f32 {
    let colors = Colors::of(ui);
    let words = state.words();
    let divergences = &measured.report.divergences;
    let header = Rect::from_min_size(rect.min, vec2(rect.width(), HEADER));
    text_ui(ui, header, Align::Right, words.text("same-top"), Type::CAPTION, colors.text_secondary);
    let pair_of = |divergence: &Divergence| (divergence.reference, divergence.model);
    let name = |model: usize| measured.roles.get(model).map_or_else(String::new, |role| role.name(words, dtype));
    let mut lines: Vec<(f32, &Divergence)> = Vec::new();
    let (mut top, mut pair) = (header.bottom(), None);
    for divergence in divergences {
        if pair != Some(pair_of(divergence)) {
            if pair.is_some() {
                hairline(ui, rect, top);
            }
            pair = Some(pair_of(divergence));
            let title = Rect::from_min_size(pos2(rect.left(), top), vec2(rect.width(), grid::LIST_ROW));
            let said = format!("{} → {}", name(divergence.reference), name(divergence.model));
            text_ui(ui, title, Align::Left, &said, Type::BODY_MEDIUM, colors.text);
            top = title.bottom();
        }
        lines.push((top, divergence));
        top += ROW;
    }
    let plot = Rect::from_min_max(pos2(rect.left() + NAMES, header.bottom()), pos2(rect.right() - SHARE, top));
    spreads_ui(ui, plot, &lines, measured);
    for (top, divergence) in &lines {
        let line = Rect::from_min_size(pos2(rect.left(), *top), vec2(rect.width(), ROW));
        let text = measured.table.texts.get(divergence.text).map_or("", |text| text.name.as_str());
        let area = Rect::from_min_size(line.min, vec2(NAMES - space::S8, ROW));
        text_ui(ui, area, Align::Left, text, Type::EVIDENCE, colors.text_secondary);
        let same = share(divergence.same_top1.value);
        text_ui(ui, line, Align::Right, &same, Type::MONO, colors.text);
    }
    top + AXIS
}

/// Lines and dots at their places; the y axis counts points from the top.
fn spreads_ui(ui: &mut Ui, plot: Rect, lines: &[(f32, &Divergence)], measured: &Measured) {
    let colors = Colors::of(ui);
    let (low, high) = decades(lines.iter().map(|(_, divergence)| &divergence.kl));
    let step = ((high - low) / MOST_MARKS).max(1);
    let marks: Vec<f64> = (0..=(high - low) / step).map(|mark| f64::from(low + mark * step)).collect();
    let bounds = PlotBounds::from_min_max([f64::from(low), -f64::from(plot.height())], [f64::from(high), 0.0]);
    let transform = chart_ui(ui, "change", plot, bounds, [&marks, &[]], |plot_ui| {
        for (index, (top, divergence)) in lines.iter().enumerate() {
            let y = -f64::from(top + ROW / 2.0 - plot.top());
            let KlSummary { mean, median, p99, .. } = divergence.kl;
            let color = measured.roles.get(divergence.model).map_or(colors.text, |role| ink(colors, *role));
            let ends = PlotPoints::from(vec![[at(median), y], [at(p99), y]]);
            plot_ui.line(Line::new(format!("range {index}"), ends).color(color).width(2.0).allow_hover(false));
            let dot = Points::new(format!("mean {index}"), PlotPoints::from(vec![[at(mean), y]]));
            plot_ui.points(dot.shape(MarkerShape::Circle).color(color).radius(4.5).allow_hover(false));
        }
    });
    ui.painter().hline(plot.x_range(), plot.bottom(), Stroke::new(1.0, colors.stroke_strong));
    for mark in marks {
        let center = pos2(transform.position_from_point_x(mark), plot.bottom() + AXIS / 2.0);
        let area = Rect::from_center_size(center, vec2(48.0, AXIS - 2.0));
        text_ui(ui, area, Align::Center, &mark_text(mark), Type::MONO_SMALL, colors.text_secondary);
    }
}

/// A divergence on the axis.
fn at(kl: f64) -> f64 {
    kl.max(LEAST_KL).log10()
}

/// Whole powers of ten around all that is shown.
#[expect(clippy::cast_possible_truncation, reason = "a few decades")]
fn decades<'a>(summaries: impl Iterator<Item = &'a KlSummary>) -> (i32, i32) {
    let values = summaries.flat_map(|kl| [kl.mean, kl.median, kl.p99]).map(at);
    let (low, high) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), at| (low.min(at), high.max(at)));
    if low > high {
        return (-1, 0);
    }
    let low = (low - 0.1).floor() as i32;
    (low, ((high + 0.1).ceil() as i32).max(low + 1))
}

/// `1e-6`, `0.01`, `1`.
fn mark_text(power: f64) -> String {
    let value = 10.0_f64.powf(power);
    if value < 0.001 { format!("1e{power:.0}") } else { format!("{value}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_axis_holds_all_and_ends_at_whole_powers() {
        let kl = |mean: f64| KlSummary { mean, median: mean / 10.0, p99: mean * 5.0, max: mean * 50.0 };
        assert_eq!(decades([kl(0.2), kl(2e-7)].iter()), (-8, 1));
        assert_eq!(decades([KlSummary { mean: 0.0, median: 0.0, p99: 0.0, max: 0.0 }].iter()), (-10, -8));
        assert_eq!(decades([].iter()), (-1, 0));
        assert_eq!([mark_text(-6.0), mark_text(-2.0), mark_text(0.0)], ["1e-6", "0.01", "1"]);
    }
}
