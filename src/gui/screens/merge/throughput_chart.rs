//! Bytes written each second, over the whole run and what is left of it.

use egui::{Align, Rect, Stroke};
use egui_plot::{Line, PlotBounds, PlotPoint, PlotPoints, PlotTransform};

use crate::{
    gui::{
        design::{chart::plot::chart_ui, layout::text::text_ui, tokens::chart},
        prelude::*,
    },
    job::Stage,
    merge::Running,
    units::{
        quantity::{clock, three_digits},
        scale::{ByteUnit, marks, round_step},
    },
};

/// Seconds that the axis shows at least.
const SHORTEST_AXIS_SECS: u8 = 10;

/// Bytes per second that the axis shows at least.
const LOWEST_AXIS: u32 = 1_000_000;

/// Lines across the chart, about.
const X_MARKS: u8 = 6;
const Y_MARKS: u8 = 4;

/// The panel with the chart.
pub(in crate::gui) fn throughput_ui(ui: &mut Ui, state: &AppState, running: &Running) {
    let words = state.words();
    let unit = ByteUnit::of(peak(running));
    let remark = words.say(&message!("throughput-note", unit: unit.name));
    Surface::titled(words.text("throughput")).remark(&remark).show(ui, |ui| {
        canvas_ui(ui, grid::THROUGHPUT - grid::PANEL_TITLE, |ui, area| curve_ui(ui, area, state, running, &unit));
    });
}

fn peak(running: &Running) -> f64 {
    running.throughput.peak().max(f64::from(LOWEST_AXIS))
}

fn curve_ui(ui: &mut Ui, area: Rect, state: &AppState, running: &Running, unit: &ByteUnit) {
    let colors = Colors::of(ui);
    let points = if state.machine.shows_measurements { running.throughput.points() } else { &[] };
    let plot = Rect::from_min_max(area.min + vec2(chart::LEFT, 2.0), area.max - vec2(space::S24, chart::AXIS));
    let elapsed = running.started.elapsed().as_secs_f64();
    // The chart is of what is written.
    let left = running.rate.eta_secs(running.sample.bytes_total).filter(|_| running.stage == Stage::Merging);
    let longest = (elapsed + left.unwrap_or(0.0)).max(f64::from(SHORTEST_AXIS_SECS));
    let highest = peak(running) / unit.bytes;
    let (x_step, y_step) = (round_step(longest, f64::from(X_MARKS)), round_step(highest, f64::from(Y_MARKS)));
    let top = (highest / y_step).ceil() * y_step;
    let (x_marks, y_marks) = (marks(longest, x_step), marks(top, y_step));
    let bounds = PlotBounds::from_min_max([0.0, 0.0], [longest, top]);
    let series: Vec<[f64; 2]> = points.iter().map(|[at, rate]| [*at, rate / unit.bytes]).collect();
    let last = series.last().copied();
    let transform = chart_ui(ui, "throughput", plot, bounds, [&[], &y_marks], |plot_ui| {
        let line = Line::new("written", PlotPoints::from(series)).allow_hover(false);
        plot_ui.line(line.color(colors.merged).width(chart::LINE));
    });
    ui.painter().hline(plot.x_range(), plot.bottom(), Stroke::new(1.0, colors.stroke_strong));
    let label = |ui: &mut Ui, area: Rect, align: Align, text: &str| {
        text_ui(ui, area, align, text, Type::MONO_SMALL, colors.text_secondary);
    };
    let size = vec2(chart::LABEL, grid::CODE_ROW);
    for mark in y_marks {
        let center = pos2(plot.left() - space::S8 - size.x / 2.0, transform.position_from_point_y(mark));
        label(ui, Rect::from_center_size(center, size), Align::Max, &format!("{mark}"));
    }
    for mark in x_marks {
        let center = pos2(transform.position_from_point_x(mark), plot.bottom() + space::S12);
        label(ui, Rect::from_center_size(center, size), Align::Center, &clock(mark));
    }
    if let Some(last) = last {
        last_ui(ui, plot, &transform, last);
    }
}

/// The end of the line, with its number.
fn last_ui(ui: &mut Ui, plot: Rect, transform: &PlotTransform, [at, rate]: [f64; 2]) {
    let colors = Colors::of(ui);
    let end = transform.position_from_point(&PlotPoint::new(at, rate));
    ui.painter().circle_filled(end, chart::DOT, colors.merged);
    let area = Rect::from_min_size(end + vec2(space::S8, -grid::CODE_ROW / 2.0), vec2(chart::LABEL, grid::CODE_ROW));
    let area = area.translate(vec2(0.0, (plot.top() - area.top()).max(0.0)));
    // Where the line has reached the end of the axis its label turns to the other side.
    let (area, align) = if area.right() > plot.right() {
        (area.translate(vec2(-area.width() - 2.0 * space::S8, -space::S12)), Align::Max)
    } else {
        (area, Align::Min)
    };
    text_ui(ui, area, align, &three_digits(rate), Type::MONO, colors.text);
}
