//! Icons drawn on a 16 px grid with 1.5 px lines, so that no font decides how they look.

use egui::{Color32, Pos2, Rect, Stroke, Ui, pos2, vec2};

/// What an icon shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Icon {
    /// The module tree.
    Tree,
    /// Two branches that become one.
    Merge,
    /// Bars.
    Bars,
    /// A sheet with a tick.
    Report,
    /// The language switch.
    Globe,
    /// The theme switch.
    Theme,
    /// A tick in a circle: passed.
    Passed,
    /// A bare tick.
    Tick,
    /// A cross in a circle: failed.
    Failed,
    /// An exclamation mark in a triangle: done, but not exactly as asked.
    Warning,
    /// A letter i in a circle.
    Info,
    /// An empty circle: waiting.
    Waiting,
    /// A half-filled circle: at work.
    AtWork,
    /// A ring: a choice that is not made.
    Choice,
    /// A disc with a hole: the choice that is made.
    Chosen,
    /// A closed branch.
    ChevronRight,
    /// An open branch.
    ChevronDown,
    /// And.
    Plus,
    /// Becomes.
    Arrow,
    /// Search.
    Search,
    /// Copy to the clipboard.
    Copy,
    /// A folder.
    Folder,
    /// A bare cross.
    Remove,
}

/// Paints `icon` in the middle of `rect`.
pub fn icon_ui(ui: &Ui, rect: Rect, icon: Icon, color: Color32) {
    let origin = (rect.center() - vec2(8.0, 8.0)).round();
    Pen { ui, origin, scale: 1.0, stroke: Stroke::new(1.4, color) }.draw(icon);
}

/// Paints `icon` small, as a mark beside another icon or a line of small text.
pub fn mark_ui(ui: &Ui, center: Pos2, icon: Icon, color: Color32) {
    let scale = 0.72;
    let origin = center - vec2(8.0, 8.0) * scale;
    Pen { ui, origin, scale, stroke: Stroke::new(1.2, color) }.draw(icon);
}

struct Pen<'a> {
    ui: &'a Ui,
    origin: Pos2,
    scale: f32,
    stroke: Stroke,
}

