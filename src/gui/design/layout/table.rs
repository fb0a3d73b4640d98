//! The one table, on `egui_extras`: titled columns, rows that are painted only while they are seen.

use egui::{
    Align, CornerRadius, Id, Layout, Painter, Rangef, Rect, Response, Role, Sense, Stroke, Ui, UiBuilder, Vec2,
    WidgetInfo,
};
use egui_extras::{Column, TableBuilder, TableRow};

use super::{
    rule::focus_ring_ui,
    text::{canvas_hinted_ui, canvas_spans_ui, label_ui, prose},
};
use crate::gui::design::{
    ink::Ink,
    tokens::{Colors, Type, grid, space},
    widget::elided_middle,
};

/// A column: its title, its width and where its cells stand.
#[derive(Clone, Copy, Debug)]
pub struct TableColumn<'a> {
    title: &'a str,
    width: Option<f32>,
    align: Align,
    order: Option<bool>,
    hover: &'a str,
    explained: &'a str,
}

impl<'a> TableColumn<'a> {
    /// Text from the left, in what the other columns leave.
    pub fn wide(title: &'a str) -> Self {
        Self { title, width: None, align: Align::Min, order: None, hover: "", explained: "" }
    }

    /// Text from the left.
    pub fn text(title: &'a str, width: f32) -> Self {
        Self { width: Some(width), ..Self::wide(title) }
    }

    /// Numbers, from the right.
    pub fn number(title: &'a str, width: f32) -> Self {
        Self { align: Align::Max, ..Self::text(title, width) }
    }

    /// Something painted, under a centred title.
    pub fn centered(title: &'a str, width: f32) -> Self {
        Self { align: Align::Center, ..Self::text(title, width) }
    }

    /// Its title sorts the rows; `is_descending` where they are sorted by it.
    pub fn sorts(self, is_descending: Option<bool>, hover: &'a str) -> Self {
        Self { order: is_descending, hover, ..self }
    }

    /// What stands in it, said on hover before what a click does.
    pub fn explained(self, explained: &'a str) -> Self {
        Self { explained, ..self }
    }

    fn layout(&self) -> Layout {
        match self.align {
            Align::Min => Layout::left_to_right(Align::Center),
            Align::Center => Layout::centered_and_justified(egui::Direction::LeftToRight),
            Align::Max => Layout::right_to_left(Align::Center),
        }
    }
}

/// A table across the available width.
#[derive(Debug)]
pub struct Table<'a> {
    id: &'a str,
    columns: &'a [TableColumn<'a>],
    row_height: f32,
    extent: Extent,
    is_headed: bool,
    shown_row: Option<usize>,
    has_rules: bool,
    edge: f32,
}

/// How far down a table goes, and which of its rows it paints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Extent {
    /// As high as its rows, of which it paints those that are seen.
    Whole,
    /// As high as its rows, all of which it paints.
    Complete,
    /// Down to the end of what is around it.
    Scrolling,
}

/// A row that is one thing to choose or to open.
pub struct RowChoice<'a> {
    /// Its id, wherever it stands.
    pub id: Id,
    /// Its role for a screen reader.
    pub role: Role,
    /// Whether it is the chosen one.
    pub is_chosen: bool,
    /// What a screen reader says.
    pub label: &'a dyn Fn() -> String,
}

