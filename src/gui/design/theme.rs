//! egui's own style, made from the tokens.

use egui::{Context, CornerRadius, FontFamily, Shadow, Stroke, Style, TextStyle, Theme, style::WidgetVisuals};

use super::tokens::{Colors, DARK, LIGHT, Type, radius, space};

/// Sets both themes; which one is shown stays the user's choice.
pub fn install(ctx: &Context) {
    ctx.style_mut_of(Theme::Light, |style| apply(style, &LIGHT));
    ctx.style_mut_of(Theme::Dark, |style| apply(style, &DARK));
}

fn apply(style: &mut Style, colors: &Colors) {
    style.text_styles = [
        (TextStyle::Small, Type::CAPTION.font_id()),
        (TextStyle::Body, Type::BODY.font_id()),
        (TextStyle::Button, Type::BODY_MEDIUM.font_id()),
        (TextStyle::Heading, Type::TITLE.font_id()),
        (TextStyle::Monospace, egui::FontId::new(Type::MONO.size, FontFamily::Monospace)),
    ]
    .into();
    style.animation_time = 0.12;
    style.interaction.tooltip_delay = 0.4;
    style.interaction.selectable_labels = false;
    let spacing = &mut style.spacing;
    spacing.item_spacing = egui::vec2(space::S8, space::S8);
    spacing.button_padding = egui::vec2(space::S12, space::S4);
    spacing.interact_size.y = 22.0;
    spacing.slider_width = 120.0;
    spacing.slider_rail_height = 4.0;
    // Visible without a pointer over it: a part of the screen that cannot be seen has to be looked for.
    spacing.scroll = egui::style::ScrollStyle {
        bar_width: 6.0,
        dormant_handle_opacity: 0.6,
        dormant_background_opacity: 0.0,
        ..egui::style::ScrollStyle::floating()
    };
    let visuals = &mut style.visuals;
    visuals.panel_fill = colors.app;
    visuals.window_fill = colors.panel;
    visuals.window_stroke = Stroke::new(1.0, colors.stroke_strong);
    visuals.window_corner_radius = CornerRadius::same(radius::POPUP);
    visuals.menu_corner_radius = CornerRadius::same(radius::POPUP);
    visuals.window_shadow = Shadow::NONE;
    visuals.popup_shadow = Shadow::NONE;
    visuals.extreme_bg_color = colors.sunken;
    visuals.text_edit_bg_color = Some(colors.sunken);
    visuals.faint_bg_color = colors.app;
    visuals.code_bg_color = colors.sunken;
    visuals.hyperlink_color = colors.accent;
    visuals.warn_fg_color = colors.warn;
    visuals.error_fg_color = colors.error;
    visuals.selection.bg_fill = colors.selected;
    visuals.selection.stroke = Stroke::new(1.0, colors.accent);
    visuals.weak_text_color = Some(colors.text_tertiary);
    visuals.slider_trailing_fill = true;
    visuals.handle_shape = egui::style::HandleShape::Circle;
    visuals.striped = false;
    let widget = |fill, border| WidgetVisuals {
        bg_fill: fill,
        weak_bg_fill: fill,
        bg_stroke: Stroke::new(1.0, border),
        corner_radius: CornerRadius::same(radius::CHIP),
        fg_stroke: Stroke::new(1.0, colors.text),
        expansion: 0.0,
    };
    let widgets = &mut visuals.widgets;
    widgets.noninteractive = widget(colors.panel, colors.stroke);
    widgets.inactive = widget(colors.panel, colors.stroke_strong);
    widgets.hovered = widget(colors.hover, colors.stroke_strong);
    widgets.active = widget(colors.selected, colors.accent);
    widgets.open = widget(colors.hover, colors.stroke_strong);
}