impl Pen<'_> {
    fn draw(&self, icon: Icon) {
        match icon {
            Icon::Tree => self.tree(),
            Icon::Merge => self.merge(),
            Icon::Bars => {
                self.frame(2.5, 8.0, 2.5, 5.0);
                self.frame(6.75, 3.0, 2.5, 10.0);
                self.frame(11.0, 6.0, 2.5, 7.0);
                self.line(&[(1.5, 14.0), (14.5, 14.0)]);
            }
            Icon::Report => {
                self.sheet();
                self.line(&[(5.5, 9.0), (7.2, 10.8), (10.5, 7.2)]);
            }
            Icon::Globe => self.globe(),
            Icon::Theme => {
                self.circle(8.0, 8.0, 5.6);
                self.half_disc();
            }
            Icon::Passed => {
                self.circle(8.0, 8.0, 5.6);
                self.line(&[(5.4, 8.2), (7.2, 10.0), (10.6, 6.2)]);
            }
            Icon::Tick => self.line(&[(3.5, 8.5), (6.5, 11.5), (12.5, 4.8)]),
            Icon::Failed => {
                self.circle(8.0, 8.0, 5.6);
                self.line(&[(6.0, 6.0), (10.0, 10.0)]);
                self.line(&[(10.0, 6.0), (6.0, 10.0)]);
            }
            Icon::Warning => {
                self.line(&[(8.0, 2.5), (14.2, 13.2), (1.8, 13.2), (8.0, 2.5)]);
                self.line(&[(8.0, 6.4), (8.0, 9.6)]);
                self.dot(8.0, 11.4, 0.9);
            }
            Icon::Info => {
                self.circle(8.0, 8.0, 5.6);
                self.line(&[(8.0, 7.6), (8.0, 10.8)]);
                self.dot(8.0, 5.4, 0.9);
            }
            Icon::Waiting => self.circle(8.0, 8.0, 4.8),
            Icon::AtWork => {
                self.circle(8.0, 8.0, 4.8);
                self.half_disc();
            }
            Icon::Choice => self.circle(8.0, 8.0, 6.3),
            Icon::Chosen => {
                let stroke = Stroke::new(4.8 * self.scale, self.stroke.color);
                self.ui.painter().circle_stroke(self.at(8.0, 8.0), 4.6 * self.scale, stroke);
            }
            Icon::ChevronRight => self.line(&[(6.2, 4.6), (9.8, 8.0), (6.2, 11.4)]),
            Icon::ChevronDown => self.line(&[(4.6, 6.2), (8.0, 9.8), (11.4, 6.2)]),
            Icon::Plus => {
                self.line(&[(8.0, 3.0), (8.0, 13.0)]);
                self.line(&[(3.0, 8.0), (13.0, 8.0)]);
            }
            Icon::Remove => {
                self.line(&[(4.5, 4.5), (11.5, 11.5)]);
                self.line(&[(11.5, 4.5), (4.5, 11.5)]);
            }
            Icon::Arrow => {
                self.line(&[(2.5, 8.0), (13.5, 8.0)]);
                self.line(&[(9.5, 4.0), (13.5, 8.0), (9.5, 12.0)]);
            }
            Icon::Search => {
                self.circle(7.0, 7.0, 3.8);
                self.line(&[(9.8, 9.8), (13.0, 13.0)]);
            }
            Icon::Copy => {
                self.frame(5.5, 5.5, 7.5, 8.0);
                self.line(&[(10.5, 3.0), (3.0, 3.0), (3.0, 10.5)]);
            }
            Icon::Folder => {
                self.line(&[(2.0, 12.8), (2.0, 3.8), (6.2, 3.8), (7.6, 5.4), (14.0, 5.4), (14.0, 12.8), (2.0, 12.8)]);
            }
        }
    }

    fn at(&self, x: f32, y: f32) -> Pos2 {
        self.origin + vec2(x, y) * self.scale
    }

    fn line(&self, points: &[(f32, f32)]) {
        let points = points.iter().map(|(x, y)| self.at(*x, *y)).collect();
        self.ui.painter().line(points, self.stroke);
    }

    fn circle(&self, x: f32, y: f32, radius: f32) {
        self.ui.painter().circle_stroke(self.at(x, y), radius * self.scale, self.stroke);
    }

    fn dot(&self, x: f32, y: f32, radius: f32) {
        self.ui.painter().circle_filled(self.at(x, y), radius * self.scale, self.stroke.color);
    }

    fn frame(&self, x: f32, y: f32, width: f32, height: f32) {
        let rect = Rect::from_min_size(self.at(x, y), vec2(width, height) * self.scale);
        self.ui.painter().rect_stroke(rect, 1.0, self.stroke, egui::StrokeKind::Middle);
    }

    fn sheet(&self) {
        self.line(&[(3.5, 1.8), (9.2, 1.8), (12.5, 5.2), (12.5, 14.2), (3.5, 14.2), (3.5, 1.8)]);
        self.line(&[(9.2, 1.8), (9.2, 5.2), (12.5, 5.2)]);
    }

    fn tree(&self) {
        self.frame(2.0, 2.0, 3.6, 3.6);
        self.frame(10.0, 1.8, 4.0, 3.0);
        self.frame(10.0, 6.6, 4.0, 3.0);
        self.frame(10.0, 11.4, 4.0, 3.0);
        self.line(&[(5.6, 3.6), (10.0, 3.4)]);
        self.line(&[(7.4, 3.6), (7.4, 12.9), (10.0, 12.9)]);
        self.line(&[(7.4, 8.1), (10.0, 8.1)]);
    }

    fn merge(&self) {
        self.circle(4.0, 3.6, 1.8);
        self.circle(12.0, 3.6, 1.8);
        self.circle(8.0, 12.6, 1.8);
        self.line(&[(4.0, 5.4), (4.4, 7.0), (8.0, 8.6), (11.6, 7.0), (12.0, 5.4)]);
        self.line(&[(8.0, 8.6), (8.0, 10.8)]);
    }

    fn globe(&self) {
        self.circle(8.0, 8.0, 5.6);
        self.line(&[(2.4, 8.0), (13.6, 8.0)]);
        let ellipse = egui::epaint::EllipseShape::stroke(self.at(8.0, 8.0), vec2(2.6, 5.6) * self.scale, self.stroke);
        self.ui.painter().add(ellipse);
    }

    fn half_disc(&self) {
        let center = pos2(8.0, 8.0);
        let points = (0..=12)
            .map(|step| {
                let angle = std::f32::consts::FRAC_PI_2 - std::f32::consts::PI * step as f32 / 12.0;
                self.at(center.x + 4.6 * angle.cos(), center.y - 4.6 * angle.sin())
            })
            .collect();
        self.ui.painter().add(egui::Shape::convex_polygon(points, self.stroke.color, Stroke::NONE));
    }
}
