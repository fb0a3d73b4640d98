//! A button that stands for a command: label, tooltip and shortcut come from it.

use std::collections::HashMap;

use egui::{CornerRadius, Id, Rect, Role, Sense, Ui, UiBuilder, WidgetInfo, vec2};

use crate::{
    gui::{
        app::command::{
            Command,
            face::{Face, key_text},
        },
        design::{
            tokens::{Colors, Type, grid, radius, space},
            widget::{ButtonLook, Icon, button_ui, icon_ui, text_width},
        },
    },
    message::Language,
};

/// How many buttons of one command and place were painted in this pass.
#[derive(Clone, Default)]
struct Painted {
    pass: u64,
    counts: HashMap<Id, usize>,
}

/// A button for `command`, pushed when it is clicked.
pub(in crate::gui) struct CommandButton<'a> {
    pub command: Command,
    face: Option<&'static Face>,
    pub look: ButtonLook,
    pub icon: Option<Icon>,
    pub enabled: bool,
    /// In place of the command's own label.
    pub label: Option<&'a str>,
    /// In place of the command's own tooltip.
    pub hover: Option<&'a str>,
    pub shows_shortcut: bool,
    height: f32,
    is_wide: bool,
}

impl<'a> CommandButton<'a> {
    pub fn new(command: impl Into<Command>, look: ButtonLook) -> Self {
        let command = command.into();
        let face = command.face();
        Self {
            command,
            face,
            look,
            icon: None,
            enabled: true,
            label: None,
            hover: None,
            shows_shortcut: false,
            height: look.height(),
            is_wide: false,
        }
    }

    pub fn icon(self, icon: Icon) -> Self {
        Self { icon: Some(icon), ..self }
    }

    /// With the icon of the command itself.
    pub fn with_icon(self) -> Self {
        Self { icon: self.face.and_then(|face| face.icon), ..self }
    }

    pub fn enabled(self, enabled: bool) -> Self {
        Self { enabled, ..self }
    }

    pub fn label(self, label: &'a str) -> Self {
        Self { label: Some(label), ..self }
    }

    pub fn hover(self, hover: &'a str) -> Self {
        Self { hover: Some(hover), ..self }
    }

    pub fn with_shortcut(self) -> Self {
        Self { shows_shortcut: true, ..self }
    }

    /// Another height than that of its look, to stand in line with others.
    pub fn height(self, height: f32) -> Self {
        Self { height, ..self }
    }

    /// Across the available width.
    pub fn wide(self) -> Self {
        Self { is_wide: true, ..self }
    }

    /// As wide as its label needs.
    pub fn width(&self, ui: &Ui, words: Language) -> f32 {
        let icon = if self.icon.is_some() { grid::ICON + space::S2 } else { 0.0 };
        let margin = if self.look == ButtonLook::Small { space::S8 } else { space::S12 };
        text_width(ui, self.text(words), self.look.label()) + 2.0 * margin + icon + self.shortcut_width(ui)
    }

    /// Its own label in place of the command's, which a command without a face has not.
    fn text(&self, words: Language) -> &'a str {
        self.label.unwrap_or_else(|| self.face.map_or("", |face| face.label(words)))
    }

    fn shortcut_width(&self, ui: &Ui) -> f32 {
        self.shortcut(ui).map_or(0.0, |text| text_width(ui, &text, Type::MONO_SMALL) + space::S8)
    }

    fn shortcut(&self, ui: &Ui) -> Option<String> {
        let key = self.face?.key.filter(|_| self.shows_shortcut)?;
        Some(key_text(ui.ctx(), key))
    }

    /// From its command: counted from the top, it would be another button where a worker's result comes in above it,
    /// and a click or the focus would be lost. Equal commands beside each other are counted.
    fn id(&self, ui: &Ui) -> Id {
        let id = ui.scope_id().with(format!("{:?}", self.command));
        let pass = ui.ctx().cumulative_pass_nr();
        let count = ui.data_mut(|data| {
            let painted = data.get_temp_mut_or_default::<Painted>(Id::unique("painted buttons"));
            if painted.pass != pass {
                *painted = Painted { pass, counts: HashMap::new() };
            }
            let count = painted.counts.entry(id).or_default();
            std::mem::replace(count, *count + 1)
        });
        if count == 0 { id } else { id.with(count) }
    }

    /// Paints it next in the running layout.
    pub fn add(self, ui: &mut Ui, words: Language, commands: &mut Vec<Command>) {
        let width = if self.is_wide { ui.available_width() } else { self.width(ui, words) };
        let size = vec2(width, self.height);
        let (rect, _) = ui.allocate_exact_size(size, Sense::hover());
        self.show(ui, rect, words, commands);
    }

    /// The same with nothing but its icon.
    pub fn add_icon_only(self, ui: &mut Ui, words: Language, commands: &mut Vec<Command>) {
        let (rect, _) = ui.allocate_exact_size(vec2(space::S24, grid::SMALL_BUTTON), Sense::hover());
        self.show_icon_only(ui, rect, words, commands);
    }

    /// Paints it into `rect`.
    pub fn show(self, ui: &mut Ui, rect: Rect, words: Language, commands: &mut Vec<Command>) {
        let label = self.text(words);
        let shortcut = self.shortcut(ui);
        let mut builder = UiBuilder::new().max_rect(rect).scope_id(self.id(ui));
        if !self.enabled {
            builder = builder.disabled();
        }
        let response =
            ui.scope_builder(builder, |ui| button_ui(ui, rect, self.look, label, self.icon, shortcut.as_deref())).inner;
        let hover_text = match (self.hover, self.face) {
            (Some(hover), _) => hover.to_owned(),
            (None, Some(face)) => face.hover_text(words, ui.ctx()),
            (None, None) => String::new(),
        };
        let is_clicked = response.clicked();
        if !hover_text.is_empty() {
            response.on_hover_text(hover_text);
        }
        if is_clicked {
            commands.push(self.command);
        }
    }

    /// Paints only its icon; the command's label is its name for screen readers and its tooltip.
    pub fn show_icon_only(self, ui: &mut Ui, rect: Rect, words: Language, commands: &mut Vec<Command>) {
        let colors = Colors::of(ui);
        let label = self.text(words);
        let response = ui.interact(rect, self.id(ui), Sense::click());
        response.widget_info(|| WidgetInfo::labeled(Role::Button, true, label));
        if response.hovered() || response.has_focus() {
            ui.painter().rect_filled(rect, CornerRadius::same(radius::CHIP), colors.hover);
        }
        if let Some(icon) = self.icon {
            icon_ui(ui, rect, icon, colors.text_secondary);
        }
        if response.on_hover_text(label).clicked() {
            commands.push(self.command);
        }
    }
}
