//! Every colour, distance, radius and text size of the window: the only place with numbers for them.

use std::sync::LazyLock;

use egui::{Color32, FontFamily, FontId};

/// Declares both themes from one table of `role = light, dark`.
macro_rules! themes {
    (
        colors { $($role:ident = $light:literal, $dark:literal;)+ }
        ramps { $($ramp:ident: $steps:literal = $lights:expr, $darks:expr;)+ }
    ) => {
        /// The colours of one theme, by role.
        #[derive(Debug)]
        pub struct Colors {
            $(pub $role: Color32,)+
            $(pub $ramp: [Color32; $steps],)+
        }

        /// Light theme.
        pub static LIGHT: Colors = Colors { $($role: hex($light),)+ $($ramp: ramp($lights),)+ };

        /// Dark theme.
        pub static DARK: Colors = Colors { $($role: hex($dark),)+ $($ramp: ramp($darks),)+ };
    };
}

themes! {
    colors {
        app = 0x00F4_F5F7, 0x0015_171A;
        panel = 0x00FF_FFFF, 0x001B_1E22;
        sunken = 0x00EC_EEF1, 0x0011_1316;
        hover = 0x00ED_EFF2, 0x0024_282D;
        selected = 0x00E2_EBFB, 0x001E_2F4D;
        stroke = 0x00E1_E4E8, 0x002A_2E34;
        stroke_strong = 0x00C4_CAD1, 0x0043_4A52;
        grid = 0x00E9_ECEF, 0x0026_2A2F;
        text = 0x001A_1E23, 0x00E6_E8EB;
        text_secondary = 0x0053_5C66, 0x00A9_B1BA;
        text_tertiary = 0x0062_6B76, 0x008E_97A1;
        text_disabled = 0x009A_A3AD, 0x0059_626C;
        accent = 0x001D_5BCB, 0x007A_AAFF;
        accent_fill = 0x001D_5BCB, 0x002C_66D8;
        on_accent = 0x00FF_FFFF, 0x00FF_FFFF;
        base = 0x0068_737F, 0x008E_99A5;
        adapter = 0x00A3_4813, 0x00F0_985B;
        merged = 0x001D_5BCB, 0x007A_AAFF;
        adapter_soft = 0x00FB_EBDD, 0x003A_2718;
        adapter_faint = 0x00FD_F5EE, 0x0023_1E1A;
        ok = 0x0017_703F, 0x0052_C48C;
        ok_soft = 0x00E3_F3E9, 0x0017_322A;
        warn = 0x0083_5A00, 0x00E4_B553;
        error = 0x00B3_261E, 0x00FF_8178;
        error_soft = 0x00FB_E6E4, 0x003C_1E1D;
    }
    ramps {
        base_parts: 4 =
            [0x0068_737F, 0x0097_A1AB, 0x00BC_C4CC, 0x00D9_DEE3],
            [0x008E_99A5, 0x006C_7681, 0x0051_5A63, 0x003A_4149];
        merged_parts: 4 =
            [0x001D_5BCB, 0x005C_8CE4, 0x009B_B9F0, 0x00CA_DAF8],
            [0x007A_AAFF, 0x004F_83E0, 0x0036_5FAE, 0x0028_447A];
        heat: 7 =
            [0x00FD_F3EA, 0x00FB_DFC6, 0x00F6_C298, 0x00EC_9C63, 0x00D9_7434, 0x00B4_521A, 0x007F_370F],
            [0x002A_231E, 0x0045_2F1F, 0x0069_401F, 0x0095_5424, 0x00C3_7133, 0x00E6_9A5B, 0x00FF_D0A0];
    }
}

const fn hex(rgb: u32) -> Color32 {
    let [_, red, green, blue] = rgb.to_be_bytes();
    Color32::from_rgb(red, green, blue)
}

const fn ramp<const STEPS: usize>(rgbs: [u32; STEPS]) -> [Color32; STEPS] {
    let mut colors = [Color32::BLACK; STEPS];
    let mut step = 0;
    while step < STEPS {
        colors[step] = hex(rgbs[step]);
        step += 1;
    }
    colors
}

impl Colors {
    /// The colours of the theme that `ui` is painted in.
    #[must_use]
    pub fn of(ui: &egui::Ui) -> &'static Self {
        if ui.visuals().dark_mode { &DARK } else { &LIGHT }
    }

    /// The heat ramp at `position` between 0 and 1.
    #[must_use]
    pub fn heat_at(&self, position: f32) -> Color32 {
        let last = self.heat.len() - 1;
        let scaled = position.clamp(0.0, 1.0) * last as f32;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 6")]
        let index = (scaled.floor() as usize).min(last - 1);
        self.heat[index].lerp_to_gamma(self.heat[index + 1], scaled - index as f32)
    }
}

