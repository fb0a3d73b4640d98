//! Dots with whiskers in the rows of a table, on one axis below them.

use egui::{Align, Rect, Stroke, Ui, UiBuilder, pos2, vec2};
use egui_plot::{Line, MarkerShape, PlotBounds, PlotPoints, PlotUi, Points};

use super::{axis::Axis, plot::chart_ui};
use crate::gui::design::{
    ink::Ink,
    layout::{
        rule::{canvas_ui, spot},
        text::text_ui,
    },
    tokens::{Colors, Type, chart, space},
    widget::text_width,
};

/// An estimate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dot {
    /// What is likeliest.
    pub value: f64,
    /// From where to where it may be, and in which colour.
    pub whisker: Option<([f64; 2], Ink)>,
    /// The colour of what is estimated.
    pub ink: Ink,
    /// Told apart by its shape too.
    pub is_hollow: bool,
    /// Carried down from the dot above, to see the difference.
    pub reference: Option<f64>,
}

/// The dots of a chart, gathered while the rows of its table are laid out.
#[derive(Debug)]
pub struct DotPlot {
    id: &'static str,
    axis: Axis,
    area: Rect,
    dots: Vec<(f32, Dot)>,
}

impl DotPlot {
    /// Without a dot yet.
    #[must_use]
    pub fn new(id: &'static str, axis: Axis) -> Self {
        Self { id, axis, area: Rect::NOTHING, dots: Vec::new() }
    }

    /// Keeps the cell that `ui` is for the chart, and for `dot` where there is one.
    pub fn keep(&mut self, ui: &Ui, dot: Option<Dot>) {
        let cell = ui.max_rect();
        self.area = self.area.union(cell);
        let shown = dot.filter(|dot| self.axis.at(dot.value).is_finite());
        self.dots.extend(shown.map(|dot| (cell.center().y, dot)));
    }

    /// Paints all dots into their cells, and below them the axis.
    pub fn show(self, ui: &mut Ui) {
        let Self { id, axis, area, dots } = self;
        if dots.is_empty() {
            return;
        }
        let colors = Colors::of(ui);
        let bounds = PlotBounds::from_min_max([axis.ends[0], -f64::from(area.height())], [axis.ends[1], 0.0]);
        let marks: Vec<f64> = axis.marks.iter().map(|mark| mark.0).collect();
        let mut cells = ui.new_child(UiBuilder::new().max_rect(area));
        let transform = chart_ui(&mut cells, id, area, bounds, [&marks, &[]], |plot| {
            let stroke = |plot: &mut PlotUi<'_>, name: String, ends: [[f64; 2]; 2], color, width: f32| {
                let line = Line::new(name, PlotPoints::from(ends.to_vec()));
                plot.line(line.color(color).width(width).allow_hover(false));
            };
            let place = |y: f32| f64::from(area.top() - y);
            // Below all dots.
            for (index, pair) in dots.windows(2).enumerate() {
                if let [(above, _), (y, Dot { reference: Some(reference), .. })] = pair {
                    let ends = [*above, *y].map(|y| [axis.at(*reference), place(y)]);
                    stroke(plot, format!("reference {index}"), ends, colors.stroke_strong, 1.0);
                }
            }
            for (index, (y, dot)) in dots.iter().enumerate() {
                let at = [axis.at(dot.value), place(*y)];
                if let Some((ends, ink)) = dot.whisker {
                    let ends = ends.map(|end| [axis.at(end), at[1]]);
                    stroke(plot, format!("whisker {index}"), ends, ink.color(ui), 2.0);
                }
                disc(plot, format!("dot {index}"), at, dot.ink.color(ui), chart::DOT);
                if dot.is_hollow {
                    disc(plot, format!("hole {index}"), at, colors.panel, chart::HOLE);
                }
            }
        });
        canvas_ui(ui, chart::AXIS, |ui, line| {
            ui.painter().hline(area.x_range(), line.top(), Stroke::new(1.0, colors.stroke_strong));
            let mut end = f32::NEG_INFINITY;
            for (mark, text) in &axis.marks {
                let center = pos2(transform.position_from_point_x(*mark), line.center().y);
                let half = text_width(ui, text, Type::MONO_SMALL) / 2.0;
                // A narrow chart has room for some of them.
                if center.x - half < end + space::S4 {
                    continue;
                }
                end = center.x + half;
                let place = Rect::from_center_size(center, vec2(chart::LABEL, line.height()));
                text_ui(ui, place, Align::Center, text, Type::MONO_SMALL, colors.text_secondary);
            }
        });
    }
}

fn disc(plot: &mut PlotUi<'_>, name: String, at: [f64; 2], color: egui::Color32, radius: f32) {
    let points = Points::new(name, PlotPoints::from(vec![at])).shape(MarkerShape::Circle);
    plot.points(points.color(color).radius(radius).allow_hover(false));
}

/// The dot of a legend.
pub fn dot_mark_ui(ui: &mut Ui, ink: Ink, is_hollow: bool) {
    let area = spot(ui, vec2(space::S12, Type::CAPTION.line_height));
    ui.painter().circle_filled(area.center(), chart::DOT, ink.color(ui));
    if is_hollow {
        ui.painter().circle_filled(area.center(), chart::HOLE, Colors::of(ui).panel);
    }
}
