//! How fast a merge is, as a ratio in one run: `lorafuse merge` against `cp -r` and `sync`, and against PEFT.
//!
//! ```text
//! cargo bench --bench merge -- --shape 1b --rounds 5 --python venv/bin/python
//! cargo bench --bench merge -- --shape 8b-kr --rounds 3 --cold
//! ```
//!
//! Every contender starts with an absent output and ends with its bytes on the disk; they take turns. Peak memory is
//! the resident set's high-water mark of the process.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program for a terminal")]
#![expect(clippy::disallowed_methods, reason = "it writes into a folder of its own")]

#[path = "support/checkpoint.rs"]
mod checkpoint;
#[path = "support/child.rs"]
mod child;

use std::{
    path::{Path, PathBuf},
    process::{Command, ExitCode},
};

use checkpoint::Shape;
use child::{Measured, measure};
use clap::Parser;
use lorafuse::{platform, units};

#[derive(Parser)]
#[expect(clippy::struct_excessive_bools, reason = "switches of a command line")]
struct Args {
    /// tiny, 1b (Llama-3.2-1B) or 8b-kr (Llama-3-8B with 145,088 tokens)
    #[arg(long, default_value = "tiny")]
    shape: String,
    /// BF16 or F32, of the base
    #[arg(long, default_value = "BF16")]
    dtype: String,
    /// The dtype to merge to, as `lorafuse merge --dtype` takes it
    #[arg(long, default_value = "keep")]
    output_dtype: String,
    /// Rank of the adapter
    #[arg(long, default_value_t = 16)]
    rank: usize,
    /// Give the adapter a full copy of the output layer
    #[arg(long)]
    saves_head: bool,
    /// Turns of each contender
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Drop the base from the page cache before each turn
    #[arg(long)]
    cold: bool,
    /// A Python with PEFT, as the third contender
    #[arg(long)]
    python: Option<PathBuf>,
    /// Leave `cp` out
    #[arg(long)]
    merge_only: bool,
    /// Further options of `lorafuse merge`
    #[arg(long, value_delimiter = ' ', allow_hyphen_values = true)]
    options: Vec<String>,
    /// Where checkpoints are made and written
    #[arg(long, default_value = "target/bench-data")]
    dir: PathBuf,
    /// Keep the checkpoint for the next run
    #[arg(long)]
    keep: bool,
    /// Given by cargo
    #[arg(long, hide = true)]
    bench: bool,
    /// Given by `cargo test --benches`, which wants no measurement
    #[arg(long, hide = true)]
    test: bool,
}

/// One way to get the output.
struct Contender {
    name: String,
    command: Box<dyn Fn() -> Vec<Command>>,
    runs: Vec<Measured>,
}

