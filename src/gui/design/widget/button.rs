//! Buttons in their four looks, the segmented switch and the check box.

use egui::{Color32, CornerRadius, Rect, Response, Role, Sense, Stroke, StrokeKind, Ui, WidgetInfo, vec2};

use super::{Icon, icon_ui, text_width};
use crate::gui::design::tokens::{Colors, Type, grid, radius, space};

/// How much a button asks for attention.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ButtonLook {
    /// The one thing to do on a screen.
    Primary,
    /// Everything else.
    Plain,
    /// In wells and table headers.
    Small,
    /// Text only.
    Ghost,
}

impl ButtonLook {
    /// Height of such a button.
    pub fn height(self) -> f32 {
        match self {
            Self::Primary => grid::PRIMARY_BUTTON,
            Self::Plain => grid::BUTTON,
            Self::Small | Self::Ghost => grid::SMALL_BUTTON,
        }
    }

    /// Style of its label.
    pub fn label(self) -> Type {
        match self {
            Self::Small => Type { size: 12.0, line_height: 17.0, ..Type::BODY_MEDIUM },
            Self::Ghost => Type::EVIDENCE,
            _ => Type::BODY_MEDIUM,
        }
    }
}

/// Side of a check box.
const CHECK: f32 = 14.0;

/// A button that fills `rect`, with an icon before its label and its shortcut after it.
pub fn button_ui(
    ui: &mut Ui,
    rect: Rect,
    look: ButtonLook,
    label: &str,
    icon: Option<Icon>,
    shortcut: Option<&str>,
) -> Response {
    let colors = Colors::of(ui);
    let enabled = ui.is_enabled();
    let response = ui.allocate_rect(rect, Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Button, enabled, label));
    let is_hovered = enabled && (response.hovered() || response.has_focus());
    let (fill, border, ink) = look_colors(colors, look, enabled, is_hovered, response.is_pointer_button_down_on());
    let corner = if look == ButtonLook::Small { radius::CHIP } else { radius::PANEL };
    let painter = ui.painter();
    painter.rect(rect, CornerRadius::same(corner), fill, Stroke::new(1.0, border), StrokeKind::Inside);
    focus_ring(ui, rect, corner, &response);
    let kind = look.label();
    let label_width = text_width(ui, label, kind);
    let shortcut_width = shortcut.map_or(0.0, |text| text_width(ui, text, Type::MONO_SMALL) + space::S8);
    let icon_width = if icon.is_some() { 16.0 + space::S4 + 2.0 } else { 0.0 };
    let mut x = rect.center().x - (label_width + shortcut_width + icon_width) / 2.0;
    if let Some(icon) = icon {
        icon_ui(ui, Rect::from_center_size(egui::pos2(x + 8.0, rect.center().y), vec2(16.0, 16.0)), icon, ink);
        x += icon_width;
    }
    let painter = ui.painter();
    let paint = |x: f32, text: &str, kind: Type, color: Color32| {
        let galley = painter.layout_no_wrap(text.to_owned(), kind.font_id(), color);
        let pos = egui::pos2(x, rect.center().y - galley.size().y / 2.0);
        painter.galley(pos, galley, color);
    };
    paint(x, label, kind, ink);
    if let Some(shortcut) = shortcut {
        paint(x + label_width + space::S8, shortcut, Type::MONO_SMALL, ink.gamma_multiply(0.75));
    }
    response
}

/// Fill, border and ink.
fn look_colors(
    colors: &Colors,
    look: ButtonLook,
    enabled: bool,
    is_hovered: bool,
    is_pressed: bool,
) -> (Color32, Color32, Color32) {
    match look {
        ButtonLook::Primary if !enabled => (colors.sunken, colors.stroke, colors.text_disabled),
        ButtonLook::Primary => {
            let fill = if is_pressed {
                colors.accent_fill.lerp_to_gamma(Color32::BLACK, 0.16)
            } else if is_hovered {
                colors.accent_fill.lerp_to_gamma(Color32::WHITE, 0.08)
            } else {
                colors.accent_fill
            };
            (fill, fill, colors.on_accent)
        }
        _ if !enabled => (colors.panel, colors.stroke, colors.text_disabled),
        ButtonLook::Ghost => {
            let fill = if is_hovered { colors.hover } else { Color32::TRANSPARENT };
            (fill, Color32::TRANSPARENT, colors.text_secondary)
        }
        _ => {
            let fill = if is_pressed {
                colors.selected
            } else if is_hovered {
                colors.hover
            } else {
                colors.panel
            };
            (fill, colors.stroke_strong, colors.text)
        }
    }
}

