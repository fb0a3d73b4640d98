//! The one way in which tests, pictures and measurements drive the window.

mod dropped;
pub mod large_model;
pub mod measuring;
pub mod turn;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use dropped::Dropped;
use egui::{Theme, Vec2, accesskit::Role, vec2};
use egui_kittest::{Harness, kittest::Queryable as _};
use lorafuse::gui::{LorafuseApp, Machine, Phase, install_look};
use turn::Turn;

/// Longest wait for a worker, far above what any of them needs.
const PATIENCE: Duration = Duration::from_mins(4);

/// The size that the window opens with.
pub const USUAL_SIZE: Vec2 = vec2(1280.0, 800.0);

/// A copy of the sample in a folder of its own, which the window shows as `~`.
pub struct Workspace {
    /// Removed at the end.
    pub home: tempfile::TempDir,
    _turn: Turn,
}

impl Workspace {
    /// Copies the sample to `~/models/lorafuse-sample`.
    pub fn new() -> Self {
        let workspace = Self { home: tempfile::tempdir().unwrap(), _turn: Turn::beside_others() };
        for part in ["base", "adapter"] {
            copy_folder(&sample(part), &workspace.folder(part));
        }
        workspace
    }

    /// `~/models/lorafuse-sample/<name>`.
    pub fn folder(&self, name: &str) -> PathBuf {
        self.home.path().join("models/lorafuse-sample").join(name)
    }

    /// The machine as this workspace sees it.
    pub fn machine(&self) -> Machine {
        Machine {
            home: Some(self.home.path().to_owned()),
            thread_count: 16,
            shows_measurements: false,
            looks_for_gpus: false,
            takes_drops: true,
            history: Some(self.home.path().join("history.json")),
            program: program(),
        }
    }
}

/// The program: cargo tells tests where it is; examples lie in a folder beside it.
pub fn program() -> Option<PathBuf> {
    let told = option_env!("CARGO_BIN_EXE_lorafuse").map(PathBuf::from);
    told.or_else(|| {
        let own = std::env::current_exe().ok()?;
        let program = own.parent()?.parent()?.join(format!("lorafuse{}", std::env::consts::EXE_SUFFIX));
        program.is_file().then_some(program)
    })
}

/// A part of the sample in the repository.
pub fn sample(part: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/sample").join(part)
}

/// Copies the files of one folder.
pub fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        std::fs::copy(&path, to.join(path.file_name().unwrap())).unwrap();
    }
}

/// Copies the folder of an adapter into another adapter: the same twice is refused, so the last bit of its last number
/// differs.
pub fn copy_as_another_adapter(from: &Path, to: &Path) {
    copy_folder(from, to);
    let weights_path = to.join("adapter_model.safetensors");
    let mut weights = std::fs::read(&weights_path).unwrap();
    let last = weights.len() - 4;
    weights[last] ^= 1;
    std::fs::write(&weights_path, weights).unwrap();
}

/// The real app at its usual size.
pub fn open_window(machine: Machine, theme: Theme, pixels_per_point: f32) -> Harness<'static, LorafuseApp> {
    Harness::builder()
        .with_size(USUAL_SIZE)
        .with_pixels_per_point(pixels_per_point)
        .with_theme(theme)
        .with_os(egui::os::OperatingSystem::Nix)
        .with_max_steps(64)
        .with_context_setup(install_look)
        .wgpu()
        .build_eframe(move |_| LorafuseApp::new(machine))
}

/// Steps until `is_done`, giving workers time.
pub fn wait_until(harness: &mut Harness<'_, LorafuseApp>, what: &str, is_done: impl Fn(&LorafuseApp) -> bool) {
    let started = Instant::now();
    loop {
        harness.step();
        if is_done(harness.state()) {
            break;
        }
        assert!(started.elapsed() < PATIENCE, "waited in vain for {what}: {}", standing(harness.state()));
        std::thread::sleep(Duration::from_millis(5));
    }
    // What changed in the last step is painted in the next.
    harness.run_steps(3);
}

/// Where the app stands, for whoever has to find out why it got no further.
fn standing(app: &LorafuseApp) -> String {
    let state = &app.state;
    let job = match &state.phase {
        Phase::Idle => "idle".to_owned(),
        Phase::Opening => "opening".to_owned(),
        Phase::Planned(_) => "planned".to_owned(),
        Phase::Running(running) => format!("running, {:?}", running.stage),
        Phase::Done(_) => "done".to_owned(),
        Phase::Failed(problem) => format!("failed, {problem:?}"),
    };
    let wells = [&state.wells.base, &state.wells.adapter, &state.wells.output].map(|well| &well.path);
    format!("{job}; wells {wells:?}; notice {:?}", state.notice)
}

/// Clicks what a screen reader calls `label`.
pub fn click(harness: &mut Harness<'_, LorafuseApp>, role: Role, label: &str) {
    harness.get_by_role_and_label(role, label).click();
    harness.run_steps(3);
}

/// Drops folders on the window as the system would.
pub fn drop_folders(harness: &mut Harness<'_, LorafuseApp>, folders: &[PathBuf]) {
    let files = folders.iter().map(|path| Arc::new(Dropped(path.clone())) as egui::DroppedFileHandle);
    harness.input_mut().dropped_files = files.collect();
    harness.step();
}
