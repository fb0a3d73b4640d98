//! How fast a merge is beside `cp` and PEFT: `cargo bench --bench merge -- --shape 1b --rounds 5 --cold`.
//!
//! Generates a checkpoint of real layout, runs each program in turn (ABAB, so that a slower minute of the machine slows
//! all of them), and prints medians and ratios as a Markdown table. Without arguments it takes seconds and megabytes.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program for the terminal that writes generated files into its own folder"
)]

mod support;

use std::{
    io,
    path::{Path, PathBuf},
    process::{Command, ExitCode},
};

use clap::Parser as _;
use lorafuse::{
    job::JobContext,
    merge::{self, CpuKernel, IoMode},
    plan::{MergePlan, MergeRequest},
    units,
};

use self::support::{
    child::{self, Usage},
    machine,
    options::{Options, Program},
    table::{self, Row},
    workspace::Workspace,
};

fn main() -> ExitCode {
    // `cargo test --benches` runs this too, without `--bench`; there is nothing to test.
    if !std::env::args().any(|argument| argument == "--bench") {
        return ExitCode::SUCCESS;
    }
    let options = Options::parse();
    if let [base, adapter, output, evidence] = options.merge_once.as_slice() {
        return merge_once(base, adapter, output, evidence.as_os_str() == "full");
    }
    match run(&options) {
        Ok(report) => {
            println!("{report}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The merge of the library without the command line around it.
fn merge_once(base: &Path, adapter: &Path, output: &Path, keeps_evidence: bool) -> ExitCode {
    let merged = MergePlan::new(&MergeRequest::new(base, adapter, output)).map(|plan| {
        let mut kernel = if keeps_evidence { CpuKernel::new() } else { CpuKernel::bare() }?;
        merge::run_with(&mut kernel, &plan, IoMode::Auto, &JobContext::unwatched())
    });
    match merged {
        Ok(Ok(_)) => ExitCode::SUCCESS,
        Ok(Err(error)) => failed(&error),
        Err(error) => failed(&error),
    }
}

fn failed(error: &dyn std::error::Error) -> ExitCode {
    eprintln!("error: {error}");
    ExitCode::FAILURE
}

fn run(options: &Options) -> io::Result<String> {
    let root = options.dir.clone().unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("target/bench-data"));
    let synthetic = options.synthetic();
    eprintln!("base {}, in {}", units::bytes(synthetic.base_byte_count()), root.display());
    let workspace = Workspace::prepare(&root, &synthetic, options.keep)?;
    let result = measure(options, &workspace);
    workspace.finish()?;
    Ok(format!("{}\n\n{}", heading(options, &root), result?))
}

/// Every program in turn, as a table.
fn measure(options: &Options, workspace: &Workspace) -> io::Result<String> {
    let programs = options.programs();
    let mut rows = Vec::new();
    for program in &programs {
        rows.push(Row { title: title(*program, options)?, output_byte_count: 0, runs: Vec::new() });
    }
    for round in 1..=options.rounds {
        for (program, row) in programs.iter().zip(&mut rows) {
            let usage = time(*program, options, workspace)?;
            eprintln!("round {round}: {}: {}", row.title, units::duration(usage.wall_secs));
            row.output_byte_count = folder_byte_count(&workspace.output())?;
            row.runs.push(usage);
            if options.verify && *program == Program::Lorafuse && round == options.rounds {
                verify(options, workspace)?;
            }
            workspace.remove_output()?;
        }
    }
    let position = |wanted: Program| programs.iter().position(|program| *program == wanted);
    let reference = position(Program::Before).or_else(|| position(Program::Cp));
    Ok(table::render(&rows, reference))
}

/// The machine, and what was merged.
fn heading(options: &Options, root: &Path) -> String {
    let synthetic = options.synthetic();
    format!(
        "{}\n\nLlama {} in {}, {}; LoRA of rank {} on {} modules{}; {}, {}",
        machine::description(root),
        options.shape.name,
        options.dtype,
        units::bytes(synthetic.base_byte_count()),
        options.rank,
        synthetic.target_count(),
        if options.save_embedding { " and a trained embedding" } else { "" },
        units::plural(options.rounds, "round"),
        if options.cold { "inputs read from the disk" } else { "inputs in the page cache where they fit" },
    )
}

fn title(program: Program, options: &Options) -> io::Result<String> {
    Ok(match program {
        Program::Lorafuse => ["`lorafuse merge", &options.merge_arg.join(" ")].join(" ").trim_end().to_owned() + "`",
        Program::Before => "the same before".to_owned(),
        Program::Cp => "`cp -r` of the base".to_owned(),
        Program::Full => "merge with statistics and hashes".to_owned(),
        Program::Bare => "merge without them".to_owned(),
        Program::Peft => {
            let version = Command::new(python(options)?).arg(peft_script()).arg("--version").output()?;
            format!("{}, `merge_and_unload`", String::from_utf8_lossy(&version.stdout).trim())
        }
    })
}

/// One run, until its output is on the disk.
fn time(program: Program, options: &Options, workspace: &Workspace) -> io::Result<Usage> {
    let output = workspace.output();
    let command = match program {
        Program::Lorafuse | Program::Before => {
            let before = options.before.as_ref().filter(|_| program == Program::Before);
            let mut command = Command::new(before.unwrap_or(&options.binary));
            command.arg("merge").arg(workspace.base()).arg(workspace.adapter()).arg("--output").arg(&output);
            command.args(&options.merge_arg);
            command
        }
        Program::Cp => {
            let mut command = Command::new("cp");
            command.arg("-r").arg(workspace.base()).arg(&output);
            command
        }
        Program::Full | Program::Bare => {
            let mut command = Command::new(std::env::current_exe()?);
            command.args(["--bench", "--merge-once"]).arg(workspace.base()).arg(workspace.adapter()).arg(&output);
            command.arg(if program == Program::Full { "full" } else { "bare" });
            command
        }
        Program::Peft => {
            let mut command = Command::new(python(options)?);
            command.arg(peft_script()).arg(workspace.base()).arg(workspace.adapter()).arg(&output);
            command
        }
    };
    // What the run before left to be written is not this one's cost.
    child::run(&mut [sync(&workspace.base())])?;
    if options.cold {
        workspace.drop_from_cache()?;
    }
    child::run(&mut [command, sync(&output)])
}

/// Forces the file system that holds `path` to the disk.
fn sync(path: &Path) -> Command {
    let mut command = Command::new("sync");
    command.arg("-f").arg(path);
    command
}

fn verify(options: &Options, workspace: &Workspace) -> io::Result<()> {
    let mut command = Command::new(&options.binary);
    command.arg("verify").arg(workspace.output()).arg("--base").arg(workspace.base());
    command.arg("--adapter").arg(workspace.adapter());
    child::run(&mut [command])?;
    eprintln!("verified");
    Ok(())
}

fn python(options: &Options) -> io::Result<&PathBuf> {
    options.python.as_ref().ok_or_else(|| io::Error::other("PEFT needs --python"))
}

fn peft_script() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/support/peft_merge.py")
}

fn folder_byte_count(folder: &Path) -> io::Result<u64> {
    let mut byte_count = 0;
    for entry in std::fs::read_dir(folder)? {
        byte_count += entry?.metadata()?.len();
    }
    Ok(byte_count)
}