/// Black or white, whichever contrasts more with `background`.
#[must_use]
pub fn ink_on(background: Color32) -> Color32 {
    // Equal contrast with both at √(1.05 · 0.05) − 0.05.
    if luminance(background) > 0.179 { Color32::BLACK } else { Color32::WHITE }
}

fn luminance(color: Color32) -> f32 {
    let linear = egui::Rgba::from(color);
    0.2126 * linear.r() + 0.7152 * linear.g() + 0.0722 * linear.b()
}

/// Distances.
pub mod space {
    pub const S2: f32 = 2.0;
    pub const S4: f32 = 4.0;
    pub const S8: f32 = 8.0;
    pub const S12: f32 = 12.0;
    pub const S16: f32 = 16.0;
    pub const S24: f32 = 24.0;
    pub const S32: f32 = 32.0;
}

/// Corner radii.
pub mod radius {
    /// Heat cells and check boxes.
    pub const CELL: u8 = 3;
    /// Chips, fields, small buttons.
    pub const CHIP: u8 = 4;
    /// Buttons, panels, wells.
    pub const PANEL: u8 = 6;
    /// Popups.
    pub const POPUP: u8 = 8;
}

/// Fixed heights and widths of the grid.
pub mod grid {
    /// The strip with the three wells.
    pub const HEADER: f32 = 104.0;
    /// A well in it.
    pub const WELL: f32 = 80.0;
    /// The label of a well, so that names start in line.
    pub const WELL_LABEL: f32 = 48.0;
    /// The bar in a well's colour.
    pub const WELL_BAR: egui::Vec2 = egui::vec2(3.0, 54.0);
    /// The navigation on the left.
    pub const NAVIGATION: f32 = 80.0;
    /// A screen in the navigation.
    pub const NAVIGATION_ITEM: f32 = 54.0;
    /// A choice below the screens.
    pub const NAVIGATION_CHOICE: f32 = 46.0;
    /// The status line.
    pub const STATUS: f32 = 26.0;
    /// Title line of a screen.
    pub const SCREEN_HEADER: f32 = 48.0;
    /// Title line of a panel.
    pub const PANEL_TITLE: f32 = 36.0;
    /// A row of the module tree.
    pub const TREE_ROW: f32 = 26.0;
    /// A row of a list.
    pub const LIST_ROW: f32 = 28.0;
    /// Header of a table.
    pub const TABLE_HEADER: f32 = 28.0;
    /// A line of printed code.
    pub const CODE_ROW: f32 = 18.0;
    /// One level of the module tree.
    pub const TREE_INDENT: f32 = 12.0;
    /// Narrower than this inside, a well shows its button as an icon.
    pub const NARROW_WELL: f32 = 280.0;
    /// Between panels.
    pub const GAP: f32 = 12.0;
    /// Widest that a screen gets: longer lines are not read.
    pub const CONTENT: f32 = 1400.0;
    /// How dark the window is behind a question.
    pub const VEIL: u8 = 90;
    /// Widest that cards and paragraphs get.
    pub const READING: f32 = 1000.0;
    /// Words of a question over the window.
    pub const SHEET: f32 = 412.0;
    /// From this height of a screen on, what stands alone on it stands lower.
    pub const ROOMY: f32 = 640.0;
    /// Below this width of a screen, columns are left out or go below one another.
    pub const NARROW: f32 = 1000.0;
    /// An icon with the room around it.
    pub const ICON: f32 = 20.0;
    /// A progress bar.
    pub const PROGRESS: f32 = 8.0;
    /// A field for a line of text.
    pub const FIELD: f32 = 320.0;
    /// The side of a screen with what is selected.
    pub const SIDE: f32 = 424.0;
    /// The same in a narrow window.
    pub const NARROW_SIDE: f32 = 280.0;
    /// A side with less room than this inside has one column.
    pub const TWO_COLUMNS: f32 = 340.0;
    /// A search field in a title line.
    pub const FILTER: f32 = 150.0;
    /// A plain button.
    pub const BUTTON: f32 = 28.0;
    /// A small button and a field in a well.
    pub const SMALL_BUTTON: f32 = 22.0;
    /// The primary button.
    pub const PRIMARY_BUTTON: f32 = 32.0;