impl<'a> Table<'a> {
    /// A table with these columns, as high as its rows.
    pub fn new(id: &'a str, columns: &'a [TableColumn<'a>]) -> Self {
        Self {
            id,
            columns,
            row_height: grid::TREE_ROW,
            extent: Extent::Whole,
            is_headed: true,
            shown_row: None,
            has_rules: true,
            edge: space::S12,
        }
    }

    /// Down to the end of what is around it; its rows scroll.
    pub fn scrolling(self) -> Self {
        Self { extent: Extent::Scrolling, ..self }
    }

    /// Without a line of titles; a hairline stands in its place.
    pub fn headless(self) -> Self {
        Self { is_headed: false, ..self }
    }

    /// With every row, seen or not, so that all are read aloud: for a few on a page that scrolls as a whole.
    pub fn complete(self) -> Self {
        Self { extent: Extent::Complete, ..self }
    }

    /// Without hairlines between its rows.
    pub fn without_rules(self) -> Self {
        Self { has_rules: false, ..self }
    }

    /// Another margin at both ends of its rows.
    pub fn edge(self, edge: f32) -> Self {
        Self { edge, ..self }
    }

    /// Another height of rows.
    pub fn row_height(self, row_height: f32) -> Self {
        Self { row_height, ..self }
    }

    /// Scrolls to this row.
    pub fn showing(self, row: Option<usize>) -> Self {
        Self { shown_row: row, ..self }
    }

    /// Paints `count` rows, of which `add` fills those that are seen, cell by cell; returns the column whose title was
    /// clicked.
    pub fn show(self, ui: &mut Ui, count: usize, mut add: impl FnMut(&mut Cells<'_>, usize)) -> Option<usize> {
        let width = ui.available_rect_before_wrap().x_range();
        let colors = Colors::of(ui);
        let header_height = if self.is_headed { grid::TABLE_HEADER } else { 0.0 };
        let header = ui.available_rect_before_wrap().with_max_y(ui.cursor().top() + header_height);
        ui.painter().rect_filled(header, 0.0, colors.app);
        let stroke = Stroke::new(1.0, colors.stroke);
        for y in [header.top(), header.bottom()] {
            ui.painter().hline(width, y.round() - 0.5, stroke);
        }
        let mut clicked = None;
        let edges = ui.painter().clone();
        ui.scope(|ui| {
            ui.spacing_mut().item_spacing = Vec2::ZERO;
            let is_scrolling = self.extent == Extent::Scrolling;
            // One column, in which rows place their cells: a Ui for each cell takes longer than what stands in it.
            let mut builder = TableBuilder::new(ui).id_salt(self.id).vscroll(is_scrolling).column(Column::remainder());
            builder = builder.auto_shrink([false, !is_scrolling]).max_scroll_height(f32::INFINITY);
            if let Some(row) = self.shown_row {
                builder = builder.scroll_to_row(row, None);
            }
            let table = builder.header(header_height, |mut row| {
                if self.is_headed {
                    row.col(|ui| clicked = Cells::of(&self, ui, &edges, width, None).titles());
                }
            });
            let mut row_ui = |mut row: TableRow<'_, '_>| {
                let index = row.index();
                let rule = self.has_rules.then_some(stroke);
                row.col(|ui| add(&mut Cells::of(&self, ui, &edges, width, rule), index));
            };
            table.body(|mut body| {
                if self.extent == Extent::Complete {
                    (0..count).for_each(|_| body.row(self.row_height, &mut row_ui));
                } else {
                    body.rows(self.row_height, count, row_ui);
                }
            });
        });
        clicked
    }

    /// What is kept free at the left and right of the cell at `index`.
    fn margins(&self, index: usize) -> (f32, f32) {
        let is_last = index + 1 == self.columns.len();
        (if index == 0 { self.edge } else { space::S12 }, if is_last { self.edge } else { 0.0 })
    }

    /// Width of the cell at `index` in a row of `whole`, with its margins.
    fn cell_width(&self, index: usize, whole: f32) -> f32 {
        let exact = |index: usize| {
            let (left, right) = self.margins(index);
            self.columns[index].width.map(|width| left + width + right)
        };
        exact(index).unwrap_or_else(|| {
            let widths = (0..self.columns.len()).map(exact);
            let wide_count = widths.clone().filter(Option::is_none).count();
            ((whole - widths.flatten().sum::<f32>()) / wide_count as f32).max(0.0)
        })
    }
}

/// The cells of one row, from left to right.
pub struct Cells<'a> {
    ui: &'a mut Ui,
    table: &'a Table<'a>,
    next: usize,
    /// Of the next cell, from the row's.
    left: f32,
    /// From edge to edge, past the ends of the cells, and what paints there.
    width: Rangef,
    edges: &'a Painter,
    rule: Option<Stroke>,
}

impl<'a> Cells<'a> {
    fn of(table: &'a Table<'a>, ui: &'a mut Ui, edges: &'a Painter, width: Rangef, rule: Option<Stroke>) -> Self {
        Self { ui, table, next: 0, left: 0.0, width, edges, rule }
    }

    /// The next cell: its column, its ui that has all of the row, and its place with and without its margins.
    fn place(&mut self) -> Option<(&mut Ui, &'a TableColumn<'a>, Rect, Rect)> {
        let column = self.table.columns.get(self.next)?;
        let row = self.ui.max_rect();
        if let Some(stroke) = self.rule.take() {
            let seen = Rect::from_x_y_ranges(self.width, self.ui.clip_rect().y_range());
            self.edges.with_clip_rect(seen).hline(self.width, row.bottom().round() - 0.5, stroke);
        }
        let width = self.table.cell_width(self.next, row.width());
        let left = row.left() + self.left;
        let cell = Rect::from_x_y_ranges(left..=left + width, row.y_range());
        let margins = self.table.margins(self.next);
        let area = Rect::from_x_y_ranges(cell.left() + margins.0..=cell.right() - margins.1, row.y_range());
        (self.next, self.left) = (self.next + 1, self.left + width);
        Some((self.ui, column, cell, area))
    }

    /// The next cell, painted by `add` in the layout of its column.
    pub fn cell(&mut self, add: impl FnOnce(&mut Ui)) {
        self.child(|ui, _| add(ui));
    }