fn main() -> ExitCode {
    let args = Args::parse();
    if args.test {
        return ExitCode::SUCCESS;
    }
    match run(&args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &Args) -> Result<(), String> {
    let shape = Shape::named(&args.shape).ok_or("the shape is none of tiny, 1b, 8b-kr")?;
    let head = if args.saves_head { "-head" } else { "" };
    let base = args.dir.join(format!("{}-{}", args.shape, args.dtype.to_lowercase()));
    let adapter = args.dir.join(format!("{}-r{}{head}", args.shape, args.rank));
    let output = args.dir.join("output");
    make(&base, |folder| checkpoint::write_base(folder, shape, &args.dtype))?;
    make(&adapter, |folder| checkpoint::write_adapter(folder, shape, args.rank, args.saves_head))?;
    let base_bytes = folder_bytes(&base);
    let free = platform::free_bytes(&args.dir).unwrap_or(u64::MAX);
    if free < base_bytes + (1 << 30) {
        return Err(format!("{} free, {} needed", units::bytes(free), units::bytes(base_bytes)));
    }
    let mut contenders = contenders(args, &base, &adapter, &output);
    for round in 0..args.rounds {
        for contender in &mut contenders {
            remove(&output)?;
            if args.cold {
                drop_from_cache(&base)?;
                drop_from_cache(&adapter)?;
            }
            eprintln!("round {} of {}: {}", round + 1, args.rounds, contender.name);
            let mut total = Measured { duration_secs: 0.0, peak_resident_bytes: 0 };
            for mut command in (contender.command)() {
                let measured = measure(&mut command)?;
                total.duration_secs += measured.duration_secs;
                total.peak_resident_bytes = total.peak_resident_bytes.max(measured.peak_resident_bytes);
            }
            contender.runs.push(total);
        }
    }
    remove(&output)?;
    print_table(args, base_bytes, &contenders);
    if !args.keep {
        remove(&base)?;
        remove(&adapter)?;
    }
    Ok(())
}

fn contenders(args: &Args, base: &Path, adapter: &Path, output: &Path) -> Vec<Contender> {
    let (base, adapter, output) = (base.to_owned(), adapter.to_owned(), output.to_owned());
    let sync = {
        let output = output.clone();
        move || command("sync", &[Path::new("-f"), &output])
    };
    let mut contenders = Vec::new();
    {
        let (base, output) = (base.clone(), output.clone());
        let (options, dtype) = (args.options.clone(), args.output_dtype.clone());
        let adapter = adapter.clone();
        contenders.push(Contender {
            name: "lorafuse merge".to_owned(),
            command: Box::new(move || {
                let mut merge = command(env!("CARGO_BIN_EXE_lorafuse"), &[Path::new("merge"), &base, &adapter]);
                merge.arg("-o").arg(&output).arg("--dtype").arg(&dtype).args(&options);
                vec![merge]
            }),
            runs: Vec::new(),
        });
    }
    if !args.merge_only {
        let (base, output, sync) = (base.clone(), output.clone(), sync.clone());
        contenders.push(Contender {
            name: "cp -r and sync".to_owned(),
            command: Box::new(move || vec![command("cp", &[Path::new("-r"), &base, &output]), sync()]),
            runs: Vec::new(),
        });
    }
    if let Some(python) = args.python.clone() {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/support/peft_merge.py");
        contenders.push(Contender {
            name: "PEFT and sync".to_owned(),
            command: Box::new(move || {
                let mut merge = command(&python, &[&script, &base, &adapter, &output]);
                merge.env("HF_HUB_OFFLINE", "1");
                vec![merge, sync()]
            }),
            runs: Vec::new(),
        });
    }
    contenders
}

fn command(program: impl AsRef<std::ffi::OsStr>, arguments: &[&Path]) -> Command {
    let mut command = Command::new(program);
    command.args(arguments);
    command
}

fn print_table(args: &Args, base_bytes: u64, contenders: &[Contender]) {
    println!(
        "{} {}, {}, rank {}, {} · median of {} · {}\n",
        args.shape,
        args.dtype,
        units::bytes(base_bytes),
        args.rank,
        if args.cold { "cold" } else { "warm" },
        args.rounds,
        machine(),
    );
    println!("| | wall | rate | against the merge | spread | peak memory |");
    println!("|---|---|---|---|---|---|");
    let reference = contenders.first().map_or(f64::NAN, median_secs);
    for contender in contenders {
        let secs = median_secs(contender);
        let (low, high) = contender
            .runs
            .iter()
            .fold((f64::MAX, 0.0_f64), |(low, high), run| (low.min(run.duration_secs), high.max(run.duration_secs)));
        let peak = contender.runs.iter().map(|run| run.peak_resident_bytes).max().unwrap_or(0);
        println!(
            "| {} | {secs:.2} s | {}/s | {:.2} × | {low:.2}–{high:.2} s | {} |",
            contender.name,
            units::bytes(rate(base_bytes, secs)),
            secs / reference,
            units::bytes(peak),
        );
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a positive rate for display")]
fn rate(byte_count: u64, secs: f64) -> u64 {
    (byte_count as f64 / secs) as u64
}

fn median_secs(contender: &Contender) -> f64 {
    let mut durations: Vec<f64> = contender.runs.iter().map(|run| run.duration_secs).collect();
    durations.sort_by(f64::total_cmp);
    durations.get(durations.len() / 2).copied().unwrap_or(f64::NAN)
}

/// The processor, as far as the system tells.
fn machine() -> String {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info.lines().find_map(|line| line.strip_prefix("model name")?.split(": ").nth(1));
    let memory = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let memory = memory.split_whitespace().nth(1).and_then(|text| text.parse::<u64>().ok()).unwrap_or(0) * 1024;
    format!("{}, {}, {}", model.unwrap_or("unknown processor"), units::plural(cores, "core"), units::bytes(memory))
}

/// Makes a folder under another name first, so that an interrupted run leaves nothing half-made.
fn make(folder: &Path, write: impl Fn(&Path) -> std::io::Result<()>) -> Result<(), String> {
    if folder.is_dir() {
        return Ok(());
    }
    eprintln!("making {}", folder.display());
    let unfinished = folder.with_extension("unfinished");
    remove(&unfinished)?;
    let made = write(&unfinished).and_then(|()| std::fs::rename(&unfinished, folder));
    made.map_err(|error| format!("{}: {error}", folder.display()))
}

fn remove(folder: &Path) -> Result<(), String> {
    match std::fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(format!("{}: {error}", folder.display())),
        _ => Ok(()),
    }
}

fn files(folder: &Path) -> impl Iterator<Item = PathBuf> {
    std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path())
}

fn folder_bytes(folder: &Path) -> u64 {
    files(folder).filter_map(|path| path.metadata().ok()).map(|metadata| metadata.len()).sum()
}

fn drop_from_cache(folder: &Path) -> Result<(), String> {
    for path in files(folder) {
        let file = std::fs::File::open(&path).map_err(|error| error.to_string())?;
        file.sync_all().map_err(|error| error.to_string())?;
        #[cfg(target_os = "linux")]
        rustix::fs::fadvise(&file, 0, None, rustix::fs::Advice::DontNeed).map_err(|error| error.to_string())?;
    }
    Ok(())
}