    /// The options of a merge.
    pub const OPTIONS: f32 = 436.0;
    /// The options in a narrow window.
    pub const NARROW_OPTIONS: f32 = 312.0;
    /// The names beside which evidence stands.
    pub const NAME: f32 = 192.0;
    /// Such names in a narrow panel.
    pub const NARROW_NAME: f32 = 116.0;
    /// A row of two lines.
    pub const TWO_LINES: f32 = 48.0;
    /// A bar that parts or progress fill, where it is what the panel is about.
    pub const BAR: f32 = 10.0;
    /// The chart of a running merge, with its title.
    pub const THROUGHPUT: f32 = 172.0;
    /// Lowest that a list in a panel gets: its title and a few rows.
    pub const LEAST_LIST: f32 = 160.0;
    /// Lowest that a table in a panel gets.
    pub const LEAST_TABLE: f32 = 240.0;
    /// The ways out of a report.
    pub const EXPORT: f32 = 116.0;

    /// Widths of fields, by what is entered.
    pub mod field {
        /// What computes.
        pub const DEVICE: f32 = 212.0;
        /// The seed of rounding by chance.
        pub const SEED: f32 = 72.0;
        /// A strength.
        pub const STRENGTH: f32 = 48.0;
    }

    /// Widths of columns, by what stands in them.
    pub mod column {
        /// A number of a few digits, or a percentage.
        pub const NUMBER: f32 = 92.0;
        /// A cell of the heat ramp.
        pub const HEAT: f32 = 84.0;
        /// The shape of a base weight.
        pub const SHAPE: f32 = 86.0;
        /// The shape of a factor of an update.
        pub const FACTOR: f32 = 70.0;
        /// A dtype, or the factor on an update.
        pub const SHORT: f32 = 34.0;
        /// A rank.
        pub const RANK: f32 = 30.0;
        /// Names of modules: narrower, and other columns are left out.
        pub const NAMES: f32 = 190.0;
        /// One count of another.
        pub const COUNTS: f32 = 196.0;
        /// A number of bytes.
        pub const BYTES: f32 = 104.0;
        /// Base, adapter or output.
        pub const ROLE: f32 = 56.0;
        /// A word.
        pub const WORD: f32 = 72.0;
        /// The name of a model, a text or a component.
        pub const NAME: f32 = 104.0;
        /// A number of a few digits.
        pub const DIGITS: f32 = 56.0;
        /// Two numbers and what stands between them.
        pub const INTERVAL: f32 = 88.0;
        /// A share with its interval.
        pub const SHARE_WITH_INTERVAL: f32 = 176.0;
        /// A number of bytes with its dtypes.
        pub const TYPED_BYTES: f32 = 128.0;
        /// Minutes and seconds.
        pub const CLOCK: f32 = 40.0;
        /// A bar of progress.
        pub const BAR: f32 = 120.0;
        /// Such a bar in a narrow panel.
        pub const SHORT_BAR: f32 = 60.0;
    }
}

/// Proportions of charts.
pub mod chart {
    use egui::{Vec2, vec2};

    /// Radius of a dot, and of the hole in a hollow one.
    pub const DOT: f32 = 4.5;
    pub const HOLE: f32 = 3.0;
    /// Height of an axis with its numbers, and width of one of them.
    pub const AXIS: f32 = 24.0;
    pub const LABEL: f32 = 64.0;
    /// Height of a row with a dot and nothing else near.
    pub const ROW: f32 = 36.0;
    /// Height of a bar.
    pub const BAR: f32 = 34.0;
    /// A colour in a legend.
    pub const SWATCH: Vec2 = vec2(8.0, 10.0);
    /// A line of values.
    pub const LINE: f32 = 1.5;
    /// Left of the plot, for the labels of its axis.
    pub const LEFT: f32 = 56.0;
}

/// Printed code, side by side.
pub mod code {
    /// The right end of the line numbers.
    pub const NUMBERS: f32 = 34.0;
    /// The middle of the mark of a line that differs.
    pub const MARK: f32 = 44.0;
    /// Where the text begins.
    pub const GUTTER: f32 = 58.0;
    /// The bar before lines that differ.
    pub const EDGE: f32 = 3.0;
    /// The strip that shows all differences at once.
    pub const OVERVIEW: f32 = 18.0;
    /// Width of a mark there.
    pub const OVERVIEW_MARK: f32 = 6.0;
    /// A pane with less room than this has no title.
    pub const LEAST_PANE: f32 = 230.0;
}

/// The list of all commands.
pub mod palette {
    use egui::Color32;

    /// Width of the list.
    pub const WIDTH: f32 = 560.0;
    /// Height of its field.
    pub const FIELD: f32 = 34.0;
    /// From the top of the window.
    pub const TOP: f32 = 96.0;
    /// What lies over the window behind it.
    pub const VEIL: Color32 = Color32::from_black_alpha(60);
}