fn focus_ring(ui: &Ui, rect: Rect, corner: u8, response: &Response) {
    if response.has_focus() {
        let stroke = Stroke::new(2.0, Colors::of(ui).accent);
        ui.painter().rect_stroke(rect, CornerRadius::same(corner), stroke, StrokeKind::Outside);
    }
}

/// A switch between a few labels, next in the running layout; returns the one that was clicked.
pub fn segmented_ui(ui: &mut Ui, labels: &[&str], chosen: usize) -> Option<usize> {
    let colors = Colors::of(ui);
    let corner = CornerRadius::same(radius::PANEL);
    let widths: Vec<f32> = labels.iter().map(|label| text_width(ui, label, Type::BODY_MEDIUM) + space::S24).collect();
    let size = vec2(widths.iter().sum(), grid::BUTTON);
    let (rect, all) = ui.allocate_exact_size(size, Sense::hover());
    ui.painter().rect_filled(rect, corner, colors.panel);
    let mut clicked = None;
    let mut left = rect.left();
    for (index, label) in labels.iter().enumerate() {
        let cell = Rect::from_min_size(egui::pos2(left, rect.top()), vec2(widths[index], rect.height()));
        let response = ui.interact(cell, all.id.with(index), Sense::click());
        let is_chosen = index == chosen;
        response.widget_info(|| WidgetInfo::selected(Role::RadioButton, true, is_chosen, label));
        let mut cell_corner = CornerRadius::ZERO;
        if index == 0 {
            (cell_corner.nw, cell_corner.sw) = (radius::PANEL, radius::PANEL);
        }
        if index + 1 == labels.len() {
            (cell_corner.ne, cell_corner.se) = (radius::PANEL, radius::PANEL);
        }
        if is_chosen {
            ui.painter().rect_filled(cell, cell_corner, colors.selected);
        } else if response.hovered() {
            ui.painter().rect_filled(cell, cell_corner, colors.hover);
        }
        let ink = if is_chosen { colors.accent } else { colors.text };
        let galley = ui.painter().layout_no_wrap((*label).to_owned(), Type::BODY_MEDIUM.font_id(), ink);
        ui.painter().galley(cell.center() - galley.size() / 2.0, galley, ink);
        if index > 0 {
            ui.painter().vline(cell.left(), cell.y_range(), Stroke::new(1.0, colors.stroke_strong));
        }
        focus_ring(ui, cell, radius::PANEL, &response);
        if response.clicked() {
            clicked = Some(index);
        }
        left = cell.right();
    }
    ui.painter().rect_stroke(rect, corner, Stroke::new(1.0, colors.stroke_strong), StrokeKind::Inside);
    clicked
}

/// A check box with its label, next in the running layout; true when it was clicked.
pub fn checkbox_ui(ui: &mut Ui, label: &str, is_checked: bool) -> bool {
    let colors = Colors::of(ui);
    let width = text_width(ui, label, Type::BODY) + CHECK + space::S8;
    let (rect, response) = ui.allocate_exact_size(vec2(width, grid::BUTTON), Sense::click());
    response.widget_info(|| WidgetInfo::selected(Role::CheckBox, true, is_checked, label));
    let square = Rect::from_min_size(egui::pos2(rect.left(), rect.center().y - CHECK / 2.0), vec2(CHECK, CHECK));
    let corner = CornerRadius::same(radius::CELL);
    if is_checked {
        ui.painter().rect_filled(square, corner, colors.accent_fill);
        let points = [(3.5, 7.2), (6.0, 9.7), (10.5, 4.4)].map(|(x, y)| square.min + vec2(x, y)).to_vec();
        ui.painter().line(points, Stroke::new(1.6, colors.on_accent));
    } else {
        let fill = if response.hovered() { colors.hover } else { colors.panel };
        ui.painter().rect(square, corner, fill, Stroke::new(1.0, colors.stroke_strong), StrokeKind::Inside);
    }
    focus_ring(ui, square, radius::CELL, &response);
    let galley = ui.painter().layout_no_wrap(label.to_owned(), Type::BODY.font_id(), colors.text);
    let pos = egui::pos2(square.right() + space::S8 - 2.0, rect.center().y - galley.size().y / 2.0);
    ui.painter().galley(pos, galley, colors.text);
    response.clicked()
}