    /// The same, with all of the cell.
    fn child<R>(&mut self, add: impl FnOnce(&mut Ui, Rect) -> R) -> Option<R> {
        let index = self.next;
        let (ui, column, cell, area) = self.place()?;
        let mut ui = ui.new_child(UiBuilder::new().id_salt(index).max_rect(area).layout(column.layout()));
        if column.width.is_none() {
            ui.shrink_clip_rect(cell);
        }
        Some(add(&mut ui, cell))
    }

    /// The next cell, which `add` paints by its place.
    pub fn canvas(&mut self, add: impl FnOnce(&mut Ui, Rect)) {
        if let Some((ui, _, _, area)) = self.place() {
            add(ui, area);
        }
    }

    /// Nothing in the next cell.
    pub fn blank(&mut self) {
        self.canvas(|_, _| ());
    }

    /// Goes on in the next row: no hairline stands between them.
    pub fn goes_on(&mut self) {
        self.rule = None;
    }

    /// Text across the whole row, which has no other cells.
    pub fn heading(&mut self, text: &str, kind: Type, ink: Ink) {
        let width = self.width.shrink(space::S12);
        self.canvas(|ui, area| {
            let row = Rect::from_x_y_ranges(width, area.y_range());
            canvas_spans_ui(ui, row, Align::Min, &prose(text, kind, ink));
        });
    }

    /// The first cell of a row that is one thing to choose, which `add` may paint past its end.
    pub fn choice(&mut self, choice: &RowChoice<'_>, add: impl FnOnce(&mut Ui)) -> Option<Response> {
        let width = self.width;
        self.child(|ui, cell| {
            let row = Rect::from_x_y_ranges(width, cell.y_range());
            ui.set_clip_rect(Rect::from_x_y_ranges(width, ui.clip_rect().y_range()));
            let response = choice_ui(ui, row, choice);
            add(ui);
            response
        })
    }

    /// A cell of text.
    pub fn text(&mut self, text: &str, kind: Type, ink: Ink) {
        if let Some((ui, column, _, area)) = self.place() {
            canvas_spans_ui(ui, area, column.align, &[(text, kind, ink)]);
        }
    }

    /// A cell whose text loses its middle where there is no room.
    pub fn path(&mut self, path: &str, ink: Ink) {
        if let Some((ui, column, _, area)) = self.place() {
            let shown = elided_middle(ui, path, Type::MONO_SMALL, area.width());
            let hint = if shown == path { "" } else { path };
            canvas_hinted_ui(ui, area, column.align, &[(&shown, Type::MONO_SMALL, ink)], hint);
        }
    }

    /// A number.
    pub fn number(&mut self, number: &str, ink: Ink) {
        self.text(number, Type::MONO, ink);
    }

    /// The titles of all columns; the one that was clicked.
    fn titles(mut self) -> Option<usize> {
        let mut clicked = None;
        while let Some(column) = self.table.columns.get(self.next) {
            let index = self.next;
            if self.child(|ui, _| title_ui(ui, column)) == Some(true) {
                clicked = Some(index);
            }
        }
        clicked
    }
}

/// The surface of a row that can be chosen.
fn choice_ui(ui: &Ui, row: Rect, choice: &RowChoice<'_>) -> Response {
    let colors = Colors::of(ui);
    let response = ui.interact(row, choice.id, Sense::click());
    response.widget_info(|| WidgetInfo::selected(choice.role, true, choice.is_chosen, (choice.label)()));
    if choice.is_chosen {
        ui.painter().rect_filled(row, 0.0, colors.selected);
        ui.painter().rect_filled(row.with_max_x(row.left() + 2.0), 0.0, colors.accent);
    } else if response.hovered() {
        ui.painter().rect_filled(row, 0.0, colors.hover);
    }
    focus_ring_ui(ui, &response, CornerRadius::ZERO);
    response
}

/// A column's title; true where a click on it asks for another order.
fn title_ui(ui: &mut Ui, column: &TableColumn<'_>) -> bool {
    let order = column.order;
    if column.hover.is_empty() {
        label_ui(ui, column.title, Type::CAPTION, Ink::Secondary);
        return false;
    }
    let arrow = order.map_or("", |is_descending| if is_descending { " ↓" } else { " ↑" });
    let response = ui.interact(ui.max_rect(), ui.scope_id().with("sort"), Sense::click());
    response.widget_info(|| WidgetInfo::selected(Role::Button, true, order.is_some(), column.hover));
    let ink = if order.is_some() {
        Ink::Accent
    } else if response.hovered() || response.has_focus() {
        Ink::Primary
    } else {
        Ink::Secondary
    };
    label_ui(ui, &format!("{}{arrow}", column.title), Type::CAPTION, ink);
    let hover = if column.explained.is_empty() {
        column.hover.to_owned()
    } else {
        format!("{}. {}", column.explained, column.hover)
    };
    response.on_hover_text(hover).clicked()
}