/// Cells of the heat ramp, and the map of modules × layers that they make.
pub mod heat {
    /// Height of a cell in a table.
    pub const CELL: f32 = 20.0;
    /// Cells print their number from this width on.
    pub const NUMBER: f32 = 40.0;
    /// Cells say that their number is an estimate from this width on.
    pub const ESTIMATE: f32 = 60.0;
    /// A square of a strip, with the gap.
    pub const SQUARE: f32 = 12.0;
    /// Length of the ramp.
    pub const RAMP: f32 = 100.0;
    /// Its height.
    pub const RAMP_HEIGHT: f32 = 8.0;
    /// Steps that it is painted in.
    pub const RAMP_STEPS: u16 = 50;
    /// Height of a row of the map, with the gap.
    pub const MAP_ROW: f32 = 24.0;
    /// Layers closer than this share a cell of the map.
    pub const LEAST_PITCH: f32 = 6.0;
    /// Below this pitch the gap between cells of the map is half as wide.
    pub const NARROW_PITCH: f32 = 16.0;
    /// Room that the number of a layer needs.
    pub const LAYER: f32 = 22.0;
    /// Room for the names of the map's rows.
    pub const LABELS: f32 = 86.0;
    /// Height of the bars of singular values.
    pub const BARS: f32 = 34.0;
}

/// A text size with its line height and face.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Type {
    /// Font size in points.
    pub size: f32,
    /// Line height in points.
    pub line_height: f32,
    /// Which face.
    pub face: Face,
}

/// The faces that are bundled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Face {
    /// Proportional, 400.
    Regular,
    /// Proportional, 500.
    Medium,
    /// Proportional, 600.
    SemiBold,
    /// Fixed width, 400.
    Mono,
}

/// Made once: every text of a frame names one.
static MEDIUM: LazyLock<FontFamily> = LazyLock::new(|| FontFamily::Name("medium".into()));
static SEMI_BOLD: LazyLock<FontFamily> = LazyLock::new(|| FontFamily::Name("semibold".into()));

impl Face {
    /// The family under which the face is registered.
    #[must_use]
    pub fn family(self) -> FontFamily {
        match self {
            Self::Regular => FontFamily::Proportional,
            Self::Medium => MEDIUM.clone(),
            Self::SemiBold => SEMI_BOLD.clone(),
            Self::Mono => FontFamily::Monospace,
        }
    }
}

impl Type {
    const fn new(size: f32, line_height: f32, face: Face) -> Self {
        Self { size, line_height, face }
    }

    /// Size and family for egui.
    #[must_use]
    pub fn font_id(self) -> FontId {
        FontId::new(self.size, self.face.family())
    }

    /// Key figures and verdicts.
    pub const FIGURE: Self = Self::new(20.0, 28.0, Face::SemiBold);
    /// Titles of screens.
    pub const TITLE: Self = Self::new(15.0, 22.0, Face::SemiBold);
    /// Running text.
    pub const BODY: Self = Self::new(13.0, 18.0, Face::Regular);
    /// Labels of choices and buttons.
    pub const BODY_MEDIUM: Self = Self::new(13.0, 18.0, Face::Medium);
    /// Titles of panels, names.
    pub const BODY_STRONG: Self = Self::new(13.0, 18.0, Face::SemiBold);
    /// Evidence and tables of text.
    pub const EVIDENCE: Self = Self::new(12.0, 17.0, Face::Regular);
    /// Captions, headers, axes.
    pub const CAPTION: Self = Self::new(11.0, 16.0, Face::Regular);
    /// Captions that name a choice.
    pub const CAPTION_MEDIUM: Self = Self::new(11.0, 16.0, Face::Medium);
    /// Shapes, numbers in columns.
    pub const MONO: Self = Self::new(12.0, 18.0, Face::Mono);
    /// Paths, hashes, code, heat values.
    pub const MONO_SMALL: Self = Self::new(11.0, 16.0, Face::Mono);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contrast(a: Color32, b: Color32) -> f32 {
        let (a, b) = (luminance(a) + 0.05, luminance(b) + 0.05);
        a.max(b) / a.min(b)
    }

    #[test]
    fn text_is_readable_on_every_surface() {
        for colors in [&LIGHT, &DARK] {
            for surface in [colors.app, colors.panel, colors.sunken] {
                for text in [colors.text, colors.text_secondary, colors.text_tertiary, colors.accent, colors.adapter] {
                    assert!(contrast(text, surface) >= 4.5, "{text:?} on {surface:?}: {}", contrast(text, surface));
                }
            }
        }
    }

    #[test]
    fn ink_on_a_heat_cell_is_readable() {
        for colors in [&LIGHT, &DARK] {
            for step in 0..=60 {
                let cell = colors.heat_at(step as f32 / 60.0);
                assert!(contrast(ink_on(cell), cell) >= 4.5, "{cell:?}");
            }
        }
    }
}
