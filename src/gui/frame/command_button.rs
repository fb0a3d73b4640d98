//! A button that stands for a command: label, tooltip and shortcut come from it.

use std::{borrow::Cow, collections::HashMap};

use egui::{CornerRadius, Id, UiBuilder};

use crate::gui::{
    app::command::face::{Face, key_text},
    design::{
        tokens::radius,
        widget::{button_ui, explained},
    },
    prelude::*,
};

/// How many buttons of one command and place were painted in this pass.
#[derive(Clone, Default)]
struct Painted {
    pass: u64,
    counts: HashMap<Id, usize>,
}

/// A button for `command`, pushed when it is clicked.
pub(in crate::gui) struct CommandButton<'a> {
    command: Command,
    face: Option<&'static Face>,
    look: ButtonLook,
    icon: Option<Icon>,
    enabled: bool,
    label: Option<Cow<'a, str>>,
    hover: Option<&'a str>,
    shows_shortcut: bool,
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

    /// In place of the command's own label.
    pub fn label(self, label: impl Into<Cow<'a, str>>) -> Self {
        Self { label: Some(label.into()), ..self }
    }

    /// In place of the command's own tooltip.
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
        let shortcut = self.shortcut(ui).map_or(0.0, |text| text_width(ui, &text, Type::MONO_SMALL) + space::S8);
        text_width(ui, self.text(words), self.look.label()) + 2.0 * margin + icon + shortcut
    }

    /// Its own label in place of the command's, which a command without a face has not.
    fn text(&self, words: Language) -> &str {
        self.label.as_deref().unwrap_or_else(|| self.face.map_or("", |face| face.label(words)))
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
        let rect = spot(ui, vec2(width, self.height));
        let shortcut = self.shortcut(ui);
        let mut builder = UiBuilder::new().max_rect(rect).scope_id(self.id(ui));
        if !self.enabled {
            builder = builder.disabled();
        }
        let label = self.text(words);
        let paint = |ui: &mut Ui| button_ui(ui, rect, self.look, label, self.icon, shortcut.as_deref());
        let response = ui.scope_builder(builder, paint).inner;
        let own_hover_text = || self.face.map_or_else(String::new, |face| face.hover_text(words, ui.ctx()));
        let response = explained(response, || self.hover.map_or_else(own_hover_text, str::to_owned));
        if response.clicked() {
            commands.push(self.command);
        }
    }

    /// Paints only its icon; its label is its name for screen readers, and its tooltip where it has none.
    pub fn add_icon_only(self, ui: &mut Ui, words: Language, commands: &mut Vec<Command>) {
        let rect = spot(ui, vec2(space::S24, grid::SMALL_BUTTON));
        let label = self.text(words);
        let response = ui.interact(rect, self.id(ui), Sense::click());
        let is_enabled = ui.is_enabled();
        response.widget_info(|| WidgetInfo::labeled(Role::Button, is_enabled, label));
        if is_enabled && (response.hovered() || response.has_focus()) {
            ui.painter().rect_filled(rect, CornerRadius::same(radius::CHIP), Colors::of(ui).hover);
        }
        if let Some(icon) = self.icon {
            icon_ui(ui, rect, icon, Ink::Secondary.color(ui));
        }
        let explain = || {
            let own_hover_text = self.face.map_or_else(String::new, |face| face.hover_text(words, ui.ctx()));
            let is_named = self.label.is_some() || own_hover_text.is_empty();
            if is_named { label.to_owned() } else { own_hover_text }
        };
        if explained(response, explain).clicked() {
            commands.push(self.command);
        }
    }
}
