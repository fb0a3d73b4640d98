//! Bytes written each second, over the whole run and what is left of it.

use egui::{Rect, Stroke, Ui, pos2, vec2};
use egui_plot::{Line, PlotBounds, PlotPoint, PlotPoints};

use super::running::Running;
use crate::{
    gui::{
        app::state::AppState,
        design::{
            quantities::clock,
            scale::{ByteUnit, round_step},
            tokens::{Colors, Type, grid, space},
            widget::{Align, chart_ui, panel_title_ui, text_ui},
        },
    },
    job::Stage,
    message::message,
};

/// Seconds that the axis shows at least.
const SHORTEST_AXIS_SECS: f64 = 10.0;

/// The panel with the chart.
pub(in crate::gui) fn throughput_ui(ui: &mut Ui, rect: Rect, state: &AppState, running: &Running) {
    let colors = Colors::of(ui);
    let words = state.words();
    let points = if state.machine.shows_measurements { running.throughput.points() } else { &[] };
    let peak = running.throughput.peak().max(1e6);
    let unit = ByteUnit::of(peak);
    let remark = words.say(&message!("throughput-note", unit: unit.name));
    let body = panel_title_ui(ui, rect, words.text("throughput"), &remark);
    let plot = Rect::from_min_max(
        pos2(body.left() + 56.0, body.top() + 2.0),
        pos2(body.right() - space::S24, body.bottom() - 26.0),
    );
    let elapsed = running.started.elapsed().as_secs_f64();
    // The chart is of what is written.
    let left = running.rate.eta_secs(running.sample.bytes_total).filter(|_| running.stage == Stage::Merging);
    let left = left.unwrap_or(0.0);
    let longest = (elapsed + left).max(SHORTEST_AXIS_SECS);
    let (x_step, y_step) = (round_step(longest, 6.0), round_step(peak / unit.bytes, 4.0));
    let x_marks: Vec<f64> = steps(longest, x_step);
    let top = (peak / unit.bytes / y_step).ceil() * y_step;
    let y_marks = steps(top, y_step);
    let bounds = PlotBounds::from_min_max([0.0, 0.0], [longest, top]);
    let series: Vec<[f64; 2]> = points.iter().map(|[at, rate]| [*at, rate / unit.bytes]).collect();
    let last = series.last().copied();
    let transform = chart_ui(ui, "throughput", plot, bounds, [&[], &y_marks], |plot_ui| {
        let line = Line::new("written", PlotPoints::from(series)).allow_hover(false);
        plot_ui.line(line.color(colors.merged).width(1.5));
    });
    ui.painter().hline(plot.x_range(), plot.bottom(), Stroke::new(1.0, colors.stroke_strong));
    for mark in y_marks {
        let y = transform.position_from_point_y(mark);
        let area = Rect::from_center_size(pos2(body.left() + 24.0, y), vec2(48.0, grid::CODE_ROW));
        text_ui(ui, area, Align::Right, &format!("{mark}"), Type::MONO_SMALL, colors.text_secondary);
    }
    for mark in x_marks {
        let x = transform.position_from_point_x(mark);
        let area = Rect::from_center_size(pos2(x, plot.bottom() + 12.0), vec2(64.0, grid::CODE_ROW));
        text_ui(ui, area, Align::Center, &clock(mark), Type::MONO_SMALL, colors.text_secondary);
    }
    if let Some([at, rate]) = last {
        let end = transform.position_from_point(&PlotPoint::new(at, rate));
        ui.painter().circle_filled(end, 3.5, colors.merged);
        let area = Rect::from_min_size(pos2(end.x + space::S8, end.y - 9.0), vec2(90.0, grid::CODE_ROW));
        let area = area.translate(vec2(0.0, (plot.top() - area.top()).max(0.0)));
        // Where the line has reached the end of the axis its label turns to the other side.
        let (area, align) = if area.right() > plot.right() {
            (area.translate(vec2(-area.width() - 2.0 * space::S8, -space::S12)), Align::Right)
        } else {
            (area, Align::Left)
        };
        text_ui(ui, area, align, &rate_number(rate), Type::MONO, colors.text);
    }
}

/// Three digits, as the figure above the chart has them.
fn rate_number(rate: f64) -> String {
    let decimals = match rate {
        ..10.0 => 2,
        10.0..100.0 => 1,
        _ => 0,
    };
    format!("{rate:.decimals$}")
}

fn steps(end: f64, step: f64) -> Vec<f64> {
    std::iter::successors(Some(0.0), |at| Some(at + step)).take_while(|at| *at <= end + step * 1e-6).collect()
}
